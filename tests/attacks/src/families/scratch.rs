//! Using a granted scratch for more than it was granted for.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::attack::{Attack, Broken, Outcome, Values, Verdict};
use crate::kernel::descriptors::map_executable;

/// The size granted, in bytes; the options below say the same.
const GRANTED: usize = 1 << 20;
/// The inodes granted, of which the directory itself takes one.
const INODES: usize = 32;

/// A scratch of that size.
const SCRATCH: &[&str] = &["--scratch", "1M", "--because", "an attack on it"];
/// A private /tmp of that size and that many inodes.
const TMP: &[&str] = &["--grant", "/tmp=private,size=1M,inodes=32", "--because", "an attack on it"];
/// A private /dev/shm of that size.
const SHM: &[&str] = &["--grant", "/dev/shm=private,size=1M", "--because", "an attack on it"];

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("scratch-overfull", &["grant-size"], scratch_overfull).options(SCRATCH),
    Attack::new("tmp-overfull", &["grant-size"], tmp_overfull).options(TMP),
    Attack::new("shm-overfull", &["grant-size"], shm_overfull).options(SHM),
    Attack::new("tmp-inodes", &["grant-size"], tmp_inodes).options(TMP),
    Attack::new("scratch-execute", &["grant-noexec"], scratch_execute).options(SCRATCH),
    Attack::new("scratch-library", &["grant-noexec"], scratch_library).options(SCRATCH),
    Attack::new("tmp-granted-execute", &["grant-noexec"], tmp_execute).options(TMP),
    Attack::new("shm-granted-library", &["grant-noexec"], shm_library).options(SHM),
];

/// The scratch that the environment names.
fn scratch() -> Result<String, Broken> {
    env::var("TMPDIR").map_err(|error| Broken(format!("TMPDIR: {error}")))
}

/// Fills a file in `place` to the byte, then writes one more.
fn overfull(place: &str) -> Outcome {
    let mut file = File::create(format!("{place}/full"))?;
    // What was granted has to be there, or being stopped means nothing.
    file.write_all(&vec![1; GRANTED])?;
    file.sync_all()?;
    let more = file.write(&[1]);
    Ok(Verdict::of(&format!("byte {} of {GRANTED} in {place}", GRANTED + 1), more))
}

/// The scratch.
fn scratch_overfull(_: &Values) -> Outcome {
    overfull(&scratch()?)
}

/// A granted /tmp.
fn tmp_overfull(_: &Values) -> Outcome {
    overfull("/tmp")
}

/// A granted /dev/shm.
fn shm_overfull(_: &Values) -> Outcome {
    overfull("/dev/shm")
}

/// Makes more files than were granted; the first of them has to work.
fn tmp_inodes(_: &Values) -> Outcome {
    File::create("/tmp/first")?;
    for number in 1..2 * INODES {
        if let Err(error) = File::create(format!("/tmp/{number}")) {
            let made = number;
            return Ok(if made < INODES {
                Verdict::Blocked(format!("file {} of {INODES} inodes: {error}", made + 1))
            } else {
                Verdict::Succeeded(format!("{made} files with {INODES} inodes"))
            });
        }
    }
    Ok(Verdict::Succeeded(format!("{} files with {INODES} inodes", 2 * INODES)))
}

/// Puts a program into `place`.
fn program(place: &str) -> Result<String, Broken> {
    let path = format!("{place}/program");
    fs::copy("/usr/bin/true", &path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// Runs a program from `place`.
fn execute(place: &str) -> Outcome {
    let path = program(place)?;
    let ran = Command::new(&path)
        .status()
        .and_then(|status| if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) });
    Ok(Verdict::of(&format!("run {path}"), ran))
}

/// Maps a program in `place` executable, as the loader maps a library.
fn library(place: &str) -> Outcome {
    let path = program(place)?;
    let mapped = File::open(&path).and_then(|file| map_executable(file.as_fd()));
    Ok(Verdict::of(&format!("map {path} executable"), mapped))
}

/// From the scratch.
fn scratch_execute(_: &Values) -> Outcome {
    execute(&scratch()?)
}

/// From the scratch.
fn scratch_library(_: &Values) -> Outcome {
    library(&scratch()?)
}

/// From a granted /tmp.
fn tmp_execute(_: &Values) -> Outcome {
    execute("/tmp")
}

/// From a granted /dev/shm.
fn shm_library(_: &Values) -> Outcome {
    library("/dev/shm")
}
