//! Filters and user notification, seccomp(2) and seccomp_unotify(2).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use crate::check;
use crate::fd::own;

/// One instruction of a classic BPF program, `struct sock_filter` of linux/filter.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip when true.
    pub jt: u8,
    /// Instructions to skip when false.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// Installs a filter on this thread and everything that it will start. With `listener`, gives the descriptor on which
/// `SECCOMP_RET_USER_NOTIF` calls arrive.
///
/// # Errors
/// Those of seccomp(2): `EACCES` without no_new_privs, `EBUSY` where another listener exists in the task tree, `EINVAL`
/// for a program that the kernel doesn't take.
pub fn install(program: &[Instruction], listener: bool) -> io::Result<Option<OwnedFd>> {
    let length = u16::try_from(program.len()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let program =
        libc::sock_fprog { len: length, filter: program.as_ptr().cast::<libc::sock_filter>().cast_mut() };
    let flags = if listener { libc::SECCOMP_FILTER_FLAG_NEW_LISTENER } else { 0 };
    // SAFETY: the program has `len` instructions of the layout of sock_filter and is only read; it outlives the call.
    let returned = check(unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, std::ptr::from_ref(&program))
    })?;
    // SAFETY: with NEW_LISTENER success returns a new descriptor.
    Ok(listener.then(|| unsafe { own(returned) }))
}

/// One call that waits for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Notification {
    /// Names the call in answers.
    pub id: u64,
    /// The calling thread, numbered in the listener's PID namespace.
    pub tid: i32,
    /// System call number.
    pub number: i32,
    /// Audit architecture.
    pub architecture: u32,
    /// Where it was called from.
    pub instruction_pointer: u64,
    /// Its arguments as registers.
    pub arguments: [u64; 6],
}

/// Waits for the next call.
///
/// # Errors
/// `ENOENT` when the caller died meanwhile, `EINTR`; otherwise those of ioctl(2).
pub fn receive(listener: BorrowedFd<'_>) -> io::Result<Notification> {
    // SAFETY: a seccomp_notif of zeros is valid, and the kernel demands it.
    let mut raw: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: the request fills one seccomp_notif.
    check(libc::c_long::from(unsafe {
        libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, std::ptr::from_mut(&mut raw))
    }))?;
    Ok(Notification {
        id: raw.id,
        tid: raw.pid as i32,
        number: raw.data.nr,
        architecture: raw.data.arch,
        instruction_pointer: raw.data.instruction_pointer,
        arguments: raw.data.args,
    })
}

/// Whether the call still waits: what was read of its caller before is then really of that caller.
pub fn is_valid(listener: BorrowedFd<'_>, id: u64) -> bool {
    // SAFETY: the request reads one u64.
    unsafe {
        libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, std::ptr::from_ref(&id)) == 0
    }
}

fn respond(listener: BorrowedFd<'_>, id: u64, error: i32, flags: u32) -> io::Result<()> {
    let response = libc::seccomp_notif_resp { id, val: 0, error, flags };
    // SAFETY: the request reads one seccomp_notif_resp.
    check(libc::c_long::from(unsafe {
        libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, std::ptr::from_ref(&response))
    }))
    .map(drop)
}

/// Lets the call fail with `errno`.
///
/// # Errors
/// `ENOENT` when the caller died meanwhile.
pub fn refuse(listener: BorrowedFd<'_>, id: u64, errno: i32) -> io::Result<()> {
    respond(listener, id, -errno.abs(), 0)
}

/// Lets the kernel go on with the call. Never a way to enforce: the arguments in memory may change meanwhile.
///
/// # Errors
/// `ENOENT` when the caller died meanwhile.
pub fn let_continue(listener: BorrowedFd<'_>, id: u64) -> io::Result<()> {
    respond(listener, id, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32)
}

/// Answers the call with a descriptor: `fd` is copied into the caller, and its number there is the call's result.
///
/// # Errors
/// `ENOENT` when the caller died meanwhile, `EMFILE` when its table is full; before Linux 5.14 `EINVAL`.
pub fn answer_with(
    listener: BorrowedFd<'_>,
    id: u64,
    fd: BorrowedFd<'_>,
    close_on_exec: bool,
) -> io::Result<()> {
    let request = libc::seccomp_notif_addfd {
        id,
        flags: libc::SECCOMP_ADDFD_FLAG_SEND as u32,
        srcfd: fd.as_raw_fd() as u32,
        newfd: 0,
        newfd_flags: if close_on_exec { libc::O_CLOEXEC as u32 } else { 0 },
    };
    // SAFETY: the request reads one seccomp_notif_addfd.
    check(libc::c_long::from(unsafe {
        libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ADDFD, std::ptr::from_ref(&request))
    }))
    .map(drop)
}

/// Asks the kernel to wake the listener on the caller's own processor, which makes a round trip much shorter (Linux 6.6).
///
/// # Errors
/// `ENOTTY` on older kernels.
pub fn wake_synchronously(listener: BorrowedFd<'_>) -> io::Result<()> {
    // SECCOMP_IOCTL_NOTIF_SET_FLAGS = _IOW('!', 4, __u64); SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1.
    const SET_FLAGS: libc::Ioctl = (1 << 30) | (8 << 16) | ((b'!' as libc::Ioctl) << 8) | 4;
    // SAFETY: this request takes its value in place of a pointer.
    check(libc::c_long::from(unsafe { libc::ioctl(listener.as_raw_fd(), SET_FLAGS, 1 as libc::c_ulong) }))
        .map(drop)
}
