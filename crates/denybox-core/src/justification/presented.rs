//! What the policy sees of one justification: what it asks for, and everything about it that somebody else had to find
//! out. Whether that suffices is the policy's to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::justification::Category;
use crate::resource::Resource;
use crate::surface::{Access, Backing, Limits, MountOptions};

/// One justification, read and checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Presented {
    /// Where it was read: a path, or the name of a store.
    pub source: String,
    /// The name that it gives itself.
    pub id: String,
    /// `sha256:` and 64 hexadecimal digits: of the bytes that were signed, or of the whole document where nothing was.
    pub digest: String,
    /// Whether it came in an envelope at all. Says nothing about the signatures.
    pub signed: bool,
    /// The signatures that hold, each by another person's key that is trusted, in force and not revoked.
    pub signatures: Vec<Signer>,
    /// The signatures that don't count, and why.
    pub rejected: Vec<Rejected>,
    /// How many people must have signed, at least 1: the most that any trust file asks for.
    pub signers_required: u32,
    /// By how much clocks may disagree, in seconds: the least that any trust file allows.
    pub skew_seconds: u64,
    /// Whether it is for this host or cluster.
    pub audience: Aim,
    /// Whether it is for this agent.
    pub subject: Aim,
    /// Whether a revocation list names it.
    pub revoked: bool,
    /// How often it may be used, and how often it was.
    pub uses: Uses,
    /// What it asks for, in its own order.
    pub grants: Vec<PresentedGrant>,
    /// The kind of its reason.
    pub category: Category,
    /// Its reason, in its author's words. Hostile text like any other from outside.
    pub statement: String,
    /// Where more is written about it.
    pub ticket: Option<String>,
    /// Who asks.
    pub requested_by: String,
    /// Who is said to have agreed. Only [`Presented::signatures`] prove it.
    pub approved_by: Vec<String>,
    /// From when on it holds, in seconds since 1970-01-01 UTC.
    pub not_before: u64,
    /// Until when it holds, in seconds since 1970-01-01 UTC.
    pub not_after: u64,
    /// Whether it claims that there was no time to ask.
    pub break_glass: bool,
}

/// Whom a justification is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// It names nobody, so it would hold for everyone.
    Everyone,
    /// It names this one.
    Here,
    /// It names others only.
    Elsewhere,
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// The key's identifier: `sha256:…`, or OpenSSH's `SHA256:…`.
    pub key: String,
    /// Whose key it is.
    pub person: String,
    /// What the key may sign for: the roles on which all trust files agree, each once, in order.
    pub roles: Vec<SigningRole>,
    /// For each of [`Presented::grants`], whether the key may speak for its resource.
    pub covers: Vec<bool>,
}

/// What somebody's signature stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SigningRole {
    /// May ask.
    Requester,
    /// May agree.
    Approver,
    /// May go ahead alone in an emergency.
    BreakGlass,
}

impl SigningRole {
    /// Its name in trust files and policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Approver => "approver",
            Self::BreakGlass => "break-glass",
        }
    }
}

/// A signature that doesn't count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    /// The key's identifier; where no known key fits, what the envelope claims, which may be anything.
    pub key: String,
    /// A stable kebab-case name of the reason.
    pub code: String,
    /// The reason, for people. Free of control characters.
    pub message: String,
}

/// How often a justification may be used. Whoever counts fills in what was spent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uses {
    /// How often; none for as often as one likes.
    pub max: Option<u64>,
    /// How often it was used before.
    pub spent: u64,
    /// Whether the count can be relied on: nobody who uses the justification can reset it.
    pub binding: bool,
}

/// One thing that a justification asks for, as an exposure would have it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentedGrant {
    /// What is asked for.
    pub resource: Resource,
    /// What shall be possible there.
    pub access: Access,
    /// Where its bytes shall live.
    pub backing: Backing,
    /// How much it shall hold.
    pub limits: Limits,
    /// The mount flags that it shall have at least; all `false` for an IPC kind, which has no mount.
    pub options: MountOptions,
}
