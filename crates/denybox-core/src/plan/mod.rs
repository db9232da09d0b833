//! The plan: everything that a backend will do, complete before it does any of it.
//!
//! A plan is data: it can be printed (`--dry-run`), compared in tests and sent to another process. It is made only
//! from an allowing [decision](crate::decision), and a backend does what it says without asking again.

mod compose;

use std::ffi::OsString;

pub use compose::{Furniture, Protected, SCRATCH, compose};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::AbsPath;
use crate::resource::{IpcKind, Resource};
use crate::size::Size;
use crate::surface::Role;

/// Whose rights a box runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// User id inside the box: the caller's.
    pub inside_uid: u32,
    /// Group id inside the box: the caller's.
    pub inside_gid: u32,
    /// What the inside user is on the host. Differs from the caller only for root.
    pub host_uid: u32,
    /// What the inside group is on the host.
    pub host_gid: u32,
}

/// The unprivileged user and group that a box of root's runs as on the host: the overflow ids, user_namespaces(7).
pub const UNPRIVILEGED_ID: u32 = 65534;

impl Identity {
    /// The identity for a caller. Root's box is somebody else on the host; everybody else's is the caller.
    pub fn of_caller(uid: u32, gid: u32) -> Self {
        let separated = uid == 0;
        Self {
            inside_uid: uid,
            inside_gid: gid,
            host_uid: if separated { UNPRIVILEGED_ID } else { uid },
            host_gid: if separated { UNPRIVILEGED_ID } else { gid },
        }
    }

    /// Whether the box is somebody else than the caller on the host.
    pub fn is_separated(&self) -> bool {
        self.host_uid != self.inside_uid
    }
}

/// What the box's network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// A namespace of its own with nothing but loopback.
    #[default]
    None,
    /// The host's.
    Host,
}

/// One thing done to the box's file tree. Paths are the box's, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// An empty directory on the box's own root or home.
    Directory {
        /// Permission bits.
        mode: u32,
    },
    /// A symbolic link.
    Link {
        /// What it says.
        to: String,
    },
    /// A small file on the box's own root or home.
    File {
        /// What it holds.
        text: String,
        /// Permission bits.
        mode: u32,
    },
    /// A tree of the host's.
    Bind {
        /// Where it is on the host.
        from: AbsPath,
        /// No writing.
        readonly: bool,
        /// No executing.
        noexec: bool,
        /// Device nodes work: for the nodes of `/dev` alone.
        devices: bool,
        /// Shown as the caller's own, even where the box is somebody else: an idmapped mount.
        as_caller: bool,
    },
    /// A memory file system of the box's own: nosuid, nodev, sized.
    Tmpfs {
        /// Most bytes.
        size: Size,
        /// Most inodes.
        inodes: Option<u64>,
        /// Permission bits of its top.
        mode: u32,
        /// No executing.
        noexec: bool,
    },
    /// A place that denies.
    Seal,
    /// A fresh file system of the kernel's for the box's own namespaces: `proc`, `devpts`, `mqueue`.
    Kernel {
        /// Its type.
        name: String,
    },
    /// What is there becomes read-only.
    ReadOnly,
    /// What is there stays as it is but can't be renamed or removed: a mount of itself.
    Pin,
    /// What is there reads as empty.
    Mask,
}

/// One step of building the box's file tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Where.
    pub at: AbsPath,
    /// What.
    pub action: Action,
    /// The part it plays; `None` for the box's own furniture.
    pub role: Option<Role>,
    /// Whether the box goes on when the host has nothing there.
    pub optional: bool,
}

/// What the system call filter lets through beyond the ordinary.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Calls {
    /// IPC kinds that were granted, private to the box.
    pub granted: Vec<IpcKind>,
}

impl Calls {
    /// Whether `kind` was granted.
    pub fn grants(&self, kind: IpcKind) -> bool {
        self.granted.contains(&kind)
    }
}

/// Limits of the whole box. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct BoxLimits {
    /// Bytes of memory.
    pub memory: Option<Size>,
    /// Processes and threads.
    pub pids: Option<u64>,
    /// Processor time, in thousandths of one processor.
    pub millicpus: Option<u64>,
    /// Wall-clock time, milliseconds.
    pub timeout_ms: Option<u64>,
}

/// What a backend will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Names this box in reports and on disk.
    pub id: String,
    /// Names the decision that allows all this.
    pub decision: String,
    /// Whose rights.
    pub identity: Identity,
    /// The network.
    pub network: Network,
    /// The file tree, in order.
    pub steps: Vec<Step>,
    /// Trees that Landlock leaves writable.
    pub writable: Vec<AbsPath>,
    /// The system call filter.
    pub calls: Calls,
    /// Limits of the whole box.
    pub limits: BoxLimits,
    /// Controls that must not be absent or partial, beyond the required ones.
    pub required: Vec<String>,
    /// The command and its arguments.
    pub argv: Vec<OsString>,
    /// The environment, complete.
    pub environment: Vec<(OsString, OsString)>,
    /// Where the command starts.
    pub directory: AbsPath,
}

impl Plan {
    /// The sealed places, in order.
    pub fn seals(&self) -> impl Iterator<Item = &AbsPath> {
        self.steps.iter().filter(|step| step.action == Action::Seal).map(|step| &step.at)
    }

    /// Mount points that must exist below the sealed place `seal`, shallow first.
    pub fn mount_points_below<'a>(&'a self, seal: &'a AbsPath) -> impl Iterator<Item = &'a AbsPath> {
        self.steps.iter().map(|step| &step.at).filter(move |at| at.is_below(seal))
    }

    /// The sealed resource in which `path` lies.
    pub fn sealed_resource(&self, path: &AbsPath) -> Option<Resource> {
        self.seals().filter(|seal| path.is_at_or_below(seal)).max().cloned().map(Resource::Path)
    }
}
