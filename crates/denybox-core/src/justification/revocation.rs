//! Revocation lists: justifications that no longer hold, by name or by digest.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::digest::is_digest;
use super::document::{self, Syntax, Unreadable};
use super::moment::{self, MomentError};
use super::trust::{When, is_person};
use crate::event::printable;

/// The longest revocation list that is read, in bytes.
pub const REVOCATION_MAX: usize = 4 << 20;

/// Why a document is no revocation list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationError {
    /// Not text, or too much of it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Not the fields that a list has.
    #[error(transparent)]
    Syntax(#[from] Syntax),
    /// It can be read, and says what can't be; never empty.
    #[error("{}", joined(.0))]
    Faults(Vec<RevocationFault>),
    /// The entries stand there in a form that isn't edited.
    #[error("the entries are written as an inline list: write them as [[revoked]] tables")]
    Inline,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct RevocationFault {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: RevocationProblem,
}

/// What is wrong with a revocation list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationProblem {
    /// A version of the format that isn't known.
    #[error("version {0} of the format isn't known, only 1 is")]
    Version(u64),
    /// It isn't clear what is revoked.
    #[error("an entry names either an id or a digest")]
    Target,
    /// No name of a justification.
    #[error("'{0}' can't be the id of a justification")]
    Id(String),
    /// No digest.
    #[error("'{0}' is no digest: write sha256: and 64 hexadecimal digits in lower case")]
    Digest(String),
    /// Nobody could be told by it.
    #[error("'{0}' is no name of a person")]
    Person(String),
    /// No point in time.
    #[error(transparent)]
    Moment(#[from] MomentError),
}

fn joined(faults: &[RevocationFault]) -> String {
    faults.iter().map(RevocationFault::to_string).collect::<Vec<_>>().join("; ")
}

/// What a revocation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Every justification of this name.
    Id(String),
    /// The one with this digest, as [`Presented::digest`](super::Presented::digest) has it.
    Digest(String),
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// What is revoked.
    pub target: Target,
    /// Since when, in seconds since 1970-01-01 UTC. For people: it is revoked whatever the clock says.
    pub at: u64,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Everything that is revoked, by all lists together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revocations {
    ids: BTreeSet<String>,
    digests: BTreeSet<String>,
}

impl Revocations {
    /// Adds the entries of one list.
    pub fn add(&mut self, entries: &[Revoked]) {
        for entry in entries {
            match &entry.target {
                Target::Id(id) => self.ids.insert(id.clone()),
                Target::Digest(digest) => self.digests.insert(digest.clone()),
            };
        }
    }

    /// Whether a justification of this name or this digest is revoked.
    pub fn revoke(&self, id: &str, digest: &str) -> bool {
        self.ids.contains(id) || self.digests.contains(digest)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: Spanned<u64>,
    #[serde(default)]
    revoked: Vec<Spanned<WrittenEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    id: Option<Spanned<String>>,
    digest: Option<Spanned<String>>,
    at: Spanned<When>,
    by: Spanned<String>,
    reason: String,
}

/// Reads a revocation list.
///
/// # Errors
/// [`RevocationError`], with lines.
pub fn parse(bytes: &[u8]) -> Result<Vec<Revoked>, RevocationError> {
    let text = document::text(bytes, REVOCATION_MAX)?;
    let written: Written = document::toml(text)?;
    let mut faults = Vec::new();
    let mut fault = |at: usize, problem: RevocationProblem| {
        faults.push(RevocationFault { line: document::place(text, at).0, problem });
    };
    if *written.version.get_ref() != 1 {
        fault(written.version.span().start, RevocationProblem::Version(*written.version.get_ref()));
    }
    let mut entries = Vec::new();
    for entry in &written.revoked {
        let (start, entry) = (entry.span().start, entry.get_ref());
        let target = match (&entry.id, &entry.digest) {
            (Some(id), None) => {
                if !super::manifest::is_id(id.get_ref()) {
                    fault(id.span().start, RevocationProblem::Id(printable(id.get_ref())));
                }
                Target::Id(id.get_ref().clone())
            }
            (None, Some(digest)) => {
                if !is_digest(digest.get_ref()) {
                    fault(digest.span().start, RevocationProblem::Digest(printable(digest.get_ref())));
                }
                Target::Digest(digest.get_ref().clone())
            }
            _ => {
                fault(start, RevocationProblem::Target);
                continue;
            }
        };
        let by = entry.by.get_ref();
        if !is_person(by) {
            fault(entry.by.span().start, RevocationProblem::Person(printable(by)));
        }
        match moment::seconds(&entry.at.get_ref().to_string()) {
            Ok(at) => entries.push(Revoked { target, at, by: by.clone(), reason: entry.reason.clone() }),
            Err(problem) => fault(entry.at.span().start, problem.into()),
        }
    }
    if faults.is_empty() { Ok(entries) } else { Err(RevocationError::Faults(faults)) }
}

/// The text of a list with one entry more; its comments stay. From nothing a new list is made.
///
/// # Errors
/// [`RevocationError`] where the text is no list, or would be none any more.
pub fn add(text: &str, entry: &Revoked) -> Result<String, RevocationError> {
    let text = if text.trim().is_empty() { "version = 1\n" } else { text };
    parse(text.as_bytes())?;
    let mut document = text.parse::<DocumentMut>().map_err(|_| RevocationError::Inline)?;
    let mut table = Table::new();
    match &entry.target {
        Target::Id(id) => table.insert("id", value(id.as_str())),
        Target::Digest(digest) => table.insert("digest", value(digest.as_str())),
    };
    table.insert("at", moment::toml(entry.at));
    table.insert("by", value(entry.by.as_str()));
    table.insert("reason", value(entry.reason.as_str()));
    let entries = document.entry("revoked").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    entries.as_array_of_tables_mut().ok_or(RevocationError::Inline)?.push(table);
    let text = document.to_string();
    parse(text.as_bytes())?;
    Ok(text)
}
