//! `denybox-probe`: the inner side, the outer side around any command, or the comparison of runtimes.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use denybox_attacks::attack::{Broken, Values};
use denybox_probe::outside::Canaries;
use denybox_probe::table::{Column, render};
use denybox_probe::{inside, runtimes};

/// The help.
const USAGE: &str = "usage: denybox-probe inside name=value… | outside COMMAND… | compare --denybox PATH";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["inside", pairs @ ..] => explore(pairs),
        ["outside", command @ ..] => run(command),
        ["compare", "--denybox", path] => compare(Path::new(path)),
        _ => Err(USAGE.to_owned()),
    };
    match done.and_then(|text| write!(std::io::stdout(), "{text}").map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("denybox-probe: {text}");
            ExitCode::FAILURE
        }
    }
}

/// The inner side: a line of JSON for every try.
fn explore(pairs: &[&str]) -> Result<String, String> {
    let mut values = Values::default();
    for pair in pairs {
        let (name, value) = pair.split_once('=').ok_or(USAGE)?;
        values.0.insert(name.to_owned(), value.to_owned());
    }
    let cells = inside::explore(&values).map_err(|Broken(text)| text)?;
    Ok(cells.iter().map(|cell| format!("{}\n", cell.to_json())).collect())
}

/// The outer side: plants, runs `command`, shows what it reached.
fn run(command: &[&str]) -> Result<String, String> {
    let canaries = Canaries::plant().map_err(|error| format!("cannot plant canaries: {error}"))?;
    let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    let here = std::env::current_dir().map_err(|error| error.to_string())?;
    let cells = canaries.run(&command, &here)?;
    Ok(cells.iter().map(|cell| format!("{}\n", cell.to_json())).collect())
}

/// The table: denybox beside whatever else is installed, each with its defaults.
fn compare(denybox: &Path) -> Result<String, String> {
    let probe = std::env::current_exe().map_err(|error| error.to_string())?;
    let here = std::env::current_dir().map_err(|error| error.to_string())?;
    let scratch = tempfile::Builder::new().prefix("denybox-probe-").tempdir_in(&here);
    let scratch = scratch.map_err(|error| format!("{}: {error}", here.display()))?;
    let (others, missing) = runtimes::others(&probe, scratch.path());
    let mut starts = vec![
        ("nothing".to_owned(), Vec::new()),
        ("denybox".to_owned(), runtimes::denybox(denybox, &probe, &[])),
    ];
    starts.extend(others.into_iter().map(|runtime| (runtime.name.to_owned(), runtime.command)));
    let mut columns = Vec::new();
    for (name, mut command) in starts {
        command.push(inner(&probe));
        command.push("inside".to_owned());
        // Canaries of its own for each, so that what one wrote isn't laid to the next.
        let canaries = Canaries::plant().map_err(|error| format!("cannot plant canaries: {error}"))?;
        columns.push(Column { name, cells: canaries.run(&command, &here) });
    }
    let mut text = render(&columns);
    for reason in missing {
        text.push_str(&format!("not compared: {reason}\n"));
    }
    Ok(text)
}

/// The probe's own path, as a word.
fn inner(probe: &Path) -> String {
    probe.display().to_string()
}
