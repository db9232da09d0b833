//! How long one verification takes: `cargo run --release -p denybox-core --example verify_cost`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement: it may stop")]

use std::hint::black_box;
use std::time::Instant;

use denybox_core::justification::envelope::Envelope;
use denybox_core::justification::key::SecretKey;
use denybox_core::justification::{Context, Manifest, Revocations, Trust, Trusts, verify};

const MANIFEST: &str = r#"{"version": 1, "id": "cost", "category": "posix-shm-required",
    "grants": [{"resource": "/dev/shm", "access": "read-write", "backing": "private", "size": "64M"}],
    "statement": "shm_open(3) needs it", "requestedBy": "alice", "approvedBy": ["bob"],
    "notBefore": "2026-12-01T00:00:00Z", "notAfter": "2026-12-08T00:00:00Z"}"#;
const RUNS: usize = 2_000;

fn main() {
    let keys = [7, 8].map(|byte| SecretKey::from_bytes(&[byte; 32]).unwrap());
    let mut file = "version = 1\n".to_owned();
    let mut envelope = Envelope::of(&Manifest::parse(MANIFEST.as_bytes()).unwrap());
    for (person, key) in ["alice", "bob"].into_iter().zip(&keys) {
        let public = key.public();
        file += &format!("[[key]]\nperson = {person:?}\npublic = \"{public}\"\nroles = [\"approver\"]\n");
        envelope.add(key.sign(&envelope.pae())).unwrap();
    }
    let document = envelope.to_json();
    let trusts = Trusts::new(vec![Trust::parse(file.as_bytes()).unwrap()]);
    let (revocations, context) = (Revocations::default(), Context::default());
    let mut micros: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            let shown =
                verify(black_box(document.as_bytes()), "cost", &trusts, &revocations, &context).unwrap();
            assert_eq!(shown.signatures.len(), 2);
            started.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    let at = |part: f64| micros[(part * (RUNS - 1) as f64) as usize];
    println!("two signatures: median {:.0} µs, 99 % {:.0} µs", at(0.5), at(0.99));
}
