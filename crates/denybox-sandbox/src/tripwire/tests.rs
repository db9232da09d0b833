//! One system call is one denial, and the tree holds what the plan says.

use denybox_core::event::Denial;

use super::*;

struct Counted {
    ledger: Ledger,
    recorder: Arc<Mutex<Recorder>>,
}

/// A call that is told from the next by where it was made.
fn call(number: i64, at: u64) -> Option<Call> {
    Some(Call { number, arguments: [0; 6], at: [at, 0] })
}

impl Counted {
    fn new() -> Self {
        let recorder = Arc::new(Mutex::new(Recorder::default()));
        Self { ledger: Ledger::new(Observer::default(), Arc::clone(&recorder)), recorder }
    }

    fn met(name: &str, operation: Operation) -> Met {
        let resource = Resource::Path(AbsPath::new("/tmp").unwrap());
        Met { resource, path: format!("/tmp/{name}"), operation, syscall: None }
    }

    fn look(&self, tid: i32, call: Option<Call>, name: &str, operation: Operation) {
        self.ledger.looked_up(tid, call, Self::met(name, operation));
    }

    fn deny(&self, tid: i32, call: Option<Call>, name: &str, operation: Operation) {
        self.ledger.denied(tid, call, Self::met(name, operation));
    }

    /// Path, operation and count of everything, sorted.
    fn close(self) -> Vec<(String, Operation, u64)> {
        self.ledger.close();
        drop(self.ledger);
        let recorder = Arc::into_inner(self.recorder).unwrap().into_inner().unwrap();
        let mut all: Vec<_> = recorder
            .finish()
            .into_iter()
            .map(|Denial { path, operation, count, .. }| (path, operation, count))
            .collect();
        all.sort();
        all
    }
}

fn counted(name: &str, operation: Operation, count: u64) -> (String, Operation, u64) {
    (format!("/tmp/{name}"), operation, count)
}

// Threads that don't exist: nothing of them can be read, and they are counted all the same.
const ONE: i32 = i32::MAX;
const OTHER: i32 = i32::MAX - 1;

#[test]
fn a_lookup_and_what_it_was_for_are_one_denial() {
    let counts = Counted::new();
    let open = call(libc::SYS_openat, 1);
    counts.look(ONE, open, "a", Operation::Create);
    counts.deny(ONE, open, "a", Operation::Create);
    assert_eq!(counts.close(), [counted("a", Operation::Create, 1)]);
}

#[test]
fn a_lookup_alone_is_a_denial() {
    let counts = Counted::new();
    for at in 0..3 {
        counts.look(ONE, call(libc::SYS_stat, at), "a", Operation::Probe);
    }
    assert_eq!(counts.close(), [counted("a", Operation::Probe, 3)]);
}

#[test]
fn the_next_call_settles_the_one_before() {
    let counts = Counted::new();
    counts.look(ONE, call(libc::SYS_stat, 1), "a", Operation::Probe);
    counts.deny(ONE, call(libc::SYS_mkdir, 2), "b", Operation::MakeDirectory);
    counts.deny(ONE, call(libc::SYS_mkdir, 3), "b", Operation::MakeDirectory);
    let expected = [counted("a", Operation::Probe, 1), counted("b", Operation::MakeDirectory, 2)];
    assert_eq!(counts.close(), expected);
}

#[test]
fn threads_do_not_settle_each_other() {
    let counts = Counted::new();
    let open = call(libc::SYS_openat, 1);
    counts.look(ONE, open, "a", Operation::Create);
    counts.look(OTHER, open, "b", Operation::Create);
    counts.deny(OTHER, open, "b", Operation::Create);
    counts.deny(ONE, open, "a", Operation::Create);
    assert_eq!(counts.close(), [counted("a", Operation::Create, 1), counted("b", Operation::Create, 1)]);
}

#[test]
fn a_call_that_cant_be_read_is_told_by_its_path() {
    let counts = Counted::new();
    counts.look(ONE, None, "a", Operation::Probe);
    counts.deny(ONE, call(libc::SYS_mkdir, 1), "a", Operation::MakeDirectory);
    counts.look(ONE, None, "b", Operation::Probe);
    counts.deny(ONE, None, "c", Operation::Create);
    counts.deny(ONE, None, "c", Operation::Create);
    let expected = [
        counted("a", Operation::MakeDirectory, 1),
        counted("b", Operation::Probe, 1),
        counted("c", Operation::Create, 2),
    ];
    assert_eq!(counts.close(), expected);
}

#[test]
fn waiting_lookups_are_bounded_and_none_is_lost() {
    let counts = Counted::new();
    let threads = 3 * MOST_PENDING as i32 + 7;
    for tid in 0..threads {
        counts.look(i32::MAX - tid, call(libc::SYS_stat, 1), "a", Operation::Probe);
        assert!(counts.ledger.pending.lock().unwrap().len() <= MOST_PENDING);
    }
    assert_eq!(counts.close(), [counted("a", Operation::Probe, threads as u64)]);
}

#[test]
fn the_intent_of_a_call() {
    let of = |number: i64, arguments: [u64; 6]| intent(&Call { number, arguments, at: [0; 2] });
    let open = |flags: i32| of(libc::SYS_openat, [0, 0, flags as u64, 0, 0, 0]);
    assert_eq!(open(libc::O_RDONLY), Operation::Read);
    assert_eq!(open(libc::O_PATH), Operation::Probe);
    assert_eq!(open(libc::O_WRONLY), Operation::Write);
    assert_eq!(open(libc::O_RDONLY | libc::O_TRUNC), Operation::Write);
    assert_eq!(open(libc::O_RDWR | libc::O_CREAT | libc::O_EXCL), Operation::Create);
    assert_eq!(of(libc::SYS_open, [0, libc::O_CREAT as u64, 0, 0, 0, 0]), Operation::Create);
    assert_eq!(of(libc::SYS_rename, [0; 6]), Operation::Rename);
    assert_eq!(of(libc::SYS_execve, [0; 6]), Operation::Execute);
    assert_eq!(of(libc::SYS_connect, [0; 6]), Operation::Connect);
    for number in [libc::SYS_stat, libc::SYS_access, libc::SYS_readlink, 9999, -1] {
        assert_eq!(of(number, [u64::MAX; 6]), Operation::Probe, "{number}");
    }
}
