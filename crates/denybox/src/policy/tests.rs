//! Policies from directories.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test: a panic is how it fails")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use denybox_core::policy::PolicyError;

use super::source::{SourceError, policy, sources};

const REGO: &str = "package denybox.mine\nanswer := {\"allow\": [], \"deny\": []}\n";

fn directory() -> (tempfile::TempDir, std::path::PathBuf) {
    let outside = tempfile::tempdir().unwrap();
    let mine = outside.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("decide.rego"), REGO).unwrap();
    (outside, mine)
}

fn refused(path: &Path) -> SourceError {
    sources(path.as_os_str()).unwrap_err()
}

#[test]
fn a_directory_and_what_is_below_it() {
    let (_outside, mine) = directory();
    fs::create_dir_all(mine.join("a/b")).unwrap();
    fs::write(mine.join("a/b/more.rego"), "package denybox.mine\n").unwrap();
    fs::write(mine.join("a/decide_test.rego"), "package denybox.mine_test\n").unwrap();
    fs::write(mine.join("README"), [0xff]).unwrap();
    // As Kubernetes mounts a ConfigMap.
    fs::create_dir(mine.join("..data")).unwrap();
    fs::write(mine.join("..data/linked.rego"), "package denybox.mine\n").unwrap();
    symlink("..data/linked.rego", mine.join("linked.rego")).unwrap();
    let found = sources(mine.as_os_str()).unwrap();
    assert_eq!(found.name, "mine");
    let names = |modules: &[(String, String)]| -> Vec<String> {
        let below =
            |(name, _): &(String, String)| Path::new(name).strip_prefix(&mine).unwrap().display().to_string();
        modules.iter().map(below).collect()
    };
    assert_eq!(names(&found.modules), ["a/b/more.rego", "decide.rego", "linked.rego"]);
    assert_eq!(names(&found.tests), ["a/decide_test.rego"]);
    assert_eq!(policy(mine.as_os_str()).unwrap().name(), "mine");
}

#[test]
fn links_that_lead_away() {
    let (outside, mine) = directory();
    fs::write(outside.path().join("other.rego"), REGO).unwrap();
    fs::create_dir(mine.join("real")).unwrap();
    for (target, name) in [
        ("../other.rego", "x.rego"),
        ("/etc/passwd", "x.rego"),
        ("/etc/passwd", "x"),
        ("nowhere", "x.rego"),
        ("real", "x"),
        ("..", "x"),
        ("/", "x"),
        ("/proc/self/fd/0", "x.rego"),
    ] {
        symlink(target, mine.join(name)).unwrap();
        assert!(matches!(refused(&mine), SourceError::Link(path) if path == mine.join(name)), "{target}");
        fs::remove_file(mine.join(name)).unwrap();
    }
    sources(mine.as_os_str()).unwrap();
}

#[test]
fn what_is_no_policy() {
    let (outside, mine) = directory();
    assert!(matches!(refused(&outside.path().join("none")), SourceError::Missing(_)));
    assert!(matches!(refused(&mine.join("decide.rego")), SourceError::Missing(_)));
    assert!(matches!(refused(Path::new("nothing-ships-by-this-name")), SourceError::Missing(_)));
    fs::write(mine.join("bad.rego"), [b'#', 0xff]).unwrap();
    assert!(matches!(refused(&mine), SourceError::NoText(_)));
    fs::write(mine.join("bad.rego"), vec![b'#'; (1 << 20) + 1]).unwrap();
    assert!(matches!(refused(&mine), SourceError::TooMuch { .. }));
    fs::remove_file(mine.join("bad.rego")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, mine.join("bad.rego"), rustix::fs::Mode::RWXU).unwrap();
    assert!(matches!(refused(&mine), SourceError::NoFile(_)));
    fs::remove_file(mine.join("bad.rego")).unwrap();
    for number in 0..300 {
        fs::write(mine.join(format!("{number}.rego")), "package denybox.mine\n").unwrap();
    }
    assert!(matches!(refused(&mine), SourceError::TooMuch { .. }));
    let empty = outside.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::write(empty.join("only_test.rego"), REGO).unwrap();
    assert!(matches!(refused(&empty), SourceError::Empty(_)));
    let deep = outside.path().join("deep");
    fs::create_dir_all(deep.join("d/".repeat(40))).unwrap();
    assert!(matches!(refused(&deep), SourceError::TooMuch { .. }));
    let odd = outside.path().join("No-Name");
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("x.rego"), REGO).unwrap();
    assert!(matches!(policy(odd.as_os_str()), Err(SourceError::Policy(PolicyError::Name(_)))));
}

#[test]
fn what_it_calls_counts_when_it_is_loaded() {
    let (_outside, mine) = directory();
    fs::write(mine.join("clock.rego"), "package denybox.mine\nx := numbers.range(1, 9)\n").unwrap();
    let error = policy(mine.as_os_str()).unwrap_err();
    assert!(matches!(error, SourceError::Policy(PolicyError::Forbidden(_))), "{error}");
    assert!(error.to_string().contains("clock.rego, line 2"), "{error}");
}
