//! The ground on which boxes are tested: who runs denybox, where, for how long at most, and what came of it.
//!
//! `DENYBOX_BIN` names the denybox to test; without it every test fails. Run by root, every check runs as root and as
//! uid 65534, with a tripwire and without; run by somebody else, as that user with whatever /dev/fuse there is.

pub mod caller;
pub mod child;
pub mod ground;
pub mod remains;
pub mod room;
pub mod terminal;

use libtest_mimic::Failed;

/// How a check ends that neither succeeded nor failed.
#[derive(Debug)]
pub enum Stop {
    /// It can't be made here, and why.
    Skip(String),
    /// What it found wrong.
    Fail(Failed),
}

impl<E: std::fmt::Display> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Fail(Failed::from(error.to_string()))
    }
}

/// What a check gives.
pub type Checked = Result<(), Stop>;

/// Fails unless `holds`.
///
/// # Errors
/// [`Stop::Fail`] with `what`.
pub fn check(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Stop::from(what())) }
}

/// Fails unless two values are the same.
///
/// # Errors
/// [`Stop::Fail`] with both.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Checked {
    check(got == expected, || format!("{what}: expected {expected:?}, got {got:?}"))
}
