//! The terminal that denybox was started from. The one here belongs to the test.

use std::io;
use std::os::fd::AsFd;

use rustix::termios::{InputModes, OptionalActions, isatty, tcgetattr, tcsetattr};

use crate::attack::{Attack, Broken, Need, Outcome, Values, Verdict};
use crate::kernel::descriptors::{STRAY_BITS, ioctl_byte};
use crate::pseudo_terminal::PseudoTerminal;
use crate::stage::{Aftermath, Stage};

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("terminal-type", &["terminal", "seccomp"], type_in)
        .prepare(sit_down)
        .judge(typed)
        .needs(Need::Tiocsti),
    Attack::new("terminal-type-stray-bits", &["terminal", "seccomp"], type_in_stray)
        .prepare(sit_down)
        .judge(typed)
        .needs(Need::Tiocsti),
    Attack::new("terminal-type-own", &["seccomp"], type_own).prepare(sit_down).needs(Need::Tiocsti),
    Attack::new("terminal-same", &["terminal"], same).prepare(sit_down),
    Attack::new("terminal-modes", &["terminal"], change_modes).prepare(sit_down).judge(modes_changed),
    Attack::new("console", &["seccomp"], console),
    Attack::new("console-stray-bits", &["seccomp"], console_stray),
];

/// The request that puts a byte into a terminal's input.
const TIOCSTI: usize = libc::TIOCSTI as usize;
/// The request that drives a virtual console, pasting included.
const TIOCLINUX: usize = libc::TIOCLINUX as usize;

/// Starts denybox on a terminal of the test's own.
fn sit_down(stage: &mut Stage) -> io::Result<()> {
    let terminal = PseudoTerminal::open()?;
    let status = rustix::fs::fstat(&terminal.user_side)?;
    stage.set("terminal", format!("{}:{}", status.st_dev, status.st_rdev));
    stage.set("utf8", terminal.modes()?.input_modes.contains(InputModes::IUTF8));
    stage.terminal = Some(terminal);
    Ok(())
}

/// Types into the terminal, as if the caller had: the shell would run it after the box has ended.
fn type_in(_: &Values) -> Outcome {
    Ok(Verdict::of("TIOCSTI", ioctl_byte(io::stdin().as_fd(), TIOCSTI, b'#')))
}

/// The same, with bits set that the kernel drops.
fn type_in_stray(_: &Values) -> Outcome {
    Ok(Verdict::of("TIOCSTI with stray bits", ioctl_byte(io::stdin().as_fd(), STRAY_BITS | TIOCSTI, b'#')))
}

/// Blocked if nothing waits in the caller's terminal, whatever the box saw.
fn typed(after: &Aftermath<'_>) -> Outcome {
    let waiting = match &after.stage.terminal {
        Some(terminal) => terminal.waiting()?,
        None => 0,
    };
    Ok(if waiting > 0 {
        Verdict::Succeeded(format!("{waiting} bytes wait in the caller's terminal"))
    } else {
        Verdict::Blocked(format!("nothing waits in the caller's terminal; status {}", after.status))
    })
}

/// Types into the terminal that the box has, whichever that is.
fn type_own(_: &Values) -> Outcome {
    if !isatty(io::stdin()) {
        return Err(Broken("the standard input is no terminal".to_owned()));
    }
    type_in(&Values::default())
}

/// Looks whether its terminal is the caller's.
fn same(values: &Values) -> Outcome {
    let status = rustix::fs::fstat(io::stdin()).map_err(io::Error::from)?;
    let here = format!("{}:{}", status.st_dev, status.st_rdev);
    Ok(if here == values.text("terminal")? {
        Verdict::Succeeded("the standard input is the caller's terminal".to_owned())
    } else {
        Verdict::Blocked(format!("the standard input is {here}"))
    })
}

/// Leaves the caller's terminal in another mode: here the harmless one that says that input is UTF-8.
fn change_modes(_: &Values) -> Outcome {
    let mut modes = tcgetattr(io::stdin()).map_err(io::Error::from)?;
    modes.input_modes.toggle(InputModes::IUTF8);
    let set = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
    Ok(Verdict::of("set the terminal's modes", set.map_err(io::Error::from)))
}

/// Blocked if the caller's terminal is as it was.
fn modes_changed(after: &Aftermath<'_>) -> Outcome {
    // The box may change a terminal of its own as it likes.
    after.expect_status(0)?;
    let modes = match &after.stage.terminal {
        Some(terminal) => terminal.modes()?,
        None => return Err(Broken("no terminal".to_owned())),
    };
    Ok(if modes.input_modes.contains(InputModes::IUTF8).to_string() == after.stage.values.text("utf8")? {
        Verdict::Blocked("the caller's terminal is as it was".to_owned())
    } else {
        Verdict::Succeeded("the caller's terminal has another mode".to_owned())
    })
}

/// Drives a virtual console. There is none here: an answer of the driver's shows that it was reached.
fn console(_: &Values) -> Outcome {
    let asked = ioctl_byte(io::stdin().as_fd(), TIOCLINUX, 6);
    Ok(Verdict::reached("TIOCLINUX", asked, &[libc::EPERM, libc::ENOSYS]))
}

/// The same, with bits set that the kernel drops.
fn console_stray(_: &Values) -> Outcome {
    let asked = ioctl_byte(io::stdin().as_fd(), STRAY_BITS | TIOCLINUX, 6);
    Ok(Verdict::reached("TIOCLINUX with stray bits", asked, &[libc::EPERM, libc::ENOSYS]))
}
