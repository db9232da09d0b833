//! Ed25519 keys, RFC 8032: plain ones, and OpenSSH's.
//!
//! How a signature is checked is said by the trusted key alone: a plain key signs the bytes, an SSH key an SSHSIG of them.
//! What an envelope claims about its signatures chooses nothing.

pub mod agent;
mod secret;
mod ssh;

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, VerifyingKey};

use super::base64;
use super::digest::digest;
use crate::event::printable;

pub use secret::{SecretKey, SecretKeyError};
pub use ssh::{NAMESPACE, armoured, assemble, to_be_signed};

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    kind: KeyKind,
    id: String,
}

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Ed25519 over the bytes themselves.
    Plain,
    /// SSHSIG with an `ssh-ed25519` key.
    Ssh,
}

impl KeyKind {
    /// The kind of key that would make such a signature, by its looks.
    pub(super) fn of(sig: &[u8]) -> Self {
        if ssh::looks_like_one(sig) { Self::Ssh } else { Self::Plain }
    }
}

/// Why a text is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Neither form.
    #[error("'{0}' is no public key: write ed25519:BASE64, or ssh-ed25519 AAAA… as in a .pub file")]
    Malformed(String),
    /// A key of another algorithm.
    #[error("'{0}' keys are not read: only ssh-ed25519")]
    Algorithm(String),
    /// Not a point of the curve, or not in its one encoding.
    #[error("the 32 bytes are no Ed25519 public key")]
    NotAPoint,
    /// A key for which signatures can be made without its secret.
    #[error("the key is of small order: anybody could sign with it")]
    Weak,
}

/// Why a signature doesn't hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Made by another key, or over other bytes.
    #[error("the signature doesn't fit this key and this payload")]
    Bad,
    /// An SSHSIG for a plain key, plain bytes for an SSH key, another hash or another algorithm.
    #[error("the signature is of another kind than the trusted key makes")]
    Algorithm,
    /// An SSHSIG made for another purpose.
    #[error("the SSH signature was made for another namespace than {NAMESPACE}")]
    Namespace,
    /// Not a signature.
    #[error("the bytes are no signature")]
    Malformed,
}

impl PublicKey {
    /// A key from its 32 bytes.
    ///
    /// # Errors
    /// [`PublicKeyError::NotAPoint`] and [`PublicKeyError::Weak`].
    pub fn new(kind: KeyKind, bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::NotAPoint)?;
        // Two encodings of one point would be two identifiers for one key.
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(PublicKeyError::NotAPoint);
        }
        if key.is_weak() {
            return Err(PublicKeyError::Weak);
        }
        let id = match kind {
            KeyKind::Plain => digest(bytes),
            KeyKind::Ssh => ssh::fingerprint(bytes),
        };
        Ok(Self { key, kind, id })
    }

    /// How the key signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its identifier: `sha256:` and the SHA-256 of its bytes in hexadecimal; for an SSH key the fingerprint that
    /// `ssh-keygen -l` prints.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether `sig` is this key's signature over `bytes`. Checked strictly: no key or signature of small order, RFC 8032,
    /// 5.1.7, without the cofactor.
    ///
    /// # Errors
    /// [`SignatureError`] where it isn't.
    pub fn verify(&self, bytes: &[u8], sig: &[u8]) -> Result<(), SignatureError> {
        match self.kind {
            KeyKind::Plain if ssh::looks_like_one(sig) => Err(SignatureError::Algorithm),
            KeyKind::Plain => self.verify_plain(bytes, sig),
            KeyKind::Ssh => {
                let raw = ssh::signature_of(self.as_bytes(), sig)?;
                let bytes = ssh::signed_data(bytes).ok_or(SignatureError::Malformed)?;
                self.verify_plain(&bytes, &raw)
            }
        }
    }

    fn verify_plain(&self, bytes: &[u8], sig: &[u8]) -> Result<(), SignatureError> {
        let sig: [u8; 64] = sig.try_into().map_err(|_| SignatureError::Malformed)?;
        self.key.verify_strict(bytes, &Signature::from_bytes(&sig)).map_err(|_| SignatureError::Bad)
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    /// Reads `ed25519:BASE64` (32 bytes) or a line of a `.pub` file, with or without its comment.
    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        let Some(encoded) = text.strip_prefix("ed25519:") else {
            return Self::new(KeyKind::Ssh, &ssh::public(text)?);
        };
        let bytes = base64::decode(encoded).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        Self::new(KeyKind::Plain, &bytes.ok_or_else(|| PublicKeyError::Malformed(printable(text)))?)
    }
}

impl fmt::Display for PublicKey {
    /// In the form that parses back to the same key; an SSH key without a comment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            KeyKind::Plain => write!(f, "ed25519:{}", base64::encode(self.as_bytes())),
            KeyKind::Ssh => f.write_str(&ssh::line(self.as_bytes())),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}
