//! The shipped policy: its decisions as a table (policies/local/cases.json), its Rego tests, what it must never do, and
//! what happens when a policy goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use denybox_core::decision::{Caller, Decision, Host, INPUT_VERSION, Input, Reason, Verdict};
use denybox_core::path::AbsPath;
use denybox_core::policy::{Policy, PolicyError, answer_schema, input_schema};
use denybox_core::surface::{Exposure, Surface};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Loaded once: the property tests ask thousands of times.
fn shipped() -> &'static Policy {
    static SHIPPED: LazyLock<Policy> = LazyLock::new(Policy::shipped);
    &SHIPPED
}

fn policies() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies/local")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Exposures by name.
    bases: BTreeMap<String, Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// A base, and what to set in it: JSON pointers and values.
    exposures: Vec<(String, Map<String, Value>)>,
    reasons: Option<Vec<String>>,
    host: Option<Host>,
    version: Option<u32>,
    expect: Expected,
}

#[derive(Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Expected {
    Allow,
    #[serde(untagged)]
    Deny {
        /// Codes by the exposure's index.
        deny: BTreeMap<String, BTreeSet<String>>,
        general: BTreeSet<String>,
    },
}

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(read_table);
    &TABLE
}

fn read_table() -> Table {
    let mut value: Value =
        serde_json::from_str(&std::fs::read_to_string(policies().join("cases.json")).unwrap()).unwrap();
    // `["base"]` is short for `["base", {}]`.
    for case in value["cases"].as_array_mut().unwrap() {
        for exposure in case["exposures"].as_array_mut().unwrap() {
            let exposure = exposure.as_array_mut().unwrap();
            if exposure.len() == 1 {
                exposure.push(Value::Object(Map::new()));
            }
        }
    }
    serde_json::from_value(value).unwrap()
}

impl Table {
    fn exposure(&self, base: &str, changes: &Map<String, Value>) -> Exposure {
        let mut exposure = self.bases.get(base).unwrap_or_else(|| panic!("no base {base}")).clone();
        for (pointer, value) in changes {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            exposure
                .pointer_mut(parent)
                .and_then(Value::as_object_mut)
                .unwrap_or_else(|| panic!("{base} has no {pointer}"))
                .insert(key.to_owned(), value.clone());
        }
        serde_json::from_value(exposure).unwrap_or_else(|error| panic!("{base} with {changes:?}: {error}"))
    }

    fn input(&self, case: &Case) -> Input {
        let exposures = case.exposures.iter().map(|(base, changes)| self.exposure(base, changes)).collect();
        Input {
            version: case.version.unwrap_or(INPUT_VERSION),
            surface: Surface { exposures, controls: Vec::new() },
            reasons: case.reasons.clone().unwrap_or_else(|| vec!["because the test needs it".to_owned()]),
            host: case.host.clone().unwrap_or(Host { memory_bytes: 8 << 30, abstract_socket_scope: true }),
            caller: Caller { uid: 1000, home: Some(AbsPath::new("/home/u").unwrap()) },
            time: 1_800_000_000,
        }
    }
}

fn codes<'a>(reasons: impl IntoIterator<Item = &'a Reason>) -> BTreeSet<String> {
    reasons.into_iter().map(|reason| reason.code.clone()).collect()
}

/// What was decided, in the table's words.
fn decided(input: &Input, decision: &Decision) -> Expected {
    match decision {
        Decision::Allowed(allowed) => {
            assert_eq!(allowed.surface().exposures.len(), allowed.verdicts().len());
            assert!(allowed.verdicts().iter().all(|verdict| matches!(verdict, Verdict::Allow { .. })));
            Expected::Allow
        }
        Decision::Refused(refusal) => {
            assert!(refusal.reasons().count() > 0, "refused without a reason");
            let place = |exposure: &Exposure| {
                let same = |known: &Exposure| {
                    known.resource == exposure.resource
                        && known.role == exposure.role
                        && known.backing == exposure.backing
                };
                input.surface.exposures.iter().position(same).unwrap().to_string()
            };
            Expected::Deny {
                deny: refusal
                    .denials
                    .iter()
                    .map(|(exposure, reasons)| (place(exposure), codes(reasons)))
                    .collect(),
                general: codes(&refusal.general),
            }
        }
    }
}

#[test]
fn the_table_of_decisions() {
    let (table, policy) = (table(), shipped());
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for case in &table.cases {
        assert!(names.insert(&case.name), "two cases named {}", case.name);
        let input = table.input(case);
        let decision = policy.decide(&input);
        let got = decided(&input, &decision);
        if got != case.expect {
            wrong.push(format!("{}: expected {:?}, decided {got:?}\n{decision:#?}", case.name, case.expect));
        }
        let Decision::Refused(refusal) = decision else { continue };
        for (exposure, reasons) in &refusal.denials {
            for Reason { code, message, remedy } in reasons {
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
    let allowed = table.cases.iter().filter(|case| case.expect == Expected::Allow).count();
    println!("{} cases, {allowed} of them allowed", table.cases.len());
    assert!(table.cases.len() >= 40 && allowed >= 10);
}

fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// For every code that the policy can give, a case gives it: no denial goes untested.
#[test]
fn every_code_is_in_the_table() {
    let table = table();
    let tested: BTreeSet<String> = table
        .cases
        .iter()
        .filter_map(|case| match &case.expect {
            Expected::Allow => None,
            Expected::Deny { deny, general } => Some(deny.values().flatten().chain(general).cloned()),
        })
        .flatten()
        .collect();
    let rego = std::fs::read_to_string(policies().join("explain.rego")).unwrap();
    let known: BTreeSet<String> = rego
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            let code = line
                .strip_prefix("against contains [i, \"")
                .or_else(|| line.strip_prefix('"').filter(|line| line.contains("\": \"")))?;
            Some(code.split('"').next().unwrap().to_owned())
        })
        .collect();
    assert!(known.len() >= 15, "only {known:?}");
    let untested: Vec<&String> = known.difference(&tested).collect();
    assert!(untested.is_empty(), "no case for {untested:?}");
}

/// The remedies of the table's refusals, as a user would copy them.
#[test]
fn remedies() {
    let (table, policy) = (table(), shipped());
    let remedy = |name: &str| {
        let case = table.cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("{name}"));
        let Decision::Refused(refusal) = policy.decide(&table.input(case)) else {
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
        ("the host's sysv-shm", Some("--grant sysv-shm=private --because 'why it is needed'")),
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
    let case = table.cases.iter().find(|case| case.name == "grants of a byte too much").unwrap();
    let Decision::Refused(refusal) = shipped().decide(&table.input(case)) else { panic!("allowed") };
    let message = &refusal.reasons().find(|reason| reason.code == "over-budget").unwrap().message;
    for number in ["67108865", "268435456", "67108864"] {
        assert!(message.contains(number), "{number} is not in: {message}");
    }
}

/// Runs every `test_…` rule in policies/ through the engine.
#[test]
fn the_rego_tests() {
    let mut engine = regorus::Engine::new();
    let mut tests = Vec::new();
    for entry in std::fs::read_dir(policies()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rego") {
            continue;
        }
        let rego = std::fs::read_to_string(&path).unwrap();
        let package = rego.lines().find_map(|line| line.strip_prefix("package ")).unwrap().to_owned();
        let rules = rego.lines().filter(|line| line.starts_with("test_"));
        tests.extend(rules.map(|line| format!("data.{package}.{}", line.split(' ').next().unwrap())));
        engine.add_policy(path.display().to_string(), rego).unwrap();
    }
    assert!(tests.len() >= 10, "only {tests:?}");
    engine.set_enable_coverage(true);
    let mut failed = Vec::new();
    for test in &tests {
        match engine.eval_rule(test.clone()) {
            Ok(regorus::Value::Bool(true)) => {}
            other => failed.push(format!("{test}: {other:?}")),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    println!("{} Rego tests", tests.len());
    // The same engine, over the table: together they must reach every line of the policy.
    let table = table();
    for case in &table.cases {
        engine.set_input_json(&serde_json::to_string(&table.input(case)).unwrap()).unwrap();
        for rule in ["answer", "explained"] {
            engine.eval_rule(format!("data.denybox.local.{rule}")).unwrap();
        }
    }
    let report = engine.get_coverage_report().unwrap();
    for file in report.files.iter().filter(|file| !file.path.ends_with("_test.rego")) {
        assert!(!file.covered.is_empty(), "{}", file.path);
        assert!(file.not_covered.is_empty(), "lines never reached in {}: {:?}", file.path, file.not_covered);
    }
}

#[test]
fn the_schemas_describe_what_is_written() {
    let (input, answer) = (input_schema(), answer_schema());
    let properties = |schema: &schemars::Schema| -> BTreeSet<String> {
        schema.get("properties").and_then(Value::as_object).unwrap().keys().cloned().collect()
    };
    let table = table();
    let written = serde_json::to_value(table.input(&table.cases[0])).unwrap();
    let fields: BTreeSet<String> = written.as_object().unwrap().keys().cloned().collect();
    assert_eq!(properties(&input), fields);
    assert_eq!(properties(&answer), ["allow", "deny", "obligations"].map(str::to_owned).into());
    let text = serde_json::to_string(&input).unwrap();
    let again: Input = serde_json::from_value(written).unwrap();
    assert_eq!(again, table.input(&table.cases[0]));
    for word in ["\"Exposure\"", "abstract_socket_scope", "memory_bytes", "private"] {
        assert!(text.contains(word), "{word} is not in the schema");
    }
}

#[test]
fn what_was_allowed_is_what_was_asked() {
    let (table, policy) = (table(), shipped());
    let case = table.cases.iter().find(|case| case.name == "a socket below --ro").unwrap();
    let input = table.input(case);
    let Decision::Allowed(allowed) = policy.decide(&input) else { panic!("refused") };
    assert_eq!(allowed.surface().exposures, input.surface.exposures);
    assert_eq!(allowed.policy(), "local");
    let verdict = |rule: &str, obligations: &[&str]| Verdict::Allow {
        rule: rule.to_owned(),
        obligations: obligations.iter().map(|&text| text.to_owned()).collect(),
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

mod going_wrong {
    use super::*;

    fn ask(rego: &str) -> BTreeSet<String> {
        let rego = format!("package denybox.broken\n{rego}");
        let policy = Policy::from_sources("broken", vec![("broken.rego".to_owned(), rego)]).unwrap();
        let table = table();
        let case = table.cases.iter().find(|case| case.name == "the system, read-only").unwrap();
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
        refused_with("allowed", r#"answer := {"allow": {"any": [0]}, "deny": []}"#);
        refused_with("allowed", r#"answer := {"allow": {"any": {0}}, "deny": set(), "obligations": {}}"#);
    }

    #[test]
    fn no_answer() {
        refused_with("policy-error", "other := 1");
        refused_with(
            "policy-undefined",
            r#"answer := {"allow": {"any": [0]}, "deny": []} if input.no_such_thing"#,
        );
        refused_with("no-rule", r#"answer := {"allow": {}, "deny": []}"#);
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
            r#"{"allow": {"any": true}, "deny": []}"#,
            r#"{"allow": {"any": ["0"]}, "deny": []}"#,
            r#"{"allow": {"any": [0.5]}, "deny": []}"#,
            r#"{"allow": {"any": [-1]}, "deny": []}"#,
            r#"{"allow": {"any": [0]}}"#,
            r#"{"allow": {"any": [0]}, "deny": null}"#,
            r#"{"allow": {"any": [0]}, "deny": ["no"]}"#,
            r#"{"allow": {"any": [0]}, "deny": [], "denied": []}"#,
            r#"{"allow": {"any": [0]}, "deny": [{"index": null, "code": 1}]}"#,
        ] {
            refused_with("policy-error", &format!("answer := {answer}"));
        }
    }

    #[test]
    fn a_denial_wins() {
        refused_with("no", r#"answer := {"allow": {"any": [0]}, "deny": [{"index": 0, "code": "no"}]}"#);
        refused_with("no", r#"answer := {"allow": {"any": [0]}, "deny": [{"index": null, "code": "no"}]}"#);
        refused_with("policy-error", r#"answer := {"allow": {"any": [0, 1]}, "deny": []}"#);
        refused_with(
            "policy-error",
            r#"answer := {"allow": {"any": [0]}, "deny": [{"index": 7, "code": "no"}]}"#,
        );
    }

    #[test]
    fn explaining_changes_nothing() {
        let explained =
            r#"explained := [{"index": 0, "code": "no", "message": "never", "remedy": "give up"}]"#;
        refused_with("no", &format!("answer := {{\"allow\": {{}}, \"deny\": []}}\n{explained}"));
        refused_with(
            "allowed",
            &format!("answer := {{\"allow\": {{\"any\": [0]}}, \"deny\": []}}\n{explained}"),
        );
        refused_with("no-rule", "answer := {\"allow\": {}, \"deny\": []}\nexplained := true");
    }

    #[test]
    fn rules_that_conflict() {
        refused_with(
            "policy-error",
            "answer := {\"allow\": {\"any\": [0]}, \"deny\": []}\nanswer := {\"allow\": {}, \"deny\": []}",
        );
    }

    #[test]
    fn a_builtin_that_fails_or_is_missing() {
        refused_with("policy-error", r#"answer := {"allow": {"any": [to_number("x")]}, "deny": []}"#);
        refused_with("policy-error", r#"answer := {"allow": {"any": [no.such(1)]}, "deny": []}"#);
    }

    #[test]
    fn a_panic_in_the_engine() {
        refused_with(
            "policy-panicked",
            r#"answer := {"allow": {"any": [0]}, "deny": []} if strings.count(input.caller.home, "") > 0"#,
        );
    }

    #[test]
    fn an_evaluation_without_end() {
        let start = Instant::now();
        refused_with(
            "policy-error",
            r#"answer := {"allow": {"any": [0]}, "deny": []} if {
                some a in numbers.range(1, 3000)
                some b in numbers.range(1, 3000)
                a * b == -1
            }"#,
        );
        // The limit is 200 ms; this only tells an end from none.
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn sources_that_are_none() {
        let load = |name: &str, rego: &str| {
            Policy::from_sources(name, vec![("x.rego".to_owned(), rego.to_owned())]).err()
        };
        assert!(
            matches!(load("x", "package"), Some(PolicyError::Module { module, .. }) if module == "x.rego")
        );
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
}

// ------------------------------------------------------------------------------------------------ properties

/// Any case's exposures, mixed, with small changes.
fn any_input() -> impl Strategy<Value = Input> {
    let table = table();
    let pool: Vec<Exposure> = table
        .cases
        .iter()
        .flat_map(|case| case.exposures.iter().map(|(base, changes)| table.exposure(base, changes)))
        .collect();
    let reasons = prop::collection::vec(select(vec!["", " ", "it spills", "…", "7"]), 0..3);
    let memory = select(vec![0_u64, 64 << 20, 1 << 30, u64::MAX]);
    (prop::collection::vec(select(pool), 0..8), reasons, memory, any::<bool>()).prop_map(
        |(exposures, reasons, memory_bytes, abstract_socket_scope)| Input {
            version: INPUT_VERSION,
            surface: Surface { exposures, controls: Vec::new() },
            reasons: reasons.into_iter().map(str::to_owned).collect(),
            host: Host { memory_bytes, abstract_socket_scope },
            caller: Caller { uid: 1000, home: Some(AbsPath::new("/home/u").unwrap()) },
            time: 0,
        },
    )
}

/// An input that the policy allows: random ones seldom are.
fn allowed_input() -> impl Strategy<Value = Input> {
    let table = table();
    let pool: Vec<Exposure> = table
        .cases
        .iter()
        .filter(|case| case.expect == Expected::Allow && case.exposures.len() == 1)
        .map(|case| table.exposure(&case.exposures[0].0, &case.exposures[0].1))
        .collect();
    any_input().prop_flat_map(move |input| {
        prop::collection::vec(select(pool.clone()), 1..8).prop_map(move |exposures| Input {
            surface: Surface { exposures, controls: Vec::new() },
            reasons: vec!["it spills".to_owned()],
            host: Host { memory_bytes: u64::MAX, abstract_socket_scope: true },
            ..input.clone()
        })
    })
}

fn allows(input: &Input) -> bool {
    matches!(shipped().decide(input), Decision::Allowed(_))
}

/// Makes an exposure give less, in one way.
fn restrict(exposure: &mut Exposure, how: usize) {
    match how {
        0 => exposure.access.write = false,
        1 => exposure.access.read = false,
        2 => exposure.options.readonly = true,
        3 => exposure.options.nosuid = true,
        4 => exposure.options.nodev = true,
        _ => {
            exposure.access.execute = false;
            exposure.options.noexec = true;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("DENYBOX_FULL").is_some() { 2000 } else { 64 },
        ..ProptestConfig::default()
    })]

    /// What is allowed stays allowed when it gives less: nobody is pushed to ask for more.
    #[test]
    fn less_is_never_refused(input in allowed_input(), at: Index, how in 0_usize..6) {
        prop_assert!(allows(&input));
        let mut less = input.clone();
        let index = at.index(less.surface.exposures.len());
        restrict(&mut less.surface.exposures[index], how);
        prop_assert!(allows(&less), "{:?}", shipped().decide(&less));
    }

    /// A fact that speaks against an exposure never makes it allowed.
    #[test]
    fn a_restriction_on_what_is_accepted_never_widens(input in any_input(), at: Index, how in 0_usize..5) {
        prop_assume!(!input.surface.exposures.is_empty());
        let mut worse = input.clone();
        let index = at.index(worse.surface.exposures.len());
        let exposure = &mut worse.surface.exposures[index];
        match how {
            0 => exposure.related.push(serde_json::from_str(r#"{"how":"aliases","to":"/tmp","guard":"scratch"}"#).unwrap()),
            1 => exposure.limits.size = None,
            2 => exposure.sharing = denybox_core::surface::Sharing::Unknown,
            3 => exposure.directory = None,
            _ => worse.host.abstract_socket_scope = false,
        }
        if allows(&worse) {
            prop_assert!(allows(&input), "{worse:?}");
        }
    }

    #[test]
    fn the_order_does_not_matter((input, shuffled) in any_input().prop_flat_map(|input| {
        let order = Just(input.surface.exposures.clone()).prop_shuffle();
        (Just(input), order)
    })) {
        let other = Input { surface: Surface { exposures: shuffled, controls: Vec::new() }, ..input.clone() };
        let seen = |decision: Decision| match decision {
            Decision::Allowed(_) => None,
            Decision::Refused(refusal) => {
                let mut denials: Vec<String> = refusal.denials.iter().map(|denial| format!("{denial:?}")).collect();
                denials.sort();
                Some((denials, refusal.general))
            }
        };
        let policy = shipped();
        prop_assert_eq!(seen(policy.decide(&input)), seen(policy.decide(&other)));
    }

    /// An exposure that is refused alone is refused in any company, but for a socket, which what is shown around it
    /// makes reachable anyway.
    #[test]
    fn a_denial_always_wins(input in allowed_input(), bad in any_input(), at: Index) {
        let sockets = |input: &Input| input.surface.exposures.iter().any(|exposure| exposure.role == denybox_core::surface::Role::Socket);
        prop_assume!(!sockets(&bad));
        let bad = Input { reasons: input.reasons.clone(), host: input.host.clone(), ..bad };
        prop_assume!(!allows(&bad));
        let mut both = input.clone();
        let index = at.index(both.surface.exposures.len() + 1);
        let _ = both.surface.exposures.splice(index..index, bad.surface.exposures);
        prop_assert!(!allows(&both));
    }

    #[test]
    fn no_reason_never_allows_more(input in any_input()) {
        let mute = Input { reasons: Vec::new(), ..input.clone() };
        if allows(&mute) {
            prop_assert!(allows(&input));
        }
    }

    /// Whatever the texts are: an answer, no panic, and nothing unprintable in it.
    #[test]
    fn any_text_gets_an_answer(path in "/\\PC{0,40}[\\x00-\\x20]{0,2}", reason in any::<String>(), at: Index) {
        let table = table();
        let names: Vec<&String> = table.bases.keys().collect();
        let mut exposure = table.exposure(names[at.index(names.len())], &Map::new());
        let Ok(path) = AbsPath::new(&path) else { return Ok(()) };
        exposure.resource = denybox_core::resource::Resource::Path(path);
        let mut input = table.input(&table.cases[0]);
        input.surface.exposures = vec![exposure];
        input.reasons = vec![reason];
        if let Decision::Refused(refusal) = shipped().decide(&input) {
            for reason in refusal.reasons() {
                prop_assert!(!reason.message.contains(char::is_control), "{reason:?}");
                prop_assert!(!reason.code.starts_with("policy-"), "{reason:?}");
            }
        }
    }
}
