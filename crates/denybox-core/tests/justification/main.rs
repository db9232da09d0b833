//! Justifications: what is read is what was meant, and what doesn't hold is refused by name.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

mod manifests;
mod revocations;
mod samples;
mod signatures;
mod ssh;
mod trusts;
mod verifying;
