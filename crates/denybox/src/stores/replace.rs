//! Changing files that matter: whole or not at all, by one writer at a time, and never by an oversight.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// The mode of a file that everybody may read.
pub const READABLE: u32 = 0o644;
/// The mode of a file that is its owner's alone.
pub const SECRET: u32 = 0o600;

/// Why a file was not written. What was there is still there.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// It exists, and nobody said that it may go.
    #[error("{0} exists already and is not overwritten: name another file{hint}", hint = if *.1 { ", or give --force" } else { "" })]
    Exists(PathBuf, bool),
    /// It names no file.
    #[error("{0} names no file")]
    Nameless(PathBuf),
    /// A step failed.
    #[error("cannot {step} {path}: {source}")]
    Step {
        /// Which: a verb that goes before the path.
        step: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn failed(step: &'static str, path: &Path) -> impl Fn(io::Error) -> ReplaceError {
    let path = path.to_owned();
    move |source| ReplaceError::Step { step, path: path.clone(), source }
}

/// The directory of a file, locked: other denyboxes wait before they change anything in it.
#[derive(Debug)]
pub struct Folder {
    directory: File,
    path: PathBuf,
    name: OsString,
}

impl Folder {
    /// Locks the directory of `file`. A symbolic link is followed now, so that what it names is changed and it stays.
    ///
    /// # Errors
    /// [`ReplaceError`].
    pub fn lock(file: &Path) -> Result<Self, ReplaceError> {
        let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let name = real.file_name().ok_or_else(|| ReplaceError::Nameless(file.to_owned()))?.to_owned();
        let path = match real.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let directory = File::open(&path).map_err(failed("open the directory", &path))?;
        flock(&directory, FlockOperation::LockExclusive)
            .map_err(|error| failed("lock the directory", &path)(error.into()))?;
        Ok(Self { directory, path, name })
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.path.join(&self.name)
    }

    /// Puts `bytes` in the place of the file, or makes it with `mode`. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`ReplaceError`].
    pub fn replace(&self, bytes: &[u8], mode: u32) -> Result<(), ReplaceError> {
        let file = self.file();
        // Whoever may read it keeps that right, and nobody else gets it.
        let kept = fs::metadata(&file).ok().map(|old| old.mode() & 0o777);
        let mut name = OsString::from(".");
        name.push(&self.name);
        name.push(format!(".{}", std::process::id()));
        let fresh = self.path.join(name);
        let written = write(&fresh, bytes, mode, kept)
            .and_then(|()| fs::rename(&fresh, &file).map_err(failed("put into its place", &file)));
        if written.is_err() {
            // It was in nobody's way, and is rubbish now.
            let _ = fs::remove_file(&fresh);
        }
        written?;
        self.directory.sync_all().map_err(failed("sync the directory", &self.path))
    }

    /// Makes the file, where there is none yet. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`ReplaceError::Exists`], where `could_force` says whether the caller has an option to overwrite it.
    pub fn create(&self, bytes: &[u8], mode: u32, could_force: bool) -> Result<(), ReplaceError> {
        let file = self.file();
        match write(&file, bytes, mode, None) {
            Err(ReplaceError::Step { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                Err(ReplaceError::Exists(file, could_force))
            }
            Err(error) => Err(error),
            Ok(()) => self.directory.sync_all().map_err(failed("sync the directory", &self.path)),
        }
    }
}

/// Writes a new file, with `mode` less the umask, or exactly the one that is `kept`. Half of one doesn't stay.
fn write(path: &Path, bytes: &[u8], mode: u32, kept: Option<u32>) -> Result<(), ReplaceError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed("make", path))?;
    let written = kept
        .map_or(Ok(()), |mode| file.set_permissions(fs::Permissions::from_mode(mode)))
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(path);
        failed("write", path)(error)
    })
}

/// Makes a directory and those above it, where they aren't there.
///
/// # Errors
/// [`ReplaceError::Step`].
pub fn directory(path: &Path, mode: u32) -> Result<(), ReplaceError> {
    DirBuilder::new().recursive(true).mode(mode).create(path).map_err(failed("make the directory", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<OsString> {
        let mut names: Vec<OsString> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("trust.toml");
        Folder::lock(&path).unwrap().replace(b"one", READABLE).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        Folder::lock(&path).unwrap().replace(b"two", READABLE).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        assert_eq!(names(directory.path()), ["trust.toml"]);
    }

    #[test]
    fn a_link_stays_and_what_it_names_changes() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("real"), directory.path().join("link"));
        fs::write(&path, "one").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        Folder::lock(&link).unwrap().replace(b"two", READABLE).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }

    #[test]
    fn nothing_is_overwritten_by_an_oversight() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        Folder::lock(&path).unwrap().create(b"one", SECRET, false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let again = Folder::lock(&path).unwrap().create(b"two", SECRET, false);
        assert!(matches!(again, Err(ReplaceError::Exists(_, false))), "{again:?}");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        std::os::unix::fs::symlink("nowhere", directory.path().join("dangling")).unwrap();
        let dangling = Folder::lock(&directory.path().join("dangling")).unwrap().create(b"two", SECRET, true);
        assert!(matches!(dangling, Err(ReplaceError::Exists(_, true))), "{dangling:?}");
    }

    #[test]
    fn one_writer_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list");
        let first = Folder::lock(&path).unwrap();
        let second = std::thread::spawn({
            let path = path.clone();
            move || {
                let folder = Folder::lock(&path).unwrap();
                fs::read(folder.file()).unwrap()
            }
        });
        std::thread::sleep(std::time::Duration::from_millis(50));
        first.replace(b"first", READABLE).unwrap();
        drop(first);
        assert_eq!(second.join().unwrap(), b"first");
    }
}
