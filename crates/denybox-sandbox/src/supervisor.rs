//! The supervisor: the caller's own process, which outlives the box and answers for it.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid};

use denybox_core::audit::event::{self, Event};
use denybox_core::audit::{Journal, JournalError};
use denybox_core::event::Denial;
use denybox_core::plan::{Action, BoxLimits, Identity, Plan};
use denybox_sys::process::Side;
use denybox_sys::signal;

use crate::cgroup::{self, Limited};
use crate::channel::Channel;
use crate::controls;
use crate::error::{During, Failure, SysError};
use crate::init;
use crate::message::{Enforcement, News, Order};
use crate::mounting::clone_shown;
use crate::notifier::Notifier;
use crate::observer::Observer;
use crate::recorder::Recorder;
use crate::stage::Stage;
use crate::terminal::Relay;
use crate::tripwire::{Ledger, Tripwire};

/// How long after a time-out's SIGTERM the box is killed.
const GRACE: Duration = Duration::from_secs(2);

/// What must be known before there is a plan.
#[derive(Debug, Clone, Copy)]
pub struct Launch {
    /// Who the box will be.
    pub identity: Identity,
    /// The box has the host's network.
    pub host_network: bool,
    /// Limits of the whole box.
    pub limits: BoxLimits,
}

/// Why a box did not run, or could not be watched to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The stage could not be started.
    #[error("cannot start a box: {0}")]
    Start(#[source] SysError),
    /// A control that the box can't do without could not be set up.
    #[error("the required control '{control}' is unavailable: {failure}")]
    Unavailable {
        /// Its name.
        control: String,
        /// What failed.
        failure: Failure,
    },
    /// Something else of the set-up failed.
    #[error("cannot set up the box: {0}")]
    SetUp(Failure),
    /// A control that `--require` names is not fully in force.
    #[error("the control '{}' is required and {} here: {}", .0.control, .0.status, .0.detail)]
    Required(Enforcement),
    /// The log failed while the box ran, so the box was ended.
    #[error("{0}; the box was ended")]
    Journal(JournalError),
    /// Watching failed.
    #[error("cannot watch over the box: {0}")]
    Watch(#[from] SysError),
}

/// How the agent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// The command could not be executed: errno(3), and the file or name.
    NotExecuted {
        /// errno(3).
        errno: i32,
        /// The file or name.
        path: String,
    },
    /// The time was up.
    TimedOut,
    /// The box went down without a word: killed from outside, or by the kernel.
    Lost,
}

/// All that is known of a box when it is over.
#[derive(Debug)]
pub struct Finished {
    /// How the agent ended.
    pub end: End,
    /// How far each control was in force.
    pub enforcement: Vec<Enforcement>,
    /// What was denied.
    pub denials: Vec<Denial>,
    /// What could not be cleaned up.
    pub left_behind: Option<String>,
}

/// A stage that waits for its plan.
#[derive(Debug)]
pub struct Launched {
    channel: Channel,
    stage: Pid,
    // Closed by dropping, or by the death of this process: then the box dies.
    life: OwnedFd,
    limited: Limited,
    mapping: Mapping,
}

/// The user map of a box that is somebody else on the host.
#[derive(Debug)]
enum Mapping {
    /// The stage maps itself.
    Unneeded,
    /// To be written once the stage has its namespace.
    Awaited(Identity),
    /// Written: the namespace; or why not.
    Done(Result<OwnedFd, RunError>),
}

/// Starts a stage. To be called while this process has one thread.
///
/// The stage enters its namespaces while the caller goes on to decide; without a plan it does nothing more.
///
/// # Errors
/// [`RunError::Start`].
pub fn launch(launch: Launch) -> Result<Launched, RunError> {
    let mut limited = cgroup::limit(launch.limits);
    let pair = || -> Result<_, SysError> {
        let (ours, theirs) = Channel::pair().during("socketpair")?;
        let (life, death) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).during("pipe2")?;
        Ok((ours, theirs, life, death))
    };
    let (ours, theirs, life, death) = pair().map_err(RunError::Start)?;
    let cgroups = std::mem::take(&mut limited.procs);
    let side = denybox_sys::process::fork().during("fork").map_err(RunError::Start)?;
    match side {
        Side::Child => {
            // The supervisor's ends: holding one would keep a dead supervisor's box alive.
            drop((ours, death));
            Stage {
                channel: theirs,
                life,
                identity: launch.identity,
                host_network: launch.host_network,
                cgroups,
            }
            .run()
        }
        Side::Parent(stage) => {
            let mapping = if launch.identity.is_separated() {
                Mapping::Awaited(launch.identity)
            } else {
                Mapping::Unneeded
            };
            Ok(Launched { channel: ours, stage, life: death, limited, mapping })
        }
    }
}

impl Launched {
    /// Limits that no control group enforces; the plan leaves them to resource limits.
    pub fn left_limits(&self) -> BoxLimits {
        self.limited.left
    }

    /// Gives the stage what it waits for, if it waits already. For a pause in deciding: it saves time, and nothing depends
    /// on it.
    pub fn attend(&mut self) {
        let mut waiting = [PollFd::new(&self.channel, PollFlags::IN)];
        if poll(&mut waiting, Some(&Timespec::default())).is_ok_and(|ready| ready > 0) {
            self.map();
        }
    }

    /// Waits for the stage's user namespace and maps it, where that is still to be done: it needs root.
    fn map(&mut self) {
        if let Mapping::Awaited(identity) = self.mapping {
            self.mapping = Mapping::Done(write_map(&self.channel, self.stage, identity));
        }
    }

    /// Builds and runs the box that the plan describes, to its end. What happens is written to `journal`, where there is one; when
    /// that fails the box is ended.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn run(mut self, plan: Plan, journal: Option<Arc<dyn Journal>>) -> Result<Finished, RunError> {
        let result = self.watch(plan, journal);
        let Self { channel, stage, life, mut limited, .. } = self;
        // Whoever still waits for us ends now, and the stage, our child, leaves no zombie.
        drop((channel, life));
        let _ = waitpid(Some(stage), WaitOptions::empty());
        let left_behind = limited.groups.remove().err().map(|(path, error)| {
            format!("the control group {} could not be removed: {error}", path.display())
        });
        result.map(|finished| Finished { left_behind, ..finished })
    }

    fn watch(&mut self, mut plan: Plan, journal: Option<Arc<dyn Journal>>) -> Result<Finished, RunError> {
        let mut watched = init::PASSED_ON.to_vec();
        watched.push(libc::SIGCHLD);
        let signals = signal::receive(&watched).during("signalfd")?;
        // What control groups enforce PID 1 doesn't know of.
        let enforced = &self.limited.enforced;
        plan.required.retain(|name| enforced.iter().all(|entry| entry.control != *name));
        self.map();
        let trees = match std::mem::replace(&mut self.mapping, Mapping::Unneeded) {
            Mapping::Done(namespace) => prepare_trees(&plan, &namespace?)?,
            Mapping::Unneeded | Mapping::Awaited(_) => Vec::new(),
        };
        let trees: Vec<_> = trees.iter().map(AsFd::as_fd).collect();
        let deadline = plan.limits.timeout_ms.map(|ms| Instant::now() + Duration::from_millis(ms));
        let sent = self.channel.send(&Order::Build(Box::new(plan.clone())), &trees);
        let enforced = std::mem::take(&mut self.limited.enforced);
        let mut watch = Watch::new(plan, deadline, journal);
        watch.take_down(enforced);
        if let Err(error) = sent
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            return Err(error).during_on("sendmsg", "the stage")?;
        }
        watch.run(&self.channel, &signals)?;
        watch.finish()
    }
}

/// Writes the user map of the stage; gives its user namespace.
fn write_map(channel: &Channel, stage: Pid, identity: Identity) -> Result<OwnedFd, RunError> {
    match channel.receive::<News>().during_on("recvmsg", "the stage")? {
        Some((News::Unshared, _)) => {}
        Some((News::Failed(failure), _)) => return Err(failed(failure)),
        _ => {
            return Err(RunError::SetUp(Failure {
                control: None,
                message: "the stage ended before its namespaces were ready".to_owned(),
                errno: None,
            }));
        }
    }
    let stage = stage.as_raw_nonzero();
    for (file, inside, host) in [
        ("uid_map", identity.inside_uid, identity.host_uid),
        ("gid_map", identity.inside_gid, identity.host_gid),
    ] {
        let path = format!("/proc/{stage}/{file}");
        std::fs::write(&path, format!("{inside} {host} 1")).during_on("write", &path).map_err(|error| {
            RunError::Unavailable {
                control: controls::USER_NAMESPACE.to_owned(),
                failure: Failure::of(controls::USER_NAMESPACE, &error),
            }
        })?;
    }
    let path = format!("/proc/{stage}/ns/user");
    let namespace =
        rustix::fs::open(&path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).during_on("open", &path)?;
    channel.send(&Order::Mapped, &[]).during_on("sendmsg", "the stage")?;
    Ok(namespace)
}

/// Makes the trees that are shown as the caller's own, idmapped by `namespace`: that needs root.
fn prepare_trees(plan: &Plan, namespace: &OwnedFd) -> Result<Vec<OwnedFd>, RunError> {
    let mut trees = Vec::new();
    for step in &plan.steps {
        let Action::Bind { from, as_caller: true, .. } = &step.action else { continue };
        let whole = clone_shown(from, step.role, true)?;
        let tree = match denybox_sys::mount::map_owners(whole.as_fd(), true, namespace.as_fd()) {
            Ok(()) => whole,
            // A file system of another kind is mounted below: leave it out.
            Err(_) => {
                let top = clone_shown(from, step.role, false)?;
                denybox_sys::mount::map_owners(top.as_fd(), false, namespace.as_fd())
                    .during_on("mount_setattr", format_args!("{from} idmapped"))
                    .map_err(|error| RunError::Unavailable {
                        control: controls::UID_SEPARATION.to_owned(),
                        failure: Failure::of(controls::UID_SEPARATION, &error),
                    })?;
                top
            }
        };
        trees.push(tree);
    }
    Ok(trees)
}

fn failed(failure: Failure) -> RunError {
    match &failure.control {
        Some(control) => RunError::Unavailable { control: control.clone(), failure },
        None => RunError::SetUp(failure),
    }
}

/// The state of watching one box.
struct Watch {
    plan: Plan,
    observer: Observer,
    recorder: Arc<Mutex<Recorder>>,
    ledger: Arc<Ledger>,
    journal: Option<Arc<dyn Journal>>,
    enforcement: Vec<Enforcement>,
    relay: Option<Relay>,
    init: Option<(Pid, OwnedFd)>,
    /// Signals for PID 1 that came before it was known.
    early: Vec<i32>,
    deadline: Option<Instant>,
    timed_out: bool,
    log_failed: bool,
    end: Option<End>,
    failure: Option<RunError>,
}

impl Watch {
    fn new(plan: Plan, deadline: Option<Instant>, journal: Option<Arc<dyn Journal>>) -> Self {
        let observer = Observer::default();
        let recorder = Arc::new(Mutex::new(Recorder::new(journal.clone())));
        let ledger = Arc::new(Ledger::new(observer.clone(), Arc::clone(&recorder)));
        Self {
            plan,
            observer,
            recorder,
            ledger,
            journal,
            enforcement: Vec::new(),
            relay: None,
            init: None,
            early: Vec::new(),
            deadline,
            timed_out: false,
            log_failed: false,
            end: None,
            failure: None,
        }
    }

    /// Serves the box until its last process is gone.
    fn run(&mut self, channel: &Channel, signals: &OwnedFd) -> Result<(), SysError> {
        let mut open = true;
        while open || self.init.is_some() {
            let timeout = self.deadline.map(|deadline| {
                let left = deadline.saturating_duration_since(Instant::now());
                Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) }
            });
            let idle = || PollFd::new(signals, PollFlags::IN);
            let mut polled = vec![
                PollFd::new(signals, PollFlags::IN),
                if open { PollFd::new(channel, PollFlags::IN) } else { idle() },
                self.init.as_ref().map_or_else(idle, |(_, pidfd)| PollFd::new(pidfd, PollFlags::IN)),
                match &self.journal {
                    Some(journal) if !self.log_failed => {
                        PollFd::from_borrowed_fd(journal.alarm(), PollFlags::IN)
                    }
                    _ => idle(),
                },
            ];
            if let Some(relay) = &self.relay {
                polled.extend(relay.interests());
            }
            match poll(&mut polled, timeout.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                other => other.during("poll")?,
            };
            let seen: Vec<PollFlags> = polled.iter().map(PollFd::revents).collect();
            let is = |index: usize| seen.get(index).is_some_and(|flags| !flags.is_empty());
            drop(polled);
            if let (Some(relay), Some(&[master, input, output])) =
                (&mut self.relay, seen.get(4..).and_then(|rest| rest.first_chunk()))
            {
                relay.carry([master, input, output]);
            }
            if is(3) {
                self.heed_alarm();
            }
            if is(0) {
                self.pass_signals(signals)?;
            }
            if open && is(1) {
                open = self.listen(channel)?;
            }
            if self.init.is_some() && is(2) {
                self.bury();
            }
            self.mind_the_time();
        }
        Ok(())
    }

    /// Ends the box when what it does can't be written down any more.
    fn heed_alarm(&mut self) {
        let failure = self.journal.as_ref().and_then(|journal| journal.failure());
        if let Some(failure) = failure.filter(|_| !self.log_failed) {
            self.log_failed = true;
            self.failure.get_or_insert(RunError::Journal(failure));
            self.kill();
        }
    }

    /// Writes an event to the journal. If that fails its alarm is heeded.
    fn write_down(&self, event: impl FnOnce() -> Event) {
        if let Some(journal) = &self.journal {
            let _ = journal.record(&event());
        }
    }

    /// Keeps how far controls are in force, for the report and the journal.
    fn take_down(&mut self, controls: Vec<Enforcement>) {
        for entry in &controls {
            self.write_down(|| Event::Control(control(entry)));
        }
        self.enforcement.extend(controls);
    }

    /// One message from the box's makers; `false` when there will be no more.
    fn listen(&mut self, channel: &Channel) -> Result<bool, SysError> {
        let Some((news, descriptors)) = channel.receive::<News>().during_on("recvmsg", "the box")? else {
            return Ok(false);
        };
        let mut descriptors = descriptors.into_iter();
        match (news, descriptors.next()) {
            (News::Tripwire, Some(device)) => {
                let tripwire = Tripwire::new(&self.plan, Arc::clone(&self.ledger));
                spawn("tripwire", move || {
                    // Ends with the file system; a failure shows in the box as ENOTCONN: closed, not open.
                    let _ = tripwire.serve(device);
                })?;
            }
            (News::Listener, Some(listener)) => {
                let notifier =
                    Notifier::new(self.plan.clone(), self.observer.clone(), Arc::clone(&self.recorder));
                spawn("notifier", move || notifier.serve(&listener))?;
            }
            (News::Feed, Some(file)) => {
                self.recorder.lock().unwrap_or_else(PoisonError::into_inner).feed_to(file);
            }
            (News::Terminal, Some(master)) => self.relay = Some(Relay::new(master)),
            (News::Init(number), _) => {
                self.observer.set_init(number);
                if let Some(pid) = Pid::from_raw(number) {
                    let pidfd = pidfd_open(pid, PidfdFlags::empty()).during("pidfd_open")?;
                    self.init = Some((pid, pidfd));
                    std::mem::take(&mut self.early).into_iter().for_each(|signal| self.send(signal));
                }
            }
            (News::Unmet(entry), _) => self.failure = Some(RunError::Required(entry)),
            (News::Controls(controls), _) => {
                self.take_down(controls);
            }
            (News::NotExecuted { errno, path }, _) => self.end = Some(End::NotExecuted { errno, path }),
            (News::Ended(status), _) => {
                let end = if libc::WIFSIGNALED(status) {
                    End::Signalled(libc::WTERMSIG(status))
                } else {
                    End::Exited(libc::WEXITSTATUS(status))
                };
                self.end.get_or_insert(end);
            }
            (News::Failed(failure), _) => {
                self.failure.get_or_insert(failed(failure));
            }
            (News::Started | News::Unshared, _) => {}
            (News::Tripwire | News::Listener | News::Feed | News::Terminal, None) => {
                return Err(std::io::Error::from(std::io::ErrorKind::InvalidData))
                    .during_on("recvmsg", "a message without its descriptor");
            }
        }
        Ok(true)
    }

    fn pass_signals(&mut self, signals: &OwnedFd) -> Result<(), SysError> {
        while let Some(number) = signal::next(signals.as_fd()).during("read")? {
            match (number, &mut self.relay) {
                (libc::SIGCHLD, _) => {}
                (libc::SIGWINCH, Some(relay)) => relay.resize(),
                (libc::SIGCONT, Some(relay)) => {
                    relay.resume();
                    self.send(libc::SIGCONT);
                }
                (libc::SIGTSTP, _) => {
                    self.send(libc::SIGTSTP);
                    if let Some(relay) = &mut self.relay {
                        relay.restore();
                    }
                    // Stop as the caller's shell expects; SIGCONT wakes both.
                    let _ = signal::send(std::process::id() as i32, libc::SIGSTOP);
                }
                (other, _) => self.send(other),
            }
        }
        Ok(())
    }

    fn send(&mut self, number: i32) {
        match (&self.init, Signal::from_named_raw(number)) {
            (Some((_, pidfd)), Some(signal)) => {
                // Gone already: its end is on the way.
                let _ = pidfd_send_signal(pidfd, signal);
            }
            (None, Some(_)) if !self.early.contains(&number) => self.early.push(number),
            _ => {}
        }
    }

    fn kill(&mut self) {
        self.send(libc::SIGKILL);
    }

    fn mind_the_time(&mut self) {
        let Some(deadline) = self.deadline else { return };
        if Instant::now() < deadline {
            return;
        }
        if self.timed_out {
            self.kill();
            self.deadline = None;
        } else {
            self.timed_out = true;
            self.send(libc::SIGTERM);
            self.deadline = Some(Instant::now() + GRACE);
        }
    }

    fn bury(&mut self) {
        if let Some((pid, _)) = &self.init
            && !matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(None))
        {
            self.init = None;
        }
    }

    fn finish(mut self) -> Result<Finished, RunError> {
        if let Some(relay) = &mut self.relay {
            relay.drain();
        }
        self.relay = None;
        self.ledger.close();
        let recorder = std::mem::take(&mut *self.recorder.lock().unwrap_or_else(PoisonError::into_inner));
        let denials = recorder.finish();
        // What was written down last may not have been written.
        self.heed_alarm();
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let end = if self.timed_out { End::TimedOut } else { self.end.unwrap_or(End::Lost) };
        let order = |entry: &Enforcement| {
            controls::ALL.iter().position(|name| *name == entry.control).unwrap_or(usize::MAX)
        };
        self.enforcement.sort_by_key(order);
        Ok(Finished { end, enforcement: self.enforcement, denials, left_behind: None })
    }
}

fn control(entry: &Enforcement) -> event::Control {
    event::Control {
        control: entry.control.clone(),
        status: entry.status.to_string(),
        detail: entry.detail.clone(),
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), SysError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(256 << 10)
        .spawn(work)
        .map(drop)
        .during_on("pthread_create", name)
}
