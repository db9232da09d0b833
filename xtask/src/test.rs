//! `cargo xtask test`: every tier that this machine can, one after the other, with one sum at the end.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::build::{self, Binaries};
use crate::{docs, fuzz, machine};

/// Options of `cargo xtask test`.
#[derive(Debug, Args)]
pub struct Options {
    /// Every repetition, and what takes long to install
    #[arg(long)]
    full: bool,
    /// Only this tier (may be repeated)
    #[arg(long, value_enum)]
    tier: Vec<Tier>,
}

/// A tier of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    /// Formatting, lints, licences, generated documents.
    Lint,
    /// Pure units, properties, snapshots, the view against the kernel.
    Unit,
    /// The seeds of the fuzz targets; with `--full` each target for a minute.
    Fuzz,
    /// Boxes from the outside: the command line, real work, deaths.
    Box,
    /// Programs that attack a box, each with its control on and off.
    Attack,
    /// Planted canaries, here and in other sandboxes.
    Probe,
    /// The real program behind every entry of the knowledge.
    Knowledge,
}

const ALL: [Tier; 7] =
    [Tier::Lint, Tier::Unit, Tier::Fuzz, Tier::Box, Tier::Attack, Tier::Probe, Tier::Knowledge];

/// What the test runners counted.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Runs the tiers.
pub fn test(options: &Options) -> Result<()> {
    let tiers: Vec<Tier> = if options.tier.is_empty() { ALL.to_vec() } else { options.tier.clone() };
    if tiers.iter().any(|tier| !matches!(tier, Tier::Lint | Tier::Unit | Tier::Fuzz)) {
        machine::prepare(options.full)?;
    }
    let needs_binaries = tiers.iter().any(|tier| !matches!(tier, Tier::Lint | Tier::Unit | Tier::Fuzz));
    let binaries = if needs_binaries { Some(build::for_tests()?) } else { None };
    let mut sum = Sum::default();
    for tier in tiers {
        let started = Instant::now();
        println!("\n=== {tier:?} ===");
        let counted = run_tier(tier, options.full, binaries.as_ref())?;
        println!(
            "=== {tier:?}: {} passed, {} failed, {} skipped in {:.0?} ===",
            counted.passed,
            counted.failed,
            counted.skipped,
            started.elapsed()
        );
        sum.add(counted);
    }
    for limit in machine::limits() {
        println!("could not be shown here: {limit}");
    }
    println!("{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped);
    if sum.failed > 0 { bail!("{} tests failed", sum.failed) } else { Ok(()) }
}

fn run_tier(tier: Tier, full: bool, binaries: Option<&Binaries>) -> Result<Sum> {
    match tier {
        Tier::Lint => lint(),
        Tier::Unit => runner(
            &[
                "--workspace",
                "--exclude",
                "denybox-attacks",
                "--exclude",
                "denybox-probe",
                "--exclude",
                "denybox-knowledge-tests",
                "--exclude",
                "denybox-box-tests",
                "--exclude",
                "denybox-fuzz-replay",
            ],
            full,
            binaries,
        ),
        Tier::Fuzz => {
            let mut sum = runner(&["-p", "denybox-fuzz-replay"], full, binaries)?;
            if full {
                sum.add(fuzzing()?);
            }
            Ok(sum)
        }
        Tier::Box => boxes(full, binaries),
        Tier::Attack => runner(&["-p", "denybox-attacks"], full, binaries),
        Tier::Probe => runner(&["-p", "denybox-probe"], full, binaries),
        Tier::Knowledge => runner(&["-p", "denybox-knowledge-tests"], full, binaries),
    }
}

/// The boxes, and the justifications with another implementation beside; without one those checks are skipped, and say so.
fn boxes(full: bool, binaries: Option<&Binaries>) -> Result<Sum> {
    let python = binaries.map(|binaries| machine::python(&binaries.path("python")));
    match python {
        Some(Ok(python)) => {
            run_tests(&["-p", "denybox-box-tests"], full, binaries, &[("DENYBOX_PYTHON", python)])
        }
        Some(Err(error)) => {
            println!("no other implementation of DSSE: {error:#}");
            runner(&["-p", "denybox-box-tests"], full, binaries)
        }
        None => runner(&["-p", "denybox-box-tests"], full, binaries),
    }
}

/// Each fuzz target counts as one test; where there is nothing to run them with, as one that was skipped.
fn fuzzing() -> Result<Sum> {
    let targets = fuzz::targets()?;
    if let Err(error) = fuzz::prepare() {
        println!("{} fuzz targets did not run: {error:#}", targets.len());
        return Ok(Sum { skipped: targets.len() as u64, ..Sum::default() });
    }
    let fuzzed = fuzz::run(&targets, fuzz::SECONDS_IN_TESTS)?;
    Ok(Sum { passed: fuzzed.passed, failed: fuzzed.failed, skipped: 0 })
}

/// Each check counts as one test.
fn lint() -> Result<Sum> {
    let mut sum = Sum::default();
    let mut check = |name: &str, result: Result<()>| match result {
        Ok(()) => {
            println!("{name} ... ok");
            sum.passed += 1;
        }
        Err(error) => {
            println!("{name} ... FAILED: {error:#}");
            sum.failed += 1;
        }
    };
    check("formatting", build::run(build::cargo()?.args(["fmt", "--all", "--check"])));
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"];
    check("clippy", build::run(build::cargo()?.args(clippy)));
    check("licences, bans and sources", cargo_deny());
    check("generated documents", docs::docs(true));
    Ok(sum)
}

/// cargo-deny's checks that need no advisory database. Installed when it isn't there.
fn cargo_deny() -> Result<()> {
    let installed =
        Command::new("cargo-deny").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        build::run(build::cargo()?.args([
            "install",
            "--quiet",
            "--locked",
            "cargo-deny",
            "--version",
            "^0.19",
        ]))?;
    }
    build::run(build::cargo()?.args(["deny", "--log-level", "error", "check", "licenses", "bans", "sources"]))
}

/// Runs `cargo test`, shows what it prints, and counts its closing lines.
fn runner(packages: &[&str], full: bool, binaries: Option<&Binaries>) -> Result<Sum> {
    run_tests(packages, full, binaries, &[])
}

/// The same, with more variables.
fn run_tests(
    packages: &[&str],
    full: bool,
    binaries: Option<&Binaries>,
    variables: &[(&str, PathBuf)],
) -> Result<Sum> {
    let mut command = build::cargo()?;
    command.args(["test", "--no-fail-fast"]).args(packages).envs(variables.iter().cloned());
    if let Some(binaries) = binaries {
        command
            .env("DENYBOX_BIN", binaries.path("denybox"))
            .env("DENYBOX_WEAK_BIN", binaries.path("denybox-weak"))
            .env("DENYBOX_ATTACK_BIN", binaries.path("denybox-attack"))
            .env("DENYBOX_PROBE_BIN", binaries.path("denybox-probe"));
    }
    if full {
        command.env("DENYBOX_FULL", "1").args(["--", "--include-ignored"]);
    }
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot run cargo test")?;
    let mut sum = Sum::default();
    let output = child.stdout.take().context("cargo test has an output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        if let Some(counts) = line.strip_prefix("test result: ") {
            sum.add(Sum {
                passed: count(counts, "passed"),
                failed: count(counts, "failed"),
                skipped: count(counts, "ignored"),
            });
        }
        if let Some(skipped) = line.strip_prefix("skipped: ").and_then(|rest| rest.parse().ok()) {
            sum.add(Sum { skipped, ..Sum::default() });
        }
    }
    let status = child.wait()?;
    // A runner that fails without counting anything must not pass for one that had nothing to do.
    if !status.success() && sum.failed == 0 {
        sum.failed = 1;
    }
    if sum.passed + sum.failed == 0 {
        bail!("cargo test {packages:?} ran no test");
    }
    Ok(sum)
}

/// The number before `word` in a closing line such as `ok. 3 passed; 0 failed; 1 ignored`.
fn count(line: &str, word: &str) -> u64 {
    let words: Vec<&str> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
    words
        .windows(2)
        .find_map(|pair| match pair {
            [number, name] if *name == word => number.parse().ok(),
            _ => None,
        })
        .unwrap_or(0)
}
