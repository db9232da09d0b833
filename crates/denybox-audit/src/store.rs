//! The directory in which all logs of a host or user lie.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use denybox_core::audit::checkpoint::{Checkpoint, LogKey, PublicLogKey};
use denybox_core::audit::event::{Event, Opened};
use denybox_core::audit::{Chain, JournalError};
use denybox_core::justification::key::SecretKey;
use rustix::fs::{FlockOperation, OFlags, flock};
use zeroize::Zeroizing;

use crate::log::Log;
use crate::{failed, index, recover};

/// A box's file that is longer than this is followed by another, in bytes.
const SEGMENT_MAX: u64 = 64 << 20;
/// The longest key file that is read, in bytes.
const KEY_MAX: u64 = 4096;

/// Where logs are kept.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    segment_max: u64,
}

/// The lock of a store. Let go of by dropping.
pub(crate) struct Locked {
    _file: File,
}

impl Store {
    /// The store in the directory `root`, which need not exist yet.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), segment_max: SEGMENT_MAX }
    }

    /// The same, whose files are followed by others sooner.
    #[cfg(test)]
    pub(crate) fn in_segments(self, segment_max: u64) -> Self {
        Self { segment_max, ..self }
    }

    pub(crate) fn segment_max(&self) -> u64 {
        self.segment_max
    }

    /// Its directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn live(&self) -> PathBuf {
        self.root.join("live")
    }

    pub(crate) fn boxes(&self) -> PathBuf {
        self.root.join("boxes")
    }

    /// Begins the log of a box, and closes those of boxes whose supervisor died.
    ///
    /// # Errors
    /// [`JournalError`]; nothing may run then.
    pub fn begin(&self, id: &str) -> Result<Log, JournalError> {
        for directory in [self.root.clone(), self.live(), self.boxes()] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&directory)
                .map_err(failed("make the directory", &directory))?;
        }
        self.refuse_foreign()?;
        let locked = self.lock()?;
        let key = self.make_key(&locked)?;
        recover::sweep(self, &locked, &key)?;
        let (file, path) = self.make_live(&locked, id, 0)?;
        index::append(self, &locked, &[Event::Opened(Opened { id: id.to_owned() })])?;
        drop(locked);
        Log::start(self.clone(), Chain::new(id), file, path, key)
    }

    /// A new file of a box that runs.
    pub(crate) fn make_live(
        &self,
        _: &Locked,
        id: &str,
        number: u32,
    ) -> Result<(File, PathBuf), JournalError> {
        let path = self.live().join(segment(id, number));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed("create", &path))?;
        // Held until the writer is gone, however it goes: that tells a box that runs from one that died.
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(failed("lock", &path))?;
        Ok((file, path))
    }

    /// Whether somebody still writes a living file. Under the lock, so that nobody who just makes it is disturbed.
    pub(crate) fn is_written(&self, file: &File) -> Result<bool, JournalError> {
        let _locked = self.lock()?;
        let written = flock(file, FlockOperation::NonBlockingLockShared).is_err();
        // The lock would keep whoever wants to recover the file from it.
        let _ = flock(file, FlockOperation::Unlock);
        Ok(written)
    }

    /// Others who can write here could put a log of their own in its place.
    fn refuse_foreign(&self) -> Result<(), JournalError> {
        let metadata = fs::metadata(&self.root).map_err(failed("look at", &self.root))?;
        let own = metadata.uid() == rustix::process::geteuid().as_raw();
        if own && metadata.mode() & 0o022 == 0 {
            return Ok(());
        }
        let reason = "others can write there; give a directory of your own, mode 0700";
        Err(failed("use the directory", &self.root)(reason))
    }

    pub(crate) fn lock(&self) -> Result<Locked, JournalError> {
        let path = self.root.join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits() as i32)
            .open(&path)
            .map_err(failed("open", &path))?;
        flock(&file, FlockOperation::LockExclusive).map_err(failed("lock", &path))?;
        Ok(Locked { _file: file })
    }

    /// The key, made where there is none yet.
    fn make_key(&self, _: &Locked) -> Result<LogKey, JournalError> {
        let path = self.root.join("key.pem");
        if !path.try_exists().map_err(failed("look for", &path))? {
            let mut secret = Zeroizing::new([0; 32]);
            rustix::rand::getrandom(&mut *secret, rustix::rand::GetRandomFlags::empty())
                .map_err(failed("draw random bytes for", &path))?;
            let secret = SecretKey::from_bytes(&secret).map_err(failed("make", &path))?;
            let pem = secret.to_pem().map_err(failed("make", &path))?;
            let key = LogKey::new(secret).ok_or("no plain key").map_err(failed("make", &path))?;
            write_new(&self.root.join("key.pub"), format!("{}\n", key.public()).as_bytes(), 0o644)?;
            write_new(&path, pem.as_bytes(), 0o600)?;
            return Ok(key);
        }
        self.key()
    }

    /// The key that signs checkpoints.
    ///
    /// # Errors
    /// [`JournalError`] where there is none, or none that can be used.
    pub fn key(&self) -> Result<LogKey, JournalError> {
        let path = self.root.join("key.pem");
        let mut pem = Zeroizing::new(String::new());
        File::open(&path)
            .and_then(|file| file.take(KEY_MAX).read_to_string(&mut pem))
            .map_err(failed("read", &path))?;
        let secret = SecretKey::parse(&pem).map_err(failed("use", &path))?;
        LogKey::new(secret).ok_or("an SSH key signs no checkpoints").map_err(failed("use", &path))
    }

    /// The key that checks checkpoints.
    ///
    /// # Errors
    /// [`JournalError`] where there is none.
    pub fn public_key(&self) -> Result<PublicLogKey, JournalError> {
        let path = self.root.join("key.pub");
        let mut text = String::new();
        File::open(&path)
            .and_then(|file| file.take(KEY_MAX).read_to_string(&mut text))
            .map_err(failed("read", &path))?;
        text.trim_end().parse().map_err(failed("use", &path))
    }

    /// A signed checkpoint of the index, which speaks for every box that is closed.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn checkpoint(&self) -> Result<String, JournalError> {
        let locked = self.lock()?;
        let chain = index::end(self, &locked)?;
        Ok(Checkpoint::of(&chain).signed(&self.key()?))
    }

    /// The boxes that have a log here, the oldest first by the time of their first file.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn list(&self) -> Result<Vec<String>, JournalError> {
        let mut found = Vec::new();
        for directory in [self.boxes(), self.live()] {
            for entry in fs::read_dir(&directory).map_err(failed("list", &directory))? {
                let entry = entry.map_err(failed("list", &directory))?;
                let name = entry.file_name();
                if let Some(id) = name.to_str().and_then(|name| name.strip_suffix(&segment("", 0))) {
                    let made = entry.metadata().and_then(|data| data.created().or_else(|_| data.modified()));
                    found.push((made.ok(), id.to_owned()));
                }
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    /// The files of one chain in order, open, so that they stay readable when they are moved.
    pub(crate) fn files(&self, id: &str) -> Result<Vec<Segment>, JournalError> {
        let mut files = Vec::new();
        for number in 0.. {
            let name = segment(id, number);
            let (complete, live) = (self.boxes().join(&name), self.live().join(&name));
            // A file is moved from there to here, perhaps between two looks.
            let looks = [(&complete, false), (&live, true), (&complete, false)];
            let mut found = None;
            for (path, live) in looks {
                match File::open(path) {
                    Ok(file) => {
                        found = Some(Segment { path: path.clone(), file, live });
                        break;
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(failed("open", path)(error)),
                }
            }
            match found {
                Some(segment) => files.push(segment),
                None => break,
            }
        }
        Ok(files)
    }

    /// Calls `with` for each line of a box's log, without its line feed.
    ///
    /// # Errors
    /// [`JournalError`]; its reason says so where there is no such box.
    pub fn lines(&self, id: &str, mut with: impl FnMut(&[u8])) -> Result<(), JournalError> {
        let files = self.files(id)?;
        if files.is_empty() {
            return Err(failed("find", &self.boxes().join(segment(id, 0)))(
                "there is no such box in this log",
            ));
        }
        files.into_iter().try_for_each(|segment| read_lines(segment.file, &segment.path, &mut with).map(drop))
    }
}

/// A file of a chain.
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    /// The box runs, or its supervisor died.
    pub(crate) live: bool,
}

/// The name of a box's file.
pub(crate) fn segment(id: &str, number: u32) -> String {
    format!("{id}.{number:05}.jsonl")
}

/// Calls `with` for each whole line of a file; gives what follows the last line feed.
pub(crate) fn read_lines(
    file: File,
    path: &Path,
    mut with: impl FnMut(&[u8]),
) -> Result<Vec<u8>, JournalError> {
    use std::io::BufRead as _;
    let mut reader = std::io::BufReader::with_capacity(128 << 10, file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let most = denybox_core::audit::chain::LINE_MAX as u64 + 2;
        (&mut reader).take(most).read_until(b'\n', &mut line).map_err(failed("read", path))?;
        match line.strip_suffix(b"\n") {
            Some(whole) => with(whole),
            // Longer than any record: told as one that can't be read, piece by piece.
            None if line.len() as u64 == most => with(&line),
            None => return Ok(line),
        }
    }
}

/// Opens a file of the log for reading.
pub(crate) fn open_to_read(path: &Path) -> Result<File, JournalError> {
    File::open(path).map_err(failed("open", path))
}

/// Puts the names in a directory on the disk.
pub(crate) fn sync_names(directory: &Path) -> Result<(), JournalError> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed("sync the directory", directory))
}

/// Makes a file, on the disk when this returns.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), JournalError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32)
        .open(path)
        .map_err(failed("create", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write", path))
}
