//! What a Rego policy must answer, and how an answer becomes verdicts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::{Reason, Verdict};
use crate::event::is_deceptive;
use crate::surface::Exposure;

/// The value of a policy's rule `answer`. Anything that doesn't fit this exactly is a refusal.
///
/// An exposure is allowed when a rule allows it and nothing is said against it. What no rule allows is denied.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// For each rule, by its name, which exposures it allows: their indices in `input.surface.exposures`.
    pub allow: BTreeMap<String, Vec<usize>>,
    /// What speaks against exposures, or against the surface as a whole. It wins over `allow`.
    pub deny: Vec<Objection>,
    /// For a rule, what must be done along with what it allows.
    #[serde(default)]
    pub obligations: BTreeMap<String, Vec<String>>,
}

/// Something that speaks against an exposure or the surface.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// Which exposure; null for the surface.
    pub index: Option<usize>,
    /// A stable kebab-case name.
    pub code: String,
    /// What is missing, for people. Without one the policy's `explained` is looked up.
    #[serde(default)]
    pub message: Option<String>,
    /// The smallest thing that would help, as a fragment of a command line.
    #[serde(default)]
    pub remedy: Option<String>,
}

impl Answer {
    /// Whether nothing allows one of `exposures` exposures, or something without a message speaks against it.
    pub(super) fn needs_explaining(&self, exposures: usize) -> bool {
        self.deny.iter().any(|objection| objection.message.is_none())
            || self.allow.values().map(Vec::len).sum::<usize>() < exposures
            || (0..exposures).any(|index| !self.allow.values().flatten().any(|allowed| *allowed == index))
    }

    /// A verdict for each of `exposures`, and the reasons that concern none of them. `explained` has more to say about
    /// what is refused.
    pub(super) fn into_verdicts(
        self,
        exposures: &[Exposure],
        explained: &[Objection],
    ) -> (Vec<Verdict>, Vec<Reason>) {
        let mut slots: Vec<Slot> = exposures.iter().map(|_| Slot::default()).collect();
        let mut general = Slot::default();
        let mut stray = Vec::new();
        for (rule, indices) in &self.allow {
            for index in indices {
                match slots.get_mut(*index) {
                    Some(slot) => slot.rule = Some(rule),
                    None => stray.push(*index),
                }
            }
        }
        for objection in &self.deny {
            match objection.index.map(|index| (index, slots.get_mut(index))) {
                None => general.against.push(objection),
                Some((_, Some(slot))) => slot.against.push(objection),
                Some((index, None)) => stray.push(index),
            }
        }
        let mut reasons = if general.against.is_empty() {
            Vec::new()
        } else {
            general.reasons(None, "the surface", explained)
        };
        reasons.extend(stray.into_iter().map(|index| {
            let message = format!("the policy judged exposure {index}, of {}", exposures.len());
            Reason::new("policy-error", message)
        }));
        let verdicts = slots
            .into_iter()
            .zip(exposures)
            .enumerate()
            .map(|(index, (slot, exposure))| match slot.rule {
                Some(rule) if slot.against.is_empty() => Verdict::Allow {
                    rule: rule.to_owned(),
                    obligations: self.obligations.get(rule).cloned().unwrap_or_default(),
                },
                rule => Verdict::Deny {
                    rule: rule.unwrap_or("no-rule").to_owned(),
                    reasons: slot.reasons(Some(index), &exposure.resource.to_string(), explained),
                },
            })
            .collect();
        (verdicts, reasons)
    }
}

/// What an answer says about one exposure, or about the surface.
#[derive(Default)]
struct Slot<'a> {
    rule: Option<&'a str>,
    against: Vec<&'a Objection>,
}

impl Slot<'_> {
    /// Why it is refused: what speaks against it, and what `explained` adds. Never empty, and every objection is in it.
    fn reasons(&self, index: Option<usize>, resource: &str, explained: &[Objection]) -> Vec<Reason> {
        let told = explained.iter().filter(|text| text.index == index);
        let mut reasons: Vec<Reason> = (self.against.iter().copied().chain(told))
            .filter_map(|objection| {
                let Objection { code, message, remedy, .. } = objection;
                let message = message.clone()?;
                Some(printable(Reason { code: code.clone(), message, remedy: remedy.clone() }))
            })
            .collect();
        for Objection { code, remedy, .. } in &self.against {
            if !reasons.iter().any(|reason| reason.code == *code) {
                let message = format!("{resource}: refused ({code})");
                reasons.push(printable(Reason { code: code.clone(), message, remedy: remedy.clone() }));
            }
        }
        if reasons.is_empty() {
            let message = format!("{resource}: no rule of the policy allows it");
            reasons.push(printable(Reason::new("no-rule", message)));
        }
        reasons.sort();
        reasons.dedup();
        reasons
    }
}

/// Makes a reason safe to print: names from the host may hold terminal escapes, or marks that turn the direction of
/// writing. A remedy that would have to be
/// altered could do something else than it says, so it is dropped.
pub(super) fn printable(reason: Reason) -> Reason {
    let mut message = String::with_capacity(reason.message.len());
    for c in reason.message.chars() {
        match c {
            '\n' | '\t' => message.push(' '),
            c if is_deceptive(c) => message.extend(c.escape_unicode()),
            c => message.push(c),
        }
    }
    Reason { message, remedy: reason.remedy.filter(|text| !text.contains(is_deceptive)), ..reason }
}
