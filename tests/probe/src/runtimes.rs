//! The commands that start the probe: denybox, and other sandboxes as their own introductions start them.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// One way of starting the probe.
pub struct Runtime {
    /// Its name in the table.
    pub name: &'static str,
    /// What it starts with; the probe's own command line follows.
    pub command: Vec<String>,
}

/// Where `program` is, if it is installed.
fn installed(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    places.map(|place| place.join(program)).find(|path| path.is_file())
}

/// Strings of a command line.
fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// denybox with `options`, the probe's directory shown to it.
pub fn denybox(denybox: &Path, probe: &Path, options: &[&str]) -> Vec<String> {
    let mut command = words(&[&denybox.display().to_string(), "run", "--report", "none"]);
    if let Some(directory) = probe.parent() {
        command.extend(words(&["--ro", &directory.display().to_string()]));
    }
    command.extend(words(options));
    command.push("--".to_owned());
    command
}

/// Every other sandbox that can be started here, and which can't, with the reason.
pub fn others(probe: &Path, scratch: &Path) -> (Vec<Runtime>, Vec<String>) {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    if let Some(bwrap) = installed("bwrap") {
        let bwrap = bwrap.display().to_string();
        let tail = ["--unshare-all", "--die-with-parent", "--"];
        let plain = [&[bwrap.as_str(), "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"], &tail[..]];
        found.push(Runtime { name: "bwrap --dev", command: words(&plain.concat()) });
        let devices = [&[bwrap.as_str(), "--bind", "/", "/", "--dev-bind", "/dev", "/dev"], &tail[..]];
        found.push(Runtime { name: "bwrap --dev-bind", command: words(&devices.concat()) });
    } else {
        missing.push("bwrap: not installed".to_owned());
    }
    if let Some(firejail) = installed("firejail") {
        let command = words(&[&firejail.display().to_string(), "--quiet", "--"]);
        found.push(Runtime { name: "firejail", command });
    } else {
        missing.push("firejail: not installed".to_owned());
    }
    match installed("runc") {
        Some(runc) => match bundle(&runc, probe, scratch) {
            Ok(command) => found.push(Runtime { name: "runc", command }),
            Err(error) => missing.push(format!("runc: {error}")),
        },
        None => missing.push("runc: not installed".to_owned()),
    }
    (found, missing)
}

/// A bundle with runc's own default configuration, this machine's system directories as its root, and a script
/// that puts the probe's command line into it.
fn bundle(runc: &Path, probe: &Path, scratch: &Path) -> io::Result<Vec<String>> {
    if !rustix::process::geteuid().is_root() {
        return Err(io::Error::other("its default configuration needs root"));
    }
    let bundle = scratch.join("bundle");
    let root = bundle.join("rootfs");
    for directory in ["usr", "tmp", "proc", "dev", "sys", "var/tmp", "run/lock", "etc", "probe"] {
        fs::create_dir_all(root.join(directory))?;
    }
    for name in ["bin", "sbin", "lib", "lib64"] {
        std::os::unix::fs::symlink(format!("usr/{name}"), root.join(name))?;
    }
    let made = Command::new(runc).arg("spec").current_dir(&bundle).stdin(Stdio::null()).status()?;
    if !made.success() {
        return Err(io::Error::other(format!("runc spec: {made}")));
    }
    let path = bundle.join("config.json");
    let mut spec: Value = serde_json::from_str(&fs::read_to_string(&path)?).map_err(io::Error::other)?;
    let shown = |from: &str, to: &str| json!({"destination": to, "source": from, "type": "bind", "options": ["rbind", "ro"]});
    let directory = probe.parent().unwrap_or(Path::new("/")).display().to_string();
    if let Some(mounts) = spec.get_mut("mounts").and_then(Value::as_array_mut) {
        mounts.push(shown("/usr", "/usr"));
        mounts.push(shown(&directory, "/probe"));
    }
    if let Some(terminal) = spec.pointer_mut("/process/terminal") {
        *terminal = json!(false);
    }
    fs::write(bundle.join("template.json"), spec.to_string())?;
    // The probe's command line is known only when it is run.
    let name = probe.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let script = format!(
        r#"set -e
cd {bundle}
shift
args='"/probe/{name}"'
for word in "$@"; do args="$args,\"$word\""; done
sed "s|\"args\":\[[^]]*\]|\"args\":[$args]|" template.json >config.json
exec {runc} run denybox-probe-$$
"#,
        bundle = bundle.display(),
        runc = runc.display(),
    );
    Ok(words(&["/bin/sh", "-c", &script, "runc"]))
}
