//! Counts stay exact however much is denied, and memory stays bounded.

use std::io::{Read, Seek};

use denybox_core::path::AbsPath;
use denybox_core::resource::IpcKind;

use super::*;

fn met(tree: &str, name: &str, operation: Operation) -> Met {
    let resource = Resource::Path(AbsPath::new(tree).unwrap());
    Met { resource, path: format!("{tree}/{name}"), operation, syscall: Some("openat") }
}

fn count(recorder: &mut Recorder, thread: Option<Thread>, met: Met) {
    let introduced = recorder.introduce(&Observer::default(), thread, met);
    recorder.record(introduced);
}

fn me() -> Option<Thread> {
    Observer::default().thread(rustix::thread::gettid().as_raw_pid())
}

fn total(denials: &[Denial]) -> u64 {
    denials.iter().map(|denial| denial.count).sum()
}

#[test]
fn equal_denials_are_one() {
    let mut recorder = Recorder::default();
    for _ in 0..5 {
        count(&mut recorder, me(), met("/tmp", "a", Operation::Create));
    }
    count(&mut recorder, me(), met("/tmp", "a", Operation::Read));
    count(&mut recorder, None, met("/tmp", "a", Operation::Read));
    let denials = recorder.finish();
    let counts: Vec<u64> = denials.iter().map(|denial| denial.count).collect();
    assert_eq!(counts, [5, 1, 1]);
    let process = &denials[0].process;
    assert_eq!(process.pid, std::process::id() as i32);
    assert_eq!(process.exe, std::env::current_exe().unwrap().to_str().unwrap());
    assert!(process.argv.first().is_some_and(|name| process.exe.ends_with(name.rsplit('/').next().unwrap())));
    assert_eq!((denials[2].process.pid, denials[2].process.exe.as_str()), (0, ""));
    assert!(denials.iter().all(|denial| denial.syscall.as_deref() == Some("openat")));
}

#[test]
fn a_flood_is_counted_exactly_in_bounded_memory() {
    let mut recorder = Recorder::default();
    let flood = 3 * MOST_DISTINCT as u64;
    for number in 0..flood {
        count(&mut recorder, None, met("/tmp", &number.to_string(), Operation::Create));
        count(&mut recorder, None, met("/dev/shm", &number.to_string(), Operation::Probe));
    }
    // What was known before the flood still counts by itself; what is new is told apart by resource and operation.
    count(&mut recorder, None, met("/tmp", "0", Operation::Create));
    count(&mut recorder, None, met("/tmp", "after", Operation::Remove));
    let kind = Resource::Ipc(IpcKind::SysvShm);
    let shared = Met {
        resource: kind.clone(),
        path: "shmget".to_owned(),
        operation: Operation::Attach,
        syscall: None,
    };
    count(&mut recorder, None, shared);
    let denials = recorder.finish();
    assert_eq!(total(&denials), 2 * flood + 3);
    assert!(denials.len() <= MOST_DISTINCT + 8, "{} entries", denials.len());
    let of = |path: &str, operation: Operation| {
        let found: Vec<u64> = denials
            .iter()
            .filter(|denial| denial.path == path && denial.operation == operation)
            .map(|denial| denial.count)
            .collect();
        assert_eq!(found.len(), 1, "{path}");
        found[0]
    };
    assert_eq!(of("/tmp/0", Operation::Create), 2);
    let told_apart = MOST_DISTINCT as u64 / 2;
    assert_eq!(of("/tmp/…", Operation::Create), flood - told_apart);
    assert_eq!(of("/dev/shm/…", Operation::Probe), flood - told_apart);
    assert_eq!(of("/tmp/…", Operation::Remove), 1);
    assert!(denials.iter().any(|denial| denial.resource == kind && denial.count == 1));
}

#[test]
fn a_flood_of_programs_is_bounded_too() {
    let mut recorder = Recorder::default();
    let flood = 2 * MOST_PROGRAMS as u64;
    for number in 0..MOST_DISTINCT {
        count(&mut recorder, None, met("/tmp", &number.to_string(), Operation::Create));
    }
    for number in 0..flood {
        let mut thread = me().unwrap();
        thread.exe = format!("/srv/program-{number}");
        count(&mut recorder, Some(thread), met("/tmp", "x", Operation::Create));
    }
    assert!(recorder.watched.len() <= MOST_WATCHED);
    let denials = recorder.finish();
    assert_eq!(total(&denials), MOST_DISTINCT as u64 + flood);
    assert!(denials.len() <= MOST_PROGRAMS + 8, "{} entries", denials.len());
    let programs = denials.iter().filter(|denial| !denial.process.exe.is_empty()).count();
    assert_eq!(programs, MOST_PROGRAMS - MOST_DISTINCT);
    let rest = denials.iter().filter(|denial| denial.process.exe.is_empty() && denial.path == "/tmp/…");
    assert_eq!(rest.map(|denial| denial.count).sum::<u64>(), flood - programs as u64);
}

#[test]
fn the_box_is_told_each_denial_once() {
    let mut file =
        rustix::fs::memfd_create("feed", rustix::fs::MemfdFlags::CLOEXEC).map(std::fs::File::from).unwrap();
    let mut recorder = Recorder::default();
    recorder.feed_to(file.try_clone().unwrap().into());
    for number in 0..2 * MOST_FEED_LINES {
        count(&mut recorder, None, met("/tmp", &format!("\u{1b}[2J\n{number}"), Operation::Create));
        count(&mut recorder, None, met("/tmp", &format!("\u{1b}[2J\n{number}"), Operation::Create));
        count(&mut recorder, None, met("/tmp", &number.to_string(), Operation::Probe));
    }
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text.lines().count(), MOST_FEED_LINES);
    for (number, line) in text.lines().enumerate() {
        assert!(!line.contains(char::is_control), "{line:?}");
        let told: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(told["path"], format!("/tmp/\u{1b}[2J\n{number}"));
        assert_eq!(told["operation"], "create");
        assert!(told["remedies"].as_array().is_some_and(|remedies| !remedies.is_empty()));
    }
}
