//! Whether a manifest is for this place and this agent.

use super::Aim;
use super::manifest::{Audience, DigestKind, Subject};
use super::name::NamePattern;

/// What is known of the agent that a justification is presented for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Digests of what runs, each 64 hexadecimal digits in lower case.
    pub digests: Vec<(DigestKind, String)>,
    /// Its name.
    pub agent: Option<String>,
    /// The runtime that it runs in.
    pub runtime: Option<String>,
    /// The namespace that it runs in.
    pub namespace: Option<String>,
    /// The service account that it runs as.
    pub service_account: Option<String>,
}

/// Each list that is given must name the place; a place that isn't known is named by none.
pub(super) fn audience(audience: &Audience, host: Option<&str>, cluster: Option<&str>) -> Aim {
    let lists = [(&audience.hosts, host), (&audience.clusters, cluster)];
    let mut given = lists.into_iter().filter(|(patterns, _)| !patterns.is_empty()).peekable();
    if given.peek().is_none() {
        return Aim::Everyone;
    }
    let named = |(patterns, name): (&Vec<NamePattern>, Option<&str>)| {
        name.is_some_and(|name| patterns.iter().any(|pattern| pattern.covers(name)))
    };
    if given.all(named) { Aim::Here } else { Aim::Elsewhere }
}

/// Everything that is given must fit; what isn't known fits nothing.
pub(super) fn subject(subject: &Subject, facts: &Facts) -> Aim {
    if subject.is_empty() {
        return Aim::Everyone;
    }
    let digests = subject.digests.iter().all(|wanted| {
        facts.digests.iter().any(|(kind, sha256)| *kind == wanted.kind && *sha256 == wanted.sha256)
    });
    let names = [
        (&subject.agent, &facts.agent),
        (&subject.runtime, &facts.runtime),
        (&subject.namespace, &facts.namespace),
        (&subject.service_account, &facts.service_account),
    ];
    let names = names.into_iter().all(|(wanted, known)| wanted.is_none() || wanted == known);
    if digests && names { Aim::Here } else { Aim::Elsewhere }
}
