//! New namespaces, and calls that take their flags in memory or in the upper half of a register.

use std::io;

/// unshare(2), with every flag allowed: the process is single-threaded and about to end.
pub fn unshare(flags: libc::c_ulong) -> io::Result<()> {
    super::raw(libc::SYS_unshare, [flags as usize, 0, 0, 0, 0, 0]).map(drop)
}

/// clone(2) of a child that ends at once.
pub fn clone_and_exit(flags: libc::c_ulong) -> io::Result<()> {
    // Without a new stack and without sharing memory this is fork(2).
    let flags = flags as usize | libc::SIGCHLD as usize;
    match super::raw(libc::SYS_clone, [flags, 0, 0, 0, 0, 0])? {
        0 => end(),
        child => reap(child),
    }
}

/// clone3(2) of a child that ends at once.
pub fn clone3_and_exit(flags: u64) -> io::Result<()> {
    // struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls.
    let arguments: [u64; 8] = [flags, 0, 0, 0, libc::SIGCHLD as u64, 0, 0, 0];
    match super::raw(libc::SYS_clone3, [arguments.as_ptr() as usize, size_of_val(&arguments), 0, 0, 0, 0])? {
        0 => end(),
        child => reap(child),
    }
}

/// Ends a child that shares nothing but must not run the parent's exit handlers.
fn end() -> ! {
    // SAFETY: _exit takes a value and does not return.
    unsafe { libc::_exit(0) }
}

/// Waits for a child.
fn reap(child: usize) -> io::Result<()> {
    super::raw(libc::SYS_wait4, [child, 0, 0, 0, 0, 0]).map(drop)
}

/// The root of the file system that `mount` lies on, by the handle that most file systems give inode 2:
/// open_by_handle_at(2), which heeds no path.
pub fn open_inode_two(mount: &std::fs::File) -> io::Result<std::fs::File> {
    use std::os::fd::{AsRawFd, FromRawFd};
    // struct file_handle: handle_bytes, handle_type (1 is FILEID_INO32_GEN), then inode and generation 0.
    let handle: [u32; 4] = [8, 1, 2, 0];
    let fd = super::raw(
        libc::SYS_open_by_handle_at,
        [mount.as_raw_fd() as usize, handle.as_ptr() as usize, libc::O_RDONLY as usize, 0, 0, 0],
    )?;
    // SAFETY: the kernel has just given out this descriptor, and nobody else knows it.
    Ok(unsafe { std::fs::File::from_raw_fd(fd as i32) })
}

/// sethostname(2) in whatever UTS namespace this is.
pub fn sethostname(name: &[u8]) -> io::Result<()> {
    super::raw(libc::SYS_sethostname, [name.as_ptr() as usize, name.len(), 0, 0, 0, 0]).map(drop)
}
