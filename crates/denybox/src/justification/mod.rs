//! `denybox justification`: manifests from the first word to the last signature. Each command has a file of its own.

mod agent;
pub mod command_line;
mod describe;
mod failed;
mod lint;
mod new;
mod revoke;
mod show;
mod sign;
#[cfg(test)]
mod tests;
mod verify;
mod wanted;

use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use denybox_core::event::{is_deceptive, printable_json, printable_up_to};
use denybox_core::justification::envelope::ENVELOPE_MAX;
use denybox_core::justification::{Manifest, Opened};

use self::command_line::{Form, Justification};
pub use self::failed::Failed;

/// Does what the command line says; gives the exit code.
pub fn justification(what: &Justification) -> i32 {
    told(match what {
        Justification::New(options) => new::new(options).map(|()| 0),
        Justification::Sign(options) => sign::sign(options).map(|()| 0),
        Justification::Verify(options) => verify::verify(options),
        Justification::Show(options) => show::show(options).map(|()| 0),
        Justification::Revoke(options) => revoke::revoke(options).map(|()| 0),
        Justification::Schema => schema().map(|()| 0),
        Justification::Lint(options) => lint::lint(options),
    })
}

/// Says why a command failed; gives the exit code.
pub fn told(done: Result<i32, Failed>) -> i32 {
    done.unwrap_or_else(|failed| {
        say(&format!("denybox: {}\n", harmless(&failed.to_string())));
        failed.exit_code()
    })
}

/// A message in which nothing steers a terminal: names of files can be anything. What is escaped already stays as it is.
fn harmless(message: &str) -> String {
    let escaped = |c: char| if is_deceptive(c) { c.escape_unicode().to_string() } else { c.to_string() };
    message.chars().map(escaped).collect()
}

/// A manifest, written for files and for terminals. YAML can't escape everything that could deceive its reader; JSON can, and
/// is YAML as well.
fn text_of(manifest: &Manifest, form: Form) -> String {
    let yaml = manifest.to_yaml();
    match form {
        Form::Yaml if !yaml.contains(|c| c != '\n' && is_deceptive(c)) => yaml,
        _ => printable_json(&manifest.to_json()),
    }
}

/// Prints for people, on standard error. Where that can't be written the exit code still says it.
pub fn say(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Writes a result to standard output.
///
/// # Errors
/// [`Failed::Output`].
pub fn print(text: &str) -> Result<(), Failed> {
    anstream::stdout().lock().write_all(text.as_bytes()).map_err(Failed::Output)
}

fn schema() -> Result<(), Failed> {
    let schema = denybox_core::justification::manifest::schema();
    let text =
        serde_json::to_string_pretty(&schema).map_err(std::io::Error::other).map_err(Failed::Output)?;
    print(&format!("{text}\n"))
}

/// Now, in seconds since 1970-01-01 UTC.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The bytes of a manifest or envelope.
fn read(path: &Path) -> Result<Vec<u8>, Failed> {
    crate::stores::read_at_most(path, ENVELOPE_MAX)
        .map_err(|source| Failed::Read { path: path.to_owned(), source })
}

/// The manifest or envelope in a file.
fn open(path: &Path) -> Result<Opened, Failed> {
    Opened::parse(&read(path)?).map_err(|problem| Failed::Document { path: name(path), problem })
}

/// A path for people.
pub fn name(path: &Path) -> String {
    printable_up_to(&path.display().to_string(), 400)
}

/// A path as a word of a shell's command line.
pub fn quoted(path: &Path) -> String {
    let name = harmless(&path.display().to_string());
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._=,:@%+-".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        name
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

/// Something with a number of them.
fn counted(number: usize, one: &str, more: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {more}") }
}
