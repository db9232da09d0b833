//! Terminals: which standard streams are one, and relaying between the caller's and the box's own.

use std::os::fd::{BorrowedFd, RawFd};

use crate::init::STANDARD_STREAMS;

/// Borrows a standard stream. They are open for the whole life of a program: Rust's start-up code sees to it.
pub(crate) fn standard_stream(number: RawFd) -> BorrowedFd<'static> {
    match number {
        0 => rustix::stdio::stdin(),
        1 => rustix::stdio::stdout(),
        _ => rustix::stdio::stderr(),
    }
}

/// The numbers of the standard streams that are terminals, isatty(3).
pub fn standard_streams_that_are_one() -> impl Iterator<Item = RawFd> {
    STANDARD_STREAMS.into_iter().filter(|number| rustix::termios::isatty(standard_stream(*number)))
}

/// Whether any standard stream is a terminal.
pub fn any_standard_stream_is_one() -> bool {
    standard_streams_that_are_one().next().is_some()
}
