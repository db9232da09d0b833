//! Policies that don't load, fail, panic, go on for ever or answer with something else: all of them refuse.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use denybox_core::decision::Decision;
use denybox_core::policy::{Policy, PolicyError};

use crate::table::{codes, table};

fn ask(rego: &str) -> BTreeSet<String> {
    let rego = format!("package denybox.broken\n{rego}");
    let policy = Policy::from_sources("broken", vec![("broken.rego".to_owned(), rego)]).unwrap();
    let table = table();
    let case = table.case("the system, read-only");
    match policy.decide(&table.input(case)) {
        Decision::Allowed(_) => ["allowed".to_owned()].into(),
        Decision::Refused(refusal) => codes(refusal.reasons()),
    }
}

#[track_caller]
fn refused_with(code: &str, rego: &str) {
    assert_eq!(ask(rego), [code.to_owned()].into(), "{rego}");
}

#[test]
fn a_good_answer_allows() {
    refused_with("allowed", r#"answer := {"allow": [[0, "any", null]], "deny": []}"#);
    refused_with("allowed", r#"answer := {"allow": {[0, "any"]}, "deny": set(), "obligations": {}}"#);
}

#[test]
fn no_answer() {
    refused_with("policy-error", "other := 1");
    refused_with(
        "policy-undefined",
        r#"answer := {"allow": [[0, "any", null]], "deny": []} if input.no_such_thing"#,
    );
    refused_with("no-rule", r#"answer := {"allow": [], "deny": []}"#);
}

#[test]
fn an_answer_of_another_kind() {
    for answer in [
        "true",
        "1",
        r#""allow""#,
        "null",
        "[]",
        "{}",
        r#"{"allow": true, "deny": []}"#,
        r#"{"allow": [true], "deny": []}"#,
        r#"{"allow": [[0]], "deny": []}"#,
        r#"{"allow": [[0, "any", null, null]], "deny": []}"#,
        r#"{"allow": [[0, "any", 0]], "deny": []}"#,
        r#"{"allow": [[0, "any", "0"]], "deny": []}"#,
        r#"{"allow": [[0, 7, null]], "deny": []}"#,
        r#"{"allow": [[0, "any", null]], "deny": [], "obligations": []}"#,
        r#"{"allow": [["0", "any", null]], "deny": []}"#,
        r#"{"allow": [[0.5, "any", null]], "deny": []}"#,
        r#"{"allow": [[-1, "any", null]], "deny": []}"#,
        r#"{"allow": [[0, "any", null]]}"#,
        r#"{"allow": [[0, "any", null]], "deny": null}"#,
        r#"{"allow": [[0, "any", null]], "deny": ["no"]}"#,
        r#"{"allow": [[0, "any", null]], "deny": [], "denied": []}"#,
        r#"{"allow": [[0, "any", null]], "deny": [{"index": null, "code": 1}]}"#,
    ] {
        refused_with("policy-error", &format!("answer := {answer}"));
    }
}

#[test]
fn a_denial_wins() {
    refused_with("no", r#"answer := {"allow": [[0, "any", null]], "deny": [{"index": 0, "code": "no"}]}"#);
    refused_with("no", r#"answer := {"allow": [[0, "any", null]], "deny": [{"index": null, "code": "no"}]}"#);
    refused_with("policy-error", r#"answer := {"allow": [[0, "any"], [1, "any"]], "deny": []}"#);
    refused_with(
        "policy-error",
        r#"answer := {"allow": [[0, "any", null]], "deny": [{"index": 7, "code": "no"}]}"#,
    );
}

#[test]
fn explaining_changes_nothing() {
    let explained = r#"explained := [{"index": 0, "code": "no", "message": "never", "remedy": "give up"}]"#;
    refused_with("no", &format!("answer := {{\"allow\": [], \"deny\": []}}\n{explained}"));
    refused_with(
        "allowed",
        &format!("answer := {{\"allow\": [[0, \"any\", null]], \"deny\": []}}\n{explained}"),
    );
    refused_with("no-rule", "answer := {\"allow\": [], \"deny\": []}\nexplained := true");
}

#[test]
fn rules_that_conflict() {
    refused_with(
        "policy-error",
        "answer := {\"allow\": [[0, \"any\", null]], \"deny\": []}\nanswer := {\"allow\": [], \"deny\": []}",
    );
}

#[test]
fn a_builtin_that_fails() {
    refused_with("policy-error", r#"answer := {"allow": [[to_number("x"), "any"]], "deny": []}"#);
}

#[test]
fn a_panic_in_the_engine() {
    refused_with(
        "policy-panicked",
        r#"answer := {"allow": [[0, "any", null]], "deny": []} if strings.count(input.caller.home, "") > 0"#,
    );
}

#[test]
fn an_evaluation_without_end() {
    let start = Instant::now();
    refused_with(
        "policy-error",
        r#"answer := {"allow": [[0, "any", null]], "deny": []} if {
            ten := [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
            some a in ten
            some b in ten
            some c in ten
            some d in ten
            some e in ten
            some f in ten
            some g in ten
            a * b * c * d * e * f * g == -1
        }"#,
    );
    // The limit is a second; this only tells an end from none.
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn sources_that_are_none() {
    let load = |name: &str, rego: &str| {
        Policy::from_sources(name, vec![("x.rego".to_owned(), rego.to_owned())]).err()
    };
    assert!(matches!(load("x", "package"), Some(PolicyError::Module { module, .. }) if module == "x.rego"));
    assert!(matches!(load("x", ""), Some(PolicyError::Module { .. })));
    for name in ["", "X", "a.b", "a b", "1", "a\"]", "_"] {
        assert!(matches!(load(name, "package denybox.x"), Some(PolicyError::Name(_))), "{name}");
    }
    assert!(load("x", "package denybox.x").is_none());
}

#[test]
fn a_policy_without_sources() {
    let policy = Policy::from_sources("empty", Vec::new()).unwrap();
    let table = table();
    let decision = policy.decide(&table.input(&table.cases[0]));
    assert!(matches!(decision, Decision::Refused(_)));
}
