//! `denybox key`: keys that sign justifications, and whose are trusted. Each command has a file of its own.

pub mod command_line;
mod generate;
mod list;
mod revoke;
mod trust;

use std::io;
use std::path::{Path, PathBuf};

use denybox_core::justification::trust::TRUST_MAX;
use denybox_core::path::AbsPath;
use denybox_core::resource::scratch_tree;

use self::command_line::Key;
use crate::justification::{Failed, name, told};
use crate::stores::replace::{self, Folder};
use crate::stores::{places, trusted};

/// Does what the command line says; gives the exit code.
pub fn key(what: &Key) -> i32 {
    let done = match what {
        Key::Generate(options) => generate::generate(options),
        Key::List(options) => list::list(options),
        Key::Trust(options) => trust::trust(options),
        Key::Revoke(options) => revoke::revoke(options),
    };
    told(done.map(|()| 0))
}

/// A trust file about to be changed, locked, and its text: empty where there is none yet.
fn open_trust(named: Option<&Path>) -> Result<(Folder, String), Failed> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => {
            let own = places::configuration()?;
            replace::directory(&own, 0o755)?;
            own.join(trusted::TRUST_FILE)
        }
    };
    outside_scratch(&path, &path)?;
    let folder = Folder::lock(&path)?;
    outside_scratch(&path, &folder.file())?;
    if !folder.file().exists() {
        return Ok((folder, String::new()));
    }
    let failed = |source| Failed::Read { path: path.clone(), source };
    let bytes = crate::stores::read_at_most(&folder.file(), TRUST_MAX).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(io::Error::other).map_err(failed)?;
    Ok((folder, text))
}

/// Who is trusted must not be for anybody to say: a file in shared scratch, or a link there, can be replaced.
fn outside_scratch(written: &Path, real: &Path) -> Result<(), Failed> {
    let failed = |source| Failed::Read { path: written.to_owned(), source };
    let places: [PathBuf; 2] =
        [std::path::absolute(written).map_err(failed)?, std::path::absolute(real).map_err(failed)?];
    for place in places {
        if let Some(tree) = AbsPath::from_path(&place).ok().and_then(|place| scratch_tree(&place)) {
            return Err(Failed::TrustInScratch { path: name(written), tree });
        }
    }
    Ok(())
}
