//! Entering the namespaces, and who the box is in them.

use std::fs;

use rustix::process::{Gid, Uid};
use rustix::thread::UnshareFlags;

use denybox_core::plan::Identity;

use crate::controls;
use crate::error::{During, Failure, SysError};
use crate::message::{Enforcement, Status};
use crate::weaken;

/// The name of the box's own machine, sethostname(2).
const HOST_NAME: &[u8] = b"denybox";

/// What unshare(2) offers, and its name.
const NAMESPACES: [(UnshareFlags, &str); 8] = [
    (UnshareFlags::NEWUSER, controls::USER_NAMESPACE),
    (UnshareFlags::NEWNS, controls::MOUNT_NAMESPACE),
    (UnshareFlags::NEWPID, controls::PID_NAMESPACE),
    (UnshareFlags::NEWIPC, controls::IPC_NAMESPACE),
    (UnshareFlags::NEWNET, controls::NET_NAMESPACE),
    (UnshareFlags::NEWUTS, controls::UTS_NAMESPACE),
    (UnshareFlags::NEWCGROUP, controls::CGROUP_NAMESPACE),
    (UnshareFlags::NEWTIME, controls::TIME_NAMESPACE),
];

/// Leaves the host's namespaces. One call where everything works; one by one where the kernel lacks some, to learn which.
pub fn enter(host_network: bool) -> Result<Vec<Enforcement>, Failure> {
    let wanted =
        |control: &str| !(weaken::off(control) || host_network && control == controls::NET_NAMESPACE);
    let all = NAMESPACES
        .iter()
        .filter(|(_, control)| wanted(control))
        .fold(UnshareFlags::empty(), |flags, (flag, _)| flags | *flag);
    let at_once = denybox_sys::process::unshare_namespaces(all).is_ok();
    let mut enforced = Vec::with_capacity(NAMESPACES.len());
    for (flag, control) in NAMESPACES {
        // Without a network of its own a box would have the host's, which nobody asked for here.
        let required = controls::REQUIRED.contains(&control) || control == controls::NET_NAMESPACE;
        if !wanted(control) {
            enforced.push(Enforcement::new(control, Status::Absent, "the host's, as asked"));
            continue;
        }
        let entered = if at_once {
            Ok(())
        } else {
            denybox_sys::process::unshare_namespaces(flag).during_on("unshare", control)
        };
        match entered {
            Ok(()) => enforced.push(Enforcement::new(control, Status::Enforced, "a new one")),
            Err(error) if required => return Err(Failure::of(control, &error)),
            Err(error) => enforced.push(Enforcement::new(control, Status::Absent, error.to_string())),
        }
    }
    Ok(enforced)
}

/// Writes one file of /proc/self.
fn write_own(name: &str, text: &str) -> Result<(), Failure> {
    let path = format!("/proc/self/{name}");
    fs::write(&path, text)
        .during_on("write", &path)
        .map_err(|error| Failure::of(controls::USER_NAMESPACE, &error))
}

/// Maps the caller, and nobody else, onto himself: all that an ordinary user may (user_namespaces(7)).
pub fn map_self(uid: u32, gid: u32) -> Result<(), Failure> {
    write_own("setgroups", "deny")?;
    write_own("uid_map", &format!("{uid} {uid} 1"))?;
    write_own("gid_map", &format!("{gid} {gid} 1"))
}

/// Takes on the inside identity, with no supplementary groups, where the supervisor has mapped another user.
pub fn become_inside(identity: Identity) -> Result<(), Failure> {
    if !identity.is_separated() {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(identity.inside_uid), Gid::from_raw(identity.inside_gid));
    let change = || -> Result<(), SysError> {
        rustix::thread::set_thread_groups(&[]).during("setgroups")?;
        rustix::thread::set_thread_res_gid(gid, gid, gid).during("setresgid")?;
        rustix::thread::set_thread_res_uid(uid, uid, uid).during("setresuid")
    };
    change().map_err(|error| Failure::of(controls::UID_SEPARATION, &error))
}

/// Puts the new namespaces to use: a host name, a loopback interface.
pub fn furnish(enforced: &[Enforcement]) -> Result<(), Failure> {
    let entered = |control: &str| {
        enforced.iter().any(|entry| entry.control == control && entry.status == Status::Enforced)
    };
    if entered(controls::UTS_NAMESPACE) {
        rustix::system::sethostname(HOST_NAME).during("sethostname")?;
    }
    if entered(controls::NET_NAMESPACE) {
        denybox_sys::net::loopback_up()
            .during_on("ioctl", "SIOCSIFFLAGS lo")
            .map_err(|error| Failure::of(controls::NET_NAMESPACE, &error))?;
    }
    Ok(())
}
