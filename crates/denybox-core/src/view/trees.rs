//! What is known of the file systems that mounts show: their symbolic links and directories.

use std::collections::{BTreeMap, BTreeSet};

use crate::path::AbsPath;

/// A file system, or a part of one, that paths are looked up in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tree {
    /// The agent's root file system below all mounts: a container's image.
    Image,
    /// The host's files, as one tree with all of the host's own mounts in it.
    Host,
    /// A volume or image layer by name.
    Named(String),
    /// What the mount of this index brings itself: a memory file system, the kernel's own ones.
    Mount(usize),
}

/// The symbolic links and directories of each [`Tree`], as far as they are known. Paths are those within the tree.
#[derive(Debug, Clone, Default)]
pub struct Trees {
    known: BTreeMap<Tree, Contents>,
}

#[derive(Debug, Clone, Default)]
struct Contents {
    links: BTreeMap<AbsPath, String>,
    present: BTreeSet<AbsPath>,
    complete: bool,
}

impl Trees {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// In `tree` there is a symbolic link at `at`, with the text `target`, which may be relative.
    pub fn link(&mut self, tree: Tree, at: AbsPath, target: &str) {
        self.present(tree.clone(), at.parent().unwrap_or(AbsPath::root()));
        self.known.entry(tree).or_default().links.insert(at, target.to_owned());
    }

    /// In `tree` there is a file or directory at `at`.
    pub fn present(&mut self, tree: Tree, at: AbsPath) {
        let present = &mut self.known.entry(tree).or_default().present;
        let mut next = Some(at);
        while let Some(path) = next {
            next = path.parent();
            if !present.insert(path) {
                break;
            }
        }
    }

    /// Everything in `tree` has been told: what has not isn't there.
    pub fn complete(&mut self, tree: Tree) {
        self.known.entry(tree).or_default().complete = true;
    }

    /// The text of the link at `at`, if it is one.
    pub(super) fn target(&self, tree: &Tree, at: &AbsPath) -> Option<&str> {
        self.known.get(tree)?.links.get(at).map(String::as_str)
    }

    /// Whether something is at `at`; `None` where that is not known.
    pub(super) fn exists(&self, tree: &Tree, at: &AbsPath) -> Option<bool> {
        if *at == AbsPath::root() {
            return Some(true);
        }
        let contents = self.known.get(tree)?;
        if contents.present.contains(at) || contents.links.contains_key(at) {
            return Some(true);
        }
        contents.complete.then_some(false)
    }
}
