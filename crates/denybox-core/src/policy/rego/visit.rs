//! Going through everything that a rule is made of.

use regorus::Value;
use regorus::unstable::{Expr, Literal, Query, Rule, RuleAssign, RuleHead, Span};

/// Something that a rule is made of.
pub enum Met<'a> {
    /// A call of a function.
    Call {
        /// Where.
        span: &'a Span,
        /// The name's parts; none of what isn't called by a name.
        name: Option<Vec<&'a str>>,
        /// The arguments.
        arguments: Vec<&'a Expr>,
    },
    /// A name: of a local variable, a rule, something imported, `input` or `data`.
    Name {
        /// Its parts, up to the first that isn't written down.
        path: Vec<&'a str>,
    },
    /// A `with`.
    With {
        /// Where.
        span: &'a Span,
        /// What it replaces.
        target: Vec<&'a str>,
    },
}

/// What is still to be looked at.
enum Left<'a> {
    Expr(&'a Expr),
    Query(&'a Query),
}

/// Calls `meet` with everything in `rule`. It needs no deep stack, whatever the nesting.
pub fn visit<'a>(rule: &'a Rule, meet: &mut dyn FnMut(Met<'a>)) {
    let mut left = Vec::new();
    match rule {
        Rule::Default { args, value, .. } => {
            left.push(Left::Expr(value));
            left.extend(args.iter().map(|argument| Left::Expr(argument)));
        }
        Rule::Spec { head, bodies, .. } => {
            let assigned =
                |assign: &'a Option<RuleAssign>| assign.as_ref().map(|assign| Left::Expr(&assign.value));
            match head {
                RuleHead::Compr { refr, assign, .. } => {
                    left.extend(assigned(assign));
                    indices(refr, &mut left);
                }
                RuleHead::Set { refr, key, .. } => {
                    left.extend(key.as_ref().map(|key| Left::Expr(key)));
                    indices(refr, &mut left);
                }
                RuleHead::Func { args, assign, .. } => {
                    left.extend(assigned(assign));
                    left.extend(args.iter().map(|argument| Left::Expr(argument)));
                }
            }
            for body in bodies {
                left.extend(assigned(&body.assign));
                left.push(Left::Query(&body.query));
            }
        }
    }
    while let Some(next) = left.pop() {
        match next {
            Left::Expr(expr) => expression(expr, &mut left, meet),
            Left::Query(query) => statements(query, &mut left, meet),
        }
    }
}

/// The parts of a name, up to the first that isn't written down, and whether these are all. Nothing where it doesn't
/// begin with a name.
pub fn path(expr: &Expr) -> Option<(Vec<&str>, bool)> {
    let mut parts = Vec::new();
    let mut whole = true;
    let mut at = expr;
    loop {
        match at {
            Expr::Var { span, .. } => {
                parts.push(span.text());
                parts.reverse();
                return Some((parts, whole));
            }
            Expr::RefDot { refr, field: (span, _), .. } => {
                parts.push(span.text());
                at = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                match &**index {
                    Expr::String { value: Value::String(text), .. }
                    | Expr::RawString { value: Value::String(text), .. } => parts.push(text),
                    _ => {
                        parts.clear();
                        whole = false;
                    }
                }
                at = refr;
            }
            _ => return None,
        }
    }
}

/// What stands in the brackets of a reference.
fn indices<'a>(reference: &'a Expr, left: &mut Vec<Left<'a>>) {
    let mut at = reference;
    loop {
        match at {
            Expr::RefDot { refr, .. } => at = refr,
            Expr::RefBrack { refr, index, .. } => {
                left.push(Left::Expr(index));
                at = refr;
            }
            Expr::Var { .. } => return,
            other => return left.push(Left::Expr(other)),
        }
    }
}

fn expression<'a>(expr: &'a Expr, left: &mut Vec<Left<'a>>, meet: &mut dyn FnMut(Met<'a>)) {
    match expr {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. } => {}
        Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
            if let Some((path, _)) = path(expr) {
                meet(Met::Name { path });
            }
            indices(expr, left);
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            left.extend(items.iter().map(|item| Left::Expr(item)));
        }
        Expr::Object { fields, .. } => {
            left.extend(fields.iter().flat_map(|(_, name, value)| [Left::Expr(name), Left::Expr(value)]));
        }
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            left.extend([Left::Expr(term), Left::Query(query)]);
        }
        Expr::ObjectCompr { key, value, query, .. } => {
            left.extend([Left::Expr(key), Left::Expr(value), Left::Query(query)]);
        }
        Expr::Call { span, fcn, params, .. } => {
            let name = path(fcn).filter(|(_, whole)| *whole).map(|(path, _)| path);
            if name.is_none() {
                left.push(Left::Expr(fcn));
            }
            meet(Met::Call { span, name, arguments: params.iter().map(|argument| &**argument).collect() });
            left.extend(params.iter().map(|argument| Left::Expr(argument)));
        }
        Expr::UnaryExpr { expr, .. } => left.push(Left::Expr(expr)),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => left.extend([Left::Expr(lhs), Left::Expr(rhs)]),
        Expr::Membership { key, value, collection, .. } => {
            left.extend(key.as_ref().map(|key| Left::Expr(key)));
            left.extend([Left::Expr(value), Left::Expr(collection)]);
        }
    }
}

fn statements<'a>(query: &'a Query, left: &mut Vec<Left<'a>>, meet: &mut dyn FnMut(Met<'a>)) {
    for statement in &query.stmts {
        for replaced in &statement.with_mods {
            let target = path(&replaced.refr).map(|(path, _)| path).unwrap_or_default();
            meet(Met::With { span: &replaced.span, target });
            left.push(Left::Expr(&replaced.r#as));
        }
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                left.extend(key.as_ref().map(|key| Left::Expr(key)));
                left.extend([Left::Expr(value), Left::Expr(collection)]);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => left.push(Left::Expr(expr)),
            Literal::Every { domain, query, .. } => {
                left.extend([Left::Expr(domain), Left::Query(query)]);
            }
        }
    }
}
