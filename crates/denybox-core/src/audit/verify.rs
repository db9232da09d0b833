//! Checking a chain: which record was changed, dropped, moved, doubled or cut off.
//!
//! Three things are held against each other: what a record's hash should be, what its successor says it was, and its place. So
//! a record whose hash was computed anew gives itself away by its successor; whoever computes all that follows anew as well
//! is stopped by the next checkpoint, which needs the log's key.

use std::collections::BTreeSet;
use std::fmt;

use super::chain::{self, Hash, Record, RecordError};
use super::checkpoint::{Checkpoint, PublicLogKey};
use super::event::Event;
use crate::event::printable;

/// Most faults that are told one by one.
const MOST_FAULTS: usize = 1000;
/// Most absent records that are kept apart, to tell a moved record from a dropped one.
const MOST_ABSENT: usize = 10_000;

/// What is wrong with a chain, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A line is no record.
    Unreadable {
        /// Which line, from 1.
        line: u64,
        /// Why.
        why: RecordError,
    },
    /// A record's bytes aren't those that its hash was made of.
    Altered {
        /// Which line.
        line: u64,
        /// Its place in the chain, as it says.
        seq: u64,
    },
    /// A record has a hash that fits, but its successor was linked to another.
    Replaced {
        /// Its place.
        seq: u64,
    },
    /// Records aren't there.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A record stands in another place than it was written in.
    Moved {
        /// Which line.
        line: u64,
        /// Its place in the chain.
        seq: u64,
    },
    /// A record stands there again.
    Repeated {
        /// Which line.
        line: u64,
        /// Its place in the chain.
        seq: u64,
    },
    /// A record belongs to another chain.
    Foreign {
        /// Which line.
        line: u64,
        /// The chain that it names: hostile text.
        chain: String,
    },
    /// The last line ends in the middle: its writer was interrupted, or it was cut.
    Torn {
        /// Which line.
        line: u64,
        /// How many bytes there are of it.
        bytes: u64,
    },
    /// A checkpoint doesn't fit the records before it, or isn't signed by the log's key.
    Checkpoint {
        /// Where it comes from: `record 12`, `the index`, a file.
        from: String,
        /// Why.
        why: String,
    },
    /// The chain ends before a record that is known to have been written.
    Cut {
        /// How many records there are.
        have: u64,
        /// How many there were.
        had: u64,
        /// Who knows: `the index`, a file.
        from: String,
    },
    /// The chain has records after the one that closed it.
    Grown {
        /// How many records there are.
        have: u64,
        /// With how many it was closed.
        had: u64,
        /// Who knows.
        from: String,
    },
    /// There is no chain, and there should be one.
    Gone {
        /// Who knows.
        from: String,
    },
    /// There is a chain that is complete, and the index doesn't say so.
    Unlisted,
    /// There are more faults than are told.
    More,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { line, why } => write!(f, "line {line} is no record: {why}"),
            Self::Altered { line, seq } => {
                write!(f, "record {seq} (line {line}) was altered: its hash doesn't fit what it says")
            }
            Self::Replaced { seq } => {
                write!(f, "record {seq} was replaced: the record after it was linked to another hash")
            }
            Self::Missing { from, to } if from == to => write!(f, "record {from} is missing"),
            Self::Missing { from, to } => write!(f, "records {from} to {to} are missing"),
            Self::Moved { line, seq } => write!(f, "record {seq} stands in the wrong place (line {line})"),
            Self::Repeated { line, seq } => write!(f, "record {seq} stands there again (line {line})"),
            Self::Foreign { line, chain } => {
                write!(f, "line {line} belongs to another chain, {}", printable(chain))
            }
            Self::Torn { line, bytes } => write!(
                f,
                "line {line} ends after {bytes} bytes: the writer was interrupted there; all before it holds"
            ),
            Self::Checkpoint { from, why } => write!(f, "the checkpoint in {from} doesn't hold: {why}"),
            Self::Cut { have, had, from } => {
                write!(
                    f,
                    "{} records were cut off the end: {from} knows of {had}, and {have} are there",
                    had.saturating_sub(*have)
                )
            }
            Self::Grown { have, had, from } => {
                write!(
                    f,
                    "{} records were added after the end: {from} knows of {had}",
                    have.saturating_sub(*had)
                )
            }
            Self::Gone { from } => write!(f, "the whole log is gone: {from} knows of it"),
            Self::Unlisted => {
                f.write_str("the index doesn't know of it, or of its end: one of them was changed")
            }
            Self::More => f.write_str("there are more faults"),
        }
    }
}

/// What a chain is, when all of it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What is wrong. Empty when nothing is.
    pub faults: Vec<Fault>,
    /// How many records there are: the last one's place and one more.
    pub count: u64,
    /// The hash that the last one states.
    pub head: Hash,
    /// How many checkpoints held.
    pub checkpoints: u64,
    /// Whether the chain says that it is complete.
    pub ended: bool,
}

/// Checks one chain, line after line.
#[derive(Debug)]
pub struct Verifier<'a> {
    chain: String,
    key: Option<&'a PublicLogKey>,
    held: Vec<(String, Checkpoint)>,
    line: u64,
    /// The place that the next record should have.
    next: u64,
    /// The hash that the last record states; `None` after a line that is no record.
    last: Option<Hash>,
    head: Hash,
    absent: BTreeSet<u64>,
    faults: Vec<Fault>,
    checkpoints: u64,
    ended: bool,
}

impl<'a> Verifier<'a> {
    /// A check of the chain named `chain`; checkpoints in it are checked with `key`.
    pub fn new(chain: &str, key: Option<&'a PublicLogKey>) -> Self {
        Self {
            chain: chain.to_owned(),
            key,
            held: Vec::new(),
            line: 0,
            next: 0,
            last: Some(Hash::NONE),
            head: Hash::NONE,
            absent: BTreeSet::new(),
            faults: Vec::new(),
            checkpoints: 0,
            ended: false,
        }
    }

    /// Holds the chain against a checkpoint that came from elsewhere, which `from` names. To be said before the first line.
    pub fn hold_against(&mut self, from: &str, checkpoint: Checkpoint) {
        self.held.push((from.to_owned(), checkpoint));
    }

    /// The next line, without its line feed.
    pub fn line(&mut self, line: &[u8]) {
        self.line = self.line.saturating_add(1);
        let record = match Record::<Event>::read(line) {
            Ok(record) => record,
            Err(why) => {
                self.fault(Fault::Unreadable { line: self.line, why });
                // It stands where a record stood.
                self.next = self.next.saturating_add(1);
                self.last = None;
                return;
            }
        };
        if record.chain != self.chain {
            self.fault(Fault::Foreign { line: self.line, chain: record.chain });
            return;
        }
        let intact = chain::computed(line) == Ok(record.hash);
        if !intact {
            self.fault(Fault::Altered { line: self.line, seq: record.seq });
            // What an altered record says of its own place counts only where it is the right one.
            if record.seq != self.next {
                self.next = self.next.saturating_add(1);
                self.last = None;
                return;
            }
        }
        if record.seq < self.next {
            let moved = self.absent.remove(&record.seq);
            let (line, seq) = (self.line, record.seq);
            self.fault(if moved { Fault::Moved { line, seq } } else { Fault::Repeated { line, seq } });
            return;
        }
        if record.seq > self.next {
            let room = MOST_ABSENT.saturating_sub(self.absent.len()) as u64;
            if record.seq.saturating_sub(self.next) <= room {
                self.absent.extend(self.next..record.seq);
            } else {
                self.fault(Fault::Missing { from: self.next, to: record.seq.saturating_sub(1) });
            }
            // What it was linked to isn't here.
            self.last = None;
        } else if intact && self.last.is_some_and(|last| last != record.prev) {
            self.fault(Fault::Replaced { seq: record.seq.saturating_sub(1) });
        }
        self.look_at_checkpoint(&record);
        self.next = record.seq.saturating_add(1);
        self.last = Some(record.hash);
        self.head = record.hash;
        self.compare_held();
    }

    /// What stands after the last line feed.
    pub fn rest(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let line = self.line.saturating_add(1);
            self.fault(Fault::Torn { line, bytes: bytes.len() as u64 });
        }
    }

    fn look_at_checkpoint(&mut self, record: &Record<Event>) {
        match &record.event {
            Event::Ended(_) => self.ended = true,
            Event::Checkpoint(signed) => {
                let Some(key) = self.key else { return };
                let from = format!("record {}", record.seq);
                match Checkpoint::open(&signed.note, key) {
                    Err(error) => self.fault(Fault::Checkpoint { from, why: error.to_string() }),
                    Ok(checkpoint)
                        if checkpoint.chain != self.chain
                            || checkpoint.count != record.seq
                            || self.last.is_some_and(|last| last != checkpoint.head) =>
                    {
                        let why = "the records before it aren't those that were signed".to_owned();
                        self.fault(Fault::Checkpoint { from, why });
                    }
                    Ok(_) => self.checkpoints = self.checkpoints.saturating_add(1),
                }
            }
            _ => {}
        }
    }

    /// Holds the present end against checkpoints from elsewhere that are of this length.
    fn compare_held(&mut self) {
        let (due, later) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(_, checkpoint): &(String, Checkpoint)| checkpoint.count == self.next);
        self.held = later;
        for (from, checkpoint) in due {
            if checkpoint.head == self.head {
                self.checkpoints = self.checkpoints.saturating_add(1);
            } else {
                let why = format!("the first {} records aren't those that were signed", checkpoint.count);
                self.fault(Fault::Checkpoint { from, why });
            }
        }
    }

    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        } else if self.faults.len() == MOST_FAULTS {
            self.faults.push(Fault::More);
        }
    }

    /// The verdict, when there are no more lines.
    pub fn finish(mut self) -> Verified {
        let mut absent: Option<(u64, u64)> = None;
        for seq in std::mem::take(&mut self.absent) {
            absent = match absent {
                Some((from, to)) if to.saturating_add(1) == seq => Some((from, seq)),
                Some((from, to)) => {
                    self.fault(Fault::Missing { from, to });
                    Some((seq, seq))
                }
                None => Some((seq, seq)),
            };
        }
        if let Some((from, to)) = absent {
            self.fault(Fault::Missing { from, to });
        }
        for (from, checkpoint) in std::mem::take(&mut self.held) {
            if checkpoint.count > self.next {
                self.fault(Fault::Cut { have: self.next, had: checkpoint.count, from });
            } else if checkpoint.count > 0 {
                let why = format!("there is no record {}", checkpoint.count.saturating_sub(1));
                self.fault(Fault::Checkpoint { from, why });
            }
        }
        Verified {
            faults: self.faults,
            count: self.next,
            head: self.head,
            checkpoints: self.checkpoints,
            ended: self.ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::chain::{Chain, encode};
    use super::super::checkpoint::LogKey;
    use super::super::event::{DeniedInAll, SignedNote};
    use super::*;
    use crate::event::Outcome;
    use crate::justification::key::SecretKey;

    fn key() -> LogKey {
        LogKey::new(SecretKey::from_bytes(&[5; 32]).unwrap()).unwrap()
    }

    fn append(chain: &mut Chain, event: &Event) -> Vec<u8> {
        let mut line = Vec::new();
        chain.link(SystemTime::UNIX_EPOCH, &encode(event).unwrap(), &mut line);
        line.pop();
        line
    }

    fn event(number: u64) -> Event {
        Event::DeniedInAll(DeniedInAll { number, count: 1, outcome: Outcome::Unknown })
    }

    /// A thousand records with a checkpoint every hundred.
    fn log() -> (Vec<Vec<u8>>, Chain) {
        let mut chain = Chain::new("box-1");
        let lines = (0..1000)
            .map(|number| {
                let event = if number % 100 == 99 {
                    Event::Checkpoint(SignedNote { note: Checkpoint::of(&chain).signed(&key()) })
                } else {
                    event(number)
                };
                append(&mut chain, &event)
            })
            .collect();
        (lines, chain)
    }

    /// Positions in the log: all of them where there is time, otherwise a sample with both ends and a checkpoint.
    fn positions() -> impl Iterator<Item = usize> {
        let every = if std::env::var_os("DENYBOX_FULL").is_some() { 1 } else { 37 };
        (0..1000).step_by(every).chain([98, 99, 100, 998, 999])
    }

    fn verify(lines: &[Vec<u8>], held: &[Checkpoint]) -> Verified {
        let key = key();
        let mut verifier = Verifier::new("box-1", Some(key.public()));
        held.iter().for_each(|held| verifier.hold_against("held", held.clone()));
        lines.iter().for_each(|line| verifier.line(line));
        verifier.finish()
    }

    #[test]
    fn what_nobody_touched_holds() {
        let (lines, chain) = log();
        let verified = verify(&lines, &[Checkpoint::of(&chain)]);
        assert_eq!((verified.faults, verified.count, verified.head), (vec![], 1000, chain.head()));
        assert_eq!(verified.checkpoints, 11);
    }

    #[test]
    fn each_edit_is_found_and_located() {
        let (lines, _) = log();
        for at in positions() {
            let mut edited = lines.clone();
            let text = String::from_utf8(edited[at].clone()).unwrap();
            let other = text.replace("\"time\":\"1970", "\"time\":\"1971");
            assert_ne!(text, other);
            edited[at] = other.clone().into_bytes();
            let seq = at as u64;
            assert_eq!(verify(&edited, &[]).faults, [Fault::Altered { line: seq + 1, seq }]);
            // With its hash computed anew its successor tells; nobody does so of the last, but a checkpoint held elsewhere.
            let (hashed, _) = other.split_once(",\"hash\":").unwrap();
            edited[at] = format!("{hashed},\"hash\":\"{}\"}}", Hash::of(hashed.as_bytes())).into_bytes();
            let (_, chain) = log();
            let faults = verify(&edited, &[Checkpoint::of(&chain)]).faults;
            if at + 1 == lines.len() {
                assert!(matches!(&faults[..], [Fault::Checkpoint { .. }]), "{faults:?}");
            } else {
                assert_eq!(faults[0], Fault::Replaced { seq }, "{faults:?}");
            }
        }
    }

    #[test]
    fn each_drop_is_found_and_located() {
        let (lines, chain) = log();
        for at in positions() {
            let mut dropped = lines.clone();
            dropped.remove(at);
            let seq = at as u64;
            let faults = verify(&dropped, &[Checkpoint::of(&chain)]).faults;
            if at + 1 == lines.len() {
                assert_eq!(faults, [Fault::Cut { have: 999, had: 1000, from: "held".into() }]);
            } else {
                assert_eq!(faults, [Fault::Missing { from: seq, to: seq }]);
            }
        }
    }

    #[test]
    fn each_swap_and_each_double_is_found_and_located() {
        let (lines, _) = log();
        for at in positions().filter(|at| *at < 999) {
            let seq = at as u64;
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert_eq!(verify(&swapped, &[]).faults, [Fault::Moved { line: seq + 2, seq }]);
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at].clone());
            assert_eq!(verify(&doubled, &[]).faults, [Fault::Repeated { line: seq + 2, seq }]);
        }
    }

    #[test]
    fn each_cut_is_found_by_a_checkpoint_that_was_held() {
        let (lines, chain) = log();
        for at in positions() {
            let held = Checkpoint::of(&chain);
            let faults = verify(&lines[..at], &[held]).faults;
            assert_eq!(faults, [Fault::Cut { have: at as u64, had: 1000, from: "held".into() }]);
        }
    }

    #[test]
    fn a_tail_written_anew_needs_the_key() {
        let (mut lines, _) = log();
        let record = Record::<Event>::read(&lines[149]).unwrap();
        let mut chain = Chain::resumed("box-1", 150, record.hash);
        let other = LogKey::new(SecretKey::from_bytes(&[6; 32]).unwrap()).unwrap();
        for (number, line) in lines.iter_mut().enumerate().skip(150) {
            let event = match Record::<Event>::read(line).unwrap().event {
                Event::Checkpoint(old) if number == 199 => Event::Checkpoint(old),
                Event::Checkpoint(_) => {
                    Event::Checkpoint(SignedNote { note: Checkpoint::of(&chain).signed(&other) })
                }
                _ => event(7),
            };
            *line = append(&mut chain, &event);
        }
        let faults = verify(&lines, &[]).faults;
        assert_eq!(faults.len(), 9);
        assert!(faults.iter().all(|fault| matches!(fault, Fault::Checkpoint { .. })), "{faults:?}");
    }

    #[test]
    fn torn_and_foreign_lines_are_told_from_altered_ones() {
        let (lines, _) = log();
        let key = key();
        let mut verifier = Verifier::new("box-2", Some(key.public()));
        verifier.line(&lines[0]);
        verifier.line(b"{}");
        verifier.rest(&lines[1][..40]);
        let faults = verifier.finish().faults;
        assert!(
            matches!(
                &faults[..],
                [
                    Fault::Foreign { line: 1, .. },
                    Fault::Unreadable { line: 2, .. },
                    Fault::Torn { line: 3, bytes: 40 }
                ]
            ),
            "{faults:?}"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(lines: Vec<Vec<u8>>) {
            let mut verifier = Verifier::new("box-1", None);
            lines.iter().for_each(|line| verifier.line(line));
            assert_eq!(verifier.finish().faults.len(), lines.len().min(MOST_FAULTS + 1));
        }
    }
}
