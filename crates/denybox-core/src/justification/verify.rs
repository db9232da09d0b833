//! From a document to what the policy sees of it.

use super::aim::{self, Facts};
use super::digest::digest;
use super::envelope::{Envelope, Signature};
use super::key::{KeyKind, SignatureError};
use super::manifest::Manifest;
use super::opened::{DocumentProblem, Opened};
use super::presented::{Presented, Rejected, Signer, Uses};
use super::revocation::Revocations;
use super::trust::{Trusts, Unaccepted};
use crate::event::{printable, printable_up_to};

/// Where and when a justification is presented, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// Now, in seconds since 1970-01-01 UTC. Only keys are judged by it; the manifest's own times are the policy's.
    pub time: u64,
    /// The host's name.
    pub host: Option<String>,
    /// The cluster's name.
    pub cluster: Option<String>,
    /// The agent.
    pub facts: Facts,
}

/// A document that can't be presented.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{document}: {problem}")]
pub struct VerifyError {
    /// Which document. Free of control characters.
    pub document: String,
    /// Why, with line and column where there are any.
    pub problem: DocumentProblem,
}

/// Reads a manifest, signed or not, and finds out everything about it that can be found out of bytes. A signature that
/// doesn't hold is told, and refuses nothing by itself. How often the manifest was used is for the caller to fill in.
///
/// # Errors
/// [`VerifyError`] where the document makes no sense.
pub fn verify(
    document: &[u8],
    source: &str,
    trusts: &Trusts,
    revocations: &Revocations,
    context: &Context,
) -> Result<Presented, VerifyError> {
    present(document, source, trusts, revocations, context)
        .map_err(|problem| VerifyError { document: printable_up_to(source, 400), problem })
}

fn present(
    document: &[u8],
    source: &str,
    trusts: &Trusts,
    revocations: &Revocations,
    context: &Context,
) -> Result<Presented, DocumentProblem> {
    let opened = Opened::parse(document)?;
    let signed = matches!(opened, Opened::Envelope(..));
    let (manifest, digest, checked) = match opened {
        Opened::Envelope(envelope, manifest) => {
            let checked = signatures(&envelope, &manifest, trusts, context.time);
            (manifest, digest(envelope.payload()), checked)
        }
        Opened::Manifest(manifest) => (manifest, digest(document), Checked::default()),
    };
    Ok(Presented {
        source: source.to_owned(),
        revoked: revocations.revoke(&manifest.id, &digest),
        id: manifest.id,
        digest,
        signed,
        signatures: checked.signatures,
        rejected: checked.rejected,
        signers_required: trusts.signers(),
        skew_seconds: trusts.skew_seconds(),
        audience: aim::audience(&manifest.audience, context.host.as_deref(), context.cluster.as_deref()),
        subject: aim::subject(&manifest.subject, &context.facts),
        uses: Uses { max: manifest.max_uses, spent: 0, binding: false },
        grants: manifest.grants,
        category: manifest.category,
        statement: manifest.statement,
        ticket: manifest.ticket,
        requested_by: manifest.requested_by,
        approved_by: manifest.approved_by,
        not_before: manifest.not_before,
        not_after: manifest.not_after,
        break_glass: manifest.break_glass,
    })
}

#[derive(Default)]
struct Checked {
    signatures: Vec<Signer>,
    rejected: Vec<Rejected>,
}

/// Why a signature doesn't count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Uncounted {
    Signature(SignatureError),
    Key(Unaccepted),
    KeyAgain,
    PersonAgain,
}

impl Uncounted {
    /// A stable name, and words that belong behind the key's.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Signature(SignatureError::Bad) => {
                ("bad-signature", "the signature doesn't fit the key and the payload")
            }
            Self::Signature(SignatureError::Algorithm) => {
                ("wrong-algorithm", "the signature is of another kind than the trusted key makes")
            }
            Self::Signature(SignatureError::Namespace) => {
                ("wrong-namespace", "the SSH signature was made for another purpose than a justification")
            }
            Self::Signature(SignatureError::Malformed) => ("malformed", "the bytes are no signature"),
            Self::Key(Unaccepted::Unknown) => ("unknown-key", "no such key is trusted"),
            Self::Key(Unaccepted::Revoked) => ("key-revoked", "the key is revoked"),
            Self::Key(Unaccepted::NotYetValid) => ("key-not-yet-valid", "the key's time hasn't begun"),
            Self::Key(Unaccepted::Expired) => ("key-expired", "the key's time is over"),
            Self::Key(Unaccepted::Disputed) => {
                ("disputed-person", "the trust files don't agree on whose key it is")
            }
            Self::Key(Unaccepted::NoRole) => {
                ("no-role", "there is no role that every trust file gives the key")
            }
            Self::KeyAgain => ("duplicate-key", "the key has signed already"),
            Self::PersonAgain => ("duplicate-person", "its owner has signed already, with another key"),
        }
    }
}

fn signatures(envelope: &Envelope, manifest: &Manifest, trusts: &Trusts, time: u64) -> Checked {
    let pae = envelope.pae();
    let mut checked = Checked::default();
    for signature in envelope.signatures() {
        match signer(&pae, signature, manifest, trusts, time, &checked.signatures) {
            Ok(signer) => checked.signatures.push(signer),
            Err((key, uncounted)) => {
                let (code, words) = uncounted.words();
                let key = printable(&key);
                let message = if key.is_empty() { words.to_owned() } else { format!("{key}: {words}") };
                checked.rejected.push(Rejected { key, code: code.to_owned(), message });
            }
        }
    }
    checked
}

fn signer(
    pae: &[u8],
    signature: &Signature,
    manifest: &Manifest,
    trusts: &Trusts,
    time: u64,
    counted: &[Signer],
) -> Result<Signer, (String, Uncounted)> {
    let id = key_of(pae, signature, trusts)?;
    let refused = |uncounted| (id.to_owned(), uncounted);
    let accepted = trusts.accept(id, time).map_err(|why| refused(Uncounted::Key(why)))?;
    if counted.iter().any(|signer| signer.key == id) {
        return Err(refused(Uncounted::KeyAgain));
    }
    if counted.iter().any(|signer| signer.person == accepted.person) {
        return Err(refused(Uncounted::PersonAgain));
    }
    Ok(Signer {
        key: id.to_owned(),
        person: accepted.person.to_owned(),
        covers: manifest.grants.iter().map(|grant| accepted.covers(&grant.resource)).collect(),
        roles: accepted.roles,
    })
}

/// The trusted key that made a signature. The envelope's claim only says which to try; without one all of its kind are.
fn key_of<'a>(pae: &[u8], signature: &Signature, trusts: &'a Trusts) -> Result<&'a str, (String, Uncounted)> {
    let claimed = &signature.keyid;
    let unknown = || (claimed.clone(), Uncounted::Key(Unaccepted::Unknown));
    if claimed.is_empty() {
        let kind = KeyKind::of(&signature.sig);
        let mut keys = trusts.candidates().filter(|key| key.kind() == kind);
        return keys
            .find(|key| key.verify(pae, &signature.sig).is_ok())
            .map(|key| key.id())
            .ok_or_else(unknown);
    }
    let key = trusts.candidates().find(|key| key.id() == claimed).ok_or_else(unknown)?;
    match key.verify(pae, &signature.sig) {
        Ok(()) => Ok(key.id()),
        Err(error) => Err((claimed.clone(), Uncounted::Signature(error))),
    }
}
