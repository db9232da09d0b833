//! The proof that a surface was allowed.

use serde::Serialize;

use crate::decision::Verdict;
use crate::surface::Surface;

/// An allowing decision, and the surface that it is about. The only thing that a plan can be built from.
///
/// There is no public constructor and no way to read one from a file: only an evaluation that allowed every
/// exposure makes one.
///
/// ```
/// fn used(allowed: &denybox_core::decision::Allowed) -> &str {
///     allowed.id()
/// }
/// ```
/// ```compile_fail
/// let forged: denybox_core::decision::Allowed = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Debug, Serialize)]
pub struct Allowed {
    id: String,
    policy: String,
    surface: Surface,
    verdicts: Vec<Verdict>,
}

impl Allowed {
    /// Only an allowing evaluation calls this.
    pub(in crate::policy) fn new(
        id: String,
        policy: String,
        surface: Surface,
        verdicts: Vec<Verdict>,
    ) -> Self {
        Self { id, policy, surface, verdicts }
    }

    /// Names the decision: 16 hexadecimal digits, the same for the same input under the same policy.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name of the policy that allowed it.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// What was allowed: exactly what was asked.
    pub fn surface(&self) -> &Surface {
        &self.surface
    }

    /// A [`Verdict::Allow`] for each exposure, in the surface's order.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }
}
