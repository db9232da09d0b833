//! What a decision costs, beside other ways to evaluate the same Rego.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::statistics::{Median, median, ratios};
use crate::{build, independent};

/// Decisions of one process that measures them hot.
const HOT_RUNS: &str = "10000";
/// Verifications of one process.
const VERIFY_RUNS: &str = "2000";
/// What is hoped for, µs: a hot decision, the first of a process, a verification.
const GOALS: [f64; 3] = [50.0, 1000.0, 300.0];

/// Another way to the same answer: its name, the mode of the measuring program (none for rego-cpp), and how many decisions one
/// process of it makes.
const PEERS: [(&str, Option<&str>, &str); 3] = [
    ("the embedded engine, rules read each time", Some("naive"), "20"),
    ("the embedded engine, rules read in advance", Some("prepared"), "100"),
    ("rego-cpp", None, "3"),
];

/// Measures, and prints medians beside goals, then ratios.
pub fn policy(processes: usize, pairs: usize) -> Result<()> {
    build::run(build::cargo()?.args([
        "build",
        "--release",
        "--package",
        "denybox-core",
        "--example",
        "decide",
    ]))?;
    let decide = build::target()?.join("release/examples/decide");
    let python = independent::regopy()?;
    let [hot, cold, verify] = GOALS;
    println!("12 exposures, every question another; medians with their 95 % intervals, µs");
    for policy in ["local", "strict"] {
        let (mut halves, mut tails) = (Vec::new(), Vec::new());
        for _ in 0..10 {
            let (half, tail) = times(Command::new(&decide).args(["hot", policy, HOT_RUNS]))?;
            halves.push(half);
            tails.push(tail);
        }
        tell(&format!("{policy}, hot: p50"), &median(&halves), Some(hot));
        tell(&format!("{policy}, hot: p99"), &median(&tails), None);
        let mut first = Vec::new();
        for _ in 0..processes {
            first.push(times(Command::new(&decide).args(["cold", policy]))?.0);
        }
        tell(&format!("{policy}, first of a process: p50 of {processes}"), &median(&first), Some(cold));
    }
    let mut verified = Vec::new();
    for _ in 0..10 {
        verified.push(times(Command::new(&decide).args(["verify", VERIFY_RUNS]))?.0);
    }
    tell("a manifest with two signatures, verified: p50", &median(&verified), Some(verify));
    println!("the same question under the same Rego: how many times as long, {pairs} interleaved pairs each");
    for policy in ["local", "strict"] {
        let question = question(&decide, policy)?;
        for (name, mode, runs) in PEERS {
            let ours = || Ok(times(Command::new(&decide).args(["hot", policy, "1000"]))?.0);
            let theirs = || match mode {
                Some(mode) => Ok(times(Command::new(&decide).args([mode, policy, runs]))?.0),
                None => Ok(times(&mut rego_cpp(&python, policy, &question, runs)?)?.0),
            };
            let ratio = interleaved(pairs, &ours, &theirs)?;
            println!("  {policy}: {name:<44} {:8.1} × [{:.1}, {:.1}]", ratio.value, ratio.low, ratio.high);
        }
    }
    Ok(())
}

/// How many times as long as ours theirs take, from pairs of which first one and then the other goes first.
fn interleaved(
    pairs: usize,
    ours: &dyn Fn() -> Result<f64>,
    theirs: &dyn Fn() -> Result<f64>,
) -> Result<Median> {
    let (mut our, mut their) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        if pair % 2 == 0 {
            our.push(ours()?);
            their.push(theirs()?);
        } else {
            their.push(theirs()?);
            our.push(ours()?);
        }
    }
    Ok(median(&ratios(&their, &our)))
}

fn tell(what: &str, time: &Median, goal: Option<f64>) {
    let Median { value, low, high } = time;
    let goal = goal.map_or_else(String::new, |goal| {
        format!("   goal {goal:.0}: {}", if *value <= goal { "met" } else { "missed" })
    });
    println!("  {what:<50} {value:8.1} [{low:.1}, {high:.1}]{goal}");
}

/// Writes down what is asked; gives the file.
fn question(decide: &Path, policy: &str) -> Result<PathBuf> {
    let output = Command::new(decide).args(["question", policy]).output().context("cannot run decide")?;
    let file = build::target()?.join(format!("policy-question-{policy}.json"));
    fs::write(&file, output.stdout).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn rego_cpp(python: &Path, policy: &str, question: &Path, runs: &str) -> Result<Command> {
    let mut command = Command::new(python);
    command.current_dir(build::top()?).arg("xtask/src/independent/timing.py").arg(policy);
    command.arg(question).args(["policies", runs]);
    // Nothing is written beside the sources.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

/// Runs a measurement; gives the median and the 99th percentile, µs.
fn times(command: &mut Command) -> Result<(f64, f64)> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    let micros: Vec<f64> = text
        .split_whitespace()
        .filter_map(|word| word.parse::<f64>().ok())
        .map(|nanos| nanos / 1e3)
        .collect();
    match &*micros {
        [half, tail] => Ok((*half, *tail)),
        _ => bail!("{command:?} said '{text}'"),
    }
}
