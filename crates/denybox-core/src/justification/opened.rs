//! A document that is a manifest, or an envelope around one.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::document::{self, Unreadable};
use super::envelope::{ENVELOPE_MAX, Envelope, EnvelopeError};
use super::manifest::{Manifest, ManifestError};
use super::statement::{self, StatementError};

/// Why a document can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentProblem {
    /// Not text, or too much of it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Neither an envelope nor a manifest that makes sense.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Something like an envelope.
    #[error("the envelope: {0}")]
    Envelope(#[from] EnvelopeError),
    /// An envelope around something else.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// A manifest, signed or not. Nobody has looked at the signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The manifest alone.
    Manifest(Manifest),
    /// An envelope, and the manifest in it.
    Envelope(Envelope, Manifest),
}

impl Opened {
    /// Reads whichever it is.
    ///
    /// # Errors
    /// [`DocumentProblem`] where it is neither, or an envelope around something else.
    pub fn parse(document: &[u8]) -> Result<Self, DocumentProblem> {
        let text = document::text(document, ENVELOPE_MAX)?;
        if !is_envelope(text) {
            return Ok(Self::Manifest(Manifest::parse(document)?));
        }
        let envelope = Envelope::parse(document)?;
        let manifest = statement::manifest(envelope.payload())?;
        Ok(Self::Envelope(envelope, manifest))
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        match self {
            Self::Manifest(manifest) | Self::Envelope(_, manifest) => manifest,
        }
    }

    /// The envelope; for a manifest alone the one that could be signed.
    pub fn into_envelope(self) -> Envelope {
        match self {
            Self::Manifest(manifest) => Envelope::of(&manifest),
            Self::Envelope(envelope, _) => envelope,
        }
    }
}

/// Whether a document means to be an envelope: a JSON object with one of an envelope's fields. What else is wrong with it is
/// told when it is read as one.
fn is_envelope(text: &str) -> bool {
    struct Fields<'a>(&'a mut bool);
    impl<'de> Visitor<'de> for Fields<'_> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(name) = map.next_key::<String>()? {
                *self.0 |= matches!(name.as_str(), "payload" | "payloadType" | "signatures");
                map.next_value::<IgnoredAny>()?;
            }
            Ok(())
        }
    }
    let mut found = false;
    // An error is met again by whoever reads the document.
    let _ = serde_json::Deserializer::from_str(text).deserialize_map(Fields(&mut found));
    found
}
