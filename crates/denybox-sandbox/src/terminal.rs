//! Terminals. The caller's own never gets into a box: the box has one of its own, and the supervisor relays.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::termios::{
    OptionalActions, OutputModes, Termios, isatty, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};

use crate::init::STANDARD_STREAMS;

/// Most bytes waiting in one direction.
const MOST_WAITING: usize = 64 << 10;

/// Borrows a standard stream. They are open for the whole life of a program: Rust's start-up code sees to it.
pub(crate) fn standard_stream(number: RawFd) -> BorrowedFd<'static> {
    match number {
        0 => rustix::stdio::stdin(),
        1 => rustix::stdio::stdout(),
        _ => rustix::stdio::stderr(),
    }
}

/// The numbers of the standard streams that are terminals, isatty(3).
pub fn standard_streams_that_are_one() -> impl Iterator<Item = RawFd> {
    STANDARD_STREAMS.into_iter().filter(|number| isatty(standard_stream(*number)))
}

/// Whether any standard stream is a terminal.
pub fn any_standard_stream_is_one() -> bool {
    standard_streams_that_are_one().next().is_some()
}

/// Carries bytes between the caller's terminal and the box's.
#[derive(Debug)]
pub struct Relay {
    master: OwnedFd,
    /// The caller's terminal, where it is the standard input: what is typed goes to the box.
    input: Option<BorrowedFd<'static>>,
    /// The caller's terminal for what the box prints.
    output: BorrowedFd<'static>,
    /// How the caller's terminal was before.
    before: Option<Termios>,
    raw: bool,
    typed: VecDeque<u8>,
    printed: VecDeque<u8>,
    hung_up: bool,
}

impl Relay {
    /// A relay for the controlling side of the box's terminal. The caller's goes raw while it is in the foreground.
    pub fn new(master: OwnedFd) -> Self {
        let input = isatty(rustix::stdio::stdin()).then(rustix::stdio::stdin);
        let output = standard_streams_that_are_one().find(|number| *number != 0).unwrap_or(0);
        let output = standard_stream(output);
        let before = tcgetattr(output).ok();
        let mut relay = Self {
            master,
            input,
            output,
            before,
            raw: false,
            typed: VecDeque::new(),
            printed: VecDeque::new(),
            hung_up: false,
        };
        relay.dress();
        relay.resize();
        relay.resume();
        relay
    }

    /// Gives the box's terminal the settings of the caller's.
    fn dress(&self) {
        let Some(mut settings) = self.before.clone() else { return };
        if self.input.is_none() {
            // The caller's terminal stays as it is and adds its own carriage returns.
            settings.output_modes.remove(OutputModes::OPOST);
        }
        // Only looks: a box's terminal with other settings works too.
        let _ = tcsetattr(&self.master, OptionalActions::Now, &settings);
    }

    /// Takes over the caller's window size.
    pub fn resize(&self) {
        if let Ok(size) = tcgetwinsize(self.output) {
            let _ = rustix::termios::tcsetwinsize(&self.master, size);
        }
    }

    /// Puts the caller's terminal into raw mode, if it is ours now.
    pub fn resume(&mut self) {
        let (Some(input), Some(before)) = (self.input, &self.before) else { return };
        let foreground = tcgetpgrp(input).is_ok_and(|group| group == rustix::process::getpgrp());
        if foreground && !self.raw {
            let mut settings = before.clone();
            settings.make_raw();
            self.raw = tcsetattr(input, OptionalActions::Now, &settings).is_ok();
        }
    }

    /// Gives the caller's terminal its settings back.
    pub fn restore(&mut self) {
        if let (true, Some(input), Some(before)) = (self.raw, self.input, &self.before) {
            let _ = tcsetattr(input, OptionalActions::Flush, before);
            self.raw = false;
        }
    }

    /// What to wait for: the box's terminal, what is typed, and room to print.
    pub fn interests(&self) -> [PollFd<'_>; 3] {
        let mut master = PollFlags::empty();
        if self.printed.len() < MOST_WAITING && !self.hung_up {
            master |= PollFlags::IN;
        }
        if !self.typed.is_empty() {
            master |= PollFlags::OUT;
        }
        let reads = self.raw && self.typed.len() < MOST_WAITING;
        let input = self.input.filter(|_| reads).map_or_else(
            || PollFd::from_borrowed_fd(self.output, PollFlags::empty()),
            |input| PollFd::from_borrowed_fd(input, PollFlags::IN),
        );
        let output = if self.printed.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        [
            PollFd::from_borrowed_fd(self.master.as_fd(), master),
            input,
            PollFd::from_borrowed_fd(self.output, output),
        ]
    }

    /// Moves what can be moved now.
    pub fn carry(&mut self, [master, input, output]: [PollFlags; 3]) {
        let mut buffer = [0; 16 << 10];
        if master.intersects(PollFlags::IN | PollFlags::HUP) && !self.hung_up {
            match rustix::io::read(&self.master, &mut buffer) {
                Ok(0) | Err(Errno::IO) => self.hung_up = true,
                Ok(read) => self.printed.extend(buffer.iter().take(read)),
                Err(_) => {}
            }
        }
        if input.contains(PollFlags::IN)
            && let Some(from) = self.input
            && let Ok(read) = rustix::io::read(from, &mut buffer)
        {
            self.typed.extend(buffer.iter().take(read));
        }
        if master.contains(PollFlags::OUT) {
            give(self.master.as_fd(), &mut self.typed);
        }
        if output.contains(PollFlags::OUT) {
            give(self.output, &mut self.printed);
        }
    }

    /// Prints what the box has printed so far, for its end.
    pub fn drain(&mut self) {
        let now = rustix::time::Timespec::default();
        loop {
            let mut polled = [PollFd::from_borrowed_fd(self.master.as_fd(), PollFlags::IN)];
            let ready = rustix::event::poll(&mut polled, Some(&now)).is_ok_and(|count| count > 0);
            if !ready || self.hung_up {
                break;
            }
            self.carry([PollFlags::IN, PollFlags::empty(), PollFlags::OUT]);
        }
        while !self.printed.is_empty() && give(self.output, &mut self.printed) {}
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Writes some of `waiting`; `false` when the other side takes nothing any more.
fn give(to: BorrowedFd<'_>, waiting: &mut VecDeque<u8>) -> bool {
    let (first, _) = waiting.as_slices();
    let chunk = first.get(..4096).unwrap_or(first);
    match rustix::io::write(to, chunk) {
        Ok(written) => {
            waiting.drain(..written);
            true
        }
        Err(Errno::INTR | Errno::AGAIN) => true,
        Err(_) => {
            waiting.clear();
            false
        }
    }
}
