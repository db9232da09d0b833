//! The shipped knowledge is sound, and counting is exact.

use proptest::prelude::*;

use super::*;
use crate::resource::IpcKind;

fn denial(exe: &str, path: &str, operation: Operation, outcome: Outcome, count: u64) -> Denial {
    let example = Example {
        exe: exe.to_owned(),
        argv: Vec::new(),
        under: Vec::new(),
        forked: false,
        operation,
        count,
        paths: vec![path.to_owned()],
        resource: None,
        outcome,
        syscall: None,
    };
    example.denials().remove(0)
}

#[test]
fn every_file_is_read() {
    let mut entries = 0;
    for (name, text) in Knowledge::files() {
        entries += Knowledge::parse(name, text).unwrap_or_else(|error| panic!("{error}")).entries().len();
    }
    assert_eq!(Knowledge::shipped().entries().len(), entries);
}

#[test]
fn every_file_of_the_folder_is_shipped() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../knowledge");
    let mut there: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    there.sort_unstable();
    let mut shipped: Vec<&str> = Knowledge::files().iter().map(|(name, _)| *name).collect();
    shipped.sort_unstable();
    assert_eq!(there, shipped);
}

#[test]
fn every_entry_is_complete() {
    let mut ids: Vec<&str> = Vec::new();
    for entry in Knowledge::shipped().entries() {
        let id = entry.id.as_str();
        assert!(
            id.split('-').all(|word| !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())),
            "{id} is not in kebab-case"
        );
        assert!(!ids.contains(&id), "{id} twice");
        ids.push(id);
        assert!(!entry.matchers.is_empty(), "{id} matches nothing");
        assert!(!entry.remedies.is_empty(), "{id} has no remedy");
        assert!(!entry.examples.is_empty(), "{id} has no example");
        assert!(entry.summary.ends_with('.') && entry.summary.len() < 400, "{id}: summary");
        for remedy in &entry.remedies {
            let valued = remedy.kind != RemedyKind::Advice;
            assert_eq!(valued, !remedy.value.is_empty(), "{id}: a remedy's value");
            assert!(!remedy.why.is_empty(), "{id}: why");
            let needs_reason = matches!(remedy.kind, RemedyKind::Scratch | RemedyKind::Grant);
            assert_eq!(needs_reason, !remedy.because.is_empty(), "{id}: because");
        }
        assert_eq!(entry.program.is_empty(), entry.is_general(), "{id}: program");
        let can_be_applied = entry.remedies.iter().any(|remedy| remedy.kind != RemedyKind::Advice);
        if let Some(proof) = &entry.proof {
            let script = format!("{}/../../knowledge/proofs/{id}.sh", env!("CARGO_MANIFEST_DIR"));
            assert!(std::path::Path::new(&script).is_file(), "{script} is missing");
            assert_eq!(can_be_applied, proof.remedied.is_some(), "{id}: what it shows remedied");
            assert!(proof.remedied.is_some() || proof.unboxed.is_some(), "{id} has no control");
        }
        if !entry.is_general() {
            assert!(can_be_applied, "{id} has no remedy that can be applied");
            assert!(entry.proof.is_some(), "{id} is not proven");
            assert!(!entry.counterexamples.is_empty(), "{id} has no counterexample");
        }
    }
}

#[test]
fn remedies_come_smallest_first() {
    let size = |kind| match kind {
        RemedyKind::Environment | RemedyKind::Option | RemedyKind::Advice => 0,
        RemedyKind::Scratch => 1,
        RemedyKind::Grant => 2,
    };
    for entry in Knowledge::shipped().entries() {
        assert!(
            entry.remedies.iter().map(|remedy| size(remedy.kind)).is_sorted(),
            "{}: a larger remedy comes first",
            entry.id
        );
        for remedy in &entry.remedies {
            assert!(!remedy.value.contains("host"), "{}: a remedy opens the host's", entry.id);
        }
    }
}

#[test]
fn examples_are_explained_by_their_entry() {
    let knowledge = Knowledge::shipped();
    for entry in knowledge.entries() {
        for example in &entry.examples {
            let ids: Vec<String> =
                knowledge.diagnose(&example.denials()).causes.into_iter().map(|c| c.id).collect();
            assert_eq!(ids, std::slice::from_ref(&entry.id), "{example:?}");
        }
        for example in &entry.counterexamples {
            let ids: Vec<String> =
                knowledge.diagnose(&example.denials()).causes.into_iter().map(|cause| cause.id).collect();
            assert!(!ids.contains(&entry.id), "{} explains {example:?}", entry.id);
        }
    }
}

#[test]
fn nothing_is_left_to_the_last_resort() {
    let paths = crate::resource::SCRATCH_PATHS.map(|path| format!("{}/x", path.replace('*', "1000")));
    for path in &paths {
        for operation in Operation::ALL {
            let denied = denial("/usr/bin/unheard-of", path, operation, Outcome::Failed(1), 1);
            let cause = Knowledge::shipped().diagnose(&[denied]).causes.remove(0);
            assert!(cause.id.starts_with("general-"));
            assert_ne!(cause.id, "general-denied", "{path} {operation:?}");
        }
    }
    for kind in IpcKind::ALL {
        let denied = Denial {
            resource: Resource::Ipc(kind),
            ..denial("/usr/bin/unheard-of", "call", Operation::Attach, Outcome::Unknown, 1)
        };
        assert_ne!(Knowledge::shipped().diagnose(&[denied]).causes.remove(0).id, "general-denied");
    }
}

#[test]
fn a_harmless_probe_is_counted_only() {
    let denials = [
        denial("/usr/bin/unheard-of", "/tmp/x", Operation::Probe, Outcome::Succeeded, 3),
        denial("/usr/bin/unheard-of", "/tmp/y", Operation::Probe, Outcome::Unknown, 4),
    ];
    let diagnoses = Knowledge::shipped().diagnose(&denials);
    assert_eq!((diagnoses.causes.len(), diagnoses.probes), (0, 7));
}

#[test]
fn a_probe_beside_a_denial_is_not_a_second_cause() {
    let denials = [
        denial("/usr/bin/unheard-of", "/tmp", Operation::Probe, Outcome::Failed(1), 2),
        denial("/usr/bin/unheard-of", "/tmp/y", Operation::Create, Outcome::Failed(1), 1),
    ];
    let diagnoses = Knowledge::shipped().diagnose(&denials);
    assert_eq!(diagnoses.probes, 2);
    assert_eq!(diagnoses.causes.len(), 1);
    assert_eq!(diagnoses.causes[0].denials, [1]);
}

#[test]
fn a_pattern_is_told_as_soon_as_it_shows() {
    let probes = ["/tmp", "/tmp", "/var/tmp"]
        .map(|path| denial("/usr/bin/bash", path, Operation::Probe, Outcome::Unknown, 1));
    let siblings: Vec<&Denial> = probes.iter().collect();
    let knowledge = Knowledge::shipped();
    assert_eq!(knowledge.explain(&probes[0], &siblings[..1]), None);
    assert_eq!(knowledge.explain(&probes[1], &siblings[..2]), None);
    let cause = knowledge.explain(&probes[2], &siblings).unwrap();
    assert_eq!((cause.id.as_str(), cause.count), ("bash-here-document", 1));
}

#[test]
fn one_cause_over_several_directories_is_one() {
    let denials: Vec<Denial> = ["/tmp/x", "/var/tmp/x", "/usr/tmp/x"]
        .map(|path| denial("/usr/bin/unheard-of", path, Operation::Create, Outcome::Failed(1), 1))
        .into();
    let causes = Knowledge::shipped().diagnose(&denials).causes;
    assert_eq!(causes.len(), 1);
    assert_eq!((causes[0].count, causes[0].resources.len()), (3, 3));
}

#[test]
fn offers_leave_out_what_is_given() {
    let denied = denial("/usr/bin/unheard-of", "/tmp/x", Operation::Create, Outcome::Failed(1), 1);
    let cause = Knowledge::shipped().diagnose(&[denied]).causes.remove(0);
    let command = ["unheard-of".to_owned()];
    let first = cause.offers(&[], &command);
    assert_eq!(
        first[0].command.as_deref(),
        Some("denybox run --scratch 64M --because 'it needs temporary files' -- unheard-of")
    );
    let given = ["--scratch", "64M", "--because", "x"].map(str::to_owned);
    let second = cause.offers(&given, &command);
    assert_eq!(
        second[0].command.as_deref(),
        Some("denybox run --scratch 64M --because x --grant /tmp=private,size=64M -- unheard-of")
    );
}

fn any_denial() -> impl Strategy<Value = Denial> {
    let exes = prop::sample::select(vec!["/usr/bin/bash", "/usr/bin/sort", "/usr/bin/unheard-of", "", "/"]);
    let paths =
        prop::sample::select(vec!["/tmp", "/tmp/sortQ", "/var/tmp", "/dev/shm/sem.x", "/srv", "", "x"]);
    let operations = prop::sample::select(Operation::ALL.to_vec());
    let outcomes = prop::sample::select(vec![
        Outcome::Unknown,
        Outcome::Succeeded,
        Outcome::Failed(1),
        Outcome::Killed(6),
    ]);
    (exes, paths, operations, outcomes, 1..=u64::from(u32::MAX), 1..4_i32, any::<bool>()).prop_map(
        |(exe, path, operation, outcome, count, pid, ipc)| {
            let mut made = denial(exe, path, operation, outcome, count);
            made.process.pid = pid;
            if ipc {
                made.resource = Resource::Ipc(IpcKind::SysvShm);
            }
            made
        },
    )
}

proptest! {
    #[test]
    fn counts_are_exact_and_nothing_is_lost(denials in prop::collection::vec(any_denial(), 0..40)) {
        let diagnoses = Knowledge::shipped().diagnose(&denials);
        let total: u64 = denials.iter().map(|denial| denial.count).sum();
        let explained: u64 = diagnoses.causes.iter().map(|cause| cause.count).sum();
        prop_assert_eq!(explained + diagnoses.probes, total);
        let mut seen = vec![0; denials.len()];
        for cause in &diagnoses.causes {
            let mut own = 0;
            for position in &cause.denials {
                seen[*position] += 1;
                own += denials[*position].count;
                prop_assert!(cause.resources.contains(&denials[*position].resource));
            }
            prop_assert_eq!(own, cause.count);
            prop_assert_eq!(&cause.process, &denials[cause.denials[0]].process);
        }
        for (position, times) in seen.iter().enumerate() {
            prop_assert!(*times == 1 || (*times == 0 && denials[position].operation.is_probe()));
        }
        let mut keys: Vec<_> = diagnoses.causes.iter().map(|c| (&c.id, &c.process.exe)).collect();
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(keys.len(), diagnoses.causes.len());
    }
}
