//! Manifests as people write them.

use denybox_core::justification::manifest::{
    Advice, Faults, MANIFEST_MAX, ManifestError, Problem, Written, WrittenDigest, WrittenGrant, lint, schema,
};
use denybox_core::justification::{Category, DigestKind, Manifest, NamePattern};
use denybox_core::surface::{Access, Backing, Limits, MountOptions};
use proptest::prelude::*;

use crate::samples::{FULL, SMALL, small};

fn error(text: &str) -> String {
    Manifest::parse(text.as_bytes()).expect_err(text).to_string()
}

/// `FULL` with one piece in another's place.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(FULL.matches(from).count(), 1, "{from:?}");
    FULL.replace(from, to)
}

#[test]
fn every_field_means_what_it_says() {
    let manifest = Manifest::parse(FULL.as_bytes()).unwrap();
    assert_eq!(manifest.id, "torch-loader.2026-11");
    assert_eq!((manifest.not_before, manifest.not_after), (1_796_083_200, 1_796_169_600));
    assert_eq!(
        manifest.audience.hosts.iter().map(NamePattern::as_str).collect::<Vec<_>>(),
        ["ci-*.example.org", "build"]
    );
    assert_eq!(manifest.subject.digests[0].kind, DigestKind::Image);
    assert_eq!(manifest.subject.service_account.as_deref(), Some("agent"));
    assert_eq!((manifest.max_uses, manifest.break_glass), (Some(3), true));
    let all = MountOptions { readonly: false, noexec: true, nosuid: true, nodev: true };
    let [shm, build, cache, pool, memfd] = manifest.grants.as_slice() else { panic!("five grants") };
    assert_eq!(shm.resource.to_string(), "/dev/shm");
    assert_eq!((shm.access, &shm.backing, shm.options), (Access::READ_WRITE, &Backing::Private, all));
    assert_eq!(shm.limits, Limits { size: Some("64M".parse().unwrap()), inodes: Some(100) });
    assert_eq!(build.backing, Backing::Dir { path: "/srv/scratch/coder".parse().unwrap() });
    assert_eq!(build.access, Access::ALL);
    assert_eq!(build.options, MountOptions { nosuid: true, ..MountOptions::default() });
    assert_eq!(cache.backing, Backing::Host { path: Some("/srv/cache".parse().unwrap()) });
    assert_eq!(cache.access, Access { read: true, write: false, execute: false });
    assert_eq!(cache.options, MountOptions { readonly: true, ..all });
    assert_eq!(pool.backing, Backing::Shared { group: "builders".to_owned() });
    assert_eq!((memfd.access, memfd.options), (Access::ALL, MountOptions::default()));
}

#[test]
fn what_is_written_reads_back() {
    for text in [FULL, SMALL] {
        let manifest = Manifest::parse(text.as_bytes()).unwrap();
        for again in [manifest.to_json(), manifest.to_yaml(), manifest.to_compact_json()] {
            assert_eq!(Manifest::parse(again.as_bytes()).expect(&again), manifest, "{again}");
        }
        assert_eq!(manifest.written().check().unwrap(), manifest);
    }
    // What is usual isn't written down.
    assert!(!small().to_json().contains("options") && !small().to_json().contains("breakGlass"));
}

#[test]
fn fields_that_are_not_there_are_told_with_their_place() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        (
            SMALL.replace("\"id\"", "\"idd\""),
            "line 3, column 7: unknown field `idd`, expected one of `version`",
        ),
        (SMALL.replace("\"size\"", "\"sise\""), "line 4, column 86: unknown field `sise`"),
        (SMALL.replace("\"id\": \"small\",", ""), "missing field `id`"),
        (SMALL.replace("\"id\"", "\"id\": \"a\", \"id\""), "line 3, column 17: duplicate field `id`"),
        (SMALL.replace("\"small\"", "7"), "line 3, column 9: invalid type: integer `7`, expected a string"),
        (SMALL.replace("\"small\"", "null"), "line 3, column 12: invalid type: null, expected a string"),
        (
            SMALL.replace("\"version\": 1", "\"version\": 1.0"),
            "line 2, column 16: invalid type: floating point",
        ),
        (
            SMALL.replace("\"version\": 1", "\"version\": -1"),
            "line 2, column 15: invalid value: integer `-1`",
        ),
        (
            SMALL.replace("\"read-write\"", "\"rw\""),
            "unknown variant `rw`, expected one of `read`, `read-write`",
        ),
        (
            SMALL.replace("hard-coded-path", "because"),
            "unknown variant `because`, expected one of `posix-shm",
        ),
        (SMALL.replace("\"id\"", "\"ticket\": null, \"id\""), "line 3, column 16: invalid type: null"),
        (
            SMALL.replace("\"id\"", "\"subject\": {\"uid\": 0}, \"id\""),
            "unknown field `uid`, expected one of `dig",
        ),
        (format!("{SMALL} {{}}"), "line 10, column 3: trailing characters"),
        (SMALL.replace("}]", "}]]"), "line 4, column 96: expected `,` or `}`"),
        (SMALL[..60].to_owned(), "EOF while parsing"),
        ("{".to_owned(), "line 1, column 1: EOF while parsing an object"),
    ] {
        let error = error(&text);
        if !error.starts_with("line ") || !error.contains(expected) {
            wrong.push(format!("{expected}\n    {error}"));
        }
    }
    for (text, expected) in [
        (changed("id: torch", "idd: torch"), "line 3, column 1: unknown field `idd`"),
        (changed("maxUses: 3", "id: twice"), "line 49, column 1: duplicate mapping key `id`"),
        (changed("    size: 64M", "    size: 64M\n    size: 1M"), "duplicate mapping key `size`"),
        (
            changed("id: torch-loader.2026-11", "id: 7"),
            "line 3, column 5: a text that looks like a number or truth value must be quoted",
        ),
        (
            changed("ticket: OPS-1234", "ticket: true"),
            "line 43, column 9: a text that looks like a number or truth value must be quoted",
        ),
        (changed("ticket: OPS-1234", "ticket:"), "line 43, column 7: null is not allowed here"),
        (
            changed("breakGlass: true", "breakGlass: yes"),
            "line 50, column 13: invalid boolean (true or false expected)",
        ),
        (changed("version: 1", "version: one"), "line 2, column 10: invalid"),
        (
            changed("category: gpu-data-loader", "category: because"),
            "line 39, column 11: unknown variant `because`",
        ),
        (
            changed("category: gpu-data-loader", "category: !gpu x"),
            "line 39, column 16: unsupported tag `!gpu`",
        ),
        (
            changed("requestedBy: alice", "requestedBy: &a alice"),
            "line 45, column 17: anchors and aliases are not read",
        ),
        (
            changed("approvedBy: [bob, carol]", "approvedBy: [*a]"),
            "line 46, column 14: anchors and aliases are not read",
        ),
        (changed("ticket: OPS-1234", "<<: {ticket: x}"), "line 43, column 1: merged keys are not read"),
        (
            changed("breakGlass: true", "breakGlass: true\n---\na: b"),
            "line 51, column 1: only one document is read",
        ),
        (changed("alternatives: [", "alternatives: [["), "line 4"),
        ("- 1".to_owned(), "line 1, column 1: "),
        (String::new(), "line 1, column 1: "),
        ("text".to_owned(), "line 1, column 1: "),
    ] {
        let error = error(&text);
        if !error.starts_with("line ") || !error.contains(expected) {
            wrong.push(format!("{expected}\n    {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = r#"
version: 2
id: "a b"
audience: {hosts: [], clusters: ["a*b", "x..y", "*"]}
subject: {digests: [{kind: image, sha256: ABC}], agent: "\u200b"}
grants:
  - {resource: /tmp, access: read, backing: dir}
  - {resource: /tmp/., access: read-write-execute, backing: private, path: /x, options: [noexec, nodev, nodev]}
  - {resource: tmp, access: read, backing: host}
  - {resource: sysv-shm, access: read, backing: private, size: 1M}
  - {resource: memfd-exec, access: read-write, backing: private}
  - {resource: /a, access: read, backing: shared, size: 0, inodes: 0, group: " x"}
  - {resource: /b, access: read, backing: host, group: x, size: 1M}
  - {resource: /c, access: read, backing: shared}
  - {resource: /d, access: read, backing: dir, path: relative}
category: debugging
statement: "..."
ticket: ""
requestedBy: ""
approvedBy: [bob, bob]
notBefore: 2026-12-01T00:00:00Z
notAfter: 2026-11-31T00:00:00Z
maxUses: 0
"#;
    let text = text.replace("size: 0,", "size: \"0\",");
    let Err(ManifestError::Faults(Faults(faults))) = Manifest::parse(text.as_bytes()) else {
        panic!("{}", error(&text))
    };
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let expected = [
        "version: version 2 of the format isn't known, only 1 is",
        "id: 'a b' is no identifier",
        "audience.hosts: the list is empty",
        "audience.clusters[0]: 'a*b': one '*' may stand at the beginning or the end",
        "audience.clusters[1]: 'x..y' is no name of a host or cluster",
        "subject.agent: it says nothing",
        "subject.agent: it holds control characters",
        "subject.digests[0]: 'ABC' is no SHA-256 digest",
        "grants[0]: the backing dir needs a path",
        "grants[1]: '/tmp' is named twice",
        "grants[1].path: a path belongs to the backing dir only",
        "grants[1].options: 'nodev' is named twice",
        "grants[1].options: the option noexec contradicts",
        "grants[2].resource: 'tmp' is no resource",
        "grants[3]: sysv-shm has no size, inodes, options or directory of its own",
        "grants[3].access: sysv-shm is used by read-write, or not at all",
        "grants[4].access: memfd-exec is used by read-write-execute, or not at all",
        "grants[5].size: a size of zero would mean no limit",
        "grants[5].inodes: it must be at least 1",
        "grants[5]: what others own has no size or inodes",
        "grants[5].group: it holds control characters",
        "grants[6]: what others own has no size or inodes",
        "grants[6].group: a group belongs to the backing shared only",
        "grants[7]: the backing shared needs a group",
        "grants[8].path: 'relative' is not an absolute path",
        "statement: it says nothing",
        "ticket: it says nothing",
        "requestedBy: it says nothing",
        "approvedBy[1]: 'bob' is named twice",
        "notAfter: '2026-11-31T00:00:00Z' never was and never will be",
        "maxUses: it must be at least 1",
    ];
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\n{expected}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    assert!(
        error(&changed("2026-12-02T01:00:00+01:00", "2026-12-01T00:00:00Z")).contains("ends when it hasn't")
    );
    assert!(
        error(&SMALL.replace("\"grants\": [{", "\"grants\": [], \"x\": [{")).contains("unknown field `x`")
    );
}

#[test]
fn identifiers_could_be_names_of_files() {
    for (id, good) in [
        ("a", true),
        ("7.x_-", true),
        (&*"x".repeat(128), true),
        (&*"x".repeat(129), false),
        ("", false),
        (".", false),
        ("..", false),
        ("-rf", false),
        ("a/b", false),
        ("ä", false),
    ] {
        let text = SMALL.replace("\"small\"", &format!("{id:?}"));
        assert_eq!(Manifest::parse(text.as_bytes()).is_ok(), good, "{id}");
    }
}

#[test]
fn times_have_one_form() {
    for wrong in [
        "2026-12-01",
        "2026-12-01T00:00Z",
        "2026-12-01 00:00:00Z",
        "2026-12-01t00:00:00z",
        "2026-12-01T00:00:00",
        "2026-12-01T00:00:00.5Z",
        "20261201T000000Z",
        "+002026-12-01T00:00:00Z",
        "2026-12-01T00:00:00Z[Europe/Berlin]",
        "2026-12-01T00:00:00+0100",
        "tomorrow",
    ] {
        let error = error(&SMALL.replace("2026-12-01T00:00:00Z", wrong));
        assert!(error.starts_with(&format!("notBefore: '{wrong}' is no time")), "{error}");
    }
    for impossible in [
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-12-01T24:00:00Z",
        "2026-12-01T23:59:60Z",
        "2026-12-01T00:00:00+99:00",
        "1969-12-31T23:59:59Z",
        "0000-00-00T00:00:00Z",
    ] {
        let error = error(&SMALL.replace("2026-12-01T00:00:00Z", impossible));
        assert!(error.starts_with(&format!("notBefore: '{impossible}' never was")), "{error}");
    }
    for (text, seconds) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1970-01-01T00:00:00-00:30", 1800),
        ("2024-02-29T00:00:00Z", 1_709_164_800),
    ] {
        let manifest = Manifest::parse(SMALL.replace("2026-12-01T00:00:00Z", text).as_bytes()).unwrap();
        assert_eq!(manifest.not_before, seconds, "{text}");
    }
    let last = SMALL.replace("2026-12-08T00:00:00Z", "9999-12-30T21:59:59Z");
    let manifest = Manifest::parse(last.as_bytes()).unwrap();
    assert_eq!(Manifest::parse(manifest.to_json().as_bytes()).unwrap(), manifest);
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let filler = "x".repeat(MANIFEST_MAX);
    assert_eq!(
        error(&format!("{SMALL}{filler}")),
        format!("{} bytes are too much: at most {MANIFEST_MAX} are read", SMALL.len() + MANIFEST_MAX)
    );
    let error = Manifest::parse(b"version: 1\nid: \xff").unwrap_err().to_string();
    assert_eq!(error, "byte 15 and what follows it is no UTF-8");
    let long = |field: &str, text: String| SMALL.replace(field, &text);
    let error = |text: String| Manifest::parse(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        error(long("sort(1) writes there", "x".repeat(4097))),
        "statement: 4097 bytes are too long: at most 4096"
    );
    assert!(Manifest::parse(long("sort(1) writes there", "x".repeat(4096)).as_bytes()).is_ok());
    let grants = |count: usize| {
        let one = |n: usize| format!(r#"{{"resource": "/tmp/{n}", "access": "read", "backing": "private"}}"#);
        let all: Vec<String> = (0..count).map(one).collect();
        let start = SMALL.find("[{").unwrap();
        format!("{}[{}]{}", &SMALL[..start], all.join(","), &SMALL[SMALL.find("}]").unwrap() + 2..])
    };
    assert_eq!(Manifest::parse(grants(64).as_bytes()).unwrap().grants.len(), 64);
    assert_eq!(error(grants(65)), "grants: 65 are too many: at most 64");
    assert_eq!(error(grants(0)), "grants: the list is empty: leave it out, or name something");
}

#[test]
fn deep_nesting_is_an_error() {
    for depth in [40, 200, 5_000, 100_000] {
        let open = |text: &str| text.repeat(depth);
        for text in [
            open("["),
            open("{a: "),
            open("{\"a\":"),
            open("- "),
            format!("version: {}", open("[")),
            format!("version: {}", open("{a: ")),
            format!("{{\"version\": {}", open("[")),
            format!("{{\"grants\": {}", open("[")),
            format!("{{\"grants\": {}", open("{\"a\":")),
            format!("{{\"x\": {}", open("[")),
            (0..depth.min(300)).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
        ] {
            let told = error(&text);
            assert!(told.len() < 600 && !told.contains('\u{1b}'), "{told}");
        }
    }
    for (depth, expected) in [(40, "10: expected mapping start"), (100_000, "264: recursion limit exceeded")]
    {
        let grants = format!("grants: {}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(error(&grants), format!("line 1, column {expected}"));
    }
    // An alias bomb has no aliases to explode with.
    let bomb = "alternatives: &a [x, x]\napprovedBy: &b [*a, *a]\nid: [*b, *b]\n";
    assert_eq!(error(bomb), "line 1, column 18: anchors and aliases are not read: write the value out");
}

#[test]
fn hostile_names_are_shown_harmless() {
    let told = error(&SMALL.replace("\"id\"", "\"\\u001b]0;x\\u0007\""));
    assert!(told.contains(r"unknown field `\u{1b}]0;x\u{7}`"), "{told}");
    let told = error(&SMALL.replace("\"small\"", "\"\\u202e\\u001b[2J\""));
    assert!(told.contains(r"'\u{202e}\u{1b}[2J' is no identifier"), "{told}");
    for (from, field) in [("/tmp", "resource"), ("16M", "size")] {
        let told = error(&SMALL.replace(from, "/\\u001b[2J"));
        assert_eq!(
            told,
            format!("grants[0].{field}: it holds control characters, or marks that can't be seen")
        );
        let told = error(&SMALL.replace(from, &"/x".repeat(2049)));
        assert_eq!(told, format!("grants[0].{field}: 4098 bytes are too long: at most 4096"));
    }
}

fn codes(manifest: &Manifest) -> Vec<&'static str> {
    lint(manifest).into_iter().map(|Advice { code, .. }| code).collect()
}

#[test]
fn advice_is_given_where_it_is_due() {
    assert_eq!(codes(&small()), ["no-ticket", "no-alternatives", "no-subject", "no-audience", "no-approver"]);
    let full = Manifest::parse(FULL.as_bytes()).unwrap();
    assert_eq!(
        codes(&full),
        ["execute", "weak-options", "host-backing", "shared-backing", "nameless-digest"]
    );
    for (from, to, code) in [
        ("    size: 64M", "", "no-size"),
        ("gpu-data-loader", "sysv-ipc-required", "category-mismatch"),
        ("2026-12-02T01:00:00+01:00", "2026-12-02T01:00:01+01:00", "long-emergency"),
        ("2026-12-02T01:00:00+01:00", "2027-03-01T00:00:01Z", "long-lifetime"),
        ("ticket: OPS-1234", "", "no-ticket"),
        ("[bob, carol]", "[bob, alice]", "self-approval"),
        ("build]", "\"*\"]", "open-audience"),
    ] {
        let manifest = Manifest::parse(changed(from, to).as_bytes()).unwrap();
        assert!(codes(&manifest).contains(&code), "{code}: {:?}", codes(&manifest));
        assert!(!codes(&full).contains(&code), "{code}");
    }
    for category in Category::ALL {
        let text = FULL.replace("gpu-data-loader", category.name());
        let manifest = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(manifest.category, category);
        let unfit = matches!(category, Category::SysvIpcRequired | Category::MessageQueueRequired);
        assert_eq!(codes(&manifest).contains(&"category-mismatch"), unfit, "{category}");
    }
}

#[test]
fn patterns_cover_whole_names_part_by_part() {
    for (pattern, covered, not) in [
        ("build", vec!["build", "BUILD"], vec!["build2", "build.example.org", "", "buil"]),
        ("*", vec!["a", "build"], vec!["a.b", ""]),
        ("ci-*", vec!["ci-", "ci-7"], vec!["ci", "ci-7.x", "xci-7"]),
        ("*.Example.org", vec!["a.example.org"], vec!["example.org", ".example.org", "a.b.example.org"]),
        ("*-ci.eu-*", vec!["x-ci.eu-1", "-ci.eu-"], vec!["x-ci", "x-ci.us-1"]),
    ] {
        let read: NamePattern = pattern.parse().unwrap();
        for name in covered {
            assert!(read.covers(name), "{pattern} and {name}");
        }
        for name in not {
            assert!(!read.covers(name), "{pattern} and {name}");
        }
    }
    for wrong in ["", ".", "a.", "a b", "a/b", "**", "*a*", "a*b", "ä", &"x".repeat(254)] {
        assert!(wrong.parse::<NamePattern>().is_err(), "{wrong}");
    }
}

#[test]
fn the_schema_says_what_is_read() {
    let schema = serde_json::to_value(schema()).unwrap();
    let full: serde_json::Value =
        serde_json::from_str(&Manifest::parse(FULL.as_bytes()).unwrap().to_json()).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    for (name, _) in full.as_object().unwrap() {
        assert!(properties.contains_key(name), "{name}");
        assert!(
            properties[name]["description"].is_string() || properties[name]["$ref"].is_string(),
            "{name}"
        );
    }
    assert_eq!(properties.len(), full.as_object().unwrap().len());
    assert_eq!(schema["additionalProperties"], false);
    let required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let mut needed: Vec<&str> = required.clone();
    needed.sort_unstable();
    assert_eq!(
        needed,
        ["category", "grants", "id", "notAfter", "notBefore", "requestedBy", "statement", "version"]
    );
    assert!(!schema.to_string().contains("null"), "{schema}");
}

fn words() -> impl Strategy<Value = String> {
    // A letter somewhere, and what YAML might take for something else.
    prop_oneof![
        "[a-z]{1,12}",
        "[ -~\n\t]{0,20}x[ -~\n]{0,20}",
        "\\PC{0,8}é\\PC{0,8}",
        prop::sample::select(vec![
            "true", "no", "0x1", "12", "1e5", "null", "~x", "- a", "a: b", "#a", "!a", "&a", "*a", "x\n"
        ])
        .prop_map(str::to_owned)
    ]
    .prop_filter("says something", |text| {
        text.chars().any(char::is_alphanumeric) && !text.contains('\u{feff}')
    })
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9@. '\"#:-]{0,10}[a-z0-9]",
        "[0-9]{1,5}",
        Just("true".to_owned()),
        Just("null".to_owned())
    ]
    .prop_filter("no blanks around", |text| text.trim() == text)
}

prop_compose! {
    fn manifests()(
        (id, statement, ticket, alternatives) in
            ("[A-Za-z0-9][A-Za-z0-9._-]{0,19}", words(), prop::option::of(words()), prop::collection::vec(words(), 0..3)),
        (requested_by, approved_by) in (names(), prop::collection::btree_set(names(), 0..4)),
        (agent, digest) in (prop::option::of(names()), prop::option::of("[0-9a-f]{64}")),
        category in prop::sample::select(Category::ALL.to_vec()),
        start in 0_u64..4_000_000_000,
        length in 1_u64..10_000_000,
        (max_uses, break_glass) in (prop::option::of(1_u64..u64::MAX), any::<bool>()),
        paths in prop::collection::btree_map("(/[ -~]{1,6}){1,3}", (0_u8..3, 0_u8..4, 1_u64..u64::MAX >> 2, any::<bool>()), 1..4),
    ) -> Option<Manifest> {
        let mut written: Written = serde_json::from_str(SMALL).unwrap();
        let grant = |(path, (access, backing, size, options)): (String, (u8, u8, u64, bool))| {
            let access = ["read", "read-write", "read-write-execute"][usize::from(access)];
            let backing = ["private", "dir", "shared", "host"][usize::from(backing)];
            let mut grant = serde_json::json!({"resource": path, "access": access, "backing": backing});
            match backing {
                "dir" => grant["path"] = "/srv/x y".into(),
                "shared" => grant["group"] = "1".into(),
                _ => {}
            }
            if matches!(backing, "private" | "dir") {
                grant["size"] = size.to_string().into();
                grant["inodes"] = size.into();
            }
            if options {
                grant["options"] = serde_json::json!(["nodev"]);
            }
            serde_json::from_value::<WrittenGrant>(grant).unwrap()
        };
        written.grants = paths.into_iter().map(grant).collect();
        (written.id, written.statement, written.ticket, written.alternatives) = (id, statement, ticket, alternatives);
        (written.requested_by, written.category) = (requested_by, category);
        written.approved_by = approved_by.into_iter().collect();
        (written.max_uses, written.break_glass) = (max_uses, break_glass);
        let digest = digest.map(|sha256| WrittenDigest { kind: DigestKind::Image, sha256, name: None });
        written.subject = (agent.is_some() || digest.is_some()).then(|| {
            let mut subject: denybox_core::justification::manifest::WrittenSubject = serde_json::from_str("{}").unwrap();
            (subject.agent, subject.digests) = (agent, digest.map(|digest| vec![digest]));
            subject
        });
        let manifest = written.check();
        // Two spellings of one path are the only fault that can come of this.
        if let Err(Faults(faults)) = &manifest {
            assert!(faults.iter().all(|fault| matches!(fault.problem, Problem::Repeated(_))), "{faults:?}");
        }
        let mut manifest = manifest.ok()?;
        (manifest.not_before, manifest.not_after) = (start, start + length);
        Some(manifest)
    }
}

proptest! {
    #[test]
    fn any_manifest_reads_back(manifest in manifests()) {
        let Some(manifest) = manifest else { return Ok(()) };
        for text in [manifest.to_json(), manifest.to_compact_json(), manifest.to_yaml()] {
            let again = Manifest::parse(text.as_bytes());
            prop_assert_eq!(again.as_ref(), Ok(&manifest), "{}", text);
            prop_assert_eq!(again.unwrap().to_compact_json(), manifest.to_compact_json());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = Manifest::parse(text.as_bytes());
        let _ = Manifest::parse(format!("{{{text}").as_bytes());
    }

    #[test]
    fn no_change_makes_it_panic(at in 0..FULL.len(), byte in any::<u8>(), cut in 0..FULL.len()) {
        let mut bytes = FULL.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = Manifest::parse(&bytes);
        bytes.truncate(cut);
        let _ = Manifest::parse(&bytes);
    }
}
