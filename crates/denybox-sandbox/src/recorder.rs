//! What was denied, counted exactly in bounded memory, and told to the box while it runs.

use std::collections::HashMap;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use denybox_core::audit::Journal;
use denybox_core::audit::event::{self, Event};
use denybox_core::diagnosis::Knowledge;
use denybox_core::event::{Denial, Operation, Outcome, Process, printable_json};
use denybox_core::resource::Resource;

use crate::feed;
use crate::observer::{Observer, Thread};
use crate::weaken;

/// Most distinct denials told apart by path and process. Beyond, they are told apart by program only; beyond that again
/// they are counted per resource and operation. No count is ever lost.
const MOST_DISTINCT: usize = 2000;
const MOST_PROGRAMS: usize = 4000;
/// Most processes whose end is watched for at once.
const MOST_WATCHED: usize = 256;
/// Most lines that the box is told.
const MOST_FEED_LINES: usize = 500;

/// What tells one denial from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    pid: i32,
    exe: String,
    resource: Resource,
    path: String,
    operation: Operation,
}

/// One denied access as it is met.
#[derive(Debug, Clone)]
pub struct Met {
    /// What was denied.
    pub resource: Resource,
    /// The path as tried, or the call's name.
    pub path: String,
    /// What was tried.
    pub operation: Operation,
    /// By which call.
    pub syscall: Option<&'static str>,
}

/// A denial with whoever met it, ready to be counted.
#[derive(Debug)]
pub struct Introduced {
    key: Key,
    process: Option<Process>,
    syscall: Option<&'static str>,
}

impl Introduced {
    /// The path as it will be counted.
    pub fn path(&self) -> &str {
        &self.key.path
    }
}

/// Collects the denials of one box.
#[derive(Debug, Default)]
pub struct Recorder {
    denials: Vec<Denial>,
    known: HashMap<Key, usize>,
    /// By process: the last denial that was new, which holds what was read of it.
    last: HashMap<i32, usize>,
    watched: HashMap<i32, OwnedFd>,
    ended: HashMap<i32, Outcome>,
    feed: Option<std::fs::File>,
    feed_lines: usize,
    journal: Option<Arc<dyn Journal>>,
}

impl Recorder {
    /// A recorder that writes each new denial to a journal as well.
    pub fn new(journal: Option<Arc<dyn Journal>>) -> Self {
        Self { journal, ..Self::default() }
    }

    /// Gives the descriptor of the box's own copy.
    pub fn feed_to(&mut self, descriptor: OwnedFd) {
        self.feed = Some(descriptor.into());
    }

    /// Reads who meets `met` while that process still waits, where this denial is a new one; otherwise nothing is read.
    pub fn introduce(&mut self, observer: &Observer, thread: Option<Thread>, met: Met) -> Introduced {
        let (pid, exe) =
            thread.as_ref().map_or((0, String::new()), |thread| (thread.pid, thread.exe.clone()));
        let mut key = Key { pid, exe, resource: met.resource, path: met.path, operation: met.operation };
        let bounded = !weaken::off("denial-limits");
        if bounded && self.denials.len() >= MOST_DISTINCT && !self.known.contains_key(&key) {
            key.pid = 0;
            key.path = format!("{}/…", key.resource);
            if self.denials.len() >= MOST_PROGRAMS && !self.known.contains_key(&key) {
                key.exe = String::new();
            }
        }
        let process = match thread {
            Some(thread) if key.pid != 0 && !self.known.contains_key(&key) => {
                let before = self.last.get(&thread.pid).and_then(|at| self.denials.get(*at));
                let process = observer.process(&thread, before.map(|denial| &denial.process));
                self.watch(thread);
                Some(process)
            }
            _ => None,
        };
        Introduced { key, process, syscall: met.syscall }
    }

    /// Counts one denial.
    pub fn record(&mut self, introduced: Introduced) {
        let Introduced { key, process, syscall } = introduced;
        if let Some(denial) = self.known.get(&key).and_then(|at| self.denials.get_mut(*at)) {
            denial.count = denial.count.saturating_add(1);
            return;
        }
        let process = process.unwrap_or_else(|| Process {
            pid: key.pid,
            exe: key.exe.clone(),
            argv: Vec::new(),
            ancestors: Vec::new(),
        });
        let denial = Denial {
            resource: key.resource.clone(),
            path: key.path.clone(),
            operation: key.operation,
            count: 1,
            process,
            outcome: Outcome::Unknown,
            syscall: syscall.map(str::to_owned),
        };
        self.tell(&denial);
        self.write_down(|number| Event::Denied(denied(number, &denial)));
        if key.pid != 0 {
            self.last.insert(key.pid, self.denials.len());
        }
        self.known.insert(key, self.denials.len());
        self.denials.push(denial);
    }

    /// Everything that was denied, with how the processes ended.
    pub fn finish(mut self) -> Vec<Denial> {
        self.harvest();
        for denial in &mut self.denials {
            if let Some(outcome) = self.ended.get(&denial.process.pid) {
                denial.outcome = *outcome;
            }
        }
        for (number, denial) in (0..).zip(&self.denials) {
            if denial.count > 1 || denial.outcome != Outcome::Unknown {
                let (count, outcome) = (denial.count, denial.outcome);
                let total = event::DeniedInAll { number, count, outcome };
                self.write_down(|_| Event::DeniedInAll(total));
            }
        }
        self.denials
    }

    /// Writes an event to the journal, given the number of the next denial.
    fn write_down(&self, event: impl FnOnce(u64) -> Event) {
        if let Some(journal) = &self.journal {
            // A journal that fails raises its alarm, and the supervisor ends the box.
            let _ = journal.record(&event(self.denials.len() as u64));
        }
    }

    /// Keeps a descriptor of a process, from which its end can be learnt although it isn't our child.
    fn watch(&mut self, Thread { pid, descriptor, .. }: Thread) {
        if self.watched.contains_key(&pid) || self.ended.contains_key(&pid) {
            return;
        }
        if self.watched.len() >= MOST_WATCHED {
            self.harvest();
        }
        let open = |number| pidfd_open(number, PidfdFlags::empty()).ok();
        if self.watched.len() < MOST_WATCHED
            && let Some(descriptor) = descriptor.or_else(|| Pid::from_raw(pid).and_then(open))
        {
            self.watched.insert(pid, descriptor);
        }
    }

    /// Learns which of the watched have ended, and how.
    fn harvest(&mut self) {
        let ended = &mut self.ended;
        self.watched.retain(|pid, descriptor| {
            let Ok(Some(status)) = denybox_sys::pidfd::exit_status(descriptor.as_fd()) else { return true };
            let outcome = if libc::WIFEXITED(status) {
                Outcome::of_exit(libc::WEXITSTATUS(status))
            } else if libc::WIFSIGNALED(status) && libc::WTERMSIG(status) != libc::SIGKILL {
                Outcome::Killed(libc::WTERMSIG(status))
            } else {
                // Killed with the box, most likely: that says nothing.
                Outcome::Unknown
            };
            ended.insert(*pid, outcome);
            false
        });
    }

    /// Tells the box, once for each distinct denial, what it means. Looking only is not worth a line.
    fn tell(&mut self, denial: &Denial) {
        if self.feed_lines >= MOST_FEED_LINES {
            return;
        }
        let Some(feed) = &mut self.feed else { return };
        let diagnoses = Knowledge::shipped().diagnose(std::slice::from_ref(denial));
        for cause in &diagnoses.causes {
            let Ok(line) = serde_json::to_string(&feed::Line::of(denial, cause)) else { continue };
            let line = printable_json(&line) + "\n";
            if feed.write_all(line.as_bytes()).is_err() {
                // Full: the report at the end has the rest.
                self.feed = None;
                return;
            }
            self.feed_lines += 1;
        }
    }
}

fn denied(number: u64, denial: &Denial) -> event::Denied {
    let diagnosis = Knowledge::shipped().explain(denial, &[denial]).map(|cause| cause.id);
    event::Denied { number, denial: denial.clone(), diagnosis }
}

#[cfg(test)]
mod tests;
