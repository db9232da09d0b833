//! Reading documents that people write: JSON, YAML and TOML, each by its library, with one way to say where a fault lies.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_saphyr::{Error, MessageFormatter, UserMessageFormatter};

use crate::event::printable_up_to;

/// The longest words of a library that are passed on, in characters.
const WORDS: usize = 400;

/// A document that can't be read as what it should be, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Syntax {
    /// Its line, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// What is wrong there, for people. Free of control characters.
    pub message: String,
}

impl Syntax {
    fn new((line, column): (usize, usize), message: &str) -> Self {
        Self { line: line.max(1), column: column.max(1), message: printable_up_to(message, WORDS) }
    }
}

/// Reads JSON, RFC 8259. Fields given twice and what follows the value are faults; serde_json stops at 128 levels.
pub(super) fn json<T: DeserializeOwned>(text: &str) -> Result<T, Syntax> {
    serde_json::from_str(text).map_err(|error| {
        let whole = error.to_string();
        let ending = format!(" at line {} column {}", error.line(), error.column());
        Syntax::new((error.line(), error.column()), whole.strip_suffix(&ending).unwrap_or(&whole))
    })
}

/// Reads one document of YAML 1.2. What makes YAML hard to judge by eye is a fault: aliases, merged keys, tags, and numbers
/// or truth values where a text belongs. The library stops at 255 levels.
pub(super) fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, Syntax> {
    use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_aliases: 0,
            max_anchors: 0,
            max_merge_keys: 0,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        no_schema: true,
        reject_unsupported_tags: true,
        reject_tagged_field_names: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().map_or((1, 1), |at| (number(at.line()), number(at.column())));
        Syntax::new(at, &yaml_words(&error))
    })
}

/// The library's words for users, and better ones where those speak of its own settings.
fn yaml_words(error: &Error) -> Cow<'_, str> {
    use serde_saphyr::budget::BudgetBreach;
    let words = match error {
        Error::Budget { breach: BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. }, .. }
        | Error::UnknownAnchor { .. } => "anchors and aliases are not read: write the value out",
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            "only one document is read, and here is another"
        }
        Error::Budget { .. } => "too complex to be read",
        Error::MergeKeyNotAllowed { .. } => "merged keys are not read: write the fields out",
        Error::QuotingRequired { .. } => "a text that looks like a number or truth value must be quoted",
        _ => return UserMessageFormatter.format_message(error),
    };
    words.into()
}

/// Reads TOML 1.0.
pub(super) fn toml<T: DeserializeOwned>(text: &str) -> Result<T, Syntax> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        Syntax::new(place(text, error.span().map_or(0, |span| span.start)), error.message())
    })
}

/// Line and column of a byte, both from 1; the column counts characters.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let start = before.rfind('\n').map_or(0, |end| end.saturating_add(1));
    (line, before.get(start..).unwrap_or_default().chars().count().saturating_add(1))
}

fn number(from: u64) -> usize {
    usize::try_from(from).unwrap_or(usize::MAX)
}

/// Bytes that can't be a document at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// More than is ever read.
    #[error("{bytes} bytes are too much: at most {most} are read")]
    TooLarge {
        /// How much there is.
        bytes: usize,
        /// How much there may be.
        most: usize,
    },
    /// Not text.
    #[error("byte {at} and what follows it is no UTF-8")]
    NotUtf8 {
        /// How many bytes before it are text.
        at: usize,
    },
}

/// The bytes as text, where there are at most `most` of them.
pub(super) fn text(bytes: &[u8], most: usize) -> Result<&str, Unreadable> {
    if bytes.len() > most {
        return Err(Unreadable::TooLarge { bytes: bytes.len(), most });
    }
    std::str::from_utf8(bytes).map_err(|error| Unreadable::NotUtf8 { at: error.valid_up_to() })
}
