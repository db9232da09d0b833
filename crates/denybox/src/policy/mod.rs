//! `denybox policy`: looking at policies, testing them and asking them, without running anything.

mod bundle;
mod check;
pub mod command_line;
mod eval;
mod show;
pub mod source;
mod test;
#[cfg(test)]
mod tests;

use std::io::{self, Write as _};

use denybox_core::event::{printable_json, printable_up_to};
use serde::Serialize;

use crate::exit_code;
use command_line::Policy;

/// The longest message, in characters.
const LONGEST: usize = 2000;

/// Does what was asked; gives the exit code.
pub fn policy(command: &Policy) -> i32 {
    let done = match command {
        Policy::Check { policies, report } => check::check(policies, *report),
        Policy::Test(options) => test::test(options),
        Policy::Eval(options) => eval::eval(options),
        Policy::Show(options) => show::show(options),
        Policy::Bundle { policy, output } => bundle::write(policy, output),
    };
    done.unwrap_or_else(|failed| {
        // Where the message can't be written the exit code still says it.
        let _ = writeln!(anstream::stderr(), "denybox: {}", printable_up_to(&failed.to_string(), LONGEST));
        failed.exit_code()
    })
}

/// Why a command couldn't be carried out.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// A policy can't be read.
    #[error(transparent)]
    Source(#[from] source::SourceError),
    /// A policy makes no sense.
    #[error(transparent)]
    Policy(#[from] denybox_core::policy::PolicyError),
    /// A question makes no sense.
    #[error(transparent)]
    Question(#[from] denybox_core::policy::opinion::PosedError),
    /// A question can't be read.
    #[error("cannot read the policy input {place}: {source}")]
    Input {
        /// Where it was.
        place: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A policy has no such file.
    #[error("the policy has no file {0}; denybox policy show --list has the names")]
    NoFile(String),
    /// A bundle can't be written.
    #[error("cannot write the bundle {place}: {source}")]
    Bundle {
        /// Where it was to go.
        place: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Standard output is closed.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
    /// A report can't be written as JSON.
    #[error("cannot write the report: {0}")]
    Report(#[from] serde_json::Error),
}

impl Failed {
    fn exit_code(&self) -> i32 {
        match self {
            Self::Source(_) | Self::Policy(_) | Self::Question(_) | Self::Input { .. } => {
                exit_code::CONFIGURATION
            }
            Self::NoFile(_) => exit_code::USAGE,
            Self::Bundle { .. } | Self::Output(_) | Self::Report(_) => exit_code::INTERNAL,
        }
    }
}

/// Prints text that may hold styles.
fn say(text: &str) -> Result<(), Failed> {
    Ok(anstream::stdout().lock().write_all(text.as_bytes())?)
}

/// Prints a document.
fn say_json<T: Serialize>(document: &T) -> Result<(), Failed> {
    let json = serde_json::to_string_pretty(document)?;
    say(&(printable_json(&json) + "\n"))
}
