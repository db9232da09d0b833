//! Logs whose writer died: found by their lock, completed, and closed in the index.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::time::SystemTime;

use denybox_core::audit::chain::encode;
use denybox_core::audit::checkpoint::{Checkpoint, LogKey};
use denybox_core::audit::event::{Closed, Event, Recovered, SignedNote};
use denybox_core::audit::{Chain, JournalError, Record};
use rustix::fs::{FlockOperation, flock};

use crate::store::{Locked, Store};
use crate::{failed, index};

/// Closes every log of a box that no longer runs.
pub fn sweep(store: &Store, locked: &Locked, key: &LogKey) -> Result<(), JournalError> {
    let live = store.live();
    for entry in fs::read_dir(&live).map_err(failed("list", &live))? {
        let path = entry.map_err(failed("list", &live))?.path();
        let Some((name, id)) = path.file_name().and_then(|name| {
            let name = name.to_str()?;
            Some((name, name.strip_suffix(".jsonl")?.rsplit_once('.')?.0))
        }) else {
            continue;
        };
        let mut file =
            OpenOptions::new().read(true).append(true).open(&path).map_err(failed("open", &path))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            // The box runs.
            continue;
        }
        let before = file.metadata().map_err(failed("look at", &path))?.len();
        let last = index::last_line(&mut file).map_err(failed("read", &path))?;
        let after = file.metadata().map_err(failed("look at", &path))?.len();
        // What isn't a record any more stays as it is, for whoever verifies.
        let chain = match &last {
            None => Some(Chain::new(id)),
            Some(line) => Record::<Event>::read(line)
                .ok()
                .map(|record| Chain::resumed(id, record.seq.saturating_add(1), record.hash)),
        };
        if let Some(mut chain) = chain {
            let mut lines = Vec::new();
            let recovered = Event::Recovered(Recovered { torn: before.saturating_sub(after) });
            chain.link(SystemTime::now(), &encode(&recovered).map_err(failed("write", &path))?, &mut lines);
            let note = Checkpoint::of(&chain).signed(key);
            let signed = Event::Checkpoint(SignedNote { note });
            chain.link(SystemTime::now(), &encode(&signed).map_err(failed("write", &path))?, &mut lines);
            file.write_all(&lines).map_err(failed("write", &path))?;
            file.sync_data().map_err(failed("sync", &path))?;
            let closed = Closed { id: id.to_owned(), count: chain.count(), head: chain.head() };
            index::append(store, locked, &[Event::Closed(closed)])?;
        }
        fs::rename(&path, store.boxes().join(name)).map_err(failed("move", &path))?;
    }
    Ok(())
}
