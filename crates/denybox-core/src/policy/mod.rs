//! The one policy: every surface is judged here, by Rego, and nowhere else.
//!
//! A policy is a set of Rego v1 modules that define `answer` in a package `denybox.NAME`; what `answer` must look
//! like is [`Answer`]. Whatever goes wrong on the way to a well-formed allowing answer is a refusal that says so.

mod allowed;
mod answer;
mod schema;

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use serde::de::DeserializeOwned;

pub use self::allowed::Allowed;
pub use self::answer::{Answer, Objection};
pub use self::schema::{answer_schema, input_schema};
use crate::decision::{Decision, INPUT_VERSION, Input, Reason, Refusal, Verdict};
use crate::surface::{Backing, Exposure, Role};
use crate::view::relations;

/// The Rego that ships: the policy of `denybox run`. Reading Rego takes longer than judging by it, so what a surface
/// has no use for isn't read.
const LOCAL: [(&str, &str); STAGES] = [
    ("policies/local/decide.rego", include_str!("../../../../policies/local/decide.rego")),
    ("policies/local/grants.rego", include_str!("../../../../policies/local/grants.rego")),
    ("policies/local/explain.rego", include_str!("../../../../policies/local/explain.rego")),
];

/// How many stages a policy is read in; each adds to those before.
const STAGES: usize = 3;

/// The stage that is enough for a surface without grants.
const BASE: usize = 0;

/// The stage that can judge every surface.
const GRANTS: usize = 1;

/// The stage that says why a surface was refused.
const EXPLAIN: usize = 2;

/// How long an evaluation may take before it counts as a refusal.
const TIME_LIMIT: Duration = Duration::from_millis(200);

/// After how many steps of evaluation the clock is read.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(64).unwrap();

/// Why Rego sources make no policy.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PolicyError {
    /// The name can't be part of a package name.
    #[error("'{0}' is no name for a policy: use lower-case letters, digits and underscores, a letter first")]
    Name(String),
    /// A module doesn't parse.
    #[error("policy module {module} can't be read: {message}")]
    Module {
        /// Which module, as it was named.
        module: String,
        /// What the Rego parser says.
        message: String,
    },
    /// There is no such stage of reading a policy.
    #[error("a policy has no stage {0}")]
    Stage(usize),
    /// The Rego parser panicked.
    #[error("policy module {0} makes the Rego parser panic")]
    Panicked(String),
}

/// Rego modules, ready to judge.
#[derive(Debug, Clone)]
pub struct Policy {
    name: String,
    /// What each stage adds, as pairs of a module's name and its Rego.
    modules: [Vec<(String, String)>; STAGES],
    /// The engine of each stage, made when it is first needed. A policy that could not be loaded still decides: it
    /// refuses everything and says why.
    engines: [OnceLock<Result<Engine, PolicyError>>; STAGES],
}

impl Policy {
    /// The policy that ships, named `local`.
    pub fn shipped() -> Self {
        Self::new("local", LOCAL.map(|(module, rego)| vec![(module.to_owned(), rego.to_owned())]))
    }

    fn new(name: &str, modules: [Vec<(String, String)>; STAGES]) -> Self {
        Self { name: name.to_owned(), modules, engines: [const { OnceLock::new() }; STAGES] }
    }

    /// A policy from `sources`, pairs of a module's name (for messages) and its Rego. Its package is
    /// `denybox.` followed by `name`.
    ///
    /// # Errors
    /// [`PolicyError`] when the name is unusable or a module doesn't parse.
    pub fn from_sources(name: &str, sources: Vec<(String, String)>) -> Result<Self, PolicyError> {
        let mut bytes = name.bytes();
        let named = bytes.next().is_some_and(|first| first.is_ascii_lowercase())
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !named {
            return Err(PolicyError::Name(name.to_owned()));
        }
        let policy = Self::new(name, [sources, Vec::new(), Vec::new()]);
        policy.engine(BASE)?;
        Ok(policy)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the rules now, those for grants too where asked: deciding does so by itself, only later.
    pub fn made_ready(self, grants: bool) -> Self {
        // What is wrong with them the decision will say.
        let _ = self.engine(if grants { GRANTS } else { BASE });
        self
    }

    /// Decides about everything in `input`. Never panics, and never allows because of an error: a policy that can't be
    /// loaded, fails, panics, takes longer than 200 ms, or answers with anything but one clear verdict for each
    /// exposure refuses, with a reason that says so.
    pub fn decide(&self, input: &Input) -> Decision {
        let input = complete(input);
        let text = match serde_json::to_string(&*input) {
            Ok(text) => text,
            Err(error) => {
                return self.refuse(
                    "",
                    Reason::new("policy-error", format!("the policy input can't be written: {error}")),
                );
            }
        };
        if input.version != INPUT_VERSION {
            let message =
                format!("this policy judges inputs of version {INPUT_VERSION}, not {}", input.version);
            return self.refuse(&text, Reason::new("unsupported-version", message));
        }
        let stage = if input.surface.exposures.iter().any(is_grant) { GRANTS } else { BASE };
        let answer: Answer = match self.value(stage, "answer", &text) {
            Ok(answer) => answer,
            Err(reason) => return self.refuse(&text, reason),
        };
        let explained = if answer.needs_explaining(input.surface.exposures.len()) {
            // Missing or failing, it changes no decision: the refusal then has only its codes to show.
            self.value(EXPLAIN, "explained", &text).unwrap_or_default()
        } else {
            Vec::new()
        };
        let (verdicts, general) = answer.into_verdicts(&input.surface.exposures, &explained);
        let surface = input.into_owned().surface;
        let id = self.id(&text);
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
            return Decision::Allowed(Allowed::new(id, self.name.clone(), surface, verdicts));
        }
        Decision::Refused(Refusal { id, denials, general })
    }

    /// The engine with the modules of `stage` and those before it.
    fn engine(&self, stage: usize) -> Result<&Engine, PolicyError> {
        let Some(engine) = self.engines.get(stage) else { return Err(PolicyError::Stage(stage)) };
        let made = engine.get_or_init(|| load(self.modules.iter().take(stage.saturating_add(1)).flatten()));
        made.as_ref().map_err(PolicyError::clone)
    }

    /// The value of the policy's `rule` for the input written in `text`.
    fn value<T: DeserializeOwned>(&self, stage: usize, rule: &str, text: &str) -> Result<T, Reason> {
        let mut engine =
            self.engine(stage).map_err(|error| Reason::new("policy-error", error.to_string()))?.clone();
        let path = format!("data.denybox.{}.{rule}", self.name);
        // The engine moves in there and never comes out: nothing half-changed can be seen after a panic.
        let value = catch_unwind(AssertUnwindSafe(move || {
            engine.set_input(Value::from_json_str(text)?);
            match engine.eval_rule(path)? {
                Value::Undefined => Ok(None),
                value => value.to_json_str().map(Some),
            }
        }))
        .map_err(|_| Reason::new("policy-panicked", "the Rego engine panicked on this input"))?
        .map_err(|error| Reason::new("policy-error", format!("the policy failed: {error:#}")))?
        .ok_or_else(|| {
            Reason::new("policy-undefined", format!("the policy {} has no {rule} for this input", self.name))
        })?;
        serde_json::from_str(&value).map_err(|error| {
            Reason::new("policy-error", format!("the policy's {rule} is not what it must be: {error}"))
        })
    }

    fn refuse(&self, text: &str, reason: Reason) -> Decision {
        Decision::Refused(Refusal {
            id: self.id(text),
            denials: Vec::new(),
            general: vec![answer::printable(reason)],
        })
    }

    /// Names the decision about `text`: FNV-1a over the policy's name and the input. A name to find it by, no seal.
    fn id(&self, text: &str) -> String {
        let hash =
            self.name.bytes().chain([0]).chain(text.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        format!("{hash:016x}")
    }
}

/// An engine with `modules` in it and its time limit set.
fn load<'a>(modules: impl Iterator<Item = &'a (String, String)>) -> Result<Engine, PolicyError> {
    let mut engine = catch_unwind(Engine::new).map_err(|_| PolicyError::Panicked("none".to_owned()))?;
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: TIME_LIMIT,
        check_interval: CHECK_INTERVAL,
    });
    for (module, rego) in modules {
        catch_unwind(AssertUnwindSafe(|| engine.add_policy(module.clone(), rego.clone())))
            .map_err(|_| PolicyError::Panicked(module.clone()))?
            .map_err(|error| PolicyError::Module { module: module.clone(), message: format!("{error:#}") })?;
    }
    // The first evaluation, of whatever, makes the engine analyse its modules. What that finds wrong, the next one
    // will say again; what it leaves behind is shared by every copy of the engine.
    let _ = catch_unwind(AssertUnwindSafe(|| engine.eval_rule("data.denybox".to_owned())));
    Ok(engine)
}

/// Whether an exposure is one that only the rules for grants could allow.
fn is_grant(exposure: &Exposure) -> bool {
    exposure.role == Role::Scratch && !matches!(exposure.backing.judged(), Backing::Absent | Backing::Sealed)
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
    at.into_iter().chain(behind)
}
