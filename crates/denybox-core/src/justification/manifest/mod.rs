//! The manifest: the document in which somebody says what scratch an agent needs and why.
//!
//! [`Written`] is the format, [`Manifest`] what it means. A manifest is made only from what passed [`Written::check`], and
//! is written back in one way: whoever signs it signs those bytes.

mod check;
mod fault;
mod lint;
mod written;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::justification::name::NamePattern;
use crate::justification::presented::PresentedGrant;
use crate::justification::{Category, document, moment};
use crate::resource::Resource;
use crate::surface::{Access, Backing};

pub(super) use check::is_id;
pub use fault::{Fault, Faults, ManifestError, Problem};
pub use lint::{Advice, lint};
pub use written::{
    Written, WrittenAccess, WrittenAudience, WrittenBacking, WrittenDigest, WrittenGrant, WrittenOption,
    WrittenSubject, schema,
};

/// The longest manifest that is read, in bytes.
pub const MANIFEST_MAX: usize = 256 << 10;

/// A justification that makes sense.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Manifest {
    /// Its name.
    pub id: String,
    /// Where it holds.
    pub audience: Audience,
    /// For which agent.
    pub subject: Subject,
    /// What it asks for: at least one thing, each resource once.
    pub grants: Vec<PresentedGrant>,
    /// The kind of its reason.
    pub category: Category,
    /// Its reason.
    pub statement: String,
    /// Where more is written about it.
    pub ticket: Option<String>,
    /// What was thought of instead.
    pub alternatives: Vec<String>,
    /// Who asks.
    pub requested_by: String,
    /// Who is said to have agreed, each once.
    pub approved_by: Vec<String>,
    /// From when on it holds, in seconds since 1970-01-01 UTC.
    pub not_before: u64,
    /// Until when it holds, likewise; later.
    pub not_after: u64,
    /// How often it may be used, at least once; none for as often as one likes.
    pub max_uses: Option<u64>,
    /// Whether there was no time to ask.
    pub break_glass: bool,
}

/// Where a manifest holds. An empty list names every place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Audience {
    /// Hosts.
    pub hosts: Vec<NamePattern>,
    /// Clusters.
    pub clusters: Vec<NamePattern>,
}

/// For which agent a manifest holds. What is empty fits every agent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Subject {
    /// Digests of what runs.
    pub digests: Vec<SubjectDigest>,
    /// The agent's name.
    pub agent: Option<String>,
    /// The runtime that it runs in.
    pub runtime: Option<String>,
    /// The namespace that it runs in.
    pub namespace: Option<String>,
    /// The service account that it runs as.
    pub service_account: Option<String>,
}

impl Subject {
    /// Whether it names nobody.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The digest of something that runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubjectDigest {
    /// Of what.
    pub kind: DigestKind,
    /// 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// A name for it, for people.
    pub name: Option<String>,
}

/// What a digest is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DigestKind {
    /// A container image.
    Image,
    /// The file that is executed.
    Executable,
    /// A configuration.
    Configuration,
}

impl DigestKind {
    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Executable => "executable",
            Self::Configuration => "configuration",
        }
    }
}

impl fmt::Display for DigestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Manifest {
    /// Reads a manifest: JSON where its first byte that isn't blank is `{`, else YAML.
    ///
    /// # Errors
    /// [`ManifestError`], with line and column where the document hasn't the right fields, and with everything that is wrong
    /// where it has.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let text = document::text(bytes, MANIFEST_MAX)?;
        let written: Written =
            if text.trim_start().starts_with('{') { document::json(text)? } else { document::yaml(text)? };
        Ok(written.check()?)
    }

    /// The manifest in the published format, in normal form: paths normalised, times in UTC, what is usual left out.
    pub fn written(&self) -> Written {
        Written::from(self)
    }

    /// As JSON without blanks: always the same bytes for the same manifest, and the predicate that is signed.
    pub fn to_compact_json(&self) -> String {
        // Texts and numbers under fixed names: there is nothing that could fail.
        serde_json::to_string(&self.written()).unwrap_or_default()
    }

    /// As JSON for people, ending in a line feed.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.written()).unwrap_or_default();
        text.push('\n');
        text
    }

    /// As YAML for people, ending in a line feed.
    pub fn to_yaml(&self) -> String {
        // Should the library refuse something, JSON says the same.
        serde_saphyr::to_string(&self.written()).unwrap_or_else(|_| self.to_json())
    }
}

impl From<&Manifest> for Written {
    fn from(manifest: &Manifest) -> Self {
        let names = |patterns: &[NamePattern]| {
            (!patterns.is_empty()).then(|| patterns.iter().map(NamePattern::to_string).collect())
        };
        let audience = (manifest.audience != Audience::default()).then(|| WrittenAudience {
            hosts: names(&manifest.audience.hosts),
            clusters: names(&manifest.audience.clusters),
        });
        let subject = &manifest.subject;
        let digests = || {
            let written = |digest: &SubjectDigest| WrittenDigest {
                kind: digest.kind,
                sha256: digest.sha256.clone(),
                name: digest.name.clone(),
            };
            subject.digests.iter().map(written).collect()
        };
        let subject = (!subject.is_empty()).then(|| WrittenSubject {
            digests: (!subject.digests.is_empty()).then(digests),
            agent: subject.agent.clone(),
            runtime: subject.runtime.clone(),
            namespace: subject.namespace.clone(),
            service_account: subject.service_account.clone(),
        });
        Self {
            version: 1,
            id: manifest.id.clone(),
            audience,
            subject,
            grants: manifest.grants.iter().map(WrittenGrant::from).collect(),
            category: manifest.category,
            statement: manifest.statement.clone(),
            ticket: manifest.ticket.clone(),
            alternatives: manifest.alternatives.clone(),
            requested_by: manifest.requested_by.clone(),
            approved_by: manifest.approved_by.clone(),
            not_before: moment::text(manifest.not_before),
            not_after: moment::text(manifest.not_after),
            max_uses: manifest.max_uses,
            break_glass: manifest.break_glass,
        }
    }
}

impl From<&PresentedGrant> for WrittenGrant {
    fn from(grant: &PresentedGrant) -> Self {
        let access = match grant.access {
            Access { execute: true, .. } => WrittenAccess::ReadWriteExecute,
            Access { write: true, .. } => WrittenAccess::ReadWrite,
            _ => WrittenAccess::Read,
        };
        let (backing, path, group) = match &grant.backing {
            Backing::Dir { path } => (WrittenBacking::Dir, Some(path.to_string()), None),
            Backing::Shared { group } => (WrittenBacking::Shared, None, Some(group.clone())),
            Backing::Host { .. } => (WrittenBacking::Host, None, None),
            // No grant has any other.
            _ => (WrittenBacking::Private, None, None),
        };
        let listed = [
            (grant.options.noexec, WrittenOption::Noexec),
            (grant.options.nosuid, WrittenOption::Nosuid),
            (grant.options.nodev, WrittenOption::Nodev),
        ];
        let usual = grant.options.nosuid && grant.options.nodev || matches!(grant.resource, Resource::Ipc(_));
        Self {
            resource: grant.resource.to_string(),
            access,
            backing,
            path,
            group,
            size: grant.limits.size.map(|size| size.to_string()),
            inodes: grant.limits.inodes,
            options: (!usual)
                .then(|| listed.iter().filter(|(on, _)| *on).map(|(_, option)| *option).collect()),
        }
    }
}
