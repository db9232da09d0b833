//! Anonymous files, memfd_create(2).

use std::ffi::CStr;
use std::io;
use std::os::fd::OwnedFd;

use crate::check;
use crate::fd::own;

/// The descriptor is closed at execve(2).
pub const CLOEXEC: u32 = libc::MFD_CLOEXEC;
/// Seals may be added.
pub const ALLOW_SEALING: u32 = libc::MFD_ALLOW_SEALING;
/// Made of huge pages.
pub const HUGETLB: u32 = libc::MFD_HUGETLB;
/// Not executable, and sealed so; since Linux 6.3.
pub const NOEXEC_SEAL: u32 = 0x0008;
/// Executable by request; since Linux 6.3.
pub const EXEC: u32 = 0x0010;

/// Every flag of memfd_create(2), the six bits that say how large huge pages are among them.
pub const KNOWN: u32 = CLOEXEC | ALLOW_SEALING | HUGETLB | NOEXEC_SEAL | EXEC | (0x3f << 26);

/// Whether this kernel knows [`NOEXEC_SEAL`].
pub fn has_noexec_seal() -> bool {
    create(c"denybox", NOEXEC_SEAL | CLOEXEC).is_ok()
}

/// Makes an anonymous file with the flags as given.
///
/// # Errors
/// Those of memfd_create(2); `EINVAL` for a flag that the kernel doesn't know.
pub fn create(name: &CStr, flags: u32) -> io::Result<OwnedFd> {
    // SAFETY: the name is a valid C string for the length of the call; on success the number is new and ours.
    check(unsafe { libc::syscall(libc::SYS_memfd_create, name.as_ptr(), flags) }).map(|fd| unsafe { own(fd) })
}
