//! `--decision-log`: each decision as a line of JSON in the format of OPA's decision logs, appended to a file.
//!
//! <https://www.openpolicyagent.org/docs/management-decision-logs>

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use denybox_core::decision::{Decision, Input};
use denybox_core::policy::question::Question;
use serde_json::json;

/// Why decisions can't be logged. Nothing runs then.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the decision log {path}: {source}")]
pub struct DecisionLogError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// One decision as a log has it.
pub fn entry(input: &Input, decision: &Decision) -> Option<String> {
    let (id, policy, result) = match decision {
        Decision::Allowed(allowed) => {
            (allowed.id(), allowed.policy(), json!({ "decision": "allowed", "verdicts": allowed.verdicts() }))
        }
        Decision::Refused(refusal) => {
            let denials: Vec<_> = refusal
                .denials
                .iter()
                .map(|(exposure, reasons)| json!({ "resource": exposure.resource, "reasons": reasons }))
                .collect();
            let result = json!({ "decision": "refused", "denials": denials, "general": refusal.general });
            (refusal.id.as_str(), refusal.policy.as_str(), result)
        }
    };
    let timestamp = humantime::format_rfc3339_nanos(std::time::SystemTime::now()).to_string();
    let entry = json!({
        "labels": { "id": "denybox", "version": env!("CARGO_PKG_VERSION") },
        "decision_id": id,
        "path": format!("denybox/{policy}/answer"),
        "input": Question::new(input),
        "result": result,
        "requested_by": format!("uid:{}", input.caller.uid),
        "timestamp": timestamp,
    });
    serde_json::to_string(&entry).ok()
}

/// Appends lines to the log at `path`. On the disk when this returns.
///
/// # Errors
/// [`DecisionLogError`].
pub fn append(path: &Path, lines: &[String]) -> Result<(), DecisionLogError> {
    let failed = |source| DecisionLogError { path: path.to_owned(), source };
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(failed)?;
    // One write for each line: lines of boxes that start together don't mix, write(2) with O_APPEND.
    for line in lines {
        file.write_all(format!("{line}\n").as_bytes()).map_err(failed)?;
    }
    file.sync_data().map_err(failed)
}
