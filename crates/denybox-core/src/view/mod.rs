//! The view: the one place that computes what an agent sees where.
//!
//! [`View`] holds the mounts of a configuration as a mount tree like the kernel's (path_resolution(7),
//! mount_namespaces(7)): each mount is attached to a directory of the mount that was visible there when it was made.
//! Everything else follows from walking that tree: a later mount hides what was at or below its target, a read-only
//! bind below a writable one stays read-only, and links lead where they would lead the agent.

mod exposures;
mod relations;
mod trees;

use std::collections::{BTreeMap, VecDeque};

pub use self::relations::relations;
pub use self::trees::{Tree, Trees};
use crate::path::{AbsPath, PathError};
use crate::surface::{Control, Mount, MountOptions, MountSource};

/// How many symbolic links one lookup follows before the kernel gives up with ELOOP (path_resolution(7)).
pub const MAX_LINKS: usize = 40;

/// Why a path leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// More than [`MAX_LINKS`] symbolic links: ELOOP.
    #[error("{0} leads through more than {MAX_LINKS} symbolic links")]
    Loop(AbsPath),
    /// It, or what it leads to, is longer than the kernel allows.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// What an agent sees: a resolved list of mounts.
#[derive(Debug, Clone)]
pub struct View {
    mounts: Vec<Mount>,
    controls: Vec<Control>,
    trees: Trees,
    /// The first is the root file system; number `i + 1` is mount `i`.
    attached: Vec<Attached>,
    /// Which mount is on top of which directory.
    on_top: BTreeMap<Place, usize>,
}

/// A mount in the mount tree.
#[derive(Debug, Clone)]
struct Attached {
    /// The directory that it covers; none for the root file system.
    covers: Option<Place>,
    /// What it shows.
    tree: Tree,
    /// Which part of it.
    root: AbsPath,
}

/// A place in a mount: what the kernel calls a struct path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// An index into `attached`.
    attached: usize,
    /// The path within the mount's tree.
    path: AbsPath,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The same place by a name without links, as the agent sees it (realpath(3)).
    pub path: AbsPath,
    /// The mount that shows it, by its index; none for the root file system below all mounts.
    pub mount: Option<usize>,
    /// What is shown there.
    pub tree: Tree,
    /// The path within that tree.
    pub inside: AbsPath,
    /// The path on the host behind it, if the host is behind it.
    pub source: Option<AbsPath>,
    /// The flags of the mount.
    pub options: MountOptions,
    /// Whether anything is there; `None` where that is not known.
    pub exists: Option<bool>,
}

impl View {
    /// Makes `mounts` in their order over the image's root file system. Targets and sources are resolved as they are
    /// at that time, through the links of `trees`; targets that are missing are created, as runtimes do.
    ///
    /// # Errors
    /// [`ViewError`] when a target or a source leads nowhere: such a configuration can't start.
    pub fn new(mounts: Vec<Mount>, trees: Trees) -> Result<Self, ViewError> {
        let image = Attached { covers: None, tree: Tree::Image, root: AbsPath::root() };
        let mut view = Self {
            mounts: Vec::with_capacity(mounts.len()),
            controls: Vec::new(),
            trees,
            attached: vec![image],
            on_top: BTreeMap::new(),
        };
        for mount in mounts {
            view.attach(mount)?;
        }
        Ok(view)
    }

    /// The same view, with the controls that hold. They decide who else is behind IPC kinds.
    pub fn with_controls(self, controls: Vec<Control>) -> Self {
        Self { controls, ..self }
    }

    /// Where `path` leads the agent.
    ///
    /// # Errors
    /// [`ViewError`] where the kernel would say ELOOP or ENAMETOOLONG.
    pub fn resolve(&self, path: &AbsPath) -> Result<Resolved, ViewError> {
        let (place, through) = self.walk(path)?;
        let name = self.name(&place)?;
        let tree = self.tree(&place);
        let mount = place.attached.checked_sub(1);
        Ok(Resolved {
            path: name,
            mount,
            source: (*tree == Tree::Host).then(|| place.path.clone()),
            options: mount
                .and_then(|index| self.mounts.get(index))
                .map(|mount| mount.options)
                .unwrap_or_default(),
            exists: if through { self.trees.exists(tree, &place.path) } else { Some(false) },
            tree: tree.clone(),
            inside: place.path,
        })
    }

    /// Adds one mount on top of those before it.
    fn attach(&mut self, mount: Mount) -> Result<(), ViewError> {
        let (target, _) = self.walk(&mount.target)?;
        let below = self.tree(&target).clone();
        self.trees.present(below, target.path.clone());
        let index = self.mounts.len();
        let (tree, root) = match mount.source.judged() {
            MountSource::Host { path } => (Tree::Host, self.on_host(path)?),
            MountSource::Named { name } => (Tree::Named(name.clone()), AbsPath::root()),
            MountSource::Kernel { .. } => (Tree::Mount(index), AbsPath::root()),
            MountSource::Tmpfs | MountSource::Sealed => {
                self.trees.complete(Tree::Mount(index));
                (Tree::Mount(index), AbsPath::root())
            }
        };
        self.mounts.push(mount);
        self.on_top.insert(target.clone(), self.attached.len());
        self.attached.push(Attached { covers: Some(target), tree, root });
        Ok(())
    }

    /// What is shown at a place.
    fn tree(&self, place: &Place) -> &Tree {
        self.attached.get(place.attached).map_or(&Tree::Image, |mount| &mount.tree)
    }

    /// Follows `path` from the agent's root. Also gives whether every directory on the way could be there: the kernel
    /// fails with ENOENT on one that isn't, even where `..` would leave it again.
    fn walk(&self, path: &AbsPath) -> Result<(Place, bool), ViewError> {
        let root = Place { attached: 0, path: AbsPath::root() };
        let mut links = 0;
        let mut through = true;
        let mut at = self.topmost(root.clone());
        let mut todo: VecDeque<String> = path.components().map(str::to_owned).collect();
        while let Some(part) = todo.pop_front() {
            match part.as_str() {
                "" => continue,
                _ if self.trees.exists(self.tree(&at), &at.path) == Some(false) => through = false,
                _ => {}
            }
            match part.as_str() {
                "." => continue,
                ".." => {
                    at = self.topmost(self.above(at));
                    continue;
                }
                _ => {}
            }
            let next = at.path.join(&part)?;
            let tree = self.tree(&at);
            let Some(target) = self.trees.target(tree, &next) else {
                at = self.topmost(Place { path: next, ..at });
                continue;
            };
            links += 1;
            if links > MAX_LINKS {
                return Err(ViewError::Loop(path.clone()));
            }
            if target.starts_with('/') {
                at = self.topmost(root.clone());
            }
            for part in target.split('/').rev() {
                todo.push_front(part.to_owned());
            }
        }
        Ok((at, through))
    }

    /// The root of the topmost mount on `place`, or `place` itself.
    fn topmost(&self, mut place: Place) -> Place {
        while let Some(&attached) = self.on_top.get(&place) {
            let Some(mount) = self.attached.get(attached) else { break };
            place = Place { attached, path: mount.root.clone() };
        }
        place
    }

    /// The directory above `place`, out of mounts whose root it is; the root stays the root.
    fn above(&self, mut place: Place) -> Place {
        while let Some(Attached { covers, root, .. }) = self.attached.get(place.attached) {
            if place.path != *root {
                break;
            }
            match covers {
                Some(covered) => place = covered.clone(),
                None => break,
            }
        }
        let path = place.path.parent().unwrap_or(place.path);
        Place { path, ..place }
    }

    /// How the agent would name `place`, without links.
    fn name(&self, place: &Place) -> Result<AbsPath, PathError> {
        let mut parts: Vec<&str> = Vec::new();
        let mut at = Some(place);
        while let Some(place) = at {
            let Some(mount) = self.attached.get(place.attached) else { break };
            parts.push(place.path.below(&mount.root).unwrap_or_default());
            at = mount.covers.as_ref();
        }
        parts.reverse();
        AbsPath::new(&format!("/{}", parts.join("/")))
    }

    /// `path` on the host without links: what a bind mount of it would show.
    fn on_host(&self, path: &AbsPath) -> Result<AbsPath, ViewError> {
        let host = Attached { covers: None, tree: Tree::Host, root: AbsPath::root() };
        // The host's tree alone, without any mount: its links are all that matters.
        let alone = Self {
            mounts: Vec::new(),
            controls: Vec::new(),
            trees: self.trees.clone(),
            attached: vec![host],
            on_top: BTreeMap::new(),
        };
        alone.walk(path).map(|(place, _)| place.path)
    }
}
