//! `cargo xtask fuzz`: every fuzz target for a bounded time, by cargo-fuzz and a nightly compiler.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::build;

/// How long a target runs in `cargo xtask test --full`, seconds.
pub const SECONDS_IN_TESTS: u64 = 60;
/// Longest time for one input, seconds; an input that takes longer is a fault.
const LONGEST_INPUT: u64 = 20;

/// Options of `cargo xtask fuzz`.
#[derive(Debug, Args)]
pub struct Options {
    /// How long each target runs
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Only these; without any, all of fuzz/fuzz_targets
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

/// What became of the targets.
#[derive(Debug, Default, Clone, Copy)]
pub struct Fuzzed {
    /// Found nothing.
    pub passed: u64,
    /// Found an input that breaks a property.
    pub failed: u64,
}

/// Fuzzes what is asked for.
pub fn fuzz(options: &Options) -> Result<()> {
    let known = targets()?;
    if let Some(unknown) = options.targets.iter().find(|target| !known.contains(target)) {
        bail!("there is no fuzz target {unknown}; there are: {}", known.join(", "));
    }
    let chosen = if options.targets.is_empty() { &known } else { &options.targets };
    prepare()?;
    let fuzzed = run(chosen, options.seconds)?;
    if fuzzed.failed > 0 { bail!("{} of {} targets failed", fuzzed.failed, chosen.len()) } else { Ok(()) }
}

/// The names of all targets.
pub fn targets() -> Result<Vec<String>> {
    let folder = build::top()?.join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(".rs")).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Makes sure that there are a nightly compiler, which can't be installed here without being asked, and cargo-fuzz, which
/// can.
pub fn prepare() -> Result<()> {
    let answers = |command: &mut Command| {
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !answers(&mut nightly(&["rustc", "--version"])?) {
        bail!(
            "fuzzing needs a nightly compiler; install one with: rustup toolchain install nightly --profile minimal"
        );
    }
    if !answers(Command::new("cargo-fuzz").arg("--version")) {
        println!("installing cargo-fuzz");
        build::run(build::cargo()?.args([
            "install",
            "--quiet",
            "--locked",
            "cargo-fuzz",
            "--version",
            "^0.13",
        ]))?;
    }
    Ok(())
}

/// Runs targets one after the other; what a failing one says is shown.
pub fn run(targets: &[String], seconds: u64) -> Result<Fuzzed> {
    // The code under test is safe Rust throughout: an address sanitizer would only make it slower.
    let sanitizer = ["--sanitizer", "none"];
    build::run(nightly(&["cargo", "fuzz", "build", "--fuzz-dir", "fuzz"])?.args(sanitizer))?;
    let mut fuzzed = Fuzzed::default();
    for target in targets {
        let corpus = format!("fuzz/corpus/{target}");
        fs::create_dir_all(build::top()?.join(&corpus)).with_context(|| format!("cannot make {corpus}"))?;
        let output = nightly(&["cargo", "fuzz", "run", "--fuzz-dir", "fuzz"])?
            .args(sanitizer)
            .args([target, &corpus, &format!("fuzz/seeds/{target}"), "--"])
            .args([format!("-max_total_time={seconds}"), format!("-timeout={LONGEST_INPUT}")])
            .args(["-print_final_stats=1", "-max_len=8192"])
            .stdin(Stdio::null())
            .output()
            .context("cannot run cargo fuzz")?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            let inputs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
            println!("fuzz target {target} ... ok ({} inputs)", inputs.unwrap_or("unknown").trim());
            fuzzed.passed += 1;
        } else {
            println!("fuzz target {target} ... FAILED");
            // Without libFuzzer's progress.
            let progress = |line: &str| line.starts_with(['#', '\t']) || line.starts_with("INFO:");
            said.lines().filter(|line| !progress(line)).for_each(|line| println!("{line}"));
            println!(
                "keep the input that is named above: after the fault is mended, move it to fuzz/seeds/{target}/"
            );
            fuzzed.failed += 1;
        }
    }
    Ok(fuzzed)
}

/// A command of the nightly toolchain, at the top of the checkout, whatever toolchain runs this.
fn nightly(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(arguments).current_dir(build::top()?);
    for name in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTDOC"] {
        command.env_remove(name);
    }
    Ok(command)
}
