//! Detached mounts, made by the new mount API: fsopen(2), fsmount(2), open_tree(2).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, open_tree,
};

use denybox_core::path::AbsPath;
use denybox_core::surface::Role;

use crate::error::{During, SysError};

/// What a mount of nothing but data gets.
pub const DATA_ONLY: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID
    .union(MountAttrFlags::MOUNT_ATTR_NODEV)
    .union(MountAttrFlags::MOUNT_ATTR_NOEXEC);

/// A detached copy of the tree at `path`, with the mounts below it when `recursive`.
pub fn clone_tree(directory: BorrowedFd<'_>, path: &str, recursive: bool) -> Result<OwnedFd, SysError> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    if recursive {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    if path.is_empty() {
        flags |= OpenTreeFlags::AT_EMPTY_PATH;
    }
    open_tree(directory, path, flags).during_on("open_tree", path)
}

/// A detached copy of what the host shows at `from`. A place that was judged was judged without a link on the way: if
/// there is one now, somebody has put it there since, and it isn't followed (`ELOOP`).
pub fn clone_shown(from: &AbsPath, role: Option<Role>, recursive: bool) -> Result<OwnedFd, SysError> {
    if matches!(role, None | Some(Role::System | Role::Toolchain)) {
        return clone_tree(CWD, from.as_str(), recursive);
    }
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let found = openat2(CWD, from.as_str(), flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
        .during_on("openat2", from)?;
    clone_tree(found.as_fd(), "", recursive)
}

/// A new file system of the kernel's.
pub fn file_system(
    name: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> Result<OwnedFd, SysError> {
    file_system_with(name, options, &[], attributes)
}

/// A new file system with options that have no value.
pub fn file_system_with(
    name: &str,
    options: &[(&str, &str)],
    switches: &[&str],
    attributes: MountAttrFlags,
) -> Result<OwnedFd, SysError> {
    let context = fsopen(name, FsOpenFlags::FSOPEN_CLOEXEC).during_on("fsopen", name)?;
    for (key, value) in options {
        fsconfig_set_string(&context, *key, *value)
            .during_on("fsconfig", format_args!("{name} {key}={value}"))?;
    }
    for switch in switches {
        fsconfig_set_flag(&context, *switch).during_on("fsconfig", format_args!("{name} {switch}"))?;
    }
    fsconfig_create(&context).during_on("fsconfig", format_args!("{name} create"))?;
    fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes).during_on("fsmount", name)
}

/// A memory file system, tmpfs(5).
pub fn memory(
    size: &str,
    inodes: Option<u64>,
    mode: u32,
    attributes: MountAttrFlags,
) -> Result<OwnedFd, SysError> {
    let mode = format!("{mode:o}");
    let inodes = inodes.map(|inodes| inodes.to_string());
    let mut options = vec![("mode", mode.as_str()), ("size", size)];
    if let Some(inodes) = &inodes {
        options.push(("nr_inodes", inodes));
    }
    file_system("tmpfs", &options, attributes)
}
