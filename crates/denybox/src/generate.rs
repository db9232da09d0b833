//! `denybox generate`: manual pages and completions, made from the command line's own description.

use std::io::Write as _;

use clap::{Command, CommandFactory as _};

use crate::command_line::{CommandLine, Generate};
use crate::exit_code;

/// Prints one; gives the exit code.
pub fn generate(what: &Generate) -> i32 {
    let mut command = CommandLine::command();
    let mut text = Vec::new();
    match what {
        Generate::Completions { shell } => {
            clap_complete::generate(*shell, &mut command, "denybox", &mut text)
        }
        Generate::Man { page } => {
            command.build();
            let found = page.strip_prefix("denybox").and_then(|rest| below(&command, rest));
            let Some(found) = found else {
                // Where the message can't be written the exit code still says it.
                let _ = writeln!(std::io::stderr(), "denybox: there is no manual page '{page}'");
                return exit_code::USAGE;
            };
            if let Err(error) = clap_mangen::Man::new(found.clone()).render(&mut text) {
                let _ = writeln!(std::io::stderr(), "denybox: cannot write the manual page: {error}");
                return exit_code::INTERNAL;
            }
        }
    }
    if std::io::stdout().write_all(&text).is_ok() { 0 } else { exit_code::INTERNAL }
}

/// The command that the rest of a page's name means: nothing, or `-NAME` for each level.
fn below<'a>(command: &'a Command, rest: &str) -> Option<&'a Command> {
    if rest.is_empty() {
        return Some(command);
    }
    let named = |sub: &'a Command| below(sub, rest.strip_prefix('-')?.strip_prefix(sub.get_name())?);
    command.get_subcommands().find_map(named)
}
