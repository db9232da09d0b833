//! The audit log's format: events chained by hashes, signed at checkpoints, and checked again later.
//!
//! ```text
//! Event ─ Chain::link ─→ line of JSON, whose hash covers the line before ─→ file
//!                          every now and then: Checkpoint, signed              │
//! Fault ←────────────────────────────── Verifier ←───────────────────────────────┘
//! ```
//! Where the lines are kept, and how they reach a disk, is another crate's business.

pub mod chain;
pub mod checkpoint;
pub mod event;
pub mod verify;

use std::os::fd::BorrowedFd;

pub use chain::{Chain, Hash, Record, RecordError};
pub use event::Event;

/// Where a backend writes down what it does and sees.
pub trait Journal: std::fmt::Debug + Send + Sync {
    /// Appends one event. In the log, though perhaps not yet on the disk, when this returns.
    ///
    /// # Errors
    /// It could not be written, now or earlier: the box must not go on.
    fn record(&self, event: &Event) -> Result<(), JournalError>;

    /// Becomes readable when the log can't be written any more.
    fn alarm(&self) -> BorrowedFd<'_>;

    /// Why the log can't be written any more; `None` while it can.
    fn failure(&self) -> Option<JournalError>;
}

/// The log can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit log can't be written: cannot {step} {path}: {reason}")]
pub struct JournalError {
    /// What failed: a verb that goes before the path.
    pub step: &'static str,
    /// The file or directory.
    pub path: String,
    /// What the system says.
    pub reason: String,
}
