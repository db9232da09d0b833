//! Evaluating a policy from its Rego: foreign policies, and the explanations of those that ship.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use regorus::{Engine, Value};

use super::fault::Fault;
use super::{PolicyError, TIMER};

/// Rego modules, and the engine that has read them.
#[derive(Debug, Clone)]
pub(super) struct Interpreted {
    /// Pairs of a module's name, for messages, and its Rego.
    modules: Vec<(String, String)>,
    /// Made when it is first needed.
    engine: OnceLock<Result<Engine, PolicyError>>,
}

impl Interpreted {
    pub(super) fn new(modules: Vec<(String, String)>) -> Self {
        Self { modules, engine: OnceLock::new() }
    }

    pub(super) fn modules(&self) -> &[(String, String)] {
        &self.modules
    }

    /// The engine with all modules read.
    pub(super) fn engine(&self) -> Result<&Engine, PolicyError> {
        self.engine.get_or_init(|| load(&self.modules)).as_ref().map_err(PolicyError::clone)
    }

    /// The value of the rule `rule` of the policy's package.
    pub(super) fn value(&self, policy: &str, rule: &str, question: Value) -> Result<Value, Fault> {
        let mut engine = self.engine().map_err(|error| Fault::Error(error.to_string()))?.clone();
        let path = format!("data.denybox.{policy}.{rule}");
        // The engine moves in there and never comes out: nothing half-changed can be seen after a panic.
        let value = catch_unwind(AssertUnwindSafe(move || {
            engine.set_input(question);
            engine.eval_rule(path)
        }))
        .map_err(|_| Fault::Panicked)?
        .map_err(|error| Fault::Error(format!("the policy failed: {error:#}")))?;
        match value {
            Value::Undefined => Err(Fault::Undefined { policy: policy.to_owned(), rule: rule.to_owned() }),
            value => Ok(value),
        }
    }
}

fn load(modules: &[(String, String)]) -> Result<Engine, PolicyError> {
    let mut engine = catch_unwind(Engine::new).map_err(|_| PolicyError::Panicked("none".to_owned()))?;
    engine.set_execution_timer_config(TIMER);
    for (module, rego) in modules {
        catch_unwind(AssertUnwindSafe(|| engine.add_policy(module.clone(), rego.clone())))
            .map_err(|_| PolicyError::Panicked(module.clone()))?
            .map_err(|error| PolicyError::Module { module: module.clone(), message: format!("{error:#}") })?;
    }
    Ok(engine)
}
