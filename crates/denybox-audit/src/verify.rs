//! Checking everything in a store: each box by itself, and all of them against the index.

use std::collections::BTreeMap;

use denybox_core::audit::checkpoint::{Checkpoint, PublicLogKey};
use denybox_core::audit::event::{Closed, Event};
use denybox_core::audit::verify::{Fault, Verified, Verifier};
use denybox_core::audit::{JournalError, Record};

use crate::index;
use crate::store::{Store, open_to_read, read_lines};

/// Whether a box still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoxState {
    /// Its log is complete.
    Closed,
    /// It runs.
    Running,
    /// Its supervisor died, and no box has started since that would have closed its log.
    Left,
}

/// What checking one chain gave.
#[derive(Debug)]
pub struct Checked {
    /// The chain: a box, or `index`.
    pub name: String,
    /// What was found.
    pub verified: Verified,
    /// Whether it still runs; the index never ends.
    pub state: BoxState,
}

/// What the index, and the directory at the same moment, say of a box.
#[derive(Debug, Default)]
struct Known {
    opened: bool,
    closed: Option<Closed>,
    /// Its files are those of a box that is over.
    complete: bool,
}

impl Store {
    /// Checks the index and every box, or only the boxes named. `held` are checkpoints from elsewhere: of the index or of boxes.
    ///
    /// # Errors
    /// [`JournalError`] where something can't be read.
    pub fn verify(
        &self,
        key: &PublicLogKey,
        only: &[String],
        held: &[(String, Checkpoint)],
    ) -> Result<Vec<Checked>, JournalError> {
        let (index, mut known) = self.verify_index(key, held)?;
        let mut checked = vec![index];
        known.retain(|id, _| only.is_empty() || only.contains(id));
        for (id, known) in known {
            checked.push(self.verify_box(key, &id, &known, held)?);
        }
        Ok(checked)
    }

    /// The index, and what it says of boxes.
    fn verify_index(
        &self,
        key: &PublicLogKey,
        held: &[(String, Checkpoint)],
    ) -> Result<(Checked, BTreeMap<String, Known>), JournalError> {
        let mut verifier = Verifier::new(index::NAME, Some(key));
        hold(&mut verifier, index::NAME, held);
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        // While somebody appends, the last line is half there; and what files there are belongs to what the index says.
        let _locked = self.lock()?;
        for path in index::files(self) {
            let rest = read_lines(open_to_read(&path)?, &path, |line| {
                verifier.line(line);
                match Record::<Event>::read(line).map(|record| record.event) {
                    Ok(Event::Opened(opened)) => known.entry(opened.id).or_default().opened = true,
                    Ok(Event::Closed(closed)) => {
                        let id = closed.id.clone();
                        known.entry(id).or_default().closed = Some(closed);
                    }
                    _ => {}
                }
            })?;
            verifier.rest(&rest);
        }
        for id in self.list()? {
            let live = self.files(&id)?.last().is_some_and(|segment| segment.live);
            known.entry(id).or_default().complete = !live;
        }
        let name = index::NAME.to_owned();
        Ok((Checked { name, verified: verifier.finish(), state: BoxState::Running }, known))
    }

    fn verify_box(
        &self,
        key: &PublicLogKey,
        id: &str,
        known: &Known,
        held: &[(String, Checkpoint)],
    ) -> Result<Checked, JournalError> {
        let closed = known.closed.as_ref();
        let files = self.files(id)?;
        let gone = files.is_empty();
        let mut state = BoxState::Closed;
        if let Some(last) = files.last().filter(|last| last.live) {
            state = if self.is_written(&last.file)? { BoxState::Running } else { BoxState::Left };
        }
        let mut verifier = Verifier::new(id, Some(key));
        hold(&mut verifier, id, held);
        if let Some(closed) = closed {
            let known = Checkpoint { chain: id.to_owned(), count: closed.count, head: closed.head };
            verifier.hold_against("the index", known);
        }
        for segment in files {
            let rest = read_lines(segment.file, &segment.path, |line| verifier.line(line))?;
            if state != BoxState::Running {
                verifier.rest(&rest);
            }
        }
        let mut verified = verifier.finish();
        let from = "the index".to_owned();
        match closed {
            _ if gone => verified.faults = vec![Fault::Gone { from }],
            Some(closed) if verified.count > closed.count => {
                verified.faults.push(Fault::Grown { have: verified.count, had: closed.count, from });
            }
            None if known.complete || !known.opened => verified.faults.push(Fault::Unlisted),
            _ => {}
        }
        Ok(Checked { name: id.to_owned(), verified, state })
    }
}

fn hold(verifier: &mut Verifier<'_>, chain: &str, held: &[(String, Checkpoint)]) {
    for (from, checkpoint) in held.iter().filter(|(_, checkpoint)| checkpoint.chain == chain) {
        verifier.hold_against(from, checkpoint.clone());
    }
}
