//! `denybox justification revoke`: one more entry of a list of revocations.

use std::path::{Path, PathBuf};

use denybox_core::event::printable;
use denybox_core::justification::revocation::{self, REVOCATION_MAX, Revoked, Target};
use denybox_core::justification::{Opened, digest};

use super::command_line::Revoke;
use super::{Failed, name, now, say};
use crate::stores::replace::{self, Folder, READABLE};
use crate::stores::trusted::REVOCATIONS_FILE;
use crate::stores::{person, places};

/// Revokes.
///
/// # Errors
/// [`Failed`].
pub fn revoke(options: &Revoke) -> Result<(), Failed> {
    let target = target(&options.what)?;
    let told = match &target {
        Target::Id(id) => format!("every justification with the id {}", printable(id)),
        Target::Digest(digest) => format!("the justification {digest}"),
    };
    let by = options.by.clone().or_else(person::caller);
    let entry = Revoked {
        target,
        at: now(),
        by: by.ok_or(Failed::Nobody { what: "who revokes it", option: "--by" })?,
        reason: options.because.clone(),
    };
    let list = list(options)?;
    let folder = Folder::lock(&list)?;
    let text = if folder.file().exists() {
        let failed = |source| Failed::Read { path: list.clone(), source };
        let bytes = crate::stores::read_at_most(&folder.file(), REVOCATION_MAX).map_err(failed)?;
        String::from_utf8(bytes).map_err(std::io::Error::other).map_err(failed)?
    } else {
        String::new()
    };
    let text =
        revocation::add(&text, &entry).map_err(|source| Failed::Revocations { path: name(&list), source })?;
    folder.replace(text.as_bytes(), READABLE)?;
    say(&format!("revoked {told}, in {}\n", name(&list)));
    Ok(())
}

fn list(options: &Revoke) -> Result<PathBuf, Failed> {
    if let Some(list) = &options.list {
        return Ok(list.clone());
    }
    let own = places::configuration()?;
    replace::directory(&own, 0o755)?;
    Ok(own.join(REVOCATIONS_FILE))
}

/// An envelope is revoked by what was signed, a manifest by its name: nobody knows how it will be signed.
fn target(what: &str) -> Result<Target, Failed> {
    let path = Path::new(what);
    if what.starts_with("sha256:") {
        return Ok(Target::Digest(what.to_owned()));
    }
    if path.is_file() {
        return Ok(match super::open(path)? {
            Opened::Envelope(envelope, _) => Target::Digest(digest(envelope.payload())),
            Opened::Manifest(manifest) => Target::Id(manifest.id),
        });
    }
    let like_a_file = what.contains('/') || [".json", ".yaml", ".yml"].iter().any(|end| what.ends_with(end));
    if like_a_file { Err(Failed::NoSuchFile(printable(what))) } else { Ok(Target::Id(what.to_owned())) }
}
