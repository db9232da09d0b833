//! The system calls that attacks make and that rustix doesn't offer, or not in the wrong way that an attack
//! needs them.

pub mod abi;
pub mod descriptors;
pub mod ipc;
pub mod memory;
pub mod namespaces;
pub mod odd;
pub mod process;

use std::io;

/// Makes a system call by number.
///
/// Private to this folder: each function in it passes plain values, or pointers to memory that it owns or
/// borrows for as long as the call lasts.
fn raw(number: libc::c_long, arguments: [usize; 6]) -> io::Result<usize> {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the functions of this folder pass only values and pointers that are valid during the call.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
