//! Who decides about a box: the pinned policy, and the one that the command line names. All of them must allow.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use denybox_core::decision::{Allowed, Decision, Input, Reason, Refusal};
use denybox_core::policy::Policy;

use crate::policy::source::{self, SourceError};
use crate::policy_server::{PolicyServer, PolicyServerError};
use crate::stores::settings::Settings;

/// Why nobody can decide.
#[derive(Debug, thiserror::Error)]
pub enum JudgesError {
    /// A policy can't be loaded.
    #[error(transparent)]
    Policy(#[from] SourceError),
    /// A server can't be asked.
    #[error(transparent)]
    Server(#[from] PolicyServerError),
}

/// One that decides.
#[derive(Debug)]
enum Judge {
    Embedded(Box<Policy>),
    Server(PolicyServer),
}

fn embedded(name: &OsStr) -> Result<Judge, SourceError> {
    Ok(Judge::Embedded(Box::new(source::policy(name)?.made_ready())))
}

/// Everyone who must allow a box.
#[derive(Debug)]
pub struct Judges(Vec<Judge>);

/// What the command line says of who decides.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// `--policy`.
    pub policy: Option<OsString>,
    /// `--policy-server`.
    pub server: Option<String>,
    /// `--policy-server-ca`.
    pub authority: Option<PathBuf>,
}

impl Judges {
    /// The pinned policy and what the command line names; `local` where neither says anything. Ready to decide.
    ///
    /// # Errors
    /// [`JudgesError`].
    pub fn appoint(settings: &Settings, named: &Named) -> Result<Self, JudgesError> {
        let mut judges = Vec::new();
        for name in settings.policy.as_deref().map(OsStr::new).into_iter().chain(named.policy.as_deref()) {
            judges.push(embedded(name)?);
        }
        if let Some(url) = &named.server {
            judges.push(Judge::Server(PolicyServer::new(url, named.authority.as_deref())?));
        }
        if judges.is_empty() {
            judges.push(embedded(OsStr::new("local"))?);
        }
        Ok(Self(judges))
    }

    /// Asks them in turn. The first refusal counts; where all allow, the first one's decision.
    ///
    /// # Errors
    /// The refusal.
    pub fn decide(&self, input: &Input, mut decided: impl FnMut(&Decision)) -> Result<Allowed, Box<Refusal>> {
        let mut allowed = None;
        for judge in &self.0 {
            let decision = match judge {
                Judge::Embedded(policy) => policy.decide(input),
                Judge::Server(server) => server.decide(input),
            };
            decided(&decision);
            match decision {
                Decision::Refused(refusal) => return Err(Box::new(refusal)),
                Decision::Allowed(decision) => {
                    allowed.get_or_insert(decision);
                }
            }
        }
        let nobody = || Reason::new("policy-error", "nobody was asked");
        allowed.ok_or_else(|| Box::new(Refusal::general(nobody())))
    }
}
