//! The log of one box while it runs: many writers, one file, group commit.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use denybox_core::audit::chain::encode;
use denybox_core::audit::checkpoint::{Checkpoint, LogKey};
use denybox_core::audit::event::{Closed, Event, SignedNote};
use denybox_core::audit::{Chain, Journal, JournalError};
use rustix::event::{EventfdFlags, eventfd};

use crate::store::{Store, segment, sync_names};
use crate::{failed, index};

/// How long a record may wait for its way to the disk. The more wait, the fewer waits there are.
const COMMIT_EVERY: Duration = Duration::from_millis(20);
/// After so many records there is a signed checkpoint.
const CHECKPOINT_EVERY: u64 = 4096;

/// The log of one box.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    committer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    key: LogKey,
    state: Mutex<State>,
    /// Something was written, or is on the disk now.
    moved: Condvar,
    /// Readable when the log has failed.
    alarm: OwnedFd,
}

#[derive(Debug)]
struct State {
    chain: Chain,
    file: Arc<File>,
    path: PathBuf,
    number: u32,
    /// Bytes in this file.
    length: u64,
    /// Records that are on the disk.
    durable: u64,
    /// Somebody waits for the disk on behalf of all.
    committing: bool,
    over: bool,
    failure: Option<JournalError>,
    line: Vec<u8>,
}

impl Log {
    pub(crate) fn start(
        store: Store,
        chain: Chain,
        file: File,
        path: PathBuf,
        key: LogKey,
    ) -> Result<Self, JournalError> {
        let alarm = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(failed("make the alarm of", &path))?;
        let state = State {
            chain,
            file: Arc::new(file),
            path: path.clone(),
            number: 0,
            length: 0,
            durable: 0,
            committing: false,
            over: false,
            failure: None,
            line: Vec::new(),
        };
        let shared = Arc::new(Shared { store, key, state: Mutex::new(state), moved: Condvar::new(), alarm });
        let works = Arc::clone(&shared);
        let committer = std::thread::Builder::new()
            .name("committer".to_owned())
            .stack_size(128 << 10)
            .spawn(move || works.commit_until_over())
            .map_err(failed("start the committer of", &path))?;
        Ok(Self { shared, committer: Mutex::new(Some(committer)) })
    }

    /// Waits until everything that was recorded is on the disk.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn commit(&self) -> Result<(), JournalError> {
        self.shared.commit()
    }

    /// Records the last event and a checkpoint, and closes the log. On the disk, with its line in the index, when this
    /// returns.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn close(&self, last: &Event) -> Result<(), JournalError> {
        self.record(last)?;
        self.shared.checkpoint()?;
        self.commit()?;
        self.stop();
        let state = self.shared.lock();
        let closed = Closed {
            id: state.chain.name().to_owned(),
            count: state.chain.count(),
            head: state.chain.head(),
        };
        let store = &self.shared.store;
        let locked = store.lock()?;
        let index = index::append(store, &locked, &[Event::Closed(closed)])?;
        let complete = store.boxes().join(segment(state.chain.name(), state.number));
        fs::rename(&state.path, &complete).map_err(failed("move", &state.path))?;
        drop(locked);
        index.sync_data().map_err(failed("sync the index of", store.root()))?;
        [store.root(), &store.boxes()].into_iter().try_for_each(sync_names)
    }

    fn stop(&self) {
        self.shared.lock().over = true;
        self.shared.moved.notify_all();
        if let Some(committer) = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It has nothing to say: a failure is in the state.
            let _ = committer.join();
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Journal for Log {
    fn record(&self, event: &Event) -> Result<(), JournalError> {
        self.shared.record(event)
    }

    fn alarm(&self) -> BorrowedFd<'_> {
        self.shared.alarm.as_fd()
    }

    fn failure(&self) -> Option<JournalError> {
        self.shared.lock().failure.clone()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, event: &Event) -> Result<(), JournalError> {
        let encoded = encode(event);
        let mut state = self.lock();
        let due = {
            let encoded = encoded.map_err(failed("encode a record for", &state.path))?;
            self.append(&mut state, &encoded)?;
            state.chain.count().is_multiple_of(CHECKPOINT_EVERY)
        };
        if due { self.append_checkpoint(&mut state) } else { Ok(()) }
    }

    fn checkpoint(&self) -> Result<(), JournalError> {
        self.append_checkpoint(&mut self.lock())
    }

    fn append_checkpoint(&self, state: &mut State) -> Result<(), JournalError> {
        let note = Checkpoint::of(&state.chain).signed(&self.key);
        let encoded = encode(&Event::Checkpoint(SignedNote { note }));
        self.append(state, &encoded.map_err(failed("encode a checkpoint for", &state.path))?)
    }

    fn append(&self, state: &mut State, event: &str) -> Result<(), JournalError> {
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        let before = state.chain.clone();
        let mut line = std::mem::take(&mut state.line);
        line.clear();
        state.chain.link(SystemTime::now(), event, &mut line);
        let written = (&*state.file).write_all(&line).map_err(failed("write", &state.path));
        let length = line.len() as u64;
        state.line = line;
        if let Err(failure) = written {
            state.chain = before;
            // Half a record is no record; if even that fails, whoever reads finds it torn.
            let _ = state.file.set_len(state.length);
            return Err(self.fail(state, failure));
        }
        state.length = state.length.saturating_add(length);
        if state.durable.saturating_add(1) == state.chain.count() {
            // The committer may be asleep.
            self.moved.notify_all();
        }
        if state.length > self.store.segment_max() { self.rotate(state) } else { Ok(()) }
    }

    /// The log goes on in another file.
    fn rotate(&self, state: &mut State) -> Result<(), JournalError> {
        let name = state.chain.name().to_owned();
        let number = state.number.saturating_add(1);
        let next = || {
            state.file.sync_data().map_err(failed("sync", &state.path))?;
            let locked = self.store.lock()?;
            let next = self.store.make_live(&locked, &name, number)?;
            let complete = self.store.boxes().join(segment(&name, state.number));
            fs::rename(&state.path, &complete).map_err(failed("move", &state.path))?;
            Ok(next)
        };
        match next() {
            Ok((file, path)) => {
                state.file = Arc::new(file);
                state.path = path;
                state.number = number;
                state.length = 0;
                Ok(())
            }
            Err(failure) => Err(self.fail(state, failure)),
        }
    }

    fn fail(&self, state: &mut State, failure: JournalError) -> JournalError {
        let first = state.failure.get_or_insert(failure).clone();
        // The counter can't overflow by one for each failure that matters; who waits sees it readable either way.
        let _ = rustix::io::write(&self.alarm, &1_u64.to_ne_bytes());
        self.moved.notify_all();
        first
    }

    /// Waits until everything that is written is on the disk: one of those who wait syncs for all.
    fn commit(&self) -> Result<(), JournalError> {
        let mut state = self.lock();
        let wanted = state.chain.count();
        while state.durable < wanted {
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            if state.committing {
                state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.committing = true;
            let (file, path, count) = (Arc::clone(&state.file), state.path.clone(), state.chain.count());
            drop(state);
            let synced = file.sync_data().map_err(failed("sync", &path));
            state = self.lock();
            state.committing = false;
            match synced {
                Ok(()) => state.durable = state.durable.max(count),
                Err(failure) => return Err(self.fail(&mut state, failure)),
            }
            self.moved.notify_all();
        }
        Ok(())
    }

    fn commit_until_over(&self) {
        // The name of the new file must last as well.
        if let Err(failure) = sync_names(&self.store.live()) {
            self.fail(&mut self.lock(), failure);
        }
        loop {
            let mut state = self.lock();
            while !state.over && state.failure.is_none() && state.durable == state.chain.count() {
                state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            // Whoever closes the log doesn't wait for this wait.
            let waited = self
                .moved
                .wait_timeout_while(state, COMMIT_EVERY, |state| !state.over && state.failure.is_none());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.over || state.failure.is_some() {
                return;
            }
            drop(state);
            // A failure is in the state, and the alarm is raised.
            let _ = self.commit();
        }
    }
}
