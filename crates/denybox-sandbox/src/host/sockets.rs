//! Unix sockets of the host that a shown directory would let an agent connect to, unix(7).

use denybox_core::path::AbsPath;

/// Sockets bound below any of `places`, from proc_net(5)'s table: those of this network namespace that still have the
/// name they were bound to. connect(2) works through a read-only mount.
pub fn below(places: &[AbsPath]) -> Vec<AbsPath> {
    if places.is_empty() {
        return Vec::new();
    }
    // Any name may be bound: one that is no text must not hide the others.
    let Ok(table) = crate::proc_files::read("/proc/net/unix") else { return Vec::new() };
    let mut found: Vec<AbsPath> = named(&String::from_utf8_lossy(&table))
        .filter(|path| places.iter().any(|place| path.is_at_or_below(place)) && path.as_path().exists())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The absolute paths in a table such as /proc/net/unix: what stands behind the columns of numbers.
pub fn named(table: &str) -> impl Iterator<Item = AbsPath> {
    table
        .lines()
        .filter_map(|line| line.find(" /").and_then(|at| line.get(at.saturating_add(1)..)))
        .filter_map(|path| AbsPath::new(path).ok())
}
