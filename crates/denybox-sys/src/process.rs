//! New processes and namespaces: fork(2), clone(2), unshare(2), execve(2).

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::BorrowedFd;

use rustix::process::Pid;
use rustix::thread::UnshareFlags;

use crate::check;

/// Which side of a fork this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that called, with the child's number.
    Parent(Pid),
    /// The new one.
    Child,
}

fn side(returned: libc::c_long) -> io::Result<Side> {
    let number = check(returned)?;
    match Pid::from_raw(number as libc::pid_t) {
        Some(pid) => Ok(Side::Parent(pid)),
        None => Ok(Side::Child),
    }
}

/// How many threads this process has, from proc(5). `None` where it can't be read.
fn threads() -> Option<usize> {
    std::fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}

fn single_threaded() -> io::Result<()> {
    match threads() {
        Some(1) | None => Ok(()),
        Some(many) => Err(io::Error::other(format!("a process of {many} threads must not be forked here"))),
    }
}

/// Forks a process that has one thread only, so that the child may do whatever a program may.
///
/// # Errors
/// Those of fork(2), and a refusal where the process has several threads.
pub fn fork() -> io::Result<Side> {
    single_threaded()?;
    // SAFETY: with one thread there is no lock that another could hold in the child.
    side(libc::c_long::from(unsafe { libc::fork() }))
}

/// Forks a sibling: the child's parent is this process's own parent, `CLONE_PARENT` of clone(2).
///
/// # Errors
/// Those of clone(2).
pub fn fork_sibling() -> io::Result<Side> {
    let flags = libc::CLONE_PARENT | libc::SIGCHLD;
    let none = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: without CLONE_VM and with a null stack the child goes on with a copy of everything, as after fork(2);
    // callers are single-threaded children of `fork`, so no lock is held elsewhere.
    side(unsafe { libc::syscall(libc::SYS_clone, libc::c_long::from(flags), none, none, none, none) })
}

/// Moves this process into new namespaces, unshare(2). Only namespace flags are taken.
///
/// # Errors
/// `EINVAL` for a flag that is no namespace, otherwise those of unshare(2).
pub fn unshare_namespaces(flags: UnshareFlags) -> io::Result<()> {
    if flags.intersects(UnshareFlags::FILES | UnshareFlags::FS | UnshareFlags::SYSVSEM) {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: unsafe only because of CLONE_FILES, which was refused above.
    unsafe { rustix::thread::unshare_unsafe(flags) }.map_err(Into::into)
}

/// Leaves at once, without running destructors or exit handlers, _exit(2).
pub fn exit_now(status: i32) -> ! {
    // SAFETY: takes an integer and doesn't return.
    unsafe { libc::_exit(status) }
}

/// Becomes another program, execve(2). Returns only on failure.
pub fn execute(program: &CStr, arguments: &[CString], environment: &[CString]) -> io::Error {
    let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
        texts.iter().map(|text| text.as_ptr()).chain(std::iter::once(std::ptr::null())).collect()
    };
    let (arguments, environment) = (pointers(arguments), pointers(environment));
    // SAFETY: all pointers lead to C strings that outlive the call, both lists end in null.
    unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// Makes the terminal `fd` the controlling one of this session and this process group its foreground one.
///
/// # Errors
/// Those of the `TIOCSCTTY` request, ioctl_tty(2).
pub fn adopt_terminal(fd: BorrowedFd<'_>) -> io::Result<()> {
    rustix::process::ioctl_tiocsctty(fd).map_err(Into::into)
}

/// Copies bytes from another process's memory, process_vm_readv(2); gives how many, which may be fewer than asked for.
///
/// Unlike /proc/PID/mem this also reads a process that made itself not dumpable, where the caller owns its user namespace.
///
/// # Errors
/// `EPERM` without the right to, `ESRCH` when it is gone, `EFAULT` when nothing is mapped at `address`.
pub fn read_memory(pid: i32, address: u64, into: &mut [u8]) -> io::Result<usize> {
    let local = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: into.len() };
    // SAFETY: `local` covers `into` alone, which is ours to write; `remote` is only an address in the other process,
    // which the kernel checks.
    check(unsafe { libc::process_vm_readv(pid, &raw const local, 1, &raw const remote, 1, 0) } as libc::c_long)
        .map(|read| read as usize)
}
