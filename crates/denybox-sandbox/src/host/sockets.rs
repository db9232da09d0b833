//! Unix sockets of the host that a shown directory would let an agent connect to, unix(7).

use std::fs;
use std::os::unix::fs::FileTypeExt as _;

use denybox_core::path::AbsPath;

/// Most directory entries that are looked at: enough for a project, and a fraction of a second.
const MOST_ENTRIES: usize = 50_000;

/// Sockets below the places that are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Their paths.
    pub sockets: Vec<AbsPath>,
    /// There was more to look through than [`MOST_ENTRIES`], or a name that is no text, or a directory that can't be read: there may be others.
    pub incomplete: bool,
}

/// Sockets below any of `places`: those that lie there, and those that are bound there by a full name, in case there is
/// more than can be looked through. connect(2) works through a read-only mount.
pub fn below(places: &[AbsPath]) -> Found {
    let mut found = Found::default();
    if places.is_empty() {
        return found;
    }
    let mut left = MOST_ENTRIES;
    for place in places {
        walk(place, &mut left, &mut found);
    }
    // Any name may be bound: one that is no text must not hide the others.
    if let Ok(table) = crate::proc_files::read("/proc/net/unix") {
        let table = String::from_utf8_lossy(&table);
        let inside = |path: &AbsPath| places.iter().any(|place| path.is_at_or_below(place));
        found.sockets.extend(named(&table).filter(|path| inside(path) && path.as_path().exists()));
    }
    found.sockets.sort();
    found.sockets.dedup();
    found
}

/// Looks through a directory, links aside.
fn walk(place: &AbsPath, left: &mut usize, found: &mut Found) {
    let Ok(kind) = fs::symlink_metadata(place.as_path()).map(|kind| kind.file_type()) else { return };
    if kind.is_socket() {
        found.sockets.push(place.clone());
    }
    let mut waiting = if kind.is_dir() { vec![place.clone()] } else { Vec::new() };
    while let Some(directory) = waiting.pop() {
        let Ok(entries) = fs::read_dir(directory.as_path()) else {
            found.incomplete = true;
            continue;
        };
        for entry in entries.flatten() {
            let Some(rest) = left.checked_sub(1) else {
                found.incomplete = true;
                return;
            };
            *left = rest;
            let Ok(kind) = entry.file_type() else { continue };
            let Ok(path) = AbsPath::from_path(&entry.path()) else {
                // It has no name that a report could show.
                found.incomplete |= kind.is_dir() || kind.is_socket();
                continue;
            };
            if kind.is_dir() {
                waiting.push(path);
            } else if kind.is_socket() {
                found.sockets.push(path);
            }
        }
    }
}

/// The absolute paths in a table such as /proc/net/unix: what stands behind the columns of numbers.
pub fn named(table: &str) -> impl Iterator<Item = AbsPath> {
    table
        .lines()
        .filter_map(|line| line.find(" /").and_then(|at| line.get(at.saturating_add(1)..)))
        .filter_map(|path| AbsPath::new(path).ok())
}
