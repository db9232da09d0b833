//! Logs as a run leaves them, as a crash leaves them, and as somebody who tampers leaves them.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use denybox_core::audit::checkpoint::Checkpoint;
use denybox_core::audit::event::{DeniedInAll, Ended, Event, Recovered};
use denybox_core::audit::verify::Fault;
use denybox_core::audit::{Journal as _, Record};
use denybox_core::event::Outcome;

use crate::{BoxState, Checked, Log, Store};

fn event(number: u64) -> Event {
    Event::DeniedInAll(DeniedInAll { number, count: 2, outcome: Outcome::Unknown })
}

fn ended() -> Event {
    Event::Ended(Ended { how: "exited".into(), code: 0, message: None, denials: 0 })
}

fn store() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(&directory.path().join("log"));
    (directory, store)
}

fn complete(store: &Store, id: &str, records: u64) {
    let log = store.begin(id).unwrap();
    (0..records).for_each(|number| log.record(&event(number)).unwrap());
    log.close(&ended()).unwrap();
}

fn verify(store: &Store) -> Vec<Checked> {
    store.verify(&store.public_key().unwrap(), &[], &[]).unwrap()
}

fn faults(store: &Store) -> Vec<Fault> {
    verify(store).into_iter().flat_map(|one| one.verified.faults).collect()
}

fn file(store: &Store, id: &str) -> std::path::PathBuf {
    store.boxes().join(format!("{id}.00000.jsonl"))
}

#[test]
fn what_was_recorded_is_there_and_holds() {
    let (_directory, store) = store();
    complete(&store, "box-1", 10);
    complete(&store, "box-2", 5000);
    let checked = verify(&store);
    let found: Vec<_> = checked
        .iter()
        .map(|one| (one.name.as_str(), one.verified.count, one.verified.ended, one.state))
        .collect();
    // Ten events, the end and a checkpoint; in the longer one another checkpoint.
    assert_eq!(
        found,
        [
            ("index", 4, false, BoxState::Running),
            ("box-1", 12, true, BoxState::Closed),
            ("box-2", 5003, true, BoxState::Closed)
        ]
    );
    assert!(checked.iter().all(|one| one.verified.faults.is_empty()), "{checked:?}");
    let mut numbers = Vec::new();
    store
        .lines("box-2", |line| {
            if let Event::DeniedInAll(total) = Record::<Event>::read(line).unwrap().event {
                numbers.push(total.number);
            }
        })
        .unwrap();
    assert!(numbers.iter().copied().eq(0..5000));
}

#[test]
fn many_writers_lose_nothing() {
    let (_directory, store) = store();
    let log = Arc::new(store.begin("box-1").unwrap());
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                for number in 0..200 {
                    log.record(&event(writer * 1000 + number)).unwrap();
                    if number % 20 == 0 {
                        log.commit().unwrap();
                    }
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    log.close(&ended()).unwrap();
    assert_eq!(faults(&store), []);
    assert_eq!(verify(&store)[1].verified.count, 3202);
}

#[test]
fn boxes_at_the_same_time_each_have_their_chain() {
    let (_directory, store) = store();
    let boxes: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            std::thread::spawn(move || complete(&store, &format!("box-{number}"), 50))
        })
        .collect();
    boxes.into_iter().for_each(|one| one.join().unwrap());
    assert_eq!(faults(&store), []);
    assert_eq!(verify(&store).len(), 9);
}

/// As a SIGKILL leaves it: the file without its lock, and half a record.
fn abandon(log: Log, path: &Path, torn: &[u8]) {
    drop(log);
    OpenOptions::new().append(true).open(path).unwrap().write_all(torn).unwrap();
}

#[test]
fn a_log_that_was_left_is_closed_by_the_next_box_without_losing_a_record() {
    for torn in [&b""[..], b"{", b"{\"version\":1,\"chain\":\"box-1\",\"seq\":3,"] {
        let (_directory, store) = store();
        let log = store.begin("box-1").unwrap();
        (0..3).for_each(|number| log.record(&event(number)).unwrap());
        abandon(log, &store.live().join("box-1.00000.jsonl"), torn);
        let left = &verify(&store)[1];
        assert_eq!((left.state, left.verified.count), (BoxState::Left, 3));
        let expected = [Fault::Torn { line: 4, bytes: torn.len() as u64 }];
        assert_eq!(left.verified.faults, expected[..usize::from(!torn.is_empty())]);

        complete(&store, "box-2", 1);
        assert_eq!(faults(&store), []);
        let closed = &verify(&store)[1];
        assert_eq!((closed.state, closed.verified.count), (BoxState::Closed, 5));
        let mut events = Vec::new();
        store.lines("box-1", |line| events.push(Record::<Event>::read(line).unwrap().event)).unwrap();
        assert_eq!(events[..3], [event(0), event(1), event(2)]);
        assert_eq!(events[3], Event::Recovered(Recovered { torn: torn.len() as u64 }));
        assert!(matches!(events[4], Event::Checkpoint(_)));
    }
}

#[test]
fn a_box_that_runs_is_left_alone() {
    let (_directory, store) = store();
    let log = store.begin("box-1").unwrap();
    complete(&store, "box-2", 1);
    assert_eq!(verify(&store)[1].state, BoxState::Running);
    log.record(&event(1)).unwrap();
    log.close(&ended()).unwrap();
    assert_eq!(faults(&store), []);
}

#[test]
fn a_deleted_a_cut_and_a_grown_log_show() {
    let (_directory, store) = store();
    complete(&store, "box-1", 5);
    complete(&store, "box-2", 5);
    let whole = fs::read(file(&store, "box-1")).unwrap();
    let from = || "the index".to_owned();

    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    fs::write(file(&store, "box-1"), lines[..5].concat()).unwrap();
    assert_eq!(faults(&store), [Fault::Cut { have: 5, had: 7, from: from() }]);

    fs::write(file(&store, "box-1"), &whole).unwrap();
    assert_eq!(faults(&store), []);
    fs::remove_file(file(&store, "box-1")).unwrap();
    assert_eq!(faults(&store), [Fault::Gone { from: from() }]);
}

#[test]
fn a_checkpoint_kept_elsewhere_proves_that_the_index_was_cut() {
    let (_directory, store) = store();
    complete(&store, "box-1", 5);
    complete(&store, "box-2", 5);
    let key = store.public_key().unwrap();
    let held = Checkpoint::open(&store.checkpoint().unwrap(), &key).unwrap();
    let index = store.root().join("index.00000.jsonl");
    let text = fs::read_to_string(&index).unwrap();
    let cut: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&index, cut).unwrap();
    fs::remove_file(file(&store, "box-2")).unwrap();
    // Nobody here knows any more.
    assert_eq!(faults(&store), []);
    let held = [("kept".to_owned(), held)];
    let checked = store.verify(&key, &[], &held).unwrap();
    assert_eq!(checked[0].verified.faults, [Fault::Cut { have: 2, had: 4, from: "kept".into() }]);
}

#[test]
fn a_log_in_several_files_is_one_chain() {
    let (_directory, store) = store();
    let store = store.in_segments(4000);
    (0..20).for_each(|number| complete(&store, &format!("box-{number:02}"), 60));
    assert!(store.boxes().join("box-00.00003.jsonl").exists());
    assert!(store.root().join("index.00001.jsonl").exists());
    assert_eq!(faults(&store), []);
    assert_eq!(verify(&store)[1].verified.count, 62);
    // Nobody reads on after a file that is gone.
    fs::remove_file(store.boxes().join("box-00.00001.jsonl")).unwrap();
    assert!(matches!(faults(&store)[..], [Fault::Cut { .. }]), "{:?}", faults(&store));
}

#[test]
fn a_log_that_was_left_between_two_files_is_closed_as_one() {
    for moved in [true, false] {
        let (_directory, store) = store();
        let log = store.begin("box-1").unwrap();
        (0..3).for_each(|number| log.record(&event(number)).unwrap());
        drop(log);
        let live = |number: u32| store.live().join(format!("box-1.{number:05}.jsonl"));
        fs::write(live(1), "").unwrap();
        if moved {
            fs::rename(live(0), file(&store, "box-1")).unwrap();
        }
        complete(&store, "box-2", 1);
        assert_eq!(faults(&store), [], "{moved}");
        assert_eq!(verify(&store)[1].verified.count, 5);
    }
}

#[test]
fn garbage_at_the_end_takes_no_record_with_it() {
    let (_directory, store) = store();
    complete(&store, "box-1", 5);
    let index = store.root().join("index.00000.jsonl");
    let garbage = vec![b'x'; 3 << 20];
    OpenOptions::new().append(true).open(&index).unwrap().write_all(&garbage).unwrap();
    complete(&store, "box-2", 5);
    assert_eq!(faults(&store), []);
    assert_eq!(verify(&store)[0].verified.count, 4);
}

#[test]
fn a_log_that_the_index_does_not_know_shows() {
    let (_directory, store) = store();
    complete(&store, "box-1", 5);
    let index = store.root().join("index.00000.jsonl");
    let text = fs::read_to_string(&index).unwrap();
    for kept in [0, 1] {
        fs::write(&index, text.split_inclusive('\n').take(kept).collect::<String>()).unwrap();
        assert_eq!(faults(&store), [Fault::Unlisted], "{kept}");
    }
}

#[test]
fn a_directory_of_others_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_directory, store) = store();
    fs::create_dir(store.root()).unwrap();
    fs::set_permissions(store.root(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = store.begin("box-1").unwrap_err();
    assert!(error.to_string().contains("others can write there"), "{error}");
    fs::set_permissions(store.root(), fs::Permissions::from_mode(0o700)).unwrap();
    complete(&store, "box-1", 1);
}
