//! The caller's home and what lies in it.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::PermissionsExt;

use crate::attack::{Attack, Outcome, Values, Verdict};
use crate::stage::{CANARY, Stage};

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("home-key", &["home"], key).prepare(plant_key),
    Attack::new("home-profile", &["home"], profile).prepare(plant_profile).unboxed(),
    Attack::new("cargo-credentials", &["home"], cargo).prepare(plant_cargo),
    Attack::new("npm-credentials", &["home"], npm).prepare(plant_npm),
];

/// Puts the canary at a path in the caller's home, readable by the caller alone as such files are.
fn plant(stage: &Stage, relative: &str) -> io::Result<()> {
    let path = stage.home.join(relative);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    stage.canary(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
}

/// Success if the file in the caller's home is the canary.
fn canary(values: &Values, relative: &str) -> Outcome {
    let path = format!("{}/{relative}", values.text("home")?);
    Ok(match fs::read_to_string(&path) {
        Ok(text) if text == CANARY => Verdict::Succeeded(format!("read {path}")),
        Ok(_) => Verdict::Blocked(format!("{path} is another file")),
        Err(error) => Verdict::Blocked(format!("read {path}: {error}")),
    })
}

/// A private key.
fn plant_key(stage: &mut Stage) -> io::Result<()> {
    plant(stage, ".ssh/id_ed25519")
}

/// Reads the caller's private key.
fn key(values: &Values) -> Outcome {
    canary(values, ".ssh/id_ed25519")
}

/// What the caller's next shell reads.
fn plant_profile(stage: &mut Stage) -> io::Result<()> {
    plant(stage, ".bashrc")
}

/// Opens for writing what the caller's next shell reads.
fn profile(values: &Values) -> Outcome {
    let path = format!("{}/.bashrc", values.text("home")?);
    Ok(Verdict::of(&format!("open {path} for writing"), OpenOptions::new().append(true).open(&path)))
}

/// Credentials beside a toolchain that is on PATH and therefore carried in.
fn plant_cargo(stage: &mut Stage) -> io::Result<()> {
    plant(stage, ".cargo/credentials.toml")?;
    let bin = stage.home.join(".cargo/bin");
    fs::create_dir_all(&bin)?;
    fs::write(bin.join("cargo"), "#!/bin/sh\n")?;
    fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755))?;
    let path = std::env::var("PATH").unwrap_or_default();
    stage.environment.insert("PATH".to_owned(), format!("{}:{path}", bin.display()));
    Ok(())
}

/// Reads the token that publishes the caller's crates.
fn cargo(values: &Values) -> Outcome {
    canary(values, ".cargo/credentials.toml")
}

/// Credentials of another tool.
fn plant_npm(stage: &mut Stage) -> io::Result<()> {
    plant(stage, ".npmrc")
}

/// Reads the token that publishes the caller's packages.
fn npm(values: &Values) -> Outcome {
    canary(values, ".npmrc")
}
