//! What can go wrong between a question and an answer. Each is a refusal that says so.

use crate::decision::Reason;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The policy can't be loaded, failed, took too long, or answered with something else than it must.
    #[error("{0}")]
    Error(String),
    /// The Rego engine panicked.
    #[error("the Rego engine panicked on this input")]
    Panicked,
    /// A rule has no value for this input.
    #[error("the policy {policy} has no {rule} for this input")]
    Undefined {
        /// The policy's name.
        policy: String,
        /// The rule's.
        rule: String,
    },
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        let code = match fault {
            Fault::Error(_) => "policy-error",
            Fault::Panicked => "policy-panicked",
            Fault::Undefined { .. } => "policy-undefined",
        };
        Self::new(code, fault.to_string())
    }
}
