//! What a Rego policy must answer, and how an answer becomes verdicts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::{Reason, Verdict};
use crate::surface::Exposure;

/// The value of a policy's rule `answer`. Anything that doesn't fit this exactly is a refusal.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// One for each exposure, in any order.
    pub verdicts: Vec<Judgement>,
    /// What speaks against the surface but concerns no single exposure. Anything here refuses it.
    pub general: Vec<Objection>,
}

/// What a policy says about one exposure.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// Which exposure: its index in `input.surface.exposures`.
    pub index: usize,
    /// Whether it is granted. Must be a boolean.
    pub allow: bool,
    /// The name of the rule that was applied.
    pub rule: String,
    /// What must be done along with a grant.
    #[serde(default)]
    pub obligations: Vec<String>,
    /// What speaks against it. A grant with an objection to it is a refusal.
    #[serde(default)]
    pub reasons: Vec<Objection>,
}

/// Something that speaks against an exposure or a surface.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// A stable kebab-case name.
    pub code: String,
    /// What is missing, for people. Without one the policy's `explained` is looked up.
    #[serde(default)]
    pub message: Option<String>,
    /// The smallest thing that would help, as a fragment of a command line.
    #[serde(default)]
    pub remedy: Option<String>,
}

/// One element of a policy's rule `explained`: what an objection without a message means. It is asked for only when
/// something is refused, and can't change a decision.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// Which exposure; null for the surface.
    pub index: Option<usize>,
    /// The objection's code.
    pub code: String,
    /// What is missing, for people.
    pub message: String,
    /// The smallest thing that would help, as a fragment of a command line.
    #[serde(default)]
    pub remedy: Option<String>,
}

impl Answer {
    /// Whether an objection has no message of its own.
    pub(super) fn needs_explaining(&self) -> bool {
        self.verdicts
            .iter()
            .flat_map(|judgement| &judgement.reasons)
            .chain(&self.general)
            .any(|objection| objection.message.is_none())
    }

    /// A verdict for each of `exposures`, and the reasons that concern none of them.
    pub(super) fn into_verdicts(
        self,
        exposures: &[Exposure],
        explained: &[Explained],
    ) -> (Vec<Verdict>, Vec<Reason>) {
        let mut general = reasons(self.general, None, "the surface", explained);
        let mut slots: Vec<Option<Verdict>> = exposures.iter().map(|_| None).collect();
        for judgement in self.verdicts {
            let index = judgement.index;
            match (slots.get_mut(index), exposures.get(index)) {
                (Some(slot @ None), Some(exposure)) => {
                    *slot = Some(judgement.into_verdict(&exposure.resource.to_string(), explained));
                }
                (Some(slot), _) => *slot = Some(unclear("the policy gave more than one verdict on it")),
                (None, _) => general.push(Reason::new(
                    "policy-error",
                    format!("the policy judged exposure {index} of {}", exposures.len()),
                )),
            }
        }
        let verdicts = slots
            .into_iter()
            .map(|slot| slot.unwrap_or_else(|| unclear("the policy gave no verdict on it")))
            .collect();
        (verdicts, general)
    }
}

impl Judgement {
    fn into_verdict(self, resource: &str, explained: &[Explained]) -> Verdict {
        let Self { index, allow, rule, obligations, reasons: objections } = self;
        let mut reasons = reasons(objections, Some(index), resource, explained);
        if allow && reasons.is_empty() {
            return Verdict::Allow { rule, obligations };
        }
        if reasons.is_empty() {
            let message = format!("{resource}: the rule {rule} refuses it without saying why");
            reasons.push(printable(Reason::new("no-reason-given", message)));
        }
        Verdict::Deny { rule, reasons }
    }
}

/// The reasons that `objections` to `resource` make: never fewer than one for each.
fn reasons(
    objections: Vec<Objection>,
    index: Option<usize>,
    resource: &str,
    explained: &[Explained],
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for Objection { code, message, remedy } in objections {
        if let Some(message) = message {
            reasons.push(printable(Reason { code, message, remedy }));
            continue;
        }
        let before = reasons.len();
        reasons.extend(explained.iter().filter(|text| text.index == index && text.code == code).map(
            |text| {
                printable(Reason {
                    code: code.clone(),
                    message: text.message.clone(),
                    remedy: text.remedy.clone(),
                })
            },
        ));
        if reasons.len() == before {
            let message = format!("{resource}: refused ({code})");
            reasons.push(printable(Reason { code, message, remedy }));
        }
    }
    reasons.sort();
    reasons.dedup();
    reasons
}

/// The verdict where a policy gave none that counts.
fn unclear(why: &str) -> Verdict {
    Verdict::Deny { rule: "no-rule".to_owned(), reasons: vec![Reason::new("no-verdict", why)] }
}

/// Makes a reason safe to print: names from the host may hold terminal escapes. A remedy that would have to be
/// altered could do something else than it says, so it is dropped.
pub(super) fn printable(reason: Reason) -> Reason {
    let mut message = String::with_capacity(reason.message.len());
    for c in reason.message.chars() {
        match c {
            '\n' | '\t' => message.push(' '),
            c if c.is_control() => message.extend(c.escape_default()),
            c => message.push(c),
        }
    }
    Reason { message, remedy: reason.remedy.filter(|text| !text.contains(char::is_control)), ..reason }
}
