//! How long a box takes from spawn to exit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::command;
use super::statistics::{median, ratios};
use crate::build::{self, Binaries};
use crate::machine;

/// One peer: its name and how to start it.
struct Peer {
    name: &'static str,
    words: Vec<String>,
    directory: PathBuf,
}

/// Measures, and prints medians, intervals and ratios.
pub fn start(runs: usize) -> Result<()> {
    machine::prepare(false)?;
    let binaries = build::release()?;
    let denybox = binaries.path("denybox-release").display().to_string();
    let top = build::top()?;
    let words = |text: &[&str]| text.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let boxed = words(&[&denybox, "run", "--", "/bin/true"]);
    let bwrap = bwrap(&denybox, &top)?;
    println!("bwrap with the same namespaces and mounts:\n  {}\n", bwrap.join(" "));
    let mut peers = vec![
        Peer { name: "/bin/true alone", words: words(&["/bin/true"]), directory: top.clone() },
        Peer { name: "denybox", words: boxed.clone(), directory: top.clone() },
        Peer { name: "bwrap", words: bwrap, directory: top.clone() },
    ];
    peers.extend(runtimes(&binaries)?);
    for peer in &peers {
        if let Err(error) = once(peer) {
            println!("{} can't be measured here: {error:#}", peer.name);
        }
    }
    peers.retain(|peer| once(peer).is_ok());
    let mut times: Vec<Vec<f64>> = peers.iter().map(|_| Vec::with_capacity(runs)).collect();
    for run in 0..runs {
        for (peer, times) in peers.iter().zip(&mut times) {
            times.push(once(peer)?.as_secs_f64() * 1000.0);
        }
        if run % 100 == 99 {
            eprintln!("{} of {runs} runs", run + 1);
        }
    }
    println!(
        "{runs} interleaved runs each, spawn to exit; median and 95 % interval, ms; then the ratio of pairs"
    );
    let base = peers.iter().position(|peer| peer.name == "bwrap").and_then(|at| times.get(at)).cloned();
    for (peer, times) in peers.iter().zip(&times) {
        let time = median(times);
        print!("  {:<16} {:7.2}  [{:.2}, {:.2}]", peer.name, time.value, time.low, time.high);
        if let Some(base) = &base {
            let ratio = median(&ratios(times, base));
            print!("   {:.2} × bwrap [{:.2}, {:.2}]", ratio.value, ratio.low, ratio.high);
        }
        println!();
    }
    println!("supervisor, resident: {} KiB at most", resident(&boxed, &top)?);
    Ok(())
}

fn once(peer: &Peer) -> Result<Duration> {
    let (program, arguments) = peer.words.split_first().context("a command")?;
    let mut command = command(program);
    command.args(arguments).current_dir(&peer.directory).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().with_context(|| format!("cannot run {program}"))?;
    let time = started.elapsed();
    if status.success() { Ok(time) } else { bail!("{} failed: {status}", peer.words.join(" ")) }
}

/// bwrap's command line for what `denybox run --dry-run` says.
fn bwrap(denybox: &str, top: &Path) -> Result<Vec<String>> {
    let output = Command::new(denybox)
        .args(["run", "--dry-run", "--report", "json", "--", "/bin/true"])
        .current_dir(top)
        .output()
        .context("cannot run denybox")?;
    let plan: Value = serde_json::from_slice(&output.stdout).context("the plan is no JSON")?;
    let mut words: Vec<String> =
        ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent"].map(str::to_owned).to_vec();
    for link in ["/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"] {
        if let Ok(to) = fs::read_link(link) {
            words.extend(["--symlink".to_owned(), to.display().to_string(), link.to_owned()]);
        }
    }
    words.extend(["--proc", "/proc", "--dev", "/dev"].map(str::to_owned));
    let empty = Vec::new();
    for mount in plan.get("mounts").and_then(Value::as_array).unwrap_or(&empty) {
        let text = |key: &str| mount.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (target, source) = (text("target"), text("source"));
        let options = mount.get("options").and_then(Value::as_array).unwrap_or(&empty);
        let readonly = options.iter().any(|option| option == "ro");
        // What bwrap makes itself, or does not have: its /dev, and hiding parts of /proc.
        if target.starts_with("/dev/null") || target.starts_with("/proc/") {
            continue;
        }
        match text("kind").as_str() {
            "bind" if !target.starts_with("/dev/") => {
                let flag = if readonly { "--ro-bind" } else { "--bind" };
                words.extend([flag.to_owned(), source, target]);
            }
            "sealed" => {
                words.extend(["--tmpfs".to_owned(), target.clone(), "--remount-ro".to_owned(), target])
            }
            "tmpfs" => words.extend(["--tmpfs".to_owned(), target]),
            "read-only" => words.extend(["--ro-bind".to_owned(), target.clone(), target]),
            "pinned" => words.extend(["--bind".to_owned(), target.clone(), target]),
            _ => {}
        }
    }
    words.extend(["--chdir".to_owned(), top.display().to_string(), "/bin/true".to_owned()]);
    Ok(words)
}

/// runc and crun with the bundle that `runc spec` writes, around a root of busybox.
fn runtimes(binaries: &Binaries) -> Result<Vec<Peer>> {
    if !rustix::process::geteuid().is_root() {
        println!("runc and crun are measured as root only");
        return Ok(Vec::new());
    }
    let bundle = binaries.path("bundle");
    let _ = fs::remove_dir_all(&bundle);
    let bin = bundle.join("rootfs/bin");
    fs::create_dir_all(&bin)?;
    fs::copy("/bin/busybox", bin.join("busybox")).context("busybox-static is not installed")?;
    std::os::unix::fs::symlink("busybox", bin.join("true"))?;
    build::run(Command::new("runc").arg("spec").current_dir(&bundle))?;
    let config = bundle.join("config.json");
    let mut spec: Value = serde_json::from_slice(&fs::read(&config)?)?;
    if let Some(process) = spec.get_mut("process").and_then(Value::as_object_mut) {
        process.insert("terminal".to_owned(), Value::Bool(false));
        process.insert("args".to_owned(), Value::from(vec!["/bin/true"]));
        process.remove("rlimits");
    }
    fs::write(&config, serde_json::to_vec(&spec)?)?;
    let state = binaries.path("runtime-state").display().to_string();
    let id = format!("denybox-bench-{}", std::process::id());
    let words = |runtime: &str| [runtime, "--root", &state, "run", &id].map(str::to_owned).to_vec();
    // crun refuses a hybrid layout of control groups: hide the newer half from it.
    let hide = format!(
        "umount /sys/fs/cgroup/unified 2>/dev/null; cd {} && exec crun --root {state} run {id}",
        bundle.display()
    );
    let crun = ["unshare", "-m", "sh", "-c", &hide].map(str::to_owned).to_vec();
    Ok(vec![
        Peer { name: "runc", words: words("runc"), directory: bundle.clone() },
        Peer { name: "crun", words: crun, directory: bundle },
    ])
}

/// The most memory that a supervisor had resident while its box ran, KiB.
fn resident(boxed: &[String], top: &Path) -> Result<u64> {
    let (program, _) = boxed.split_first().context("a command")?;
    let mut child = Command::new(program)
        .args(["run", "--", "sleep", "2"])
        .current_dir(top)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot run denybox")?;
    std::thread::sleep(Duration::from_millis(700));
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    child.wait()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .context("/proc/PID/status has no VmHWM")
}
