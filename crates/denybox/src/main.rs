//! denybox: runs AI agents with every shared scratch space denied unless justified.
#![forbid(unsafe_code)]

mod audit;
mod bounded;
mod command_line;
mod decision_log;
mod doctor;
mod exit_code;
mod generate;
mod justification;
mod key;
mod policy;
mod policy_server;
mod report;
mod run;
mod stores;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use command_line::{Command, CommandLine, Document};

/// So that deciding can be given a budget.
#[global_allocator]
static ALLOCATOR: denybox_sys::budget::Budgeted = denybox_sys::budget::Budgeted;

fn main() -> ExitCode {
    denybox_sys::memory::stay_small();
    let code = match CommandLine::try_parse() {
        Ok(CommandLine { command: Command::Run(options) }) => run::run(&options),
        Ok(CommandLine { command: Command::Doctor(options) }) => doctor::doctor(&options),
        Ok(CommandLine { command: Command::Policy { what } }) => policy::policy(&what),
        Ok(CommandLine { command: Command::Justification { what } }) => justification::justification(&what),
        Ok(CommandLine { command: Command::Key { what } }) => key::key(&what),
        Ok(CommandLine { command: Command::Audit { what } }) => audit::audit(&what),
        Ok(CommandLine { command: Command::Schema { document } }) => schema(document),
        Ok(CommandLine { command: Command::Generate { what } }) => generate::generate(&what),
        Err(error) => {
            // Where the message can't be written the exit code still says it.
            let _ = error.print();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
                _ => exit_code::USAGE,
            }
        }
    };
    ExitCode::from(u8::try_from(code).unwrap_or(exit_code::INTERNAL as u8))
}

fn schema(document: Document) -> i32 {
    let schema = match document {
        Document::Report => report::schema(),
        Document::PolicyInput => denybox_core::policy::input_schema(),
        Document::PolicyAnswer => denybox_core::policy::answer_schema(),
        Document::AuditRecord => audit::schema(),
    };
    let written = serde_json::to_string_pretty(&schema)
        .map_err(std::io::Error::other)
        .and_then(|json| writeln!(std::io::stdout(), "{json}"));
    if written.is_ok() { 0 } else { exit_code::INTERNAL }
}
