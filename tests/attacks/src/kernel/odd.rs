//! Rare system calls, each tried in the cheapest way that shows whether the kernel can be reached.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Wraps a descriptor that the kernel has just given out.
fn owned(fd: usize) -> OwnedFd {
    // SAFETY: called only with the result of the system call just made; nobody else knows it.
    unsafe { OwnedFd::from_raw_fd(fd as i32) }
}

/// io_uring_setup(2) with one entry.
pub fn io_uring_setup() -> io::Result<OwnedFd> {
    // struct io_uring_params is 120 bytes of zeros for the defaults.
    let mut parameters = [0_u64; 15];
    super::raw(libc::SYS_io_uring_setup, [1, parameters.as_mut_ptr() as usize, 0, 0, 0, 0]).map(owned)
}

/// userfaultfd(2), for faults of user mode only: the kind that needs no privilege.
pub fn userfaultfd() -> io::Result<OwnedFd> {
    super::raw(libc::SYS_userfaultfd, [1 | libc::O_CLOEXEC as usize, 0, 0, 0, 0, 0]).map(owned)
}

/// bpf(2) with a command that no kernel has: EINVAL comes from the call itself.
pub fn bpf_unknown() -> io::Result<()> {
    let attributes = [0_u64; 16];
    let size = size_of_val(&attributes);
    super::raw(libc::SYS_bpf, [0x7fff, attributes.as_ptr() as usize, size, 0, 0, 0]).map(drop)
}

/// keyctl(2) KEYCTL_GET_KEYRING_ID of the session keyring.
pub fn keyctl_session() -> io::Result<()> {
    super::raw(libc::SYS_keyctl, [0, -3_isize as usize, 0, 0, 0, 0]).map(drop)
}

/// add_key(2) of a user key in the process keyring, which dies with the process.
pub fn add_key() -> io::Result<()> {
    let payload = *b"canary";
    super::raw(
        libc::SYS_add_key,
        [
            c"user".as_ptr() as usize,
            c"denybox-attack".as_ptr() as usize,
            payload.as_ptr() as usize,
            payload.len(),
            -2_isize as usize,
            0,
        ],
    )
    .map(drop)
}

/// request_key(2) of a key that doesn't exist, without an upcall.
pub fn request_key() -> io::Result<()> {
    let (kind, description) = (c"user", c"denybox-attack-absent");
    super::raw(libc::SYS_request_key, [kind.as_ptr() as usize, description.as_ptr() as usize, 0, 0, 0, 0])
        .map(drop)
}

/// perf_event_open(2) on this thread's own clock, user mode only.
pub fn perf_event_open() -> io::Result<OwnedFd> {
    // struct perf_event_attr, first version: type 1 (software), size 64, config 1 (task clock), …, flags:
    // disabled (bit 0), exclude_kernel (bit 5), exclude_hv (bit 6).
    let attributes: [u64; 8] = [1 | (64 << 32), 1, 0, 0, 0, 0b110_0001, 0, 0];
    super::raw(libc::SYS_perf_event_open, [attributes.as_ptr() as usize, 0, usize::MAX, usize::MAX, 0, 0])
        .map(owned)
}

/// personality(2): sets `persona`, which the next execve inherits.
pub fn personality(persona: usize) -> io::Result<()> {
    super::raw(libc::SYS_personality, [persona, 0, 0, 0, 0, 0]).map(drop)
}

/// Sets the loopback interface's largest packet to what it is, which takes CAP_NET_ADMIN.
pub fn set_loopback_mtu() -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let socket = super::descriptors::socket(libc::AF_INET as usize, libc::SOCK_DGRAM as usize, 0)?;
    // struct ifreq: a name of 16 bytes, then a union of 24, here one int.
    let mut request = [0_u8; 40];
    for (place, byte) in request.iter_mut().zip(*b"lo\0") {
        *place = byte;
    }
    let at = request.as_mut_ptr() as usize;
    super::raw(libc::SYS_ioctl, [socket.as_raw_fd() as usize, 0x8921, at, 0, 0, 0])?;
    super::raw(libc::SYS_ioctl, [socket.as_raw_fd() as usize, 0x8922, at, 0, 0, 0]).map(drop)
}
