//! Trust files.

use denybox_core::justification::trust::{
    EditError, KEYS_MAX, NewKey, TRUST_MAX, Trust, add_key, revoke_key,
};
use denybox_core::justification::{SigningRole, Trusts};
use proptest::prelude::*;

use crate::samples::{NOON, key, ssh_key, trust, trust_text};

/// A trust file with every field and comments.
const FULL: &str = r#"# Who may agree.
version = 1
skew = "90s" # our clocks are good
signers = 3

# Bob left the team.
[[key]]
person = "bob"
public = "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w="
roles = ["requester", "approver"]
resources = ["/tmp", "/srv//cache/", "sysv-shm"]
not_before = 2026-01-01T00:00:00Z
not_after = "2027-01-01T00:00:00+01:00"
revoked = 2026-06-01T00:00:00Z

[[key]] # Carol's laptop
person = "carol"
public = "SSH"
roles = ["break-glass"]
"#;

fn full() -> String {
    FULL.replace("SSH", &format!("{} carol@laptop", ssh_key(2).public()))
}

fn error(text: &str) -> String {
    Trust::parse(text.as_bytes()).expect_err(text).to_string()
}

#[test]
fn every_field_means_what_it_says() {
    let trust = Trust::parse(full().as_bytes()).unwrap();
    assert_eq!((trust.skew_seconds, trust.signers), (90, 3));
    let [bob, carol] = trust.keys.as_slice() else { panic!("two keys") };
    assert_eq!((bob.person.as_str(), &bob.public), ("bob", key(1).public()));
    assert_eq!(
        bob.roles.iter().copied().collect::<Vec<_>>(),
        [SigningRole::Requester, SigningRole::Approver]
    );
    let scope = bob.scope.as_ref().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(scope, ["/tmp", "/srv/cache", "sysv-shm"]);
    assert_eq!((bob.not_before, bob.not_after), (Some(1_767_225_600), Some(1_798_758_000)));
    assert_eq!(bob.revoked, Some(1_780_272_000));
    assert_eq!((&carol.public, carol.scope.as_ref(), carol.revoked), (ssh_key(2).public(), None, None));
    for (resource, covered) in [
        ("/tmp", true),
        ("/tmp/x", true),
        ("/tmpx", false),
        ("/", false),
        ("sysv-shm", true),
        ("sysv-sem", false),
    ] {
        assert_eq!(bob.covers(&resource.parse().unwrap()), covered, "{resource}");
        assert!(carol.covers(&resource.parse().unwrap()));
    }
    let bare = Trust::parse(b"version = 1").unwrap();
    assert_eq!((bare.skew_seconds, bare.signers, bare.keys.len()), (120, 2, 0));
    let none = Trusts::default();
    assert_eq!((none.skew_seconds(), none.signers()), (120, 2));
}

#[test]
fn every_fault_is_told_with_its_line() {
    let changed = |from: &str, to: &str| {
        let text = full();
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let mut wrong = Vec::new();
    for (text, expected) in [
        (changed("version = 1", "version = 2"), "line 2: version 2 of the format isn't known, only 1 is"),
        (changed("version = 1", ""), "missing field `version`"),
        (changed("version = 1", "version = \"1\""), "line 2, column 11: invalid type: string"),
        (changed("\"90s\"", "\"soon\""), "line 3: 'soon' is no skew"),
        (changed("\"90s\"", "\"1500ms\""), "line 3: '1500ms' is no skew"),
        (changed("\"90s\"", "90"), "line 3, column 8: invalid type: integer `90`"),
        (changed("\"90s\"", "\"301s\""), "line 3: a skew of 301 seconds is too much: at most 300"),
        (changed("signers = 3", "signers = 0"), "line 4: signers is 0: it must be between 1 and 16"),
        (changed("signers = 3", "signers = 17"), "line 4: signers is 17: it must be between 1 and 16"),
        (changed("signers = 3", "signers = -1"), "line 4, column 11: invalid value: integer `-1`"),
        (changed("signers = 3", "signer = 3"), "line 4, column 1: unknown field `signer`"),
        (changed("signers = 3", "skew = \"1s\""), "line 4, column 1: duplicate key"),
        (changed("person = \"bob\"", "person = \" bob\""), "line 8: ' bob' is no name of a person"),
        (changed("person = \"bob\"", "person = \"b\\u200bob\""), r"line 8: 'b\u{200b}ob' is no name"),
        (changed("person = \"bob\"", "user = \"bob\""), "line 8, column 1: unknown field `user`"),
        (changed("ed25519:ioj", "ed25519:i_j"), "line 9: 'ed25519:i_jj"),
        (changed("ed25519:", "rsa:"), "is no public key: write ed25519:BASE64"),
        (changed("[\"requester\", \"approver\"]", "[]"), "line 10: the list 'roles' is empty"),
        (
            changed("[\"requester\", \"approver\"]", "[\"boss\"]"),
            "line 10, column 10: unknown variant `boss`",
        ),
        (
            changed("\"requester\", \"approver\"", "\"approver\", \"approver\""),
            "line 10: 'a role' is named twice",
        ),
        (changed("\"sysv-shm\"", "\"shm\""), "line 11: 'shm' is no resource"),
        (changed("\"sysv-shm\"", "\"/t\\u001b\""), r"line 11: '/t\u{1b}' is too long, or holds control"),
        (changed("\"sysv-shm\"", "\"/tmp/.\""), "line 11: '/tmp' is named twice"),
        (
            changed("resources = [\"/tmp\", \"/srv//cache/\", \"sysv-shm\"]", "resources = []"),
            "line 11: the list 'resources' is empty",
        ),
        (changed("2026-01-01T00:00:00Z", "2026-01-01T00:00:00"), "line 12: '2026-01-01T00:00:00' is no time"),
        (changed("2026-01-01T00:00:00Z", "2026-01-01"), "line 12: '2026-01-01' is no time"),
        (changed("2026-01-01T00:00:00Z", "7"), "line 12, column 14: expected a date and time with an offset"),
        (changed("2027-01-01", "2026-01-01"), "line 13: the key's time ends when it hasn't begun"),
        (changed("[[key]] # Carol's laptop", "[[key"), "line 16, column "),
        (changed("\"carol\"", "\"carol"), "line 17, column "),
    ] {
        let error = error(&text);
        if !error.contains(expected) {
            wrong.push(format!("{expected}\n    {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // All at once.
    let text = full().replace("\"90s\"", "\"soon\"").replace("signers = 3", "signers = 0");
    assert!(error(&text).contains("no skew") && error(&text).contains("; line 4: signers is 0"));
}

#[test]
fn a_key_stands_there_once_in_whatever_form() {
    for (one, other) in
        [(key(1), key(1)), (ssh_key(1), ssh_key(1)), (key(1), ssh_key(1)), (ssh_key(1), key(1))]
    {
        let told = error(&trust_text("", &[("alice", &one, ""), ("bob", &other, "")]));
        let id = other.public().id();
        assert_eq!(told, format!("line 12: the key {id} stands there twice, first in line 6"));
    }
}

#[test]
fn too_much_is_refused() {
    let long = format!("version = 1\n#{}", "x".repeat(TRUST_MAX));
    assert_eq!(error(&long), format!("{} bytes are too much: at most {TRUST_MAX} are read", long.len()));
    let mut text = "version = 1\n".to_owned();
    for number in 0..=KEYS_MAX {
        let secret = denybox_core::justification::key::SecretKey::from_bytes(&{
            let mut bytes = [9; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            bytes
        });
        let public = secret.unwrap().public().to_string();
        text += &format!("[[key]]\nperson = \"p{number}\"\npublic = \"{public}\"\nroles = [\"approver\"]\n");
    }
    assert_eq!(error(&text), format!("line {}: 513 keys are too many: at most 512", 2 + 4 * KEYS_MAX));
    for depth in [100, 10_000, 100_000] {
        for text in [
            format!("version = {}", "[".repeat(depth)),
            format!("version = {}", "{a=".repeat(depth)),
            format!("{}a = 1", "a.".repeat(depth)),
            format!("[{}a]", "a.".repeat(depth)),
        ] {
            assert!(error(&text).starts_with("line "), "{}", error(&text));
        }
    }
}

#[test]
fn editing_keeps_everything_else() {
    let dave = NewKey {
        person: "dave \"d\"".to_owned(),
        public: ssh_key(4).public().clone(),
        roles: vec![SigningRole::Approver, SigningRole::BreakGlass],
        scope: Some(vec!["/tmp".parse().unwrap(), "posix-mq".parse().unwrap()]),
        not_before: Some(NOON),
        not_after: Some(NOON + 1),
    };
    let text = add_key(&full(), &dave).unwrap();
    assert!(text.starts_with(&full()), "{text}");
    let read = Trust::parse(text.as_bytes()).unwrap();
    let added = read.keys.last().unwrap();
    assert_eq!((&added.person, &added.public), (&dave.person, &dave.public));
    assert_eq!((added.not_before, added.not_after, &added.scope), (Some(NOON), Some(NOON + 1), &dave.scope));
    assert_eq!(added.roles.iter().copied().collect::<Vec<_>>(), dave.roles);
    assert!(text.contains("not_before = 2026-12-01T12:00:00Z"), "{text}");
    assert!(matches!(add_key(&text, &dave), Err(EditError::Result(_))));
    assert!(matches!(add_key("version = 3", &dave), Err(EditError::Trust(_))));
    assert!(matches!(add_key("version = 1\nkey = []", &dave), Err(EditError::Inline)));
    let nobody = NewKey { roles: Vec::new(), ..dave.clone() };
    assert!(matches!(add_key("", &nobody), Err(EditError::Result(_))));
    let first = add_key("", &dave).unwrap();
    assert_eq!(Trust::parse(first.as_bytes()).unwrap().keys.len(), 1);

    let id = ssh_key(2).public().id().to_owned();
    let revoked = revoke_key(&text, &id, NOON).unwrap();
    let line = "revoked = 2026-12-01T12:00:00Z\n";
    assert_eq!(
        revoked.replacen(line, "", 1).replacen("\n\n\n", "\n\n", 1),
        text.replacen("\n\n\n", "\n\n", 1)
    );
    let read = Trust::parse(revoked.as_bytes()).unwrap();
    assert_eq!(read.keys.iter().map(|key| key.revoked.is_some()).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(revoke_key(&revoked, &id, NOON), Err(EditError::Already(id.clone())));
    assert_eq!(revoke_key(&full(), "sha256:00", NOON), Err(EditError::Unknown("sha256:00".to_owned())));
    assert_eq!(revoke_key("version = 1\nkey = []", &id, NOON), Err(EditError::Inline));
    assert_eq!(revoke_key("version = 1", &id, NOON), Err(EditError::Unknown(id)));
}

#[test]
fn files_together_ask_for_the_most() {
    let files = vec![
        trust("skew = \"1m\"\nsigners = 1", &[]),
        trust("skew = \"5m\"\nsigners = 4", &[]),
        trust("", &[]),
    ];
    let together = Trusts::new(files);
    assert_eq!((together.skew_seconds(), together.signers()), (60, 4));
}

proptest! {
    #[test]
    fn no_change_makes_it_panic(at in 0..FULL.len(), byte in any::<u8>(), cut in 0..FULL.len()) {
        let mut bytes = full().into_bytes();
        bytes[at] = byte;
        let _ = Trust::parse(&bytes);
        bytes.truncate(cut);
        let _ = Trust::parse(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = Trust::parse(text.as_bytes());
        let _ = revoke_key(&text, "x", NOON);
    }
}
