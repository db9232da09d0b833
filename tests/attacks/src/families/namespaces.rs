//! New namespaces, other namespaces, and the ones that a box should not share.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::attack::{Attack, Broken, Caller, Outcome, Values, Verdict};
use crate::kernel::namespaces::{clone_and_exit, clone3_and_exit, open_inode_two, sethostname, unshare};
use crate::stage::Stage;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("unshare-user", &["seccomp"], unshare_user),
    Attack::new("clone-user", &["seccomp"], clone_user),
    Attack::new("clone3-user", &["seccomp"], clone3_user),
    Attack::new("unshare-mount", &["seccomp", "capabilities"], unshare_mount),
    Attack::new("setns-own", &["seccomp", "capabilities"], setns_own),
    Attack::new("sethostname", &["seccomp", "capabilities"], set_hostname),
    Attack::new("hostname-shared", &["uts-namespace"], uts_shared).prepare(tell_namespaces),
    Attack::new("clock-shared", &["time-namespace"], time_shared).prepare(tell_namespaces),
    Attack::new("cgroup-path", &["cgroup-namespace"], cgroup_path).prepare(tell_namespaces),
    Attack::new("open-by-handle", &["user-namespace"], open_by_handle).unboxed().callers(&[Caller::Root]),
];

/// A nested user namespace has every capability, and with them most of the kernel's bugs.
fn unshare_user(_: &Values) -> Outcome {
    Ok(Verdict::of("unshare a user namespace", unshare(libc::CLONE_NEWUSER as libc::c_ulong)))
}

/// The same by clone(2).
fn clone_user(_: &Values) -> Outcome {
    Ok(Verdict::of("clone into a user namespace", clone_and_exit(libc::CLONE_NEWUSER as libc::c_ulong)))
}

/// The same by clone3(2), whose flags lie in memory where a filter can't read them.
fn clone3_user(_: &Values) -> Outcome {
    Ok(Verdict::of("clone3 into a user namespace", clone3_and_exit(libc::CLONE_NEWUSER as u64)))
}

/// A mount namespace of its own, where changes go unseen.
fn unshare_mount(_: &Values) -> Outcome {
    Ok(Verdict::of("unshare the mount namespace", unshare(libc::CLONE_NEWNS as libc::c_ulong)))
}

/// Joins a namespace by its file: its own, so that nothing changes where it works.
fn setns_own(_: &Values) -> Outcome {
    let joined = File::open("/proc/self/ns/uts").and_then(|file| {
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::HostNameAndNISDomainName))
            .map_err(io::Error::from)
    });
    Ok(Verdict::of("setns", joined))
}

/// Renames the box. It only ever reaches the box's own name, but nothing in a box has use for that.
fn set_hostname(_: &Values) -> Outcome {
    Ok(Verdict::of("sethostname", sethostname(b"renamed")))
}

/// Tells the namespaces that the host side is in.
fn tell_namespaces(stage: &mut Stage) -> io::Result<()> {
    for kind in ["uts", "time", "cgroup"] {
        let link = fs::read_link(format!("/proc/self/ns/{kind}"))?;
        stage.set(kind, link.display());
    }
    Ok(())
}

/// Success if this process is in the host's namespace of `kind`.
fn shared(values: &Values, kind: &str) -> Outcome {
    let here = fs::read_link(format!("/proc/self/ns/{kind}"))?.display().to_string();
    if here == values.text(kind)? {
        Ok(Verdict::Succeeded(format!("in the host's {kind} namespace, {here}")))
    } else {
        Ok(Verdict::Blocked(format!("in {here}, not the host's {kind} namespace")))
    }
}

/// Reads the host's name, which says whose machine this is.
fn uts_shared(values: &Values) -> Outcome {
    shared(values, "uts")
}

/// Reads the host's monotonic clock, which says when it was started.
fn time_shared(values: &Values) -> Outcome {
    shared(values, "time")
}

/// Reads where in the host's cgroups it runs, which names the container or the user's session.
fn cgroup_path(values: &Values) -> Outcome {
    shared(values, "cgroup")
}

/// Opens the root of the file system below the workspace by its inode number, past every mount.
fn open_by_handle(_: &Values) -> Outcome {
    let here = File::open(".")?;
    match open_inode_two(&here) {
        // A file system that numbers its root otherwise would make this a check that can't fail.
        Err(error) if error.raw_os_error() == Some(libc::ESTALE) => {
            Err(Broken("this file system has no inode 2".to_owned()))
        }
        opened => Ok(Verdict::of("open_by_handle_at of inode 2", opened)),
    }
}
