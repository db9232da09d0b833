//! Runs the real program behind every entry of `knowledge/`.
//!
//! For each entry and each user: the script unboxed, which shows that it works on this machine at all; boxed, where it
//! must fail or lose data exactly as the entry says and be explained by that entry alone; and boxed once more by the
//! very command that the explanation offers, where it must work and the denial must be gone.
//!
//! `DENYBOX_BIN` names the denybox to test. Entries of the tier `full` are ignored unless asked for
//! (`--include-ignored`); a program that isn't installed is a failure that names its package. Run by root, everything
//! runs as root, as uid 65534, and as uid 65534 without a /dev/fuse.

mod room;
mod user;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use denybox_core::diagnosis::{Entry, Expected, Harmless, Knowledge, Proof, RemedyKind, Tier};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

use room::{Ended, Room};
use user::User;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match Setting::find() {
        Ok(setting) => trials(&Arc::new(setting)),
        Err(why) => {
            eprintln!("the proofs can't run: {why}");
            return ExitCode::FAILURE;
        }
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What every proof needs.
struct Setting {
    denybox: PathBuf,
    scripts: PathBuf,
    users: Vec<User>,
    /// Holds everything that the proofs write; removed at the end.
    base: tempfile::TempDir,
}

impl Setting {
    fn find() -> Result<Self, String> {
        let named = std::env::var_os("DENYBOX_BIN").ok_or("set DENYBOX_BIN to the denybox to test")?;
        let named =
            std::fs::canonicalize(&named).map_err(|e| format!("DENYBOX_BIN {}: {e}", named.display()))?;
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../knowledge/proofs");
        let scripts = std::fs::canonicalize(&scripts).map_err(|e| format!("{}: {e}", scripts.display()))?;
        let base = room::base().map_err(|e| format!("no place for the proofs' files: {e}"))?;
        // Where the build lies another user may not reach it.
        let denybox = base.path().join("denybox");
        std::fs::copy(&named, &denybox).map_err(|e| format!("copying {}: {e}", named.display()))?;
        let users = User::all(base.path()).map_err(|e| format!("preparing the users: {e}"))?;
        Ok(Self { denybox, scripts, users, base })
    }

    fn room(&self, user: &User, id: &str, phase: &str) -> Result<Room, Failed> {
        let path = self.base.path().join(user.name()).join(format!("{id}.{phase}"));
        Ok(Room::prepare(path, user, &self.scripts.join(format!("{id}.sh")))?)
    }
}

fn trials(setting: &Arc<Setting>) -> Vec<Trial> {
    let knowledge = Knowledge::shipped();
    let mut trials = Vec::new();
    for user in 0..setting.users.len() {
        let Some(name) = setting.users.get(user).map(User::name) else { continue };
        for entry in knowledge.entries() {
            let Some(proof) = &entry.proof else { continue };
            let setting = Arc::clone(setting);
            trials.push(
                Trial::test(format!("{name}/{}", entry.id), move || {
                    setting.users.get(user).map_or(Ok(()), |user| prove(&setting, user, entry, proof))
                })
                .with_kind("proof")
                .with_ignored_flag(proof.tier == Tier::Full),
            );
        }
        for harmless in knowledge.harmless() {
            let setting = Arc::clone(setting);
            trials.push(
                Trial::test(format!("{name}/{}", harmless.id), move || {
                    setting.users.get(user).map_or(Ok(()), |user| prove_harmless(&setting, user, harmless))
                })
                .with_kind("harmless")
                .with_ignored_flag(harmless.proof.tier == Tier::Full),
            );
        }
    }
    trials
}

fn prove(setting: &Setting, user: &User, entry: &Entry, proof: &Proof) -> Result<(), Failed> {
    room::require(&proof.programs, &proof.packages)?;
    let id = entry.id.as_str();

    let room = setting.room(user, id, "unboxed")?;
    let control = room.run(user, &[room.script().as_os_str()])?;
    let works = proof.unboxed.as_ref().or(proof.remedied.as_ref()).ok_or("the entry has no control")?;
    expect("unboxed, as the control", &control, works)?;
    drop(room);

    let room = setting.room(user, id, "denied")?;
    let denied = room.boxed(user, &setting.denybox)?;
    expect("boxed with nothing granted", &denied, &proof.denied)?;
    let report = room.report()?;
    let also: BTreeSet<&str> = proof.also.iter().map(String::as_str).collect();
    let mut wanted = also.clone();
    let tripwire = check_tripwire(&report, user)?;
    let is_seen = tripwire || !proof.tripwire_only;
    if is_seen {
        wanted.insert(id);
    }
    let found = diagnoses(&report)?;
    if found != wanted {
        return Err(format!("explained as {found:?}, not {wanted:?}: {denied}\n{report:#}").into());
    }
    if !is_seen {
        return Ok(());
    }
    check_denials(&report, entry)?;
    let Some(expected) = &proof.remedied else { return Ok(()) };
    let command =
        offered(&report, entry).ok_or_else(|| format!("no command is offered for {id}: {report:#}"))?;
    drop(room);

    let room = setting.room(user, id, "denied")?;
    let remedied = room.by_hand(user, &setting.denybox, &command)?;
    expect(&format!("boxed by the command offered ({command})"), &remedied, expected)?;
    let report = room.report()?;
    let found = diagnoses(&report)?;
    if !found.is_subset(&also) {
        return Err(format!("the remedy leaves {found:?}: {command}\n{remedied}\n{report:#}").into());
    }
    Ok(())
}

fn prove_harmless(setting: &Setting, user: &User, harmless: &Harmless) -> Result<(), Failed> {
    room::require(&harmless.proof.programs, &harmless.proof.packages)?;
    let room = setting.room(user, &harmless.id, "boxed")?;
    let ended = room.boxed(user, &setting.denybox)?;
    expect("boxed with nothing granted", &ended, &harmless.proof.shows)?;
    let report = room.report()?;
    match report.get("denials").and_then(Value::as_array) {
        Some(denials) if denials.is_empty() => Ok(()),
        _ => Err(format!("there are denials, and none was to be: {report:#}").into()),
    }
}

fn expect(when: &str, ended: &Ended, expected: &Expected) -> Result<(), Failed> {
    let fits = ended.code == Some(expected.exit)
        && ended.stdout.trim() == expected.stdout.trim()
        && ended.stderr.contains(&expected.stderr);
    if fits { Ok(()) } else { Err(format!("{when}: expected {expected:?}, got {ended}").into()) }
}

/// Whether the box had a tripwire; fails where that isn't what this user's box must have.
fn check_tripwire(report: &Value, user: &User) -> Result<bool, Failed> {
    let controls = report.get("enforcement").and_then(Value::as_array);
    let status = controls
        .into_iter()
        .flatten()
        .find(|control| control.get("control").and_then(Value::as_str) == Some("tripwire"))
        .and_then(|control| control.get("status")?.as_str())
        .ok_or_else(|| format!("the report doesn't say whether there was a tripwire: {report:#}"))?;
    let has = status == "enforced";
    if user.has_tripwire().is_some_and(|must| must != has) {
        return Err(format!("the tripwire is '{status}' for {}", user.name()).into());
    }
    Ok(has)
}

/// The ids of all diagnoses in a report.
fn diagnoses(report: &Value) -> Result<BTreeSet<&str>, Failed> {
    let denials = report
        .get("denials")
        .and_then(Value::as_array)
        .ok_or_else(|| format!("the report has no denials: {report:#}"))?;
    Ok(denials.iter().filter_map(|denial| denial.pointer("/diagnosis/id")?.as_str()).collect())
}

/// The denials with this entry's diagnosis say who and how often.
fn check_denials(report: &Value, entry: &Entry) -> Result<(), Failed> {
    for denial in report.get("denials").and_then(Value::as_array).into_iter().flatten() {
        if denial.pointer("/diagnosis/id").and_then(Value::as_str) != Some(entry.id.as_str()) {
            continue;
        }
        let text = |pointer: &str| denial.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let whole = denial.get("count").and_then(Value::as_u64) > Some(0)
            && !text("/resource").is_empty()
            && !text("/path").is_empty()
            && !text("/operation").is_empty()
            && text("/diagnosis/summary") == entry.summary
            && text("/process/exe").starts_with('/')
            && denial.pointer("/process/pid").and_then(Value::as_i64) > Some(0)
            && denial.pointer("/process/ancestors").is_some_and(Value::is_array);
        if !whole {
            return Err(format!("an incomplete denial: {denial:#}").into());
        }
    }
    Ok(())
}

/// The first command that the report offers for the entry's denial; it must hold what the entry's remedy says.
fn offered(report: &Value, entry: &Entry) -> Option<String> {
    let remedy = entry.remedies.iter().find(|remedy| remedy.kind != RemedyKind::Advice)?;
    let denials = report.get("denials")?.as_array()?;
    let denial = denials
        .iter()
        .find(|denial| denial.pointer("/diagnosis/id").and_then(Value::as_str) == Some(&entry.id))?;
    let resource = denial.get("resource")?.as_str()?;
    let command = denial
        .pointer("/diagnosis/remedies")?
        .as_array()?
        .iter()
        .find_map(|remedy| remedy.get("command")?.as_str())?;
    command.contains(&remedy.value.replace("{resource}", resource)).then(|| command.to_owned())
}
