//! `denybox key revoke`: a key, or all of a person's, count no more.

use denybox_core::event::printable;
use denybox_core::justification::Trust;
use denybox_core::justification::key::PublicKey;
use denybox_core::justification::trust::revoke_key;

use super::command_line::Revoke;
use crate::justification::{Failed, name, now, say};
use crate::stores::replace::READABLE;

/// Revokes.
///
/// # Errors
/// [`Failed`].
pub fn revoke(options: &Revoke) -> Result<(), Failed> {
    let (folder, mut text) = super::open_trust(options.trust.as_deref())?;
    let path = name(&folder.file());
    let who = options.who.trim();
    let missing = || Failed::NoSuchKey { path: path.clone(), who: printable(who) };
    if text.trim().is_empty() {
        return Err(missing());
    }
    let trust =
        Trust::parse(text.as_bytes()).map_err(|source| Failed::Trust { path: path.clone(), source })?;
    let public = who.parse::<PublicKey>().ok();
    let meant: Vec<_> = trust
        .keys
        .iter()
        .filter(|key| key.person == who || key.public.id() == who || Some(&key.public) == public.as_ref())
        .collect();
    if meant.is_empty() {
        return Err(missing());
    }
    let in_force: Vec<_> = meant.iter().filter(|key| key.revoked.is_none()).collect();
    if in_force.is_empty() {
        return Err(Failed::AllRevoked { path, who: printable(who) });
    }
    for key in &in_force {
        text = revoke_key(&text, key.public.id(), now())
            .map_err(|source| Failed::Edit { path: path.clone(), source })?;
    }
    folder.replace(text.as_bytes(), READABLE)?;
    for key in &in_force {
        say(&format!("{path}: {} of {} is revoked\n", key.public.id(), printable(&key.person)));
    }
    Ok(())
}
