//! A plan, printed: for `--dry-run`, and the mounts of a report.

use std::io::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use denybox_core::event::{printable, printable_json};
use denybox_core::path::AbsPath;
use denybox_core::plan::{Action, BoxLimits, Identity, Network, Plan, Step};
use denybox_core::resource::IpcKind;

use crate::command_line::Format;

/// One mount of a box.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Mount {
    /// Where.
    pub target: AbsPath,
    /// What: `bind`, `tmpfs`, `sealed`, `proc`…
    pub kind: String,
    /// The host's path behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<AbsPath>,
    /// Its options, as mount(8) writes them.
    pub options: Vec<String>,
}

/// The plan as `--dry-run --report json` prints it.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    #[serde(rename = "box")]
    id: &'a str,
    decision: &'a str,
    identity: Identity,
    network: Network,
    mounts: Vec<Mount>,
    granted: &'a [IpcKind],
    writable: &'a [AbsPath],
    limits: BoxLimits,
    argv: Vec<String>,
    environment: Vec<String>,
    directory: &'a AbsPath,
}

/// The mounts of a plan, in order. Files and links of the box's own are left out.
pub fn mounts(plan: &Plan) -> Vec<Mount> {
    plan.steps.iter().filter_map(mount).collect()
}

fn mount(step: &Step) -> Option<Mount> {
    let mut options: Vec<String> = vec!["nosuid".to_owned()];
    let mut flag = |set: bool, name: &str| {
        if set {
            options.push(name.to_owned());
        }
    };
    let (kind, source) = match &step.action {
        Action::Directory { .. } | Action::Link { .. } | Action::File { .. } => return None,
        Action::Bind { from, readonly, noexec, devices, .. } => {
            flag(*readonly, "ro");
            flag(*noexec, "noexec");
            flag(!*devices, "nodev");
            ("bind", Some(from.clone()))
        }
        Action::Tmpfs { size, inodes, noexec, .. } => {
            flag(true, "nodev");
            flag(*noexec, "noexec");
            options.push(format!("size={size}"));
            options.extend(inodes.map(|inodes| format!("nr_inodes={inodes}")));
            ("tmpfs", None)
        }
        Action::Seal => {
            flag(true, "nodev");
            flag(true, "noexec");
            ("sealed", None)
        }
        Action::Kernel { name } => {
            flag(name != "devpts", "nodev");
            flag(true, "noexec");
            (name.as_str(), None)
        }
        Action::ReadOnly => {
            flag(true, "ro");
            ("read-only", None)
        }
        Action::Pin => ("pinned", None),
        Action::Mask => {
            flag(true, "ro");
            ("masked", None)
        }
    };
    Some(Mount { target: step.at.clone(), kind: kind.to_owned(), source, options })
}

/// Prints a plan on standard output.
pub fn print(plan: &Plan, format: Format) {
    let mut out = anstream::stdout().lock();
    let text = |words: &[std::ffi::OsString]| -> Vec<String> {
        words.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    };
    let written = if format == Format::Json {
        let printed = Printed {
            id: &plan.id,
            decision: &plan.decision,
            identity: plan.identity,
            network: plan.network,
            mounts: mounts(plan),
            granted: &plan.calls.granted,
            writable: &plan.writable,
            limits: plan.limits,
            argv: text(&plan.argv),
            environment: names(plan),
            directory: &plan.directory,
        };
        serde_json::to_string_pretty(&printed)
            .map_err(std::io::Error::other)
            .and_then(|json| writeln!(out, "{}", printable_json(&json)))
    } else {
        writeln!(out, "{}", in_words(plan))
    };
    // Nobody reads: then nobody misses it.
    let _ = written;
}

/// Names only: values may be secrets.
fn names(plan: &Plan) -> Vec<String> {
    plan.environment.iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect()
}

fn in_words(plan: &Plan) -> String {
    let mut lines =
        vec![format!("Nothing was done. This is what would be (decision {}):", plan.decision), String::new()];
    let identity = plan.identity;
    lines.push(format!("identity   uid {} gid {}", identity.inside_uid, identity.inside_gid));
    if identity.is_separated() {
        lines.push(format!("           on the host uid {} gid {}", identity.host_uid, identity.host_gid));
    }
    lines.push(format!(
        "network    {}",
        if plan.network == Network::Host { "the host's" } else { "its own, loopback only" }
    ));
    lines.push(format!("directory  {}", plan.directory));
    let argv: Vec<String> = plan.argv.iter().map(|word| printable(&word.to_string_lossy())).collect();
    lines.push(format!("command    {}", argv.join(" ")));
    lines.push("mounts".to_owned());
    for mount in mounts(plan) {
        let source = mount.source.filter(|source| *source != mount.target);
        let from = source.map(|source| format!(" from {source}")).unwrap_or_default();
        lines.push(format!("  {:<10} {}{from}  ({})", mount.kind, mount.target, mount.options.join(",")));
    }
    if !plan.calls.granted.is_empty() {
        let granted: Vec<&str> = plan.calls.granted.iter().map(|kind| kind.name()).collect();
        lines.push(format!("granted    {}", granted.join(", ")));
    }
    lines.push(format!(
        "variables  {}",
        names(plan).iter().map(|name| printable(name)).collect::<Vec<_>>().join(" ")
    ));
    lines.join("\n")
}
