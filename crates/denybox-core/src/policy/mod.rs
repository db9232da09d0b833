//! The one policy: every surface is judged here, by Rego, and nowhere else.
//!
//! A policy is a set of Rego v1 modules that define `answer` in a package `denybox.NAME`; what `answer` must look
//! like is [`Answer`]. Whatever goes wrong on the way to a well-formed allowing answer is a refusal that says so.

mod allowed;
mod answer;
pub mod builtins;
pub mod check;
mod compiled;
mod fault;
mod interpreted;
pub mod limits;
pub mod opinion;
mod posed;
pub mod question;
mod rego;
mod remote;
mod restrict;
mod schema;
mod shipped;
mod sources;
pub mod testing;
mod total;
mod value;

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use regorus::Value;

use self::compiled::Compiled;
use self::interpreted::Interpreted;
use self::limits::TIMER;
use self::question::Question;
use self::shipped::SHIPPED;

pub use self::allowed::Allowed;
pub use self::answer::{Answer, AnswerError, Objection};
pub use self::fault::Fault;
pub use self::restrict::Forbidden;
pub use self::schema::{answer_schema, input_schema};
pub use self::sources::Sources;
use crate::decision::{Decision, INPUT_VERSION, Input, Reason, Refusal, Verdict};
use crate::surface::{Backing, Exposure, Role};
use crate::view::relations;

/// Why Rego sources make no policy.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PolicyError {
    /// The name can't be part of a package name.
    #[error("'{0}' is no name for a policy: use lower-case letters, digits and underscores, a letter first")]
    Name(String),
    /// No such policy ships.
    #[error("there is no policy '{0}': use local, strict, or a directory with Rego in it")]
    Unshipped(String),
    /// A module doesn't parse.
    #[error("policy module {module} can't be read: {message}")]
    Module {
        /// Which module, as it was named.
        module: String,
        /// What the Rego parser says.
        message: String,
    },
    /// The Rego parser panicked.
    #[error("policy module {0} makes the Rego parser panic")]
    Panicked(String),
    /// A rule does what a policy may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
}

/// Rego modules, ready to judge.
#[derive(Debug)]
pub struct Policy {
    name: String,
    /// The compiled `answer`; none of a foreign policy.
    compiled: Option<Compiled>,
    /// Everything, as Rego. A policy that could not be read still decides: it refuses everything and says why.
    rego: Interpreted,
}

impl Policy {
    /// The names of the policies that ship.
    pub const SHIPPED: [&str; 2] = ["local", "strict"];

    /// A policy that ships, by its name.
    ///
    /// # Errors
    /// [`PolicyError::Unshipped`].
    pub fn shipped(name: &str) -> Result<Self, PolicyError> {
        let shipped = SHIPPED
            .iter()
            .find(|shipped| shipped.name == name)
            .ok_or_else(|| PolicyError::Unshipped(name.to_owned()))?;
        Ok(Self {
            name: shipped.name.to_owned(),
            compiled: Some(Compiled::new(shipped.program)),
            rego: Interpreted::new(shipped.modules()),
        })
    }

    /// A policy from `sources`, pairs of a module's name (for messages) and its Rego. Its package is
    /// `denybox.` followed by `name`. What the sources name of the packages that ship, and don't define, comes along.
    ///
    /// # Errors
    /// [`PolicyError`] when the name is unusable, a module doesn't parse, or a rule calls what a policy may not.
    pub fn from_sources(name: &str, sources: Vec<(String, String)>) -> Result<Self, PolicyError> {
        named(name)?;
        let taken = shipped::taken_along(&sources);
        let modules = sources.into_iter().chain(taken).collect();
        let policy = Self { name: name.to_owned(), compiled: None, rego: Interpreted::new(modules) };
        let read = policy.rego.engine()?.clone().get_modules().clone();
        match restrict::forbidden(&read).into_iter().next() {
            Some(forbidden) => Err(forbidden.into()),
            None => Ok(policy),
        }
    }

    /// The same rules, all of them interpreted: for comparing with the compiled form.
    #[must_use]
    pub fn interpreted(self) -> Self {
        Self { compiled: None, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its modules: pairs of a name and Rego.
    pub fn modules(&self) -> &[(String, String)] {
        self.rego.modules()
    }

    /// Names exactly these rules: SHA-256 of all modules by name, 64 hexadecimal digits.
    pub fn revision(&self) -> String {
        sources::revision(self.rego.modules())
    }

    /// Loads the rules now: deciding does so by itself, only later.
    #[must_use]
    pub fn made_ready(self) -> Self {
        match &self.compiled {
            Some(compiled) => compiled.make_ready(),
            // What is wrong with them the decision will say.
            None => drop(self.rego.engine()),
        }
        self
    }

    /// Decides about everything in `input`. Never panics, and never allows because of an error: a policy that can't be
    /// loaded, fails, panics, takes longer than [`limits::TIME`], or answers with anything but one clear verdict for each
    /// exposure refuses, with a reason that says so.
    pub fn decide(&self, input: &Input) -> Decision {
        let input = complete(input);
        let id = id(&self.name, &input);
        let judged = self.judge(&input);
        conclude(&self.name, id, input, judged)
    }

    /// A verdict for each exposure of a complete input, and the reasons that concern none of them. Where there is no
    /// answer there are no verdicts, and a reason.
    fn judge(&self, input: &Input) -> (Vec<Verdict>, Vec<Reason>) {
        if input.version != INPUT_VERSION {
            let message =
                format!("this policy judges inputs of version {INPUT_VERSION}, not {}", input.version);
            return unanswered(Reason::new("unsupported-version", message));
        }
        let question = match value::value(&Question::new(input)) {
            Ok(question) => question,
            Err(error) => {
                let message = format!("the policy input can't be written: {error}");
                return unanswered(Reason::new("policy-error", message));
            }
        };
        let answer = match self.answer(question.clone()) {
            Ok(answer) => answer,
            Err(fault) => return unanswered(fault.into()),
        };
        let explained = if answer.needs_explaining(input.surface.exposures.len()) {
            self.explained(question)
        } else {
            Vec::new()
        };
        answer.into_verdicts(&input.surface.exposures, input.justifications.len(), &explained)
    }

    /// What the rules answer to `input`, and all that they explain: for comparing engines. A decision is more than that.
    ///
    /// # Errors
    /// [`Fault`] where there is no answer.
    pub fn answered(&self, input: &Input) -> Result<(Answer, Vec<Objection>), Fault> {
        let input = complete(input);
        let question = value::value(&Question::new(&input))
            .map_err(|error| Fault::Error(format!("the policy input can't be written: {error}")))?;
        Ok((self.answer(question.clone())?, self.explained(question)))
    }

    fn answer(&self, question: Value) -> Result<Answer, Fault> {
        let value = match &self.compiled {
            Some(compiled) => compiled.answer(&self.name, question)?,
            None => self.rego.value(&self.name, "answer", question)?,
        };
        Answer::from_value(&value)
            .map_err(|error| Fault::Error(format!("the policy's answer is not what it must be: {error}")))
    }

    /// What the policy's `explained` says. Missing or failing, it changes no decision: the refusal then has only its
    /// codes to show.
    fn explained(&self, question: Value) -> Vec<Objection> {
        self.rego
            .value(&self.name, "explained", question)
            .ok()
            .and_then(|value| answer::objections(&value, "explained").ok())
            .unwrap_or_default()
    }
}

/// The decision that verdicts make.
fn conclude(
    policy: &str,
    id: String,
    input: Cow<'_, Input>,
    (verdicts, general): (Vec<Verdict>, Vec<Reason>),
) -> Decision {
    let surface = match input {
        Cow::Borrowed(input) => input.surface.clone(),
        Cow::Owned(input) => input.surface,
    };
    let denials: Vec<(Exposure, Vec<Reason>)> = surface
        .exposures
        .iter()
        .zip(&verdicts)
        .filter_map(|(exposure, verdict)| match verdict {
            Verdict::Allow { .. } => None,
            Verdict::Deny { reasons, .. } => Some((exposure.clone(), reasons.clone())),
        })
        .collect();
    // One verdict for each exposure, none of them a denial: the only way to an allowing decision.
    if denials.is_empty() && general.is_empty() && verdicts.len() == surface.exposures.len() {
        return Decision::Allowed(Allowed::new(id, policy.to_owned(), surface, verdicts));
    }
    Decision::Refused(Refusal { id, policy: policy.to_owned(), denials, general })
}

/// Names the decision about `input`: a hash of it and of the policy's name. A name to find it by, no seal.
fn id(policy: &str, input: &Input) -> String {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    policy.hash(&mut hasher);
    input.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn unanswered(reason: Reason) -> (Vec<Verdict>, Vec<Reason>) {
    (Vec::new(), vec![answer::printable(reason)])
}

/// Makes sure that `name` can be part of a package's.
fn named(name: &str) -> Result<(), PolicyError> {
    let mut bytes = name.bytes();
    let named = bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if named { Ok(()) } else { Err(PolicyError::Name(name.to_owned())) }
}

/// FNV-1a, 64 bits: the same on every run, unlike the standard library's hashers.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// `input` with the relations to guarded places that its paths alone show. Whoever gathered the facts should have
/// put them there; this is the second lock.
fn complete(input: &Input) -> Cow<'_, Input> {
    let home = input.caller.home.as_ref();
    let mut input = Cow::Borrowed(input);
    for index in 0..input.surface.exposures.len() {
        let Some(exposure) = input.surface.exposures.get(index) else { break };
        let missing: Vec<_> = named_paths(exposure)
            .flat_map(|path| relations(path, home))
            .filter(|related| !exposure.related.contains(related))
            .collect();
        if missing.is_empty() {
            continue;
        }
        if let Some(exposure) = input.to_mut().surface.exposures.get_mut(index) {
            for related in missing {
                if !exposure.related.contains(&related) {
                    exposure.related.push(related);
                }
            }
        }
    }
    input
}

/// The paths of an exposure that must not be guarded ones.
fn named_paths(exposure: &Exposure) -> impl Iterator<Item = &crate::path::AbsPath> {
    let shown = matches!(exposure.role, Role::Workspace | Role::ReadOnly | Role::ReadWrite);
    let at = exposure.resource.path().filter(|_| shown);
    let behind = match exposure.backing.judged() {
        Backing::Dir { path } => Some(path),
        Backing::Host { path } if shown => path.as_ref(),
        _ => None,
    };
    // Most of what is shown is shown under its own name.
    at.into_iter().chain(behind.filter(|path| Some(*path) != at))
}
