//! System calls that rustix doesn't offer, as safe functions over owned descriptors.
//!
//! The only crate of denybox where `unsafe` stands. It knows no policy word: one file per kernel interface, each
//! function one call, each block with the reason why it is sound.

pub mod budget;
pub mod fd;
pub mod memfd;
pub mod memory;
pub mod mount;
pub mod net;
pub mod pidfd;
pub mod process;
pub mod seccomp;
pub mod signal;

use std::io;

/// Turns the return value of a C function, -1 with `errno` on failure, into a result.
fn check(returned: libc::c_long) -> io::Result<libc::c_long> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}
