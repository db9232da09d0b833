//! Facts about the machine and the caller that a surface is made from. Looks; changes nothing.

pub mod identity;
pub mod mounts;
pub mod places;
pub mod protected;
pub mod sockets;
pub mod system;
pub mod toolchains;

use std::fs;

use denybox_core::size::Size;

/// The memory that a box could use: the smallest of what is installed and what a control group above us allows, bytes.
///
/// # Errors
/// When /proc/meminfo can't be read or has no `MemTotal` (proc_meminfo(5)).
pub fn memory() -> std::io::Result<Size> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok())
        .map(|kib| kib.saturating_mul(1024))
        .ok_or_else(|| std::io::Error::other("/proc/meminfo has no MemTotal"))?;
    let limit = crate::cgroup::memory_limit().unwrap_or(u64::MAX);
    Ok(Size(total.min(limit)))
}

/// Whether this kernel's Landlock can keep abstract sockets inside (ABI 6, landlock(7)).
pub fn has_abstract_socket_scope() -> bool {
    crate::confine::landlock::has_scopes()
}
