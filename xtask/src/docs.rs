//! `cargo xtask docs`: documents that are generated from the product itself, so that they can't disagree with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build;

/// The manual pages.
const PAGES: [&str; 27] = [
    "denybox",
    "denybox-run",
    "denybox-doctor",
    "denybox-audit",
    "denybox-audit-show",
    "denybox-audit-verify",
    "denybox-audit-checkpoint",
    "denybox-schema",
    "denybox-policy",
    "denybox-policy-check",
    "denybox-policy-test",
    "denybox-policy-eval",
    "denybox-policy-show",
    "denybox-policy-bundle",
    "denybox-justification",
    "denybox-justification-new",
    "denybox-justification-sign",
    "denybox-justification-verify",
    "denybox-justification-show",
    "denybox-justification-revoke",
    "denybox-justification-schema",
    "denybox-justification-lint",
    "denybox-key",
    "denybox-key-generate",
    "denybox-key-list",
    "denybox-key-trust",
    "denybox-key-revoke",
];

/// Writes the documents, or with `check` compares them with what is there.
pub fn docs(check: bool) -> Result<()> {
    let top = build::top()?;
    let mut outdated = Vec::new();
    for (path, text) in generate()? {
        let file = top.join(&path);
        if fs::read_to_string(&file).is_ok_and(|old| old == text) {
            continue;
        }
        if check {
            outdated.push(path.display().to_string());
            continue;
        }
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        println!("wrote {}", path.display());
    }
    if outdated.is_empty() {
        return Ok(());
    }
    bail!("out of date: {}; run `cargo xtask docs`", outdated.join(", "))
}

/// Asks the product for each document.
fn generate() -> Result<BTreeMap<PathBuf, String>> {
    build::run(build::cargo()?.args(["build", "--quiet", "--package", "denybox"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(build::top()?.join("target"), PathBuf::from);
    let binary = target.join("debug/denybox");
    let ask = |arguments: &[&str]| -> Result<String> {
        let output = Command::new(&binary).args(arguments).output().context("cannot run denybox")?;
        if !output.status.success() {
            bail!("denybox {} failed: {}", arguments.join(" "), output.status);
        }
        Ok(String::from_utf8(output.stdout)?)
    };
    let mut documents = BTreeMap::new();
    for name in ["report", "policy-input", "policy-answer", "audit-record"] {
        documents.insert(format!("docs/schema/{name}.json").into(), ask(&["schema", name])?);
    }
    documents.insert("docs/schema/justification.json".into(), ask(&["justification", "schema"])?);
    for (shell, name) in [("bash", "denybox.bash"), ("zsh", "_denybox"), ("fish", "denybox.fish")] {
        documents
            .insert(format!("docs/completions/{name}").into(), ask(&["generate", "completions", shell])?);
    }
    for page in PAGES {
        documents.insert(format!("docs/man/{page}.1").into(), ask(&["generate", "man", page])?);
    }
    Ok(documents)
}
