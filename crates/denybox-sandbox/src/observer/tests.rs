//! What is told of a process is the same by whichever way it is read.

use std::process::{Child, Command, Stdio};

use super::*;

/// A process that waits until it is killed.
struct Sleeper(Child);

impl Sleeper {
    fn new() -> Self {
        let mut command = Command::new("sleep");
        command.arg("1000").stdin(Stdio::null()).stdout(Stdio::null());
        let sleeper = Self(command.spawn().unwrap());
        // spawn(3) may return before the program has its arguments.
        while arguments(sleeper.pid(), &mut MOST_TEXT.clone()) != ["sleep", "1000"] {
            std::thread::yield_now();
        }
        sleeper
    }

    fn pid(&self) -> i32 {
        self.0.id() as i32
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn me() -> i32 {
    std::process::id() as i32
}

#[test]
fn a_descriptor_says_what_status_says() {
    let sleeper = Sleeper::new();
    let said = status(sleeper.pid()).unwrap();
    assert_eq!((said.process, said.parent), (sleeper.pid(), me()));
    // Nothing of the kind before Linux 6.13.
    if let Some((relation, _)) = described(sleeper.pid()) {
        assert_eq!(relation, Relation { process: said.process, parent: said.parent });
    }
    let thread = Observer::default().thread(sleeper.pid()).unwrap();
    assert_eq!((thread.pid, thread.parent), (sleeper.pid(), me()));
}

#[test]
fn a_thread_belongs_to_its_process() {
    let other = std::thread::spawn(|| {
        let tid = rustix::thread::gettid().as_raw_pid();
        assert_ne!(tid, me());
        let thread = Observer::default().thread(tid).unwrap();
        assert_eq!(thread.pid, me());
        assert_eq!(thread.parent, rustix::process::getppid().unwrap().as_raw_pid());
    });
    other.join().unwrap();
}

#[test]
fn ancestors_are_kept_for_the_same_program_only() {
    let sleeper = Sleeper::new();
    let observer = Observer::default();
    let thread = observer.thread(sleeper.pid()).unwrap();
    let fresh = observer.process(&thread, None);
    assert!(matches!(fresh.ancestors.first(), Some(Ancestor::Seen { pid, .. }) if *pid == me()));
    // What was told before is marked, to see whether it is told again.
    let mut before = fresh.clone();
    before.ancestors.push(Ancestor::Exited);
    assert_eq!(observer.process(&thread, Some(&before)), before);
    let other = |change: &dyn Fn(&mut Process)| {
        let mut other = before.clone();
        change(&mut other);
        observer.process(&thread, Some(&other))
    };
    assert_eq!(other(&|other| other.argv.push("more".to_owned())), fresh);
    assert_eq!(other(&|other| other.exe = "/bin/other".to_owned()), fresh);
    assert_eq!(other(&|other| other.ancestors = vec![Ancestor::Exited]), fresh);
    assert_eq!(other(&|other| other.ancestors.clear()), fresh);
}
