//! A policy by the name that the user gives it: one that ships, or a directory with Rego in it.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use denybox_core::policy::{Policy, PolicyError, Sources};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};

/// Most files of Rego in a directory.
const MOST_FILES: usize = 256;
/// Most entries of all kinds.
const MOST_ENTRIES: usize = 10_000;
/// Largest file, bytes.
const LARGEST_FILE: u64 = 1 << 20;
/// Most Rego together, bytes.
const MOST_BYTES: usize = 4 << 20;
/// Directories below each other.
const DEEPEST: usize = 16;

/// Why a directory makes no policy.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// What it holds makes no policy, or no such policy ships.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// It, or something in it, can't be read.
    #[error("cannot read the policy {path}: {source}")]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Neither a policy that ships nor a directory.
    #[error("there is no policy {0}: give local, strict, or a directory with *.rego in it")]
    Missing(PathBuf),
    /// There is no Rego in it.
    #[error("the policy {0} has no *.rego in it besides tests")]
    Empty(PathBuf),
    /// The directory has no name that a package can have.
    #[error("the directory of the policy {0} has no name that can be part of a package")]
    Nameless(PathBuf),
    /// There is too much.
    #[error("the policy {path} has more than {limit}")]
    TooMuch {
        /// Where.
        path: PathBuf,
        /// Of what.
        limit: String,
    },
    /// A symbolic link that isn't followed. Leaving it out could leave out a denial.
    #[error(
        "{0} in a policy is a symbolic link that leads to a directory or out of it: put what it leads to in its place"
    )]
    Link(PathBuf),
    /// A file that is none.
    #[error("{0} in a policy is no regular file")]
    NoFile(PathBuf),
    /// A file that is no text.
    #[error("{0} in a policy is not UTF-8")]
    NoText(PathBuf),
}

/// The policy that `named` means, ready to decide.
///
/// # Errors
/// [`SourceError`].
pub fn policy(named: &OsStr) -> Result<Policy, SourceError> {
    match shipped(named) {
        Some(name) => Ok(Policy::shipped(name)?),
        None => Ok(sources(named)?.into_policy()?),
    }
}

/// The Rego of the policy that `named` means.
///
/// # Errors
/// [`SourceError`].
pub fn sources(named: &OsStr) -> Result<Sources, SourceError> {
    match shipped(named) {
        Some(name) => Ok(Sources::shipped(name)?),
        None => directory(Path::new(named)),
    }
}

/// The name of a policy that ships. A directory of the same name is meant by `./local`.
fn shipped(named: &OsStr) -> Option<&'static str> {
    Policy::SHIPPED.into_iter().find(|name| named == *name)
}

fn directory(path: &Path) -> Result<Sources, SourceError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
        rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR => SourceError::Missing(path.to_owned()),
        error => SourceError::Read { path: path.to_owned(), source: error.into() },
    })?;
    let full = path.canonicalize().map_err(|source| SourceError::Read { path: path.to_owned(), source })?;
    let name = full.file_name().and_then(OsStr::to_str).ok_or_else(|| SourceError::Nameless(full.clone()))?;
    let mut walk = Walk { top: top.as_fd(), shown: path, files: Vec::new(), entries: 0, bytes: 0 };
    walk.directory(Path::new(""), 0)?;
    let (mut modules, mut tests) = (Vec::new(), Vec::new());
    walk.files.sort();
    for (place, rego) in walk.files {
        let list = if place.ends_with("_test.rego") { &mut tests } else { &mut modules };
        list.push((place, rego));
    }
    if modules.is_empty() {
        return Err(SourceError::Empty(path.to_owned()));
    }
    Ok(Sources { name: name.to_owned(), modules, tests })
}

/// Going through a directory. Everything is opened relative to it and, openat2(2), beneath it.
struct Walk<'a> {
    top: BorrowedFd<'a>,
    /// The directory as the user named it.
    shown: &'a Path,
    files: Vec<(String, String)>,
    entries: usize,
    bytes: usize,
}

impl Walk<'_> {
    fn directory(&mut self, relative: &Path, depth: usize) -> Result<(), SourceError> {
        if depth > DEEPEST {
            return Err(self.too_much(format!("{DEEPEST} directories below each other")));
        }
        let here = if relative.as_os_str().is_empty() { Path::new(".") } else { relative };
        let opened = self.open(here, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW)?;
        let unread = |error: rustix::io::Errno| SourceError::Read {
            path: self.shown.join(relative),
            source: error.into(),
        };
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&opened).map_err(unread)? {
            names.push(entry.map_err(unread)?.file_name().to_owned());
            if names.len() + self.entries > MOST_ENTRIES {
                return Err(self.too_much(format!("{MOST_ENTRIES} entries")));
            }
        }
        self.entries += names.len();
        for name in names {
            // `.`, `..`, what version control and Kubernetes put beside.
            if !name.to_bytes().starts_with(b".") {
                self.entry(&opened, relative, &name, depth)?;
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        directory: &OwnedFd,
        relative: &Path,
        name: &CStr,
        depth: usize,
    ) -> Result<(), SourceError> {
        let path = relative.join(OsStr::from_bytes(name.to_bytes()));
        let status = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| SourceError::Read { path: self.shown.join(&path), source: error.into() })?;
        let rego = path.extension().is_some_and(|extension| extension == "rego");
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory => self.directory(&path, depth + 1),
            FileType::Symlink => {
                let leads =
                    self.open(&path, OFlags::PATH).map_err(|_| SourceError::Link(self.shown.join(&path)))?;
                let status =
                    rustix::fs::fstat(&leads).map_err(|_| SourceError::Link(self.shown.join(&path)))?;
                match FileType::from_raw_mode(status.st_mode) {
                    FileType::RegularFile if rego => self.file(&path),
                    FileType::RegularFile => Ok(()),
                    _ => Err(SourceError::Link(self.shown.join(&path))),
                }
            }
            _ if rego => self.file(&path),
            _ => Ok(()),
        }
    }

    fn file(&mut self, path: &Path) -> Result<(), SourceError> {
        let shown = self.shown.join(path);
        if self.files.len() >= MOST_FILES {
            return Err(self.too_much(format!("{MOST_FILES} files")));
        }
        // Without waiting, should it have become a pipe.
        let opened = File::from(self.open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?);
        let unread = |source| SourceError::Read { path: shown.clone(), source };
        if !opened.metadata().map_err(unread)?.is_file() {
            return Err(SourceError::NoFile(shown));
        }
        let mut bytes = Vec::new();
        opened.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(unread)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(SourceError::TooMuch {
                path: shown,
                limit: format!("{LARGEST_FILE} bytes in a file"),
            });
        }
        self.bytes += bytes.len();
        if self.bytes > MOST_BYTES {
            return Err(self.too_much(format!("{MOST_BYTES} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| SourceError::NoText(shown.clone()))?;
        self.files.push((shown.display().to_string(), text));
        Ok(())
    }

    fn open(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, SourceError> {
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        rustix::fs::openat2(self.top, path, flags | OFlags::CLOEXEC, Mode::empty(), beneath)
            .map_err(|error| SourceError::Read { path: self.shown.join(path), source: error.into() })
    }

    fn too_much(&self, limit: String) -> SourceError {
        SourceError::TooMuch { path: self.shown.to_owned(), limit }
    }
}
