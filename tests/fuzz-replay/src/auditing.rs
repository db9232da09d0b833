//! Audit logs: whoever reads one that somebody tampered with finds out, and is shown nothing that deceives.

use denybox_core::audit::chain::{computed, stated};
use denybox_core::audit::checkpoint::{Checkpoint, LogKey};
use denybox_core::audit::verify::Verifier;
use denybox_core::audit::{Event, Record};
use denybox_core::justification::key::SecretKey;

use crate::telling::deceptive;

/// The chain that the seeds are of.
const CHAIN: &str = "box-1";

/// The key that signed the seeds' checkpoints.
fn key() -> LogKey {
    let key = SecretKey::from_bytes(&[5; 32]).ok().and_then(LogKey::new);
    key.unwrap_or_else(|| panic!("the seeds' key"))
}

/// A log: each line is told as a record or as none, what is told is plain, and a chain without a fault is one.
pub fn audit_log(data: &[u8]) {
    let key = key();
    let mut verifier = Verifier::new(CHAIN, Some(key.public()));
    let mut lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let rest = lines.pop().unwrap_or_default();
    let mut records = Vec::new();
    for line in &lines {
        verifier.line(line);
        match Record::<Event>::read(line) {
            Ok(record) => {
                assert_eq!(stated(line), Ok(record.hash));
                records.push((record, computed(line)));
            }
            Err(error) => assert!(!error.to_string().contains(deceptive), "{error}"),
        }
    }
    verifier.rest(rest);
    let verified = verifier.finish();
    for fault in &verified.faults {
        assert!(!fault.to_string().contains(deceptive), "{fault}");
    }
    if verified.faults.is_empty() {
        assert_eq!(records.len() as u64, verified.count);
        assert!(records.iter().all(|(record, computed)| *computed == Ok(record.hash)));
        assert!(records.windows(2).all(|pair| match pair {
            [(before, _), (after, _)] => after.prev == before.hash && after.seq == before.seq + 1,
            _ => false,
        }));
    }
    if let Ok(note) = std::str::from_utf8(data) {
        match Checkpoint::open(note, key.public()) {
            // Nobody but the key signs, so this is a seed with, at most, more signatures than it had.
            Ok(checkpoint) => assert_eq!((checkpoint.chain.as_str(), checkpoint.count), (CHAIN, 3)),
            Err(error) => assert!(!error.to_string().contains(deceptive), "{error}"),
        }
    }
}
