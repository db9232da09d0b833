//! Signals as descriptors, signalfd(2), and the signal mask, sigprocmask(2).

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use crate::check;
use crate::fd::own;

fn set_of(signals: &[i32]) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the whole set; sigaddset changes one bit of it, or fails for a bad number.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for &signal in signals {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Blocks the given signals for this thread and gives a descriptor on which they arrive.
///
/// # Errors
/// Those of sigprocmask(2) and signalfd(2).
pub fn receive(signals: &[i32]) -> io::Result<OwnedFd> {
    let set = set_of(signals);
    // SAFETY: the set is initialised and outlives the calls; on success the number is new and ours.
    unsafe {
        check(libc::c_long::from(libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut())))?;
        check(libc::c_long::from(libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)))
            .map(|fd| own(fd))
    }
}

/// Unblocks everything and gives `SIGPIPE`, which Rust's start-up code ignores, its default action again: what a fresh
/// program expects. What the caller chose to ignore, as nohup(1) does, stays ignored.
pub fn reset() {
    let set = set_of(&[]);
    // SAFETY: the set is initialised; SIG_DFL is a valid handler.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        libc::sigprocmask(libc::SIG_SETMASK, &set, std::ptr::null_mut());
    }
}

/// The next signal that has arrived on a descriptor of [`receive`]; `None` when there is none yet.
///
/// # Errors
/// Those of read(2).
pub fn next(descriptor: BorrowedFd<'_>) -> io::Result<Option<i32>> {
    let mut info = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
    let size = size_of::<libc::signalfd_siginfo>();
    // SAFETY: the buffer has the size given; the structure consists of integers, so any bytes are valid.
    match check(unsafe { libc::read(descriptor.as_raw_fd(), info.as_mut_ptr().cast(), size) } as libc::c_long)
    {
        Ok(read) if read as usize == size => {
            // SAFETY: read(2) has just filled all of it.
            Ok(Some(unsafe { info.assume_init() }.ssi_signo as i32))
        }
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sends `signal` to a process, kill(2), by plain number: negative and zero numbers mean groups.
///
/// # Errors
/// Those of kill(2).
pub fn send(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: integers only.
    check(libc::c_long::from(unsafe { libc::kill(pid, signal) })).map(drop)
}
