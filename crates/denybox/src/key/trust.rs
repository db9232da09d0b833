//! `denybox key trust`: one more key of a trust file.

use std::path::Path;

use denybox_core::event::printable;
use denybox_core::justification::key::PublicKey;
use denybox_core::justification::trust::{NewKey, add_key};

use super::command_line::Trust;
use crate::justification::{Failed, name, now, say};
use crate::stores::keys::KEY_MAX;
use crate::stores::replace::READABLE;

/// Trusts it.
///
/// # Errors
/// [`Failed`].
pub fn trust(options: &Trust) -> Result<(), Failed> {
    let public = public(&options.public)?;
    let id = public.id().to_owned();
    let key = NewKey {
        person: options.person.clone(),
        public,
        roles: options.role.iter().map(|role| (*role).into()).collect(),
        scope: (!options.resource.is_empty()).then(|| options.resource.clone()),
        not_before: None,
        not_after: options.lifetime.map(|time| now().saturating_add(time.as_secs())),
    };
    let (folder, text) = super::open_trust(options.trust.as_deref())?;
    let path = name(&folder.file());
    let text = add_key(&text, &key).map_err(|source| Failed::Edit { path: path.clone(), source })?;
    folder.replace(text.as_bytes(), READABLE)?;
    say(&format!("{path} trusts {id} of {} now\n", printable(&options.person)));
    Ok(())
}

/// The key that is meant: the text itself, or the first line of the file that it names.
fn public(text: &str) -> Result<PublicKey, Failed> {
    let like_a_key = ["ed25519:", "ssh-", "ecdsa-", "sk-"].iter().any(|start| text.starts_with(start));
    let failed = |source| Failed::PublicKey { path: printable(text), source };
    if like_a_key {
        return text
            .trim()
            .parse()
            .map_err(|source| Failed::PublicKey { path: "the key".to_owned(), source });
    }
    let path = Path::new(text);
    let bytes = crate::stores::read_at_most(path, KEY_MAX)
        .map(zeroize::Zeroizing::new)
        .map_err(|source| Failed::Read { path: path.to_owned(), source })?;
    let content = std::str::from_utf8(&bytes).unwrap_or_default();
    if content.contains("PRIVATE KEY-----") {
        return Err(Failed::Secret(name(path)));
    }
    let line = content.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    line.unwrap_or_default().parse().map_err(failed)
}
