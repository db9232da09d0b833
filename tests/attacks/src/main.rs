//! `denybox-attack`: lists the attacks, runs one inside a box, or runs the host side of one.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use denybox_attacks::attack::{BROKEN, Broken, Values, status};
use denybox_attacks::families::{self, find};
use denybox_attacks::host::host;

/// The one line of help.
const USAGE: &str = "usage: denybox-attack --list | run NAME [name=value…] | host NAME --directory DIR [--ordinary] -- COMMAND… run NAME";

fn main() -> ExitCode {
    match dispatch(std::env::args().skip(1).collect()) {
        Ok((code, text)) => {
            // Nobody listening doesn't change how the attack ended.
            let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
            ExitCode::from(code)
        }
        Err(Broken(text)) => {
            let _ = writeln!(std::io::stderr(), "broken: {text}");
            ExitCode::from(BROKEN)
        }
    }
}

/// Does what the arguments ask for: the exit status and the text that goes with it.
fn dispatch(arguments: Vec<String>) -> Result<(u8, String), Broken> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--list"] => {
            let mut out = std::io::stdout().lock();
            for attack in families::all() {
                writeln!(out, "{}", attack.describe())?;
            }
            Ok((0, String::new()))
        }
        ["run", name, pairs @ ..] => {
            let mut values = Values::default();
            for pair in pairs {
                let (key, value) = pair.split_once('=').ok_or_else(|| Broken(USAGE.to_owned()))?;
                values.0.insert(key.to_owned(), value.to_owned());
            }
            Ok(status(&(find(name)?.run)(&values)))
        }
        ["host", name, "--directory", directory, rest @ ..] => {
            let (ordinary, command) = match rest {
                ["--ordinary", "--", command @ ..] => (true, command),
                ["--", command @ ..] => (false, command),
                _ => return Err(Broken(USAGE.to_owned())),
            };
            let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
            let end = host(&find(name)?, &command, Path::new(directory), ordinary)?;
            Ok((end.status, end.output))
        }
        _ => Err(Broken(USAGE.to_owned())),
    }
}
