//! Limits of the whole box by control groups, cgroups(7): version 2 where a part of the tree is ours, version 1 for root.
//!
//! A group is named after the supervisor that made it, so that the next start can sweep what a killed one left.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use denybox_core::path::AbsPath;
use denybox_core::plan::BoxLimits;

use crate::controls;
use crate::host::mounts::{self, Mounted};
use crate::message::{Enforcement, Status};

/// What names of groups begin with.
const PREFIX: &str = "denybox-";
/// Length of one scheduling period, microseconds.
const PERIOD_US: u64 = 100_000;

/// The groups of one box; removed when dropped.
#[derive(Debug, Default)]
pub struct Groups {
    directories: Vec<PathBuf>,
}

/// What became of the limits.
#[derive(Debug, Default)]
pub struct Limited {
    /// Keeps the groups.
    pub groups: Groups,
    /// Files to join them through.
    pub procs: Vec<OwnedFd>,
    /// The limits that a group enforces.
    pub enforced: Vec<Enforcement>,
    /// The limits that are left to others.
    pub left: BoxLimits,
}

/// Makes groups for the limits that are asked for.
pub fn limit(limits: BoxLimits) -> Limited {
    let mut made = Limited { left: limits, ..Limited::default() };
    if crate::weaken::off("limits")
        || (limits.memory.is_none() && limits.pids.is_none() && limits.millicpus.is_none())
    {
        return made;
    }
    let Ok(own) = crate::proc_files::read_text("/proc/self/cgroup") else { return made };
    let Ok(mounts) = crate::proc_files::read_text("/proc/self/mountinfo") else { return made };
    let name = format!("{PREFIX}{}", std::process::id());
    for wanted in Wanted::all(limits) {
        let place = version_2(&own, &mounts, wanted.controller)
            .or_else(|| version_1(&own, &mounts, wanted.controller));
        let Some((parent, version)) = place else { continue };
        sweep(&parent);
        let directory = parent.join(&name);
        let known = made.groups.directories.contains(&directory);
        if !known && fs::create_dir(&directory).is_err() {
            continue;
        }
        if !known {
            made.groups.directories.push(directory.clone());
        }
        let set = wanted.settings(version).into_iter().try_for_each(|(file, value, must)| {
            match fs::write(directory.join(file), value) {
                Err(error) if must => Err(error),
                _ => Ok(()),
            }
        });
        let joined = if known {
            Ok(())
        } else {
            File::options()
                .write(true)
                .open(directory.join("cgroup.procs"))
                .map(|file| made.procs.push(file.into()))
        };
        if set.and(joined).is_ok() {
            wanted.done(&mut made.left);
            let detail = format!("control group, version {version}");
            made.enforced.push(Enforcement::new(wanted.control, Status::Enforced, detail));
        }
    }
    made
}

/// The smallest memory limit of the control groups that we are in, bytes; `None` without one.
pub fn memory_limit() -> Option<u64> {
    let own = crate::proc_files::read_text("/proc/self/cgroup").ok()?;
    let mounts = crate::proc_files::read_text("/proc/self/mountinfo").ok()?;
    let version_1 = group_1(&own, &mounts, "memory").map(|group| (group, "memory.limit_in_bytes"));
    let version_2 = group_2(&own, &mounts).map(|group| (group, "memory.max"));
    [version_1, version_2]
        .into_iter()
        .flatten()
        .flat_map(|(group, file)| group.upwards().map(|place| place.join(file)).collect::<Vec<PathBuf>>())
        .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok())
        .min()
}

/// One limit in the words of control groups.
struct Wanted {
    controller: &'static str,
    control: &'static str,
    value: u64,
}

impl Wanted {
    fn all(limits: BoxLimits) -> Vec<Self> {
        [
            ("memory", controls::MEMORY, limits.memory.map(|size| size.0)),
            ("pids", controls::PIDS, limits.pids),
            ("cpu", controls::CPUS, limits.millicpus),
        ]
        .into_iter()
        .filter_map(|(controller, control, value)| value.map(|value| Self { controller, control, value }))
        .collect()
    }

    /// Files, what to write, and whether the limit depends on it.
    fn settings(&self, version: u8) -> Vec<(&'static str, String, bool)> {
        let quota = self.value.saturating_mul(PERIOD_US) / 1000;
        match (self.controller, version) {
            ("memory", 2) => {
                vec![("memory.max", self.value.to_string(), true), ("memory.swap.max", "0".to_owned(), false)]
            }
            ("memory", _) => vec![
                ("memory.limit_in_bytes", self.value.to_string(), true),
                ("memory.memsw.limit_in_bytes", self.value.to_string(), false),
            ],
            // PID 1 is in the group too.
            ("pids", _) => vec![("pids.max", self.value.saturating_add(1).to_string(), true)],
            (_, 2) => vec![("cpu.max", format!("{quota} {PERIOD_US}"), true)],
            _ => vec![
                ("cpu.cfs_period_us", PERIOD_US.to_string(), true),
                ("cpu.cfs_quota_us", quota.to_string(), true),
            ],
        }
    }

    fn done(&self, left: &mut BoxLimits) {
        match self.controller {
            "memory" => left.memory = None,
            "pids" => left.pids = None,
            _ => left.millicpus = None,
        }
    }
}

/// A control group where it can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Where the tree is mounted that shows it.
    pub top: AbsPath,
    /// The group's directory: `top`, or below it.
    pub directory: AbsPath,
}

impl Group {
    /// Its directory and those above it, up to the top.
    fn upwards(&self) -> impl Iterator<Item = &Path> {
        self.directory.as_path().ancestors().take_while(|place| place.starts_with(self.top.as_path()))
    }
}

/// Our own group of version 2: `own` is /proc/self/cgroup (cgroups(7)), `mounts` the mount table.
pub fn group_2(own: &str, mounts: &str) -> Option<Group> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts::table(mounts).filter(|mount| mount.kind == "cgroup2").find_map(|mount| shown(path, &mount))
}

/// Our own group of `controller` in version 1, from the same tables.
pub fn group_1(own: &str, mounts: &str, controller: &str) -> Option<Group> {
    let path = own.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let controllers = fields.next()?;
        controllers.split(',').any(|one| one == controller).then(|| fields.next()).flatten()
    })?;
    mounts::table(mounts)
        .filter(|mount| mount.kind == "cgroup" && mount.options.split(',').any(|one| one == controller))
        .find_map(|mount| shown(path, &mount))
}

/// Where `mount` shows the group `path`. A group outside our part of the tree (`/..`, cgroup_namespaces(7)) is shown
/// nowhere, and neither is one outside what is mounted.
fn shown(path: &str, mount: &Mounted) -> Option<Group> {
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    let path = AbsPath::new(path).ok()?;
    let directory = mount.at.join(path.below(&mount.root)?).ok()?;
    Some(Group { top: mount.at.clone(), directory })
}

/// The nearest group above ours below which `controller` can be used, version 2.
fn version_2(own: &str, mounts: &str, controller: &str) -> Option<(PathBuf, u8)> {
    group_2(own, mounts)?.upwards().find_map(|place| {
        let controllers = fs::read_to_string(place.join("cgroup.subtree_control")).ok()?;
        let usable = controllers.split_whitespace().any(|one| one == controller)
            && rustix::fs::access(place, rustix::fs::Access::WRITE_OK).is_ok()
            && rustix::fs::access(place.join("cgroup.procs"), rustix::fs::Access::WRITE_OK).is_ok();
        usable.then(|| (place.to_path_buf(), 2))
    })
}

/// Our own group of `controller`, version 1.
fn version_1(own: &str, mounts: &str, controller: &str) -> Option<(PathBuf, u8)> {
    let place = group_1(own, mounts, controller)?.directory.as_path().to_path_buf();
    rustix::fs::access(&place, rustix::fs::Access::WRITE_OK).is_ok().then_some((place, 1))
}

/// Removes groups of supervisors that are gone.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists() {
            // Not empty yet: a later start will do it.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

impl Groups {
    /// Removes the groups; processes that are just dying are given a moment.
    ///
    /// # Errors
    /// The first group that could not be removed, and why.
    pub fn remove(&mut self) -> Result<(), (PathBuf, io::Error)> {
        let mut failed = Ok(());
        for directory in self.directories.drain(..) {
            let mut result = fs::remove_dir(&directory);
            for _ in 0..100 {
                if !result.as_ref().is_err_and(|error| error.raw_os_error() == Some(libc::EBUSY)) {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(2));
                result = fs::remove_dir(&directory);
            }
            if let (Err(error), Ok(())) = (result, &failed) {
                failed = Err((directory, error));
            }
        }
        failed
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}
