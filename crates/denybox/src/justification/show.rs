//! `denybox justification show`: what a justification says, and its parts for other programs.

use std::io::Write;

use denybox_core::event::printable;
use denybox_core::justification::key::armoured;
use denybox_core::justification::{Opened, digest};

use super::command_line::Show;
use super::{Failed, counted, describe, name, print, text_of};

/// Shows it.
///
/// # Errors
/// [`Failed`].
pub fn show(options: &Show) -> Result<(), Failed> {
    let opened = super::open(&options.file)?;
    if options.signed_bytes {
        let pae = opened.into_envelope().pae();
        return std::io::stdout().lock().write_all(&pae).map_err(Failed::Output);
    }
    if let Some(number) = options.ssh_signature {
        return ssh_signature(options, &opened.into_envelope(), number);
    }
    match options.manifest {
        Some(form) => print(&text_of(opened.manifest(), form)),
        None => print(&in_words(options, &opened)),
    }
}

fn ssh_signature(
    options: &Show,
    envelope: &denybox_core::justification::envelope::Envelope,
    number: u64,
) -> Result<(), Failed> {
    let path = || name(&options.file);
    let signatures = envelope.signatures();
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let signature = place.and_then(|place| signatures.get(place)).ok_or_else(|| Failed::NoSignature {
        path: path(),
        there: counted(signatures.len(), "signature", "signatures"),
        wanted: number,
    })?;
    let text = armoured(&signature.sig).map_err(|source| Failed::NotSshSignature {
        path: path(),
        number,
        source,
    })?;
    print(text.trim_end()).and_then(|()| print("\n"))
}

fn in_words(options: &Show, opened: &Opened) -> String {
    let mut text = format!("{}:\n{}", name(&options.file), describe::manifest(opened.manifest()));
    let Opened::Envelope(envelope, _) = opened else {
        text.push_str("Nobody has signed it.\n");
        return text;
    };
    text.push_str(&format!("  {:<11}  {}\n", "digest", digest(envelope.payload())));
    for (at, signature) in envelope.signatures().iter().enumerate() {
        let kind = if armoured(&signature.sig).is_ok() { "an SSH key" } else { "a key" };
        let keyid = if signature.keyid.is_empty() {
            "without a name".to_owned()
        } else {
            printable(&signature.keyid)
        };
        text.push_str(&format!(
            "  {:<11}  of {kind}, {keyid}\n",
            format!("signature {}", at.saturating_add(1))
        ));
    }
    let file = super::quoted(&options.file);
    text.push_str(&format!("Whose they are, and whether they hold: denybox justification verify {file}\n"));
    text
}
