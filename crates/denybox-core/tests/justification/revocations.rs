//! Revocation lists.

use denybox_core::justification::Revocations;
use denybox_core::justification::revocation::{Revoked, Target, add, parse};
use proptest::prelude::*;

use crate::samples::NOON;

const LIST: &str = r#"# What went wrong.
version = 1

[[revoked]] # too wide
id = "small"
at = 2026-12-01T12:00:00Z
by = "carol"
reason = "too wide"

[[revoked]]
digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
at = "2026-12-01T12:00:00Z"
by = "carol"
reason = ""
"#;

#[test]
fn lists_name_what_is_revoked() {
    let entries = parse(LIST.as_bytes()).unwrap();
    let digest = format!("sha256:{}", "2".repeat(64));
    assert_eq!(entries[0].target, Target::Id("small".to_owned()));
    assert_eq!(
        (entries[0].at, entries[0].by.as_str(), entries[0].reason.as_str()),
        (NOON, "carol", "too wide")
    );
    assert_eq!(entries[1].target, Target::Digest(digest.clone()));
    let mut revocations = Revocations::default();
    assert!(!revocations.revoke("small", &digest));
    revocations.add(&entries);
    assert!(revocations.revoke("small", "sha256:0") && revocations.revoke("other", &digest));
    assert!(!revocations.revoke("other", "sha256:0") && !revocations.revoke("smal", ""));
    assert_eq!(parse(b"version = 1"), Ok(Vec::new()));
}

#[test]
fn every_fault_is_told_with_its_line() {
    let mut wrong = Vec::new();
    for (from, to, expected) in [
        ("version = 1", "version = 0", "line 2: version 0 of the format isn't known"),
        ("version = 1", "", "missing field `version`"),
        ("id = \"small\"", "name = \"small\"", "line 5, column 1: unknown field `name`"),
        ("id = \"small\"", "", "line 4: an entry names either an id or a digest"),
        ("id = \"small\"", "id = \"a\"\ndigest = \"b\"", "line 4: an entry names either an id or a digest"),
        ("id = \"small\"", "id = \"a b\"", "line 5: 'a b' can't be the id of a justification"),
        ("sha256:2", "sha256:X", "line 11: 'sha256:X222"),
        ("2026-12-01T12:00:00Z", "2026-12-01", "line 6: '2026-12-01' is no time"),
        ("by = \"carol\"", "by = \"\"", "line 7: '' is no name of a person"),
        ("reason = \"too wide\"", "", "missing field `reason`"),
        ("[[revoked]] # too wide", "[revoked]", "line "),
    ] {
        assert!(LIST.contains(from));
        let error = parse(LIST.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        if !error.contains(expected) || !error.starts_with("line ") {
            wrong.push(format!("{expected}\n    {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(parse(b"\xff").unwrap_err().to_string().contains("no UTF-8"));
    assert!(parse(&vec![b'\n'; (4 << 20) + 1]).unwrap_err().to_string().contains("too much"));
}

#[test]
fn an_entry_is_added_behind_the_others() {
    let entry = Revoked {
        target: Target::Id("next".to_owned()),
        at: NOON,
        by: "dave".to_owned(),
        reason: "two\n\"lines\"".to_owned(),
    };
    let text = add(LIST, &entry).unwrap();
    assert!(text.starts_with(LIST), "{text}");
    assert_eq!(parse(text.as_bytes()).unwrap().last(), Some(&entry));
    assert_eq!(parse(add("", &entry).unwrap().as_bytes()).unwrap(), std::slice::from_ref(&entry));
    assert!(add("version = 2", &entry).is_err());
    assert!(add("version = 1\nrevoked = []", &entry).is_err());
    assert!(add(LIST, &Revoked { target: Target::Id(String::new()), ..entry }).is_err());
}

proptest! {
    #[test]
    fn no_change_makes_it_panic(at in 0..LIST.len(), byte in any::<u8>()) {
        let mut bytes = LIST.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = parse(&bytes);
    }
}
