//! Names of hosts and clusters, and patterns for them.

use std::fmt;
use std::str::FromStr;

use crate::event::printable;

/// The longest name of a host, in bytes: hostname(7) and RFC 1035 agree on it.
const LONGEST: usize = 253;

/// A name, or a pattern for names: parts between dots, each of letters, digits, `-` and `_`. A part may begin or end with
/// one `*`, which stands for any rest of that part, the empty one too. `ci-*.example.org` covers `ci-7.example.org`, but
/// neither `ci-7.eu.example.org` nor `ci-7`. Upper and lower case are the same (RFC 4343).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamePattern(String);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Something else than parts between dots.
    #[error(
        "'{0}' is no name of a host or cluster: use letters, digits, '-' and '_' between dots, at most 253"
    )]
    Malformed(String),
    /// A `*` where none may stand.
    #[error("'{0}': one '*' may stand at the beginning or the end of a part between dots, and nowhere else")]
    Star(String),
}

impl NamePattern {
    /// Whether the pattern covers this name.
    pub fn covers(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let mut parts = name.split('.');
        let all = self.0.split('.').all(|pattern| parts.next().is_some_and(|part| covers(pattern, part)));
        all && parts.next().is_none()
    }

    /// Whether it covers more than one name.
    pub fn is_open(&self) -> bool {
        self.0.contains('*')
    }

    /// As it is written, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The `*` covers nothing of a part that isn't there: no name has an empty part.
fn covers(pattern: &str, part: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        _ if part.is_empty() => false,
        (Some(end), _) => part.ends_with(end),
        (None, Some(start)) => part.starts_with(start),
        (None, None) => part == pattern,
    }
}

impl FromStr for NamePattern {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if text.len() > LONGEST {
            return Err(NameError::Malformed(printable(text)));
        }
        for part in text.split('.') {
            if part.is_empty() || !part.chars().all(|c| plain(c) || c == '*') {
                return Err(NameError::Malformed(printable(text)));
            }
            let rest = part.strip_prefix('*').or_else(|| part.strip_suffix('*')).unwrap_or(part);
            if rest.contains('*') {
                return Err(NameError::Star(text.to_owned()));
            }
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
