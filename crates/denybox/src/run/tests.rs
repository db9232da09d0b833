//! Variables of a box, and what exit codes mean.

use std::ffi::{OsStr, OsString};
use std::io;

use denybox_core::decision::{Reason, Refusal};
use denybox_core::path::{AbsPath, PathError};
use denybox_sandbox::error::{Failure, SysError};
use denybox_sandbox::message::{Enforcement, Status};
use proptest::prelude::*;

use super::environment::{EnvironmentError, Wanted, asked, environment};
use super::*;

const NOTHING: Wanted<'_> =
    Wanted { clear: false, set: &[], scratch: false, home: Some("/home/u"), directory: "/home/u/project" };

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn value<'a>(made: &'a [(OsString, OsString)], name: &str) -> Option<&'a str> {
    let mut found = made.iter().filter(|(known, _)| known == name);
    let value = found.next().and_then(|(_, value)| value.to_str());
    assert!(found.next().is_none(), "{name} twice");
    value
}

#[test]
fn what_leads_programs_astray_stays_out() {
    let caller = variables(&[
        ("PATH", "/usr/bin"),
        ("EDITOR", "vi"),
        ("LD_PRELOAD", "/srv/x.so"),
        ("LD_LIBRARY_PATH", "/srv"),
        ("LD_AUDIT", "/srv/x.so"),
        ("LD_ANYTHING", "1"),
        ("GCONV_PATH", "/srv"),
        ("BASH_ENV", "/srv/x"),
        ("NODE_OPTIONS", "--require=/srv/x.js"),
        ("TMPDIR", "/tmp/own"),
        ("XDG_RUNTIME_DIR", "/run/user/1000"),
        ("OLDPWD", "/root"),
        ("HOME", "/elsewhere"),
        ("PWD", "/elsewhere"),
        ("LDFLAGS", "-s"),
    ]);
    let made = environment(&caller, NOTHING).unwrap();
    let mut names: Vec<&str> = made.iter().filter_map(|(name, _)| name.to_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["EDITOR", "HOME", "LDFLAGS", "PATH", "PWD"]);
    assert_eq!(value(&made, "HOME"), Some("/home/u"));
    assert_eq!(value(&made, "PWD"), Some("/home/u/project"));
    // Asked for, they get in: passed on or set.
    let set = ["LD_PRELOAD".into(), "TMPDIR=/srv/own".into(), "BASH_ENV=".into(), "A=b=c".into()];
    let made = environment(&caller, Wanted { set: &set, ..NOTHING }).unwrap();
    assert_eq!(value(&made, "LD_PRELOAD"), Some("/srv/x.so"));
    assert_eq!(value(&made, "TMPDIR"), Some("/srv/own"));
    assert_eq!(value(&made, "BASH_ENV"), Some(""));
    assert_eq!(value(&made, "A"), Some("b=c"));
    assert_eq!(value(&made, "LD_AUDIT"), None);
}

#[test]
fn cleared_but_for_the_basics() {
    let caller =
        variables(&[("PATH", "/bin"), ("TERM", "x"), ("LC_TIME", "C"), ("SECRET", "s"), ("LD_PRELOAD", "x")]);
    let set = ["SECRET".into()];
    let made = environment(&caller, Wanted { clear: true, ..NOTHING }).unwrap();
    assert_eq!(
        [value(&made, "TERM"), value(&made, "LC_TIME"), value(&made, "SECRET")],
        [Some("x"), Some("C"), None]
    );
    let made = environment(&caller, Wanted { clear: true, set: &set, ..NOTHING }).unwrap();
    assert_eq!(value(&made, "SECRET"), Some("s"));
}

#[test]
fn a_scratch_has_its_whole_family() {
    let caller = variables(&[("TMPDIR", "/tmp/x"), ("JAVA_TOOL_OPTIONS", "-javaagent:x")]);
    let scratch = Wanted { scratch: true, ..NOTHING };
    let made = environment(&caller, scratch).unwrap();
    for (name, expected) in [
        ("TMPDIR", "/run/denybox/scratch"),
        ("TMP", "/run/denybox/scratch"),
        ("TEMP", "/run/denybox/scratch"),
        ("TMPPREFIX", "/run/denybox/scratch/zsh"),
        ("TMUX_TMPDIR", "/run/denybox/scratch"),
        ("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=/run/denybox/scratch"),
    ] {
        assert_eq!(value(&made, name), Some(expected));
    }
    let set = ["TMP=/srv/t".into()];
    let made = environment(&caller, Wanted { set: &set, ..scratch }).unwrap();
    assert_eq!(value(&made, "TMP"), Some("/srv/t"));
}

#[test]
fn unusable_variables() {
    let refused = |text: &str| asked(&[text.into()], |_| None).unwrap_err();
    assert_eq!(refused("=x"), EnvironmentError::Nameless("=x".into()));
    assert_eq!(refused(""), EnvironmentError::Nameless("".into()));
    assert_eq!(refused("A=\0"), EnvironmentError::Nul("A=\0".into()));
    assert_eq!(refused("A"), EnvironmentError::Unset("A".into()));
    assert_eq!(asked(&["A".into()], |name: &OsStr| Some(name.to_owned())), Ok(variables(&[("A", "A")])));
}

proptest! {
    #[test]
    fn nothing_gets_in_unasked(
        names in prop::collection::btree_set("(LD_|LC_|TMP|A|BASH_ENV|ENV|PATH|TMPDIR)[A-Z]{0,3}", 0..12),
        set in prop::collection::vec("[A-C]{0,2}=?[a-c=]{0,3}", 0..4),
        clear: bool,
        scratch: bool,
    ) {
        let caller: Vec<(OsString, OsString)> = names.iter().map(|name| (name.into(), "x".into())).collect();
        let set: Vec<OsString> = set.into_iter().map(OsString::from).collect();
        let wanted = Wanted { clear, set: &set, scratch, ..NOTHING };
        let Ok(made) = environment(&caller, wanted) else { return Ok(()) };
        let mut seen = std::collections::BTreeSet::new();
        for (name, _) in &made {
            let name = name.to_str().unwrap();
            prop_assert!(!name.is_empty() && !name.contains('=') && seen.insert(name), "{}", name);
            prop_assert!(!name.starts_with("LD_") && name != "BASH_ENV" && name != "ENV", "{}", name);
            prop_assert!(scratch || (name != "TMPDIR" && name != "TMP"), "{}", name);
        }
    }
}

#[test]
fn every_failure_has_its_exit_code() {
    let refused = |code: &str| {
        let general = vec![Reason::new(code, "no")];
        Failed::Refused(Box::new(Refusal {
            id: String::new(),
            policy: "local".to_owned(),
            denials: Vec::new(),
            general,
        }))
    };
    let path = || AbsPath::new("/srv/x").unwrap();
    let gone = || io::Error::from_raw_os_error(libc::ENOENT);
    let failure = || Failure { control: None, message: "no".to_owned(), errno: None };
    let sys = || SysError { call: "clone", subject: None, source: gone() };
    let unreachable = PlaceError::Unreachable { path: "x".to_owned(), source: gone() };
    let control = Enforcement::new("landlock", Status::Partial, "old");
    for (failed, code) in [
        (refused("needs-reason"), 77),
        (refused("guarded-path"), 77),
        (refused("policy-error"), 77),
        (refused("no-abstract-scope"), 69),
        (Failed::DirectoryStream(0), 77),
        (Failed::Place(unreachable), 78),
        (Failed::Place(PlaceError::Unnameable(PathError::Nul(String::new()))), 78),
        (Failed::Place(PlaceError::Mounts(gone())), 70),
        (Failed::NoDirectory(path()), 78),
        (Failed::CurrentDirectory(gone()), 78),
        (Failed::ReportFile { path: "/x".into(), source: gone() }, 78),
        (Failed::Environment(EnvironmentError::Nameless("=".into())), 64),
        (Failed::Box(RunError::Unavailable { control: "seccomp".to_owned(), failure: failure() }), 69),
        (Failed::Box(RunError::Required(control)), 69),
        (Failed::Box(RunError::SetUp(failure())), 70),
        (Failed::Box(RunError::Start(sys())), 70),
        (Failed::Box(RunError::Watch(sys())), 70),
    ] {
        assert_eq!(failed.exit_code(), code, "{failed:?}");
        let report = Report::of_failure(&failed, code);
        assert_eq!((report.exit.code, report.id), (code, None));
        assert!(report.exit.message.is_some_and(|message| !message.is_empty()));
    }
    // What is documented is what is used.
    for code in [
        exit_code::USAGE,
        exit_code::UNAVAILABLE,
        exit_code::INTERNAL,
        exit_code::REFUSED,
        exit_code::CONFIGURATION,
        exit_code::TIMED_OUT,
        exit_code::CANNOT_EXECUTE,
        exit_code::NOT_FOUND,
    ] {
        assert!(exit_code::TABLE.lines().any(|line| line.trim().starts_with(&format!("{code}  "))), "{code}");
    }
}
