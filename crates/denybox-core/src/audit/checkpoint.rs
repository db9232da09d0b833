//! Checkpoints: the length and the last hash of a chain, signed, so that nobody can cut its tail or write it anew unseen.
//!
//! The text is that of C2SP's tlog-checkpoint inside a signed note (<https://c2sp.org/tlog-checkpoint>,
//! <https://c2sp.org/signed-note>), so that tools for transparency logs can check its signature. The hash is the head of the
//! chain, not the root of a tree.

use std::fmt;
use std::str::FromStr;

use super::chain::{Chain, Hash};
use crate::event::printable;
use crate::justification::key::{KeyKind, PublicKey, SecretKey};
use data_encoding::BASE64;

/// What the origin of every checkpoint begins with.
const ORIGIN: &str = "denybox.audit/";
/// The name of a log's key, as notes and verifier keys have it.
const KEY_NAME: &str = "denybox-audit";
/// Ed25519, by the number that signed notes give it.
const ED25519: u8 = 1;
/// The longest checkpoint that is read, in bytes.
pub const NOTE_MAX: usize = 4096;

/// The length of a chain and the hash of its last record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The chain's name.
    pub chain: String,
    /// How many records it had.
    pub count: u64,
    /// The hash of the last.
    pub head: Hash,
}

/// Why a text is no checkpoint that can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or not a checkpoint inside it.
    #[error("this is no checkpoint of an audit log")]
    Malformed,
    /// Not signed by this key.
    #[error("the key {0} hasn't signed the checkpoint")]
    Unsigned(String),
    /// Signed by this key, and changed since.
    #[error("the signature of {0} doesn't fit the checkpoint: it was changed, or never signed")]
    Bad(String),
    /// Not a verifier key.
    #[error("'{0}' is no key of an audit log: it looks like {KEY_NAME}+01234567+AX…")]
    Key(String),
}

impl Checkpoint {
    /// The present end of a chain.
    pub fn of(chain: &Chain) -> Self {
        Self { chain: chain.name().to_owned(), count: chain.count(), head: chain.head() }
    }

    /// The text that is signed.
    fn body(&self) -> String {
        format!("{ORIGIN}{}\n{}\n{}\n", self.chain, self.count, BASE64.encode(&self.head.0))
    }

    /// The signed note.
    pub fn signed(&self, key: &LogKey) -> String {
        let body = self.body();
        let mut signature = key.public.id.to_vec();
        signature.extend(key.secret.sign(body.as_bytes()).sig);
        format!("{body}\n\u{2014} {KEY_NAME} {}\n", BASE64.encode(&signature))
    }

    /// Reads a signed note and checks it with `key`.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open(note: &str, key: &PublicLogKey) -> Result<Self, CheckpointError> {
        if note.len() > NOTE_MAX {
            return Err(CheckpointError::Malformed);
        }
        let (text, signatures) = note.split_once("\n\n").ok_or(CheckpointError::Malformed)?;
        let body = format!("{text}\n");
        let checkpoint = Self::parse(&body).ok_or(CheckpointError::Malformed)?;
        let ours = signatures.lines().filter_map(|line| {
            let encoded = line.strip_prefix(&format!("\u{2014} {KEY_NAME} "))?;
            let bytes = BASE64.decode(encoded.as_bytes()).ok()?;
            Some(bytes.strip_prefix(&key.id)?.to_owned())
        });
        let mut signed = false;
        for signature in ours {
            signed = true;
            if key.key.verify(body.as_bytes(), &signature).is_ok() {
                return Ok(checkpoint);
            }
        }
        Err(if signed { CheckpointError::Bad } else { CheckpointError::Unsigned }(key.to_string()))
    }

    /// One spelling only: two readers must not differ over what was signed.
    fn parse(body: &str) -> Option<Self> {
        let mut lines = body.lines();
        let (origin, count, head) = (lines.next()?, lines.next()?, lines.next()?);
        let head = BASE64.decode(head.as_bytes()).ok()?.try_into().ok().map(Hash)?;
        let read = Self { chain: origin.strip_prefix(ORIGIN)?.to_owned(), count: count.parse().ok()?, head };
        (read.body() == body).then_some(read)
    }
}

/// The key with which a log signs its checkpoints.
#[derive(Debug)]
pub struct LogKey {
    secret: SecretKey,
    public: PublicLogKey,
}

impl LogKey {
    /// A log's key; none of an SSH key, which signs nothing but SSHSIGs.
    pub fn new(secret: SecretKey) -> Option<Self> {
        let public = PublicLogKey::new(secret.public().clone())?;
        Some(Self { secret, public })
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> &PublicLogKey {
        &self.public
    }
}

/// The key that checks a log's checkpoints, written as a verifier key of signed notes: `NAME+HASH+BASE64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicLogKey {
    key: PublicKey,
    id: [u8; 4],
}

impl PublicLogKey {
    fn new(key: PublicKey) -> Option<Self> {
        if key.kind() != KeyKind::Plain {
            return None;
        }
        let mut named = format!("{KEY_NAME}\n").into_bytes();
        named.push(ED25519);
        named.extend(key.as_bytes());
        let [a, b, c, d, ..] = Hash::of(&named).0;
        Some(Self { key, id: [a, b, c, d] })
    }
}

impl fmt::Display for PublicLogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.as_bytes());
        write!(f, "{KEY_NAME}+{}+{}", data_encoding::HEXLOWER.encode(&self.id), BASE64.encode(&bytes))
    }
}

impl FromStr for PublicLogKey {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        // Base64 has plus signs of its own.
        let encoded = text.splitn(3, '+').nth(2).unwrap_or_default();
        let bytes = BASE64.decode(encoded.as_bytes()).unwrap_or_default();
        let key = bytes.strip_prefix(&[ED25519]).and_then(|bytes| bytes.try_into().ok());
        let key = key.and_then(|bytes| PublicKey::new(KeyKind::Plain, bytes).ok()).and_then(Self::new);
        // One spelling only.
        key.filter(|key| key.to_string() == text).ok_or_else(|| CheckpointError::Key(printable(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(seed: u8) -> LogKey {
        LogKey::new(SecretKey::from_bytes(&[seed; 32]).unwrap()).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { chain: "box-1".into(), count: 7, head: Hash([9; 32]) }
    }

    #[test]
    fn what_was_signed_opens_and_nothing_else() {
        let key = key_of(7);
        let note = checkpoint().signed(&key);
        assert_eq!(Checkpoint::open(&note, key.public()), Ok(checkpoint()));
        let other = key_of(8);
        assert!(matches!(Checkpoint::open(&note, other.public()), Err(CheckpointError::Unsigned(_))));
        let changed = note.replace("\n7\n", "\n6\n");
        assert!(matches!(Checkpoint::open(&changed, key.public()), Err(CheckpointError::Bad(_))));
        for (from, to) in
            [("\n7\n", "\n07\n"), ("denybox.audit/", ""), ("\n\n", "\n"), ("\n7\n", "\n7\nmore\n")]
        {
            let changed = note.replace(from, to);
            assert!(
                matches!(Checkpoint::open(&changed, key.public()), Err(CheckpointError::Malformed)),
                "{changed}"
            );
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let key = key_of(7);
        let note = checkpoint().signed(&key);
        // The line feed at its very end is not signed.
        for (at, character) in note.char_indices().filter(|(at, _)| at + 1 < note.len()) {
            let other = if character == 'A' { "B" } else { "A" };
            let mut changed = note.clone();
            changed.replace_range(at..at + character.len_utf8(), other);
            assert!(Checkpoint::open(&changed, key.public()).is_err(), "{changed}");
        }
    }

    #[test]
    fn keys_have_one_spelling() {
        for seed in 0..40 {
            let key = key_of(seed);
            let text = key.public().to_string();
            assert_eq!(text.parse::<PublicLogKey>().as_ref(), Ok(key.public()));
        }
        for wrong in ["", "denybox-audit", "denybox-audit+00000000+AQ==", "other+1+AX"] {
            assert!(wrong.parse::<PublicLogKey>().is_err(), "{wrong}");
        }
    }
}
