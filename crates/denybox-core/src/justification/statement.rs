//! What is signed: an in-toto Statement v1 whose predicate is the manifest
//! (<https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>).

use serde::{Deserialize, Serialize};

use super::digest::hexadecimal;
use super::document::{self, Syntax, Unreadable};
use super::manifest::{Faults, MANIFEST_MAX, Manifest, Written};
use crate::event::printable;

/// The `_type` of a statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The `predicateType` of a justification.
pub const PREDICATE_TYPE: &str = "https://denybox.dev/justification/v1";
/// The longest statement that is read, in bytes: a manifest, and its digests once more.
const STATEMENT_MAX: usize = MANIFEST_MAX.saturating_mul(2);

/// Why a payload is no statement of a justification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not text, or too much of it.
    #[error("the payload: {0}")]
    Unreadable(#[from] Unreadable),
    /// Not the fields of a statement.
    #[error("the payload, {0}")]
    Syntax(#[from] Syntax),
    /// Another kind of document.
    #[error("the payload's _type is '{0}', not {STATEMENT_TYPE}")]
    Type(String),
    /// About something else.
    #[error("the payload's predicateType is '{0}', not {PREDICATE_TYPE}")]
    PredicateType(String),
    /// The manifest makes no sense.
    #[error("the payload's predicate: {0}")]
    Manifest(#[from] Faults),
    /// The subject is not the manifest's.
    #[error("the payload's subject isn't what its predicate says")]
    Subject,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Described>,
    predicate_type: String,
    predicate: Written,
}

/// A resource descriptor, as far as statements need it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    name: String,
    digest: Digests,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Digests {
    sha256: String,
}

/// The bytes to be signed: always the same for the same manifest.
pub fn payload(manifest: &Manifest) -> Vec<u8> {
    let statement = Statement {
        kind: STATEMENT_TYPE.to_owned(),
        subject: subject(manifest),
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: manifest.written(),
    };
    // Texts and numbers under fixed names: there is nothing that could fail.
    serde_json::to_vec(&statement).unwrap_or_default()
}

/// The manifest in a payload.
///
/// # Errors
/// [`StatementError`] where it is no statement of a justification, or one about another subject than its own.
pub fn manifest(payload: &[u8]) -> Result<Manifest, StatementError> {
    let statement: Statement = document::json(document::text(payload, STATEMENT_MAX)?)?;
    if statement.kind != STATEMENT_TYPE {
        return Err(StatementError::Type(printable(&statement.kind)));
    }
    if statement.predicate_type != PREDICATE_TYPE {
        return Err(StatementError::PredicateType(printable(&statement.predicate_type)));
    }
    let manifest = statement.predicate.check()?;
    if statement.subject == subject(&manifest) { Ok(manifest) } else { Err(StatementError::Subject) }
}

/// The digests that the manifest names. A statement needs a subject: without any it is the manifest itself.
fn subject(manifest: &Manifest) -> Vec<Described> {
    let digests = &manifest.subject.digests;
    if digests.is_empty() {
        let sha256 = hexadecimal(manifest.to_compact_json().as_bytes());
        return vec![Described {
            name: format!("justification:{}", manifest.id),
            digest: Digests { sha256 },
        }];
    }
    let described = |digest: &super::manifest::SubjectDigest| Described {
        name: digest.name.clone().unwrap_or_else(|| digest.kind.name().to_owned()),
        digest: Digests { sha256: digest.sha256.clone() },
    };
    digests.iter().map(described).collect()
}
