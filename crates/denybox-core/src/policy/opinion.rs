//! What a policy would say: about a question that was posed as a document.

use serde::Serialize;

pub use super::posed::PosedError;
use super::question::Question;
use super::{Fault, Policy, complete, id, posed};
use crate::decision::{Input, Reason, Verdict};
use crate::resource::Resource;

/// What a policy would decide. It is no decision: nothing can be planned from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// Names the question under this policy, as a decision's `id` does.
    pub id: String,
    /// The policy's name.
    pub policy: String,
    /// Whether every exposure would be allowed.
    pub allowed: bool,
    /// Each exposure, in the surface's order; none where there is no answer at all.
    pub exposures: Vec<Considered>,
    /// Reasons that concern no single exposure.
    pub general: Vec<Reason>,
}

/// An exposure, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// Its place in the surface.
    pub index: usize,
    /// What is reached.
    pub resource: Resource,
    /// The name that the justification gives itself by which it would be allowed.
    pub justified_by: Option<String>,
    /// What would be decided.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The question about `input` as a document, just as rules see it: [`Policy::consider`] reads it.
///
/// # Errors
/// [`Fault::Error`] where it can't be written as JSON.
pub fn document(input: &Input) -> Result<String, Fault> {
    serde_json::to_string(&Question::new(&complete(input)))
        .map_err(|error| Fault::Error(format!("the policy input can't be written: {error}")))
}

impl Policy {
    /// What would be decided about the question in `text`, JSON as `denybox schema policy-input` describes it.
    ///
    /// # Errors
    /// [`PosedError`] where it is no such question.
    pub fn consider(&self, text: &str) -> Result<Opinion, PosedError> {
        Ok(self.consider_input(&posed::read(text)?))
    }

    fn consider_input(&self, input: &Input) -> Opinion {
        let input = complete(input);
        let (verdicts, general) = self.judge(&input);
        let exposures = &input.surface.exposures;
        let allowed = general.is_empty()
            && verdicts.len() == exposures.len()
            && verdicts.iter().all(|verdict| matches!(verdict, Verdict::Allow { .. }));
        let considered = exposures.iter().zip(verdicts).enumerate().map(|(index, (exposure, verdict))| {
            let justified_by = match &verdict {
                Verdict::Allow { justification: Some(place), .. } => {
                    input.justifications.get(*place).map(|presented| presented.id.clone())
                }
                Verdict::Allow { .. } | Verdict::Deny { .. } => None,
            };
            Considered { index, resource: exposure.resource.clone(), justified_by, verdict }
        });
        Opinion {
            id: id(&self.name, &input),
            policy: self.name.clone(),
            allowed,
            exposures: considered.collect(),
            general,
        }
    }
}
