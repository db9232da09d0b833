//! `denybox policy check`.

use std::ffi::OsString;

use anstyle::{AnsiColor, Style};
use denybox_core::event::printable;
use denybox_core::policy::check::{Finding, Severity, check as look_over};
use serde::Serialize;

use super::command_line::Report;
use super::{Failed, say, say_json, source};
use crate::exit_code;

const GOOD: Style = AnsiColor::Green.on_default();
const FAIR: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// One policy, looked over.
#[derive(Debug, Serialize)]
struct Checked {
    policy: String,
    findings: Vec<Finding>,
}

/// Looks policies over; 78 where one has an error.
pub fn check(policies: &[OsString], report: Report) -> Result<i32, Failed> {
    let mut checked = Vec::new();
    for named in policies {
        let findings = look_over(&source::sources(named)?);
        checked.push(Checked { policy: named.to_string_lossy().into_owned(), findings });
    }
    match report {
        Report::Json => say_json(&checked)?,
        Report::Text => say(&in_words(&checked))?,
    }
    let mut findings = checked.iter().flat_map(|checked| &checked.findings);
    let clean = !findings.any(|finding| finding.severity == Severity::Error);
    Ok(if clean { 0 } else { exit_code::CONFIGURATION })
}

fn in_words(checked: &[Checked]) -> String {
    let mut text = String::new();
    for Checked { policy, findings } in checked {
        let policy = printable(policy);
        for finding in findings {
            let place = match (&*finding.module, finding.line) {
                ("", _) => policy.clone(),
                (module, 0) => printable(module),
                (module, line) => format!("{}:{line}", printable(module)),
            };
            let (style, word) = match finding.severity {
                Severity::Error => (BAD, "error"),
                Severity::Warning => (FAIR, "warning"),
            };
            let (message, code) = (printable(&finding.message), finding.code);
            text.push_str(&format!("{place}: {style}{word}:{style:#} {message} [{code}]\n"));
        }
        if findings.is_empty() {
            text.push_str(&format!("{policy}: {GOOD}nothing to say against it{GOOD:#}\n"));
        }
    }
    text
}
