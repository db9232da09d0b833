//! PID 1 of the box: builds its file tree, starts the agent, passes signals on, buries the dead, and dies with the
//! supervisor.
//!
//! It is a fork of the stage that never becomes another program: not dumpable, so nothing in the box can look into it,
//! without capabilities, and under the same locks as the agent.

mod agent;
mod tree;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{DumpableBehavior, WaitOptions, WaitStatus, wait};

use denybox_core::plan::Plan;
use denybox_sys::process::Side;
use denybox_sys::signal;

use agent::Agent;

use crate::channel::Channel;
use crate::confine;
use crate::controls;
use crate::error::{During, Failure, SysError};
use crate::message::{Enforcement, News, Order, Status};
use crate::stage::die_with_parent;
use crate::weaken;

/// Signals that PID 1 passes on to the agent when the supervisor sends them.
pub const PASSED_ON: [i32; 10] = [
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGWINCH,
    libc::SIGCONT,
    libc::SIGALRM,
    libc::SIGTSTP,
];

/// What PID 1 is born with.
#[derive(Debug, Clone, Copy)]
pub struct Init<'a> {
    /// To the supervisor.
    pub channel: &'a Channel,
    /// Hangs up when the supervisor is gone.
    pub life: &'a OwnedFd,
    /// What to pass on, and who ended.
    pub signals: &'a OwnedFd,
}

/// Blocks the signals that PID 1 passes on or obeys, and gives the descriptor on which they arrive.
pub fn signals() -> Result<OwnedFd, SysError> {
    let mut watched = PASSED_ON.to_vec();
    watched.push(libc::SIGCHLD);
    signal::receive(&watched).during("signalfd")
}

/// What PID 1 has to build.
#[derive(Debug)]
struct Commission {
    /// The plan.
    plan: Box<Plan>,
    /// Trees that only the supervisor could make, in the plan's order.
    trees: Vec<OwnedFd>,
}

impl Init<'_> {
    /// Runs until the agent is gone, and with it the box. `tripwire` is the denying file system, to be put into place;
    /// none where FUSE isn't to be had.
    pub fn run(self, tripwire: Option<OwnedFd>, enforced: Vec<Enforcement>) -> ! {
        let status = match self.live(tripwire, enforced) {
            Ok(status) => status,
            Err(failure) => {
                let _ = self.channel.send(&News::Failed(failure), &[]);
                1
            }
        };
        denybox_sys::process::exit_now(status)
    }

    fn live(&self, tripwire: Option<OwnedFd>, mut enforced: Vec<Enforcement>) -> Result<i32, Failure> {
        die_with_parent()?;
        if self.supervisor_is_gone()? {
            return Ok(1);
        }
        // Without a tripwire, calls that write or create by name are notified, or nobody would see them.
        let observe_writes = tripwire.is_none();
        let site = tree::Site::prepare(self.channel, tripwire)?;
        let Some(Commission { plan, trees }) = self.order()? else { return Ok(0) };
        let terminal = site.build(&plan, trees)?;
        // Said even where it is switched off: a change of user has made root's PID 1 so already.
        let dumpable = if weaken::off("init-hardening") {
            DumpableBehavior::Dumpable
        } else {
            DumpableBehavior::NotDumpable
        };
        rustix::process::set_dumpable_behavior(dumpable).during_on("prctl", "PR_SET_DUMPABLE")?;

        confine::drop_capabilities(&mut enforced)?;
        confine::limit_resources(plan.limits, &mut enforced)?;
        let mut writable = plan.writable.clone();
        if !observe_writes && !weaken::off(controls::SEAL) {
            // The tripwire denies there, and says who tried what: Landlock would come first, and be silent.
            writable.extend(plan.seals().cloned());
        }
        confine::landlock::restrict(&writable, &mut enforced)?;
        let listener = confine::filter(&plan.calls, observe_writes, &mut enforced)?;
        let unmet = plan.required.iter().find_map(|name| unmet(name, &enforced));
        self.tell(&News::Controls(enforced), &[])?;
        if let Some(unmet) = unmet {
            self.tell(&News::Unmet(unmet), &[])?;
            return Ok(1);
        }
        if let Some(listener) = listener {
            self.tell(&News::Listener, &[listener.as_fd()])?;
        }
        let agent = match denybox_sys::process::fork().during("fork")? {
            Side::Child => Agent { channel: self.channel, plan: &plan }.run(terminal.as_ref()),
            Side::Parent(pid) => pid.as_raw_nonzero().get(),
        };
        self.tell(&News::Started, &[])?;
        drop(terminal);
        forget_standard_streams()?;
        self.supervise(agent, self.signals.as_fd())
    }

    /// What to build; none when there will be no box: refused, or the supervisor is gone.
    fn order(&self) -> Result<Option<Commission>, Failure> {
        match self.channel.receive::<Order>().during_on("recvmsg", "the supervisor")? {
            Some((Order::Build(plan), trees)) => Ok(Some(Commission { plan, trees })),
            _ => Ok(None),
        }
    }

    /// Waits for the agent; meanwhile reaps every orphan and passes signals on.
    fn supervise(&self, agent: i32, signals: BorrowedFd<'_>) -> Result<i32, Failure> {
        loop {
            let mut watched =
                [PollFd::new(self.life, PollFlags::IN), PollFd::from_borrowed_fd(signals, PollFlags::IN)];
            match poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => continue,
                other => other.during("poll")?,
            };
            let [life, arrived] = watched;
            if !life.revents().is_empty() {
                return Ok(1);
            }
            if arrived.revents().is_empty() {
                continue;
            }
            while let Some(number) = signal::next(signals).during("read")? {
                // A stop from the terminal would be ignored by a group that has no shell above it.
                let number = if number == libc::SIGTSTP { libc::SIGSTOP } else { number };
                if number != libc::SIGCHLD {
                    // Gone already: its end is on the way.
                    let _ = signal::send(-agent, number).or_else(|_| signal::send(agent, number));
                }
            }
            if let Some(status) = reap(agent)? {
                self.tell(&News::Ended(status.as_raw()), &[])?;
                return Ok(0);
            }
        }
    }

    fn supervisor_is_gone(&self) -> Result<bool, Failure> {
        let mut life = [PollFd::new(self.life, PollFlags::IN)];
        poll(&mut life, Some(&rustix::time::Timespec::default())).during("poll")?;
        Ok(life.iter().any(|life| !life.revents().is_empty()))
    }

    fn tell(&self, news: &News, descriptors: &[BorrowedFd<'_>]) -> Result<(), Failure> {
        Ok(self.channel.send(news, descriptors).during_on("sendmsg", "the supervisor")?)
    }
}

/// The required control `name` as it is, unless it is fully in force.
fn unmet(name: &str, enforced: &[Enforcement]) -> Option<Enforcement> {
    match enforced.iter().find(|entry| entry.control == name) {
        Some(entry) if entry.status == Status::Enforced => None,
        Some(entry) => Some(entry.clone()),
        None => Some(Enforcement::new(name, Status::Absent, "nothing asked for it in this box")),
    }
}

/// Reaps everything that has ended; gives the agent's status when it is among them.
fn reap(agent: i32) -> Result<Option<WaitStatus>, Failure> {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get() == agent => return Ok(Some(status)),
            Ok(Some(_)) => {}
            Ok(None) | Err(rustix::io::Errno::CHILD) => return Ok(None),
            Err(error) => return Ok(Err(error).during("wait")?),
        }
    }
}

/// Lets go of the standard streams, so that whoever reads the agent's output sees its end when the agent closes it.
fn forget_standard_streams() -> Result<(), Failure> {
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    let nothing =
        rustix::fs::open("/dev/null", flags, rustix::fs::Mode::empty()).during_on("open", "/dev/null")?;
    for number in STANDARD_STREAMS {
        denybox_sys::fd::duplicate_onto(nothing.as_fd(), number).during_on("dup2", number)?;
    }
    Ok(())
}

/// The standard streams, stdin(3).
pub const STANDARD_STREAMS: [RawFd; 3] = [0, 1, 2];

/// Whether an error of execve(2) means that the command does not exist, rather than that it can't be executed.
pub fn is_not_found(errno: i32) -> bool {
    matches!(errno, libc::ENOENT | libc::ENOTDIR)
}
