//! OpenSSH's formats: `.pub` files, fingerprints, and SSHSIG (PROTOCOL.sshsig of OpenSSH).
//!
//! `ssh-keygen -Y verify -n denybox-justification` confirms what is made here over the same bytes.

use ssh_encoding::{Decode, Encode};
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{Algorithm, HashAlg, LineEnding, Signature, SshSig};

use super::{PublicKeyError, SignatureError};
use crate::event::printable;

/// What the signatures are for. One made for anything else doesn't count.
pub const NAMESPACE: &str = "denybox-justification";
/// What an SSHSIG blob begins with.
const PREAMBLE: &[u8] = b"SSHSIG";

/// What an SSH key has to sign so that [`assemble`] makes an SSHSIG over `bytes` of it. An agent is given this.
pub fn to_be_signed(bytes: &[u8]) -> Vec<u8> {
    signed_data(bytes).unwrap_or_default()
}

/// The same; none where it can't be made. It always can: the namespace isn't empty and every length is small.
pub(super) fn signed_data(bytes: &[u8]) -> Option<Vec<u8>> {
    SshSig::signed_data(NAMESPACE, HashAlg::Sha512, bytes).ok()
}

/// The SSHSIG blob, without armour, of a raw signature over [`to_be_signed`]. Whether it holds isn't looked at.
pub fn assemble(public: &[u8; 32], signature: &[u8; 64]) -> Vec<u8> {
    let mut blob = Vec::new();
    // As above: fixed lengths, fixed names.
    let made = Signature::new(Algorithm::Ed25519, signature.as_slice())
        .and_then(|signature| SshSig::new(data(public), NAMESPACE, HashAlg::Sha512, signature))
        .and_then(|sig| Ok(sig.encode(&mut blob)?));
    if made.is_err() { Vec::new() } else { blob }
}

/// An SSHSIG blob in the armour that `ssh-keygen -Y verify -s` reads.
///
/// # Errors
/// [`SignatureError::Malformed`] where it is none.
pub fn armoured(blob: &[u8]) -> Result<String, SignatureError> {
    let sig = decode(blob)?;
    sig.to_pem(LineEnding::LF).map_err(|_| SignatureError::Malformed)
}

/// Whether bytes claim to be an SSHSIG.
pub(super) fn looks_like_one(sig: &[u8]) -> bool {
    sig.starts_with(PREAMBLE)
}

/// The raw signature in an SSHSIG of `public`. The blob must be the only one that could be made of it.
pub(super) fn signature_of(public: &[u8; 32], blob: &[u8]) -> Result<[u8; 64], SignatureError> {
    if !looks_like_one(blob) {
        return Err(if blob.len() == 64 { SignatureError::Algorithm } else { SignatureError::Malformed });
    }
    let sig = decode(blob)?;
    let signer = match sig.public_key() {
        KeyData::Ed25519(key) => key.0,
        _ => return Err(SignatureError::Algorithm),
    };
    if sig.algorithm() != Algorithm::Ed25519 || sig.hash_alg() != HashAlg::Sha512 {
        return Err(SignatureError::Algorithm);
    }
    if sig.namespace() != NAMESPACE {
        return Err(SignatureError::Namespace);
    }
    if signer != *public {
        return Err(SignatureError::Bad);
    }
    let raw: [u8; 64] = sig.signature_bytes().try_into().map_err(|_| SignatureError::Malformed)?;
    if assemble(public, &raw) == blob { Ok(raw) } else { Err(SignatureError::Malformed) }
}

fn decode(blob: &[u8]) -> Result<SshSig, SignatureError> {
    let mut rest = blob;
    let sig = SshSig::decode(&mut rest).map_err(|_| SignatureError::Malformed)?;
    if rest.is_empty() { Ok(sig) } else { Err(SignatureError::Malformed) }
}

/// The key of a line of a `.pub` file.
pub(super) fn public(line: &str) -> Result<[u8; 32], PublicKeyError> {
    let malformed = || PublicKeyError::Malformed(printable(line));
    let algorithm = line.split(' ').next().unwrap_or_default();
    if algorithm != Algorithm::Ed25519.as_str() {
        let known = ["ssh-", "ecdsa-", "sk-"].iter().any(|start| algorithm.starts_with(start));
        return Err(if known { PublicKeyError::Algorithm(printable(algorithm)) } else { malformed() });
    }
    match ssh_key::PublicKey::from_openssh(line).map_err(|_| malformed())?.key_data() {
        KeyData::Ed25519(key) => Ok(key.0),
        _ => Err(malformed()),
    }
}

/// The line of a `.pub` file, without a comment.
pub(super) fn line(public: &[u8; 32]) -> String {
    // A key of fixed length and no comment: nothing can fail.
    ssh_key::PublicKey::new(data(public), "").to_openssh().unwrap_or_default()
}

/// The fingerprint that `ssh-keygen -l` prints: `SHA256:` and base64.
pub(super) fn fingerprint(public: &[u8; 32]) -> String {
    data(public).fingerprint(HashAlg::Sha256).to_string()
}

pub(super) fn data(public: &[u8; 32]) -> KeyData {
    KeyData::Ed25519(Ed25519PublicKey(*public))
}
