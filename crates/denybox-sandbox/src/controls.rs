//! The names of the controls, as reports, `--require` and `doctor` use them.

/// One user exists in a box, the caller: nobody on the host where he is root, himself otherwise; user_namespaces(7).
pub const USER_NAMESPACE: &str = "user-namespace";
/// mount_namespaces(7).
pub const MOUNT_NAMESPACE: &str = "mount-namespace";
/// pid_namespaces(7).
pub const PID_NAMESPACE: &str = "pid-namespace";
/// ipc_namespaces(7).
pub const IPC_NAMESPACE: &str = "ipc-namespace";
/// network_namespaces(7).
pub const NET_NAMESPACE: &str = "net-namespace";
/// uts_namespaces(7).
pub const UTS_NAMESPACE: &str = "uts-namespace";
/// cgroup_namespaces(7).
pub const CGROUP_NAMESPACE: &str = "cgroup-namespace";
/// time_namespaces(7).
pub const TIME_NAMESPACE: &str = "time-namespace";
/// Root's box is an unprivileged user of the host.
pub const UID_SEPARATION: &str = "uid-separation";
/// Shared scratch denies.
pub const SEAL: &str = "seal";
/// Denied accesses are seen, with process and name.
pub const TRIPWIRE: &str = "tripwire";
/// capabilities(7), all dropped.
pub const CAPABILITIES: &str = "capabilities";
/// No program gains rights by execve(2).
pub const NO_NEW_PRIVS: &str = "no-new-privs";
/// landlock(7), the second lock on writing.
pub const LANDLOCK: &str = "landlock";
/// Landlock's scopes: abstract sockets and signals.
pub const LANDLOCK_SCOPE: &str = "landlock-scope";
/// seccomp(2), the allow-list of system calls.
pub const SECCOMP: &str = "seccomp";
/// Refused calls are seen, seccomp_unotify(2).
pub const NOTIFICATION: &str = "notification";
/// Anonymous files can't be executed by execve(2).
pub const MEMFD_NOEXEC: &str = "memfd-noexec";
/// The limit on memory.
pub const MEMORY: &str = "memory";
/// The limit on processes.
pub const PIDS: &str = "pids";
/// The limit on processor time.
pub const CPUS: &str = "cpus";

/// Without these no box starts.
pub const REQUIRED: [&str; 6] =
    [USER_NAMESPACE, MOUNT_NAMESPACE, PID_NAMESPACE, IPC_NAMESPACE, SEAL, SECCOMP];

/// Every control, in the order of reports.
pub const ALL: [&str; 21] = [
    USER_NAMESPACE,
    MOUNT_NAMESPACE,
    PID_NAMESPACE,
    IPC_NAMESPACE,
    NET_NAMESPACE,
    UTS_NAMESPACE,
    CGROUP_NAMESPACE,
    TIME_NAMESPACE,
    UID_SEPARATION,
    SEAL,
    TRIPWIRE,
    CAPABILITIES,
    NO_NEW_PRIVS,
    LANDLOCK,
    LANDLOCK_SCOPE,
    SECCOMP,
    NOTIFICATION,
    MEMFD_NOEXEC,
    MEMORY,
    PIDS,
    CPUS,
];
