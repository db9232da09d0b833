//! Who is asking: a process of the box as /proc shows it while its request waits, proc(5).
//!
//! A request that waits keeps its process alive, so what is read belongs to it. Everything read is what the box says
//! of itself: for reports, never for decisions.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use denybox_core::event::{Ancestor, Process};
use denybox_sys::pidfd::{self, Relation};

use crate::proc_files::{self, Call, Status, within};

/// Most that is kept of one process and all of its ancestors together, bytes: names and arguments are the agent's to
/// choose, and the supervisor's memory is not.
const MOST_TEXT: usize = 8 << 10;
/// Most links of ancestry that are followed.
const MOST_ANCESTORS: usize = 32;

/// Reads processes of one box.
#[derive(Debug, Clone, Default)]
pub struct Observer {
    /// PID 1 of the box, numbered outside; 0 until it exists.
    init: Arc<AtomicI32>,
    /// The agent's own process, numbered outside; 0 until it was seen. The box ends with it, so the number stays its.
    agent: Arc<AtomicI32>,
}

/// What is cheap to know of a thread.
#[derive(Debug)]
pub struct Thread {
    /// Its process.
    pub pid: i32,
    /// Its process's parent.
    parent: i32,
    /// What it runs.
    pub exe: String,
    /// Its process, by which its end can be learnt; `None` where the kernel gives no such descriptor for it.
    pub descriptor: Option<OwnedFd>,
}

impl Observer {
    /// Says which process is PID 1 of the box.
    pub fn set_init(&self, pid: i32) {
        self.init.store(pid, Ordering::Relaxed);
    }

    /// Whether `tid` is PID 1 of the box.
    pub fn is_init(&self, tid: i32) -> bool {
        self.init.load(Ordering::Relaxed) == tid
    }

    /// The thread that asks; `None` when it can't be read (the kernel itself asks, or a process of no box).
    pub fn thread(&self, tid: i32) -> Option<Thread> {
        let (Relation { process, parent }, descriptor) = match described(tid) {
            Some((relation, descriptor)) => (relation, Some(descriptor)),
            None => {
                let status = status(tid)?;
                (Relation { process: status.process, parent: status.parent }, None)
            }
        };
        Some(Thread { pid: process, parent, exe: executable(process), descriptor })
    }

    /// All of a process that a report tells. `before` is what was told of the process with its number last time: where it
    /// is still the same program with the same arguments and the same parent, its ancestors are told as they were then.
    pub fn process(&self, thread: &Thread, before: Option<&Process>) -> Process {
        let mut left = MOST_TEXT;
        let argv = arguments(thread.pid, &mut left);
        let same = before.filter(|before| {
            let parent = match before.ancestors.first() {
                Some(Ancestor::Seen { pid, .. }) => *pid == thread.parent,
                // An orphan, or the agent's own process.
                Some(Ancestor::Exited) => self.is_unseen(thread.parent),
                None => self.is_agent(thread.pid),
            };
            parent && before.pid == thread.pid && before.exe == thread.exe && before.argv == argv
        });
        let ancestors =
            same.map_or_else(|| self.ancestors(thread, &mut left), |before| before.ancestors.clone());
        Process { pid: thread.pid, exe: thread.exe.clone(), argv, ancestors }
    }

    fn ancestors(&self, thread: &Thread, left: &mut usize) -> Vec<Ancestor> {
        let mut ancestors = Vec::new();
        let mut parent = thread.parent;
        let mut child_is_agent = self.is_agent(thread.pid);
        while !child_is_agent && ancestors.len() < MOST_ANCESTORS {
            let seen = if self.is_unseen(parent) { None } else { self.thread(parent) };
            let Some(seen) = seen else {
                ancestors.push(Ancestor::Exited);
                break;
            };
            let exe = within(&seen.exe, left);
            ancestors.push(Ancestor::Seen { pid: seen.pid, exe, argv: arguments(seen.pid, left) });
            child_is_agent = self.is_agent(seen.pid);
            parent = seen.parent;
        }
        ancestors
    }

    /// Whether `parent` tells nothing: whoever lost its parent is PID 1's, or nobody's that can be seen, and the link in
    /// between is gone.
    fn is_unseen(&self, parent: i32) -> bool {
        parent == 0 || self.is_init(parent)
    }

    /// Whether `pid` is the agent's own process: the first that PID 1 started, number 2 in the box.
    fn is_agent(&self, pid: i32) -> bool {
        let known = self.agent.load(Ordering::Relaxed);
        if known != 0 {
            return known == pid;
        }
        let found = status(pid).is_some_and(|status| status.innermost == Some(2));
        if found {
            self.agent.store(pid, Ordering::Relaxed);
        }
        found
    }
}

/// Where a process belongs, and its descriptor, pidfd_open(2). `None` for a thread that isn't its process's first, and where
/// the kernel doesn't answer (before Linux 6.13).
fn described(pid: i32) -> Option<(Relation, OwnedFd)> {
    let descriptor = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    Some((pidfd::relation(descriptor.as_fd()).ok()?, descriptor))
}

fn status(pid: i32) -> Option<Status> {
    proc_files::status(&proc_files::read(&format!("/proc/{pid}/status")).ok()?)
}

/// How often a thread that has just asked is looked at until it waits, and how long between looks after the first few.
const LOOKS: u32 = 60;
const EAGER_LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_micros(100);

/// The call in which thread `tid` waits.
///
/// Its request may arrive here before it has gone to sleep: until then the kernel says only that it runs. That takes
/// microseconds, more on a busy machine; after a few milliseconds nobody waits for it any longer.
pub fn call(tid: i32) -> Option<Call> {
    let path = format!("/proc/{tid}/syscall");
    for look in 0..LOOKS {
        let text = proc_files::read_text(&path).ok()?;
        if text.trim_end() != "running" {
            return proc_files::call(&text);
        }
        if look < EAGER_LOOKS {
            std::thread::yield_now();
        } else {
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }
    None
}

fn executable(pid: i32) -> String {
    fs::read_link(format!("/proc/{pid}/exe"))
        .map(|path| path.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn arguments(pid: i32, left: &mut usize) -> Vec<String> {
    use std::io::Read;
    let mut text = Vec::new();
    let read = fs::File::open(format!("/proc/{pid}/cmdline"))
        .and_then(|file| file.take(*left as u64).read_to_end(&mut text));
    if read.is_err() { Vec::new() } else { proc_files::arguments(&text, left) }
}

/// A path argument of a waiting call, read from the caller's memory: what it says now, for reports alone.
pub fn text_at(tid: i32, address: u64) -> Option<String> {
    let mut text = Vec::new();
    // Page by page, because the next page may not exist.
    while text.len() < denybox_core::path::PATH_MAX {
        let at = address.checked_add(text.len() as u64)?;
        let mut page = vec![0; 4096 - (at % 4096) as usize];
        let read = denybox_sys::process::read_memory(tid, at, &mut page).ok().filter(|read| *read > 0)?;
        page.truncate(read);
        if let Some(end) = page.iter().position(|byte| *byte == 0) {
            text.extend(page.iter().take(end));
            return Some(String::from_utf8_lossy(&text).into_owned());
        }
        text.extend(page);
    }
    None
}

/// Makes an argument path absolute with the caller's working directory, or the directory that `descriptor` names.
pub fn absolute(tid: i32, descriptor: Option<i32>, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return Some(path.to_owned());
    }
    let link = match descriptor {
        Some(number) if number != libc::AT_FDCWD => format!("/proc/{tid}/fd/{number}"),
        _ => format!("/proc/{tid}/cwd"),
    };
    let base = fs::read_link(link).ok()?;
    Some(format!("{}/{path}", base.to_string_lossy()))
}

#[cfg(test)]
mod tests;
