//! Facts about the machine and the caller that a surface is made from. Looks; changes nothing.

pub mod identity;
pub mod mounts;
pub mod places;
pub mod protected;
pub mod sockets;
pub mod system;
pub mod toolchains;

use denybox_core::size::Size;

/// The memory that a box could use: the smallest of what is installed and what a control group above us allows, bytes.
///
/// From sysinfo(2) and cgroups(7).
pub fn memory() -> Size {
    let machine = rustix::system::sysinfo();
    let installed = machine.totalram.saturating_mul(u64::from(machine.mem_unit));
    let limit = crate::cgroup::memory_limit().unwrap_or(u64::MAX);
    Size(installed.min(limit))
}

/// The name of this host, uname(2).
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Whether this kernel's Landlock can keep abstract sockets inside (ABI 6, landlock(7)).
pub fn has_abstract_socket_scope() -> bool {
    crate::confine::landlock::has_scopes()
}
