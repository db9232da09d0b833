//! Secret keys: made of 32 bytes that the caller drew, kept as PKCS#8, or read from OpenSSH's files.

use std::fmt;

use ed25519_dalek::pkcs8::spki::der::zeroize::Zeroizing;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes, spki::der::pem::LineEnding};
use ed25519_dalek::{Signer, SigningKey};
use ssh_key::private::KeypairData;

use super::{KeyKind, PublicKey, PublicKeyError, ssh};
use crate::event::printable;
use crate::justification::envelope::Signature;

/// A secret key. It is wiped when it is dropped, and never printed.
pub struct SecretKey {
    key: SigningKey,
    public: PublicKey,
}

/// Why a text is no secret key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// Neither PKCS#8 nor OpenSSH's.
    #[error("this is no secret key: neither a PRIVATE KEY in PKCS#8 nor an OPENSSH PRIVATE KEY of Ed25519")]
    Malformed,
    /// A key of another algorithm.
    #[error("the secret key is of '{0}': only Ed25519 signs justifications")]
    Algorithm(String),
    /// It needs a passphrase.
    #[error("the secret key is encrypted: add it to ssh-agent (ssh-add FILE) and sign with the agent")]
    Encrypted,
    /// Its halves don't belong together.
    #[error("the public key in the file isn't that of the secret key")]
    Mismatch,
    /// It can't be written.
    #[error("the secret key can't be written as PKCS#8")]
    Unwritable,
    /// Its public half is unusable.
    #[error(transparent)]
    Public(#[from] PublicKeyError),
}

impl SecretKey {
    /// A plain key of 32 random bytes.
    ///
    /// # Errors
    /// [`SecretKeyError::Public`], which no random bytes have ever met.
    pub fn from_bytes(secret: &[u8; 32]) -> Result<Self, SecretKeyError> {
        Self::new(KeyKind::Plain, SigningKey::from_bytes(secret))
    }

    fn new(kind: KeyKind, key: SigningKey) -> Result<Self, SecretKeyError> {
        let public = PublicKey::new(kind, key.verifying_key().as_bytes())?;
        Ok(Self { key, public })
    }

    /// Reads a plain key from PKCS#8 in PEM (RFC 8410), or an SSH key from OpenSSH's format.
    ///
    /// # Errors
    /// [`SecretKeyError`].
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        let text = text.trim_start();
        if text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----") {
            return Self::from_openssh(text);
        }
        if text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            return Err(SecretKeyError::Encrypted);
        }
        let key = SigningKey::from_pkcs8_pem(text).map_err(|_| SecretKeyError::Malformed)?;
        Self::new(KeyKind::Plain, key)
    }

    fn from_openssh(text: &str) -> Result<Self, SecretKeyError> {
        let file = ssh_key::PrivateKey::from_openssh(text).map_err(|_| SecretKeyError::Malformed)?;
        match file.key_data() {
            KeypairData::Ed25519(pair) => {
                let secret = Zeroizing::new(pair.private.to_bytes());
                let key = SigningKey::from_bytes(&secret);
                if *key.verifying_key().as_bytes() != pair.public.0 {
                    return Err(SecretKeyError::Mismatch);
                }
                Self::new(KeyKind::Ssh, key)
            }
            KeypairData::Encrypted(_) => Err(SecretKeyError::Encrypted),
            _ => Err(SecretKeyError::Algorithm(printable(file.algorithm().as_str()))),
        }
    }

    /// The key as PKCS#8 in PEM, which `openssl pkey` reads. An SSH key becomes a plain one by it.
    ///
    /// # Errors
    /// [`SecretKeyError::Unwritable`], which has never been met.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, SecretKeyError> {
        // Version 1, without the public half: older OpenSSL reads no other.
        let pair = KeypairBytes { secret_key: self.key.to_bytes(), public_key: None };
        pair.to_pkcs8_pem(LineEnding::LF).map_err(|_| SecretKeyError::Unwritable)
    }

    /// Its public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs an envelope's [encoding](crate::justification::envelope::Envelope::pae).
    pub fn sign(&self, pae: &[u8]) -> Signature {
        let sig = match self.public.kind() {
            KeyKind::Plain => self.key.sign(pae).to_bytes().to_vec(),
            KeyKind::Ssh => {
                let raw = self.key.sign(&ssh::to_be_signed(pae)).to_bytes();
                ssh::assemble(self.public.as_bytes(), &raw)
            }
        };
        Signature { keyid: self.public.id().to_owned(), sig }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.public.id())
    }
}
