//! From an allowing decision to a plan: a pure function, so that a test can compare all of it.
//!
//! The order of the file tree, and why:
//! 1. the links of the root directory;
//! 2. `/dev` and `/proc`, furnished with the little that programs need;
//! 3. every other place by depth, the shallow first, so that nothing hides what lies below it: sealed scratch, the
//!    operating system, the home, toolchains, what was asked for, the workspace, grants;
//! 4. what in those places reads as empty or stays read-only;
//! 5. files of the box's own.

use std::ffi::OsString;

use crate::decision::Allowed;
use crate::path::AbsPath;
use crate::resource::{IpcKind, Resource};
use crate::size::Size;
use crate::surface::{Backing, Exposure, Role};

use super::{Action, BoxLimits, Calls, Identity, Network, Plan, Step};

/// Where a granted scratch without a place of its own is.
pub const SCRATCH: &str = "/run/denybox/scratch";

/// Where POSIX message queues are shown, mq_overview(7).
const QUEUES: &str = "/dev/mqueue";

/// Device nodes that every program may expect, null(4), random(4), tty(4).
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Links below `/dev`, and what they say.
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/ptmx", "pts/ptmx"),
];
/// Parts of a fresh /proc that stay those of the machine: read-only.
const PROC_READ_ONLY: [&str; 5] = ["/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/sysrq-trigger"];
/// Parts of /proc that tell about the machine or other users: empty.
const PROC_MASKED: [&str; 9] = [
    "/proc/keys",
    "/proc/key-users",
    "/proc/kcore",
    "/proc/timer_list",
    "/proc/sched_debug",
    "/proc/latency_stats",
    "/proc/acpi",
    "/proc/scsi",
    "/proc/asound",
];

/// What a plan needs beyond the decision: facts that expose nothing.
#[derive(Debug, Clone, Default)]
pub struct Furniture {
    /// Names the box.
    pub id: String,
    /// Links of the host's root directory: where, and what they say.
    pub links: Vec<(AbsPath, String)>,
    /// Credentials that lie in a toolchain: shown empty.
    pub masked: Vec<AbsPath>,
    /// Files of the workspace that its owner's programs obey, and the directories above them.
    pub protected: Vec<Protected>,
    /// Small files of the home: where, and what they hold.
    pub files: Vec<(AbsPath, String)>,
    /// Limits that no control group enforces.
    pub limits: BoxLimits,
    /// Controls that must be in force.
    pub required: Vec<String>,
    /// The command.
    pub argv: Vec<OsString>,
    /// Its environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts.
    pub directory: Option<AbsPath>,
}

/// A place of the workspace that must stay what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protected {
    /// A directory above a protected file: stays in place, so that no other can take it.
    Pinned(AbsPath),
    /// Read-only.
    ReadOnly(AbsPath),
}

/// The plan for an allowed surface.
pub fn compose(allowed: &Allowed, identity: Identity, furniture: Furniture) -> Plan {
    let exposures = &allowed.surface().exposures;
    let mut steps = Vec::new();
    for (at, to) in furniture.links {
        steps.push(step(at, Action::Link { to }, None));
    }
    devices(&mut steps);
    processes(&mut steps);
    places(exposures, &mut steps);
    for path in furniture.masked {
        steps.push(step(path, Action::Mask, Some(Role::Toolchain)).optional());
    }
    for protected in furniture.protected {
        let (path, action) = match protected {
            Protected::Pinned(path) => (path, Action::Pin),
            Protected::ReadOnly(path) => (path, Action::ReadOnly),
        };
        steps.push(step(path, action, Some(Role::Workspace)));
    }
    for (path, text) in furniture.files {
        steps.push(step(path, Action::File { text, mode: 0o644 }, None));
    }
    let granted = exposures.iter().filter(|exposure| *exposure.backing.judged() == Backing::Private);
    let calls = Calls {
        granted: granted
            .filter_map(|exposure| match exposure.resource {
                Resource::Ipc(kind) => Some(kind),
                Resource::Path(_) => None,
            })
            .collect(),
    };
    let host_network = exposures.iter().any(|exposure| exposure.role == Role::Network);
    // mq_open(3) makes files of one file system wherever that is mounted, and Landlock sees it there.
    let queues = calls.grants(IpcKind::PosixMq).then(|| fixed(QUEUES));
    let writable = exposures
        .iter()
        .filter(|exposure| exposure.access.write)
        .filter_map(|exposure| exposure.resource.path().cloned())
        .chain(queues)
        .collect();
    Plan {
        id: furniture.id,
        decision: allowed.id().to_owned(),
        identity,
        network: if host_network { Network::Host } else { Network::None },
        steps,
        writable,
        calls,
        limits: furniture.limits,
        required: furniture.required,
        argv: furniture.argv,
        environment: furniture.environment,
        directory: furniture.directory.unwrap_or_else(AbsPath::root),
    }
}

fn step(at: AbsPath, action: Action, role: Option<Role>) -> Step {
    Step { at, action, role, optional: false }
}

impl Step {
    fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

/// A path that this file writes down itself.
fn fixed(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap_or_else(|_| AbsPath::root())
}

fn devices(steps: &mut Vec<Step>) {
    steps.push(step(fixed("/dev"), Action::Directory { mode: 0o755 }, None));
    for name in DEVICES {
        let path = fixed(&format!("/dev/{name}"));
        let bind = Action::Bind {
            from: path.clone(),
            readonly: false,
            noexec: true,
            devices: true,
            as_caller: false,
        };
        steps.push(step(path, bind, None));
    }
    steps.push(step(fixed("/dev/pts"), Action::Kernel { name: "devpts".to_owned() }, None));
    for (at, to) in DEVICE_LINKS {
        steps.push(step(fixed(at), Action::Link { to: to.to_owned() }, None));
    }
}

fn processes(steps: &mut Vec<Step>) {
    steps.push(step(fixed("/proc"), Action::Kernel { name: "proc".to_owned() }, None));
    for path in PROC_READ_ONLY {
        steps.push(step(fixed(path), Action::ReadOnly, None).optional());
    }
    for path in PROC_MASKED {
        steps.push(step(fixed(path), Action::Mask, None).optional());
    }
}

/// Everything that stands at a place of its own, the shallow first.
fn places(exposures: &[Exposure], steps: &mut Vec<Step>) {
    let mut placed: Vec<Step> = exposures.iter().filter_map(place).collect();
    placed.sort_by_key(|step| (step.at.components().count(), step.action != Action::Seal));
    // The same place twice, as where the workspace is also named by `--rw`: once is enough.
    placed.dedup_by(|later, earlier| later.at == earlier.at && later.action == earlier.action);
    steps.extend(placed);
}

fn place(exposure: &Exposure) -> Option<Step> {
    let (at, action) = match (&exposure.resource, exposure.backing.judged()) {
        _ if matches!(exposure.role, Role::Socket | Role::Network) => return None,
        (Resource::Path(at), Backing::Sealed) => (at.clone(), Action::Seal),
        (Resource::Path(at), Backing::Host { path: Some(from) } | Backing::Dir { path: from }) => {
            let system = exposure.role == Role::System;
            let bind = Action::Bind {
                from: from.clone(),
                readonly: exposure.options.readonly || system,
                noexec: exposure.options.noexec,
                devices: false,
                as_caller: !system,
            };
            (at.clone(), bind)
        }
        (Resource::Path(at), Backing::Private) => {
            let tmpfs = Action::Tmpfs {
                // The policy lets no unsized one pass; should one, it holds a page.
                size: exposure.limits.size.unwrap_or(Size(4096)),
                inodes: exposure.limits.inodes,
                mode: if exposure.role == Role::Home || at.as_str() == SCRATCH { 0o700 } else { 0o1777 },
                noexec: exposure.options.noexec,
            };
            (at.clone(), tmpfs)
        }
        (Resource::Ipc(IpcKind::PosixMq), Backing::Private) => {
            (fixed(QUEUES), Action::Kernel { name: "mqueue".to_owned() })
        }
        _ => return None,
    };
    Some(step(at, action, Some(exposure.role)))
}
