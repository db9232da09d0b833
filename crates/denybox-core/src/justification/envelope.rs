//! DSSE envelopes: a payload and its signatures (<https://github.com/secure-systems-lab/dsse>).

use serde::{Deserialize, Serialize};

use super::base64;
use super::document::{self, Syntax, Unreadable};
use super::manifest::Manifest;
use super::statement;
use crate::event::printable;

/// The longest envelope that is read, in bytes.
pub const ENVELOPE_MAX: usize = 1 << 20;
/// The most signatures of one envelope.
pub const SIGNATURES_MAX: usize = 16;
/// The only payload type.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Why a document is no envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not text, or too much of it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Not the fields of an envelope.
    #[error(transparent)]
    Syntax(#[from] Syntax),
    /// About another kind of payload.
    #[error("the payload type is '{0}', not {PAYLOAD_TYPE}")]
    PayloadType(String),
    /// Base64 as nobody writes it.
    #[error("{0} is no canonical base64 of the standard alphabet")]
    Base64(String),
    /// Nobody signed.
    #[error("there is no signature in the envelope")]
    Unsigned,
    /// Too many signed.
    #[error("{0} signatures are too many: at most {SIGNATURES_MAX}")]
    TooMany(usize),
    /// Somebody signed already.
    #[error("the key {0} has signed already")]
    Again(String),
}

/// A payload with signatures that nobody has looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    payload: Vec<u8>,
    signatures: Vec<Signature>,
}

/// A signature as an envelope has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Whose it claims to be. A hint, nothing else; empty where there is none.
    pub keyid: String,
    /// 64 bytes of Ed25519, or an SSHSIG blob.
    pub sig: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenEnvelope {
    payload: String,
    payload_type: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

impl Envelope {
    /// An envelope for a manifest that nobody has signed yet.
    pub fn of(manifest: &Manifest) -> Self {
        Self { payload: statement::payload(manifest), signatures: Vec::new() }
    }

    /// Reads an envelope. Neither its payload nor its signatures are looked into.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let written: WrittenEnvelope = document::json(document::text(bytes, ENVELOPE_MAX)?)?;
        if written.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::PayloadType(printable(&written.payload_type)));
        }
        let there = written.signatures.len();
        if there == 0 {
            return Err(EnvelopeError::Unsigned);
        }
        if there > SIGNATURES_MAX {
            return Err(EnvelopeError::TooMany(there));
        }
        let payload = decode("the payload", &written.payload)?;
        let mut signatures = Vec::with_capacity(there);
        for (at, signature) in written.signatures.into_iter().enumerate() {
            let sig = decode(&format!("signatures[{at}].sig"), &signature.sig)?;
            signatures.push(Signature { keyid: signature.keyid, sig });
        }
        Ok(Self { payload, signatures })
    }

    /// The bytes that are signed, before they are encoded.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The signatures, in their order.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// What a signature is over: DSSE's pre-authentication encoding of payload type and payload.
    pub fn pae(&self) -> Vec<u8> {
        let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), self.payload.len());
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Adds one more signature. Whether it holds is for whoever verifies the envelope to say.
    ///
    /// # Errors
    /// [`EnvelopeError::TooMany`] and [`EnvelopeError::Again`].
    pub fn add(&mut self, signature: Signature) -> Result<(), EnvelopeError> {
        if self.signatures.len() >= SIGNATURES_MAX {
            return Err(EnvelopeError::TooMany(self.signatures.len().saturating_add(1)));
        }
        let named = |other: &Signature| !other.keyid.is_empty() && other.keyid == signature.keyid;
        if self.signatures.iter().any(named) {
            return Err(EnvelopeError::Again(printable(&signature.keyid)));
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// As JSON, ending in a line feed: always the same bytes for the same envelope.
    pub fn to_json(&self) -> String {
        let signature = |signature: &Signature| WrittenSignature {
            keyid: signature.keyid.clone(),
            sig: base64::encode(&signature.sig),
        };
        let written = WrittenEnvelope {
            payload: base64::encode(&self.payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: self.signatures.iter().map(signature).collect(),
        };
        // Texts under fixed names: there is nothing that could fail.
        let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn decode(what: &str, text: &str) -> Result<Vec<u8>, EnvelopeError> {
    base64::decode(text).ok_or_else(|| EnvelopeError::Base64(what.to_owned()))
}
