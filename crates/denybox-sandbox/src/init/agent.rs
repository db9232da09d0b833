//! The agent's own process, from its birth as a copy of PID 1 until it becomes the command.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use denybox_core::plan::Plan;
use denybox_sys::signal;

use crate::channel::Channel;
use crate::error::{During, Failure};
use crate::message::News;
use crate::weaken;

/// What the agent's process needs.
#[derive(Debug, Clone, Copy)]
pub struct Agent<'a> {
    /// To the supervisor.
    pub channel: &'a Channel,
    /// What to become.
    pub plan: &'a Plan,
}

impl Agent<'_> {
    /// Turns this process into the agent. Nothing is left to return to: failures are told and end it.
    pub fn run(self, terminal: Option<&OwnedFd>) -> ! {
        let (errno, path) = match self.prepare(terminal) {
            Ok(()) => self.execute(),
            Err(failure) => {
                let _ = self.channel.send(&News::Failed(failure), &[]);
                denybox_sys::process::exit_now(1)
            }
        };
        let _ = self.channel.send(&News::NotExecuted { errno, path }, &[]);
        denybox_sys::process::exit_now(127)
    }

    fn prepare(&self, terminal: Option<&OwnedFd>) -> Result<(), Failure> {
        // A session of its own: no controlling terminal of the caller's, and one group for signals.
        if !weaken::off("terminal") {
            rustix::process::setsid().during("setsid")?;
        }
        if let Some(terminal) = terminal {
            denybox_sys::process::adopt_terminal(terminal.as_fd()).during_on("ioctl", "TIOCSCTTY")?;
            for number in crate::terminal::standard_streams_that_are_one() {
                denybox_sys::fd::duplicate_onto(terminal.as_fd(), number).during_on("dup2", number)?;
            }
        }
        signal::reset();
        rustix::process::chdir(self.plan.directory.as_str()).during_on("chdir", &self.plan.directory)?;
        if !weaken::off("fd-hygiene") {
            denybox_sys::fd::close_on_exec_from(3).during("close_range")?;
        }
        Ok(())
    }

    /// execvp(3) with the box's own PATH: returns what went wrong, and with which file.
    fn execute(&self) -> (i32, String) {
        let to_c = |text: &OsStr| CString::new(text.as_bytes()).ok();
        let arguments: Vec<CString> = self.plan.argv.iter().filter_map(|text| to_c(text)).collect();
        let environment: Vec<CString> = self
            .plan
            .environment
            .iter()
            .filter_map(|(name, value)| CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).ok())
            .collect();
        let Some(name) = self.plan.argv.first() else {
            return (libc::ENOENT, String::new());
        };
        let shown = name.to_string_lossy().into_owned();
        let candidates: Vec<CString> = if name.as_bytes().contains(&b'/') {
            to_c(name).into_iter().collect()
        } else {
            let path = self
                .plan
                .environment
                .iter()
                .find(|(key, _)| key == "PATH")
                .map(|(_, value)| value.as_bytes());
            path.unwrap_or(b"/usr/local/bin:/usr/bin:/bin")
                .split(|byte| *byte == b':')
                .filter(|directory| !directory.is_empty())
                .filter_map(|directory| CString::new([directory, b"/", name.as_bytes()].concat()).ok())
                .collect()
        };
        let (mut errno, mut tried) = (libc::ENOENT, shown);
        for candidate in candidates {
            let error = denybox_sys::process::execute(&candidate, &arguments, &environment);
            match error.raw_os_error() {
                // As a shell does: go on looking, but remember a file that exists and can't be executed.
                Some(libc::ENOENT | libc::ENOTDIR) => {}
                number => {
                    errno = number.unwrap_or(libc::EIO);
                    tried = candidate.to_string_lossy().into_owned();
                    if errno != libc::EACCES {
                        break;
                    }
                }
            }
        }
        (errno, tried)
    }
}
