//! Why scratch is needed, as one of a closed list: what people can count and a policy can judge by.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of reason that a justification gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// The program uses POSIX shared memory, shm_overview(7).
    PosixShmRequired,
    /// The program uses System V IPC, sysvipc(7).
    SysvIpcRequired,
    /// A build puts intermediate files there.
    BuildScratch,
    /// The program has the path compiled in and no setting to change it.
    HardCodedPath,
    /// Processes find each other by a unix socket there, unix(7).
    UnixSocketRendezvous,
    /// Loaders hand batches to each other through shared memory.
    GpuDataLoader,
    /// The program uses message queues, mq_overview(7) or msgget(2).
    MessageQueueRequired,
    /// The program writes programs or libraries there and executes them.
    ExecutableScratch,
    /// The program executes anonymous files, memfd_create(2).
    MemfdExecution,
    /// Several agents share downloads or build results.
    SharedCache,
    /// Somebody looks for a fault, and stops when it is found.
    Debugging,
    /// Something is on fire.
    IncidentResponse,
}

impl Category {
    /// Every category, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::PosixShmRequired,
        Self::SysvIpcRequired,
        Self::BuildScratch,
        Self::HardCodedPath,
        Self::UnixSocketRendezvous,
        Self::GpuDataLoader,
        Self::MessageQueueRequired,
        Self::ExecutableScratch,
        Self::MemfdExecution,
        Self::SharedCache,
        Self::Debugging,
        Self::IncidentResponse,
    ];

    /// Its name in documents and policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PosixShmRequired => "posix-shm-required",
            Self::SysvIpcRequired => "sysv-ipc-required",
            Self::BuildScratch => "build-scratch",
            Self::HardCodedPath => "hard-coded-path",
            Self::UnixSocketRendezvous => "unix-socket-rendezvous",
            Self::GpuDataLoader => "gpu-data-loader",
            Self::MessageQueueRequired => "message-queue-required",
            Self::ExecutableScratch => "executable-scratch",
            Self::MemfdExecution => "memfd-execution",
            Self::SharedCache => "shared-cache",
            Self::Debugging => "debugging",
            Self::IncidentResponse => "incident-response",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
