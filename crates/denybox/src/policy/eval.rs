//! `denybox policy eval`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use denybox_core::decision::{Reason, Verdict};
use denybox_core::event::printable;
use denybox_core::policy::opinion::{Considered, Opinion};

use super::command_line::{Eval, Report};
use super::{Failed, say, say_json, source};
use crate::exit_code;

/// Largest question, bytes.
const LARGEST: u64 = 16 << 20;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const COMMAND: Style = AnsiColor::Cyan.on_default();

/// Asks; 77 where the policy refuses.
pub fn eval(options: &Eval) -> Result<i32, Failed> {
    let policy = source::policy(&options.policy)?;
    let text = read(&options.input)
        .map_err(|source| Failed::Input { place: options.input.display().to_string(), source })?;
    let opinion = policy.consider(&text)?;
    match options.report {
        Report::Json => say_json(&opinion)?,
        Report::Text => say(&in_words(&opinion))?,
    }
    Ok(if opinion.allowed { 0 } else { exit_code::REFUSED })
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let limit = LARGEST + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_string(&mut text)?;
    } else {
        File::open(path)?.take(limit).read_to_string(&mut text)?;
    }
    if text.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {LARGEST} bytes")));
    }
    Ok(text)
}

fn in_words(opinion: &Opinion) -> String {
    let mut text = String::new();
    for Considered { resource, justified_by, verdict, .. } in &opinion.exposures {
        let resource = printable(&resource.to_string());
        match verdict {
            Verdict::Allow { rule, obligations, .. } => {
                text.push_str(&format!("{GOOD}allow{GOOD:#} {resource}: {}", printable(rule)));
                if let Some(id) = justified_by {
                    text.push_str(&format!(", by justification {}", printable(id)));
                }
                if !obligations.is_empty() {
                    text.push_str(&format!("; to do: {}", printable(&obligations.join(", "))));
                }
                text.push('\n');
            }
            Verdict::Deny { rule, reasons } => {
                text.push_str(&format!("{BAD}deny{BAD:#}  {resource}: {}\n", printable(rule)));
                reasons.iter().for_each(|reason| text.push_str(&told(reason)));
            }
        }
    }
    for reason in &opinion.general {
        text.push_str(&format!("{BAD}deny{BAD:#}  the surface\n{}", told(reason)));
    }
    let (style, word) = if opinion.allowed { (GOOD, "allowed") } else { (BAD, "refused") };
    text.push_str(&format!(
        "{style}{word}{style:#} by the policy {} ({})\n",
        printable(&opinion.policy),
        opinion.id
    ));
    text
}

fn told(reason: &Reason) -> String {
    let mut text = format!("  {}: {}", printable(&reason.code), printable(&reason.message));
    if let Some(rule) = &reason.rule {
        text.push_str(&format!(" [{}]", printable(rule)));
    }
    text.push('\n');
    if let Some(remedy) = &reason.remedy {
        text.push_str(&format!("    {COMMAND}{}{COMMAND:#}\n", printable(remedy)));
    }
    text
}
