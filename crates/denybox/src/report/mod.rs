//! What a run tells at its end, for people and for programs.

mod file;
pub mod plan;
#[cfg(test)]
mod tests;
mod text;

pub use file::ReportFile;

use std::io::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use denybox_core::decision::Reason;
use denybox_core::diagnosis::{Diagnosed, Diagnoses, Knowledge, Offer};
use denybox_core::event::{Operation, Outcome, Process, printable_json};
use denybox_core::resource::Resource;
use denybox_sandbox::supervisor::{End, Finished, RunError};

use crate::command_line::{Format, Run};
use crate::exit_code;
use crate::run::Failed;

/// The version of the report's format.
pub const VERSION: u32 = 1;

/// What `--report json` and `--report-file` write.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The version of this format.
    pub version: u32,
    /// Names the box; none when there was none.
    #[serde(rename = "box")]
    pub id: Option<String>,
    /// How it ended.
    pub exit: Exit,
    /// How far each control was in force.
    pub enforcement: Vec<Control>,
    /// What stood where in the box.
    pub mounts: Vec<plan::Mount>,
    /// What was denied, the first first.
    pub denials: Vec<Denied>,
    /// How many accesses that only looked were denied and did no harm.
    pub probes: u64,
    /// What the user should know besides.
    pub notices: Vec<String>,
    /// Causes, each explained once: what the text report shows.
    #[serde(skip)]
    pub causes: Vec<Cause>,
    /// Why there was no box.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// How a run ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Exit {
    /// What happened.
    pub kind: ExitKind,
    /// The exit code of denybox.
    pub code: i32,
    /// In words, unless the command simply exited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What ended a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExitKind {
    /// The command exited; the code is its own.
    Exited,
    /// A signal ended the command.
    Signalled,
    /// The time was up.
    TimedOut,
    /// The command couldn't be executed, or wasn't found.
    NotExecuted,
    /// The policy refused.
    Refused,
    /// A required control is unavailable.
    Unavailable,
    /// denybox failed, or was asked for something impossible.
    Failed,
}

impl ExitKind {
    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::Signalled => "signalled",
            Self::TimedOut => "timed-out",
            Self::NotExecuted => "not-executed",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }
}

/// How far a control was in force.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Control {
    /// Its name.
    pub control: String,
    /// `enforced`, `partial` or `absent`.
    pub status: String,
    /// By what, or why not.
    pub detail: String,
}

/// One denied access, or several alike.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Denied {
    /// What was denied.
    pub resource: Resource,
    /// The path as tried, or the call's name.
    pub path: String,
    /// What was tried.
    pub operation: Operation,
    /// By which system call.
    pub syscall: Option<String>,
    /// How often.
    pub count: u64,
    /// Who.
    pub process: Process,
    /// How that process ended.
    pub outcome: Outcome,
    /// What it means; none for a look that did no harm.
    pub diagnosis: Option<Diagnosis>,
}

/// What a denial means.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// Which entry of the knowledge explains it.
    pub id: String,
    /// What it means for the program.
    pub summary: String,
    /// What helps, the smallest first.
    pub remedies: Vec<Offer>,
}

/// One cause with its remedies, for people.
#[derive(Debug)]
pub struct Cause {
    /// The cause.
    pub diagnosed: Diagnosed,
    /// Command lines to copy.
    pub offers: Vec<Offer>,
}

impl Report {
    /// The report of a box that ran.
    pub fn of_run(
        id: String,
        finished: Finished,
        mounts: Vec<plan::Mount>,
        mut notices: Vec<String>,
        run: &Run,
    ) -> Self {
        // Nothing denied, nothing to explain: the knowledge isn't even read.
        let diagnoses = match finished.denials.as_slice() {
            [] => Diagnoses::default(),
            denials => Knowledge::shipped().diagnose(denials),
        };
        let command: Vec<String> =
            run.command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let given = given_options(command.len());
        let causes: Vec<Cause> = diagnoses
            .causes
            .into_iter()
            .map(|diagnosed| Cause { offers: diagnosed.offers(&given, &command), diagnosed })
            .collect();
        let explained = |position: usize| {
            causes.iter().find(|cause| cause.diagnosed.denials.contains(&position)).map(|cause| Diagnosis {
                id: cause.diagnosed.id.clone(),
                summary: cause.diagnosed.summary.clone(),
                remedies: cause.offers.clone(),
            })
        };
        let denials = finished
            .denials
            .into_iter()
            .enumerate()
            .map(|(position, denial)| Denied {
                resource: denial.resource,
                path: denial.path,
                operation: denial.operation,
                syscall: denial.syscall,
                count: denial.count,
                process: denial.process,
                outcome: denial.outcome,
                diagnosis: explained(position),
            })
            .collect();
        notices.extend(finished.left_behind);
        Self {
            version: VERSION,
            id: Some(id),
            exit: Exit::of_end(&finished.end),
            enforcement: finished
                .enforcement
                .into_iter()
                .map(|entry| Control {
                    control: entry.control,
                    status: entry.status.to_string(),
                    detail: entry.detail,
                })
                .collect(),
            mounts,
            denials,
            probes: diagnoses.probes,
            notices,
            causes,
            reasons: Vec::new(),
        }
    }

    /// The report where there was no box.
    pub fn of_failure(failed: &Failed, code: i32) -> Self {
        let (kind, reasons) = match failed {
            Failed::Refused(refusal) => {
                let kind =
                    if code == exit_code::UNAVAILABLE { ExitKind::Unavailable } else { ExitKind::Refused };
                (kind, refusal.reasons().cloned().collect())
            }
            Failed::DirectoryStream(_) => (ExitKind::Refused, Vec::new()),
            Failed::Box(RunError::Unavailable { .. } | RunError::Required(_)) => {
                (ExitKind::Unavailable, Vec::new())
            }
            _ => (ExitKind::Failed, Vec::new()),
        };
        Self {
            version: VERSION,
            id: None,
            exit: Exit { kind, code, message: Some(failed.to_string()) },
            enforcement: Vec::new(),
            mounts: Vec::new(),
            denials: Vec::new(),
            probes: 0,
            notices: Vec::new(),
            causes: Vec::new(),
            reasons,
        }
    }
}

impl Exit {
    fn of_end(end: &End) -> Self {
        match end {
            End::Exited(code) => Self { kind: ExitKind::Exited, code: *code, message: None },
            End::Signalled(signal) => Self {
                kind: ExitKind::Signalled,
                code: exit_code::SIGNAL_BASE + signal,
                message: Some(format!("signal {signal} ended the command")),
            },
            End::TimedOut => Self {
                kind: ExitKind::TimedOut,
                code: exit_code::TIMED_OUT,
                message: Some("the time given by --timeout was up".to_owned()),
            },
            End::Lost => Self {
                kind: ExitKind::Failed,
                code: exit_code::SIGNAL_BASE + libc::SIGKILL,
                message: Some(
                    "the box was killed from outside, or by the kernel for want of memory".to_owned(),
                ),
            },
            End::NotExecuted { errno, path } => {
                let reason = std::io::Error::from_raw_os_error(*errno);
                let (code, message) = if denybox_sandbox::init::is_not_found(*errno) {
                    (exit_code::NOT_FOUND, format!("{path}: command not found in the box"))
                } else {
                    (exit_code::CANNOT_EXECUTE, format!("{path}: cannot execute: {reason}"))
                };
                Self { kind: ExitKind::NotExecuted, code, message: Some(message) }
            }
        }
    }
}

/// The options of this run as typed, without the command.
fn given_options(command: usize) -> Vec<String> {
    let mut words: Vec<String> =
        std::env::args_os().skip(2).map(|word| word.to_string_lossy().into_owned()).collect();
    words.truncate(words.len().saturating_sub(command));
    if words.last().is_some_and(|word| word == "--") {
        words.pop();
    }
    words
}

/// The schema of what is written, not of what could be read: what is left out where it is empty isn't required.
pub fn schema() -> schemars::Schema {
    schemars::generate::SchemaSettings::default()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Report>()
}

/// Tells a report on standard error as asked, and to a file.
pub fn tell(report: &Report, format: Format, file: Option<&mut ReportFile>) {
    match format {
        Format::None => {
            // What denybox itself has to say is not a report on the agent.
            if report.id.is_none() {
                text::print(report);
            }
        }
        Format::Text => text::print(report),
        Format::Json => {
            if let Ok(json) = serde_json::to_string(report) {
                // A closed standard error: nobody listens, and the exit code says the rest.
                let _ = writeln!(std::io::stderr(), "{}", printable_json(&json));
            }
        }
    }
    if let Some(file) = file
        && let Err(error) = file.write(report)
    {
        let _ = writeln!(std::io::stderr(), "denybox: {error}");
    }
}
