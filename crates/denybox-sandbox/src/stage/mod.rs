//! The stage: a short-lived process that enters the namespaces, builds the file tree and starts PID 1.
//!
//! It is forked while the supervisor has one thread, receives nothing but a [`Plan`], and is gone before the agent
//! runs. The tripwire is mounted here, before any process of the new PID namespace exists, so that the numbers in its
//! requests are the supervisor's.

mod namespaces;
mod tree;

use std::os::fd::OwnedFd;

use rustix::process::Signal;

use denybox_core::plan::Plan;

use crate::channel::Channel;
use crate::controls;
use crate::error::{During, Failure, SysError};
use crate::init;
use crate::message::{Enforcement, News, Order, Status};

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
        let fuse = tree::open_fuse();
        namespaces::become_inside(plan.identity)?;
        die_with_parent()?;
        namespaces::furnish(&plan, &mut enforced)?;
        let built = tree::build(&plan, &self.channel, fuse, trees)?;
        enforced.push(Enforcement::new(controls::SEAL, Status::Enforced, built.seal.clone()));
        enforced.push(match &built.tripwire {
            Ok(()) => Enforcement::new(controls::TRIPWIRE, Status::Enforced, "denying FUSE file system"),
            Err(why) => Enforcement::new(controls::TRIPWIRE, Status::Absent, why.clone()),
        });
        let observe = built.tripwire.is_err();
        let child = init::Init {
            channel: &self.channel,
            life: &self.life,
            plan: &plan,
            terminal: built.terminal,
            observe_writes: observe,
        };
        match denybox_sys::process::fork_sibling().during("clone")? {
            denybox_sys::process::Side::Child => child.run(enforced),
            denybox_sys::process::Side::Parent(pid) => self.tell(&News::Init(pid.as_raw_nonzero().get()), &[]),
        }
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
