//! On most machines everybody may open /dev/fuse; a test run by root on one where only root may can still have
//! its ordinary user see what is usual.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};

use crate::kernel::namespaces::unshare;

/// Puts a /dev/fuse that everybody may open over a machine's that is for root alone, in a mount namespace of
/// this process and its children. `home` is a directory for the node. Called by root, before any thread.
pub fn open_to_everybody(home: &Path) -> io::Result<()> {
    let Ok(device) = fs::metadata("/dev/fuse") else { return Ok(()) };
    if device.permissions().mode() & 0o006 == 0o006 {
        return Ok(());
    }
    unshare(libc::CLONE_NEWNS as libc::c_ulong)?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let node = home.join("fuse");
    mknodat(CWD, &node, FileType::CharacterDevice, Mode::from_raw_mode(0o666), makedev(10, 229))?;
    fs::set_permissions(&node, fs::Permissions::from_mode(0o666))?;
    mount_bind(&node, "/dev/fuse")?;
    Ok(())
}
