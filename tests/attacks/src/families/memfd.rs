//! Executing a file that lies in memory only, where nothing that watches files sees it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::Command;

use rustix::fs::{Mode, fchmod};

use crate::attack::{Attack, Outcome, Values, Verdict};
use crate::kernel::descriptors::{exec_descriptor, memfd};
use crate::kernel::process::{ChildEnd, in_child};

/// `MFD_EXEC`: executable even where the system's default says otherwise.
const MFD_EXEC: usize = 0x10;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("memfd-execveat", &["memfd-noexec"], execveat),
    Attack::new("memfd-by-proc", &["memfd-noexec"], by_proc),
    Attack::new("memfd-exec-flag", &["memfd-noexec"], exec_flag),
    Attack::new("memfd-chmod", &["memfd-noexec"], chmod),
];

/// A program in memory.
fn program(flags: usize) -> io::Result<OwnedFd> {
    let fd = memfd(flags)?;
    let mut file = File::from(fd);
    file.write_all(&fs::read("/usr/bin/true")?)?;
    Ok(file.into())
}

/// Success if a child that executes `fd` by itself ends like `true`.
fn run_descriptor(fd: io::Result<OwnedFd>) -> Outcome {
    let fd = match fd {
        Ok(fd) => fd,
        Err(error) => return Ok(Verdict::Blocked(format!("memfd_create: {error}"))),
    };
    let ended = in_child(|| {
        let error = exec_descriptor(fd.as_fd(), c"true");
        u8::try_from(error.raw_os_error().unwrap_or(255)).unwrap_or(255)
    })?;
    Ok(match ended {
        ChildEnd::Exited(0) => Verdict::Succeeded("executed a memory file".to_owned()),
        ChildEnd::Exited(errno) => {
            Verdict::Blocked(format!("execveat: {}", io::Error::from_raw_os_error(errno)))
        }
        ChildEnd::Killed(signal) => Verdict::Blocked(format!("execveat: killed by signal {signal}")),
    })
}

/// Executes the descriptor itself.
fn execveat(_: &Values) -> Outcome {
    run_descriptor(program(0))
}

/// Executes it by its name below /proc.
fn by_proc(_: &Values) -> Outcome {
    let fd = match program(0) {
        Ok(fd) => fd,
        Err(error) => return Ok(Verdict::Blocked(format!("memfd_create: {error}"))),
    };
    let path = format!("/proc/{}/fd/{}", std::process::id(), fd.as_raw_fd());
    Ok(Verdict::of(&format!("run {path}"), Command::new(&path).status()))
}

/// Asks for an executable one.
fn exec_flag(_: &Values) -> Outcome {
    run_descriptor(program(MFD_EXEC))
}

/// Gives it the mode back that it was made without.
fn chmod(_: &Values) -> Outcome {
    let made = program(0).and_then(|fd| {
        fchmod(&fd, Mode::from_raw_mode(0o777))?;
        Ok(fd)
    });
    run_descriptor(made)
}
