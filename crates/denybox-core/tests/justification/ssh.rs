//! OpenSSH's formats, and OpenSSH itself where it is there.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use denybox_core::justification::key::{
    PublicKey, SecretKey, SecretKeyError, SignatureError, armoured, assemble, to_be_signed,
};
use ssh_encoding::{Decode, Encode};
use ssh_key::{Algorithm, HashAlg, SshSig};

use crate::samples::{key, small, ssh_key};
use denybox_core::justification::envelope::Envelope;

/// An SSHSIG by key 1 with other ingredients.
fn forged(namespace: &str, hash: HashAlg, message: &[u8]) -> Vec<u8> {
    let signed = SshSig::signed_data(namespace, hash, message).unwrap();
    // A plain key signs whatever bytes it is given.
    let raw = key(1).sign(&signed).sig;
    let public =
        ssh_key::public::KeyData::Ed25519(ssh_key::public::Ed25519PublicKey(*key(1).public().as_bytes()));
    let signature = ssh_key::Signature::new(Algorithm::Ed25519, raw).unwrap();
    let sig = SshSig::new(public, namespace, hash, signature).unwrap();
    let mut blob = Vec::new();
    sig.encode(&mut blob).unwrap();
    blob
}

#[test]
fn a_signature_holds_for_its_purpose_and_its_key_only() {
    let message = b"some bytes";
    let (good, trusted) = (ssh_key(1).sign(message), ssh_key(1));
    let verify = |sig: &[u8]| trusted.public().verify(message, sig);
    assert_eq!(good.keyid, trusted.public().id());
    assert!(good.keyid.starts_with("SHA256:"), "{}", good.keyid);
    assert_eq!(verify(&good.sig), Ok(()));
    assert_eq!(forged("denybox-justification", HashAlg::Sha512, message), good.sig);
    assert_eq!(trusted.public().verify(b"other bytes", &good.sig), Err(SignatureError::Bad));
    assert_eq!(ssh_key(2).public().verify(message, &good.sig), Err(SignatureError::Bad));
    assert_eq!(verify(&forged("git", HashAlg::Sha512, message)), Err(SignatureError::Namespace));
    assert_eq!(
        verify(&forged("denybox-justification", HashAlg::Sha256, message)),
        Err(SignatureError::Algorithm)
    );
    // One kind of signature in the place of the other.
    assert_eq!(verify(&key(1).sign(message).sig), Err(SignatureError::Algorithm));
    assert_eq!(key(1).public().verify(message, &good.sig), Err(SignatureError::Algorithm));
    // The inner signature, over SSHSIG's bytes, is none over the message.
    let inner = SshSig::decode(&mut good.sig.as_slice()).unwrap().signature_bytes().to_vec();
    assert_eq!(key(1).public().verify(message, &inner), Err(SignatureError::Bad));
    assert_eq!(key(1).public().verify(&to_be_signed(message), &inner), Ok(()));
}

#[test]
fn a_blob_has_one_form() {
    let (message, trusted) = (b"some bytes", ssh_key(1));
    let good = trusted.sign(message).sig;
    let verify = |sig: &[u8]| trusted.public().verify(message, sig);
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert!(verify(&changed).is_err(), "byte {at}");
        assert!(verify(&good[..at]).is_err(), "up to {at}");
    }
    let mut longer = good.clone();
    longer.push(0);
    assert_eq!(verify(&longer), Err(SignatureError::Malformed));
    assert_eq!(verify(b""), Err(SignatureError::Malformed));
    assert_eq!(verify(b"SSHSIG"), Err(SignatureError::Malformed));
    // Something in the field that is reserved.
    let hash = good.windows(6).position(|bytes| bytes == b"sha512").unwrap();
    let mut reserved = good.clone();
    reserved.splice(hash - 8..hash - 4, [0, 0, 0, 1, b'x']);
    assert_eq!(verify(&reserved), Err(SignatureError::Malformed));
}

#[test]
fn an_agent_can_sign() {
    let message = b"some bytes";
    let raw: [u8; 64] = key(1).sign(&to_be_signed(message)).sig.try_into().unwrap();
    assert_eq!(assemble(key(1).public().as_bytes(), &raw), ssh_key(1).sign(message).sig);
}

#[test]
fn armour_is_as_openssh_writes_it() {
    let blob = ssh_key(1).sign(b"some bytes").sig;
    let text = armoured(&blob).unwrap();
    assert!(text.starts_with("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH"), "{text}");
    assert!(text.trim_end().ends_with("-----END SSH SIGNATURE-----"), "{text}");
    assert_eq!(armoured(b"SSHSIG"), Err(SignatureError::Malformed));
}

fn keygen(directory: &Path, arguments: &[&str], input: &[u8]) -> Option<std::process::Output> {
    let input_file = directory.join("input");
    fs::write(&input_file, input).unwrap();
    let mut command = Command::new("ssh-keygen");
    command.current_dir(directory).args(arguments).stdin(fs::File::open(input_file).unwrap());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().ok()
}

/// Keys that ssh-keygen makes are read, what we sign it confirms, and what it signs we confirm.
#[test]
fn ssh_keygen_agrees() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let make = ["-q", "-t", "ed25519", "-N", "", "-C", "bob@build", "-f", "bob"];
    if keygen(directory, &make, b"").is_none() {
        println!("skipped: there is no ssh-keygen");
        return;
    }
    let secret = SecretKey::parse(&fs::read_to_string(directory.join("bob")).unwrap()).unwrap();
    let line = fs::read_to_string(directory.join("bob.pub")).unwrap();
    let public: PublicKey = line.trim_end().parse().unwrap();
    assert_eq!(&public, secret.public());
    let listed = keygen(directory, &["-l", "-f", "bob.pub"], b"").unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(listed.split(' ').nth(1), Some(public.id()), "{listed}");

    let mut envelope = Envelope::of(&small());
    let pae = envelope.pae();
    envelope.add(secret.sign(&pae)).unwrap();
    fs::write(directory.join("signature"), armoured(&envelope.signatures()[0].sig).unwrap()).unwrap();
    fs::write(directory.join("allowed"), format!("bob {public}\n")).unwrap();
    let verify = |namespace: &str, bytes: &[u8]| {
        let verify = ["-Y", "verify", "-f", "allowed", "-I", "bob", "-n", namespace, "-s", "signature"];
        keygen(directory, &verify, bytes).unwrap()
    };
    let confirmed = verify("denybox-justification", &pae);
    assert!(confirmed.status.success(), "{}", String::from_utf8_lossy(&confirmed.stderr));
    assert!(!verify("git", &pae).status.success());
    assert!(!verify("denybox-justification", &pae[1..]).status.success());

    fs::write(directory.join("pae"), &pae).unwrap();
    let sign = |namespace: &str| {
        let _ = fs::remove_file(directory.join("pae.sig"));
        let output =
            keygen(directory, &["-q", "-Y", "sign", "-f", "bob", "-n", namespace, "pae"], b"").unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut blob = Vec::new();
        let text = fs::read_to_string(directory.join("pae.sig")).unwrap();
        SshSig::from_pem(text).unwrap().encode(&mut blob).unwrap();
        blob
    };
    assert_eq!(public.verify(&pae, &sign("denybox-justification")), Ok(()));
    assert_eq!(public.verify(&pae, &sign("file")), Err(SignatureError::Namespace));

    let made = keygen(directory, &["-q", "-t", "ed25519", "-N", "secret", "-f", "locked"], b"").unwrap();
    assert!(made.status.success());
    let locked = fs::read_to_string(directory.join("locked")).unwrap();
    let error = SecretKey::parse(&locked).unwrap_err();
    assert_eq!(error, SecretKeyError::Encrypted);
    assert!(error.to_string().contains("ssh-agent"), "{error}");
    let made = keygen(directory, &["-q", "-t", "ecdsa", "-N", "", "-f", "curve"], b"").unwrap();
    assert!(made.status.success());
    let curve = fs::read_to_string(directory.join("curve")).unwrap();
    assert!(matches!(
        SecretKey::parse(&curve),
        Err(SecretKeyError::Algorithm(_) | SecretKeyError::Malformed)
    ));
    let line = fs::read_to_string(directory.join("curve.pub")).unwrap();
    let error = line.trim_end().parse::<PublicKey>().unwrap_err().to_string();
    assert!(error.contains("'ecdsa-sha2-nistp256' keys are not read"), "{error}");
}

/// OpenSSL reads our PKCS#8 and prints the same public key.
#[test]
fn openssl_reads_our_keys() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key.pem");
    fs::write(&file, &*key(5).to_pem().unwrap()).unwrap();
    let Ok(output) =
        Command::new("openssl").args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&file).output()
    else {
        println!("skipped: there is no openssl");
        return;
    };
    assert!(
        output.stdout.ends_with(key(5).public().as_bytes()),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
