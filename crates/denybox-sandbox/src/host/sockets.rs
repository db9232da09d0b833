//! Unix sockets of the host that a shown directory would let an agent connect to, unix(7).

use std::fs;

use denybox_core::path::AbsPath;

/// Sockets bound below any of `places`, from proc_net(5)'s table: those of this network namespace that still have the
/// name they were bound to. connect(2) works through a read-only mount.
pub fn below(places: &[AbsPath]) -> Vec<AbsPath> {
    if places.is_empty() {
        return Vec::new();
    }
    let Ok(table) = fs::read_to_string("/proc/net/unix") else { return Vec::new() };
    let mut found: Vec<AbsPath> = table
        .lines()
        .filter_map(|line| line.find(" /").and_then(|at| line.get(at + 1..)))
        .filter_map(|path| AbsPath::new(path).ok())
        .filter(|path| places.iter().any(|place| path.is_at_or_below(place)) && path.as_path().exists())
        .collect();
    found.sort();
    found.dedup();
    found
}
