//! A terminal of the test's own, for attacks on the one that the caller sits at.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Termios, Winsize};

/// A pseudo-terminal: denybox gets one end, the host keeps both.
pub struct PseudoTerminal {
    /// The end that a program sits at; kept open so that its state outlives the box.
    pub user_side: OwnedFd,
    /// Its path, below /dev/pts.
    pub path: String,
    controller: OwnedFd,
    transcript: Arc<Mutex<Vec<u8>>>,
}

impl PseudoTerminal {
    /// Opens one that passes every byte on as it comes, so that nothing hides in a line buffer.
    pub fn open() -> io::Result<Self> {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        let path = ptsname(&controller, Vec::new())?;
        let user_side =
            rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let mut modes = rustix::termios::tcgetattr(&user_side)?;
        modes.make_raw();
        rustix::termios::tcsetattr(&user_side, OptionalActions::Now, &modes)?;
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&user_side, size)?;
        let transcript = Arc::new(Mutex::new(Vec::new()));
        let terminal = Self {
            user_side,
            path: path.to_string_lossy().into_owned(),
            controller,
            transcript: Arc::clone(&transcript),
        };
        let mut reader = File::from(terminal.controller.try_clone()?);
        // Ends with the process; a terminal that nobody reads would hold its writers up.
        thread::spawn(move || {
            let mut chunk = [0_u8; 4096];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                let mut whole = transcript.lock().unwrap_or_else(PoisonError::into_inner);
                whole.extend_from_slice(chunk.get(..length).unwrap_or_default());
            }
        });
        Ok(terminal)
    }

    /// What was written to it so far.
    pub fn transcript(&self) -> String {
        let whole = self.transcript.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&whole).into_owned()
    }

    /// How many bytes wait to be read by whoever sits at it next: nobody types here, so each was planted.
    pub fn waiting(&self) -> io::Result<u64> {
        Ok(rustix::io::ioctl_fionread(self.user_side.as_fd())?)
    }

    /// Its modes now.
    pub fn modes(&self) -> io::Result<Termios> {
        Ok(rustix::termios::tcgetattr(&self.user_side)?)
    }
}
