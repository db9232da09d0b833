//! Memory of this process and of others.

use std::io;

/// Maps and touches `bytes` of memory, in pages of 4 KiB, and lets go of them again.
pub fn touch(bytes: usize) -> io::Result<()> {
    let protection = (libc::PROT_READ | libc::PROT_WRITE) as usize;
    let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as usize;
    let address = super::raw(libc::SYS_mmap, [0, bytes, protection, flags, usize::MAX, 0])?;
    for offset in (0..bytes).step_by(4096) {
        // SAFETY: the page lies in the mapping made above, which nobody else knows.
        unsafe { std::ptr::write_volatile((address + offset) as *mut u8, 1) };
    }
    super::raw(libc::SYS_munmap, [address, bytes, 0, 0, 0, 0]).map(drop)
}

/// process_vm_readv(2): up to eight bytes at `address` of another process.
pub fn read_other(pid: i32, address: usize) -> io::Result<usize> {
    let mut bytes = [0_u8; 8];
    let local = [libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() }];
    let remote = [libc::iovec { iov_base: address as *mut libc::c_void, iov_len: bytes.len() }];
    super::raw(
        libc::SYS_process_vm_readv,
        [pid as usize, local.as_ptr() as usize, 1, remote.as_ptr() as usize, 1, 0],
    )
}
