//! What travels on the [channel](crate::channel), named by meaning.

use serde::{Deserialize, Serialize};

use denybox_core::plan::Plan;

use crate::error::Failure;

/// Supervisor to stage and PID 1.
#[derive(Debug, Serialize, Deserialize)]
pub enum Order {
    /// To the stage: the user map is written.
    Mapped,
    /// To PID 1: build this box. Carries the trees of all `as_caller` binds, in the plan's order, when the box is separated.
    Build(Box<Plan>),
}

/// How far a control is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not at all.
    Absent,
    /// In part; the detail says which.
    Partial,
    /// As documented.
    Enforced,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Partial => "partial",
            Self::Enforced => "enforced",
        })
    }
}

/// One control and how far it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforcement {
    /// Its name; see [`crate::controls`].
    pub control: String,
    /// How far.
    pub status: Status,
    /// By what, or why not.
    pub detail: String,
}

impl Enforcement {
    /// A control with its status.
    pub fn new(control: &str, status: Status, detail: impl Into<String>) -> Self {
        Self { control: control.to_owned(), status, detail: detail.into() }
    }
}

/// Stage, PID 1 or agent to supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub enum News {
    /// The stage is in its namespaces and waits for a user map (a separated box only).
    Unshared,
    /// The tripwire is mounted; carries its descriptor. The stage goes on when requests are answered.
    Tripwire,
    /// The box's own copy of the live denials; carries the descriptor to write to.
    Feed,
    /// The box has a terminal of its own; carries its controlling side.
    Terminal,
    /// PID 1 exists, with this number outside.
    Init(i32),
    /// Calls will be notified; carries the listener.
    Listener,
    /// How far controls are in force.
    Controls(Vec<Enforcement>),
    /// A control that the plan requires is not fully in force, so there will be no agent.
    Unmet(Enforcement),
    /// The agent runs now, or is about to.
    Started,
    /// The command could not be executed: errno(3), and what was tried.
    NotExecuted {
        /// errno(3).
        errno: i32,
        /// The path that failed, or the name that was looked for.
        path: String,
    },
    /// The agent ended with this wait status, wait(2).
    Ended(i32),
    /// Something couldn't be set up.
    Failed(Failure),
}
