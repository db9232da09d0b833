//! Reading a trust file. Every fault is told with its line.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::{KEYS_MAX, SIGNERS, SKEW, SKEW_MAX, TRUST_MAX, Trust, TrustedKey};
use crate::event::{is_deceptive, printable};
use crate::justification::document::{self, Syntax, Unreadable};
use crate::justification::key::{PublicKey, PublicKeyError};
use crate::justification::moment::{self, MomentError};
use crate::justification::presented::SigningRole;
use crate::path::PATH_MAX;
use crate::resource::{Resource, ResourceError};

/// Why a document is no trust file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not text, or too much of it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Not the fields that a trust file has.
    #[error(transparent)]
    Syntax(#[from] Syntax),
    /// It can be read, and says what can't be; never empty.
    #[error("{}", joined(.0))]
    Faults(Vec<TrustFault>),
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TrustFault {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: TrustProblem,
}

/// What is wrong with a trust file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustProblem {
    /// A version of the format that isn't known.
    #[error("version {0} of the format isn't known, only 1 is")]
    Version(u64),
    /// No duration.
    #[error("'{0}' is no skew: give whole seconds or minutes, such as 90s or 2m")]
    Skew(String),
    /// Too long a duration.
    #[error("a skew of {0} seconds is too much: at most {SKEW_MAX}")]
    SkewTooLong(u64),
    /// Nobody, or more people than an envelope has signatures.
    #[error("signers is {0}: it must be between 1 and 16")]
    Signers(u64),
    /// Nobody could be told by it.
    #[error("'{0}' is no name of a person: give 1 to 256 bytes that can be seen, with a letter or digit")]
    Person(String),
    /// No key.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// A key twice, be it in another form.
    #[error("the key {key} stands there twice, first in line {first}")]
    KeyAgain {
        /// Its identifier.
        key: String,
        /// Where it stands first.
        first: usize,
    },
    /// Too many keys.
    #[error("{0} keys are too many: at most {KEYS_MAX}")]
    TooManyKeys(usize),
    /// A list that is given and empty.
    #[error("the list '{0}' is empty: the key could sign for nothing")]
    Empty(&'static str),
    /// Twice the same in a list.
    #[error("'{0}' is named twice")]
    Repeated(String),
    /// A resource that can't be seen whole.
    #[error("'{0}' is too long, or holds control characters or marks that can't be seen")]
    Name(String),
    /// No resource.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// No point in time.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// It ends before it begins.
    #[error("the key's time ends when it hasn't begun: not_after must be later than not_before")]
    Backwards,
}

fn joined(faults: &[TrustFault]) -> String {
    faults.iter().map(TrustFault::to_string).collect::<Vec<_>>().join("; ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: Spanned<u64>,
    skew: Option<Spanned<String>>,
    signers: Option<Spanned<u64>>,
    #[serde(default)]
    key: Vec<Spanned<WrittenKey>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    person: Spanned<String>,
    public: Spanned<String>,
    roles: Spanned<Vec<SigningRole>>,
    resources: Option<Spanned<Vec<Spanned<String>>>>,
    not_before: Option<Spanned<When>>,
    not_after: Option<Spanned<When>>,
    revoked: Option<Spanned<When>>,
}

/// A point in time, as TOML's own kind of value or as a text.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a date and time with an offset, such as 2026-11-26T09:30:00Z")]
pub(in crate::justification) enum When {
    /// TOML's own.
    Datetime(Datetime),
    /// A text.
    Text(String),
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datetime(datetime) => datetime.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Whether a text can name a person: what can't be seen must not make two people of one.
pub(in crate::justification) fn is_person(text: &str) -> bool {
    let visible = text.chars().any(char::is_alphanumeric) && !text.contains(is_deceptive);
    visible && text.len() <= 256 && text.trim() == text
}

impl Trust {
    /// Reads a trust file.
    ///
    /// # Errors
    /// [`TrustError`], with lines.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        let text = document::text(bytes, TRUST_MAX)?;
        let written: Written = document::toml(text)?;
        let mut check = Check { text, faults: Vec::new() };
        let trust = check.trust(&written);
        if check.faults.is_empty() { Ok(trust) } else { Err(TrustError::Faults(check.faults)) }
    }
}

struct Check<'a> {
    text: &'a str,
    faults: Vec<TrustFault>,
}

impl Check<'_> {
    fn line<T>(&self, of: &Spanned<T>) -> usize {
        document::place(self.text, of.span().start).0
    }

    fn fault<T>(&mut self, at: &Spanned<T>, problem: impl Into<TrustProblem>) {
        self.faults.push(TrustFault { line: self.line(at), problem: problem.into() });
    }

    fn trust(&mut self, written: &Written) -> Trust {
        if *written.version.get_ref() != 1 {
            self.fault(&written.version, TrustProblem::Version(*written.version.get_ref()));
        }
        let skew_seconds = written.skew.as_ref().map_or(SKEW, |skew| self.skew(skew));
        let signers = written.signers.as_ref().map_or(SIGNERS, |signers| self.signers(signers));
        if let Some(one) = written.key.get(KEYS_MAX) {
            self.fault(one, TrustProblem::TooManyKeys(written.key.len()));
        }
        let mut keys: Vec<TrustedKey> = Vec::new();
        let mut lines: Vec<usize> = Vec::new();
        for one in written.key.iter().take(KEYS_MAX) {
            let Some(key) = self.key(one.get_ref()) else { continue };
            // By its bytes: as a plain key and as an SSH key it is still one, of one person.
            let known = keys.iter().position(|other| other.public.as_bytes() == key.public.as_bytes());
            if let Some(first) = known.and_then(|at| lines.get(at)).copied() {
                let key = key.public.id().to_owned();
                self.fault(&one.get_ref().public, TrustProblem::KeyAgain { key, first });
                continue;
            }
            lines.push(self.line(&one.get_ref().public));
            keys.push(key);
        }
        Trust { skew_seconds, signers, keys }
    }

    fn skew(&mut self, written: &Spanned<String>) -> u64 {
        let text = written.get_ref();
        let Some(skew) = humantime::parse_duration(text).ok().filter(|skew| skew.subsec_nanos() == 0) else {
            self.fault(written, TrustProblem::Skew(printable(text)));
            return SKEW;
        };
        if skew.as_secs() > SKEW_MAX {
            self.fault(written, TrustProblem::SkewTooLong(skew.as_secs()));
        }
        skew.as_secs()
    }

    fn signers(&mut self, written: &Spanned<u64>) -> u32 {
        let signers = *written.get_ref();
        match u32::try_from(signers) {
            Ok(number @ 1..=16) => number,
            _ => {
                self.fault(written, TrustProblem::Signers(signers));
                SIGNERS
            }
        }
    }

    fn key(&mut self, written: &WrittenKey) -> Option<TrustedKey> {
        let person = written.person.get_ref();
        if !is_person(person) {
            self.fault(&written.person, TrustProblem::Person(printable(person)));
        }
        let public = written.public.get_ref().parse::<PublicKey>();
        let public = public.map_err(|problem| self.fault(&written.public, problem)).ok();
        let roles = self.roles(&written.roles);
        let scope = written.resources.as_ref().map(|resources| self.scope(resources));
        let not_before = written.not_before.as_ref().and_then(|when| self.moment(when));
        let not_after = written.not_after.as_ref().and_then(|when| self.moment(when));
        let revoked = written.revoked.as_ref().and_then(|when| self.moment(when));
        if let (Some(from), Some(until), Some(at)) = (not_before, not_after, &written.not_after)
            && until <= from
        {
            self.fault(at, TrustProblem::Backwards);
        }
        Some(TrustedKey {
            person: person.clone(),
            public: public?,
            roles,
            scope,
            not_before,
            not_after,
            revoked,
        })
    }

    fn roles(&mut self, written: &Spanned<Vec<SigningRole>>) -> BTreeSet<SigningRole> {
        let roles: BTreeSet<SigningRole> = written.get_ref().iter().copied().collect();
        if roles.is_empty() {
            self.fault(written, TrustProblem::Empty("roles"));
        }
        if roles.len() < written.get_ref().len() {
            self.fault(written, TrustProblem::Repeated("a role".to_owned()));
        }
        roles
    }

    fn scope(&mut self, written: &Spanned<Vec<Spanned<String>>>) -> Vec<Resource> {
        if written.get_ref().is_empty() {
            self.fault(written, TrustProblem::Empty("resources"));
        }
        let mut scope: Vec<Resource> = Vec::new();
        for one in written.get_ref() {
            if one.get_ref().contains(is_deceptive) || one.get_ref().len() > PATH_MAX {
                self.fault(one, TrustProblem::Name(printable(one.get_ref())));
                continue;
            }
            match one.get_ref().parse::<Resource>() {
                Ok(resource) if scope.contains(&resource) => {
                    self.fault(one, TrustProblem::Repeated(printable(&resource.to_string())));
                }
                Ok(resource) => scope.push(resource),
                Err(problem) => self.fault(one, problem),
            }
        }
        scope
    }

    fn moment(&mut self, written: &Spanned<When>) -> Option<u64> {
        let read = moment::seconds(&written.get_ref().to_string());
        read.map_err(|problem| self.fault(written, problem)).ok()
    }
}
