//! A process of a test's own, with an end: at its deadline it is killed by its number.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// No process of a test may live longer. Far above what anything here takes on a busy machine.
pub const LONGEST: Duration = Duration::from_secs(120);
/// How long to sleep between two looks.
const PAUSE: Duration = Duration::from_millis(4);

/// A child that is killed and reaped when it is dropped.
#[derive(Debug)]
pub struct Bounded {
    child: Child,
    deadline: Instant,
    ended: Option<ExitStatus>,
}

impl Bounded {
    /// Starts `command`.
    ///
    /// # Errors
    /// Those of spawning, naming the command.
    pub fn start(command: &mut Command) -> Result<Self, String> {
        let child = command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
        Ok(Self { child, deadline: Instant::now() + LONGEST, ended: None })
    }

    /// The child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its number.
    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Sends it a signal, signal(7).
    ///
    /// # Errors
    /// Those of kill(2).
    pub fn signal(&self, number: i32) -> io::Result<()> {
        // Not reaped yet: the number is still this child's.
        if self.ended.is_some() { Ok(()) } else { denybox_sys::signal::send(self.pid(), number) }
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// Those of wait(2).
    pub fn runs(&mut self) -> io::Result<bool> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended.is_none())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When the deadline passes: then it was killed.
    pub fn wait(&mut self) -> Result<ExitStatus, String> {
        let ended =
            until("the process to end", self.deadline, || Ok(!self.runs().map_err(|e| e.to_string())?));
        match (ended, self.ended) {
            (Ok(()), Some(status)) => Ok(status),
            (Err(why), _) => {
                self.end();
                Err(why)
            }
            (Ok(()), None) => Err("it ended without a status".to_owned()),
        }
    }

    fn end(&mut self) {
        if self.ended.is_none() {
            // Both fail only for a child that is gone.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        if !self.runs().is_ok_and(|runs| !runs) {
            self.end();
        }
    }
}

/// Waits until `is_so`, for [`LONGEST`] at most.
///
/// # Errors
/// Those of `is_so`, and that it wasn't so in time.
pub fn wait_until(what: &str, is_so: impl FnMut() -> Result<bool, String>) -> Result<(), String> {
    until(what, Instant::now() + LONGEST, is_so)
}

fn until(
    what: &str,
    deadline: Instant,
    mut is_so: impl FnMut() -> Result<bool, String>,
) -> Result<(), String> {
    while !is_so()? {
        if Instant::now() >= deadline {
            return Err(format!("waited in vain for {what}"));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
