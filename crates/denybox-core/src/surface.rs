//! The surface: everything that one agent would share, wherever the description of it came from.
//!
//! A configuration, whatever its format, becomes an ordered list of [`Mount`]s and a set of [`Control`]s. The
//! [view](crate::view) turns them into [`Exposure`]s; the [policy](crate::policy) judges nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::AbsPath;
use crate::resource::Resource;
use crate::size::Size;

/// Where a fact is written down. Findings, refusals and reports point there. Never takes part in comparing exposures.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Origin {
    /// An argument of the command line, as the user typed it.
    Argument {
        /// The option with its value, such as `--rw /srv/cache`.
        text: String,
    },
    /// A place in a document.
    Document {
        /// The document's name, usually a path.
        name: String,
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
    },
    /// A rule that supplied the fact: a runtime's default, or denybox's own.
    Rule {
        /// Whose rule, and which: `denybox: workspace`, `runc: default mounts`.
        name: String,
    },
    /// Something seen on the host.
    Host {
        /// Where it was seen: a path, usually.
        path: String,
    },
}

/// A fact, and how sure it is. What is unknown carries the worst that it could be and is judged as that.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "certainty")]
pub enum Fact<T> {
    /// Written down at `origin`.
    Known {
        /// The value.
        value: T,
        /// Where it stands.
        origin: Origin,
    },
    /// Supplied by a runtime's rule because nothing was written down.
    Defaulted {
        /// The value.
        value: T,
        /// Whose rule.
        origin: Origin,
    },
    /// Can't be known from here.
    Unknown {
        /// The worst that it could be.
        worst: T,
        /// Why it isn't known.
        origin: Origin,
    },
}

impl<T> Fact<T> {
    /// The value to judge by: for an unknown fact the worst one.
    pub fn judged(&self) -> &T {
        match self {
            Self::Known { value, .. } | Self::Defaulted { value, .. } => value,
            Self::Unknown { worst, .. } => worst,
        }
    }

    /// Where it comes from.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Known { origin, .. } | Self::Defaulted { origin, .. } | Self::Unknown { origin, .. } => {
                origin
            }
        }
    }

    /// Whether the value is only the worst case.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}

/// What an agent may do with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct Access {
    /// Read, list, attach.
    pub read: bool,
    /// Write, create, rename, remove, send.
    pub write: bool,
    /// Execute from it or map it executable.
    pub execute: bool,
}

impl Access {
    /// Nothing at all.
    pub const NONE: Self = Self { read: false, write: false, execute: false };
    /// Reading and executing, as system directories allow.
    pub const READ: Self = Self { read: true, write: false, execute: true };
    /// Reading and writing, no executing.
    pub const READ_WRITE: Self = Self { read: true, write: true, execute: false };
    /// Everything.
    pub const ALL: Self = Self { read: true, write: true, execute: true };

    /// What both allow.
    pub fn and(self, other: Self) -> Self {
        Self {
            read: self.read && other.read,
            write: self.write && other.write,
            execute: self.execute && other.execute,
        }
    }
}

/// Where the bytes of a resource live.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Backing {
    /// Nothing is there.
    Absent,
    /// A place that denies every access, and says so.
    Sealed,
    /// A memory file system, or an IPC namespace, of the agent's own.
    Private,
    /// An agent-specific directory of the host.
    Dir {
        /// The directory on the host.
        path: AbsPath,
    },
    /// The container's own layer.
    Rootfs,
    /// Shared with named others.
    Shared {
        /// The name of the group: a volume, a pod, a namespace.
        group: String,
    },
    /// The host's own.
    Host {
        /// The path on the host; none for an IPC kind.
        path: Option<AbsPath>,
    },
}

impl Backing {
    /// Its kind, as in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Sealed => "sealed",
            Self::Private => "private",
            Self::Dir { .. } => "dir",
            Self::Rootfs => "rootfs",
            Self::Shared { .. } => "shared",
            Self::Host { .. } => "host",
        }
    }
}

/// With whom a resource is shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "with")]
pub enum Sharing {
    /// One agent alone.
    Private,
    /// Named others.
    Named {
        /// Their names.
        names: Vec<String>,
    },
    /// Everyone on the host.
    Host,
    /// Can't be known, so judged like `Host`.
    Unknown,
}

/// Mount flags that matter here, mount(8). `true` restricts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct MountOptions {
    /// No writing through this mount.
    pub readonly: bool,
    /// No execve(2) and no executable mapping.
    pub noexec: bool,
    /// Set-user-ID bits have no effect.
    pub nosuid: bool,
    /// Device nodes have no effect.
    pub nodev: bool,
}

/// How much a resource can hold. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Bytes.
    pub size: Option<Size>,
    /// Files, directories and links together.
    pub inodes: Option<u64>,
}

/// How changes to the mount table travel, mount_namespaces(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Propagation {
    /// Neither way.
    Private,
    /// The host can change it later.
    Slave,
    /// Both ways.
    Shared,
}

/// What one mount puts at its target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum MountSource {
    /// A path of the host, with everything below it.
    Host {
        /// The path on the host.
        path: AbsPath,
    },
    /// A memory file system of its own.
    Tmpfs,
    /// The denying file system.
    Sealed,
    /// A file system of the kernel's: `proc`, `devpts`, `mqueue`, `sysfs`…
    Kernel {
        /// Its type as mount(8) names it.
        name: String,
    },
    /// A volume or image layer by name.
    Named {
        /// Its name.
        name: String,
    },
}

/// One mount, as configured. Later ones hide earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Mount {
    /// Where it goes, as the agent would name it; not yet resolved against links.
    pub target: AbsPath,
    /// What goes there.
    pub source: Fact<MountSource>,
    /// Its flags.
    pub options: MountOptions,
    /// Its limits.
    pub limits: Limits,
    /// How later changes travel.
    pub propagation: Propagation,
    /// With whom the source is shared.
    pub sharing: Sharing,
    /// Where the configuration says so.
    pub origin: Origin,
}

/// One control of a sandbox: a namespace, a filter, a dropped right.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// Its name, such as `ipc-namespace` or `seccomp`.
    pub name: String,
    /// Whether it is in force.
    pub enforced: Fact<bool>,
}

/// What part an exposure plays. The policy treats an agent's workspace otherwise than a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Part of the operating system: `/usr`, `/etc`.
    System,
    /// A toolchain below the caller's home.
    Toolchain,
    /// The agent's own home, a memory file system.
    Home,
    /// The directory the agent works in.
    Workspace,
    /// Shown read-only by request.
    ReadOnly,
    /// Shown read-write by request.
    ReadWrite,
    /// Shared scratch, at its own path.
    Scratch,
    /// A unix socket that the agent could connect to.
    Socket,
    /// The host's network.
    Network,
}

/// How a place stands to another that is guarded: a scratch tree, `/`, or the caller's home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The same path.
    Is,
    /// A directory above it.
    Contains,
    /// Another name for it: a symbolic link, a bind mount, the same device and inode.
    Aliases,
    /// A place below it.
    Below,
}

/// One relation of a host path to a guarded place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Related {
    /// How.
    pub how: Relation,
    /// The guarded place.
    pub to: AbsPath,
    /// What is guarded: `scratch`, `root` or `home`.
    pub guard: Guard,
}

/// Why a place is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// It is shared scratch.
    Scratch,
    /// It is `/`.
    Root,
    /// It is the caller's home.
    Home,
}

/// What is known of an agent-specific directory before it is granted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryFacts {
    /// It exists and is a directory.
    pub directory: bool,
    /// The caller owns it.
    pub owned_by_caller: bool,
    /// Its permission bits.
    pub mode: u32,
    /// No other box has it.
    pub locked: bool,
}

/// One resource that an agent would reach.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Exposure {
    /// What is reached, by the name the agent would use.
    pub resource: Resource,
    /// The part it plays.
    pub role: Role,
    /// What the agent may do there.
    pub access: Access,
    /// Where the bytes live.
    pub backing: Fact<Backing>,
    /// Flags of the mount that shows it; for an IPC kind all `false`.
    pub options: MountOptions,
    /// How much it holds.
    pub limits: Limits,
    /// With whom it is shared.
    pub sharing: Sharing,
    /// How the host path behind it stands to guarded places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// For `dir:` backing, what is known of the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryFacts>,
    /// Where it is asked for.
    pub origin: Origin,
}

impl Exposure {
    /// Whether two exposures give the agent the same, wherever they were described.
    pub fn same_as(&self, other: &Self) -> bool {
        self.resource == other.resource
            && self.access == other.access
            && self.backing.judged() == other.backing.judged()
            && self.options == other.options
            && self.limits == other.limits
            && self.sharing == other.sharing
    }
}

/// All the exposures of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct Surface {
    /// In a stable order: as configured, then by resource.
    pub exposures: Vec<Exposure>,
    /// The controls that hold.
    pub controls: Vec<Control>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::IpcKind;

    #[test]
    fn what_gives_the_same_is_the_same_wherever_it_is_written() {
        let exposure = |origin: Origin, size: u64| Exposure {
            resource: Resource::Ipc(IpcKind::SysvShm),
            role: Role::Scratch,
            access: Access::READ_WRITE,
            backing: Fact::Known { value: Backing::Private, origin: origin.clone() },
            options: MountOptions::default(),
            limits: Limits { size: Some(Size(size)), inodes: None },
            sharing: Sharing::Private,
            related: Vec::new(),
            directory: None,
            origin,
        };
        let typed = Origin::Argument { text: "--grant sysv-shm=private".to_owned() };
        let written = Origin::Document { name: "config.json".to_owned(), start: 3, end: 9 };
        assert!(exposure(typed.clone(), 1).same_as(&exposure(written.clone(), 1)));
        assert!(!exposure(typed, 1).same_as(&exposure(written, 2)));
    }
}
