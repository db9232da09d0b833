//! Looking a policy over before it decides anything.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use regorus::Engine;
use regorus::unstable::{Module, Ref};
use serde::Serialize;

use super::rego::{self, DataPath, Met, Names, package, visit};
use super::sources::Sources;
use super::{PolicyError, restrict, shipped, total};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The policy should not be used.
    Error,
    /// Most likely a mistake.
    Warning,
}

/// Something about a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The module, as it was named; empty for the policy as a whole.
    pub module: String,
    /// The line there, from 1; 0 for the module as a whole.
    pub line: u32,
    /// How bad it is.
    pub severity: Severity,
    /// A stable kebab-case name.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

impl Finding {
    fn new(severity: Severity, code: &'static str, place: (&str, u32), message: impl Into<String>) -> Self {
        Self { module: place.0.to_owned(), line: place.1, severity, code, message: message.into() }
    }
}

/// Everything that can be said against `sources` without asking them anything. Empty for a good policy.
pub fn check(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    let error =
        |code, place: (&str, u32), message: String| Finding::new(Severity::Error, code, place, message);
    if let Err(wrong) = super::named(&sources.name) {
        findings.push(error("name", ("", 0), wrong.to_string()));
    }
    let mut own = Vec::new();
    for (module, rego) in &sources.modules {
        match rego::parse(module, rego) {
            Ok(parsed) => own.push(parsed),
            Err(wrong) => findings.push(error("syntax", (module, wrong.line), wrong.message)),
        }
    }
    for (module, rego) in &sources.tests {
        if let Err(wrong) = rego::parse(module, rego) {
            findings.push(error("syntax", (module, wrong.line), wrong.message));
        }
    }
    // Without some of its modules everything else would be wrong as well.
    if !findings.is_empty() {
        findings.sort();
        return findings;
    }
    let count = own.len();
    let taken = shipped::taken_along(&sources.modules);
    let mut modules = own;
    modules.extend(taken.iter().filter_map(|(module, rego)| rego::parse(module, rego).ok()));
    findings.extend(packages(&modules, count));
    for wrong in restrict::forbidden(&modules) {
        findings.push(error("builtin", (&wrong.module, wrong.line), wrong.message));
    }
    let names = Names::new(&modules);
    let answer = ["denybox", &*sources.name, "answer"].map(str::to_owned);
    if let Err(partial) = total::total(&names, &answer) {
        let place = (&*partial.module, partial.line);
        findings.push(error(
            "undefined-answer",
            place,
            format!("`answer` may be undefined: {}", partial.message),
        ));
    } else if findings.is_empty() {
        findings.extend(compiled(sources));
    }
    findings.extend(imports(&names, &modules, count));
    findings.extend(unused(&names, &modules, count, &sources.name));
    findings.sort();
    findings
}

/// Packages that are none of a policy's.
fn packages(modules: &[Ref<Module>], own: usize) -> Vec<Finding> {
    let outside = modules.iter().take(own).filter_map(|module| {
        let package = package(module);
        if package.first().is_some_and(|root| root == "denybox") && package.len() > 1 {
            return None;
        }
        let message = format!("the package {} is not below denybox", package.join("."));
        let span = &module.package.span;
        Some(Finding::new(Severity::Error, "package", (span.source.get_path(), span.line), message))
    });
    outside.collect()
}

/// What only the engine finds: variables that nothing binds, rules that depend on themselves.
fn compiled(sources: &Sources) -> Option<Finding> {
    let compile = || -> Result<(), String> {
        let mut engine = Engine::new();
        for (module, rego) in sources.all_modules() {
            engine.add_policy(module, rego).map_err(|error| error.to_string())?;
        }
        let rule = format!("data.denybox.{}.answer", sources.name);
        engine.compile_with_entrypoint(&rule.as_str().into()).map(drop).map_err(|error| error.to_string())
    };
    let said = match catch_unwind(AssertUnwindSafe(compile)) {
        Ok(Ok(())) => return None,
        Ok(Err(said)) => said,
        Err(_) => "error: it makes the Rego engine panic".to_owned(),
    };
    let wrong = rego::in_one_line(&said);
    let module = said.lines().find_map(|line| line.trim_start().strip_prefix("--> ")).and_then(|place| {
        let mut parts = place.rsplitn(3, ':');
        parts.nth(2)
    });
    Some(Finding::new(Severity::Error, "compile", (module.unwrap_or_default(), wrong.line), wrong.message))
}

/// Imports of what nobody defines.
fn imports(names: &Names<'_>, modules: &[Ref<Module>], own: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    for module in modules.iter().take(own) {
        for import in &module.imports {
            let Some((path, _)) = rego::path(&import.refr) else { continue };
            let ["data", below @ ..] = &*path else { continue };
            let full: DataPath = below.iter().map(|part| (*part).to_owned()).collect();
            if names.meant(&full).is_empty() {
                let place = (&**import.span.source.get_path(), import.span.line);
                let message = format!("imports {}, which nothing defines", path.join("."));
                findings.push(Finding::new(Severity::Error, "import", place, message));
            }
        }
    }
    findings
}

/// Rules that neither `answer` nor `explained` needs.
fn unused(names: &Names<'_>, modules: &[Ref<Module>], own: usize, policy: &str) -> Vec<Finding> {
    let mut needs: BTreeMap<&DataPath, BTreeSet<DataPath>> = BTreeMap::new();
    for (path, rules) in names.rules() {
        let needed = needs.entry(path).or_default();
        for found in rules {
            visit(found.rule, &mut |met| {
                let name = match met {
                    Met::Name { path, .. } => path,
                    Met::Call { name: Some(name), .. } => name,
                    Met::Call { .. } | Met::With { .. } => return,
                };
                if let Some(full) = names.resolve(found.module, &name) {
                    needed.extend(names.meant(&full).into_iter().cloned());
                }
            });
        }
    }
    let mut left: Vec<DataPath> =
        ["answer", "explained"].map(|rule| ["denybox", policy, rule].map(str::to_owned).to_vec()).to_vec();
    let mut needed = BTreeSet::new();
    while let Some(path) = left.pop() {
        if needed.contains(&path) {
            continue;
        }
        left.extend(needs.get(&path).into_iter().flatten().cloned());
        needed.insert(path);
    }
    let mut findings = Vec::new();
    for (path, rules) in names.rules() {
        let Some(first) = rules.iter().find(|found| found.module < own).filter(|_| !needed.contains(path))
        else {
            continue;
        };
        let Some(module) = modules.get(first.module) else { continue };
        let place = (&**module.package.span.source.get_path(), first.rule.span().line);
        let message = format!("neither answer nor explained needs {}", path.join("."));
        findings.push(Finding::new(Severity::Warning, "unused-rule", place, message));
    }
    findings
}

/// What `error` is as a finding: a policy that can't be loaded at all.
impl From<PolicyError> for Finding {
    fn from(error: PolicyError) -> Self {
        Self::new(Severity::Error, "unreadable", ("", 0), error.to_string())
    }
}
