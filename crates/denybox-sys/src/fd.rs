//! Descriptors as numbers: the table of a process that is about to become another program.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::check;

/// Marks every descriptor from `first` on to be closed at the next execve(2), close_range(2).
///
/// Nothing is closed now, so no owner loses its descriptor.
///
/// # Errors
/// Those of close_range(2): `ENOSYS` before Linux 5.9, `EINVAL` before 5.11.
pub fn close_on_exec_from(first: RawFd) -> io::Result<()> {
    // SAFETY: only integers are passed; CLOEXEC closes nothing in this process.
    check(unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first as libc::c_uint,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    })
    .map(drop)
}

/// Makes `target` refer to what `fd` refers to, without close-on-exec, dup2(2).
///
/// Meant for descriptors 0 to 2: `target` must not be a number that an [`OwnedFd`] holds.
///
/// # Errors
/// Those of dup2(2).
pub fn duplicate_onto(fd: BorrowedFd<'_>, target: RawFd) -> io::Result<()> {
    if fd.as_raw_fd() == target {
        // dup2 onto itself would leave close-on-exec set.
        // SAFETY: fcntl with integers on a borrowed, therefore open, descriptor.
        return check(libc::c_long::from(unsafe { libc::fcntl(target, libc::F_SETFD, 0) })).map(drop);
    }
    // SAFETY: integers only; the standard streams are owned by nobody.
    check(libc::c_long::from(unsafe { libc::dup2(fd.as_raw_fd(), target) })).map(drop)
}

/// Takes over a descriptor number that a system call has just returned.
///
/// # Safety
/// `number` must be open and owned by nobody else.
pub(crate) unsafe fn own(number: libc::c_long) -> OwnedFd {
    // SAFETY: passed on to the caller.
    unsafe { OwnedFd::from_raw_fd(number as RawFd) }
}
