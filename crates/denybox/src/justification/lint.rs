//! `denybox justification lint`: what is wrong with manifests, and what could be better.

use anstyle::{AnsiColor, Style};
use denybox_core::event::printable_up_to;
use denybox_core::justification::manifest::{self, ManifestError};
use denybox_core::justification::{DocumentProblem, Opened};

use super::command_line::Lint;
use super::{Failed, name, print};
use crate::exit_code;

const BAD: Style = AnsiColor::Red.on_default();
const FAIR: Style = AnsiColor::Yellow.on_default();
const GOOD: Style = AnsiColor::Green.on_default();

/// Looks them over; gives the exit code.
///
/// # Errors
/// [`Failed`] where a file can't be read.
pub fn lint(options: &Lint) -> Result<i32, Failed> {
    let mut code = 0;
    for file in &options.files {
        let path = name(file);
        let bytes = super::read(file)?;
        let text = match Opened::parse(&bytes) {
            Ok(opened) => advice(&path, &opened),
            Err(problem) => {
                code = exit_code::CONFIGURATION;
                faults(&path, &problem)
            }
        };
        print(&text)?;
    }
    Ok(code)
}

/// A line for each fault; with line and column, as compilers write them, where the document can't even be read.
fn faults(path: &str, problem: &DocumentProblem) -> String {
    let line = |place: &str, message: &str| format!("{path}{place}: {BAD}error{BAD:#}: {message}\n");
    match problem {
        DocumentProblem::Manifest(ManifestError::Syntax(syntax)) => {
            line(&format!(":{}:{}", syntax.line, syntax.column), &syntax.message)
        }
        DocumentProblem::Manifest(ManifestError::Faults(faults)) => {
            faults.0.iter().map(|fault| line("", &fault.to_string())).collect()
        }
        other => line("", &other.to_string()),
    }
}

fn advice(path: &str, opened: &Opened) -> String {
    let found = manifest::lint(opened.manifest());
    if found.is_empty() {
        return format!("{path}: {GOOD}good{GOOD:#}\n");
    }
    found
        .iter()
        .map(|advice| {
            let message = printable_up_to(&advice.message, 1000);
            format!("{path}: {FAIR}advice{FAIR:#}: {message} [{}]\n", advice.code)
        })
        .collect()
}
