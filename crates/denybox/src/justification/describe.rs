//! A manifest in words, for whoever signs or reads it. All of it is its author's: nothing goes to a terminal unescaped.

use denybox_core::event::printable_up_to;
use denybox_core::justification::manifest::{Manifest, SubjectDigest};
use denybox_core::justification::{PresentedGrant, moment};
use denybox_core::resource::Resource;
use denybox_core::surface::Backing;

/// The longest text that is shown whole, in characters.
const TEXT: usize = 4 << 10;

fn shown(text: &str) -> String {
    printable_up_to(text, TEXT)
}

/// Everything that a manifest says, a line for each part, indented.
pub fn manifest(manifest: &Manifest) -> String {
    let mut lines: Vec<(&str, String)> = vec![("id", shown(&manifest.id))];
    if manifest.break_glass {
        lines
            .push(("BREAK-GLASS", "there was no time to ask: whoever signs answers for it alone".to_owned()));
    }
    for grant in &manifest.grants {
        lines.push(("asks for", shown(&asked(grant))));
    }
    lines.push(("because", shown(&manifest.statement)));
    lines.push(("kind", manifest.category.to_string()));
    lines.extend(manifest.ticket.iter().map(|ticket| ("ticket", shown(ticket))));
    lines.extend(manifest.alternatives.iter().map(|other| ("instead of", shown(other))));
    lines.push(("for", shown(&whom(manifest))));
    lines.push(("on", shown(&place(manifest))));
    lines.push(("asked by", shown(&manifest.requested_by)));
    let approvers = if manifest.approved_by.is_empty() {
        "nobody is named".to_owned()
    } else {
        manifest.approved_by.join(", ")
    };
    lines.push(("agreed by", shown(&approvers)));
    lines.push(("from", moment::text(manifest.not_before)));
    let lasting = lasting(manifest.not_after.saturating_sub(manifest.not_before));
    lines.push(("until", format!("{} ({lasting})", moment::text(manifest.not_after))));
    lines.extend(manifest.max_uses.map(|uses| ("uses", format!("at most {uses}"))));
    lines.into_iter().map(|(name, text)| format!("  {name:<11}  {text}\n")).collect()
}

fn asked(grant: &PresentedGrant) -> String {
    let mut text = match &grant.backing {
        Backing::Dir { path } => format!("{}, the directory {path} of the host", grant.resource),
        Backing::Shared { group } => format!("{}, shared with everyone in {group}", grant.resource),
        Backing::Host { .. } => format!("{}, THE HOST'S OWN", grant.resource),
        _ => format!("{}, the agent's own", grant.resource),
    };
    if let Some(size) = grant.limits.size {
        text.push_str(&format!(", {size}"));
    }
    if let Some(inodes) = grant.limits.inodes {
        text.push_str(&format!(", {inodes} files"));
    }
    if matches!(grant.resource, Resource::Path(_)) {
        if !grant.access.write {
            text.push_str(", read-only");
        }
        if grant.access.execute {
            text.push_str(", executable");
        }
        if !(grant.options.nosuid && grant.options.nodev) {
            text.push_str(", without nosuid or nodev");
        }
    }
    text
}

fn whom(manifest: &Manifest) -> String {
    let subject = &manifest.subject;
    let mut parts: Vec<String> = Vec::new();
    let names = [
        ("the agent", &subject.agent),
        ("the runtime", &subject.runtime),
        ("the namespace", &subject.namespace),
        ("the service account", &subject.service_account),
    ];
    parts.extend(names.iter().filter_map(|(what, name)| name.as_ref().map(|name| format!("{what} {name}"))));
    for SubjectDigest { kind, sha256, name } in &subject.digests {
        let name = name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        parts.push(format!("the {kind} sha256:{sha256}{name}"));
    }
    if parts.is_empty() { "every agent".to_owned() } else { parts.join("; ") }
}

fn place(manifest: &Manifest) -> String {
    let names = |patterns: &[denybox_core::justification::NamePattern]| {
        patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let audience = &manifest.audience;
    match (audience.hosts.is_empty(), audience.clusters.is_empty()) {
        (true, true) => "every host".to_owned(),
        (false, true) => names(&audience.hosts),
        (true, false) => format!("the clusters {}", names(&audience.clusters)),
        (false, false) => format!("{} in the clusters {}", names(&audience.hosts), names(&audience.clusters)),
    }
}

/// A span of time, in the largest unit that says enough.
pub fn lasting(seconds: u64) -> String {
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7_200.. => format!("{} hours", seconds / 3_600),
        120.. => format!("{} minutes", seconds / 60),
        _ => format!("{seconds} seconds"),
    }
}
