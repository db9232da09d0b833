//! Justifications: what is read is what will be signed, and nobody counts who didn't sign.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use denybox_core::justification::envelope::Envelope;
use denybox_core::justification::key::{KeyKind, PublicKey, SecretKey, assemble, to_be_signed};
use denybox_core::justification::manifest::lint;
use denybox_core::justification::trust::{EditError, NewKey, SKEW_MAX, add_key, revoke_key};
use denybox_core::justification::{
    Aim, Context, Manifest, Revocations, SigningRole, Trust, Trusts, statement, verify,
};

use crate::telling::deceptive;
use crate::text;

/// What the seeds' envelopes hold, signed by the keys below.
const KNOWN: &str = include_str!("../../../fuzz/seeds/manifest/small.json");

/// Whom the envelopes are checked against: the public halves of a plain key and of an SSH key.
const TRUST: &str = include_str!("../../../fuzz/seeds/trust/two");

/// A manifest that is read has one written form, can be signed, and has nothing in it that no manifest may have.
pub fn manifest(data: &[u8]) {
    let manifest = match Manifest::parse(data) {
        Ok(manifest) => manifest,
        Err(error) => return plain(&error.to_string()),
    };
    for form in [manifest.to_json(), manifest.to_compact_json(), manifest.to_yaml()] {
        assert_eq!(Manifest::parse(form.as_bytes()).as_ref(), Ok(&manifest), "{form}");
    }
    assert_eq!(statement::manifest(&statement::payload(&manifest)).as_ref(), Ok(&manifest));
    let resources: BTreeSet<_> = manifest.grants.iter().map(|grant| &grant.resource).collect();
    assert_eq!(resources.len(), manifest.grants.len(), "a resource twice");
    assert!(!resources.is_empty() && manifest.not_before < manifest.not_after);
    assert!(manifest.statement.chars().any(char::is_alphanumeric) && manifest.max_uses != Some(0));
    for grant in &manifest.grants {
        let is_path = grant.resource.path().is_some();
        assert_eq!(grant.options.noexec, is_path && !grant.access.execute, "{grant:?}");
        assert_eq!(grant.options.readonly, is_path && !grant.access.write, "{grant:?}");
    }
    for advice in lint(&manifest) {
        plain(&advice.message);
    }
    // Unsigned it is presented as such.
    let shown = verify(data, "seed", &Trusts::default(), &Revocations::default(), &Context::default());
    let shown = shown.unwrap_or_else(|error| panic!("{error}"));
    assert!(!shown.signed && shown.signatures.is_empty() && shown.grants == manifest.grants);
    assert_eq!(shown.subject == Aim::Everyone, manifest.subject.is_empty());
}

/// Signatures count only over the payload that was signed, and each that is there is told as counting or not.
pub fn envelope(data: &[u8]) {
    static TRUSTS: LazyLock<Trusts> = LazyLock::new(|| match Trust::parse(TRUST.as_bytes()) {
        Ok(trust) => Trusts::new(vec![trust]),
        Err(error) => panic!("{error}"),
    });
    if let Ok(envelope) = Envelope::parse(data) {
        assert_eq!(Envelope::parse(envelope.to_json().as_bytes()).as_ref(), Ok(&envelope));
        assert!((1..=16).contains(&envelope.signatures().len()));
    }
    let shown = match verify(data, "seed", &TRUSTS, &Revocations::default(), &Context::default()) {
        Ok(shown) => shown,
        Err(error) => return plain(&error.to_string()),
    };
    for rejected in &shown.rejected {
        plain(&rejected.key);
        plain(&rejected.message);
    }
    let Ok(envelope) = Envelope::parse(data) else {
        return assert!(!shown.signed && shown.signatures.is_empty() && shown.rejected.is_empty());
    };
    assert!(shown.signed);
    assert_eq!(shown.signatures.len() + shown.rejected.len(), envelope.signatures().len());
    let people: BTreeSet<_> = shown.signatures.iter().map(|signer| &signer.person).collect();
    assert_eq!(people.len(), shown.signatures.len(), "a person twice");
    if !shown.signatures.is_empty() {
        let known = Manifest::parse(KNOWN.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(envelope.payload(), statement::payload(&known), "nobody signed this");
        // Whoever has the secrets makes the same signatures again; nobody else makes any.
        let made = signatures(&envelope.pae());
        for signer in &shown.signatures {
            let mine = made.get(&signer.key).unwrap_or_else(|| panic!("{} isn't trusted", signer.key));
            assert!(envelope.signatures().iter().any(|there| there.sig == *mine), "another signature");
        }
    }
}

/// By the keys of [`TRUST`], whose secrets are 32 ones and 32 twos: the identifier of each, and its signature.
fn signatures(pae: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let key = |byte| SecretKey::from_bytes(&[byte; 32]).unwrap_or_else(|error| panic!("{error}"));
    let (plain, ssh) = (key(1), key(2));
    let raw = ssh.sign(&to_be_signed(pae)).sig;
    let raw = <[u8; 64]>::try_from(raw).unwrap_or_else(|raw| panic!("{} bytes", raw.len()));
    let public = ssh.public().as_bytes();
    let id = PublicKey::new(KeyKind::Ssh, public).unwrap_or_else(|error| panic!("{error}"));
    BTreeMap::from([
        (plain.public().id().to_owned(), plain.sign(pae).sig),
        (id.id().to_owned(), assemble(public, &raw)),
    ])
}

/// A trust file that is read keeps its bounds, and stays one when a key is added or revoked.
pub fn trust(data: &[u8]) {
    let trust = match Trust::parse(data) {
        Ok(trust) => trust,
        Err(error) => return plain(&error.to_string()),
    };
    assert!(trust.skew_seconds <= SKEW_MAX && (1..=16).contains(&trust.signers));
    let keys: BTreeSet<_> = trust.keys.iter().map(|key| key.public.as_bytes()).collect();
    assert_eq!(keys.len(), trust.keys.len(), "a key twice");
    let text = text(data);
    for key in &trust.keys {
        assert!(!key.roles.is_empty() && key.scope.as_ref().is_none_or(|scope| !scope.is_empty()));
        assert_eq!(key.public.to_string().parse().as_ref(), Ok(&key.public));
        match revoke_key(&text, key.public.id(), 1) {
            Ok(text) => {
                let after = Trust::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
                let revoked = after.keys.iter().find(|other| other.public == key.public);
                assert!(revoked.is_some_and(|key| key.revoked == Some(1)));
                assert_eq!(after.keys.len(), trust.keys.len());
            }
            Err(EditError::Already(_)) => assert!(key.revoked.is_some()),
            // A list in one line isn't edited.
            Err(EditError::Inline) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let new = SecretKey::from_bytes(&[0x5a; 32]).unwrap_or_else(|error| panic!("{error}"));
    let (person, roles) = ("new".to_owned(), vec![SigningRole::Approver]);
    let public = new.public().clone();
    let new = NewKey { person, public, roles, scope: None, not_before: None, not_after: None };
    if let Ok(text) = add_key(&text, &new) {
        let after = Trust::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(after.keys.get(..trust.keys.len()), Some(trust.keys.as_slice()));
        assert_eq!(after.keys.len(), trust.keys.len() + 1);
    }
}

fn plain(shown: &str) {
    assert!(!shown.contains(deceptive), "{shown:?}");
}
