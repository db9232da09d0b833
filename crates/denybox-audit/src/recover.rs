//! Logs whose writer died: found by their lock, completed, and closed in the index.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::time::SystemTime;

use denybox_core::audit::chain::encode;
use denybox_core::audit::checkpoint::{Checkpoint, LogKey};
use denybox_core::audit::event::{Closed, Event, Recovered, SignedNote};
use denybox_core::audit::{Chain, JournalError};
use rustix::fs::{FlockOperation, flock};

use crate::store::{Locked, Store, segment};
use crate::{failed, index};

/// Closes every log of a box that no longer runs.
pub fn sweep(store: &Store, locked: &Locked, key: &LogKey) -> Result<(), JournalError> {
    let live = store.live();
    let mut names = Vec::new();
    for entry in fs::read_dir(&live).map_err(failed("list", &live))? {
        names.extend(entry.map_err(failed("list", &live))?.file_name().into_string());
    }
    // The writer died between making a file and moving the one before it: that one is complete.
    names.sort();
    for name in names {
        if let Some((id, number)) = parts(&name) {
            close(store, locked, key, id, number)?;
        }
    }
    Ok(())
}

/// The box, and which of its files.
fn parts(name: &str) -> Option<(&str, u32)> {
    let (id, number) = name.strip_suffix(".jsonl")?.rsplit_once('.')?;
    Some((id, number.parse().ok()?))
}

fn close(store: &Store, locked: &Locked, key: &LogKey, id: &str, number: u32) -> Result<(), JournalError> {
    let path = store.live().join(segment(id, number));
    let complete = store.boxes().join(segment(id, number));
    let mut file = OpenOptions::new().read(true).append(true).open(&path).map_err(failed("open", &path))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        // The box runs.
        return Ok(());
    }
    let rename = || fs::rename(&path, &complete).map_err(failed("move", &path));
    if store.live().join(segment(id, number.saturating_add(1))).exists() {
        return rename();
    }
    let before = file.metadata().map_err(failed("look at", &path))?.len();
    let last = index::last_line(&mut file).map_err(failed("read", &path))?;
    let after = file.metadata().map_err(failed("look at", &path))?.len();
    let Some(mut chain) = end(store, id, number, last.as_deref()) else {
        // What isn't a record any more stays as it is, for whoever verifies.
        return rename();
    };
    let mut lines = Vec::new();
    let mut link = |chain: &mut Chain, event: &Event| -> Result<(), JournalError> {
        chain.link(SystemTime::now(), &encode(event).map_err(failed("write", &path))?, &mut lines);
        Ok(())
    };
    link(&mut chain, &Event::Recovered(Recovered { torn: before.saturating_sub(after) }))?;
    let note = Checkpoint::of(&chain).signed(key);
    link(&mut chain, &Event::Checkpoint(SignedNote { note }))?;
    file.write_all(&lines).map_err(failed("write", &path))?;
    file.sync_data().map_err(failed("sync", &path))?;
    let closed = Closed { id: id.to_owned(), count: chain.count(), head: chain.head() };
    index::append(store, locked, &[Event::Closed(closed)])?;
    rename()
}

/// The end of a box's chain, given the last line of its last file: of the file before, where that one is empty.
fn end(store: &Store, id: &str, number: u32, last: Option<&[u8]>) -> Option<Chain> {
    match last {
        Some(line) => index::after(id, line).ok(),
        None if number == 0 => Some(Chain::new(id)),
        None => index::end_of(id, &store.boxes().join(segment(id, number.saturating_sub(1)))).ok(),
    }
}
