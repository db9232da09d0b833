//! Running a policy's tests, in Rego, and which lines they reach.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use regorus::unstable::Rule;
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use serde::Serialize;

use super::rego::{self, head, package};
use super::{PolicyError, Sources};

/// How long one test may take. More than a decision: it may ask for many, and its lines are counted.
const TIMER: ExecutionTimerConfig =
    ExecutionTimerConfig { limit: Duration::from_secs(10), check_interval: NonZeroU32::new(256).unwrap() };

/// What became of the tests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tested {
    /// Each test, in the order of modules and lines.
    pub tests: Vec<Test>,
    /// Each module of the policy's own, tests left out.
    pub coverage: Vec<Coverage>,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Test {
    /// Its package and name.
    pub name: String,
    /// The module, as it was named.
    pub module: String,
    /// The line there, from 1.
    pub line: u32,
    /// Why it failed; none of one that passed.
    pub failure: Option<String>,
}

/// Which lines of a module were reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// The module, as it was named.
    pub module: String,
    /// Lines with something to evaluate that was evaluated.
    pub covered: BTreeSet<u32>,
    /// Those where nothing was.
    pub uncovered: BTreeSet<u32>,
}

impl Coverage {
    /// How much was reached, in per cent; of a module with nothing to reach, all of it.
    pub fn percent(&self) -> f64 {
        percent(self.covered.len(), self.uncovered.len())
    }
}

impl Tested {
    /// Those that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().filter(|test| test.failure.is_some())
    }

    /// How much of all modules together was reached, in per cent.
    pub fn percent(&self) -> f64 {
        let sum = |lines: fn(&Coverage) -> usize| self.coverage.iter().map(lines).sum();
        percent(sum(|module| module.covered.len()), sum(|module| module.uncovered.len()))
    }
}

fn percent(covered: usize, uncovered: usize) -> f64 {
    match covered + uncovered {
        0 => 100.0,
        all => covered as f64 * 100.0 / all as f64,
    }
}

/// Runs every rule `test_…` of the tests. One that isn't true failed.
///
/// # Errors
/// [`PolicyError`] when a module can't be read.
pub fn test(sources: &Sources) -> Result<Tested, PolicyError> {
    let mut engine = catch_unwind(Engine::new).map_err(|_| PolicyError::Panicked("none".to_owned()))?;
    engine.set_execution_timer_config(TIMER);
    for (module, rego) in sources.all_with_tests() {
        let unreadable = |message| PolicyError::Module { module: module.clone(), message };
        catch_unwind(AssertUnwindSafe(|| engine.add_policy(module.clone(), rego)))
            .map_err(|_| PolicyError::Panicked(module.clone()))?
            .map_err(|error| unreadable(error.to_string()))?;
    }
    engine.set_enable_coverage(true);
    let mut tests = found(sources)?;
    for test in &mut tests {
        // After a panic the engine may be half-changed: what it gathered until then stays in the copy that is kept.
        let mut trial = engine.clone();
        let rule = format!("data.{}", test.name);
        match catch_unwind(AssertUnwindSafe(move || {
            let value = trial.eval_rule(rule);
            (trial, value)
        })) {
            Ok((tried, value)) => {
                engine = tried;
                test.failure = failure(value.map_err(|error| rego::in_one_line(&error.to_string()).message));
            }
            Err(_) => test.failure = Some("it makes the Rego engine panic".to_owned()),
        }
    }
    let report = catch_unwind(AssertUnwindSafe(|| engine.get_coverage_report()))
        .map_err(|_| PolicyError::Panicked("none".to_owned()))?
        .map_err(|error| PolicyError::Module { module: sources.name.clone(), message: error.to_string() })?;
    let own = |path: &str| sources.modules.iter().any(|(module, _)| module == path);
    let mut coverage: Vec<Coverage> = report
        .files
        .into_iter()
        .filter(|file| own(&file.path))
        .map(|file| Coverage { module: file.path, covered: file.covered, uncovered: file.not_covered })
        .collect();
    coverage.sort_by(|one, other| one.module.cmp(&other.module));
    Ok(Tested { tests, coverage })
}

/// Why a value isn't that of a test that passed.
fn failure(value: Result<Value, String>) -> Option<String> {
    match value {
        Ok(Value::Bool(true)) => None,
        Ok(Value::Undefined) => Some("one of its conditions doesn't hold".to_owned()),
        Ok(other) => Some(format!("its value is {other}, not true")),
        Err(message) => Some(message),
    }
}

/// The tests in the modules that have them.
fn found(sources: &Sources) -> Result<Vec<Test>, PolicyError> {
    let mut tests: Vec<Test> = Vec::new();
    for (module, rego) in &sources.tests {
        let parsed = rego::parse(module, rego)
            .map_err(|error| PolicyError::Module { module: module.clone(), message: error.message })?;
        let package = package(&parsed).join(".");
        for rule in parsed.policy.iter().filter(|rule| matches!(***rule, Rule::Spec { .. })) {
            let Some((path, true)) = rego::path(head(rule)) else { continue };
            let [name] = &*path else { continue };
            let full = format!("{package}.{name}");
            if name.starts_with("test_") && !tests.iter().any(|test| test.name == full) {
                tests.push(Test {
                    name: full,
                    module: module.clone(),
                    line: rule.span().line,
                    failure: None,
                });
            }
        }
    }
    Ok(tests)
}
