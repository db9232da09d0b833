//! Everything that the log says happened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::Reason;
use crate::event::{Denial, Outcome};
use crate::path::AbsPath;
use crate::resource::Resource;

/// What happened.
///
/// Text about processes comes from inside the box and is hostile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Event {
    /// A box is wanted. The first record of its chain.
    Asked(Asked),
    /// The policy decided. In the log before anything follows from it.
    Decided(Decided),
    /// A mount of the box. In the log before it is made.
    Mount(Mount),
    /// How far a control is in force.
    Control(Control),
    /// A program met a denial: the first of its kind.
    Denied(Denied),
    /// How often a denial was met in all, and how its process ended. Written at the end, where there is more to say.
    DeniedInAll(DeniedInAll),
    /// The box is over. The last record but a checkpoint.
    Ended(Ended),
    /// The end of the chain so far, signed.
    Checkpoint(SignedNote),
    /// A box's log was left in the middle, by a crash or a kill: this was found and closed later.
    Recovered(Recovered),
    /// In the host's index: a box's chain begins.
    Opened(Opened),
    /// In the host's index: a box's chain is complete.
    Closed(Closed),
}

/// A box is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// The version of denybox.
    pub denybox: String,
    /// The backend: `native`.
    pub backend: String,
    /// The command and its arguments, as given on the host.
    pub argv: Vec<String>,
    /// The agent's name.
    pub agent: String,
    /// The directory it works in.
    pub workspace: AbsPath,
    /// The effective user id of whoever asked.
    pub uid: u32,
    /// The process of whoever asked: the supervisor.
    pub pid: u32,
    /// The host's name.
    pub host: String,
}

/// What the policy said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    /// Names the decision, the same in reports and decision logs.
    pub decision: String,
    /// The policy.
    pub policy: String,
    /// Whether all was allowed.
    pub allowed: bool,
    /// The exposures, in the surface's order.
    pub exposures: Vec<Judged>,
    /// Reasons that concern no single exposure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub general: Vec<Reason>,
}

/// What was decided about one exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// What would be shared.
    pub resource: Resource,
    /// Where its bytes live: `sealed`, `private`, `host`…
    pub backing: String,
    /// By which rule it is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// By which justification: its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// Why not, where it isn't.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// One mount of a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mount {
    /// Where, in the box.
    pub target: AbsPath,
    /// What: `bind`, `tmpfs`, `sealed`, `proc`…
    pub what: String,
    /// The host's path behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<AbsPath>,
    /// Its options, as mount(8) writes them.
    pub options: Vec<String>,
    /// How changes travel, mount_namespaces(7): always `private`.
    pub propagation: String,
    /// The rule of the policy that allows it; none for the box's own furniture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_by: Option<String>,
}

/// How far a control is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// Its name.
    pub control: String,
    /// `enforced`, `partial` or `absent`.
    pub status: String,
    /// By what, or why not.
    pub detail: String,
}

/// A denial as it was first met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Denied {
    /// Tells the denials of one box apart, from 0.
    pub number: u64,
    /// The denial; its count is 1 and its outcome unknown so far.
    pub denial: Denial,
    /// Which entry of the knowledge explains it; none for a look that may have done no harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<String>,
}

/// What became of a denial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeniedInAll {
    /// Which.
    pub number: u64,
    /// How often it was met.
    pub count: u64,
    /// How its process ended.
    pub outcome: Outcome,
}

/// How a box ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// What ended it: `exited`, `signalled`, `timed-out`, `refused`…
    pub how: String,
    /// The exit code of denybox.
    pub code: i32,
    /// In words, unless the command simply exited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many denials were met, looks included.
    pub denials: u64,
}

/// A [checkpoint](super::checkpoint) of all records before this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedNote {
    /// The signed note.
    pub note: String,
}

/// A log that was left in the middle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recovered {
    /// How many bytes of a record that was never finished were taken off the end.
    pub torn: u64,
}

/// A box's chain begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    /// The box.
    #[serde(rename = "box")]
    pub id: String,
}

/// A box's chain is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {
    /// The box.
    #[serde(rename = "box")]
    pub id: String,
    /// How many records it has.
    pub count: u64,
    /// The hash of the last.
    pub head: super::chain::Hash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_say_their_kind_and_read_back() {
        let event = Event::DeniedInAll(DeniedInAll { number: 1, count: 2, outcome: Outcome::Unknown });
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["kind"], "denied-in-all");
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}
