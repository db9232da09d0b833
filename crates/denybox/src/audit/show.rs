//! `denybox audit show`.

use std::io::Write;

use denybox_audit::Store;
use denybox_core::audit::{Event, Record};
use denybox_core::event::{Outcome, printable, printable_json};

use super::Failed;
use super::command_line::Show;
use crate::command_line::Format;

pub fn show(options: &Show) -> Result<i32, Failed> {
    let store = Store::new(&options.place.log);
    let mut out = anstream::stdout().lock();
    let ids = match &options.id {
        Some(id) => vec![id.clone()],
        None => store.list()?,
    };
    for id in &ids {
        let mut result = Ok(());
        store.lines(id, |line| {
            if result.is_ok() {
                result = tell(&mut out, options, id, line);
            }
        })?;
        result?;
    }
    Ok(0)
}

fn tell(out: &mut impl Write, options: &Show, id: &str, line: &[u8]) -> Result<(), Failed> {
    if options.report == Format::Json && options.id.is_some() {
        writeln!(out, "{}", printable_json(&String::from_utf8_lossy(line)))?;
        return Ok(());
    }
    let record =
        Record::<Event>::read(line).map_err(|source| Failed::Record { id: id.to_owned(), source })?;
    if options.id.is_some() {
        return Ok(writeln!(out, "{:>6}  {}  {}", record.seq, record.time, in_words(&record.event))?);
    }
    match &record.event {
        // One line for each box: how it began, and how it ended.
        Event::Asked(_) if options.report == Format::Json => {
            writeln!(out, "{}", printable_json(&String::from_utf8_lossy(line)))?;
        }
        Event::Asked(asked) => writeln!(out, "{id}  {}  {}", record.time, words(&asked.argv))?,
        _ => {}
    }
    Ok(())
}

fn words(argv: &[String]) -> String {
    argv.iter().map(|word| printable(word)).collect::<Vec<_>>().join(" ")
}

fn in_words(event: &Event) -> String {
    match event {
        Event::Asked(asked) => {
            format!("asked       uid {} wants {} in {}", asked.uid, words(&asked.argv), asked.workspace)
        }
        Event::Decided(decided) if decided.allowed => format!(
            "decided     {} allows all {} exposures (decision {})",
            decided.policy,
            decided.exposures.len(),
            decided.decision
        ),
        Event::Decided(decided) => {
            let reasons = decided.exposures.iter().flat_map(|exposure| &exposure.reasons);
            let reasons: Vec<String> =
                reasons.chain(&decided.general).map(|reason| reason.message.clone()).collect();
            format!("decided     {} refuses: {}", decided.policy, reasons.join("; "))
        }
        Event::Mount(mount) => {
            let source = mount.source.as_ref().filter(|source| **source != mount.target);
            let from = source.map(|source| format!(" from {source}")).unwrap_or_default();
            let by = mount.allowed_by.as_ref().map(|rule| format!(", by {rule}")).unwrap_or_default();
            format!("mount       {} {}{from} ({}){by}", mount.what, mount.target, mount.options.join(","))
        }
        Event::Control(control) => {
            format!("control     {} {}: {}", control.control, control.status, printable(&control.detail))
        }
        Event::Denied(denied) => {
            let denial = &denied.denial;
            let diagnosis =
                denied.diagnosis.as_ref().map(|id| format!(" [{}]", printable(id))).unwrap_or_default();
            format!(
                "denied {:<4} {} (process {}) {} {}{diagnosis}",
                denied.number,
                printable(&denial.process.exe),
                denial.process.pid,
                denial.operation.gerund(),
                printable(&denial.path)
            )
        }
        Event::DeniedInAll(total) => {
            let times = if total.count == 1 { "once".to_owned() } else { format!("{} times", total.count) };
            let outcome = match total.outcome {
                Outcome::Unknown => String::new(),
                Outcome::Succeeded => "; its process succeeded".to_owned(),
                Outcome::Failed(code) => format!("; its process exited with {code}"),
                Outcome::Killed(signal) => format!("; signal {signal} ended its process"),
            };
            format!("denied {:<4} {times} in all{outcome}", total.number)
        }
        Event::Ended(ended) => {
            let message = ended.message.as_ref().map(|text| format!(": {}", printable(text)));
            format!(
                "ended       {} with {}, {} denials{}",
                ended.how,
                ended.code,
                ended.denials,
                message.unwrap_or_default()
            )
        }
        Event::Checkpoint(_) => "checkpoint  signed".to_owned(),
        Event::Recovered(recovered) => format!(
            "recovered   the supervisor had died; {} bytes of an unfinished record were taken off",
            recovered.torn
        ),
        Event::Opened(opened) => format!("opened      {}", printable(&opened.id)),
        Event::Closed(closed) => {
            format!("closed      {} with {} records", printable(&closed.id), closed.count)
        }
    }
}
