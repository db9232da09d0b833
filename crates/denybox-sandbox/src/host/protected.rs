//! Files through which a workspace commands its owner's programs later: kept as they are, and new ones reported.

use std::fs;
use std::path::Path;

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
///
/// Repositories inside the workspace's own are found one directory down, and submodules wherever git keeps them; further
/// down nobody looks, because that would mean reading the whole workspace at every start.
pub fn files(workspace: &AbsPath, writable: &[AbsPath]) -> Files {
    let mut found = Files::default();
    let entries = entries(workspace.as_path());
    for (relative, reader) in listed() {
        let Ok(path) = workspace.join(relative) else { continue };
        let top = relative.split('/').next().unwrap_or_default();
        if entries.iter().any(|(name, _)| name == top) {
            look(workspace, path, reader, writable, &mut found);
        } else if !writable.iter().any(|named| path.is_at_or_below(named)) {
            found.absent.push((path, reader));
        }
    }
    let nested = entries
        .iter()
        .filter(|(_, directory)| *directory)
        .filter_map(|(name, _)| workspace.join(name).and_then(|below| below.join(".git")).ok());
    let modules = workspace.join(".git/modules").map(|modules| submodules(&modules, MODULE_DEPTH));
    for repository in nested.chain(modules.unwrap_or_default()) {
        if fs::symlink_metadata(repository.as_path()).is_ok_and(|kind| kind.is_dir()) {
            for (relative, reader) in listed() {
                if let Some(path) = relative.strip_prefix(".git/").and_then(|part| repository.join(part).ok())
                {
                    look(workspace, path, reader, writable, &mut found);
                }
            }
        }
    }
    found
}

/// How deep names of submodules may nest: `.git/modules/vendor/one`.
const MODULE_DEPTH: usize = 4;

/// What is right below `directory`: names, and whether it is a directory itself, links aside.
fn entries(directory: &Path) -> Vec<(String, bool)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            entry.file_name().into_string().ok().map(|name| (name, is_directory))
        })
        .collect()
}

/// The repositories of submodules: a directory with a `HEAD` is one.
fn submodules(directory: &AbsPath, depth: usize) -> Vec<AbsPath> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    entries(directory.as_path())
        .into_iter()
        .filter(|(_, is_directory)| *is_directory)
        .filter_map(|(name, _)| directory.join(&name).ok())
        .flat_map(|below| {
            let is_one = below.join("HEAD").is_ok_and(|head| head.as_path().exists());
            let mut found = submodules(&below, depth);
            found.extend(is_one.then_some(below));
            found
        })
        .collect()
}

fn look(workspace: &AbsPath, path: AbsPath, reader: &'static str, writable: &[AbsPath], found: &mut Files) {
    if writable.iter().any(|named| path.is_at_or_below(named)) {
        return;
    }
    // A link on the way, `.git` itself perhaps, leads somewhere else: what is there can't be kept from here.
    let link = between(workspace, &path)
        .into_iter()
        .chain([path.clone()])
        .find(|part| fs::symlink_metadata(part.as_path()).is_ok_and(|kind| kind.is_symlink()));
    match (link, fs::symlink_metadata(path.as_path())) {
        (Some(link), _) => {
            if !found.links.contains(&link) {
                found.links.push(link);
            }
        }
        (None, Ok(_)) => keep(workspace, path, &mut found.kept),
        (None, Err(_)) => found.absent.push((path, reader)),
    }
}

/// The directories between the workspace and `path`, the highest first.
fn between(workspace: &AbsPath, path: &AbsPath) -> Vec<AbsPath> {
    let mut above: Vec<AbsPath> = std::iter::successors(path.parent(), AbsPath::parent)
        .take_while(|directory| directory.is_below(workspace))
        .collect();
    above.reverse();
    above
}

/// Pins every directory between the workspace and the file, then makes the file read-only.
fn keep(workspace: &AbsPath, path: AbsPath, kept: &mut Vec<Protected>) {
    for directory in between(workspace, &path) {
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
