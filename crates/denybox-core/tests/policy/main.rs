//! The policies that ship: their decisions as a table, their Rego tests, what they must never do, and what happens when
//! a policy goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

mod decisions;
mod going_wrong;
mod properties;
mod published;

mod table;
