//! What the policy is asked and what it answers: [`Input`], [`Verdict`] and [`Decision`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::justification::Presented;
use crate::path::AbsPath;
pub use crate::policy::Allowed;
use crate::surface::{Exposure, Surface};

/// The version of [`Input`] that this build writes and judges.
pub const INPUT_VERSION: u32 = 1;

/// Everything that a policy may base its decision on. Rego sees it as a
/// [`Question`](crate::policy::question::Question).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// [`INPUT_VERSION`]; an input of any other version is refused.
    pub version: u32,
    /// What the agent would share.
    pub surface: Surface,
    /// The texts given by `--because`.
    pub reasons: Vec<String>,
    /// The justifications that were presented, checked but not yet judged.
    #[serde(default)]
    pub justifications: Vec<Presented>,
    /// Facts about the machine.
    pub host: Host,
    /// Who starts the box.
    pub caller: Caller,
    /// When the question is asked, in seconds since 1970-01-01 UTC.
    pub time: u64,
}

/// Facts about the machine that decisions need.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The memory that the box could use, in bytes: the smallest of RAM, cgroup limit and `--memory`.
    pub memory_bytes: u64,
    /// Whether abstract unix sockets outside the box can be closed (Landlock ABI 6, landlock(7)).
    pub abstract_socket_scope: bool,
}

/// Who starts the box.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The effective user id.
    pub uid: u32,
    /// The home directory as `$HOME` names it, links not followed; none when the caller has none.
    pub home: Option<AbsPath>,
}

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// A stable kebab-case name, for programs.
    pub code: String,
    /// What is missing, for people; names the exposure. Free of control characters.
    pub message: String,
    /// The smallest thing that would help, as a fragment of a command line or a command, where there is one.
    #[serde(default)]
    pub remedy: Option<String>,
    /// The rule of the policy whose condition it is, where one could have allowed the exposure.
    #[serde(default)]
    pub rule: Option<String>,
}

impl Reason {
    /// A reason without a remedy.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), remedy: None, rule: None }
    }
}

/// What was decided about one exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// The exposure is granted.
    Allow {
        /// The name of the rule that grants it.
        rule: String,
        /// What must be done along with it, such as `report`.
        obligations: Vec<String>,
        /// By which of the presented justifications, as its place among them.
        justification: Option<usize>,
    },
    /// The exposure is refused.
    Deny {
        /// The name of the rule that was applied or came nearest; `no-rule` when none knows such an exposure.
        rule: String,
        /// Why. Never empty.
        reasons: Vec<Reason>,
    },
}

/// The answer for a whole surface: allowed only when every exposure is.
#[must_use]
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "decision")]
pub enum Decision {
    /// Every exposure is allowed.
    Allowed(Allowed),
    /// At least one is not, or the question could not be answered.
    Refused(Refusal),
}

/// Why a surface was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refusal {
    /// Names the decision: 16 hexadecimal digits, the same for the same input under the same policy.
    pub id: String,
    /// The name of the policy that refused.
    pub policy: String,
    /// The refused exposures, in the surface's order, each with at least one reason.
    pub denials: Vec<(Exposure, Vec<Reason>)>,
    /// Reasons that concern no single exposure.
    pub general: Vec<Reason>,
}

impl Refusal {
    /// A refusal of the whole surface, by nobody's policy: the question could not be answered.
    pub fn general(reason: Reason) -> Self {
        Self { id: String::new(), policy: String::new(), denials: Vec::new(), general: vec![reason] }
    }

    /// Every reason, of whatever exposure.
    pub fn reasons(&self) -> impl Iterator<Item = &Reason> {
        self.denials.iter().flat_map(|(_, reasons)| reasons).chain(&self.general)
    }
}
