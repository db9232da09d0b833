//! The table of decisions, policies/cases.json: exposures, justifications and the time, and what is decided of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use denybox_core::decision::{Caller, Decision, Host, INPUT_VERSION, Input, Reason, Verdict};
use denybox_core::justification::Presented;
use denybox_core::path::AbsPath;
use denybox_core::policy::Policy;
use denybox_core::surface::{Exposure, Surface};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A base by name, and what to set in it: JSON pointers and values.
pub type Changed = (String, Map<String, Value>);

/// The table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Exposures by name.
    pub exposures: BTreeMap<String, Value>,
    /// Justifications by name.
    pub justifications: BTreeMap<String, Value>,
    pub cases: Vec<Case>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// `local` where none is named.
    pub policy: Option<String>,
    pub exposures: Vec<Changed>,
    #[serde(default)]
    pub justifications: Vec<Changed>,
    pub reasons: Option<Vec<String>>,
    pub host: Option<Host>,
    pub time: Option<u64>,
    pub version: Option<u32>,
    /// For each exposure `allow RULE`, `allow RULE by JUSTIFICATION`, or `deny RULE: CODES`. Of what is refused along
    /// with others only the denials are told; `-` stands for the rest.
    pub expect: Vec<String>,
    /// Codes of what concerns no single exposure.
    #[serde(default)]
    pub general: BTreeSet<String>,
}

impl Case {
    pub fn is_allowed(&self) -> bool {
        self.general.is_empty() && self.expect.iter().all(|told| told.starts_with("allow "))
    }

    pub fn policy(&self) -> &'static Policy {
        policy(self.policy.as_deref().unwrap_or("local"))
    }
}

pub fn policies() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// A policy that ships, loaded once: the property tests ask thousands of times.
pub fn policy(name: &str) -> &'static Policy {
    static SHIPPED: LazyLock<BTreeMap<&str, Policy>> =
        LazyLock::new(|| Policy::SHIPPED.map(|name| (name, Policy::shipped(name).unwrap())).into());
    SHIPPED.get(name).unwrap_or_else(|| panic!("no policy {name}"))
}

/// The same, interpreted.
pub fn interpreted(name: &str) -> &'static Policy {
    static SHIPPED: LazyLock<BTreeMap<&str, Policy>> = LazyLock::new(|| {
        Policy::SHIPPED.map(|name| (name, Policy::shipped(name).unwrap().interpreted())).into()
    });
    SHIPPED.get(name).unwrap_or_else(|| panic!("no policy {name}"))
}

pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(read_table);
    &TABLE
}

fn read_table() -> Table {
    let mut value: Value =
        serde_json::from_str(&std::fs::read_to_string(policies().join("cases.json")).unwrap()).unwrap();
    // `["base"]` is short for `["base", {}]`.
    for case in value["cases"].as_array_mut().unwrap() {
        for list in ["exposures", "justifications"] {
            for changed in case.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                let changed = changed.as_array_mut().unwrap();
                if changed.len() == 1 {
                    changed.push(Value::Object(Map::new()));
                }
            }
        }
    }
    serde_json::from_value(value).unwrap()
}

impl Table {
    pub fn case(&self, name: &str) -> &Case {
        self.cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
    }

    pub fn exposure(&self, (base, changes): &Changed) -> Exposure {
        made(&self.exposures, base, changes)
    }

    pub fn justification(&self, (base, changes): &Changed) -> Presented {
        made(&self.justifications, base, changes)
    }

    pub fn input(&self, case: &Case) -> Input {
        Input {
            version: case.version.unwrap_or(INPUT_VERSION),
            surface: Surface {
                exposures: case.exposures.iter().map(|changed| self.exposure(changed)).collect(),
                controls: Vec::new(),
            },
            reasons: case.reasons.clone().unwrap_or_else(|| vec!["because the test needs it".to_owned()]),
            justifications: case.justifications.iter().map(|changed| self.justification(changed)).collect(),
            host: case.host.clone().unwrap_or(Host { memory_bytes: 8 << 30, abstract_socket_scope: true }),
            caller: Caller { uid: 1000, home: Some(AbsPath::new("/home/u").unwrap()) },
            time: case.time.unwrap_or(1_800_000_000),
        }
    }
}

fn made<T: DeserializeOwned>(bases: &BTreeMap<String, Value>, base: &str, changes: &Map<String, Value>) -> T {
    let mut made = bases.get(base).unwrap_or_else(|| panic!("no base {base}")).clone();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let place = made.pointer_mut(parent).unwrap_or_else(|| panic!("{base} has no {pointer}"));
        match place {
            Value::Object(object) => drop(object.insert(key.to_owned(), value.clone())),
            Value::Array(array) if key == "-" => array.push(value.clone()),
            Value::Array(array) => array[key.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{base}: nothing can be set in {other}"),
        }
    }
    serde_json::from_value(made).unwrap_or_else(|error| panic!("{base} with {changes:?}: {error}"))
}

pub fn codes<'a>(reasons: impl IntoIterator<Item = &'a Reason>) -> BTreeSet<String> {
    reasons.into_iter().map(|reason| reason.code.clone()).collect()
}

/// What was decided, in the table's words.
pub fn told(input: &Input, decision: &Decision) -> (Vec<String>, BTreeSet<String>) {
    match decision {
        Decision::Allowed(allowed) => {
            let told = allowed.verdicts().iter().map(|verdict| match verdict {
                Verdict::Allow { rule, justification: None, .. } => format!("allow {rule}"),
                Verdict::Allow { rule, justification: Some(place), .. } => format!("allow {rule} by {place}"),
                Verdict::Deny { .. } => panic!("a denial in {allowed:?}"),
            });
            assert_eq!(allowed.surface().exposures.len(), input.surface.exposures.len());
            (told.collect(), BTreeSet::new())
        }
        Decision::Refused(refusal) => {
            assert!(refusal.reasons().count() > 0, "refused without a reason");
            let mut told = vec!["-".to_owned(); input.surface.exposures.len()];
            for (exposure, reasons) in &refusal.denials {
                let same = |known: &Exposure| {
                    known.resource == exposure.resource
                        && known.role == exposure.role
                        && known.backing == exposure.backing
                };
                let place = input.surface.exposures.iter().position(same).unwrap();
                let rule = reasons.iter().find_map(|reason| reason.rule.as_deref()).unwrap_or("no-rule");
                let codes: Vec<String> = codes(reasons).into_iter().collect();
                told[place] = format!("deny {rule}: {}", codes.join(", "));
            }
            (told, codes(&refusal.general))
        }
    }
}
