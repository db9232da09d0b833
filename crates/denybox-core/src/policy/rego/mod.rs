//! Rego as it is written: reading it, and what its rules refer to. Nothing is evaluated here.

mod names;
mod visit;

use std::panic::{AssertUnwindSafe, catch_unwind};

use regorus::Source;
use regorus::unstable::{Module, Parser, Ref};

pub(super) use self::names::{DataPath, Names, head, package};
pub(super) use self::visit::{Met, path, visit};

/// Why a text is no Rego module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// The line, from 1; 0 where none is known.
    pub line: u32,
    /// What is wrong, in one line.
    pub message: String,
}

/// Reads one module.
pub(super) fn parse(module: &str, rego: &str) -> Result<Ref<Module>, SyntaxError> {
    let read = || -> Result<Module, String> {
        let source =
            Source::from_contents(module.to_owned(), rego.to_owned()).map_err(|error| error.to_string())?;
        let mut parser = Parser::new(&source).map_err(|error| error.to_string())?;
        parser.enable_rego_v1().map_err(|error| error.to_string())?;
        parser.parse().map_err(|error| error.to_string())
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(module)) => Ok(Ref::new(module)),
        Ok(Err(said)) => Err(in_one_line(&said)),
        Err(_) => Err(SyntaxError { line: 0, message: "it makes the Rego parser panic".to_owned() }),
    }
}

/// What the engine says over several lines: `--> FILE:LINE:COLUMN`, the line itself, and `error: …`.
pub(super) fn in_one_line(said: &str) -> SyntaxError {
    let line = said
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("--> "))
        .and_then(|place| place.rsplit(':').nth(1)?.parse().ok());
    let message = said
        .lines()
        .rev()
        .find_map(|line| line.trim_start().strip_prefix("error: "))
        .or_else(|| said.lines().map(str::trim).find(|line| !line.is_empty()))
        .unwrap_or("it can't be read");
    SyntaxError { line: line.unwrap_or(0), message: message.to_owned() }
}
