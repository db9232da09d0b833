//! A terminal of the test's own, and a process that it controls: pty(7).

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::child::{Bounded, LONGEST};
use crate::{Checked, check};

/// A process on a terminal.
#[derive(Debug)]
pub struct OnTerminal {
    /// The process: its session's leader.
    pub process: Bounded,
    master: File,
    // Kept open, so that the terminal's settings can be looked at when the process is gone.
    slave: OwnedFd,
    shown: Vec<u8>,
    /// How much of it was waited for already.
    seen: usize,
}

impl OnTerminal {
    /// Starts `command` as the leader of a session that a new terminal of this size controls.
    ///
    /// # Errors
    /// Those of opening terminals and starting.
    pub fn start(command: Command, rows: u16, columns: u16) -> Result<Self, String> {
        let open = || -> rustix::io::Result<_> {
            let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
            grantpt(&master)?;
            unlockpt(&master)?;
            let name = ptsname(&master, Vec::new())?;
            let slave =
                rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
            tcsetwinsize(&master, size(rows, columns))?;
            Ok((master, slave))
        };
        let (master, slave) = open().map_err(|error| format!("no terminal: {error}"))?;
        let end = || slave.try_clone().map(Stdio::from).map_err(|error| error.to_string());
        let mut leading = Command::new("setsid");
        leading.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        leading.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            leading.current_dir(directory);
        }
        leading.stdin(end()?).stdout(end()?).stderr(end()?);
        let process = Bounded::start(&mut leading)?;
        Ok(Self { process, master: master.into(), slave, shown: Vec::new(), seen: 0 })
    }

    /// Types.
    ///
    /// # Errors
    /// Those of write(2).
    pub fn types(&mut self, text: &str) -> Checked {
        self.master.write_all(text.as_bytes())?;
        Ok(())
    }

    /// Changes the window's size; the kernel tells the foreground.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn resize(&self, rows: u16, columns: u16) -> Checked {
        Ok(tcsetwinsize(&self.master, size(rows, columns))?)
    }

    /// The terminal's settings.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn settings(&self) -> rustix::io::Result<Termios> {
        tcgetattr(&self.slave)
    }

    /// Waits until `text` is shown, after what was waited for before.
    ///
    /// # Errors
    /// That it wasn't, with all that was shown.
    pub fn shows(&mut self, text: &str) -> Checked {
        let deadline = Instant::now() + LONGEST;
        loop {
            let rest = self.shown.get(self.seen..).unwrap_or_default();
            if let Some(at) = rest.windows(text.len()).position(|window| window == text.as_bytes()) {
                self.seen += at + text.len();
                return Ok(());
            }
            let runs = self.process.runs()?;
            let more = self.read()?;
            check(more || (runs && Instant::now() < deadline), || {
                format!("{text:?} wasn't shown after {} bytes of:\n{}", self.seen, self.all())
            })?;
        }
    }

    /// Everything shown so far.
    pub fn all(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    /// Waits for the end; gives the exit code.
    ///
    /// # Errors
    /// When it doesn't come.
    pub fn end(&mut self) -> Result<Option<i32>, String> {
        let deadline = Instant::now() + LONGEST;
        while self.process.runs().map_err(|error| error.to_string())? && Instant::now() < deadline {
            self.read().map_err(|error| error.to_string())?;
        }
        let code = self.process.wait()?.code();
        while self.read().map_err(|error| error.to_string())? {}
        Ok(code)
    }

    /// Reads what there is, after a short wait; whether there was anything.
    fn read(&mut self) -> rustix::io::Result<bool> {
        let pause = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
        let mut polled = [PollFd::from_borrowed_fd(self.master.as_fd(), PollFlags::IN)];
        if poll(&mut polled, Some(&pause))? == 0 {
            return Ok(false);
        }
        let mut buffer = [0; 4096];
        let count = rustix::io::read(&self.master, &mut buffer)?;
        self.shown.extend(buffer.iter().take(count));
        Ok(count > 0)
    }
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
