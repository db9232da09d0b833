//! denybox's own processes, seen from inside.

use std::fs::{self, File, OpenOptions};
use std::io;

use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::attack::{Attack, Outcome, Values, Verdict};
use crate::kernel::memory::read_other;
use crate::kernel::process::seize;
use crate::stage::Stage;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("init-memory", &["init-hardening"], memory),
    Attack::new("init-memory-read", &["init-hardening"], memory_read),
    Attack::new("init-environment", &["init-hardening"], environment),
    Attack::new("init-root", &["init-hardening"], root),
    Attack::new("init-directory", &["init-hardening"], directory),
    Attack::new("init-program", &["init-hardening"], program),
    Attack::new("init-descriptors", &["init-hardening"], descriptors),
    Attack::new("init-descriptor-copy", &["init-hardening"], descriptor_copy),
    Attack::new("init-trace", &["init-hardening"], trace),
    Attack::new("denials-forged", &["mount-namespace"], denials_forged).prepare(plant_denials).unboxed(),
];

/// Opens process 1's memory for writing.
fn memory(_: &Values) -> Outcome {
    let opened = OpenOptions::new().read(true).write(true).open("/proc/1/mem");
    Ok(Verdict::of("open /proc/1/mem", opened))
}

/// Reads process 1's memory by system call. The address is a guess: EFAULT means that access was allowed.
fn memory_read(_: &Values) -> Outcome {
    Ok(Verdict::reached("process_vm_readv of process 1", read_other(1, 8), &[libc::EPERM, libc::ENOSYS]))
}

/// Reads process 1's environment, which may be the caller's.
fn environment(_: &Values) -> Outcome {
    Ok(Verdict::of("open /proc/1/environ", File::open("/proc/1/environ")))
}

/// Goes through process 1's root directory.
fn root(_: &Values) -> Outcome {
    Ok(Verdict::of("list /proc/1/root/", fs::read_dir("/proc/1/root/")))
}

/// Goes through process 1's working directory, which a careless set-up leaves in the host's tree.
fn directory(_: &Values) -> Outcome {
    Ok(Verdict::of("list /proc/1/cwd/", fs::read_dir("/proc/1/cwd/")))
}

/// Opens the program that process 1 runs: denybox itself, on the host's disk.
fn program(_: &Values) -> Outcome {
    Ok(Verdict::of("open /proc/1/exe", File::open("/proc/1/exe")))
}

/// Lists process 1's descriptors.
fn descriptors(_: &Values) -> Outcome {
    Ok(Verdict::of("list /proc/1/fd", fs::read_dir("/proc/1/fd")))
}

/// Copies a descriptor out of process 1. EBADF for a number that isn't open means that access was allowed.
fn descriptor_copy(_: &Values) -> Outcome {
    let init = Pid::INIT;
    let copied = pidfd_open(init, PidfdFlags::empty())
        .and_then(|pidfd| pidfd_getfd(&pidfd, 0, PidfdGetfdFlags::empty()))
        .map_err(io::Error::from);
    Ok(Verdict::reached("pidfd_getfd from process 1", copied, &[libc::EPERM, libc::ENOSYS]))
}

/// Traces process 1.
fn trace(_: &Values) -> Outcome {
    Ok(Verdict::of("ptrace process 1", seize(1)))
}

/// Where the box shows its diagnoses; without a box, a file in its place.
fn plant_denials(stage: &mut Stage) -> io::Result<()> {
    let path = stage.directory.join("denials.jsonl");
    stage.canary(&path)?;
    stage.set("denials", path.display());
    Ok(())
}

/// Opens the diagnoses for writing, to hide what it did or blame another.
fn denials_forged(values: &Values) -> Outcome {
    let boxed = "/run/denybox/denials.jsonl";
    // Without a box there is no such file, and the one that the host side planted stands for it.
    let path = if fs::metadata(boxed).is_ok() { boxed } else { values.text("denials")? };
    Ok(Verdict::of(&format!("open {path} for writing"), OpenOptions::new().append(true).open(path)))
}
