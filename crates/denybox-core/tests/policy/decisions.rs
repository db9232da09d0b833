//! The table of decisions, run.

use std::collections::BTreeSet;

use denybox_core::decision::{Decision, Input, Reason, Verdict};
use denybox_core::policy::Policy;

use crate::table::{interpreted, policies, policy, table, told};

#[test]
fn the_table_of_decisions() {
    let table = table();
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for case in &table.cases {
        assert!(names.insert(&case.name), "two cases named {}", case.name);
        let input = table.input(case);
        let decision = case.policy().decide(&input);
        let (expect, general) = told(&input, &decision);
        if (&expect, &general) != (&case.expect, &case.general) {
            wrong.push(format!("{}: decided {expect:?} {general:?}\n{decision:#?}", case.name));
        }
        let Decision::Refused(refusal) = decision else { continue };
        for (exposure, reasons) in &refusal.denials {
            for Reason { code, message, remedy, .. } in reasons {
                let named = message.starts_with(&format!("{}: ", printable(&exposure.resource.to_string())));
                let clean = !message.contains(char::is_control)
                    && !remedy.as_deref().unwrap_or_default().contains(char::is_control);
                if !named || !clean || message.contains("refused (") || code == "policy-error" {
                    wrong.push(format!("{}: {code}: {message:?} {remedy:?}", case.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), table.cases.len(), wrong.join("\n"));
    let allowed = table.cases.iter().filter(|case| case.is_allowed()).count();
    println!("{} cases, {allowed} of them allowed", table.cases.len());
    assert!(table.cases.len() >= 150 && allowed >= 40);
}

fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// The compiled form and the interpreter agree on every case, under either policy.
#[test]
fn compiled_and_interpreted_agree() {
    let table = table();
    for case in &table.cases {
        let input = table.input(case);
        for name in Policy::SHIPPED {
            let (compiled, interpreted) = (policy(name).decide(&input), interpreted(name).decide(&input));
            assert_eq!(told(&input, &compiled), told(&input, &interpreted), "{name}: {}", case.name);
        }
    }
}

/// For every code that a policy can give, a case gives it: no denial goes untested.
#[test]
fn every_code_is_in_the_table() {
    let given = |policy: Option<&str>| -> BTreeSet<&str> {
        let asked = |name: &str| policy.is_none_or(|policy| policy == name);
        let cases = table().cases.iter().filter(|case| asked(case.policy().name()));
        let denials = cases.flat_map(|case| case.expect.iter()).filter_map(|told| told.split_once(": "));
        denials.flat_map(|(_, codes)| codes.split(", ")).collect()
    };
    let mut known = 0;
    for (directory, tested) in
        [("base", given(None)), ("local", given(Some("local"))), ("strict", given(Some("strict")))]
    {
        let codes = codes_in_rego(directory);
        let untested: Vec<&String> = codes.iter().filter(|code| !tested.contains(code.as_str())).collect();
        assert!(untested.is_empty(), "{directory}: no case for {untested:?}");
        known += codes.len();
    }
    assert!(known >= 35, "only {known}");
}

/// The codes of refusals, as the Rego in a directory writes them: heads of rules that gather objections, and the lists of
/// words for some.
fn codes_in_rego(directory: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for file in std::fs::read_dir(policies().join(directory)).unwrap() {
        let rego = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in rego.lines() {
            let head = ["shape", "against", "lacking"];
            let head = head.iter().any(|set| line.starts_with(&format!("{set} contains [")));
            let listed = ["lacking(", "uncovered(", "} else := [", "} else := {\""];
            let listed = listed.iter().any(|start| line.starts_with(start))
                && line.contains('"')
                && !line.contains("told");
            if head || listed {
                codes.extend(
                    line.split('"').nth(1).filter(|text| text.contains('-') || head).map(str::to_owned),
                );
            }
        }
    }
    codes
}

/// The remedies of the table's refusals, as a user would copy them.
#[test]
fn remedies() {
    let table = table();
    let remedy = |name: &str| {
        let case = table.case(name);
        let Decision::Refused(refusal) = case.policy().decide(&table.input(case)) else {
            panic!("{name} is allowed")
        };
        refusal.reasons().find_map(|reason| reason.remedy.clone())
    };
    for (name, expected) in [
        ("a scratch without a reason", Some("--because 'why it is needed'")),
        ("an unsized scratch", Some("--scratch 64M")),
        ("the host's network without it", Some("--net none")),
        ("a directory that others can list", Some("chmod 0700 /srv/agent")),
        ("a file in place of a directory", Some("install -d -m 0700 /srv/agent")),
        ("--ro of /dev/shm", Some("--scratch 64M --because 'why it is needed'")),
        ("/tmp backed by host", Some("--grant /tmp=private,size=64M --because 'why it is needed'")),
        ("the host's sysv-shm", Some("--grant sysv-shm=private")),
        ("an executable directory", Some("--grant /tmp=private,size=64M,exec")),
        ("grants of a byte too much", Some("--scratch 64M")),
        ("two grants that are too much together", None),
        ("a socket beside --ro", Some("--ro /srv/database.sock")),
        ("a directory that may be another, with the wrong mode", Some(r"chmod 0700 '/srv/it'\''s'")),
        // What can't be printed can't be copied.
        ("a path with shell and terminal escapes", None),
        ("a path with format directives", Some("--grant /srv/%s%d%v=private,size=64M")),
    ] {
        assert_eq!(remedy(name).as_deref(), expected, "{name}");
    }
}

#[test]
fn the_budget_names_its_numbers() {
    let table = table();
    let case = table.case("grants of a byte too much");
    let Decision::Refused(refusal) = case.policy().decide(&table.input(case)) else { panic!("allowed") };
    let message = &refusal.reasons().find(|reason| reason.code == "over-budget").unwrap().message;
    for number in ["67108865", "268435456", "67108864"] {
        assert!(message.contains(number), "{number} is not in: {message}");
    }
}

/// Every condition of the rules that allow counts: without it, the table comes out differently.
#[test]
fn no_condition_is_idle() {
    let table = table();
    let read = |name: &str| (name.to_owned(), std::fs::read_to_string(policies().join(name)).unwrap());
    let (mut tried, mut idle) = (0, BTreeSet::new());
    let mut first = true;
    for name in Policy::SHIPPED {
        let cases: Vec<Input> = table
            .cases
            .iter()
            .filter(|case| case.policy().name() == name)
            .map(|case| table.input(case))
            .collect();
        let sources =
            [read("base/decide.rego"), read("base/justification.rego"), read(&format!("{name}/decide.rego"))];
        let load = |changed: usize, rego: &str| {
            let sources = sources.iter().enumerate().map(|(index, (name, source))| {
                (name.clone(), if index == changed { rego.to_owned() } else { source.clone() })
            });
            Policy::from_sources(name, sources.collect())
        };
        let outcome = |policy: &Policy, input: &Input| match policy.decide(input) {
            Decision::Allowed(allowed) => Some(allowed.verdicts().iter().map(rule).collect::<Vec<_>>()),
            Decision::Refused(_) => None,
        };
        let whole = load(0, &sources[0].1).unwrap();
        let expected: Vec<_> = cases.iter().map(|input| outcome(&whole, input)).collect();
        let mut needless = BTreeSet::new();
        for (changed, (module, source)) in sources.iter().enumerate() {
            for (number, line) in source.lines().enumerate() {
                // A condition: indented, neither a binding nor part of a value.
                let condition = line.strip_prefix('\t').filter(|text| {
                    !text.starts_with(['"', '\t', '#', ')', '[', ']', '}'])
                        && !text.starts_with("some ")
                        && !text.ends_with(['{', ','])
                });
                let Some(condition) = condition else { continue };
                let without: Vec<&str> = source
                    .lines()
                    .enumerate()
                    .filter(|(other, _)| *other != number)
                    .map(|(_, line)| line)
                    .collect();
                // A rule that is left without any condition doesn't parse; its only condition can't be idle.
                let Ok(policy) = load(changed, &without.join("\n")) else { continue };
                tried += 1;
                if cases.iter().zip(&expected).all(|(input, expected)| outcome(&policy, input) == *expected) {
                    needless.insert(format!("{module}:{}: {condition}", number + 1));
                }
            }
        }
        // What is shared must matter to one of them.
        let own = format!("{name}/");
        let (own, shared): (BTreeSet<_>, BTreeSet<_>) =
            needless.into_iter().partition(|line| line.starts_with(&own));
        let before: BTreeSet<String> =
            idle.iter().filter(|line: &&String| !line.starts_with("base/")).cloned().collect();
        let shared = if first { shared } else { idle.intersection(&shared).cloned().collect() };
        idle = before.into_iter().chain(own).chain(shared).collect();
        first = false;
    }
    println!("{tried} conditions taken away");
    assert!(tried >= 100);
    assert!(idle.is_empty(), "no case needs:\n{}", idle.into_iter().collect::<Vec<_>>().join("\n"));
}

fn rule(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Allow { rule, .. } | Verdict::Deny { rule, .. } => rule.clone(),
    }
}
