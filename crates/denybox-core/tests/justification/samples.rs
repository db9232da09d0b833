//! What the tests sign, and with whose keys.

use denybox_core::justification::envelope::Envelope;
use denybox_core::justification::key::SecretKey;
use denybox_core::justification::{
    Context, Facts, Manifest, Presented, Revocations, Trust, Trusts, VerifyError, verify,
};

/// Noon of the first of December 2026.
pub const NOON: u64 = 1_796_126_400;

/// A manifest with every field.
pub const FULL: &str = r#"
version: 1
id: torch-loader.2026-11
audience:
  hosts: ["ci-*.example.org", build]
  clusters: [prod]
subject:
  digests:
    - kind: image
      sha256: 0000000000000000000000000000000000000000000000000000000000000abc
      name: registry.example.org/agent
    - kind: executable
      sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  agent: coder
  runtime: native
  namespace: team-a
  serviceAccount: agent
grants:
  - resource: /dev//shm/../shm
    access: read-write
    backing: private
    size: 64M
    inodes: 100
  - resource: /tmp/build
    access: read-write-execute
    backing: dir
    path: /srv/scratch/coder
    options: [nosuid]
  - resource: /srv/cache
    access: read
    backing: host
  - resource: /srv/pool
    access: read-write
    backing: shared
    group: builders
  - resource: memfd-exec
    access: read-write-execute
    backing: private
category: gpu-data-loader
statement: |
  The loader hands batches to its workers through shared memory.
  Without it training starves.
ticket: OPS-1234
alternatives: ["num_workers=0: four times slower"]
requestedBy: alice
approvedBy: [bob, carol]
notBefore: 2026-12-01T00:00:00Z
notAfter: 2026-12-02T01:00:00+01:00
maxUses: 3
breakGlass: true
"#;

/// The least that a manifest has.
pub const SMALL: &str = r#"{
  "version": 1,
  "id": "small",
  "grants": [{"resource": "/tmp", "access": "read-write", "backing": "private", "size": "16M"}],
  "category": "hard-coded-path",
  "statement": "sort(1) writes there",
  "requestedBy": "alice",
  "notBefore": "2026-12-01T00:00:00Z",
  "notAfter": "2026-12-08T00:00:00Z"
}"#;

/// The small manifest.
pub fn small() -> Manifest {
    Manifest::parse(SMALL.as_bytes()).unwrap()
}

/// A plain key; each number makes another.
pub fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32]).unwrap()
}

/// An SSH key; each number makes another. As plain keys with the same number they have the same secret.
pub fn ssh_key(number: u8) -> SecretKey {
    use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
    let public = ssh_key::public::Ed25519PublicKey(*key(number).public().as_bytes());
    let pair = Ed25519Keypair { public, private: Ed25519PrivateKey::from_bytes(&[number; 32]) };
    let file = ssh_key::PrivateKey::new(KeypairData::Ed25519(pair), "somebody@somewhere").unwrap();
    SecretKey::parse(&file.to_openssh(ssh_key::LineEnding::LF).unwrap()).unwrap()
}

/// An envelope for the small manifest, signed by these.
pub fn signed(by: &[&SecretKey]) -> Envelope {
    let mut envelope = Envelope::of(&small());
    let pae = envelope.pae();
    for key in by {
        envelope.add(key.sign(&pae)).unwrap();
    }
    envelope
}

/// A trust file: head, then person, key and further lines of each entry.
pub fn trust(head: &str, keys: &[(&str, &SecretKey, &str)]) -> Trust {
    Trust::parse(trust_text(head, keys).as_bytes()).unwrap()
}

/// The text of such a file.
pub fn trust_text(head: &str, keys: &[(&str, &SecretKey, &str)]) -> String {
    let mut text = format!("version = 1\n{head}\n");
    for (person, key, more) in keys {
        let roles = if more.contains("roles") { "" } else { "roles = [\"approver\"]" };
        text += &format!("\n[[key]]\nperson = {person:?}\npublic = \"{}\"\n{roles}\n{more}\n", key.public());
    }
    text
}

/// Verifies at [`NOON`], on no known host, for no known agent.
pub fn check(document: &[u8], files: Vec<Trust>) -> Result<Presented, VerifyError> {
    check_at(document, files, NOON)
}

/// The same at another time.
pub fn check_at(document: &[u8], files: Vec<Trust>, time: u64) -> Result<Presented, VerifyError> {
    let context = Context { time, host: None, cluster: None, facts: Facts::default() };
    verify(document, "some.json", &Trusts::new(files), &Revocations::default(), &context)
}

/// The people who count, and the codes of what doesn't.
pub fn outcome(presented: &Presented) -> (Vec<&str>, Vec<&str>) {
    let people = presented.signatures.iter().map(|signer| signer.person.as_str()).collect();
    (people, presented.rejected.iter().map(|rejected| rejected.code.as_str()).collect())
}
