//! Whether a rule has a value for every input, told from its text alone.

use regorus::unstable::{Expr, Rule, RuleBody, RuleHead, Span};

use super::rego::{Names, path};

/// Why a rule may have no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partial {
    /// Where.
    pub module: String,
    /// The line there.
    pub line: u32,
    /// Why.
    pub message: String,
}

/// Makes sure that the rule at `full`, a path below `data`, is defined whatever the input: it has a default, is a set or an
/// object that gathers its members, or is defined without a condition by what is defined itself.
pub(super) fn total(names: &Names<'_>, full: &[String]) -> Result<(), Partial> {
    defined(names, full, &mut Vec::new())
}

fn defined(names: &Names<'_>, full: &[String], above: &mut Vec<Vec<String>>) -> Result<(), Partial> {
    let rules = names.at(full);
    let Some(first) = rules.first() else {
        return Err(Partial {
            module: String::new(),
            line: 0,
            message: format!("there is no rule {}", full.join(".")),
        });
    };
    if above.iter().any(|path| path == full) {
        return Err(partial(first.rule.span(), format!("{} depends on itself", full.join("."))));
    }
    above.push(full.to_vec());
    let mut why = None;
    for found in rules {
        match definition(names, found.module, found.rule, above) {
            Ok(()) => {
                above.pop();
                return Ok(());
            }
            Err(partial) => why = why.or(Some(partial)),
        }
    }
    above.pop();
    Err(why.unwrap_or_else(|| partial(first.rule.span(), "has no value".to_owned())))
}

fn definition(
    names: &Names<'_>,
    module: usize,
    rule: &Rule,
    above: &mut Vec<Vec<String>>,
) -> Result<(), Partial> {
    let (head, bodies) = match rule {
        Rule::Default { args, .. } if args.is_empty() => return Ok(()),
        Rule::Default { span, .. } => return Err(partial(span, "is a function, no value".to_owned())),
        Rule::Spec { head, bodies, .. } => (head, bodies),
    };
    match head {
        RuleHead::Set { .. } => Ok(()),
        RuleHead::Func { span, .. } => Err(partial(span, "is a function, no value".to_owned())),
        RuleHead::Compr { span, refr, assign } => {
            if path(refr).is_some_and(|(_, whole)| !whole) {
                return Ok(());
            }
            if bodies.iter().any(|body: &RuleBody| !body.query.stmts.is_empty()) {
                let why = "has no value where its conditions don't hold; give it a `default`, or take the conditions away";
                return Err(partial(span, why.to_owned()));
            }
            match assign {
                Some(assign) => expression(names, module, &assign.value, above),
                None => Ok(()),
            }
        }
    }
}

/// Whether an expression outside of any query always has a value.
fn expression(
    names: &Names<'_>,
    module: usize,
    expr: &Expr,
    above: &mut Vec<Vec<String>>,
) -> Result<(), Partial> {
    match expr {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::ArrayCompr { .. }
        | Expr::SetCompr { .. }
        | Expr::ObjectCompr { .. } => Ok(()),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().try_for_each(|item| expression(names, module, item, above))
        }
        Expr::Object { fields, .. } => fields.iter().try_for_each(|(_, name, value)| {
            expression(names, module, name, above)?;
            expression(names, module, value, above)
        }),
        Expr::BinExpr { lhs, rhs, .. } => {
            expression(names, module, lhs, above)?;
            expression(names, module, rhs, above)
        }
        Expr::Var { span, .. } | Expr::RefDot { span, .. } | Expr::RefBrack { span, .. } => {
            let found = path(expr)
                .filter(|(_, whole)| *whole)
                .and_then(|(path, _)| names.resolve(module, &path))
                .filter(|path| !names.at(path).is_empty());
            match found {
                Some(full) => defined(names, &full, above),
                None => Err(partial(
                    span,
                    format!(
                        "{} may have no value; look it up in a comprehension, or give `answer` a `default`",
                        span.text()
                    ),
                )),
            }
        }
        other => {
            let span = other.span();
            let why = "may have no value; compute it in a comprehension, or give `answer` a `default`";
            Err(partial(span, format!("{} {why}", first_line(span.text()))))
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn partial(span: &Span, message: String) -> Partial {
    Partial { module: span.source.get_path().clone(), line: span.line, message }
}
