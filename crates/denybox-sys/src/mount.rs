//! Attributes of mounts, mount_setattr(2), which rustix lacks.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::check;

/// Attributes to set, bits of mount_setattr(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes(pub u64);

impl Attributes {
    /// No writing.
    pub const RDONLY: Self = Self(libc::MOUNT_ATTR_RDONLY);
    /// Set-user-ID has no effect.
    pub const NOSUID: Self = Self(libc::MOUNT_ATTR_NOSUID);
    /// Devices have no effect.
    pub const NODEV: Self = Self(libc::MOUNT_ATTR_NODEV);
    /// Nothing executes.
    pub const NOEXEC: Self = Self(libc::MOUNT_ATTR_NOEXEC);

    /// Both together.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[repr(C)]
struct MountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

fn set(tree: BorrowedFd<'_>, path: &CStr, recursive: bool, attr: &MountAttr) -> io::Result<()> {
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is a C string and the structure has the size given; both outlive the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            path.as_ptr(),
            flags,
            std::ptr::from_ref(attr),
            size_of::<MountAttr>(),
        )
    })
    .map(drop)
}

/// Adds attributes to the mount that `tree` refers to, and with `recursive` to all mounts below it.
///
/// # Errors
/// Those of mount_setattr(2).
pub fn restrict(tree: BorrowedFd<'_>, recursive: bool, attributes: Attributes) -> io::Result<()> {
    set(
        tree,
        c"",
        recursive,
        &MountAttr { attr_set: attributes.0, attr_clr: 0, propagation: 0, userns_fd: 0 },
    )
}

/// Makes everything below `directory`'s mount private: nothing travels in or out, mount_namespaces(7).
///
/// # Errors
/// Those of mount_setattr(2).
pub fn make_private(directory: BorrowedFd<'_>, recursive: bool) -> io::Result<()> {
    set(
        directory,
        c"",
        recursive,
        &MountAttr { attr_set: 0, attr_clr: 0, propagation: libc::MS_PRIVATE, userns_fd: 0 },
    )
}

/// Shows a detached mount with owners mapped as in `user_namespace`: an idmapped mount.
///
/// # Errors
/// Those of mount_setattr(2): `EINVAL` where the file system can't be idmapped, `EPERM` without `CAP_SYS_ADMIN` over it.
pub fn map_owners(tree: BorrowedFd<'_>, recursive: bool, user_namespace: BorrowedFd<'_>) -> io::Result<()> {
    set(
        tree,
        c"",
        recursive,
        &MountAttr {
            attr_set: libc::MOUNT_ATTR_IDMAP,
            attr_clr: 0,
            propagation: 0,
            userns_fd: user_namespace.as_raw_fd() as u64,
        },
    )
}
