//! Where a path of the host really is, and how it stands to the places that nobody may be given.
//!
//! Names alone don't tell: a symbolic link, a bind mount or a mount below can make another name of `/tmp`. The mount
//! table says where on which file system a path lies, proc_pid_mountinfo(5); two names with the same answer are one place.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use denybox_core::path::{AbsPath, PathError};
use denybox_core::resource::SCRATCH_PATHS;
use denybox_core::surface::{Guard, Related, Relation};
use denybox_core::view::relations;

use super::mounts::{self, Mounted};

/// Why a path can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// It doesn't exist or can't be reached.
    #[error("{path}: {source}")]
    Unreachable {
        /// As given.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It can't be named in a policy.
    #[error(transparent)]
    Unnameable(#[from] PathError),
    /// The mount table can't be read, so aliases can't be ruled out.
    #[error("cannot read /proc/self/mountinfo: {0}")]
    Mounts(#[source] io::Error),
}

/// A path without links, and how it stands to guarded places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Without links.
    pub path: AbsPath,
    /// It is a directory.
    pub directory: bool,
    /// How it stands to scratch, `/` and the home.
    pub related: Vec<Related>,
}

/// A place on a file system: which one, and where on it.
type Location = (String, AbsPath);

/// Knows the mount table and the guarded places.
#[derive(Debug)]
pub struct Places {
    mounts: Vec<Mounted>,
    home: Option<AbsPath>,
    guards: Vec<(AbsPath, Guard, Location)>,
}

impl Places {
    /// Reads the mount table.
    ///
    /// # Errors
    /// [`PlaceError::Mounts`].
    pub fn new(home: Option<AbsPath>) -> Result<Self, PlaceError> {
        let table = crate::proc_files::read_text("/proc/self/mountinfo").map_err(PlaceError::Mounts)?;
        Ok(Self::of_table(&table, home))
    }

    /// As the mount table `table` has it, in the form of proc_pid_mountinfo(5).
    pub fn of_table(table: &str, home: Option<AbsPath>) -> Self {
        let mut places = Self { mounts: mounts::table(table).collect(), home, guards: Vec::new() };
        for (path, guard) in places.guarded() {
            // What isn't there has no other name.
            if let Some(real) =
                fs::canonicalize(path.as_path()).ok().and_then(|real| AbsPath::from_path(&real).ok())
                && let Some(location) = places.location(&real)
            {
                places.guards.push((path, guard, location));
            }
        }
        places
    }

    fn guarded(&self) -> Vec<(AbsPath, Guard)> {
        let mut guarded = vec![(AbsPath::root(), Guard::Root)];
        guarded.extend(self.home.clone().map(|home| (home, Guard::Home)));
        for pattern in SCRATCH_PATHS {
            match pattern.strip_suffix("/*") {
                None => guarded.extend(AbsPath::new(pattern).ok().map(|path| (path, Guard::Scratch))),
                Some(parent) => guarded.extend(
                    fs::read_dir(parent)
                        .into_iter()
                        .flatten()
                        .flatten()
                        .filter_map(|entry| AbsPath::from_path(&entry.path()).ok())
                        .map(|path| (path, Guard::Scratch)),
                ),
            }
        }
        guarded
    }

    /// The place that `path` names.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn find(&self, path: &Path) -> Result<Place, PlaceError> {
        let unreachable = |source| PlaceError::Unreachable { path: path.display().to_string(), source };
        let real = fs::canonicalize(path).map_err(unreachable)?;
        let kind = fs::metadata(&real).map_err(unreachable)?;
        let real = AbsPath::from_path(&real)?;
        let mut related = relations(&real, self.home.as_ref());
        related.extend(self.aliases(&real, &kind));
        // As typed, before links: `/tmp` itself may be one.
        if let Some(typed) = path.to_str().and_then(|path| AbsPath::new(path).ok())
            && typed != real
        {
            let named = relations(&typed, self.home.as_ref());
            related.extend(named.into_iter().map(|named| match named.how {
                Relation::Below => named,
                _ => Related { how: Relation::Aliases, ..named },
            }));
        }
        related.sort();
        related.dedup();
        Ok(Place { path: real, directory: kind.is_dir(), related })
    }

    /// Other names: by location on the file system, by inode, and by mounts further down.
    fn aliases(&self, path: &AbsPath, kind: &fs::Metadata) -> Vec<Related> {
        let mut found = Vec::new();
        let mut own: Vec<Location> = self.location(path).into_iter().collect();
        let below = self.mounts.iter().filter(|mount| mount.at.is_below(path));
        own.extend(below.map(|mount| (mount.device.clone(), mount.root.clone())));
        for (guarded, guard, (device, at)) in &self.guards {
            let lexical = path.is_at_or_below(guarded) || guarded.is_at_or_below(path);
            let same_inode = !lexical
                && fs::metadata(guarded.as_path())
                    .is_ok_and(|other| (other.dev(), other.ino()) == (kind.dev(), kind.ino()));
            let aliased = |location: &Location| location.0 == *device && at.is_at_or_below(&location.1);
            // The place itself, and mounts further down; of those, what contains a guarded place by name is known.
            let (first, further) =
                own.split_first().map_or((None, &[][..]), |(first, rest)| (Some(first), rest));
            let by_itself = !lexical && first.is_some_and(aliased);
            let by_mount = further.iter().any(|location| aliased(location) && !guarded.is_at_or_below(path));
            if same_inode || by_itself || by_mount {
                found.push(Related { how: Relation::Aliases, to: guarded.clone(), guard: *guard });
            } else if *guard == Guard::Scratch
                && !lexical
                && first.is_some_and(|own| own.0 == *device && own.1.is_below(at))
            {
                found.push(Related { how: Relation::Below, to: guarded.clone(), guard: *guard });
            }
        }
        found
    }

    /// On which file system `path` lies, and where.
    fn location(&self, path: &AbsPath) -> Option<Location> {
        // Of mounts at the same place the last one counts.
        let mount = self
            .mounts
            .iter()
            .filter(|mount| path.is_at_or_below(&mount.at))
            .max_by_key(|mount| mount.at.components().count())?;
        let rest = path.below(&mount.at).unwrap_or_default();
        Some((mount.device.clone(), mount.root.join(rest).ok()?))
    }
}
