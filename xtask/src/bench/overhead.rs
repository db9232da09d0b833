//! What work costs inside a box, beside the same work outside.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use super::command;
use super::statistics::{median, ratios};
use crate::build;
use crate::machine;

/// Work, as shell scripts that run in an empty directory of their own. Each measures itself, so that a box's start isn't
/// part of it.
const WORK: [(&str, &str); 5] = [
    (
        "git: 20 commits",
        "git init -q . && for i in $(seq 20); do echo $i > f$i; git add f$i; git -c user.name=a -c user.email=a@b commit -qm $i; done",
    ),
    (
        "python: 10 starts",
        "for i in $(seq 10); do /usr/bin/python3 -c 'import json, argparse, subprocess, http.client'; done",
    ),
    (
        "gcc: 5 programs",
        "for i in $(seq 5); do echo '#include <stdio.h>\nint main(void){puts(\"x\");return 0;}' > m.c; gcc -O1 -pipe m.c -o m && ./m >/dev/null; done",
    ),
    ("sh -c: 300", "for i in $(seq 300); do sh -c :; done"),
    (
        "files: 5000",
        "/usr/bin/python3 -c '\nimport os\nfor i in range(5000):\n    with open(\"a%d\" % i, \"w\") as f: f.write(\"x\" * 4096)\n    os.rename(\"a%d\" % i, \"b%d\" % i)\n    with open(\"b%d\" % i) as f: f.read()\n    os.unlink(\"b%d\" % i)\n'",
    ),
];

/// Measures, and prints ratios.
pub fn overhead(pairs: usize) -> Result<()> {
    machine::prepare(false)?;
    let binaries = build::release()?;
    let denybox = binaries.path("denybox-release").display().to_string();
    let room = binaries.path("overhead");
    println!("{pairs} interleaved pairs each; the work alone, inside / outside: median and 95 % interval");
    for (name, work) in WORK {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for pair in 0..=pairs {
            // Which goes first changes, so that drift of the machine falls on both.
            let boxed = || timed(&[&denybox, "run", "--report", "none", "--"], work, &room);
            let alone = || timed(&[], work, &room);
            let (first, second) = if pair % 2 == 0 {
                (boxed()?, alone()?)
            } else {
                let alone = alone()?;
                (boxed()?, alone)
            };
            // The first pair warms the caches.
            if pair > 0 {
                inside.push(first);
                outside.push(second);
            }
        }
        let ratio = median(&ratios(&inside, &outside));
        let alone = median(&outside);
        println!(
            "  {name:<18} {:.3} [{:.3}, {:.3}]   outside {:.0} ms",
            ratio.value, ratio.low, ratio.high, alone.value
        );
    }
    Ok(())
}

/// Runs `work` in an empty directory behind `prefix`; gives the milliseconds that it took by its own clock.
fn timed(prefix: &[&str], work: &str, room: &Path) -> Result<f64> {
    let _ = fs::remove_dir_all(room);
    fs::create_dir_all(room)?;
    let script =
        format!("begin=$(date +%s%N); {{ {work}\n}} >/dev/null; end=$(date +%s%N); echo $((end - begin))");
    let words: Vec<&str> = prefix.iter().copied().chain(["sh", "-c", &script]).collect();
    let (program, arguments) = words.split_first().context("a command")?;
    let output = command(program)
        .args(arguments)
        .current_dir(room)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{} failed: {}", words.join(" "), output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    let nanoseconds: f64 = text.trim().parse().with_context(|| format!("'{text}' is no time"))?;
    Ok(nanoseconds / 1e6)
}
