//! What can be wrong with a manifest.

use std::fmt;

use crate::justification::document::{Syntax, Unreadable};
use crate::justification::moment::MomentError;
use crate::justification::name::NameError;
use crate::path::PathError;
use crate::resource::{Resource, ResourceError};
use crate::size::SizeError;

/// Why a document is no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not text, or too much of it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Not the fields that a manifest has.
    #[error(transparent)]
    Syntax(#[from] Syntax),
    /// It can be read, and says what can't be.
    #[error(transparent)]
    Faults(#[from] Faults),
}

/// Everything that is wrong with what a manifest says; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Fault {
    /// The field, such as `grants[0].size`.
    pub field: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A version of the format that isn't known.
    #[error("version {0} of the format isn't known, only 1 is")]
    Version(u64),
    /// No name for a justification.
    #[error("'{0}' is no identifier: use 1 to 128 letters, digits, '.', '_' or '-', first a letter or digit")]
    Id(String),
    /// A list that is given and empty.
    #[error("the list is empty: leave it out, or name something")]
    Empty,
    /// A list that is too long.
    #[error("{there} are too many: at most {most}")]
    TooMany {
        /// How many there are.
        there: usize,
        /// How many there may be.
        most: usize,
    },
    /// A text that is too long.
    #[error("{there} bytes are too long: at most {most}")]
    TooLong {
        /// How long it is.
        there: usize,
        /// How long it may be.
        most: usize,
    },
    /// Nothing that could be read.
    #[error("it says nothing: there is no letter or digit in it")]
    Silent,
    /// A name with characters that can't be seen.
    #[error("it holds control characters, or marks that can't be seen")]
    Invisible,
    /// Twice the same.
    #[error("'{0}' is named twice")]
    Repeated(String),
    /// No name of a host or cluster.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No digest.
    #[error("'{0}' is no SHA-256 digest: give 64 hexadecimal digits in lower case")]
    Digest(String),
    /// No resource.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// No path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// No size.
    #[error(transparent)]
    Size(#[from] SizeError),
    /// No point in time.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// Zero of something.
    #[error("it must be at least 1")]
    Zero,
    /// It ends before it begins.
    #[error("it ends when it hasn't begun: notAfter must be later than notBefore")]
    Backwards,
    /// A directory without a path.
    #[error("the backing dir needs a path: the directory on the host")]
    NoPath,
    /// A path without a directory.
    #[error("a path belongs to the backing dir only")]
    StrayPath,
    /// Shared with nobody.
    #[error("the backing shared needs a group: the name of those who share it")]
    NoGroup,
    /// A group without sharing.
    #[error("a group belongs to the backing shared only")]
    StrayGroup,
    /// A limit for what denybox can't limit.
    #[error("what others own has no size or inodes of the agent's own")]
    StrayLimit,
    /// What only file systems have.
    #[error("{0} has no size, inodes, options or directory of its own")]
    NotAFileSystem(Resource),
    /// An access that this kind of IPC doesn't have.
    #[error("{resource} is used by {access}, or not at all")]
    NotSoUsed {
        /// The kind.
        resource: Resource,
        /// The access that it has.
        access: &'static str,
    },
    /// Executing and not.
    #[error("the option noexec contradicts the access read-write-execute")]
    Noexec,
}
