//! What a process descriptor tells, pidfd_open(2) and the `PIDFD_GET_INFO` request (Linux 6.13; exit status 6.15).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::check;

/// `struct pidfd_info` of linux/pidfd.h in its second published size.
#[repr(C)]
#[derive(Default)]
struct PidfdInfo {
    mask: u64,
    cgroupid: u64,
    pid: u32,
    tgid: u32,
    ppid: u32,
    ruid: u32,
    rgid: u32,
    euid: u32,
    egid: u32,
    suid: u32,
    sgid: u32,
    fsuid: u32,
    fsgid: u32,
    exit_code: i32,
    coredump_mask: u32,
    coredump_signal: u32,
}

const PIDFD_INFO_EXIT: u64 = 1 << 3;
// _IOWR(0xFF, 11, struct pidfd_info), with the size field of the structure above.
const PIDFD_GET_INFO: libc::Ioctl =
    (3 << 30) | ((size_of::<PidfdInfo>() as libc::Ioctl) << 16) | (0xFF << 8) | 11;

/// Where a process belongs, numbered in the caller's PID namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation {
    /// The process itself.
    pub process: i32,
    /// Its parent; 0 for one that can't be seen from here.
    pub parent: i32,
}

/// Where a process belongs: what /proc/PID/status says too, but takes several times as long to say.
///
/// # Errors
/// `ENOTTY` or `EINVAL` where the kernel has no such request; `ESRCH` for a process that is gone; otherwise those of ioctl(2).
pub fn relation(pidfd: BorrowedFd<'_>) -> io::Result<Relation> {
    let info = ask(pidfd, 0)?;
    Ok(Relation { process: info.tgid as i32, parent: info.ppid as i32 })
}

fn ask(pidfd: BorrowedFd<'_>, mask: u64) -> io::Result<PidfdInfo> {
    let mut info = PidfdInfo { mask, ..PidfdInfo::default() };
    // SAFETY: the request carries the size of the structure that it reads and fills.
    check(libc::c_long::from(unsafe {
        libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO, std::ptr::from_mut(&mut info))
    }))?;
    Ok(info)
}

/// The wait status (wait(2)) of a process that has exited and been reaped by whoever; `None` while it runs.
///
/// # Errors
/// `ENOTTY` or `EINVAL` where the kernel has no such request; otherwise those of ioctl(2).
pub fn exit_status(pidfd: BorrowedFd<'_>) -> io::Result<Option<i32>> {
    match ask(pidfd, PIDFD_INFO_EXIT) {
        Ok(info) if info.mask & PIDFD_INFO_EXIT != 0 => Ok(Some(info.exit_code)),
        Ok(_) => Ok(None),
        // Gone, and the status with it.
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
        Err(error) => Err(error),
    }
}
