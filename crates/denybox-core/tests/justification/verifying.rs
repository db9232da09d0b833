//! What the policy is shown.

use data_encoding::BASE64;
use denybox_core::justification::envelope::{Envelope, Signature};
use denybox_core::justification::key::SecretKey;
use denybox_core::justification::revocation::{Revoked, Target};
use denybox_core::justification::{
    Aim, Context, DigestKind, Facts, Manifest, Presented, Revocations, SigningRole, Trusts, Uses, digest,
    verify,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::samples::{FULL, NOON, SMALL, check, check_at, key, outcome, signed, small, ssh_key, trust};

/// Three people with a key each: a plain one, an SSH key, and a plain one again.
fn people() -> Vec<denybox_core::justification::Trust> {
    vec![trust("", &[("alice", &key(1), ""), ("bob", &ssh_key(2), ""), ("carol", &key(3), "")])]
}

fn envelope(of: &Manifest, by: &[&SecretKey]) -> String {
    let mut envelope = Envelope::of(of);
    let pae = envelope.pae();
    by.iter().for_each(|key| envelope.add(key.sign(&pae)).unwrap());
    envelope.to_json()
}

#[test]
fn two_signatures_hold() {
    let document = signed(&[&key(1), &ssh_key(2)]);
    let presented = check(document.to_json().as_bytes(), people()).unwrap();
    assert_eq!(outcome(&presented), (vec!["alice", "bob"], vec![]));
    assert!(presented.signed && !presented.revoked);
    assert_eq!(presented.digest, digest(document.payload()));
    assert_eq!((presented.id.as_str(), presented.source.as_str()), ("small", "some.json"));
    assert_eq!((presented.signers_required, presented.skew_seconds), (2, 120));
    assert_eq!(presented.signatures[1].key, ssh_key(2).public().id());
    assert_eq!(presented.signatures[1].roles, [SigningRole::Approver]);
    assert_eq!(presented.signatures[1].covers, [true]);
    assert_eq!(presented.grants, small().grants);
    assert_eq!((presented.audience, presented.subject), (Aim::Everyone, Aim::Everyone));
    assert_eq!(presented.uses, Uses { max: None, spent: 0, binding: false });
    assert_eq!((presented.not_before, presented.not_after), (small().not_before, small().not_after));
    let text = serde_json::to_string(&presented).unwrap();
    assert_eq!(serde_json::from_str::<Presented>(&text).unwrap(), presented);
}

#[test]
fn a_plain_manifest_is_presented_unsigned() {
    for text in [SMALL.to_owned(), small().to_yaml()] {
        let presented = check(text.as_bytes(), people()).unwrap();
        assert!(!presented.signed && presented.signatures.is_empty() && presented.rejected.is_empty());
        assert_eq!((presented.digest, presented.id), (digest(text.as_bytes()), "small".to_owned()));
    }
}

#[test]
fn each_signature_that_does_not_count_says_why() {
    let document = |signature: Signature| {
        let mut envelope = Envelope::of(&small());
        envelope.add(signature).unwrap();
        envelope.to_json()
    };
    let pae = Envelope::of(&small()).pae();
    let by = |key: &SecretKey, keyid: &str| document(Signature { keyid: keyid.to_owned(), ..key.sign(&pae) });
    let (plain, ssh) = (key(1), ssh_key(2));
    let id = |key: &SecretKey| key.public().id().to_owned();
    let mut wrong = Vec::new();
    for (text, code) in [
        // A stranger's, with and without a name, and under somebody else's.
        (by(&key(9), &id(&key(9))), "unknown-key"),
        (by(&key(9), ""), "unknown-key"),
        (by(&ssh_key(9), ""), "unknown-key"),
        (by(&key(9), &id(&plain)), "bad-signature"),
        (by(&ssh_key(9), &id(&ssh)), "bad-signature"),
        // Two trusted keys' identifiers swapped.
        (by(&key(3), &id(&plain)), "bad-signature"),
        (by(&ssh, &id(&plain)), "wrong-algorithm"),
        (by(&plain, &id(&ssh)), "wrong-algorithm"),
        // The right secret, in the other way of signing.
        (by(&ssh_key(1), &id(&plain)), "wrong-algorithm"),
        (by(&key(2), &id(&ssh)), "wrong-algorithm"),
        (by(&ssh_key(1), &id(&ssh_key(1))), "unknown-key"),
        (by(&ssh_key(1), ""), "unknown-key"),
        (by(&key(2), ""), "unknown-key"),
        // No signature at all.
        (document(Signature { keyid: id(&plain), sig: Vec::new() }), "malformed"),
        (document(Signature { keyid: id(&plain), sig: vec![0; 65] }), "malformed"),
        (document(Signature { keyid: id(&plain), sig: vec![0; 64] }), "bad-signature"),
        (document(Signature { keyid: id(&ssh), sig: b"SSHSIG".to_vec() }), "malformed"),
        (document(Signature { keyid: "\u{1b}[2J\u{202e}".to_owned(), sig: vec![0; 64] }), "unknown-key"),
        // Over another payload.
        (document(key(1).sign(&pae[1..])), "bad-signature"),
        (document(ssh_key(2).sign(Envelope::of(&small()).payload())), "bad-signature"),
    ] {
        let presented = check(text.as_bytes(), people()).unwrap();
        let Rejections(codes, told) = rejections(&presented);
        if !presented.signatures.is_empty() || codes != [code] || told.contains(char::is_control) {
            wrong.push(format!("{code}: {codes:?} {told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Without a name the key is found.
    for key in [&plain, &ssh] {
        let presented = check(by(key, "").as_bytes(), people()).unwrap();
        assert_eq!(presented.signatures[0].key, id(key));
    }
}

struct Rejections<'a>(Vec<&'a str>, String);

fn rejections(presented: &Presented) -> Rejections<'_> {
    let told =
        presented.rejected.iter().map(|rejected| format!("{}{}", rejected.key, rejected.message)).collect();
    Rejections(presented.rejected.iter().map(|rejected| rejected.code.as_str()).collect(), told)
}

#[test]
fn keys_count_in_their_time_only() {
    let document = signed(&[&key(1)]).to_json();
    for (lines, time, code) in [
        ("not_before = 2026-12-01T12:00:00Z", NOON, None),
        ("not_before = 2026-12-01T12:00:00Z", NOON - 1, Some("key-not-yet-valid")),
        ("not_after = 2026-12-01T12:00:00Z", NOON - 1, None),
        ("not_after = 2026-12-01T12:00:00Z", NOON, Some("key-expired")),
        ("revoked = 2026-12-01T12:00:00Z", NOON, Some("key-revoked")),
        // A clock that was set back brings no key back.
        ("revoked = 2026-12-01T12:00:00Z", 0, Some("key-revoked")),
    ] {
        let presented =
            check_at(document.as_bytes(), vec![trust("", &[("alice", &key(1), lines)])], time).unwrap();
        let (people, codes) = outcome(&presented);
        assert_eq!(codes, Vec::from_iter(code), "{lines} at {time}");
        assert_eq!(people.is_empty(), code.is_some());
    }
}

#[test]
fn a_person_counts_once() {
    let files =
        || vec![trust("", &[("alice", &key(1), ""), ("alice", &ssh_key(2), ""), ("bob", &key(3), "")])];
    let document = signed(&[&key(1), &ssh_key(2), &key(3)]).to_json();
    assert_eq!(
        outcome(&check(document.as_bytes(), files()).unwrap()),
        (vec!["alice", "bob"], vec!["duplicate-person"])
    );
    // The same signature twice, once without its name.
    let mut envelope = signed(&[&key(1)]);
    let again = Signature { keyid: String::new(), ..envelope.signatures()[0].clone() };
    envelope.add(again).unwrap();
    let presented = check(envelope.to_json().as_bytes(), files()).unwrap();
    assert_eq!(outcome(&presented), (vec!["alice"], vec!["duplicate-key"]));
}

#[test]
fn no_byte_can_be_changed() {
    let document = signed(&[&key(1), &ssh_key(2)]);
    let (text, people) = (document.to_json(), people());
    let unchanged = check(text.as_bytes(), people.clone()).unwrap();
    assert_eq!(outcome(&unchanged).0, ["alice", "bob"]);
    // Of the payload: whatever still makes sense has no signature that holds.
    let mut value: Value = serde_json::from_str(&text).unwrap();
    for at in 0..document.payload().len() {
        for flip in [1, 0x20] {
            let mut payload = document.payload().to_vec();
            payload[at] ^= flip;
            value["payload"] = BASE64.encode(&payload).into();
            if let Ok(presented) = check(value.to_string().as_bytes(), people.clone()) {
                assert_eq!(
                    outcome(&presented),
                    (vec![], vec!["bad-signature", "bad-signature"]),
                    "byte {at}"
                );
            }
        }
    }
    // Of the document: nothing counts that didn't count before, and the payload is the same.
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(presented) = check(&bytes, people.clone()) else { continue };
        if presented.digest != unchanged.digest {
            assert!(presented.signatures.is_empty(), "byte {at}");
        }
        assert!(presented.signatures.len() + presented.rejected.len() == 2, "byte {at}");
        assert!(presented.signatures.iter().all(|signer| unchanged.signatures.contains(signer)));
    }
    // Cut anywhere, it is none.
    for at in 0..text.trim_end().len() {
        check(&text.as_bytes()[..at], people.clone()).unwrap_err();
    }
}

#[test]
fn more_trust_files_only_tighten() {
    let full = Manifest::parse(FULL.as_bytes()).unwrap();
    let text = envelope(&full, &[&key(1), &ssh_key(2)]);
    let with = |more: Vec<denybox_core::justification::Trust>| {
        let mut files = vec![trust(
            "signers = 1",
            &[
                (
                    "alice",
                    &key(1),
                    "roles = [\"requester\", \"approver\"]\nresources = [\"/dev/shm\", \"/tmp\", \"memfd-exec\"]",
                ),
                ("bob", &ssh_key(2), ""),
            ],
        )];
        files.extend(more);
        check(text.as_bytes(), files).unwrap()
    };
    let alone = with(vec![]);
    assert_eq!(alone.signatures[0].roles, [SigningRole::Requester, SigningRole::Approver]);
    assert_eq!(alone.signatures[0].covers, [true, true, false, false, true]);
    assert_eq!(alone.signatures[1].covers, [true; 5]);
    // A file that knows nobody trusts nobody.
    assert_eq!(outcome(&with(vec![trust("", &[])])), (vec![], vec!["unknown-key", "unknown-key"]));
    // Roles and scopes on which both agree.
    let narrower = trust(
        "signers = 2\nskew = \"10s\"",
        &[
            ("alice", &key(1), "roles = [\"approver\", \"break-glass\"]\nresources = [\"/tmp\", \"/srv\"]"),
            ("bob", &ssh_key(2), "roles = [\"requester\"]"),
        ],
    );
    let both = with(vec![narrower]);
    assert_eq!((both.signers_required, both.skew_seconds), (2, 10));
    assert_eq!(both.signatures[0].roles, [SigningRole::Approver]);
    assert_eq!(both.signatures[0].covers, [false, true, false, false, false]);
    assert_eq!(outcome(&both), (vec!["alice"], vec!["no-role"]));
    // One file's no is everybody's.
    for (lines, code) in [
        ("revoked = 2026-01-01T00:00:00Z", "key-revoked"),
        ("not_after = 2026-01-01T00:00:00Z", "key-expired"),
        ("not_before = 2027-01-01T00:00:00Z", "key-not-yet-valid"),
    ] {
        let more = trust("", &[("alice", &key(1), lines), ("bob", &ssh_key(2), "")]);
        assert_eq!(outcome(&with(vec![more])), (vec!["bob"], vec![code]));
    }
    // A second file can't make two people of one, nor trust the same key in another way.
    let more = trust("", &[("alice", &key(1), ""), ("robert", &ssh_key(2), "")]);
    assert_eq!(outcome(&with(vec![more])), (vec!["alice"], vec!["disputed-person"]));
    let more = trust("", &[("alice", &ssh_key(1), ""), ("bob", &ssh_key(2), "")]);
    assert_eq!(outcome(&with(vec![more])), (vec!["bob"], vec!["unknown-key"]));
    // Nobody is trusted where there is no file.
    let presented = check(text.as_bytes(), vec![]).unwrap();
    assert_eq!(outcome(&presented), (vec![], vec!["unknown-key", "unknown-key"]));
    assert_eq!(presented.signers_required, 2);
}

#[test]
fn whom_it_is_for() {
    let facts = Facts {
        digests: vec![
            (DigestKind::Executable, "1".repeat(64)),
            (DigestKind::Image, format!("{}abc", "0".repeat(61))),
            (DigestKind::Configuration, "3".repeat(64)),
        ],
        agent: Some("coder".to_owned()),
        runtime: Some("native".to_owned()),
        namespace: Some("team-a".to_owned()),
        service_account: Some("agent".to_owned()),
    };
    let aims = |host: Option<&str>, cluster: Option<&str>, facts: &Facts| {
        let (host, cluster) = (host.map(str::to_owned), cluster.map(str::to_owned));
        let context = Context { time: NOON, host, cluster, facts: facts.clone() };
        let presented =
            verify(FULL.as_bytes(), "", &Trusts::default(), &Revocations::default(), &context).unwrap();
        (presented.audience, presented.subject)
    };
    assert_eq!(aims(Some("Build"), Some("prod"), &facts), (Aim::Here, Aim::Here));
    assert_eq!(aims(Some("ci-1.example.org"), Some("prod"), &facts).0, Aim::Here);
    for (host, cluster) in [
        (Some("build"), None),
        (None, Some("prod")),
        (None, None),
        (Some("build"), Some("test")),
        (Some("builds"), Some("prod")),
        (Some(""), Some("prod")),
    ] {
        assert_eq!(aims(host, cluster, &facts).0, Aim::Elsewhere, "{host:?} {cluster:?}");
    }
    for change in [
        &|facts: &mut Facts| facts.agent = None,
        &|facts: &mut Facts| facts.runtime = Some("runc".to_owned()),
        &|facts: &mut Facts| facts.namespace = Some("Team-a".to_owned()),
        &|facts: &mut Facts| facts.service_account = Some(String::new()),
        &|facts: &mut Facts| drop(facts.digests.remove(0)),
        // The right digest of something else.
        &|facts: &mut Facts| facts.digests[0].0 = DigestKind::Configuration,
        &|facts: &mut Facts| *facts = Facts::default(),
    ] as [&dyn Fn(&mut Facts); 7]
    {
        let mut other = facts.clone();
        change(&mut other);
        assert_eq!(aims(Some("build"), Some("prod"), &other).1, Aim::Elsewhere, "{other:?}");
    }
}

#[test]
fn what_is_revoked_says_so() {
    let document = signed(&[&key(1)]);
    let other = Manifest::parse(SMALL.replace("writes there", "wrote there").as_bytes()).unwrap();
    let revoked = |target: Target, document: &str| {
        let mut revocations = Revocations::default();
        let (by, reason) = ("carol".to_owned(), String::new());
        revocations.add(&[Revoked { target, at: u64::MAX, by, reason }]);
        let context = Context { time: NOON, ..Context::default() };
        verify(document.as_bytes(), "", &Trusts::new(people()), &revocations, &context).unwrap().revoked
    };
    let (text, other) = (document.to_json(), envelope(&other, &[&key(1)]));
    let named = || Target::Id("small".to_owned());
    assert!(revoked(named(), &text) && revoked(named(), &other) && revoked(named(), SMALL));
    let exactly = || Target::Digest(digest(document.payload()));
    assert!(revoked(exactly(), &text) && !revoked(exactly(), &other) && !revoked(exactly(), SMALL));
    assert!(revoked(Target::Digest(digest(SMALL.as_bytes())), SMALL));
    assert!(!revoked(Target::Id("smal".to_owned()), &text));
    // Another signature doesn't make another justification of it.
    assert!(revoked(exactly(), &signed(&[&key(3)]).to_json()));
}

#[test]
fn what_makes_no_sense_is_refused_with_its_name() {
    let told = |bytes: &[u8]| check(bytes, people()).unwrap_err().to_string();
    let text = signed(&[&key(1)]).to_json();
    let value: Value = serde_json::from_str(&text).unwrap();
    let payload = |payload: &str| {
        let mut value = value.clone();
        value["payload"] = BASE64.encode(payload.as_bytes()).into();
        told(value.to_string().as_bytes())
    };
    let mut wrong = Vec::new();
    for (told, expected) in [
        (told(b""), "some.json: line 1, column 1: "),
        (told(b"\xff\xfe"), "some.json: byte 0 and what follows it is no UTF-8"),
        (told(&vec![b' '; 10 << 20]), "some.json: 10485760 bytes are too much: at most 1048576 are read"),
        (told(&vec![b'['; 10 << 20]), "some.json: 10485760 bytes are too much: at most 1048576 are read"),
        (told(&vec![b'['; 300_000]), "some.json: 300000 bytes are too much: at most 262144 are read"),
        (told(&[b'['; 200_000]), "some.json: line 1, column "),
        (told("{\"a\":".repeat(50_000).as_bytes()), "some.json: line 1, column "),
        (
            told(format!("{{\"payload\": {}", "[".repeat(900_000)).as_bytes()),
            "some.json: the envelope: line 1, column ",
        ),
        (
            told(text.replace("payloadType", "payloadtype").as_bytes()),
            "some.json: the envelope: line 3, column 15: unknown field `payloadtype`",
        ),
        (
            told(text.replace("vnd.in-toto+json", "json").as_bytes()),
            "some.json: the envelope: the payload type is 'application/json'",
        ),
        (told(&text.as_bytes()[..text.len() / 2]), "some.json: the envelope: line 2, column "),
        (payload("{}"), "some.json: the payload, line 1, column 2: missing field `_type`"),
        (payload(SMALL), "some.json: the payload, line 2, column 11: unknown field `version`"),
        (payload(&"[".repeat(300_000)), "some.json: the payload, line 1, column "),
        (payload(&" ".repeat(600_000)), "some.json: the payload: 600000 bytes are too much"),
        (told(SMALL.replace("\"small\"", "\"s m\"").as_bytes()), "some.json: id: 's m' is no identifier"),
        (
            told(SMALL.replace("hard-coded-path", "x").as_bytes()),
            "some.json: line 5, column 17: unknown variant `x`",
        ),
    ] {
        if !told.starts_with(expected) {
            wrong.push(format!("{expected}\n    {told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let told = verify(b"", "\u{1b}[2Jx", &Trusts::default(), &Revocations::default(), &Context::default());
    assert!(told.unwrap_err().to_string().starts_with(r"\u{1b}[2Jx: "));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..2000, byte in any::<u8>()) {
        let _ = check(&bytes, people());
        let mut document = signed(&[&key(1), &ssh_key(2)]).to_json().into_bytes();
        let at = at % document.len();
        document[at] = byte;
        let _ = check(&document, people());
    }
}
