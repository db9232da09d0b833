//! What the machine has, and installing what the tests need.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A program that the tests run, and the Debian package that has it.
pub const PROGRAMS: [(&str, &str); 26] = [
    ("bwrap", "bubblewrap"),
    ("firejail", "firejail"),
    ("runc", "runc"),
    ("crun", "crun"),
    ("busybox", "busybox-static"),
    ("bash", "bash"),
    ("dash", "dash"),
    ("zsh", "zsh"),
    ("python3", "python3"),
    ("pip3", "python3-pip"),
    ("gcc", "gcc"),
    ("make", "make"),
    ("git", "git"),
    ("perl", "perl"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("java", "default-jdk-headless"),
    ("go", "golang-go"),
    ("sqlite3", "sqlite3"),
    ("ssh-agent", "openssh-client"),
    ("tmux", "tmux"),
    ("gdb", "gdb"),
    ("setpriv", "util-linux"),
    ("unshare", "util-linux"),
    ("ip", "iproute2"),
    ("strace", "strace"),
];
/// Needed by the full run only.
pub const FULL_PROGRAMS: [(&str, &str); 1] = [("chromium", "chromium")];

fn has(program: &str) -> bool {
    let system = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').chain(system).any(|directory| Path::new(directory).join(program).is_file())
}

/// Whether python of the system can make wheels and environments, which Debian keeps in packages of their own.
fn missing_python() -> Vec<&'static str> {
    [
        ("pip", "python3-pip"),
        ("venv", "python3-venv"),
        ("wheel", "python3-wheel"),
        ("setuptools", "python3-setuptools"),
    ]
    .into_iter()
    .filter(|(module, _)| {
        let found = Command::new("/usr/bin/python3")
            .args(["-c", &format!("import {module}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        !found.is_ok_and(|status| status.success())
    })
    .map(|(_, package)| package)
    .collect()
}

/// Installs what is missing, or names it where that needs somebody else.
pub fn prepare(full: bool) -> Result<()> {
    let wanted = PROGRAMS.iter().chain(FULL_PROGRAMS.iter().filter(|_| full));
    let mut packages: Vec<&str> = wanted
        .filter(|(program, _)| !has(program))
        .map(|(_, package)| *package)
        .chain(missing_python())
        .collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !rustix::process::geteuid().is_root() {
        bail!("the tests need programs that are not installed; run as root: {line}");
    }
    println!("installing what the tests need: {}", packages.join(" "));
    let apt = |arguments: &[&str]| -> Result<bool> {
        let status = Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "-o", "Dpkg::Use-Pty=0"])
            .args(arguments)
            .stdout(Stdio::null())
            .status()
            .context("cannot run apt-get; install by hand what is named above")?;
        Ok(status.success())
    };
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(&packages);
    apt(&["update"])?;
    if !apt(&install)? {
        bail!("installing failed; try by hand: {line}");
    }
    Ok(())
}

/// A Python with another implementation of DSSE, from the Python Package Index; made once.
pub fn python(directory: &Path) -> Result<PathBuf> {
    let python = directory.join("bin/python");
    let quietly = |command: &mut Command| -> Result<bool> {
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        Ok(status.success())
    };
    let ready = ["-c", "import securesystemslib.dsse, cryptography"];
    if quietly(Command::new(&python).args(ready)).unwrap_or(false) {
        return Ok(python);
    }
    println!("installing securesystemslib and cryptography into {}", directory.display());
    let made = quietly(Command::new("/usr/bin/python3").args(["-m", "venv", "--clear"]).arg(directory))?;
    let install = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"];
    let wanted = ["securesystemslib~=1.3", "cryptography"];
    if made && quietly(Command::new(&python).args(install).args(wanted))? {
        Ok(python)
    } else {
        bail!("pip failed")
    }
}

/// What this machine can't show, in words.
pub fn limits() -> Vec<&'static str> {
    let mut limits = Vec::new();
    if !rustix::process::geteuid().is_root() {
        limits.push("not root: boxes of root's, idmapped mounts, control groups of version 1 and a FUSE device for others were not tested");
    }
    limits
}
