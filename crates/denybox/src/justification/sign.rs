//! `denybox justification sign`: one more signature, by a key in a file or one that an SSH agent holds.

use std::path::{Path, PathBuf};

use denybox_core::justification::envelope::{Envelope, Signature};
use denybox_core::justification::key::{self, KeyKind, PublicKey, SecretKey};
use denybox_core::justification::{Opened, digest};

use super::command_line::Sign;
use super::{Failed, agent, counted, describe, name, say};
use crate::stores::keys;
use crate::stores::replace::{Folder, READABLE};

/// Whoever signs.
enum Signer {
    Secret(Box<SecretKey>),
    /// The SSH agent, with this key of its.
    Agent(Box<PublicKey>),
}

/// Signs.
///
/// # Errors
/// [`Failed`].
pub fn sign(options: &Sign) -> Result<(), Failed> {
    let signer = signer(options)?;
    let opened = super::open(&options.file)?;
    let manifest = opened.manifest().clone();
    let output = output(options, &opened);
    // From reading what is there to replacing it, nobody else adds a signature that would be lost.
    let folder = Folder::lock(&output)?;
    let (mut envelope, replaces) = envelope(options, opened, &folder)?;
    let by = signer.public().id().to_owned();
    say(&format!("{by} signs {}:\n{}", digest(envelope.payload()), describe::manifest(&manifest)));
    let signature = signer.sign(&envelope.pae())?;
    let failed = |source| Failed::Envelope { path: name(&options.file), source };
    envelope.add(signature).map_err(failed)?;
    let json = envelope.to_json();
    if replaces {
        folder.replace(json.as_bytes(), READABLE)?;
    } else {
        folder.create(json.as_bytes(), READABLE, true)?;
    }
    let there = counted(envelope.signatures().len(), "signature", "signatures");
    say(&format!("wrote {}, with {there}\n", name(&output)));
    Ok(())
}

impl Signer {
    fn public(&self) -> &PublicKey {
        match self {
            Self::Secret(secret) => secret.public(),
            Self::Agent(public) => public,
        }
    }

    /// A signature that holds: the agent is another program, and what it says isn't taken on trust.
    fn sign(&self, pae: &[u8]) -> Result<Signature, Failed> {
        let signature = match self {
            Self::Secret(secret) => secret.sign(pae),
            Self::Agent(public) => {
                let raw = agent::sign(public.as_bytes(), &key::to_be_signed(pae))?;
                Signature { keyid: public.id().to_owned(), sig: key::assemble(public.as_bytes(), &raw) }
            }
        };
        self.public().verify(pae, &signature.sig)?;
        Ok(signature)
    }
}

fn signer(options: &Sign) -> Result<Signer, Failed> {
    if let Some(key) = &options.key {
        return Ok(Signer::Secret(Box::new(keys::find(key)?)));
    }
    let path = options.ssh_key.as_deref().unwrap_or(Path::new(""));
    if let Some(line) = public_line(path)? {
        let public = line.parse::<PublicKey>();
        let public = public.map_err(|source| Failed::PublicKey { path: name(path), source })?;
        return Ok(Signer::Agent(Box::new(public)));
    }
    let secret = keys::read(path)?;
    match secret.public().kind() {
        KeyKind::Ssh => Ok(Signer::Secret(Box::new(secret))),
        KeyKind::Plain => Err(Failed::NotSsh(name(path))),
    }
}

/// The line of a `.pub` file; none of any other file.
fn public_line(path: &Path) -> Result<Option<String>, Failed> {
    let bytes = crate::stores::read_at_most(path, keys::KEY_MAX)
        .map(zeroize::Zeroizing::new)
        .map_err(|source| Failed::Read { path: path.to_owned(), source })?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    Ok((!text.is_empty() && !text.starts_with("-----BEGIN")).then(|| text.to_owned()))
}

/// Where the envelope goes: in place of the one that there is, or beside the manifest.
fn output(options: &Sign, opened: &Opened) -> PathBuf {
    match (&options.output, opened) {
        (Some(output), _) => output.clone(),
        (None, Opened::Envelope(..)) => options.file.clone(),
        (None, Opened::Manifest(_)) => options.file.with_extension("dsse.json"),
    }
}

/// The envelope to sign, and whether it takes the place of what is there. An envelope of the same manifest that is there
/// keeps its signatures.
fn envelope(options: &Sign, opened: Opened, folder: &Folder) -> Result<(Envelope, bool), Failed> {
    let there = folder.file();
    let envelope = opened.into_envelope();
    if !there.exists() {
        return Ok((envelope, false));
    }
    let old = Opened::parse(&super::read(&there)?).ok().map(Opened::into_envelope);
    match old.filter(|old| old.payload() == envelope.payload()) {
        Some(mut old) => {
            for signature in envelope.signatures() {
                if !old.signatures().contains(signature) {
                    let failed = |source| Failed::Envelope { path: name(&there), source };
                    old.add(signature.clone()).map_err(failed)?;
                }
            }
            Ok((old, true))
        }
        None if options.force => Ok((envelope, true)),
        None => Err(Failed::Another(name(&there))),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::command_line::{Command, CommandLine};
    use crate::justification::command_line::Justification;

    const MANIFEST: &str = "version: 1\nid: one\ngrants:\n- {resource: /dev/shm, access: read-write, backing: private, \
        size: 64M}\ncategory: posix-shm-required\nstatement: needed\nrequestedBy: alice\napprovedBy: [bob]\n\
        notBefore: 2026-11-26T00:00:00Z\nnotAfter: 2026-12-26T00:00:00Z\n";

    fn signed(words: &[&str]) -> Result<(), Failed> {
        let all = ["denybox", "justification", "sign"].iter().chain(words);
        match CommandLine::try_parse_from(all).unwrap().command {
            Command::Justification { what: Justification::Sign(options) } => sign(&options),
            other => panic!("{other:?}"),
        }
    }

    /// Not in shared scratch, as temporary directories usually are.
    fn place() -> tempfile::TempDir {
        let program = std::env::current_exe().unwrap();
        tempfile::tempdir_in(program.parent().unwrap()).unwrap()
    }

    fn key(directory: &Path, seed: u8) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = directory.join(format!("{seed}.pem"));
        std::fs::write(&path, &*SecretKey::from_bytes(&[seed; 32]).unwrap().to_pem().unwrap()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    #[test]
    fn signatures_add_up_in_one_file() {
        let place = place();
        let (file, envelope) = (place.path().join("j.yaml"), place.path().join("j.dsse.json"));
        std::fs::write(&file, MANIFEST).unwrap();
        let (file, [one, other, third]) =
            (file.display().to_string(), [1, 2, 3].map(|seed| key(place.path(), seed)));
        signed(&[&file, "--key", &one]).unwrap();
        // By way of the manifest and by way of the envelope: it is the same.
        signed(&[&file, "--key", &other]).unwrap();
        signed(&[envelope.to_str().unwrap(), "--key", &third]).unwrap();
        let count = || Envelope::parse(&std::fs::read(&envelope).unwrap()).unwrap().signatures().len();
        assert_eq!(count(), 3);
        assert!(matches!(signed(&[&file, "--key", &one]), Err(Failed::Envelope { .. })));
        assert_eq!(count(), 3);
    }

    #[test]
    fn what_else_is_there_stays() {
        let place = place();
        let (file, envelope) = (place.path().join("j.yaml"), place.path().join("j.dsse.json"));
        std::fs::write(&file, MANIFEST).unwrap();
        let (file, one) = (file.display().to_string(), key(place.path(), 1));
        for text in ["something", MANIFEST.replace("id: one", "id: two").as_str()] {
            std::fs::write(&envelope, text).unwrap();
            assert!(matches!(signed(&[&file, "--key", &one]), Err(Failed::Another(_))));
            assert_eq!(std::fs::read_to_string(&envelope).unwrap(), text);
        }
        signed(&[&file, "--key", &one, "--force"]).unwrap();
    }
}
