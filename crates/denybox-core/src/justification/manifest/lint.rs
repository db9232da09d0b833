//! Advice about a manifest, for its author. Nothing is decided by it.

use super::{Manifest, SubjectDigest};
use crate::justification::Category;
use crate::justification::presented::PresentedGrant;
use crate::path::AbsPath;
use crate::resource::{IpcKind, Resource};
use crate::surface::Backing;

/// Longer than this a justification should not hold without being looked at again, in seconds: 90 days.
const LIFETIME: u64 = 90 * 24 * 3600;
/// Longer than this no emergency lasts, in seconds: one day.
const EMERGENCY: u64 = 24 * 3600;

/// Something that could be better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// A stable kebab-case name.
    pub code: &'static str,
    /// What, and what would be better.
    pub message: String,
}

/// What could be better about a manifest, in a stable order.
pub fn lint(manifest: &Manifest) -> Vec<Advice> {
    let mut advice = Vec::new();
    let mut say = |code: &'static str, message: String| advice.push(Advice { code, message });
    for grant in &manifest.grants {
        for (code, message) in of_grant(grant) {
            say(code, message);
        }
    }
    if !manifest.grants.iter().any(|grant| fits(manifest.category, grant)) {
        say("category-mismatch", format!("no grant is of a kind that {} explains", manifest.category));
    }
    let lifetime = manifest.not_after.saturating_sub(manifest.not_before);
    if lifetime > LIFETIME {
        let days = lifetime / (24 * 3600);
        say("long-lifetime", format!("it holds for {days} days; after 90 somebody should look again"));
    }
    if manifest.break_glass && lifetime > EMERGENCY {
        say("long-emergency", "no emergency lasts longer than a day: let it end sooner".to_owned());
    }
    if manifest.ticket.is_none() {
        say("no-ticket", "no ticket says more about it".to_owned());
    }
    if manifest.alternatives.is_empty() {
        say("no-alternatives", "it doesn't say what was tried instead".to_owned());
    }
    if manifest.subject.is_empty() {
        say("no-subject", "it holds for every agent: name one, best by a digest".to_owned());
    }
    let audience = &manifest.audience;
    if audience.hosts.is_empty() && audience.clusters.is_empty() {
        say("no-audience", "it holds on every host: name those that need it".to_owned());
    }
    for pattern in audience.hosts.iter().chain(&audience.clusters) {
        if pattern.as_str().split('.').all(|part| part == "*") {
            say("open-audience", format!("'{pattern}' names nobody in particular"));
        }
    }
    if manifest.approved_by.contains(&manifest.requested_by) {
        say("self-approval", "who asks is among those who agree".to_owned());
    }
    if manifest.approved_by.is_empty() && !manifest.break_glass {
        say("no-approver", "nobody is said to have agreed".to_owned());
    }
    for SubjectDigest { kind, sha256, name } in &manifest.subject.digests {
        if name.is_none() {
            let start = sha256.get(..12).unwrap_or(sha256);
            say("nameless-digest", format!("the {kind} {start}… has no name that people could read"));
        }
    }
    advice
}

fn of_grant(grant: &PresentedGrant) -> Vec<(&'static str, String)> {
    let resource = &grant.resource;
    let is_path = matches!(resource, Resource::Path(_));
    let mut advice = Vec::new();
    if is_path && grant.backing == Backing::Private && grant.limits.size.is_none() {
        advice.push(("no-size", format!("{resource}: give a size, such as 64M; the policy wants one")));
    }
    if is_path && grant.access.execute {
        advice.push((
            "execute",
            format!("{resource}: what is written there could be executed; is that needed?"),
        ));
    }
    if is_path && grant.access.write && !(grant.options.nosuid && grant.options.nodev) {
        advice.push(("weak-options", format!("{resource}: nosuid and nodev cost nothing")));
    }
    match &grant.backing {
        Backing::Host { .. } => {
            let words =
                format!("{resource}: everybody on the host shares it; private or dir would do for most");
            advice.push(("host-backing", words));
        }
        Backing::Shared { group } => {
            advice.push(("shared-backing", format!("{resource}: everyone in {group} shares it")));
        }
        _ => {}
    }
    advice
}

/// Whether a grant is of a kind that the category explains.
fn fits(category: Category, grant: &PresentedGrant) -> bool {
    let path = grant.resource.path();
    let below = |tops: &[&str]| {
        tops.iter()
            .any(|top| path.is_some_and(|path| AbsPath::new(top).is_ok_and(|top| path.is_at_or_below(&top))))
    };
    let ipc = |kinds: &[IpcKind]| matches!(&grant.resource, Resource::Ipc(kind) if kinds.contains(kind));
    match category {
        Category::PosixShmRequired | Category::GpuDataLoader => {
            below(&["/dev/shm", "/run/shm", "/dev/hugepages"])
        }
        Category::SysvIpcRequired => ipc(&[IpcKind::SysvShm, IpcKind::SysvSem, IpcKind::SysvMsg]),
        Category::MessageQueueRequired => {
            ipc(&[IpcKind::PosixMq, IpcKind::SysvMsg]) || below(&["/dev/mqueue"])
        }
        Category::MemfdExecution => ipc(&[IpcKind::MemfdExec]),
        Category::ExecutableScratch => path.is_some() && grant.access.execute,
        Category::UnixSocketRendezvous => path.is_some() || ipc(&[IpcKind::AbstractUnix]),
        Category::SharedCache => path.is_some() && grant.backing != Backing::Private,
        Category::BuildScratch | Category::HardCodedPath => path.is_some(),
        Category::Debugging | Category::IncidentResponse => true,
    }
}
