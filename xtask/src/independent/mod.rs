//! The policies that ship under other Rego engines: every question of the table of decisions, and the same answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::build;

/// rego-cpp's package for Python, <https://pypi.org/project/regopy/>, and its version.
const REGOPY: (&str, &str) = ("regopy", "1.5.2");
/// The program that asks.
const COMPARE: &str = "xtask/src/independent/compare.py";

/// What was compared.
#[derive(Debug, Default, Clone, Copy)]
pub struct Compared {
    /// Questions that both answer alike.
    pub passed: u64,
    /// Questions that they don't.
    pub failed: u64,
    /// Questions that couldn't be asked.
    pub skipped: u64,
}

/// Asks every engine that there is.
pub fn compare() -> Result<Compared> {
    let answers = answers()?;
    let questions = fs::read_to_string(&answers)?.lines().count() as u64;
    let mut sum = Compared::default();
    for engine in ["rego-cpp", "opa"] {
        let python = match engine {
            "rego-cpp" => regopy()?,
            _ => PathBuf::from("python3"),
        };
        if engine == "opa" && !answers_to("opa", &["version"]) {
            println!("opa: {questions} questions were not asked: there is no opa on the PATH");
            sum.skipped += questions;
            continue;
        }
        let (passed, failed) = ask(&python, engine, &answers)?;
        sum.passed += passed;
        sum.failed += failed;
    }
    Ok(sum)
}

/// Every question with the embedded engine's answer, a line each.
fn answers() -> Result<PathBuf> {
    let output = build::cargo()?
        .args(["run", "--quiet", "--package", "denybox-core", "--example", "answers"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the embedded engine's answers could not be had: {}", output.status);
    }
    let file = build::target()?.join("policy-answers.jsonl");
    fs::write(&file, output.stdout).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// Runs the program that asks; gives how many answers were alike and how many not.
fn ask(python: &Path, engine: &str, answers: &Path) -> Result<(u64, u64)> {
    let output = Command::new(python)
        .current_dir(build::top()?)
        .args([COMPARE, engine])
        .arg(answers)
        .arg("policies")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", python.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    let counts = said
        .lines()
        .last()
        .and_then(|line| line.strip_prefix(&format!("{engine}: ")))
        .with_context(|| format!("{COMPARE} {engine} came to no end: {}", output.status))?;
    let (passed, failed) = (build::count(counts, "passed"), build::count(counts, "failed"));
    if passed + failed == 0 {
        bail!("{COMPARE} {engine} asked nothing");
    }
    Ok((passed, failed))
}

/// A python that has rego-cpp: of an environment below the target directory, made where it is missing.
pub fn regopy() -> Result<PathBuf> {
    let (package, version) = REGOPY;
    let environment = build::target()?.join("rego-cpp");
    let python = environment.join("bin/python");
    let wanted = format!("import importlib.metadata as m; assert m.version('{package}') == '{version}'");
    let here = python.to_str().context("the target directory has a name that is no text")?.to_owned();
    if !answers_to(&here, &["-c", &wanted]) {
        println!("installing {package} {version}");
        build::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))
            .context("python3 with venv is needed (Debian: python3-venv)")?;
        build::run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            &format!("{package}=={version}"),
        ]))?;
    }
    Ok(python)
}

fn answers_to(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
