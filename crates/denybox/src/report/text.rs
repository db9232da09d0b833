//! The report for people: one short paragraph for each cause, on standard error.

use std::io::{IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};

use denybox_core::event::{Ancestor, Outcome, Process, printable};

use super::{Cause, ExitKind, Report};

/// Width of a paragraph where the terminal doesn't say, columns.
const WIDTH: usize = 100;
/// Most causes told in full.
const MOST_CAUSES: usize = 20;
/// Most reasons of a refusal told in full.
const MOST_REASONS: usize = 5;

const HEAD: Style = AnsiColor::Yellow.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const COMMAND: Style = AnsiColor::Cyan.on_default();

/// Prints a report.
pub fn print(report: &Report) {
    let text = write(report, width());
    // A closed standard error: nobody listens, and the exit code says the rest.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

fn width() -> usize {
    if !std::io::stderr().is_terminal() {
        return WIDTH;
    }
    rustix::termios::tcgetwinsize(rustix::stdio::stderr())
        .map_or(WIDTH, |size| usize::from(size.ws_col))
        .clamp(40, WIDTH)
}

/// The report as text.
pub fn write(report: &Report, width: usize) -> String {
    let mut text = String::new();
    if let Some(message) = &report.exit.message {
        let style = if report.exit.kind == ExitKind::Signalled { HEAD } else { BAD };
        text.push_str(&format!("{style}denybox:{style:#} {}\n", printable_message(message)));
    }
    let mut offered = None;
    for reason in report.reasons.iter().take(MOST_REASONS) {
        let rule = reason.rule.as_ref().map(|rule| format!(" (rule {})", printable_message(rule)));
        text.push_str(&paragraph(&format!("{}{}", reason.message, rule.unwrap_or_default()), width));
        if let Some(remedy) = reason.remedy.as_ref().filter(|remedy| offered != Some(*remedy)) {
            text.push_str(&format!("    use {COMMAND}{remedy}{COMMAND:#}\n"));
            offered = Some(remedy);
        }
    }
    if let Some(more) = report.reasons.len().checked_sub(MOST_REASONS).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} further reasons; --report json has them all.\n"));
    }
    if report.exit.kind == ExitKind::Unavailable {
        text.push_str("  `denybox doctor` says what this host can enforce, and how to get the rest.\n");
    }
    for cause in report.causes.iter().take(MOST_CAUSES) {
        text.push_str(&explain(cause, width));
    }
    if let Some(more) = report.causes.len().checked_sub(MOST_CAUSES).filter(|more| *more > 0) {
        text.push_str(&format!(
            "{HEAD}denybox:{HEAD:#} and {more} further causes; --report json has them all.\n"
        ));
    }
    for notice in &report.notices {
        text.push_str(&format!("{HEAD}denybox:{HEAD:#} {}\n", printable_message(notice)));
    }
    let partial = report.enforcement.iter().filter(|control| {
        control.status == "partial" || control.status == "absent" && !by_choice(&control.detail)
    });
    for control in partial {
        text.push_str(&format!(
            "{HEAD}denybox:{HEAD:#} {} is {}: {}\n",
            control.control,
            control.status,
            printable_message(&control.detail)
        ));
    }
    text
}

/// What the user asked for is no news.
fn by_choice(detail: &str) -> bool {
    detail.contains("as asked") || detail.contains("was granted")
}

fn explain(cause: &Cause, width: usize) -> String {
    let diagnosed = &cause.diagnosed;
    let times = if diagnosed.count == 1 { String::new() } else { format!(", {} times", diagnosed.count) };
    let mut text = format!(
        "{HEAD}denybox:{HEAD:#} {} was denied {} {}{times}\n",
        printable(&diagnosed.program),
        diagnosed.operation.gerund(),
        printable(&diagnosed.path),
    );
    text.push_str(&paragraph(&diagnosed.summary, width));
    text.push_str(&format!("    by  {}{}\n", ancestry(&diagnosed.process), ended(diagnosed.outcome)));
    // The smallest remedy is the first; the others are in the JSON report.
    if let Some(offer) = cause.offers.first() {
        match &offer.command {
            Some(command) => {
                text.push_str(&format!("    fix {COMMAND}{command}{COMMAND:#}\n"));
            }
            None => text.push_str(&paragraph(&offer.why, width)),
        }
    }
    text
}

fn ended(outcome: Outcome) -> String {
    match outcome {
        Outcome::Unknown | Outcome::Succeeded => String::new(),
        Outcome::Failed(code) => format!(" (then exited with {code})"),
        Outcome::Killed(signal) => format!(" (then ended by signal {signal})"),
    }
}

fn ancestry(process: &Process) -> String {
    let mut links = vec![command(&process.exe, &process.argv)];
    links.extend(process.ancestors.iter().map(|ancestor| match ancestor {
        Ancestor::Exited => "exited".to_owned(),
        Ancestor::Seen { exe, argv, .. } => command(exe, argv),
    }));
    // Subshells are copies of their parent: one mention is enough.
    links.dedup();
    links.join(" ← ")
}

/// A process in a few words: what it claims to be, or what it runs.
fn command(exe: &str, argv: &[String]) -> String {
    let words = if argv.is_empty() { exe.to_owned() } else { argv.join(" ") };
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(60).collect();
    let cut = if short.len() < words.len() { "…" } else { "" };
    format!("{}{cut}", printable(&short))
}

fn paragraph(text: &str, width: usize) -> String {
    let options = textwrap::Options::new(width).initial_indent("  ").subsequent_indent("  ");
    let mut filled = textwrap::fill(&printable_message(text), options);
    filled.push('\n');
    filled
}

/// A message of ours that may hold names from outside.
fn printable_message(text: &str) -> String {
    text.lines().map(|line| denybox_core::event::printable_up_to(line, 2000)).collect::<Vec<_>>().join(" ")
}
