//! Looking policies over, and what no policy may contain however it is loaded.

use std::collections::BTreeSet;

use denybox_core::decision::Decision;
use denybox_core::policy::check::{Finding, Severity, check};
use denybox_core::policy::{Policy, PolicyError, Sources};

use crate::table::{codes, table};

fn sources(rego: &str) -> Sources {
    let rego = format!("package denybox.mine\n{rego}");
    Sources { name: "mine".to_owned(), modules: vec![("mine.rego".to_owned(), rego)], tests: Vec::new() }
}

fn found(rego: &str) -> Vec<(u32, &'static str)> {
    check(&sources(rego)).into_iter().map(|Finding { line, code, .. }| (line, code)).collect()
}

const ANSWER: &str = r#"answer := {"allow": [], "deny": []}"#;

#[test]
fn what_ships_is_clean() {
    for name in Policy::SHIPPED {
        assert_eq!(check(&Sources::shipped(name).unwrap()), []);
    }
}

#[test]
fn answers_that_are_always_there() {
    for rego in [
        ANSWER,
        "default answer := {}\nanswer := input.x",
        "answer := {\"allow\": a | b, \"deny\": [c | some c in input.x]}\na contains 1 if input.x\nb := {2}",
        "answer := {\"allow\": o, \"deny\": d}\no[k] := 1 if some k in input.x\nd := c\ndefault c := []\nc := input.c",
        "import data.denybox.base.usual as all\nanswer := {\"allow\": all, \"deny\": []}",
        "import data.denybox.base\nanswer := {\"allow\": base.usual, \"deny\": data.denybox.justification.holding}",
    ] {
        assert_eq!(found(rego), [], "{rego}");
    }
}

#[test]
fn answers_that_may_be_missing() {
    for rego in [
        "other := 1",
        "answer := input.x",
        "answer := {\"allow\": [], \"deny\": []} if input.x",
        "answer := {\"allow\": a, \"deny\": []}\na := 1 if input.x",
        "answer := {\"allow\": a.b, \"deny\": []}\na := {}",
        "answer := {\"allow\": count(input.x), \"deny\": []}",
        "answer := {\"allow\": [1 + input.x], \"deny\": []}",
        "answer := a\na := b\nb := a",
        "answer(x) := x",
        "default answer(x) := 1",
        "answer := data.denybox.nowhere.x",
    ] {
        assert!(found(rego).iter().any(|(_, code)| *code == "undefined-answer"), "{rego}: {:?}", found(rego));
    }
}

#[test]
fn places_and_codes() {
    assert_eq!(found("\nanswer := {"), [(3, "syntax")]);
    assert_eq!(found(&format!("import data.denybox.nowhere\n{ANSWER}")), [(2, "import")]);
    assert_eq!(found(&format!("{ANSWER}\nidle := 1")), [(3, "unused-rule")]);
    assert_eq!(found(&format!("{ANSWER}\nexplained contains x if {{ not y; x := 1 }}")), [(3, "compile")]);
    let elsewhere = Sources {
        modules: vec![
            ("a.rego".to_owned(), format!("package denybox.mine\n{ANSWER}")),
            ("b.rego".to_owned(), "package other".to_owned()),
        ],
        ..sources("")
    };
    let findings = check(&elsewhere);
    assert!(
        matches!(&*findings, [Finding { code: "package", line: 1, severity: Severity::Error, .. }]),
        "{findings:?}"
    );
    let unnamed = Sources { name: "No".to_owned(), ..sources(ANSWER) };
    assert!(matches!(&*check(&unnamed), [Finding { code: "name", .. }]));
    let panicking = "answer := \u{0}";
    assert!(!found(panicking).is_empty());
}

/// What no policy may contain: refused by `check`, and by loading it.
#[test]
fn what_is_forbidden() {
    let refused = [
        "x := http.send({})",
        "x := time.now_ns()",
        "x := rand.intn(\"a\", 3)",
        "x := opa.runtime()",
        "x := net.lookup_ip_addr(\"example.com\")",
        "x if trace(\"x\")",
        "x if print(1)",
        "x := numbers.range(1, 1000000)",
        "x := numbers[\"range\"](1, 1000000)",
        "x := [y | some i in [1]; y := {z: 1 | z := numbers.range(1, i)[_]}]",
        "x(numbers.range(1, 2)[0]) := 1",
        "x := 1 if { true } else := numbers.range(1, 9)",
        "default x := {}\nx[numbers.range(1, 9)[0]] := 1",
        "x contains numbers.range(1, 9)",
        "x if every y in numbers.range(1, 9) { y }",
        "x if not trace(\"y\")",
        "trace(x) := x\ny := trace(1)",
        "x := net.cidr_expand(\"10.0.0.0/8\")",
        "x := bits.lsh(1, 1000000000)",
        "x := sprintf(\"%999999999d\", [1])",
        "x := sprintf(input.caller.home, [1])",
        "x := no.such(1)",
        "x := nothing(1)",
        "x if lower(\"a\") == \"b\" with lower as trace",
        "x if data.denybox.mine.y with data.denybox.mine.y as 1\ny := 2",
        "x if input.y with input.y as 1",
    ];
    for rego in refused {
        let rego = format!("{ANSWER}\n{rego}");
        assert!(
            found(&rego).iter().any(|(line, code)| *code == "builtin" && *line > 2),
            "{rego}: {:?}",
            found(&rego)
        );
        let loaded = sources(&rego).into_policy();
        assert!(matches!(loaded, Err(PolicyError::Forbidden(_))), "{rego}: {loaded:?}");
    }
    // The control: the like of it that is allowed.
    for rego in ["x := sprintf(\"%3d %%\", [1])", "x := f(1)\nf(y) := lower(y)", "x := bits.rsh(1024, 2)"] {
        sources(&format!("{ANSWER}\n{rego}")).into_policy().unwrap();
    }
}

/// A policy of one's own on top of what ships.
#[test]
fn a_policy_that_stands_on_base() {
    let mine = sources(
        "import data.denybox.base.usual\nimport data.denybox.base.obligations\nanswer := {\"allow\": usual, \"deny\": [], \"obligations\": obligations}",
    );
    assert_eq!(check(&mine), []);
    let policy = mine.clone().into_policy().unwrap();
    assert_eq!(policy.name(), "mine");
    assert!(policy.modules().iter().any(|(module, _)| module == "policies/base/decide.rego"));
    let table = table();
    let decide = |name: &str| policy.decide(&table.input(table.case(name)));
    assert!(matches!(decide("the system, read-only"), Decision::Allowed(_)));
    let Decision::Refused(refusal) = decide("--ro of /dev/shm") else { panic!("allowed") };
    assert_eq!(codes(refusal.reasons()), BTreeSet::from(["no-rule".to_owned()]));
    // One that defines the package itself gets nothing of what ships.
    let own = Sources {
        modules: vec![
            mine.modules[0].clone(),
            (
                "base.rego".to_owned(),
                "package denybox.base\nusual contains [0, \"any\", null]\nobligations := {}".to_owned(),
            ),
        ],
        ..mine.clone()
    };
    assert_eq!(own.clone().into_policy().unwrap().modules().len(), 2);
    assert_ne!(own.revision(), mine.revision());
    assert_eq!(own.roots().unwrap(), ["denybox/base", "denybox/mine"].map(str::to_owned).into());
}

/// The list of builtins in the documentation is the list.
#[test]
fn the_builtins_are_documented() {
    let text = std::fs::read_to_string(crate::table::policies().join("../docs/policy.md")).unwrap();
    let told: BTreeSet<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("## Builtins"))
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with("- "))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    let real = denybox_core::policy::builtins::ALLOWED.iter().copied();
    let real: BTreeSet<&str> = real.filter(|name| !name.starts_with("__")).collect();
    assert_eq!(told, real);
}
