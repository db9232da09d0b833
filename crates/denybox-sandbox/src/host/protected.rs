//! Files through which a workspace commands its owner's programs later: kept as they are, and new ones reported.

use std::fs;

use denybox_core::path::AbsPath;
use denybox_core::plan::Protected;

/// The list, as data: one path a line, relative to the workspace, and who obeys it.
const LIST: &str = include_str!("../../../../knowledge/protected-files.txt");

/// What a workspace has of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// What stays as it is, in the order of mounting.
    pub kept: Vec<Protected>,
    /// What isn't there yet, and who would obey it: to be looked at again at the end.
    pub absent: Vec<(AbsPath, &'static str)>,
    /// What is there but can't be kept: a symbolic link.
    pub links: Vec<AbsPath>,
}

/// Every protected path with the program that obeys it.
fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIST.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (path, reader) = line.trim().split_once(char::is_whitespace)?;
        Some((path, reader.trim()))
    })
}

/// Looks at `workspace`. What `writable` names (by `--rw`) is left alone.
pub fn files(workspace: &AbsPath, writable: &[AbsPath]) -> Files {
    let mut found = Files::default();
    for (relative, reader) in listed() {
        let Ok(path) = workspace.join(relative) else { continue };
        if writable.iter().any(|named| path.is_at_or_below(named)) {
            continue;
        }
        match fs::symlink_metadata(path.as_path()) {
            Ok(kind) if kind.is_symlink() => found.links.push(path),
            Ok(_) => keep(workspace, path, &mut found.kept),
            Err(_) => found.absent.push((path, reader)),
        }
    }
    found
}

/// Pins every directory between the workspace and the file, then makes the file read-only.
fn keep(workspace: &AbsPath, path: AbsPath, kept: &mut Vec<Protected>) {
    let mut above: Vec<AbsPath> = std::iter::successors(path.parent(), AbsPath::parent)
        .take_while(|directory| directory.is_below(workspace))
        .collect();
    above.reverse();
    for directory in above {
        let pinned = Protected::Pinned(directory);
        if !kept.contains(&pinned) {
            kept.push(pinned);
        }
    }
    kept.push(Protected::ReadOnly(path));
}

/// Which of `absent` have appeared meanwhile.
pub fn appeared(absent: &[(AbsPath, &'static str)]) -> Vec<(AbsPath, &'static str)> {
    absent.iter().filter(|(path, _)| fs::symlink_metadata(path.as_path()).is_ok()).cloned().collect()
}
