//! `denybox policy test`.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};
use denybox_core::event::printable;
use denybox_core::policy::testing::{Tested, test as run};
use serde::Serialize;

use super::command_line::{Report, Test};
use super::{Failed, say, say_json, source};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// One policy, tested.
#[derive(Debug, Serialize)]
struct PolicyTested {
    policy: String,
    passed: usize,
    failed: usize,
    /// Of the lines of all modules together, in per cent.
    coverage_percent: f64,
    /// Whether that is as much as was asked for.
    enough: bool,
    #[serde(flatten)]
    tested: Tested,
}

/// Tests policies; 1 where a test fails, where there is none, or where too little was reached.
pub fn test(options: &Test) -> Result<i32, Failed> {
    let mut all = Vec::new();
    for named in &options.policies {
        let tested = run(&source::sources(named)?)?;
        let failed = tested.failures().count();
        let coverage_percent = tested.percent();
        all.push(PolicyTested {
            policy: named.to_string_lossy().into_owned(),
            passed: tested.tests.len() - failed,
            failed,
            coverage_percent,
            enough: options.threshold.is_none_or(|threshold| coverage_percent >= f64::from(threshold)),
            tested,
        });
    }
    match options.report {
        Report::Json => say_json(&all)?,
        Report::Text => {
            say(&all.iter().map(|tested| in_words(tested, options.threshold)).collect::<String>())?
        }
    }
    let good = |policy: &PolicyTested| policy.failed == 0 && policy.passed > 0 && policy.enough;
    Ok(if all.iter().all(good) { 0 } else { 1 })
}

fn in_words(policy: &PolicyTested, threshold: Option<u8>) -> String {
    let mut text = String::new();
    for test in policy.tested.failures() {
        let (module, name) = (printable(&test.module), printable(&test.name));
        let why = printable(test.failure.as_deref().unwrap_or_default());
        text.push_str(&format!("{module}:{}: {BAD}failed:{BAD:#} {name}: {why}\n", test.line));
    }
    for module in &policy.tested.coverage {
        text.push_str(&format!("{}: {:.1} % of lines reached", printable(&module.module), module.percent()));
        if !module.uncovered.is_empty() {
            text.push_str(&format!("; not {}", ranges(&module.uncovered)));
        }
        text.push('\n');
    }
    let (style, name) =
        (if policy.failed == 0 && policy.passed > 0 { GOOD } else { BAD }, printable(&policy.policy));
    let (passed, failed, percent) = (policy.passed, policy.failed, policy.coverage_percent);
    text.push_str(&format!(
        "{name}: {style}{passed} passed, {failed} failed{style:#}, {percent:.1} % of lines reached\n"
    ));
    if policy.passed + failed == 0 {
        text.push_str(&format!("{name}: {BAD}there is no test{BAD:#}: write rules test_… in *_test.rego\n"));
    }
    if let Some(threshold) = threshold.filter(|_| !policy.enough) {
        text.push_str(&format!("{name}: {BAD}{threshold} % are asked for{BAD:#}\n"));
    }
    text
}

/// `1-3, 7`.
fn ranges(lines: &BTreeSet<u32>) -> String {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for &line in lines {
        match found.last_mut() {
            Some((_, last)) if last.saturating_add(1) == line => *last = line,
            _ => found.push((line, line)),
        }
    }
    let told = found.iter().map(
        |(first, last)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        },
    );
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_follow_each_other_are_one_range() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10].into()), "1-3, 7, 9-10");
        assert_eq!(ranges(&BTreeSet::new()), "");
    }
}
