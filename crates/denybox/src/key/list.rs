//! `denybox key list`: the keys that the caller holds, and those that are trusted.

use anstyle::{AnsiColor, Style};
use denybox_core::event::printable;
use denybox_core::justification::trust::{TRUST_MAX, TrustedKey};
use denybox_core::justification::{Trust, moment};

use super::command_line::List;
use crate::justification::{Failed, name, now, print};
use crate::stores::keys;
use crate::stores::settings::Settings;
use crate::stores::trusted::trust_files;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// Lists them.
///
/// # Errors
/// [`Failed`].
pub fn list(options: &List) -> Result<(), Failed> {
    let mut text = held()?;
    let files = trust_files(&Settings::read()?, &options.trust);
    if files.is_empty() {
        text.push_str("There is no trust file: nobody is trusted.\n");
    }
    if files.len() > 1 {
        text.push_str("A key counts where every one of these files trusts it.\n");
    }
    for file in &files {
        let bytes = crate::stores::read_at_most(file, TRUST_MAX)
            .map_err(|source| Failed::Read { path: file.clone(), source })?;
        let trust = Trust::parse(&bytes).map_err(|source| Failed::Trust { path: name(file), source })?;
        text.push_str(&format!(
            "Trusted by {} ({} must sign; clocks may differ by {} s):\n",
            name(file),
            if trust.signers == 1 { "one person".to_owned() } else { format!("{} people", trust.signers) },
            trust.skew_seconds,
        ));
        if trust.keys.is_empty() {
            text.push_str("  nobody\n");
        }
        for key in &trust.keys {
            text.push_str(&trusted(key, now()));
        }
    }
    print(&text)
}

fn held() -> Result<String, Failed> {
    let directory = keys::directory().map_err(Failed::Place)?;
    let held = keys::held()?;
    if held.is_empty() {
        return Ok(format!("You hold no key in {}: denybox key generate makes one.\n", name(&directory)));
    }
    let mut text = format!("Held in {}:\n", name(&directory));
    for (key_name, key) in held {
        let told = match key {
            Ok(key) => format!("{}\n  {:<16}  {}", key.public(), "", key.public().id()),
            Err(error) => format!("{BAD}not used{BAD:#}: {error}"),
        };
        text.push_str(&format!("  {key_name:<16}  {told}\n"));
    }
    Ok(text)
}

fn trusted(key: &TrustedKey, now: u64) -> String {
    let roles: Vec<&str> = key.roles.iter().map(|role| role.name()).collect();
    let scope = match &key.scope {
        None => "every resource".to_owned(),
        Some(scope) => {
            scope.iter().map(|resource| printable(&resource.to_string())).collect::<Vec<_>>().join(", ")
        }
    };
    let state = match (key.revoked, key.not_before, key.not_after) {
        (Some(at), _, _) => format!("{BAD}revoked{BAD:#} {}", moment::text(at)),
        (None, Some(from), _) if now < from => format!("{BAD}not before{BAD:#} {}", moment::text(from)),
        (None, _, Some(until)) if now >= until => format!("{BAD}expired{BAD:#} {}", moment::text(until)),
        (None, _, Some(until)) => format!("{GOOD}valid{GOOD:#} until {}", moment::text(until)),
        (None, _, None) => format!("{GOOD}valid{GOOD:#}"),
    };
    format!(
        "  {:<16}  {}; {scope}; {state}\n  {:<16}  {}\n",
        printable(&key.person),
        roles.join(", "),
        "",
        key.public.id()
    )
}
