//! Other processes: signals, tracing, limits, children.

use std::io;

/// kill(2).
pub fn kill(pid: i32, signal: i32) -> io::Result<()> {
    super::raw(libc::SYS_kill, [pid as usize, signal as usize, 0, 0, 0, 0]).map(drop)
}

/// tgkill(2).
pub fn tgkill(group: i32, thread: i32, signal: i32) -> io::Result<()> {
    super::raw(libc::SYS_tgkill, [group as usize, thread as usize, signal as usize, 0, 0, 0]).map(drop)
}

/// rt_sigqueueinfo(2) with the code of sigqueue(3).
pub fn queue_signal(pid: i32, signal: i32) -> io::Result<()> {
    // siginfo_t is 128 bytes: signo, errno, code, then the sender.
    let mut info = [0_i32; 32];
    info[0] = signal;
    info[2] = libc::SI_QUEUE;
    super::raw(libc::SYS_rt_sigqueueinfo, [pid as usize, signal as usize, info.as_ptr() as usize, 0, 0, 0])
        .map(drop)
}

/// prlimit(2): reads another process's limit of open files.
pub fn limit_of(pid: i32) -> io::Result<u64> {
    let mut limits = [0_u64; 2];
    super::raw(
        libc::SYS_prlimit64,
        [pid as usize, libc::RLIMIT_NOFILE as usize, 0, limits.as_mut_ptr() as usize, 0, 0],
    )?;
    Ok(limits[0])
}

/// ptrace(2) PTRACE_SEIZE, which stops nothing; the kernel lets go when this process ends.
pub fn seize(pid: i32) -> io::Result<()> {
    super::raw(libc::SYS_ptrace, [libc::PTRACE_SEIZE as usize, pid as usize, 0, 0, 0, 0]).map(drop)
}

/// How a forked child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildEnd {
    /// With this status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
}

/// Runs `task` in a forked child and tells how that ended; the child's status is what `task` returns. For
/// system calls that a filter may answer by killing. The caller is single-threaded.
pub fn in_child(task: impl FnOnce() -> u8) -> io::Result<ChildEnd> {
    let child = fork(task)?;
    wait(child)
}

/// Forks a child that runs `task` and ends with what it returns. The caller is single-threaded.
pub fn fork(task: impl FnOnce() -> u8) -> io::Result<i32> {
    match super::raw(libc::SYS_clone, [libc::SIGCHLD as usize, 0, 0, 0, 0, 0])? {
        0 => {
            let status = task();
            // SAFETY: _exit takes a value and does not return; the parent's exit handlers must not run.
            unsafe { libc::_exit(i32::from(status)) }
        }
        child => Ok(child as i32),
    }
}

/// Waits for a forked child to end.
pub fn wait(child: i32) -> io::Result<ChildEnd> {
    let status = wait_status(child, 0)?;
    Ok(if libc::WIFSIGNALED(status) {
        ChildEnd::Killed(libc::WTERMSIG(status))
    } else {
        ChildEnd::Exited(libc::WEXITSTATUS(status))
    })
}

/// wait4(2): the raw status.
fn wait_status(child: i32, options: i32) -> io::Result<i32> {
    let mut status = 0_i32;
    let at = std::ptr::addr_of_mut!(status) as usize;
    super::raw(libc::SYS_wait4, [child as usize, at, options as usize, 0, 0, 0])?;
    Ok(status)
}

/// Has a traced child ask for a harmless system call and turns it into `number` with plain-value arguments
/// before the kernel runs it. Returns what the child saw.
#[cfg(target_arch = "x86_64")]
pub fn swap_child_call(number: libc::c_long, arguments: [u64; 3]) -> io::Result<usize> {
    let child = fork(|| {
        let traced = super::raw(libc::SYS_ptrace, [libc::PTRACE_TRACEME as usize, 0, 0, 0, 0, 0]).is_ok();
        let own = super::raw(libc::SYS_getpid, [0; 6]).unwrap_or(0) as i32;
        if !traced || own == 0 || kill(own, libc::SIGSTOP).is_err() {
            return 2;
        }
        // This one becomes the other.
        match super::raw(libc::SYS_getppid, [0; 6]) {
            Ok(_) => 0,
            Err(error) => u8::try_from(error.raw_os_error().unwrap_or(2)).unwrap_or(2),
        }
    })?;
    let trace = |request: libc::c_uint, data: usize| {
        super::raw(libc::SYS_ptrace, [request as usize, child as usize, 0, data, 0, 0])
    };
    let stop = wait_status(child, 0)?;
    if libc::WIFSTOPPED(stop) {
        trace(libc::PTRACE_SYSCALL, 0)?;
        loop {
            let stop = wait_status(child, 0)?;
            if !libc::WIFSTOPPED(stop) {
                return Err(io::Error::other("the child ended too early"));
            }
            // SAFETY: all-zero integers are a valid user_regs_struct.
            let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
            trace(libc::PTRACE_GETREGS, std::ptr::from_mut(&mut registers).expose_provenance())?;
            if registers.orig_rax == libc::SYS_getppid as u64 {
                registers.orig_rax = number as u64;
                [registers.rdi, registers.rsi, registers.rdx] = arguments;
                trace(libc::PTRACE_SETREGS, std::ptr::from_ref(&registers).expose_provenance())?;
                trace(libc::PTRACE_CONT, 0)?;
                break;
            }
            trace(libc::PTRACE_SYSCALL, 0)?;
        }
    }
    match wait(child)? {
        ChildEnd::Exited(0) => Ok(0),
        ChildEnd::Exited(errno) => Err(io::Error::from_raw_os_error(errno)),
        ChildEnd::Killed(signal) => Err(io::Error::other(format!("the child was killed by signal {signal}"))),
    }
}

/// Not written for this architecture.
#[cfg(not(target_arch = "x86_64"))]
pub fn swap_child_call(_number: libc::c_long, _arguments: [u64; 3]) -> io::Result<usize> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// prctl(2) PR_SET_NAME; at most 15 bytes count.
pub fn set_name(name: &std::ffi::CStr) -> io::Result<()> {
    super::raw(libc::SYS_prctl, [libc::PR_SET_NAME as usize, name.as_ptr() as usize, 0, 0, 0, 0]).map(drop)
}

/// A vforked child that holds its parent for `milliseconds`, then ends. Nothing but system calls run in it.
pub fn vfork_and_hold(milliseconds: u64, mut attempt: impl FnMut()) -> io::Result<()> {
    // CLONE_VFORK without CLONE_VM: the parent is held just the same, and memory isn't shared.
    let flags = libc::CLONE_VFORK as usize | libc::SIGCHLD as usize;
    match super::raw(libc::SYS_clone, [flags, 0, 0, 0, 0, 0])? {
        0 => {
            attempt();
            std::thread::sleep(std::time::Duration::from_millis(milliseconds));
            // SAFETY: _exit takes a value and does not return.
            unsafe { libc::_exit(0) }
        }
        child => wait(child as i32).map(drop),
    }
}

/// pidfd_send_signal(2), with any number for a signal.
pub fn send_by_pidfd(descriptor: &std::os::fd::OwnedFd, signal: i32) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let fd = descriptor.as_raw_fd() as usize;
    super::raw(libc::SYS_pidfd_send_signal, [fd, signal as usize, 0, 0, 0, 0]).map(drop)
}

/// Blocks every signal that can be, rt_sigprocmask(2).
pub fn block_signals() -> io::Result<()> {
    let every = u64::MAX;
    let at = std::ptr::from_ref(&every).expose_provenance();
    super::raw(libc::SYS_rt_sigprocmask, [libc::SIG_BLOCK as usize, at, 0, size_of_val(&every), 0, 0])
        .map(drop)
}
