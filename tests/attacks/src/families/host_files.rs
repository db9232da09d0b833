//! The host's shared scratch, and files that only some uids may read.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use std::os::fd::AsFd;

use crate::attack::{Attack, Broken, Caller, Outcome, Values, Verdict};
use crate::kernel::descriptors::map_executable;
use crate::stage::{CANARY, Stage};

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("tmp-read", &["seal"], read).prepare(plant_tmp),
    Attack::new("tmp-write", &["seal", "landlock"], write).prepare(plant_tmp),
    Attack::new("tmp-list", &["seal"], list).prepare(plant_tmp),
    Attack::new("tmp-create", &["seal", "landlock"], create).prepare(plant_tmp),
    Attack::new("tmp-execute", &["seal"], execute).prepare(plant_tmp),
    Attack::new("tmp-library", &["seal"], library).prepare(plant_tmp),
    Attack::new("var-tmp-read", &["seal"], read).prepare(plant_var_tmp),
    Attack::new("dev-shm-read", &["seal"], read).prepare(plant_dev_shm),
    Attack::new("dev-shm-write", &["seal", "landlock"], write).prepare(plant_dev_shm),
    Attack::new("run-lock-read", &["seal"], read).prepare(plant_run_lock),
    Attack::new("sealed-operations", &["seal"], sealed_operations).prepare(plant_tmp),
    Attack::new("shadow", &["uid-separation"], shadow).callers(&[Caller::Root]),
    Attack::new("root-only-files", &["uid-separation"], root_only).callers(&[Caller::Root]),
    Attack::new("shadow-by-link", &["uid-separation"], shadow_by_link).callers(&[Caller::Root]),
    Attack::new("kernel-devices", &["mount-namespace"], kernel_devices).unboxed().callers(&[Caller::Root]),
    Attack::new("block-device", &["mount-namespace"], block_device).unboxed().callers(&[Caller::Root]),
    Attack::new("make-device", &["user-namespace"], make_device).unboxed().callers(&[Caller::Root]),
    Attack::new("sys-write", &["mount-namespace"], sys_write).unboxed().callers(&[Caller::Root]),
    Attack::new("cgroup-release-agent", &["mount-namespace"], release_agent)
        .unboxed()
        .callers(&[Caller::Root]),
];

/// Plants a readable file and a program in a directory of their own below `parent`.
fn plant(stage: &mut Stage, parent: &str) -> io::Result<()> {
    let directory = stage.directory_in(parent)?;
    let file = directory.join("canary");
    stage.canary(&file)?;
    let program = directory.join("program");
    fs::copy("/usr/bin/true", &program)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    stage.set("file", file.display());
    stage.set("program", program.display());
    stage.set("place", directory.display());
    Ok(())
}

/// In /tmp.
fn plant_tmp(stage: &mut Stage) -> io::Result<()> {
    plant(stage, "/tmp")
}

/// In /var/tmp.
fn plant_var_tmp(stage: &mut Stage) -> io::Result<()> {
    plant(stage, "/var/tmp")
}

/// In /dev/shm.
fn plant_dev_shm(stage: &mut Stage) -> io::Result<()> {
    plant(stage, "/dev/shm")
}

/// In /run/lock.
fn plant_run_lock(stage: &mut Stage) -> io::Result<()> {
    plant(stage, "/run/lock")
}

/// Reads the canary.
fn read(values: &Values) -> Outcome {
    let path = values.text("file")?;
    Ok(match fs::read_to_string(path) {
        Ok(text) if text == CANARY => Verdict::Succeeded(format!("read {path}")),
        Ok(_) => Verdict::Blocked(format!("{path} is another file")),
        Err(error) => Verdict::Blocked(format!("read {path}: {error}")),
    })
}

/// Opens the canary for writing.
fn write(values: &Values) -> Outcome {
    let path = values.text("file")?;
    Ok(Verdict::of(&format!("open {path} for writing"), OpenOptions::new().append(true).open(path)))
}

/// Lists the canary's directory.
fn list(values: &Values) -> Outcome {
    let path = values.text("place")?;
    Ok(match fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>()) {
        Ok(entries) if entries.is_empty() => Verdict::Blocked(format!("{path} is empty")),
        result => Verdict::of(&format!("list {path}"), result),
    })
}

/// Makes a file beside the canary; the host side clears it away.
fn create(values: &Values) -> Outcome {
    let path = format!("{}/from-inside", values.text("place")?);
    Ok(Verdict::of(&format!("create {path}"), File::create(&path)))
}

/// Runs a program that somebody left in shared scratch.
fn execute(values: &Values) -> Outcome {
    let path = values.text("program")?;
    let ran = std::process::Command::new(path)
        .status()
        .and_then(|status| if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) });
    Ok(Verdict::of(&format!("run {path}"), ran))
}

/// Maps the same executable, as the loader maps a planted library.
fn library(values: &Values) -> Outcome {
    let path = values.text("program")?;
    let mapped = File::open(path).and_then(|file| map_executable(file.as_fd()));
    Ok(Verdict::of(&format!("map {path} executable"), mapped))
}

/// Tries every operation that could leave something in a sealed place; one that works is enough. What it makes,
/// it makes in the canary's directory or, sealed, nowhere.
fn sealed_operations(values: &Values) -> Outcome {
    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Timestamps, XattrFlags};
    use std::os::unix::net::UnixListener;
    let place = values.text("place")?.to_owned();
    // Without the canary's directory in sight the sealed place itself is tried, and with it its siblings.
    let places = if Path::new(&place).exists() { vec![place] } else { sealed_places() };
    fs::write("workspace-file", "x")?;
    let now = Timestamps {
        last_access: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        last_modification: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
    };
    for place in &places {
        let new = |name: &str| format!("{place}/denybox-attack-{name}");
        let attempts: [(&str, io::Result<()>); 14] = [
            ("create", File::create(new("file")).map(drop)),
            ("mkdir", fs::create_dir(new("directory"))),
            ("symlink", std::os::unix::fs::symlink("x", new("link"))),
            ("link", fs::hard_link("workspace-file", new("hard-link"))),
            ("rename into", fs::rename("workspace-file", new("renamed"))),
            ("bind a socket", UnixListener::bind(new("socket")).map(drop)),
            (
                "mkfifo",
                rustix::fs::mknodat(CWD, new("fifo"), FileType::Fifo, Mode::RUSR, 0).map_err(io::Error::from),
            ),
            (
                "unnamed file",
                rustix::fs::open(place.as_str(), OFlags::TMPFILE | OFlags::RDWR, Mode::RUSR)
                    .map(drop)
                    .map_err(io::Error::from),
            ),
            ("chmod", fs::set_permissions(place, fs::Permissions::from_mode(0o777))),
            (
                "utimes",
                rustix::fs::utimensat(CWD, place.as_str(), &now, AtFlags::empty()).map_err(io::Error::from),
            ),
            (
                "setxattr",
                rustix::fs::setxattr(place.as_str(), "user.x", b"x", XattrFlags::empty())
                    .map_err(io::Error::from),
            ),
            ("truncate", OpenOptions::new().write(true).truncate(true).open(new("absent")).map(drop)),
            ("remove", fs::remove_dir(place)),
            ("rename away", fs::rename(place, "renamed-away")),
        ];
        if let Some((what, _)) = attempts.iter().find(|(_, result)| result.is_ok()) {
            return Ok(Verdict::Succeeded(format!("{what} in {place}")));
        }
    }
    Ok(Verdict::Blocked(format!("no operation works in {}", places.join(", "))))
}

/// The sealed places that are there.
fn sealed_places() -> Vec<String> {
    ["/tmp", "/var/tmp", "/usr/tmp", "/dev/shm", "/run/shm", "/run/lock", "/dev/mqueue", "/dev/hugepages"]
        .into_iter()
        .filter(|path| Path::new(path).exists())
        .map(str::to_owned)
        .collect()
}

/// Reads the host's password hashes. The kernel lets nothing of them out here: only their length is told.
fn shadow(_: &Values) -> Outcome {
    Ok(Verdict::of("read /etc/shadow", fs::read("/etc/shadow")))
}

/// The same through a symbolic link in the workspace.
fn shadow_by_link(_: &Values) -> Outcome {
    std::os::unix::fs::symlink("/etc/shadow", "link")?;
    let read = fs::read("link");
    fs::remove_file("link")?;
    Ok(Verdict::of("read /etc/shadow through the workspace", read))
}

/// Opens whatever below /etc only root may read, host keys included.
fn root_only(_: &Values) -> Outcome {
    let mut met = Vec::new();
    let mut places = vec![Path::new("/etc").to_owned()];
    while let Some(place) = places.pop() {
        // A directory that can't be listed is itself such a place, and closed.
        for entry in fs::read_dir(&place).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.path().symlink_metadata() else { continue };
            if metadata.is_dir() {
                places.push(entry.path());
            } else if metadata.is_file() && metadata.permissions().mode() & 0o004 == 0 {
                met.push(entry.path());
            }
        }
    }
    if met.is_empty() {
        return Err(Broken("nothing below /etc is for root alone".to_owned()));
    }
    let open = met.iter().find(|path| File::open(path).is_ok());
    Ok(match open {
        Some(path) => Verdict::Succeeded(format!("opened {}", path.display())),
        None => Verdict::Blocked(format!("{} files, none of which opens", met.len())),
    })
}

/// Opens the machine's memory, or the kernel's log, by whichever device offers it.
fn kernel_devices(_: &Values) -> Outcome {
    first_open(&["/dev/mem", "/dev/port", "/proc/kcore", "/dev/kmsg"], false)
}

/// Opens the disk below every file system for reading.
fn block_device(_: &Values) -> Outcome {
    use std::os::unix::fs::FileTypeExt;
    let mut devices = Vec::new();
    for entry in fs::read_dir("/dev").into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_block_device()) {
            devices.push(entry.path().display().to_string());
        }
    }
    first_open(&devices.iter().map(String::as_str).collect::<Vec<_>>(), false)
}

/// Makes a node for the null device: whoever can, can make one for the disk.
fn make_device(_: &Values) -> Outcome {
    use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
    let made = mknodat(CWD, "node", FileType::CharacterDevice, Mode::from_raw_mode(0o600), makedev(1, 3));
    if made.is_ok() {
        fs::remove_file("node")?;
    }
    Ok(Verdict::of("mknod of a character device", made.map_err(io::Error::from)))
}

/// Opens a setting of the kernel below /sys for writing.
fn sys_write(_: &Values) -> Outcome {
    first_open(&["/sys/kernel/uevent_helper", "/sys/kernel/profiling", "/sys/power/state"], true)
}

/// Opens for writing what the kernel runs as root when a cgroup empties, wherever cgroups are shown.
fn release_agent(_: &Values) -> Outcome {
    let mut agents = Vec::new();
    for entry in fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten() {
        agents.push(entry.path().join("release_agent").display().to_string());
        agents.push(entry.path().join("cgroup.procs").display().to_string());
    }
    agents.push("/sys/fs/cgroup/cgroup.procs".to_owned());
    first_open(&agents.iter().map(String::as_str).collect::<Vec<_>>(), true)
}

/// Success if any of `paths` can be opened; nothing is written.
fn first_open(paths: &[&str], write: bool) -> Outcome {
    let mut last = "none of them is there".to_owned();
    for path in paths {
        match OpenOptions::new().read(!write).write(write).open(path) {
            Ok(_) => return Ok(Verdict::Succeeded(format!("opened {path}"))),
            Err(error) => last = format!("{path}: {error}"),
        }
    }
    Ok(Verdict::Blocked(last))
}
