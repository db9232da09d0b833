//! System V and POSIX inter-process communication.

use std::ffi::CStr;
use std::io;

/// shmget(2): the id of a segment of `size` bytes.
pub fn shmget(key: i32, size: usize, flags: i32) -> io::Result<i32> {
    super::raw(libc::SYS_shmget, [key as usize, size, flags as usize, 0, 0, 0]).map(|id| id as i32)
}

/// Attaches a segment and reads its first bytes, up to `length`, which must not exceed its size.
pub fn shm_read(id: i32, length: usize) -> io::Result<Vec<u8>> {
    let address = super::raw(libc::SYS_shmat, [id as usize, 0, libc::SHM_RDONLY as usize, 0, 0, 0])?;
    // SAFETY: the kernel attached at least one page there, readable, and the caller keeps to its size.
    let bytes = unsafe { std::slice::from_raw_parts(address as *const u8, length) }.to_vec();
    super::raw(libc::SYS_shmdt, [address, 0, 0, 0, 0, 0])?;
    Ok(bytes)
}

/// Attaches a segment for writing and puts `bytes` at its start, which must fit.
pub fn shm_write(id: i32, bytes: &[u8]) -> io::Result<()> {
    let address = super::raw(libc::SYS_shmat, [id as usize, 0, 0, 0, 0, 0])?;
    // SAFETY: the kernel attached at least one page there, writable, and the caller keeps to its size.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), address as *mut u8, bytes.len()) };
    super::raw(libc::SYS_shmdt, [address, 0, 0, 0, 0, 0])?;
    Ok(())
}

/// Removes a segment.
pub fn shm_remove(id: i32) -> io::Result<()> {
    super::raw(libc::SYS_shmctl, [id as usize, libc::IPC_RMID as usize, 0, 0, 0, 0]).map(drop)
}

/// semget(2): the id of a set of one semaphore.
pub fn semget(key: i32, flags: i32) -> io::Result<i32> {
    super::raw(libc::SYS_semget, [key as usize, 1, flags as usize, 0, 0, 0]).map(|id| id as i32)
}

/// Removes a semaphore set.
pub fn sem_remove(id: i32) -> io::Result<()> {
    super::raw(libc::SYS_semctl, [id as usize, 0, libc::IPC_RMID as usize, 0, 0, 0]).map(drop)
}

/// msgget(2): the id of a message queue.
pub fn msgget(key: i32, flags: i32) -> io::Result<i32> {
    super::raw(libc::SYS_msgget, [key as usize, flags as usize, 0, 0, 0, 0]).map(|id| id as i32)
}

/// Removes a message queue.
pub fn msg_remove(id: i32) -> io::Result<()> {
    super::raw(libc::SYS_msgctl, [id as usize, libc::IPC_RMID as usize, 0, 0, 0, 0]).map(drop)
}

/// mq_open(2) without the leading slash, and close again. `flags` as for open(2).
pub fn mq_open(name: &CStr, flags: i32) -> io::Result<()> {
    let fd = super::raw(libc::SYS_mq_open, [name.as_ptr() as usize, flags as usize, 0o666, 0, 0, 0])?;
    super::raw(libc::SYS_close, [fd, 0, 0, 0, 0, 0]).map(drop)
}

/// mq_unlink(2) without the leading slash.
pub fn mq_unlink(name: &CStr) -> io::Result<()> {
    super::raw(libc::SYS_mq_unlink, [name.as_ptr() as usize, 0, 0, 0, 0, 0]).map(drop)
}
