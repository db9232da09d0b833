//! The stage: a short-lived process that enters the namespaces, mounts the tripwire and starts PID 1.
//!
//! It is forked while the supervisor has one thread, and works while the policy decides: it exposes nothing, and PID 1,
//! which goes on from here, does nothing more without a plan. The tripwire is mounted here, before any process of the
//! new PID namespace exists, so that the numbers in its requests are the supervisor's.

mod namespaces;

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::process::Signal;

use denybox_core::plan::Identity;

use crate::channel::Channel;
use crate::controls;
use crate::error::{During, Failure, SysError};
use crate::init::{self, Init};
use crate::message::{Enforcement, News, Order, Status};
use crate::mounting;

/// What a stage is born with.
#[derive(Debug)]
pub struct Stage {
    /// To the supervisor.
    pub channel: Channel,
    /// Hangs up when the supervisor is gone.
    pub life: OwnedFd,
    /// Who the box will be. Where that is somebody else the supervisor maps the ids, because only root can.
    pub identity: Identity,
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
        let identity = self.identity;
        let mut enforced = namespaces::enter(self.host_network)?;
        if identity.is_separated() {
            self.tell(&News::Unshared, &[])?;
            self.wait_for_map()?;
        } else {
            namespaces::map_self(identity.inside_uid, identity.inside_gid)?;
        }
        // Opened as the caller, while that still is who we are; in the new user namespace, or mounting it fails.
        let fuse = open_fuse();
        namespaces::become_inside(identity)?;
        die_with_parent()?;
        namespaces::furnish(&enforced)?;
        let tripwire = fuse.and_then(|device| self.mount_tripwire(&device));
        let (detail, seen) = match &tripwire {
            Ok(_) => (
                "a FUSE file system that denies",
                Enforcement::new(controls::TRIPWIRE, Status::Enforced, "mounted"),
            ),
            Err(error) => (
                "empty read-only file systems",
                Enforcement::new(controls::TRIPWIRE, Status::Absent, error.to_string()),
            ),
        };
        enforced.push(if identity.is_separated() {
            let detail = format!("uid {} on the host", identity.host_uid);
            Enforcement::new(controls::UID_SEPARATION, Status::Enforced, detail)
        } else if identity.inside_uid == 0 {
            Enforcement::new(controls::UID_SEPARATION, Status::Absent, "root on the host")
        } else {
            Enforcement::new(controls::UID_SEPARATION, Status::Enforced, "the caller is an ordinary user")
        });
        enforced.push(Enforcement::new(controls::SEAL, Status::Enforced, detail));
        enforced.push(seen);
        // Before PID 1 exists, for it inherits that they are blocked: what comes early waits for it.
        let signals = init::signals()?;
        let child = Init { channel: &self.channel, life: &self.life, signals: &signals };
        match denybox_sys::process::fork_sibling().during("clone")? {
            denybox_sys::process::Side::Child => child.run(tripwire.ok(), enforced),
            denybox_sys::process::Side::Parent(pid) => {
                self.tell(&News::Init(pid.as_raw_nonzero().get()), &[])
            }
        }
    }

    /// Makes the denying file system, not yet at any place, and hands its device to the supervisor.
    fn mount_tripwire(&self, device: &OwnedFd) -> Result<OwnedFd, SysError> {
        let number = device.as_raw_fd().to_string();
        let (user, group) = (self.identity.inside_uid.to_string(), self.identity.inside_gid.to_string());
        let options = [
            ("fd", number.as_str()),
            ("rootmode", "40000"),
            ("user_id", user.as_str()),
            ("group_id", group.as_str()),
        ];
        let tree = mounting::file_system_with("fuse", &options, &["allow_other"], mounting::DATA_ONLY)?;
        self.channel.send(&News::Tripwire, &[device.as_fd()]).during_on("sendmsg", "the supervisor")?;
        Ok(tree)
    }

    fn tell(&self, news: &News, descriptors: &[std::os::fd::BorrowedFd<'_>]) -> Result<(), Failure> {
        Ok(self.channel.send(news, descriptors).during_on("sendmsg", "the supervisor")?)
    }

    fn wait_for_map(&self) -> Result<(), Failure> {
        match self.channel.receive::<Order>().during_on("recvmsg", "the supervisor")? {
            Some((Order::Mapped, _)) => Ok(()),
            // The supervisor is gone, or has refused: no box.
            _ => denybox_sys::process::exit_now(0),
        }
    }
}

/// Asks to be killed with the parent. To be repeated after every change of user, which forgets it (prctl(2)).
pub fn die_with_parent() -> Result<(), SysError> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .during_on("prctl", "PR_SET_PDEATHSIG")
}

/// Opens the FUSE device, fuse(4).
fn open_fuse() -> Result<OwnedFd, SysError> {
    if crate::weaken::off(controls::TRIPWIRE) {
        return Err(std::io::Error::from(std::io::ErrorKind::Unsupported)).during_on("open", "/dev/fuse");
    }
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    rustix::fs::open("/dev/fuse", flags, rustix::fs::Mode::empty()).during_on("open", "/dev/fuse")
}
