//! Every seed and every input that once showed a fault, through the fuzz target of its folder: without libFuzzer, in every
//! test run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test: a panic is how it fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use denybox_core::decision::Decision;
use denybox_core::justification::{Context, Revocations, Trust, Trusts, verify};
use denybox_core::policy::Policy;
use denybox_fuzz_replay::TARGETS;

fn seeds() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds")
}

#[test]
fn the_seeds_of_every_target() {
    let mut wrong = Vec::new();
    for (name, target) in TARGETS {
        let mut files: Vec<PathBuf> =
            fs::read_dir(seeds().join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 3, "{name} has {} seeds", files.len());
        for file in &files {
            let data = fs::read(file).unwrap();
            if std::panic::catch_unwind(|| target(&data)).is_err() {
                wrong.push(file.display().to_string());
            }
            // Cut short and with a byte changed, as a first step away from it.
            for at in (0..data.len()).step_by(data.len() / 16 + 1) {
                let mut changed = data.clone();
                changed[at] ^= 0x24;
                for near in [&data[..at], &changed] {
                    if std::panic::catch_unwind(|| target(near)).is_err() {
                        wrong.push(format!("{} near byte {at}", file.display()));
                    }
                }
            }
        }
        println!("{name}: {} seeds", files.len());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The policy's seeds reach both answers: otherwise what is checked of an allowed surface would be checked of none.
#[test]
fn some_surfaces_are_allowed_and_some_are_not() {
    let allows = |name: &str| {
        let input = serde_json::from_slice(&fs::read(seeds().join("policy").join(name)).unwrap()).unwrap();
        matches!(Policy::shipped("local").unwrap().decide(&input), Decision::Allowed(_))
    };
    assert!(allows("usual.json") && allows("granted.json") && allows("shown.json"));
    assert!(!allows("no-reason.json"));
}

/// So do the envelopes': signatures that count, and ones that don't.
#[test]
fn some_signatures_count_and_some_do_not() {
    let read = |name: &str| fs::read(seeds().join(name)).unwrap();
    let trusts = Trusts::new(vec![Trust::parse(&read("trust/two")).unwrap()]);
    for (name, counting) in [("two", 2), ("unnamed", 2), ("swapped", 0), ("stranger", 0)] {
        let document = read(&format!("envelope/{name}"));
        let shown = verify(&document, name, &trusts, &Revocations::default(), &Context::default()).unwrap();
        assert_eq!((shown.signatures.len(), shown.rejected.len()), (counting, 2 - counting), "{name}");
    }
}

/// A target that isn't in all three places is never run, or never replayed.
#[test]
fn targets_programs_and_seeds_are_the_same() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.len(), TARGETS.len());
    let list = |folder: &str, ending: &str| -> BTreeSet<String> {
        fs::read_dir(seeds().join("..").join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.strip_suffix(ending).unwrap_or(&name).to_owned())
            .collect()
    };
    assert_eq!(list("fuzz_targets", ".rs"), names);
    assert_eq!(list("seeds", ""), names);
    let manifest = fs::read_to_string(seeds().join("../Cargo.toml")).unwrap();
    for name in &names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not built");
        let program = fs::read_to_string(seeds().join(format!("../fuzz_targets/{name}.rs"))).unwrap();
        assert!(
            program.contains(&format!("denybox_fuzz_replay::{name}(data)")),
            "{name} calls another target"
        );
    }
}
