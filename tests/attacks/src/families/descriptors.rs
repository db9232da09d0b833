//! Descriptors that lead out of the box.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::fs::{Mode, OFlags, openat};

use crate::attack::{Attack, Broken, Outcome, Values, Verdict};
use crate::kernel::descriptors::inherited;
use crate::stage::{CANARY, Stage};

/// The number under which a descriptor is handed to denybox.
const HANDED: i32 = 30;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("inherited-directory", &["fd-hygiene"], directory).prepare(hand_directory),
    Attack::new("inherited-file", &["fd-hygiene"], file).prepare(hand_file),
    Attack::new("inherited-socket", &["fd-hygiene"], socket).prepare(hand_socket),
    Attack::new("stdin-reopened", &["landlock"], stdin_reopened).prepare(stdin_is_file),
    Attack::new("stdin-directory", &["stdio-directory"], stdin_directory)
        .prepare(stdin_is_directory)
        .refused(),
    Attack::new("stdout-directory", &["stdio-directory"], stdout_directory)
        .prepare(stdout_is_directory)
        .refused(),
];

/// Success if `name` below the directory `fd` is the canary.
fn canary_below(fd: BorrowedFd<'_>, name: &str) -> Outcome {
    let read = openat(fd, name, OFlags::RDONLY, Mode::empty()).map_err(io::Error::from).and_then(|fd| {
        let mut text = String::new();
        File::from(fd).read_to_string(&mut text).map(|_| text)
    });
    Ok(match read {
        Ok(text) if text == CANARY => Verdict::Succeeded(format!("read the canary by openat of {name}")),
        Ok(_) => Verdict::Blocked("another file".to_owned()),
        Err(error) => Verdict::Blocked(format!("openat {name}: {error}")),
    })
}

/// Plants a canary in a directory of the host and opens the directory.
fn open_directory(stage: &mut Stage) -> io::Result<OwnedFd> {
    stage.canary(&stage.directory.join("canary"))?;
    Ok(File::open(&stage.directory)?.into())
}

/// Hands an open directory.
fn hand_directory(stage: &mut Stage) -> io::Result<()> {
    let directory = open_directory(stage)?;
    stage.descriptors.push((HANDED, directory));
    Ok(())
}

/// Opens a file relative to a directory that was left open.
fn directory(_: &Values) -> Outcome {
    match inherited(HANDED) {
        Ok(fd) => canary_below(fd, "canary"),
        Err(error) => Ok(Verdict::Blocked(format!("descriptor {HANDED}: {error}"))),
    }
}

/// Hands an open file.
fn hand_file(stage: &mut Stage) -> io::Result<()> {
    let path = stage.directory.join("canary");
    stage.canary(&path)?;
    stage.descriptors.push((HANDED, File::open(path)?.into()));
    Ok(())
}

/// Reads a file that was left open.
fn file(_: &Values) -> Outcome {
    let read = inherited(HANDED).and_then(|fd| {
        let mut text = String::new();
        File::from(fd.try_clone_to_owned()?).read_to_string(&mut text)?;
        Ok(text)
    });
    Ok(Verdict::of("read the inherited file", read))
}

/// Hands one end of a connection.
fn hand_socket(stage: &mut Stage) -> io::Result<()> {
    let (given, kept) = UnixStream::pair()?;
    stage.descriptors.push((HANDED, given.into()));
    stage.hold(kept);
    Ok(())
}

/// Speaks on a connection that was left open.
fn socket(_: &Values) -> Outcome {
    let sent = inherited(HANDED)
        .and_then(|fd| UnixStream::from(fd.try_clone_to_owned()?).write_all(b"hello from inside"));
    Ok(Verdict::of("write to the inherited socket", sent))
}

/// Starts denybox with a file as its standard input, open for reading only, that anybody may write.
fn stdin_is_file(stage: &mut Stage) -> io::Result<()> {
    let path = stage.directory.join("canary");
    stage.canary(&path)?;
    stage.descriptors.push((0, File::open(path)?.into()));
    Ok(())
}

/// Opens the same file once more by its name below /proc, which no mount has to hold, and for writing. That it
/// can be read is what it was given for.
fn stdin_reopened(_: &Values) -> Outcome {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    if text != CANARY {
        return Err(Broken(format!("the standard input isn't the file: {text}")));
    }
    let path = "/proc/self/fd/0";
    Ok(Verdict::of(&format!("open {path} for writing"), OpenOptions::new().append(true).open(path)))
}

/// Starts denybox with a directory as its standard input.
fn stdin_is_directory(stage: &mut Stage) -> io::Result<()> {
    let directory = open_directory(stage)?;
    stage.descriptors.push((0, directory));
    Ok(())
}

/// Walks out through the standard input: `… < /some/directory`.
fn stdin_directory(_: &Values) -> Outcome {
    canary_below(io::stdin().as_fd(), "canary")
}

/// Starts denybox with a directory as its standard output, and a deeper one so that `..` leads to the canary.
fn stdout_is_directory(stage: &mut Stage) -> io::Result<()> {
    stage.canary(&stage.directory.join("canary"))?;
    let deeper = stage.directory.join("deeper");
    fs::create_dir(&deeper)?;
    stage.descriptors.push((1, File::open(deeper)?.into()));
    Ok(())
}

/// Walks out through the standard output, and up.
fn stdout_directory(_: &Values) -> Outcome {
    canary_below(io::stdout().as_fd(), "../canary")
}
