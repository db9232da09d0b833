//! Questions that are posed as documents.

use denybox_core::decision::{Decision, Verdict};
use denybox_core::policy::opinion::PosedError;
use denybox_core::policy::question::Question;
use serde_json::{Value, json};

use crate::table::{Case, policy, table};

fn question(case: &Case) -> Value {
    serde_json::to_value(Question::new(&table().input(case))).unwrap()
}

/// What is said to the document is what is decided about the input.
#[test]
fn a_document_is_judged_as_the_input_would_be() {
    let table = table();
    for case in &table.cases {
        let opinion = case.policy().consider(&question(case).to_string()).unwrap();
        assert_eq!(opinion.policy, case.policy().name());
        match case.policy().decide(&table.input(case)) {
            Decision::Allowed(allowed) => {
                assert!(opinion.allowed, "{}", case.name);
                let said: Vec<&Verdict> = opinion.exposures.iter().map(|said| &said.verdict).collect();
                assert_eq!(said, allowed.verdicts().iter().collect::<Vec<_>>(), "{}", case.name);
            }
            Decision::Refused(refusal) => {
                assert!(!opinion.allowed, "{}", case.name);
                assert_eq!(opinion.general, refusal.general);
                let denied = opinion.exposures.iter().filter_map(|said| match &said.verdict {
                    Verdict::Deny { reasons, .. } => Some((&said.resource, reasons)),
                    Verdict::Allow { .. } => None,
                });
                let told = refusal.denials.iter().map(|(exposure, reasons)| (&exposure.resource, reasons));
                assert_eq!(denied.collect::<Vec<_>>(), told.collect::<Vec<_>>(), "{}", case.name);
            }
        }
    }
}

/// Nothing in a document goes unread: a field more, a field less, another place.
#[test]
fn documents_that_are_none() {
    let table = table();
    let whole = question(table.case("--ro of /dev/shm"));
    let policy = policy("local");
    assert!(policy.consider(&whole.to_string()).is_ok());
    let mut pointers = Vec::new();
    places(&whole, String::new(), &mut pointers);
    assert!(pointers.len() > 30);
    for pointer in &pointers {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut less = whole.clone();
        less.pointer_mut(parent).and_then(Value::as_object_mut).unwrap().remove(name);
        assert!(policy.consider(&less.to_string()).is_err(), "without {pointer}");
        let mut more = whole.clone();
        if let Some(Value::Object(object)) = more.pointer_mut(pointer)
            && pointer != "/controls"
        {
            object.insert("surprise".to_owned(), Value::Null);
            assert!(policy.consider(&more.to_string()).is_err(), "{pointer} with a field more");
        }
    }
    for (pointer, value) in [
        ("/surface/read_only/0/index", json!(1)),
        ("/surface/read_only/0/index", json!(0.0)),
        ("/surface/read_only/0/role", json!("system")),
        ("/surface/read_only/0/backing/kind", json!("sealed")),
        ("/surface/read_only/0/resource", json!("relative")),
        ("/surface/read_only/0/resource", json!("/dev/../dev/shm")),
        ("/time", json!("now")),
        ("/controls", json!({"seccomp": 1})),
    ] {
        let mut other = whole.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        assert!(policy.consider(&other.to_string()).is_err(), "{pointer}: {other}");
    }
    let twice = whole.to_string().replace("\"controls\":{}", r#""controls":{"x":true,"x":false}"#);
    assert!(matches!(policy.consider(&twice), Err(PosedError::Unreadable(why)) if why.contains("twice")));
    assert!(policy.consider("{").is_err());
}

/// Pointers to everything that stands in an object.
fn places(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let below = format!("{at}/{name}");
                found.push(below.clone());
                places(value, below, found);
            }
        }
        Value::Array(array) => {
            for (place, value) in array.iter().enumerate() {
                places(value, format!("{at}/{place}"), found);
            }
        }
        _ => {}
    }
}
