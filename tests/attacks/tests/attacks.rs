//! Every attack, by every caller: blocked by the ordinary build, successful with its controls off, and blocked
//! by each of its controls alone.
//!
//! `DENYBOX_BIN`, `DENYBOX_WEAK_BIN` and `DENYBOX_ATTACK_BIN` name the ordinary build, the one with the feature
//! `weaken`, and `denybox-attack`. Run as root, the attacks are made as root and as uid 65534; otherwise as
//! whoever runs them.

mod ground;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use denybox_attacks::attack::{Attack, Caller, Proof};
use denybox_attacks::families;
use denybox_attacks::need::absent;
use ground::{Build, Ground, Place};
use libtest_mimic::{Arguments, Failed, Trial};

/// At least so many attacks have to have succeeded with their controls off.
const PROVEN_AT_LEAST: usize = 40;
/// At most so many proofs may be missing for want of something in the kernel.
const SKIPPED_AT_MOST: usize = 8;

/// What was shown, and what could not be.
#[derive(Default)]
struct Tally {
    proven: Vec<&'static str>,
    layers: usize,
    skipped: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let ground = match Ground::prepare() {
        Ok(ground) => Arc::new(ground),
        Err(reason) => {
            eprintln!("attacks: {reason}");
            return ExitCode::FAILURE;
        }
    };
    let tally = Arc::new(Mutex::new(Tally::default()));
    let mut trials = Vec::new();
    for attack in families::all() {
        let missing = match attack.need.map(absent).transpose() {
            Ok(missing) => missing.flatten(),
            Err(error) => {
                eprintln!("attacks: cannot tell what {} needs: {error}", attack.name);
                return ExitCode::FAILURE;
            }
        };
        for caller in ground.callers() {
            if !attack.callers.contains(&caller) {
                continue;
            }
            for place in [Place::Home, Place::Scratch] {
                let name = format!("{}::{}::{}", caller.name(), place.name(), attack.name);
                let (ground, tally, missing) = (Arc::clone(&ground), Arc::clone(&tally), missing.clone());
                trials.push(Trial::test(name, move || {
                    try_attack(&ground, &tally, attack, caller, place, missing)
                }));
            }
        }
    }
    let partial = arguments.filter.is_some() || !arguments.skip.is_empty() || arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    let mut proven = tally.proven.clone();
    proven.sort_unstable();
    proven.dedup();
    println!(
        "{} different attacks succeeded with their controls off; {} single layers held alone; {} proofs skipped",
        proven.len(),
        tally.layers,
        tally.skipped.len()
    );
    for skipped in &tally.skipped {
        println!("not shown to succeed: {skipped}");
    }
    println!("skipped: {}", tally.skipped.len());
    let enough = partial || proven.len() >= PROVEN_AT_LEAST;
    if !enough {
        println!("at least {PROVEN_AT_LEAST} have to be shown to succeed");
    }
    let few = tally.skipped.len() <= SKIPPED_AT_MOST;
    if !few {
        println!("at most {SKIPPED_AT_MOST} may be skipped");
    }
    drop(tally);
    if conclusion.has_failed() || !enough || !few { ExitCode::from(101) } else { ExitCode::SUCCESS }
}

/// One attack by one caller with the workspace in one place. The proofs that it can succeed are made once, with
/// the workspace in the ordinary place.
fn try_attack(
    ground: &Ground,
    tally: &Mutex<Tally>,
    attack: Attack,
    caller: Caller,
    place: Place,
    missing: Option<String>,
) -> Result<(), Failed> {
    let expect = |build: &Build, status: u8, why: &str| -> Result<(), Failed> {
        let end = ground.run(attack, caller, place, build)?;
        if end.status == i32::from(status) {
            Ok(())
        } else {
            Err(format!("{why}: status {} instead of {status}\n{}\n{}", end.status, end.command, end.output)
                .into())
        }
    };
    let tally = || tally.lock().unwrap_or_else(PoisonError::into_inner);
    expect(&Build::Ordinary, attack.blocked_status(), "the ordinary build has to block it")?;
    if place == Place::Scratch {
        // A machine without /dev/fuse seals in another way, which has to hold as well.
        let without = Build::Weakened("tripwire".to_owned());
        return expect(&without, attack.blocked_status(), "without the tripwire it has to be blocked");
    }
    if let Some(reason) = missing {
        tally().skipped.push(format!("{} by {}: {reason}", attack.name, caller.name()));
        return Ok(());
    }
    match attack.proof {
        Proof::Judged => return Ok(()),
        Proof::Ordinary => return expect(&Build::Elsewhere, 0, "with an ordinary place it has to work"),
        Proof::Unboxed => {
            expect(&Build::Unboxed, 0, "without a box it has to succeed")?;
            tally().proven.push(attack.name);
            return Ok(());
        }
        Proof::Weakened => {}
    }
    let controls = attack.controls_for(caller);
    let all: Vec<&str> = controls.iter().chain(attack.conditions).copied().collect();
    let off = all.join(",");
    expect(&Build::Weakened(off.clone()), 0, &format!("with {off} off it has to succeed"))?;
    tally().proven.push(attack.name);
    for kept in &controls {
        let off: Vec<&str> = all.iter().filter(|name| *name != kept).copied().collect();
        let why = format!("{kept} alone has to block it");
        expect(&Build::Weakened(off.join(",")), attack.blocked_status(), &why)?;
        tally().layers += 1;
    }
    Ok(())
}
