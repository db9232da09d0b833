//! What rules may not contain, however they are loaded: calls of what isn't allowed.

use regorus::Value;
use regorus::unstable::{Expr, Module, Ref};

use super::builtins;
use super::rego::{Met, Names, visit};

/// Something that must not be in a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy module {module}, line {line}: {message}")]
pub struct Forbidden {
    /// The module, as it was named.
    pub module: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Everything in `modules` that must not be there.
pub(super) fn forbidden(modules: &[Ref<Module>]) -> Vec<Forbidden> {
    let names = Names::new(modules);
    let mut found = Vec::new();
    for (place, module) in modules.iter().enumerate() {
        let name = module.package.span.source.get_path();
        for rule in &module.policy {
            visit(rule, &mut |met| {
                let (span, message) = match met {
                    Met::Call { span, name, arguments } => {
                        (span, called(&names, place, name.as_deref(), &arguments))
                    }
                    Met::With { span, target } => (span, Some(replaced(&target))),
                    Met::Name { .. } => return,
                };
                let Some(message) = message else { return };
                found.push(Forbidden { module: name.clone(), line: span.line, message });
            });
        }
    }
    found.sort_by(|one, other| (&one.module, one.line).cmp(&(&other.module, other.line)));
    found
}

/// What is wrong with a call.
fn called(names: &Names<'_>, module: usize, name: Option<&[&str]>, arguments: &[&Expr]) -> Option<String> {
    let Some(path) = name else { return Some("calls something that has no name".to_owned()) };
    let name = path.join(".");
    if builtins::is_allowed(&name) {
        let format = arguments.first().filter(|_| name == "sprintf")?;
        return match format {
            Expr::String { value: Value::String(text), .. }
            | Expr::RawString { value: Value::String(text), .. }
                if builtins::is_modest(text) =>
            {
                None
            }
            Expr::String { .. } | Expr::RawString { .. } => {
                Some(format!("a width in a format of sprintf has {} digits at most", builtins::WIDEST))
            }
            _ => Some("the format of sprintf must be written down where it is called".to_owned()),
        };
    }
    if builtins::exists(&name) {
        return Some(format!(
            "calls {name}, which a policy may not: docs/policy.md lists the builtins that it may"
        ));
    }
    let defined = names.resolve(module, path).is_some_and(|path| !names.at(&path).is_empty());
    (!defined).then(|| {
        format!("calls {name}, which no rule defines and which is not among the builtins of docs/policy.md")
    })
}

/// What is wrong with a `with`. Replacing functions would be a way around the list, and the engine (regorus 0.14) forgets
/// rules that it evaluates behind `as`. Tests can do with that; a decision can't.
fn replaced(target: &[&str]) -> String {
    format!("replaces {} by `with`, which only tests may", target.join("."))
}
