//! The stage: a short-lived process that enters the namespaces, mounts the tripwire and starts PID 1.
//!
//! It is forked while the supervisor has one thread, receives nothing but a [`Plan`], and is gone before the agent
//! runs. The tripwire is mounted here, before any process of the new PID namespace exists, so that the numbers in its
//! requests are the supervisor's.

mod namespaces;

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::process::Signal;

use denybox_core::plan::Plan;

use crate::channel::Channel;
use crate::controls;
use crate::error::{During, Failure, SysError};
use crate::init::Init;
use crate::message::{Enforcement, News, Order, Status};
use crate::mounting;

/// What a stage is born with.
#[derive(Debug)]
pub struct Stage {
    /// To the supervisor.
    pub channel: Channel,
    /// Hangs up when the supervisor is gone.
    pub life: OwnedFd,
    /// The supervisor maps the user ids, because only root can.
    pub separated: bool,
    /// The box has the host's network.
    pub host_network: bool,
    /// `cgroup.procs` files to join first.
    pub cgroups: Vec<OwnedFd>,
}

impl Stage {
    /// Runs to the end of the process. Failures are told to the supervisor.
    pub fn run(self) -> ! {
        let status = match self.build() {
            Ok(()) => 0,
            Err(failure) => {
                // Without a supervisor there is nobody to tell.
                let _ = self.channel.send(&News::Failed(failure), &[]);
                1
            }
        };
        denybox_sys::process::exit_now(status)
    }

    fn build(&self) -> Result<(), Failure> {
        die_with_parent()?;
        for procs in &self.cgroups {
            rustix::io::write(procs, b"0").during_on("write", "cgroup.procs")?;
        }
        // Asked before: inside, until the map is written, everybody is the overflow user.
        let caller = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let mut enforced = namespaces::enter(self.host_network)?;
        if self.separated {
            self.tell(&News::Unshared, &[])?;
        } else {
            namespaces::map_self(caller.0, caller.1)?;
        }
        let (plan, trees) = self.order()?;
        // Opened as the caller, while that still is who we are; in the new user namespace, or mounting it fails.
        let fuse = open_fuse();
        namespaces::become_inside(plan.identity)?;
        die_with_parent()?;
        namespaces::furnish(&plan, &mut enforced)?;
        let tripwire = fuse.and_then(|device| self.mount_tripwire(&plan, &device));
        let (detail, seen) = match &tripwire {
            Ok(_) => ("a FUSE file system that denies", Enforcement::new(controls::TRIPWIRE, Status::Enforced, "mounted")),
            Err(error) => (
                "empty read-only file systems",
                Enforcement::new(controls::TRIPWIRE, Status::Absent, error.to_string()),
            ),
        };
        enforced.push(Enforcement::new(controls::SEAL, Status::Enforced, detail));
        enforced.push(seen);
        let child = Init { channel: &self.channel, life: &self.life, plan: &plan, tripwire: tripwire.ok(), trees };
        match denybox_sys::process::fork_sibling().during("clone")? {
            denybox_sys::process::Side::Child => child.run(enforced),
            denybox_sys::process::Side::Parent(pid) => self.tell(&News::Init(pid.as_raw_nonzero().get()), &[]),
        }
    }

    /// Makes the denying file system, not yet at any place, and hands its device to the supervisor.
    fn mount_tripwire(&self, plan: &Plan, device: &OwnedFd) -> Result<OwnedFd, SysError> {
        let number = device.as_raw_fd().to_string();
        let (user, group) = (plan.identity.inside_uid.to_string(), plan.identity.inside_gid.to_string());
        let options =
            [("fd", number.as_str()), ("rootmode", "40000"), ("user_id", user.as_str()), ("group_id", group.as_str())];
        let tree = mounting::file_system_with("fuse", &options, &["allow_other"], mounting::DATA_ONLY)?;
        self.channel.send(&News::Tripwire, &[device.as_fd()]).during_on("sendmsg", "the supervisor")?;
        Ok(tree)
    }

    fn tell(&self, news: &News, descriptors: &[std::os::fd::BorrowedFd<'_>]) -> Result<(), Failure> {
        Ok(self.channel.send(news, descriptors).during_on("sendmsg", "the supervisor")?)
    }

    fn order(&self) -> Result<(Box<Plan>, Vec<OwnedFd>), Failure> {
        match self.channel.receive::<Order>().during_on("recvmsg", "the supervisor")? {
            Some((Order::Build(plan), trees)) => Ok((plan, trees)),
            // Refused, or the supervisor died: no plan, no box.
            None => denybox_sys::process::exit_now(0),
        }
    }
}

/// Asks to be killed with the parent. To be repeated after every change of user, which forgets it (prctl(2)).
pub fn die_with_parent() -> Result<(), SysError> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).during_on("prctl", "PR_SET_PDEATHSIG")
}

/// Opens the FUSE device, fuse(4).
fn open_fuse() -> Result<OwnedFd, SysError> {
    if crate::weaken::off(controls::TRIPWIRE) {
        return Err(std::io::Error::from(std::io::ErrorKind::Unsupported)).during_on("open", "/dev/fuse");
    }
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    rustix::fs::open("/dev/fuse", flags, rustix::fs::Mode::empty()).during_on("open", "/dev/fuse")
}
