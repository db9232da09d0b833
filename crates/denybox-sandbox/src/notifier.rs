//! The notifier: answers the calls that the filter hands to the supervisor, seccomp_unotify(2).
//!
//! It refuses (mount family, IPC kinds that weren't granted), answers with a descriptor of its own (anonymous files),
//! or only looks (`observe`). It never enforces by letting a call continue: what a call's memory says can change in
//! between. What it lets continue is enforced elsewhere.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use denybox_core::event::Operation;
use denybox_core::path::AbsPath;
use denybox_core::plan::Plan;
use denybox_core::resource::{IpcKind, Resource};
use denybox_sys::{memfd, seccomp};
use seccomp::Notification;

use crate::observer::{self, Observer};
use crate::recorder::{Met, Recorder};

/// Longest name of an anonymous file, bytes, memfd_create(2).
const LONGEST_NAME: usize = 249;

/// Answers the calls of one box.
#[derive(Debug)]
pub struct Notifier {
    plan: Plan,
    observer: Observer,
    recorder: Arc<Mutex<Recorder>>,
}

impl Notifier {
    /// A notifier that writes down what it refuses.
    pub fn new(plan: Plan, observer: Observer, recorder: Arc<Mutex<Recorder>>) -> Self {
        Self { plan, observer, recorder }
    }

    /// Answers until the box is gone.
    pub fn serve(&self, listener: &OwnedFd) {
        // Only faster; older kernels don't have it.
        let _ = seccomp::wake_synchronously(listener.as_fd());
        loop {
            match seccomp::receive(listener.as_fd()) {
                Ok(call) => self.answer(listener.as_fd(), &call),
                Err(error) => match error.raw_os_error() {
                    // The caller died while it waited, or a signal came.
                    Some(libc::ENOENT | libc::EINTR) if !self.is_over(listener.as_fd()) => {}
                    _ => return,
                },
            }
        }
    }

    /// Whether no process uses the filter any more: the listener hangs up.
    fn is_over(&self, listener: BorrowedFd<'_>) -> bool {
        let mut polled = [rustix::event::PollFd::from_borrowed_fd(listener, rustix::event::PollFlags::IN)];
        let _ = rustix::event::poll(&mut polled, Some(&rustix::time::Timespec::default()));
        polled.iter().any(|fd| fd.revents().contains(rustix::event::PollFlags::HUP))
    }

    fn answer(&self, listener: BorrowedFd<'_>, call: &Notification) {
        // Whatever fails here fails because the caller is gone, and then nobody waits for an answer.
        let _ = match i64::from(call.number) {
            libc::SYS_memfd_create => self.make_anonymous_file(listener, call),
            libc::SYS_execveat => {
                self.look_at_fexecve(call);
                seccomp::let_continue(listener, call.id)
            }
            libc::SYS_shmget => self.refuse(listener, call, Some(IpcKind::SysvShm), "shmget"),
            libc::SYS_semget => self.refuse(listener, call, Some(IpcKind::SysvSem), "semget"),
            libc::SYS_msgget => self.refuse(listener, call, Some(IpcKind::SysvMsg), "msgget"),
            libc::SYS_mq_open => self.refuse(listener, call, Some(IpcKind::PosixMq), "mq_open"),
            number => match (refused_name(number), written(call)) {
                (Some(name), _) => self.refuse(listener, call, None, name),
                (None, Some(write)) => {
                    self.look_at_write(listener, call, write);
                    seccomp::let_continue(listener, call.id)
                }
                (None, None) => seccomp::refuse(listener, call.id, libc::EPERM),
            },
        };
    }

    fn refuse(
        &self,
        listener: BorrowedFd<'_>,
        call: &Notification,
        kind: Option<IpcKind>,
        name: &'static str,
    ) -> std::io::Result<()> {
        let (resource, operation) = match kind {
            Some(kind) => (Resource::Ipc(kind), Operation::Attach),
            None => (Resource::Path(AbsPath::root()), Operation::Call),
        };
        self.record(call, Met { resource, path: name.to_owned(), operation, syscall: Some(name) });
        seccomp::refuse(listener, call.id, libc::EPERM)
    }

    /// Makes the anonymous file for the caller, sealed against execution.
    fn make_anonymous_file(&self, listener: BorrowedFd<'_>, call: &Notification) -> std::io::Result<()> {
        let [name, flags, ..] = call.arguments;
        let flags = flags as u32;
        let met = |path: &str| Met {
            resource: Resource::Ipc(IpcKind::MemfdExec),
            path: path.to_owned(),
            operation: Operation::Execute,
            syscall: Some("memfd_create"),
        };
        // As the kernel answers it: programs ask with nonsense to learn what it knows.
        if flags & !memfd::KNOWN != 0 || flags & memfd::EXEC != 0 && flags & memfd::NOEXEC_SEAL != 0 {
            return seccomp::refuse(listener, call.id, libc::EINVAL);
        }
        if flags & memfd::EXEC != 0 {
            self.record(call, met("memfd_create(MFD_EXEC)"));
            return seccomp::refuse(listener, call.id, libc::EACCES);
        }
        let mut name = observer::text_at(call.tid, name).unwrap_or_default();
        name.truncate(name.floor_char_boundary(LONGEST_NAME));
        let made = CString::new(name)
            .map_err(std::io::Error::other)
            .and_then(|name| create_unexecutable(&name, flags));
        match made {
            Ok(file) => {
                match seccomp::answer_with(listener, call.id, file.as_fd(), flags & memfd::CLOEXEC != 0) {
                    // The caller's table is full, or the kernel is too old for this answer.
                    Err(error) if error.raw_os_error() != Some(libc::ENOENT) => {
                        seccomp::refuse(listener, call.id, error.raw_os_error().unwrap_or(libc::EIO))
                    }
                    other => other,
                }
            }
            Err(error) => seccomp::refuse(listener, call.id, error.raw_os_error().unwrap_or(libc::EIO)),
        }
    }

    /// fexecve(3): the kernel will refuse a sealed anonymous file; this only says so.
    fn look_at_fexecve(&self, call: &Notification) {
        let [descriptor, ..] = call.arguments;
        let link = std::fs::read_link(format!("/proc/{}/fd/{}", call.tid, descriptor as i32));
        if let Ok(target) = link
            && target.to_string_lossy().starts_with("/memfd:")
        {
            self.record(
                call,
                Met {
                    resource: Resource::Ipc(IpcKind::MemfdExec),
                    path: target.to_string_lossy().into_owned(),
                    operation: Operation::Execute,
                    syscall: Some("execveat"),
                },
            );
        }
    }

    /// A call that writes by name, where no tripwire sees it: written down when it aims at a sealed place.
    fn look_at_write(&self, listener: BorrowedFd<'_>, call: &Notification, write: Write) {
        let argument = |index: usize| call.arguments.get(index).copied().unwrap_or_default();
        let Some(text) = observer::text_at(call.tid, argument(write.path)) else { return };
        let directory = write.directory.map(|index| argument(index) as i32);
        let Some(path) = observer::absolute(call.tid, directory, &text) else { return };
        let Ok(path) = AbsPath::new(&path) else { return };
        let Some(resource) = self.plan.sealed_resource(&path) else { return };
        let granted = |at: &AbsPath| path.is_at_or_below(at) && Resource::Path(at.clone()) != resource;
        let below_seal = |at: &AbsPath| resource.path().is_some_and(|seal| at.is_below(seal));
        if self.plan.steps.iter().any(|step| below_seal(&step.at) && granted(&step.at)) {
            return;
        }
        if seccomp::is_valid(listener, call.id) {
            let met = Met { resource, path: path.to_string(), operation: write.operation, syscall: None };
            self.record(call, met);
        }
    }

    fn record(&self, call: &Notification, met: Met) {
        let thread = self.observer.thread(call.tid);
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        let introduced = recorder.introduce(&self.observer, thread, met);
        recorder.record(introduced);
    }
}

/// An anonymous file that execve(2) refuses. Before Linux 6.3 it can't be sealed so; it then has no execute permission, which
/// an ordinary caller could give back (reported as partial).
fn create_unexecutable(name: &CStr, flags: u32) -> std::io::Result<OwnedFd> {
    match memfd::create(name, flags | memfd::NOEXEC_SEAL | memfd::CLOEXEC) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) && !memfd::has_noexec_seal() => {
            let file = memfd::create(name, flags | memfd::CLOEXEC)?;
            rustix::fs::fchmod(&file, rustix::fs::Mode::from(0o666))?;
            Ok(file)
        }
        other => other,
    }
}

fn refused_name(number: i64) -> Option<&'static str> {
    Some(match number {
        libc::SYS_mount => "mount",
        libc::SYS_umount2 => "umount2",
        libc::SYS_move_mount => "move_mount",
        libc::SYS_fsopen => "fsopen",
        libc::SYS_fsconfig => "fsconfig",
        libc::SYS_fsmount => "fsmount",
        libc::SYS_fspick => "fspick",
        libc::SYS_open_tree => "open_tree",
        467 => "open_tree_attr",
        libc::SYS_mount_setattr => "mount_setattr",
        libc::SYS_pivot_root => "pivot_root",
        libc::SYS_chroot => "chroot",
        libc::SYS_setns => "setns",
        libc::SYS_unshare => "unshare",
        libc::SYS_clone => "clone",
        _ => return None,
    })
}

/// A call that writes by name: where its arguments stand.
struct Write {
    directory: Option<usize>,
    path: usize,
    operation: Operation,
}

fn written(call: &Notification) -> Option<Write> {
    let at = |directory, path, operation| Some(Write { directory, path, operation });
    let opened = |flags: Option<&u64>| {
        let creates = flags.is_some_and(|flags| *flags as i32 & libc::O_CREAT != 0);
        if creates { Operation::Create } else { Operation::Write }
    };
    match i64::from(call.number) {
        libc::SYS_open => at(None, 0, opened(call.arguments.get(1))),
        libc::SYS_openat => at(Some(0), 1, opened(call.arguments.get(2))),
        libc::SYS_access => at(None, 0, Operation::Probe),
        libc::SYS_faccessat | libc::SYS_faccessat2 => at(Some(0), 1, Operation::Probe),
        libc::SYS_creat => at(None, 0, Operation::Create),
        libc::SYS_mkdir => at(None, 0, Operation::MakeDirectory),
        libc::SYS_mkdirat => at(Some(0), 1, Operation::MakeDirectory),
        libc::SYS_mknod => at(None, 0, Operation::MakeNode),
        libc::SYS_mknodat => at(Some(0), 1, Operation::MakeNode),
        libc::SYS_symlink => at(None, 1, Operation::MakeLink),
        libc::SYS_symlinkat => at(Some(1), 2, Operation::MakeLink),
        libc::SYS_link => at(None, 1, Operation::Link),
        libc::SYS_linkat => at(Some(2), 3, Operation::Link),
        libc::SYS_rename => at(None, 1, Operation::Rename),
        libc::SYS_renameat | libc::SYS_renameat2 => at(Some(2), 3, Operation::Rename),
        libc::SYS_unlink | libc::SYS_rmdir => at(None, 0, Operation::Remove),
        libc::SYS_unlinkat => at(Some(0), 1, Operation::Remove),
        libc::SYS_truncate => at(None, 0, Operation::Write),
        _ => None,
    }
}
