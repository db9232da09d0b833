//! Descriptors: terminals, requests with stray upper bits, executing without a path, mapping executable.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Upper bits that the kernel drops from a 32-bit argument, and that a filter comparing 64 bits doesn't.
pub const STRAY_BITS: usize = 1 << 32;

/// ioctl(2) with a pointer to one byte, as TIOCSTI and TIOCLINUX take it.
pub fn ioctl_byte(fd: BorrowedFd<'_>, request: usize, byte: u8) -> io::Result<()> {
    // TIOCLINUX subcommands may read or write a few bytes more than one.
    let mut bytes = [0_u8; 64];
    if let Some(first) = bytes.first_mut() {
        *first = byte;
    }
    super::raw(libc::SYS_ioctl, [fd.as_raw_fd() as usize, request, bytes.as_mut_ptr() as usize, 0, 0, 0])
        .map(drop)
}

/// Makes the terminal on `fd` the controlling one of this session.
pub fn take_terminal(fd: BorrowedFd<'_>) -> io::Result<()> {
    super::raw(libc::SYS_ioctl, [fd.as_raw_fd() as usize, libc::TIOCSCTTY as usize, 0, 0, 0, 0]).map(drop)
}

/// socket(2) by numbers, upper bits and all.
pub fn socket(family: usize, kind: usize, protocol: usize) -> io::Result<OwnedFd> {
    let fd = super::raw(libc::SYS_socket, [family, kind, protocol, 0, 0, 0])?;
    // SAFETY: the kernel has just given out this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// execveat(2) of the file behind `fd` itself; returns only on failure.
pub fn exec_descriptor(fd: BorrowedFd<'_>, argument: &CStr) -> io::Error {
    let arguments = [argument.as_ptr(), std::ptr::null()];
    let environment: [*const libc::c_char; 1] = [std::ptr::null()];
    match super::raw(
        libc::SYS_execveat,
        [
            fd.as_raw_fd() as usize,
            c"".as_ptr() as usize,
            arguments.as_ptr() as usize,
            environment.as_ptr() as usize,
            libc::AT_EMPTY_PATH as usize,
            0,
        ],
    ) {
        Ok(_) => io::Error::other("execveat returned"),
        Err(error) => error,
    }
}

/// memfd_create(2) by numbers.
pub fn memfd(flags: usize) -> io::Result<OwnedFd> {
    let fd = super::raw(libc::SYS_memfd_create, [c"attack".as_ptr() as usize, flags, 0, 0, 0, 0])?;
    // SAFETY: the kernel has just given out this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// A descriptor that whoever started this process left open, as far as fcntl(2) knows it.
pub fn inherited(number: i32) -> io::Result<BorrowedFd<'static>> {
    super::raw(libc::SYS_fcntl, [number as usize, libc::F_GETFD as usize, 0, 0, 0, 0])?;
    // SAFETY: it is open, and nothing in this program closes descriptors that it hasn't opened.
    Ok(unsafe { BorrowedFd::borrow_raw(number) })
}

/// Maps the first page of a file executable, and unmaps it again.
pub fn map_executable(fd: BorrowedFd<'_>) -> io::Result<()> {
    let protection = (libc::PROT_READ | libc::PROT_EXEC) as usize;
    let address = super::raw(
        libc::SYS_mmap,
        [0, 4096, protection, libc::MAP_PRIVATE as usize, fd.as_raw_fd() as usize, 0],
    )?;
    super::raw(libc::SYS_munmap, [address, 4096, 0, 0, 0, 0]).map(drop)
}
