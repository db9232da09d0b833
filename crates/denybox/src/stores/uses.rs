//! How often a justification was used: one file for each, one line for each use, in the state directory.
//!
//! A use is on the disk before the box starts, so a crash can lose a box but not a use. The file belongs to whoever runs
//! denybox, who could remove it: the count tells, and doesn't bind.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::places::{self, PlaceError};

/// A count of more uses than this is no count.
const COUNTER_MAX: usize = 64 << 20;

/// Why uses can't be counted. A justification that limits them opens nothing then.
#[derive(Debug, thiserror::Error)]
pub enum UsesError {
    /// There is no place for the count.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// An operation on the file failed.
    #[error("cannot {operation} the count of uses {path}: {source}")]
    Operation {
        /// Which.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The digest can't be the name of a file.
    #[error("'{0}' is no digest")]
    Digest(String),
}

/// The count of one justification, locked: no other box reads or changes it meanwhile.
#[derive(Debug)]
pub struct Counter {
    file: File,
    path: PathBuf,
    spent: u64,
    /// Whether the last line is whole. Half a line is a use whose box never began.
    whole: bool,
}

/// How often the justification with `digest` was used, without counting anything.
///
/// # Errors
/// [`UsesError`].
pub fn spent(digest: &str) -> Result<u64, UsesError> {
    let there =
        places::state()?.join("uses").join(digest.strip_prefix("sha256:").unwrap_or_default()).is_file();
    if there { Ok(Counter::open(digest)?.spent()) } else { Ok(0) }
}

impl Counter {
    /// The count for the justification with `digest`.
    ///
    /// # Errors
    /// [`UsesError`].
    pub fn open(digest: &str) -> Result<Self, UsesError> {
        Self::open_in(&places::state()?.join("uses"), digest)
    }

    fn open_in(directory: &Path, digest: &str) -> Result<Self, UsesError> {
        let name = digest.strip_prefix("sha256:").filter(|name| name.len() == 64);
        let name = name
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .ok_or_else(|| UsesError::Digest(digest.to_owned()))?;
        let path = directory.join(name);
        let failed = |operation| {
            let path = path.clone();
            move |source| UsesError::Operation { operation, path, source }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed("make a directory for"))?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)
            .map_err(failed("open"))?;
        flock(&file, FlockOperation::LockExclusive).map_err(|error| failed("lock")(error.into()))?;
        file.seek(SeekFrom::Start(0)).map_err(failed("read"))?;
        let copy = file.try_clone().map_err(failed("read"))?;
        let lines = super::read_open(copy, COUNTER_MAX).map_err(failed("read"))?;
        let whole = lines.last().is_none_or(|last| *last == b'\n');
        let ends = lines.iter().filter(|byte| **byte == b'\n').count();
        let spent = u64::try_from(ends).unwrap_or(u64::MAX).saturating_add(u64::from(!whole));
        Ok(Self { file, path, spent, whole })
    }

    /// How often it was used before.
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// Counts one use by `box_id`. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`UsesError`].
    pub fn spend(mut self, time: u64, box_id: &str) -> Result<(), UsesError> {
        let failed = |operation| {
            let path = self.path.clone();
            move |source| UsesError::Operation { operation, path, source }
        };
        let line = format!("{}{time} {box_id}\n", if self.whole { "" } else { "\n" });
        self.file.write_all(line.as_bytes()).map_err(failed("write"))?;
        self.file.sync_all().map_err(failed("sync"))?;
        if let Some(directory) = self.path.parent() {
            // The name of a new file must last as well.
            File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed("sync"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn uses_add_up_and_half_a_line_is_one() {
        let directory = tempfile::tempdir().unwrap();
        for spent in 0..3 {
            let counter = Counter::open_in(directory.path(), DIGEST).unwrap();
            assert_eq!(counter.spent(), spent);
            counter.spend(7, "box-1").unwrap();
        }
        let path = directory.path().join(&DIGEST[7..]);
        // As a crash in the middle of writing leaves it.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"17 box").unwrap();
        let counter = Counter::open_in(directory.path(), DIGEST).unwrap();
        assert_eq!(counter.spent(), 4);
        counter.spend(8, "box-2").unwrap();
        assert_eq!(Counter::open_in(directory.path(), DIGEST).unwrap().spent(), 5);
    }

    #[test]
    fn one_box_at_a_time_counts() {
        let directory = tempfile::tempdir().unwrap();
        let first = Counter::open_in(directory.path(), DIGEST).unwrap();
        let path = directory.path().to_owned();
        let second = std::thread::spawn(move || Counter::open_in(&path, DIGEST).unwrap().spent());
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!second.is_finished());
        first.spend(1, "box-1").unwrap();
        assert_eq!(second.join().unwrap(), 1);
    }

    #[test]
    fn a_digest_is_no_path() {
        let directory = tempfile::tempdir().unwrap();
        for digest in ["", "sha256:", "sha256:../../../etc/passwd", &format!("sha256:{}", "/".repeat(64))] {
            assert!(
                matches!(Counter::open_in(directory.path(), digest), Err(UsesError::Digest(_))),
                "{digest}"
            );
        }
    }
}
