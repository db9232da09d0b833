//! One line of JSON for each event, each with the hash of the one before it.
//!
//! ```text
//! {"version":1,"chain":"box-…","seq":7,"time":"…","event":{…},"prev":"<hash of 6>","hash":"<hash of 7>"}
//! ```
//! The hash is SHA-256 (FIPS 180-4) over the bytes of the line before `,"hash":`. So it covers what is written, not what some
//! reader makes of it, and whoever changes a line changes every hash after it.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::event::{is_deceptive, printable, printable_json};

/// The version of the format that this build writes and reads.
pub const VERSION: u32 = 1;
/// The longest line that is read, in bytes. No event is nearly as long.
pub const LINE_MAX: usize = 1 << 20;

/// What stands between the hashed bytes and the hash.
const BEFORE_HASH: &str = ",\"hash\":\"";
/// What stands after it.
const AFTER_HASH: &str = "\"}";

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first record of a chain says came before it.
    pub const NONE: Self = Self([0; 32]);

    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(RecordError::Hash)
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Hash {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hash".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

/// Why a line is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Longer than anything that is written.
    #[error("longer than {LINE_MAX} bytes")]
    Long,
    /// It doesn't end in its hash.
    #[error("it doesn't end in a hash")]
    Hash,
    /// Not the JSON of a record.
    #[error("{0}")]
    Json(String),
    /// Written by a later denybox, or nonsense.
    #[error("version {0}, and this denybox reads version {VERSION}")]
    Version(u32),
}

/// One line of a log, read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record<E> {
    /// The version of this format.
    pub version: u32,
    /// Which chain: a box, or the host's index of boxes.
    pub chain: String,
    /// Its place in the chain, from 0.
    pub seq: u64,
    /// When, RFC 3339 in UTC with microseconds, by the clock of the host.
    pub time: String,
    /// What happened.
    pub event: E,
    /// The hash of the record before; zeros in the first.
    pub prev: Hash,
    /// SHA-256 of this line before `,"hash":`.
    pub hash: Hash,
}

impl<E: DeserializeOwned> Record<E> {
    /// Reads a line without its line feed. Whether its hash is the right one, [`stated`] and [`computed`] say.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn read(line: &[u8]) -> Result<Self, RecordError> {
        if line.len() > LINE_MAX {
            return Err(RecordError::Long);
        }
        stated(line)?;
        let record: Self =
            serde_json::from_slice(line).map_err(|error| RecordError::Json(printable(&error.to_string())))?;
        if record.version != VERSION {
            return Err(RecordError::Version(record.version));
        }
        Ok(record)
    }
}

/// The hash that a line states.
///
/// # Errors
/// [`RecordError::Hash`] where there is none in its place.
pub fn stated(line: &[u8]) -> Result<Hash, RecordError> {
    let (_, hash) = parts(line).ok_or(RecordError::Hash)?;
    std::str::from_utf8(hash).map_err(|_| RecordError::Hash)?.parse()
}

/// The hash that a line should state.
///
/// # Errors
/// [`RecordError::Hash`] where it states none.
pub fn computed(line: &[u8]) -> Result<Hash, RecordError> {
    parts(line).map(|(hashed, _)| Hash::of(hashed)).ok_or(RecordError::Hash)
}

/// The bytes that are hashed, and the digits of the hash.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_suffix(AFTER_HASH.as_bytes())?;
    let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
    Some((rest.strip_suffix(BEFORE_HASH.as_bytes())?, hash))
}

/// An event as JSON in which nothing steers a terminal: made before the chain is locked, because it takes the longest.
pub fn encode<E: Serialize>(event: &E) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(event)?;
    let plain = json.is_ascii() && !json.contains('\u{7f}');
    debug_assert!(!plain || !json.chars().any(is_deceptive));
    Ok(if plain { json } else { printable_json(&json) })
}

/// The end of a chain, to which the next record is linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    name: String,
    seq: u64,
    head: Hash,
}

impl Chain {
    /// A chain without a record. `name` needs no escape in JSON: letters, digits, hyphens.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), seq: 0, head: Hash::NONE }
    }

    /// A chain that goes on after `count` records, the last with the hash `head`.
    pub fn resumed(name: &str, count: u64, head: Hash) -> Self {
        Self { name: name.to_owned(), seq: count, head }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many records it has.
    pub fn count(&self) -> u64 {
        self.seq
    }

    /// The hash of the last record; [`Hash::NONE`] where there is none.
    pub fn head(&self) -> Hash {
        self.head
    }

    /// Appends to `out` the line, with its line feed, of an event that [`encode`] wrote, and moves the end on.
    pub fn link(&mut self, time: SystemTime, event: &str, out: &mut Vec<u8>) {
        use std::io::Write as _;
        let from = out.len();
        let time = humantime::format_rfc3339_micros(time);
        let (name, seq, prev) = (&self.name, self.seq, self.head);
        // Writing to memory can't fail.
        let _ = write!(
            out,
            r#"{{"version":{VERSION},"chain":"{name}","seq":{seq},"time":"{time}","event":{event},"prev":"{prev}""#
        );
        self.head = Hash::of(out.get(from..).unwrap_or_default());
        self.seq = self.seq.saturating_add(1);
        let _ = writeln!(out, "{BEFORE_HASH}{}{AFTER_HASH}", self.head);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn line(chain: &mut Chain, event: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        chain.link(SystemTime::UNIX_EPOCH, &encode(event).unwrap(), &mut out);
        assert_eq!(out.pop(), Some(b'\n'));
        out
    }

    #[test]
    fn records_read_back_and_follow_each_other() {
        let mut chain = Chain::new("box-1");
        let first = line(&mut chain, &json!({"kind": "a"}));
        let second = line(&mut chain, &json!({"kind": "b", "text": "\u{202e}\u{7f}\n"}));
        let read = |line: &[u8]| Record::<Value>::read(line).unwrap();
        assert_eq!(read(&first).prev, Hash::NONE);
        assert_eq!(read(&second).prev, read(&first).hash);
        assert_eq!(read(&second).hash, chain.head());
        assert_eq!(read(&second).event["text"], "\u{202e}\u{7f}\n");
        assert_eq!((read(&second).seq, chain.count()), (1, 2));
        assert_eq!(read(&first).time, "1970-01-01T00:00:00.000000Z");
        for line in [&first, &second] {
            assert_eq!(stated(line), computed(line));
            assert!(!String::from_utf8_lossy(line).chars().any(is_deceptive));
        }
    }

    #[test]
    fn the_hash_is_that_of_any_sha256() {
        let line = line(&mut Chain::new("box-1"), &json!(1));
        let text = String::from_utf8(line).unwrap();
        let (hashed, rest) = text.split_once(",\"hash\":").unwrap();
        // sha256sum of these bytes.
        assert_eq!(
            hashed,
            format!(
                r#"{{"version":1,"chain":"box-1","seq":0,"time":"1970-01-01T00:00:00.000000Z","event":1,"prev":"{}""#,
                "0".repeat(64)
            )
        );
        assert_eq!(rest, format!("\"{}\"}}", Hash::of(hashed.as_bytes())));
    }

    #[test]
    fn what_is_no_record_is_said_to_be_none() {
        let good = line(&mut Chain::new("box-1"), &json!({}));
        assert!(matches!(Record::<Value>::read(b""), Err(RecordError::Hash)));
        assert!(matches!(Record::<Value>::read(&good[..good.len() - 1]), Err(RecordError::Hash)));
        assert!(matches!(Record::<Value>::read(&vec![b'x'; LINE_MAX + 1]), Err(RecordError::Long)));
        let other = String::from_utf8(good).unwrap().replace("\"version\":1", "\"version\":2");
        assert!(matches!(Record::<Value>::read(other.as_bytes()), Err(RecordError::Version(2))));
        let twice = other.replace("\"version\":2", "\"version\":1,\"version\":1");
        assert!(matches!(Record::<Value>::read(twice.as_bytes()), Err(RecordError::Json(_))));
    }
}
