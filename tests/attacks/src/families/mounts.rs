//! Changing what is mounted in the box.

use std::io;

use rustix::fs::CWD;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
    fsconfig_create, fsmount, fsopen, mount, mount_remount, move_mount, open_tree, unmount,
};

use crate::attack::{Attack, Outcome, Values, Verdict};

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("mount-tmpfs", &["seccomp", "capabilities", "landlock"], mount_tmpfs),
    Attack::new("mount-bind", &["seccomp", "capabilities", "landlock"], mount_bind),
    Attack::new("umount-seal", &["seccomp", "capabilities", "landlock"], umount_seal),
    Attack::new("remount-writable", &["seccomp", "capabilities", "landlock"], remount_writable),
    Attack::new("move-mount", &["seccomp", "capabilities", "landlock"], move_tree),
    Attack::new("open-tree-clone", &["seccomp", "capabilities"], open_tree_clone),
    Attack::new("fsopen-tmpfs", &["seccomp", "capabilities"], fsopen_tmpfs),
    Attack::new("pivot-root", &["seccomp", "capabilities", "landlock"], pivot_root),
    Attack::new("chroot", &["seccomp", "capabilities"], chroot),
];

/// Mounts a writable tmpfs over the working directory: whoever can, can cover anything. The mount lies in the
/// box's own namespace and ends with it.
fn mount_tmpfs(_: &Values) -> Outcome {
    let done = mount("tmpfs", ".", "tmpfs", MountFlags::empty(), None);
    Ok(Verdict::of("mount tmpfs on the working directory", done.map_err(io::Error::from)))
}

/// Binds a system directory over the working directory.
fn mount_bind(_: &Values) -> Outcome {
    let done = mount("/usr", ".", "", MountFlags::BIND, None);
    Ok(Verdict::of("bind /usr on the working directory", done.map_err(io::Error::from)))
}

/// Takes the seal off /tmp.
fn umount_seal(_: &Values) -> Outcome {
    Ok(Verdict::of("unmount /tmp", unmount("/tmp", UnmountFlags::DETACH).map_err(io::Error::from)))
}

/// Makes /usr writable by a remount in the box's namespace; writes nothing.
fn remount_writable(_: &Values) -> Outcome {
    // The flags that a mount from a less privileged namespace is locked to have to be repeated.
    let flags = MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV;
    Ok(Verdict::of("remount /usr writable", mount_remount("/usr", flags, "").map_err(io::Error::from)))
}

/// Moves a copy of a system directory over the working directory, by descriptors.
fn move_tree(_: &Values) -> Outcome {
    let moved = open_tree(CWD, "/usr", OpenTreeFlags::OPEN_TREE_CLONE)
        .and_then(|tree| move_mount(tree, "", CWD, ".", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH));
    Ok(Verdict::of("open_tree and move_mount", moved.map_err(io::Error::from)))
}

/// Takes a private copy of the whole mount tree, on which later remounts go unseen.
fn open_tree_clone(_: &Values) -> Outcome {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_RECURSIVE;
    Ok(Verdict::of("open_tree of /", open_tree(CWD, "/", flags).map_err(io::Error::from)))
}

/// Makes a scratch file system that is mounted nowhere and still writable through its descriptor.
fn fsopen_tmpfs(_: &Values) -> Outcome {
    let made = fsopen("tmpfs", FsOpenFlags::empty()).and_then(|context| {
        fsconfig_create(&context)?;
        fsmount(&context, FsMountFlags::empty(), MountAttrFlags::empty())
    });
    Ok(Verdict::of("fsopen, fsmount of a tmpfs", made.map_err(io::Error::from)))
}

/// Makes the workspace, which is a mount, the root of the box. Nobody else sees it.
fn pivot_root(_: &Values) -> Outcome {
    Ok(Verdict::of("pivot_root", rustix::process::pivot_root(".", ".").map_err(io::Error::from)))
}

/// The first step of the old way out of a chroot.
fn chroot(_: &Values) -> Outcome {
    Ok(Verdict::of("chroot to the working directory", rustix::process::chroot(".").map_err(io::Error::from)))
}
