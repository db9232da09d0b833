//! The policies that ship: their decisions as a table, their Rego tests, what they must never do, and what happens when
//! a policy goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

mod checking;
mod decisions;
mod going_wrong;
mod posed;
mod properties;
mod published;
mod rego_tests;

mod table;
