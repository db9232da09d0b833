//! The manifest as it is written: the published format. Texts are not yet looked into.

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Deserializer, Serialize};

use crate::justification::{Category, DigestKind};

/// A justification for scratch: which, for whom, why, who agreed, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Justification")]
pub struct Written {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u64,
    /// Its name: 1 to 128 letters, digits, `.`, `_` or `-`, first a letter or digit. Revocations and reports use it.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"))]
    pub id: String,
    /// The hosts and clusters that it is for. Without it, for all.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WrittenAudience")]
    pub audience: Option<WrittenAudience>,
    /// The agent that it is for. Without it, for all.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WrittenSubject")]
    pub subject: Option<WrittenSubject>,
    /// What is asked for: 1 to 64 resources, each once.
    #[schemars(length(min = 1, max = 64))]
    pub grants: Vec<WrittenGrant>,
    /// The kind of the reason.
    pub category: Category,
    /// The reason, in words: what needs it, and what happens without. At most 4 KiB.
    pub statement: String,
    /// Where more is written about it, such as a ticket or a URL.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub ticket: Option<String>,
    /// What was tried or thought of instead, and why it doesn't do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub alternatives: Vec<String>,
    /// Who asks.
    pub requested_by: String,
    /// Who agreed. Their signatures prove it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub approved_by: Vec<String>,
    /// From when on it holds: RFC 3339 in whole seconds, such as 2026-11-26T09:00:00Z.
    #[schemars(extend("format" = "date-time"))]
    pub not_before: String,
    /// Until when it holds, likewise.
    #[schemars(extend("format" = "date-time"))]
    pub not_after: String,
    /// How often it may be used, at least once. Without it, as often as one likes.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = 1))]
    pub max_uses: Option<u64>,
    /// Whether there was no time to ask anybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
}

/// Hosts and clusters. Each list that is given must name the place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WrittenAudience {
    /// Names of hosts. A `*` at the beginning or the end of a part between dots stands for the rest of that part.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>", length(min = 1, max = 64))]
    pub hosts: Option<Vec<String>>,
    /// Names of clusters, likewise.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>", length(min = 1, max = 64))]
    pub clusters: Option<Vec<String>>,
}

/// An agent. Everything that is given must fit, every digest too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WrittenSubject {
    /// Digests of what runs.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<WrittenDigest>", length(min = 1, max = 64))]
    pub digests: Option<Vec<WrittenDigest>>,
    /// The agent's name.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub agent: Option<String>,
    /// The name of the runtime that it runs in.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub runtime: Option<String>,
    /// The namespace that it runs in.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub namespace: Option<String>,
    /// The service account that it runs as.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub service_account: Option<String>,
}

/// One digest of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WrittenDigest {
    /// Of what.
    pub kind: DigestKind,
    /// 64 hexadecimal digits in lower case.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
    /// A name for it, for people.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub name: Option<String>,
}

/// One resource that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WrittenGrant {
    /// An absolute path, or one of sysv-shm, sysv-sem, sysv-msg, posix-mq, memfd-exec, abstract-unix.
    pub resource: String,
    /// What shall be possible there.
    pub access: WrittenAccess,
    /// What shall be behind it.
    pub backing: WrittenBacking,
    /// For `dir`: the directory on the host, absolute.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub path: Option<String>,
    /// For `shared`: the name of those who share it.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub group: Option<String>,
    /// How much it holds, such as 64M.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub size: Option<String>,
    /// How many files, directories and links it holds.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = 1))]
    pub inodes: Option<u64>,
    /// Mount options; without it all of them that the access allows.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<WrittenOption>", length(max = 3))]
    pub options: Option<Vec<WrittenOption>>,
}

/// What shall be possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WrittenAccess {
    /// Reading and listing.
    Read,
    /// Writing, creating and removing as well.
    ReadWrite,
    /// Executing as well.
    ReadWriteExecute,
}

/// What shall be behind a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WrittenBacking {
    /// A memory file system, or an IPC namespace, of the agent's own.
    Private,
    /// A directory of the host for this agent alone.
    Dir,
    /// Shared with named others.
    Shared,
    /// The host's own.
    Host,
}

/// A mount option, mount(8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WrittenOption {
    /// Nothing is executed from there. Always so unless the access says otherwise.
    Noexec,
    /// Set-user-ID bits have no effect.
    Nosuid,
    /// Device nodes have no effect.
    Nodev,
}

/// The JSON schema of a manifest.
pub fn schema() -> Schema {
    schema_for!(Written)
}

/// A field that stands there has a value. `subject:` with nothing behind it would otherwise be for everyone.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}
