//! `denybox audit verify`.

use std::io::Write as _;
use std::path::Path;

use denybox_audit::{BoxState, Checked, Store};
use denybox_core::audit::checkpoint::{Checkpoint, NOTE_MAX, PublicLogKey};
use denybox_core::event::printable;

use super::Failed;
use super::command_line::Verify;
use crate::stores::read_at_most;

/// Something doesn't hold.
const BROKEN: i32 = 1;

pub fn verify(options: &Verify) -> Result<i32, Failed> {
    let store = Store::new(&options.place.log);
    let key = match &options.key {
        Some(key) => {
            key.trim().parse().map_err(|source| Failed::Checkpoint { place: "--key".to_owned(), source })?
        }
        None => store.public_key()?,
    };
    let held = options.against.iter().map(|path| read(path, &key)).collect::<Result<Vec<_>, _>>()?;
    let checked = store.verify(&key, &options.ids, &held)?;
    let mut out = anstream::stdout().lock();
    let mut sound = true;
    for one in &checked {
        sound &= one.verified.faults.is_empty();
        tell(&mut out, one)?;
    }
    for id in options.ids.iter().filter(|id| checked.iter().all(|one| one.name != **id)) {
        writeln!(out, "{}: there is no such box in this log", printable(id))?;
        sound = false;
    }
    for (path, checkpoint) in
        held.iter().filter(|(_, checkpoint)| checked.iter().all(|one| one.name != checkpoint.chain))
    {
        writeln!(out, "{path}: it is of {}, which isn't here", printable(&checkpoint.chain))?;
        sound = false;
    }
    Ok(if sound { 0 } else { BROKEN })
}

fn tell(out: &mut impl std::io::Write, one: &Checked) -> std::io::Result<()> {
    let verified = &one.verified;
    let state = match one.state {
        BoxState::Running if one.name == "index" => "",
        BoxState::Closed => ", complete",
        BoxState::Running => ", still running",
        BoxState::Left => ", left in the middle: its supervisor died, and the next box to start closes it",
    };
    let verdict = if verified.faults.is_empty() { "holds" } else { "DOES NOT HOLD" };
    writeln!(
        out,
        "{}: {verdict} ({}, {}{state})",
        printable(&one.name),
        counted(verified.count, "record"),
        counted(verified.checkpoints, "checkpoint")
    )?;
    verified.faults.iter().try_for_each(|fault| writeln!(out, "  {fault}"))
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn read(path: &Path, key: &PublicLogKey) -> Result<(String, Checkpoint), Failed> {
    let bytes =
        read_at_most(path, NOTE_MAX).map_err(|source| Failed::Read { path: path.to_owned(), source })?;
    let place = path.display().to_string();
    let checkpoint = Checkpoint::open(&String::from_utf8_lossy(&bytes), key)
        .map_err(|source| Failed::Checkpoint { place: place.clone(), source })?;
    Ok((place, checkpoint))
}
