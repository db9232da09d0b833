//! What a Rego policy must answer, and how an answer becomes verdicts.

use std::collections::BTreeMap;

use regorus::Value;
use schemars::JsonSchema;
use serde::Serialize;

use crate::decision::{Reason, Verdict};
use crate::event::is_deceptive;
use crate::surface::Exposure;

/// The value of a policy's rule `answer`. Anything that doesn't fit this exactly is a refusal. Where an array stands, a
/// set will do.
///
/// An exposure is allowed when a rule allows it and nothing is said against it. What no rule allows is denied.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Answer {
    /// What is allowed: the exposure's `index`, the name of the rule that allows it, and, as its place in
    /// `input.justifications`, the justification by which; null for none.
    pub allow: Vec<(usize, String, Option<usize>)>,
    /// What speaks against exposures, or against the surface as a whole. It wins over `allow`.
    pub deny: Vec<Objection>,
    /// For a rule, what must be done along with what it allows. May be missing.
    pub obligations: BTreeMap<String, Vec<String>>,
}

/// Something that speaks against an exposure or the surface.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Objection {
    /// Which exposure; null for the surface.
    pub index: Option<usize>,
    /// A stable kebab-case name.
    pub code: String,
    /// The rule whose condition it is. May be missing.
    pub rule: Option<String>,
    /// What is missing, for people. May be missing: then the policy's `explained` is looked up.
    pub message: Option<String>,
    /// The smallest thing that would help, as a fragment of a command line or a command. May be missing.
    pub remedy: Option<String>,
}

/// Why a value is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Something is of another kind than it must be.
    #[error("{place} is not {wanted}")]
    Kind {
        /// Where, from the answer's top.
        place: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A field is missing.
    #[error("{place} has no {field}")]
    Missing {
        /// Where.
        place: String,
        /// Which.
        field: &'static str,
    },
    /// There is a field that nobody knows.
    #[error("{place} has an unknown field {field}")]
    Unknown {
        /// Where.
        place: String,
        /// Which.
        field: String,
    },
}

impl Answer {
    /// The answer that `value` is.
    ///
    /// # Errors
    /// Where it is none.
    pub fn from_value(value: &Value) -> Result<Self, AnswerError> {
        let place = "the answer";
        let fields = fields(value, place, &["allow", "deny", "obligations"])?;
        let mut answer = Self::default();
        for entry in items(required(&fields, place, "allow")?, "allow")? {
            answer.allow.push(allowance(entry)?);
        }
        answer.deny = objections(required(&fields, place, "deny")?, "deny")?;
        if let Some(obligations) = fields.get("obligations") {
            let obligations = obligations.as_object().map_err(|_| kind("obligations", "an object"))?;
            for (rule, duties) in obligations.iter() {
                let duties = items(duties, "obligations")?
                    .map(|duty| text(duty, "obligations"))
                    .collect::<Result<_, _>>()?;
                answer.obligations.insert(text(rule, "obligations")?, duties);
            }
        }
        Ok(answer)
    }

    /// Whether nothing allows one of `exposures` exposures, or something without a message speaks against it.
    pub(super) fn needs_explaining(&self, exposures: usize) -> bool {
        let mut allowed = vec![false; exposures];
        for (index, ..) in &self.allow {
            if let Some(allowed) = allowed.get_mut(*index) {
                *allowed = true;
            }
        }
        self.deny.iter().any(|objection| objection.message.is_none()) || allowed.contains(&false)
    }

    /// A verdict for each of `exposures`, and the reasons that concern none of them. `explained` has more to say about
    /// what is refused. `justifications` is how many were presented.
    pub(super) fn into_verdicts(
        self,
        exposures: &[Exposure],
        justifications: usize,
        explained: &[Objection],
    ) -> (Vec<Verdict>, Vec<Reason>) {
        let mut slots: Vec<Slot> = exposures.iter().map(|_| Slot::default()).collect();
        let mut general = Slot::default();
        let mut stray = Vec::new();
        for (index, rule, justification) in &self.allow {
            if let Some(missing) = justification.filter(|place| *place >= justifications) {
                stray.push(format!("the policy names justification {missing}, of {justifications}"));
            }
            match slots.get_mut(*index) {
                Some(slot) => slot.allow(rule, *justification),
                None => stray.push(format!("the policy judged exposure {index}, of {}", exposures.len())),
            }
        }
        for objection in &self.deny {
            match objection.index.map(|index| (index, slots.get_mut(index))) {
                None => general.against.push(objection),
                Some((_, Some(slot))) => slot.against.push(objection),
                Some((index, None)) => {
                    stray.push(format!("the policy judged exposure {index}, of {}", exposures.len()));
                }
            }
        }
        let mut reasons = if general.against.is_empty() {
            Vec::new()
        } else {
            general.reasons(None, "the surface", explained)
        };
        reasons.extend(stray.into_iter().map(|message| Reason::new("policy-error", message)));
        let verdicts = slots
            .into_iter()
            .zip(exposures)
            .enumerate()
            .map(|(index, (slot, exposure))| match slot.allowed {
                Some((rule, justification)) if slot.against.is_empty() => Verdict::Allow {
                    rule: rule.to_owned(),
                    obligations: self.obligations.get(rule).cloned().unwrap_or_default(),
                    justification,
                },
                allowed => {
                    let reasons = slot.reasons(Some(index), &exposure.resource.to_string(), explained);
                    let applied = allowed.map(|(rule, _)| rule);
                    let named = reasons.iter().find_map(|reason| reason.rule.as_deref());
                    Verdict::Deny { rule: applied.or(named).unwrap_or("no-rule").to_owned(), reasons }
                }
            })
            .collect();
        (verdicts, reasons)
    }
}

/// The objections in an array or a set.
pub(super) fn objections(value: &Value, place: &'static str) -> Result<Vec<Objection>, AnswerError> {
    items(value, place)?
        .map(|entry| {
            let fields = fields(entry, place, &["index", "code", "rule", "message", "remedy"])?;
            let optional = |field| fields.get(field).copied().filter(|value| **value != Value::Null);
            Ok(Objection {
                index: optional("index").map(|index| number(index, place)).transpose()?,
                code: text(required(&fields, place, "code")?, place)?,
                rule: optional("rule").map(|rule| text(rule, place)).transpose()?,
                message: optional("message").map(|message| text(message, place)).transpose()?,
                remedy: optional("remedy").map(|remedy| text(remedy, place)).transpose()?,
            })
        })
        .collect()
}

fn allowance(entry: &Value) -> Result<(usize, String, Option<usize>), AnswerError> {
    let mut parts = items(entry, "allow")?;
    let (Some(index), Some(rule), justification, None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(kind("allow", "made of [index, rule, justification]"));
    };
    let justification = match justification {
        None | Some(Value::Null) => None,
        Some(place) => Some(number(place, "allow")?),
    };
    Ok((number(index, "allow")?, text(rule, "allow")?, justification))
}

fn kind(place: &str, wanted: &'static str) -> AnswerError {
    AnswerError::Kind { place: place.to_owned(), wanted }
}

fn fields<'a>(
    value: &'a Value,
    place: &str,
    known: &[&'static str],
) -> Result<BTreeMap<&'static str, &'a Value>, AnswerError> {
    let object = value.as_object().map_err(|_| kind(place, "an object"))?;
    object
        .iter()
        .map(|(name, value)| {
            let name = text(name, place)?;
            match known.iter().find(|field| **field == name) {
                Some(field) => Ok((*field, value)),
                None => Err(AnswerError::Unknown { place: place.to_owned(), field: name }),
            }
        })
        .collect()
}

fn required<'a>(
    fields: &BTreeMap<&'static str, &'a Value>,
    place: &str,
    field: &'static str,
) -> Result<&'a Value, AnswerError> {
    fields.get(field).copied().ok_or_else(|| AnswerError::Missing { place: place.to_owned(), field })
}

fn items<'a>(value: &'a Value, place: &str) -> Result<impl Iterator<Item = &'a Value>, AnswerError> {
    let (array, set) = match value {
        Value::Array(array) => (Some(array.iter()), None),
        Value::Set(set) => (None, Some(set.iter())),
        _ => return Err(kind(place, "an array or a set")),
    };
    Ok(array.into_iter().flatten().chain(set.into_iter().flatten()))
}

fn text(value: &Value, place: &str) -> Result<String, AnswerError> {
    value.as_string().map(|text| text.to_string()).map_err(|_| kind(place, "made of texts where it must be"))
}

fn number(value: &Value, place: &str) -> Result<usize, AnswerError> {
    let number = value.as_u64().ok().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| kind(place, "made of whole numbers where it must be"))
}

/// What an answer says about one exposure, or about the surface.
#[derive(Default)]
struct Slot<'a> {
    allowed: Option<(&'a str, Option<usize>)>,
    against: Vec<&'a Objection>,
}

impl<'a> Slot<'a> {
    /// Of several rules the one that needs no justification counts, then the first by name: the same whatever the order.
    fn allow(&mut self, rule: &'a str, justification: Option<usize>) {
        let new = (justification, rule);
        if self.allowed.is_none_or(|(rule, justification)| new < (justification, rule)) {
            self.allowed = Some((rule, justification));
        }
    }

    /// Why it is refused: what speaks against it, and what `explained` adds. Never empty, and every objection is in it.
    fn reasons(&self, index: Option<usize>, resource: &str, explained: &[Objection]) -> Vec<Reason> {
        let told = explained.iter().filter(|text| text.index == index);
        let mut reasons: Vec<Reason> = (self.against.iter().copied().chain(told))
            .filter_map(|objection| {
                let Objection { code, message, remedy, rule, .. } = objection;
                let message = message.clone()?;
                let (code, rule, remedy) = (code.clone(), rule.clone(), remedy.clone());
                Some(printable(Reason { code, message, remedy, rule }))
            })
            .collect();
        for Objection { code, remedy, rule, .. } in &self.against {
            if !reasons.iter().any(|reason| reason.code == *code) {
                let message = format!("{resource}: refused ({code})");
                let (code, rule, remedy) = (code.clone(), rule.clone(), remedy.clone());
                reasons.push(printable(Reason { code, message, remedy, rule }));
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
