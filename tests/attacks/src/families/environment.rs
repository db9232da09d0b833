//! Planting code in programs that the box runs, or that its owner runs later.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;

use crate::attack::{Attack, Caller, Outcome, Values, Verdict};
use crate::stage::Stage;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("environment-preload", &["environment"], preload).prepare(set_preload),
    Attack::new("environment-library-path", &["environment"], library_path).prepare(set_library_path),
    Attack::new("environment-audit", &["environment"], audit).prepare(set_audit),
    Attack::new("environment-tmpdir", &["environment"], tmpdir).prepare(set_tmpdir),
    Attack::new("loader-cache", &["readonly-system", "uid-separation", "landlock"], loader_cache)
        .callers(&[Caller::Root]),
    Attack::new("system-program", &["readonly-system", "uid-separation", "landlock"], system_program)
        .callers(&[Caller::Root]),
    Attack::new("system-directory", &["readonly-system", "uid-separation", "landlock"], system_directory)
        .callers(&[Caller::Root]),
];

/// Success if the variable got in with the value that the host side gave it.
fn got_in(name: &str) -> Outcome {
    Ok(match env::var(name) {
        Ok(value) => Verdict::Succeeded(format!("{name}={value}")),
        Err(error) => Verdict::Blocked(format!("{name}: {error}")),
    })
}

/// A library that every system has and that changes nothing.
fn set_preload(stage: &mut Stage) -> io::Result<()> {
    stage.environment.insert("LD_PRELOAD".to_owned(), "libm.so.6".to_owned());
    Ok(())
}

/// Has the caller's LD_PRELOAD load code into every program of the box.
fn preload(_: &Values) -> Outcome {
    got_in("LD_PRELOAD")
}

/// An empty directory.
fn set_library_path(stage: &mut Stage) -> io::Result<()> {
    let path = stage.directory_in("/tmp")?;
    stage.environment.insert("LD_LIBRARY_PATH".to_owned(), path.display().to_string());
    Ok(())
}

/// Has the caller's LD_LIBRARY_PATH look for libraries in shared scratch.
fn library_path(_: &Values) -> Outcome {
    got_in("LD_LIBRARY_PATH")
}

/// A library that isn't there: the loader says so and goes on.
fn set_audit(stage: &mut Stage) -> io::Result<()> {
    stage.environment.insert("LD_AUDIT".to_owned(), "denybox-attack-absent.so".to_owned());
    Ok(())
}

/// Has the caller's LD_AUDIT load code into every program of the box.
fn audit(_: &Values) -> Outcome {
    got_in("LD_AUDIT")
}

/// A directory of the host's shared scratch.
fn set_tmpdir(stage: &mut Stage) -> io::Result<()> {
    let path = stage.directory_in("/var/tmp")?;
    stage.environment.insert("TMPDIR".to_owned(), path.display().to_string());
    Ok(())
}

/// Has the caller's TMPDIR send every program of the box to the host's scratch.
fn tmpdir(_: &Values) -> Outcome {
    got_in("TMPDIR")
}

/// Opens for writing, writes nothing.
fn writable(path: &str) -> Outcome {
    Ok(Verdict::of(&format!("open {path} for writing"), OpenOptions::new().append(true).open(path)))
}

/// The loader's cache names the library that every program on the host loads.
fn loader_cache(_: &Values) -> Outcome {
    writable("/etc/ld.so.cache")
}

/// A program that others run; one that is not running now, or opening it would fail for that reason.
fn system_program(_: &Values) -> Outcome {
    writable("/usr/bin/chrt")
}

/// Makes a directory where programs are looked for, and removes it again.
fn system_directory(_: &Values) -> Outcome {
    let path = "/usr/local/bin/denybox-attack-directory";
    let made = fs::create_dir(path);
    if made.is_ok() {
        fs::remove_dir(path)?;
    }
    Ok(Verdict::of(&format!("make {path}"), made))
}
