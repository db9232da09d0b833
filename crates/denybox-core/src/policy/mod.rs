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

/// The Rego that ships: the policy of `denybox run`.
const LOCAL: (&str, &str) =
    ("policies/local/decide.rego", include_str!("../../../../policies/local/decide.rego"));

/// What it has to say when it refuses. Read only then: reading it takes as long as deciding.
const LOCAL_EXPLAINED: (&str, &str) =
    ("policies/local/explain.rego", include_str!("../../../../policies/local/explain.rego"));

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
    /// The Rego parser panicked.
    #[error("policy module {0} makes the Rego parser panic")]
    Panicked(String),
}

/// Rego modules, ready to judge.
#[derive(Debug, Clone)]
pub struct Policy {
    name: String,
    /// A policy that could not be loaded still decides: it refuses everything and says why.
    engine: Result<Engine, PolicyError>,
    /// Modules that only a refusal needs.
    explanation: Vec<(String, String)>,
}

impl Policy {
    /// The policy that ships, named `local`.
    pub fn shipped() -> Self {
        let owned = |(module, rego): (&str, &str)| (module.to_owned(), rego.to_owned());
        Self {
            name: "local".to_owned(),
            engine: new_engine().and_then(|engine| with_modules(engine, vec![owned(LOCAL)])),
            explanation: vec![owned(LOCAL_EXPLAINED)],
        }
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
        let engine = with_modules(new_engine()?, sources)?;
        Ok(Self { name: name.to_owned(), engine: Ok(engine), explanation: Vec::new() })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
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
        let answer = match self.evaluate(&text) {
            Ok(answer) => answer,
            Err(reason) => return self.refuse(&text, reason),
        };
        let explained = if answer.needs_explaining(input.surface.exposures.len()) {
            self.explain(&text)
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

    /// The policy's answer to the input written in `text`.
    fn evaluate(&self, text: &str) -> Result<Answer, Reason> {
        let engine = self.engine.as_ref().map_err(|error| Reason::new("policy-error", error.to_string()))?;
        self.value(engine.clone(), "answer", text)
    }

    /// What the policy has to say about the codes that it refused with. Missing or failing, it changes no decision:
    /// the refusal then has only its codes to show.
    fn explain(&self, text: &str) -> Vec<Objection> {
        let Ok(engine) = &self.engine else { return Vec::new() };
        with_modules(engine.clone(), self.explanation.clone())
            .ok()
            .and_then(|engine| self.value(engine, "explained", text).ok())
            .unwrap_or_default()
    }

    /// The value of the policy's `rule` for the input written in `text`.
    fn value<T: DeserializeOwned>(&self, mut engine: Engine, rule: &str, text: &str) -> Result<T, Reason> {
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

/// An empty engine with its time limit set.
fn new_engine() -> Result<Engine, PolicyError> {
    let mut engine = catch_unwind(Engine::new).map_err(|_| PolicyError::Panicked("none".to_owned()))?;
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: TIME_LIMIT,
        check_interval: CHECK_INTERVAL,
    });
    Ok(engine)
}

/// `engine` with further modules.
fn with_modules(mut engine: Engine, modules: Vec<(String, String)>) -> Result<Engine, PolicyError> {
    for (module, rego) in modules {
        catch_unwind(AssertUnwindSafe(|| engine.add_policy(module.clone(), rego)))
            .map_err(|_| PolicyError::Panicked(module.clone()))?
            .map_err(|error| PolicyError::Module { module, message: format!("{error:#}") })?;
    }
    Ok(engine)
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
