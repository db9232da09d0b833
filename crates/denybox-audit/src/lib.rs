//! The audit log on disk.
//!
//! ```text
//! ROOT/                        its owner's alone
//!   key.pem  key.pub           signs checkpoints; checks them
//!   lock                       held while the index or the set of living boxes changes
//!   index.00000.jsonl          which boxes there were: opened, closed with what
//!   live/BOX.00000.jsonl       the box runs, or its supervisor died
//!   boxes/BOX.00000.jsonl      complete, one file or several
//! ```
//! Each box has a [`Log`] of its own, so boxes don't wait for each other; a line in the index says that it was there. What a
//! record says and how records are chained is in `denybox_core::audit`.
#![forbid(unsafe_code)]

mod index;
mod log;
mod recover;
mod store;
#[cfg(test)]
mod tests;
mod verify;

use std::path::Path;

use denybox_core::audit::JournalError;

pub use log::Log;
pub use store::Store;
pub use verify::{BoxState, Checked};

/// A failure of `step` on `path`.
fn failed<E: std::fmt::Display>(step: &'static str, path: &Path) -> impl Fn(E) -> JournalError {
    let path = path.display().to_string();
    move |error| JournalError { step, path: path.clone(), reason: error.to_string() }
}
