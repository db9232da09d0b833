//! Every case of policies/cases.json as a line of JSON, with what the embedded engine answers: for comparing it with other
//! engines. `cargo xtask test --tier policy` does.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "it is a part of the tests")]
#![allow(dead_code, reason = "the table has more to offer")]

#[path = "../tests/policy/table.rs"]
mod table;

use denybox_core::policy::opinion::document;
use denybox_core::policy::{Answer, Objection};
use serde::Serialize;

/// One case.
#[derive(Serialize)]
struct Answered<'a> {
    name: &'a str,
    policy: &'a str,
    question: serde_json::Value,
    answer: Answer,
    explained: Vec<Objection>,
}

fn main() {
    let table = table::table();
    for case in &table.cases {
        let input = table.input(case);
        // Each is asked of both policies: more questions for the same table.
        for policy in denybox_core::policy::Policy::SHIPPED {
            let (answer, explained) = table::policy(policy).answered(&input).unwrap();
            let question = serde_json::from_str(&document(&input).unwrap()).unwrap();
            let line = Answered { name: &case.name, policy, question, answer, explained };
            println!("{}", serde_json::to_string(&line).unwrap());
        }
    }
}
