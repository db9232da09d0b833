//! Building the binaries that tests and benchmarks run, and putting them where every user can reach them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Where binaries go when root builds: readable for the unprivileged user of the tests, wherever the checkout is.
const FOR_EVERYONE: &str = "/var/lib/denybox-tests/bin";

/// The top of the checkout.
pub fn top() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask lies in the checkout")?.to_path_buf())
}

/// A cargo of the same toolchain, at the top of the checkout.
pub fn cargo() -> Result<Command> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(top()?);
    Ok(command)
}

/// Runs a command to its end; an error when it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    if status.success() { Ok(()) } else { bail!("{command:?} failed: {status}") }
}

/// The target directory.
pub fn target() -> Result<PathBuf> {
    Ok(std::env::var_os("CARGO_TARGET_DIR").map_or(top()?.join("target"), PathBuf::from))
}

/// What is built.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The directory that holds them.
    pub directory: PathBuf,
}

impl Binaries {
    /// The path of one.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Builds the product as it is released, and copies it.
pub fn release() -> Result<Binaries> {
    run(cargo()?.args(["build", "--release", "--package", "denybox"]))?;
    copy(&[(target()?.join("release/denybox"), "denybox-release")])
}

/// Builds the product, the same with controls that can be switched off, and the programs that attack and probe it.
pub fn for_tests() -> Result<Binaries> {
    let profile = ["build", "--release"];
    let built = target()?.join("release");
    // The weak one first: both have the same name, and the last one stays.
    run(cargo()?.args(profile).args(["-p", "denybox", "--features", "weaken"]))?;
    copy(&[(built.join("denybox"), "denybox-weak")])?;
    run(cargo()?.args(profile).args([
        "-p",
        "denybox",
        "-p",
        "denybox-attacks",
        "-p",
        "denybox-probe",
        "--bins",
    ]))?;
    copy(&[
        (built.join("denybox"), "denybox"),
        (built.join("denybox-attack"), "denybox-attack"),
        (built.join("denybox-probe"), "denybox-probe"),
    ])
}

/// Puts binaries where every user can execute them: below the target directory unless root builds.
fn copy(files: &[(PathBuf, &str)]) -> Result<Binaries> {
    let directory = if rustix::process::geteuid().is_root() {
        PathBuf::from(FOR_EVERYONE)
    } else {
        target()?.join("test-bin")
    };
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    for (from, name) in files {
        let to = directory.join(name);
        // A running copy can't be written, but it can be replaced.
        let fresh = directory.join(format!(".{name}"));
        fs::copy(from, &fresh)
            .with_context(|| format!("cannot copy {} to {}", from.display(), fresh.display()))?;
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755))?;
        fs::rename(&fresh, &to).with_context(|| format!("cannot put {} into place", to.display()))?;
    }
    Ok(Binaries { directory })
}

/// The number before `word` in a closing line such as `ok. 3 passed; 0 failed; 1 ignored`.
pub fn count(line: &str, word: &str) -> u64 {
    let words: Vec<&str> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
    words
        .windows(2)
        .find_map(|pair| match pair {
            [number, name] if *name == word => number.parse().ok(),
            _ => None,
        })
        .unwrap_or(0)
}
