//! Keys, signatures and envelopes.

use data_encoding::{BASE64, HEXLOWER};
use denybox_core::justification::envelope::{
    ENVELOPE_MAX, Envelope, EnvelopeError, SIGNATURES_MAX, Signature,
};
use denybox_core::justification::key::{
    KeyKind, PublicKey, PublicKeyError, SecretKey, SecretKeyError, SignatureError,
};
use denybox_core::justification::statement;
use denybox_core::justification::{Manifest, digest};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{FULL, key, signed, small, ssh_key};

fn bytes<const N: usize>(hexadecimal: &str) -> [u8; N] {
    HEXLOWER.decode(hexadecimal.as_bytes()).unwrap().try_into().unwrap()
}

/// RFC 8032, 7.1, tests 1 to 3: secret key, public key, message, signature.
const VECTORS: [(&str, &str, &str, &str); 3] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];

#[test]
fn the_vectors_of_rfc_8032() {
    for (secret, public, message, expected) in VECTORS {
        let secret = SecretKey::from_bytes(&bytes(secret)).unwrap();
        let message = HEXLOWER.decode(message.as_bytes()).unwrap();
        let signature = secret.sign(&message);
        assert_eq!(HEXLOWER.encode(&signature.sig), expected);
        let read = PublicKey::new(KeyKind::Plain, &bytes(public)).unwrap();
        assert_eq!(&read, secret.public());
        assert_eq!(read.verify(&message, &signature.sig), Ok(()));
        assert_eq!(read.id(), digest(&bytes::<32>(public)));
        assert_eq!(signature.keyid, read.id());
        for at in 0..64 {
            let mut changed = signature.sig.clone();
            changed[at] ^= 1;
            assert_eq!(read.verify(&message, &changed), Err(SignatureError::Bad), "byte {at}");
        }
        let mut longer = message.clone();
        longer.push(0);
        assert_eq!(read.verify(&longer, &signature.sig), Err(SignatureError::Bad));
        // The order of the group added to the scalar: the same signature, malleated (RFC 8032, 5.1.7 refuses it).
        let order: [u8; 32] = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut malleated = signature.sig.clone();
        let mut carry = 0;
        for (at, add) in order.iter().enumerate() {
            let sum = u16::from(malleated[32 + at]) + u16::from(*add) + carry;
            (malleated[32 + at], carry) = (sum as u8, sum >> 8);
        }
        assert_eq!(read.verify(&message, &malleated), Err(SignatureError::Bad));
    }
}

#[test]
fn keys_read_back() {
    for secret in [key(1), ssh_key(1)] {
        let text = secret.public().to_string();
        assert_eq!(text.parse::<PublicKey>().unwrap(), *secret.public(), "{text}");
        assert_eq!(format!("{text} bob@build 2").parse::<PublicKey>().is_ok(), text.starts_with("ssh-"));
        let hidden = format!("{secret:?}");
        assert!(hidden.contains(secret.public().id()) && !hidden.contains("010101"), "{hidden}");
    }
    assert_eq!(key(1).public().as_bytes(), ssh_key(1).public().as_bytes());
    assert_ne!(key(1).public(), ssh_key(1).public());
    let pem = key(7).to_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n") && pem.ends_with("-----END PRIVATE KEY-----\n"));
    assert_eq!(SecretKey::parse(&pem).unwrap().public(), key(7).public());
    // Of RFC 8410, 10.3.
    let example = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let expected = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    let read = SecretKey::parse(example).unwrap();
    assert_eq!(HEXLOWER.encode(read.public().as_bytes()), expected);
    assert_eq!(*read.to_pem().unwrap(), example);
}

#[test]
fn what_is_no_key_is_told_as_what_it_is() {
    let public = |text: &str| text.parse::<PublicKey>().expect_err(text).to_string();
    for (text, expected) in [
        ("", "'' is no public key: write ed25519:BASE64"),
        ("ed25519:", "'ed25519:' is no public key"),
        ("ed25519:AAAA", "is no public key: write"),
        ("ssh-ed25519", "'ssh-ed25519' is no public key"),
        ("ssh-ed25519 AAAA", "is no public key"),
        ("ssh-rsa AAAAB3NzaC1yc2E", "'ssh-rsa' keys are not read: only ssh-ed25519"),
        ("sk-ssh-ed25519@openssh.com AAAA", "'sk-ssh-ed25519@openssh.com' keys are not read"),
        ("ecdsa-sha2-nistp256 AAAA", "'ecdsa-sha2-nistp256' keys are not read"),
        ("no-pty ssh-ed25519 AAAA", "is no public key"),
    ] {
        assert!(public(text).contains(expected), "{}", public(text));
    }
    let raw = |bytes: [u8; 32]| format!("ed25519:{}", BASE64.encode(&bytes)).parse::<PublicKey>();
    // The neutral element, and its other encoding, whose y is 2²⁵⁵-18.
    let mut one = [0; 32];
    one[0] = 1;
    assert_eq!(raw(one), Err(PublicKeyError::Weak));
    let mut other = [0xff; 32];
    (other[0], other[31]) = (0xee, 0x7f);
    assert_eq!(raw(other), Err(PublicKeyError::NotAPoint));
    assert_eq!(raw([0; 32]), Err(PublicKeyError::Weak));
    let mut off = [0; 32];
    off[0] = 2;
    assert_eq!(raw(off), Err(PublicKeyError::NotAPoint));
    // What base64 forbids is forbidden in keys too.
    let good = key(1).public().to_string();
    for wrong in
        [good.replace('=', ""), good.replace(':', ": "), format!("{good}\n"), good.replace("ed2", "Ed2")]
    {
        assert!(wrong.parse::<PublicKey>().is_err(), "{wrong:?}");
    }
    for text in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        assert_eq!(SecretKey::parse(text).err(), Some(SecretKeyError::Malformed));
    }
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert_eq!(SecretKey::parse(encrypted).err(), Some(SecretKeyError::Encrypted));
}

#[test]
fn the_encoding_of_dsse() {
    let envelope = Envelope::of(&small());
    let payload = String::from_utf8(envelope.payload().to_vec()).unwrap();
    let expected = format!("DSSEv1 28 application/vnd.in-toto+json {} {payload}", payload.len());
    assert_eq!(envelope.pae(), expected.into_bytes());
}

#[test]
fn statements_say_what_the_manifest_says() {
    for text in [FULL.to_owned(), small().to_json()] {
        let manifest = Manifest::parse(text.as_bytes()).unwrap();
        let payload = statement::payload(&manifest);
        assert_eq!(statement::manifest(&payload), Ok(manifest.clone()));
        let value: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(value["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(value["predicateType"], "https://denybox.dev/justification/v1");
        assert_eq!(value["predicate"], serde_json::from_str::<Value>(&manifest.to_json()).unwrap());
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut value = value.clone();
            change(&mut value);
            statement::manifest(&serde_json::to_vec(&value).unwrap()).unwrap_err().to_string()
        };
        let told = changed(&|value| value["_type"] = "https://in-toto.io/Statement/v0.1".into());
        assert_eq!(
            told,
            "the payload's _type is 'https://in-toto.io/Statement/v0.1', not https://in-toto.io/Statement/v1"
        );
        let told = changed(&|value| value["predicateType"] = "https://slsa.dev/provenance/v1".into());
        assert!(told.starts_with("the payload's predicateType is 'https://slsa.dev/"), "{told}");
        let wrong = "the payload's subject isn't what its predicate says";
        assert_eq!(changed(&|value| value["subject"] = json!([])), wrong);
        assert_eq!(changed(&|value| value["subject"][0]["name"] = "x".into()), wrong);
        assert_eq!(changed(&|value| value["subject"][0]["digest"]["sha256"] = "0".repeat(64).into()), wrong);
        assert_eq!(
            changed(&|value| value["predicate"]["subject"] = json!({"agent": "x", "digests": [
            {"kind": "image", "sha256": "2".repeat(64)}]})),
            wrong
        );
        let told = changed(&|value| value["extra"] = 1.into());
        assert!(
            told.contains("the payload, line 1, column ") && told.contains("unknown field `extra`"),
            "{told}"
        );
        let told = changed(&|value| value["subject"][0]["uri"] = "x".into());
        assert!(told.contains("unknown field `uri`"), "{told}");
        let told = changed(&|value| value["predicate"]["version"] = 2.into());
        assert!(told.starts_with("the payload's predicate: version: version 2"), "{told}");
        let told = statement::manifest(b"\xff").unwrap_err().to_string();
        assert_eq!(told, "the payload: byte 0 and what follows it is no UTF-8");
    }
    // By the manifest itself where it has no digest, by its digests where it has some.
    let value: Value = serde_json::from_slice(&statement::payload(&small())).unwrap();
    let own = digest(small().to_compact_json().as_bytes()).replace("sha256:", "");
    assert_eq!(value["subject"], json!([{"name": "justification:small", "digest": {"sha256": own}}]));
    let full = Manifest::parse(FULL.as_bytes()).unwrap();
    let value: Value = serde_json::from_slice(&statement::payload(&full)).unwrap();
    assert_eq!(value["subject"][0]["name"], "registry.example.org/agent");
    assert_eq!(value["subject"][1], json!({"name": "executable", "digest": {"sha256": "1".repeat(64)}}));
}

#[test]
fn envelopes_read_back_and_are_read_strictly() {
    let envelope = signed(&[&key(1), &ssh_key(2)]);
    let text = envelope.to_json();
    assert_eq!(Envelope::parse(text.as_bytes()).unwrap(), envelope);
    assert_eq!(Envelope::parse(text.as_bytes()).unwrap().to_json(), text);
    let value: Value = serde_json::from_str(&text).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = value.clone();
        change(&mut value);
        Envelope::parse(value.to_string().as_bytes()).unwrap_err()
    };
    assert_eq!(changed(&|value| value["signatures"] = json!([])), EnvelopeError::Unsigned);
    assert_eq!(
        changed(&|value| value["signatures"] = json!(vec![json!({"sig": ""}); 17])),
        EnvelopeError::TooMany(17)
    );
    assert_eq!(
        changed(&|value| value["payloadType"] = "application/json".into()),
        EnvelopeError::PayloadType("application/json".to_owned())
    );
    for (text, expected) in [
        (changed(&|value| value["extra"] = 1.into()).to_string(), "unknown field `extra`"),
        (changed(&|value| value["signatures"][0]["cert"] = "".into()).to_string(), "unknown field `cert`"),
        (changed(&|value| value["signatures"][0]["keyid"] = Value::Null).to_string(), "invalid type: null"),
        (
            changed(&|value| drop(value["signatures"][0].as_object_mut().unwrap().remove("sig"))).to_string(),
            "missing field `sig`",
        ),
        (changed(&|value| value["payload"] = json!([])).to_string(), "invalid type: sequence"),
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let twice = text.replacen("\"payload\"", "\"payload\": \"\", \"payload\"", 1);
    assert!(Envelope::parse(twice.as_bytes()).unwrap_err().to_string().contains("duplicate field `payload`"));
    // Base64 has one form: no blanks, no other alphabet, no missing padding, no stray bits.
    for wrong in ["e30", "e30=\n", " e30=", "e31=", "e3-_", "e30==", "=", "e30=e30="] {
        let told = changed(&|value| value["payload"] = wrong.into()).to_string();
        assert_eq!(told, "the payload is no canonical base64 of the standard alphabet", "{wrong:?}");
        let told = changed(&|value| value["signatures"][1]["sig"] = wrong.into()).to_string();
        assert_eq!(told, "signatures[1].sig is no canonical base64 of the standard alphabet", "{wrong:?}");
    }
    let huge = format!("{{\"payload\": \"{}\"", "A".repeat(10 << 20));
    let told = Envelope::parse(huge.as_bytes()).unwrap_err().to_string();
    assert_eq!(told, format!("{} bytes are too much: at most {ENVELOPE_MAX} are read", huge.len()));
    let deep = format!("{{\"signatures\": {}", "[".repeat(100_000));
    assert!(Envelope::parse(deep.as_bytes()).unwrap_err().to_string().starts_with("line 1, column "));
}

#[test]
fn an_envelope_takes_so_many_signatures() {
    let mut envelope = signed(&[&key(1)]);
    let again = key(1).sign(&envelope.pae());
    assert_eq!(envelope.add(again), Err(EnvelopeError::Again(key(1).public().id().to_owned())));
    for number in 2..=SIGNATURES_MAX as u8 {
        let signature = key(number).sign(&envelope.pae());
        envelope.add(signature).unwrap();
    }
    let one_more = Signature { keyid: "x".to_owned(), sig: Vec::new() };
    assert_eq!(envelope.add(one_more), Err(EnvelopeError::TooMany(17)));
    assert_eq!(Envelope::parse(envelope.to_json().as_bytes()).unwrap(), envelope);
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Envelope::parse(&bytes);
        let _ = statement::manifest(&bytes);
        let _ = key(1).public().verify(&bytes, &bytes);
        let _ = ssh_key(1).public().verify(&bytes, &bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = text.parse::<PublicKey>();
        let _ = SecretKey::parse(&text);
    }
}
