//! What went wrong, where: the system call, the path, and the kernel's reason.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

/// A system call that failed.
#[derive(Debug, thiserror::Error)]
pub struct SysError {
    /// The call or small operation, such as `mount_setattr`.
    pub call: &'static str,
    /// What it was about: a path, usually.
    pub subject: Option<String>,
    /// The kernel's reason.
    #[source]
    pub source: io::Error,
}

impl fmt::Display for SysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Some(subject) => write!(f, "{} {subject}: {}", self.call, self.source),
            None => write!(f, "{}: {}", self.call, self.source),
        }
    }
}

/// Names the call on the way out of a failing operation.
pub trait During<T> {
    /// Adds the name of the call.
    ///
    /// # Errors
    /// The error of `self`, named.
    fn during(self, call: &'static str) -> Result<T, SysError>;
    /// Adds the name of the call and what it was about.
    ///
    /// # Errors
    /// The error of `self`, named.
    fn during_on(self, call: &'static str, subject: impl fmt::Display) -> Result<T, SysError>;
}

impl<T, E: Into<io::Error>> During<T> for Result<T, E> {
    fn during(self, call: &'static str) -> Result<T, SysError> {
        self.map_err(|source| SysError { call, subject: None, source: source.into() })
    }

    fn during_on(self, call: &'static str, subject: impl fmt::Display) -> Result<T, SysError> {
        self.map_err(|source| SysError { call, subject: Some(subject.to_string()), source: source.into() })
    }
}

/// A failure inside the box's set-up, as it travels to the supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The control that could not be set up, where it is one.
    pub control: Option<String>,
    /// What failed, in full.
    pub message: String,
    /// The kernel's number, errno(3).
    pub errno: Option<i32>,
}

impl Failure {
    /// A failure of `control`.
    pub fn of(control: &str, error: &SysError) -> Self {
        Self { control: Some(control.to_owned()), ..Self::from(error) }
    }
}

impl From<&SysError> for Failure {
    fn from(error: &SysError) -> Self {
        Self { control: None, message: error.to_string(), errno: error.source.raw_os_error() }
    }
}

impl From<SysError> for Failure {
    fn from(error: SysError) -> Self {
        Self::from(&error)
    }
}
