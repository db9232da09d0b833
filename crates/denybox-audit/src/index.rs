//! The host's index: one chain of which boxes there were, so that a box whose log was deleted shows.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use denybox_core::audit::chain::encode;
use denybox_core::audit::event::Event;
use denybox_core::audit::{Chain, JournalError, Record, RecordError};
use rustix::fs::OFlags;

use crate::failed;
use crate::store::{Locked, Store, open_to_read, read_lines, segment};

/// The name of its chain.
pub const NAME: &str = "index";
/// The files of the index, in order.
pub fn files(store: &Store) -> Vec<PathBuf> {
    (0..).map(|number| store.root().join(segment(NAME, number))).take_while(|path| path.exists()).collect()
}

/// The present end of the index.
pub fn end(store: &Store, locked: &Locked) -> Result<Chain, JournalError> {
    open(store, locked).map(|(chain, _, _)| chain)
}

/// Appends events. They are written when this returns, and on the disk after [`File::sync_data`] of what it gives.
pub fn append(store: &Store, locked: &Locked, events: &[Event]) -> Result<File, JournalError> {
    let (mut chain, mut file, path) = open(store, locked)?;
    let mut lines = Vec::new();
    for event in events {
        let event = encode(event).map_err(failed("write", &path))?;
        chain.link(SystemTime::now(), &event, &mut lines);
    }
    file.write_all(&lines).map_err(failed("write", &path))?;
    Ok(file)
}

/// The end of the chain and the file that goes on: another where this one is a quarter of a box's longest. A record that was never finished is taken off.
fn open(store: &Store, _: &Locked) -> Result<(Chain, File, PathBuf), JournalError> {
    let files = files(store);
    let number = files.len().saturating_sub(1) as u32;
    let path = files.last().cloned().unwrap_or_else(|| store.root().join(segment(NAME, 0)));
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits() as i32);
    let mut file = options.open(&path).map_err(failed("open", &path))?;
    let last = last_line(&mut file).map_err(failed("read", &path))?;
    let chain = match last {
        Some(line) => after(NAME, &line).map_err(failed("go on with", &path))?,
        None => match files.iter().rev().nth(1) {
            Some(before) => end_of(NAME, before)?,
            None => Chain::new(NAME),
        },
    };
    let length = file.metadata().map_err(failed("look at", &path))?.len();
    if length < store.segment_max() / 4 {
        return Ok((chain, file, path));
    }
    let path = store.root().join(segment(NAME, number.saturating_add(1)));
    let file = options.open(&path).map_err(failed("open", &path))?;
    Ok((chain, file, path))
}

/// The chain `name` after a record.
pub fn after(name: &str, line: &[u8]) -> Result<Chain, RecordError> {
    let record = Record::<Event>::read(line)?;
    Ok(Chain::resumed(name, record.seq.saturating_add(1), record.hash))
}

/// The chain `name` after the last record of a file that is complete.
pub fn end_of(name: &str, path: &Path) -> Result<Chain, JournalError> {
    let mut last = Vec::new();
    read_lines(open_to_read(path)?, path, |line| last = line.to_vec())?;
    after(name, &last).map_err(failed("go on after", path))
}

/// The last whole line. What follows it, half a record, is cut off; whole lines never are.
pub fn last_line(file: &mut File) -> std::io::Result<Option<Vec<u8>>> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut window = 8 << 10;
    loop {
        let from = length.saturating_sub(window);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        std::io::Read::by_ref(file).take(length - from).read_to_end(&mut bytes)?;
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let before = bytes.get(..end.unwrap_or_default()).unwrap_or_default();
        let start = before.iter().rposition(|byte| *byte == b'\n');
        if from > 0 && (end.is_none() || start.is_none()) {
            // The line begins further up.
            window = window.saturating_mul(8);
            continue;
        }
        let whole = end.map_or(0, |end| from + end as u64 + 1);
        if whole < length {
            file.set_len(whole)?;
        }
        let line = before.get(start.map_or(0, |start| start + 1)..).map(<[u8]>::to_vec);
        return Ok(line.filter(|_| end.is_some()));
    }
}
