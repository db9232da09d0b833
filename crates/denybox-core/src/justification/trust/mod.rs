//! Trust: whose signatures count, for what, and how many are needed.
//!
//! A trust file is TOML. Several together only tighten: a signature counts where every one of them accepts its key.

mod edit;
mod file;

use std::collections::BTreeSet;

use super::key::PublicKey;
use super::presented::SigningRole;
use crate::resource::Resource;

pub use edit::{EditError, NewKey, add_key, revoke_key};
pub use file::{TrustError, TrustFault, TrustProblem};
pub(super) use file::{When, is_person};

/// The longest trust file that is read, in bytes.
pub const TRUST_MAX: usize = 1 << 20;
/// The most keys of one file. A signature that doesn't say whose it is, is tried with each.
pub const KEYS_MAX: usize = 512;
/// How many people must have signed where no file says so.
pub const SIGNERS: u32 = 2;
/// By how much clocks may disagree where no file says so, in seconds.
pub const SKEW: u64 = 120;
/// By how much clocks may disagree at most, in seconds.
pub const SKEW_MAX: u64 = 300;

/// One trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trust {
    /// By how much clocks may disagree, in seconds: at most [`SKEW_MAX`].
    pub skew_seconds: u64,
    /// How many people must have signed: at least 1.
    pub signers: u32,
    /// The keys, each once.
    pub keys: Vec<TrustedKey>,
}

/// One key of a trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrustedKey {
    /// Whose it is.
    pub person: String,
    /// The key.
    pub public: PublicKey,
    /// What it may sign for; at least one role.
    pub roles: BTreeSet<SigningRole>,
    /// The resources that it may speak for: a path with everything below it, or a kind of IPC. None for all.
    pub scope: Option<Vec<Resource>>,
    /// Its signatures count from then on, in seconds since 1970-01-01 UTC. No skew is allowed for.
    pub not_before: Option<u64>,
    /// Its signatures count before then, likewise.
    pub not_after: Option<u64>,
    /// When it was revoked, likewise. It counts no more, whatever the clock says: a signature has no date that its maker
    /// could not have chosen.
    pub revoked: Option<u64>,
}

impl TrustedKey {
    /// Whether the key may speak for this resource.
    pub fn covers(&self, resource: &Resource) -> bool {
        let Some(scope) = &self.scope else { return true };
        scope.iter().any(|allowed| match (allowed, resource) {
            (Resource::Path(top), Resource::Path(path)) => path.is_at_or_below(top),
            (Resource::Ipc(allowed), Resource::Ipc(kind)) => allowed == kind,
            _ => false,
        })
    }
}

/// All the trust files that are in force. Without any nobody is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trusts(Vec<Trust>);

/// A key that every file knows and no file refuses now.
#[derive(Debug)]
pub(super) struct Accepted<'a> {
    /// Whose it is.
    pub person: &'a str,
    /// The roles on which all agree; at least one.
    pub roles: Vec<SigningRole>,
    keys: Vec<&'a TrustedKey>,
}

impl Accepted<'_> {
    /// Whether every file lets the key speak for this resource.
    pub fn covers(&self, resource: &Resource) -> bool {
        self.keys.iter().all(|key| key.covers(resource))
    }
}

/// Why a key isn't accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unaccepted {
    Unknown,
    Revoked,
    NotYetValid,
    Expired,
    Disputed,
    NoRole,
}

impl Trusts {
    /// These files together.
    pub fn new(files: Vec<Trust>) -> Self {
        Self(files)
    }

    /// How many people must have signed: the most that any file asks for.
    pub fn signers(&self) -> u32 {
        self.0.iter().map(|file| file.signers).max().unwrap_or(SIGNERS)
    }

    /// By how much clocks may disagree, in seconds: the least that any file allows.
    pub fn skew_seconds(&self) -> u64 {
        self.0.iter().map(|file| file.skew_seconds).min().unwrap_or(SKEW)
    }

    /// The keys that could count: what isn't in the first file isn't in all of them.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.iter().take(1).flat_map(|file| &file.keys).map(|key| &key.public)
    }

    /// What all files together say about the key with this identifier at `time`.
    pub(super) fn accept(&self, id: &str, time: u64) -> Result<Accepted<'_>, Unaccepted> {
        let mut keys = Vec::with_capacity(self.0.len());
        for file in &self.0 {
            keys.push(file.keys.iter().find(|key| key.public.id() == id).ok_or(Unaccepted::Unknown)?);
        }
        let first = keys.first().ok_or(Unaccepted::Unknown)?;
        let (person, mut roles) = (first.person.as_str(), first.roles.clone());
        for key in &keys {
            if key.revoked.is_some() {
                return Err(Unaccepted::Revoked);
            }
            if key.not_before.is_some_and(|from| time < from) {
                return Err(Unaccepted::NotYetValid);
            }
            if key.not_after.is_some_and(|until| time >= until) {
                return Err(Unaccepted::Expired);
            }
            // One file could otherwise make two people of one.
            if key.person != person {
                return Err(Unaccepted::Disputed);
            }
            roles.retain(|role| key.roles.contains(role));
        }
        if roles.is_empty() {
            return Err(Unaccepted::NoRole);
        }
        Ok(Accepted { person, roles: roles.into_iter().collect(), keys })
    }
}
