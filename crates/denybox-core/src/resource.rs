//! What can be shared behind an agent's back: path trees and kinds of inter-process communication.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::{AbsPath, PathError};

/// A kind of inter-process communication that has no path of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IpcKind {
    /// System V shared memory, shmget(2).
    SysvShm,
    /// System V semaphores, semget(2).
    SysvSem,
    /// System V message queues, msgget(2).
    SysvMsg,
    /// POSIX message queues, mq_overview(7).
    PosixMq,
    /// Executing an anonymous file by execve(2), memfd_create(2).
    MemfdExec,
    /// Abstract unix sockets, unix(7).
    AbstractUnix,
}

impl IpcKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::SysvShm, Self::SysvSem, Self::SysvMsg, Self::PosixMq, Self::MemfdExec, Self::AbstractUnix];

    /// Its name in policies, grants and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SysvShm => "sysv-shm",
            Self::SysvSem => "sysv-sem",
            Self::SysvMsg => "sysv-msg",
            Self::PosixMq => "posix-mq",
            Self::MemfdExec => "memfd-exec",
            Self::AbstractUnix => "abstract-unix",
        }
    }
}

/// One thing that an agent could share with others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Resource {
    /// A path tree, such as `/tmp`.
    Path(AbsPath),
    /// A kind of inter-process communication.
    Ipc(IpcKind),
}

/// Why a text names no resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// Neither a path nor a known kind.
    #[error(
        "'{0}' is no resource: give an absolute path, or one of sysv-shm, sysv-sem, sysv-msg, posix-mq, memfd-exec, abstract-unix"
    )]
    Unknown(String),
    /// A path, but not a usable one.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Resource {
    /// The path, where the resource is one.
    pub fn path(&self) -> Option<&AbsPath> {
        match self {
            Self::Path(path) => Some(path),
            Self::Ipc(_) => None,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Ipc(kind) => f.write_str(kind.name()),
        }
    }
}

impl FromStr for Resource {
    type Err = ResourceError;
    fn from_str(text: &str) -> Result<Self, ResourceError> {
        if text.starts_with('/') {
            return Ok(Self::Path(AbsPath::new(text)?));
        }
        IpcKind::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .map(Self::Ipc)
            .ok_or_else(|| ResourceError::Unknown(text.to_owned()))
    }
}

impl TryFrom<String> for Resource {
    type Error = ResourceError;
    fn try_from(text: String) -> Result<Self, ResourceError> {
        text.parse()
    }
}

impl From<Resource> for String {
    fn from(resource: Resource) -> Self {
        resource.to_string()
    }
}

impl JsonSchema for Resource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Resource".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "an absolute path, or the name of an IPC kind" })
    }
}

/// Path trees that are shared scratch on a Linux host; `*` stands for one component.
///
/// Sources: hier(7), file-hierarchy(7), shm_overview(7), mq_overview(7).
pub const SCRATCH_PATHS: [&str; 9] = [
    "/tmp",
    "/var/tmp",
    "/usr/tmp",
    "/dev/shm",
    "/run/shm",
    "/run/lock",
    "/run/user/*",
    "/dev/mqueue",
    "/dev/hugepages",
];

/// The scratch tree of [`SCRATCH_PATHS`] in which `path` is or lies, if any.
pub fn scratch_tree(path: &AbsPath) -> Option<AbsPath> {
    SCRATCH_PATHS.iter().find_map(|pattern| {
        let (fixed, any) = match pattern.strip_suffix("/*") {
            Some(fixed) => (fixed, true),
            None => (*pattern, false),
        };
        let rest = path.as_str().strip_prefix(fixed)?;
        let tree = match rest.strip_prefix('/') {
            Some(below) if any => below.split('/').next().map(|part| fixed.len() + 1 + part.len()),
            Some(_) => Some(fixed.len()),
            None => (rest.is_empty() && !any).then_some(fixed.len()),
        };
        AbsPath::new(path.as_str().get(..tree?)?).ok()
    })
}
