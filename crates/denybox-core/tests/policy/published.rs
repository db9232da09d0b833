//! What is published of questions and answers.

use std::collections::BTreeSet;

use denybox_core::decision::{Decision, Input, Verdict};
use denybox_core::policy::question::Question;
use denybox_core::policy::{answer_schema, input_schema};
use serde_json::Value;

use crate::table::table;

#[test]
fn the_schemas_describe_what_is_written() {
    let (input, answer) = (input_schema(), answer_schema());
    let properties = |schema: &schemars::Schema| -> BTreeSet<String> {
        schema.get("properties").and_then(Value::as_object).unwrap().keys().cloned().collect()
    };
    let table = table();
    let asked = table.input(&table.cases[0]);
    let written = serde_json::to_value(Question::new(&asked)).unwrap();
    let fields: BTreeSet<String> = written.as_object().unwrap().keys().cloned().collect();
    assert_eq!(properties(&input), fields);
    assert_eq!(properties(&answer), ["allow", "deny", "obligations"].map(str::to_owned).into());
    let text = serde_json::to_string(&input).unwrap();
    for word in ["\"Asked\"", "abstract_socket_scope", "memory_bytes", "private", "signers_required"] {
        assert!(text.contains(word), "{word} is not in the schema");
    }
}

#[test]
fn what_was_allowed_is_what_was_asked() {
    let table = table();
    let case = table.case("a socket below --ro");
    let policy = case.policy();
    let input = table.input(case);
    let Decision::Allowed(allowed) = policy.decide(&input) else { panic!("refused") };
    assert_eq!(allowed.surface().exposures, input.surface.exposures);
    assert_eq!(allowed.policy(), "local");
    let verdict = |rule: &str, obligations: &[&str]| Verdict::Allow {
        rule: rule.to_owned(),
        obligations: obligations.iter().map(|&text| text.to_owned()).collect(),
        justification: None,
    };
    assert_eq!(
        allowed.verdicts(),
        [verdict("shown-read-only", &[]), verdict("reported-socket", &["report"])]
    );
    let again = policy.decide(&input);
    assert!(matches!(&again, Decision::Allowed(second) if second.id() == allowed.id()));
    let later = Input { time: input.time + 1, ..input };
    assert!(matches!(policy.decide(&later), Decision::Allowed(other) if other.id() != allowed.id()));
}
