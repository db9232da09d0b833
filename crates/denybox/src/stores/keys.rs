//! Files with secret keys: where they lie, and which of them can be relied on.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use denybox_core::justification::key::{SecretKey, SecretKeyError};
use denybox_core::path::AbsPath;
use denybox_core::resource::scratch_tree;
use zeroize::Zeroizing;

use super::places::{self, PlaceError};
use super::replace::{self, Folder, ReplaceError, SECRET};

/// The longest key file that is read, in bytes.
pub const KEY_MAX: usize = 64 << 10;
/// The directory of keys in the directory of configuration.
const KEYS: &str = "keys";
/// How their names end.
const ENDING: &str = "pem";

/// Why a secret key isn't used, or can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is no place for the caller's own keys.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It can't be read.
    #[error("cannot read the key {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Neither a file nor the name of a key.
    #[error(
        "there is no key '{name}': neither a file of that name nor {place}; `denybox key generate {name}` makes one"
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// Where a key of that name would lie.
        place: PathBuf,
    },
    /// Something else than a file.
    #[error("the key {0} is no regular file")]
    Kind(PathBuf),
    /// Others could have read it.
    #[error(
        "the key {path} has the mode {mode:04o}, so others can read or change it; if nobody has: chmod 0600 {path}"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Its owner could read it, or change it at any time.
    #[error("the key {path} belongs to uid {owner}: use one of your own")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Others could put another in its place.
    #[error("the key {path} lies in shared scratch ({tree}): move it, for instance to {better}")]
    InScratch {
        /// The file.
        path: PathBuf,
        /// The scratch tree.
        tree: AbsPath,
        /// A better place.
        better: PathBuf,
    },
    /// It holds no usable key.
    #[error("{path}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: SecretKeyError,
    },
    /// No name of a key.
    #[error("'{0}' is no name for a key: use 1 to 64 letters, digits, '-' and '_'")]
    Name(String),
    /// It can't be kept.
    #[error(transparent)]
    Write(#[from] ReplaceError),
    /// There was no randomness.
    #[error("the kernel gives no random bytes: {0}")]
    Random(#[source] io::Error),
    /// A fresh key can't be written.
    #[error("the fresh key: {0}")]
    Fresh(#[source] SecretKeyError),
}

/// The directory of the caller's own keys.
///
/// # Errors
/// [`PlaceError`].
pub fn directory() -> Result<PathBuf, PlaceError> {
    Ok(places::configuration()?.join(KEYS))
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        && !text.starts_with('-')
}

/// The key that a command line names: by its name in the caller's directory, or else by its file.
///
/// # Errors
/// [`KeyFileError`].
pub fn find(named: &Path) -> Result<SecretKey, KeyFileError> {
    let name = named.to_str().filter(|name| is_name(name));
    let own = match name {
        Some(name) => Some(directory()?.join(name).with_extension(ENDING)),
        None => None,
    };
    match own {
        Some(own) if own.exists() => read(&own),
        Some(own) if !named.exists() => {
            Err(KeyFileError::Unknown { name: named.display().to_string(), place: own })
        }
        _ => read(named),
    }
}

/// Reads a key, where nobody else could have read it or have put it there.
///
/// # Errors
/// [`KeyFileError`].
pub fn read(path: &Path) -> Result<SecretKey, KeyFileError> {
    let failed = |source| KeyFileError::Read { path: path.to_owned(), source };
    outside_scratch(path)?;
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(KeyFileError::Kind(path.to_owned()));
    }
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let caller = rustix::process::geteuid();
    if owner != caller.as_raw() && owner != 0 {
        return Err(KeyFileError::Foreign { path: path.to_owned(), owner });
    }
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Open { path: path.to_owned(), mode });
    }
    let bytes = Zeroizing::new(super::read_open(file, KEY_MAX).map_err(failed)?);
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| KeyFileError::Key { path: path.to_owned(), source: SecretKeyError::Malformed })?;
    SecretKey::parse(text).map_err(|source| KeyFileError::Key { path: path.to_owned(), source })
}

/// Neither the path as it is written nor what it leads to may lie in shared scratch: there anybody could have made a link.
fn outside_scratch(path: &Path) -> Result<(), KeyFileError> {
    let failed = |source| KeyFileError::Read { path: path.to_owned(), source };
    let written = std::path::absolute(path).map_err(failed)?;
    let real = fs::canonicalize(path).map_err(failed)?;
    for place in [written, real] {
        let Some(tree) = AbsPath::from_path(&place).ok().and_then(|place| scratch_tree(&place)) else {
            continue;
        };
        let name = path.file_name().unwrap_or_default();
        let better = directory().map_or_else(|_| Path::new("~").join(name), |own| own.join(name));
        return Err(KeyFileError::InScratch { path: path.to_owned(), tree, better });
    }
    Ok(())
}

/// Makes a key and keeps it under this name; gives where, and the key.
///
/// # Errors
/// [`KeyFileError`], where there is a key of that name already among others.
pub fn generate(name: &str) -> Result<(PathBuf, SecretKey), KeyFileError> {
    if !is_name(name) {
        return Err(KeyFileError::Name(denybox_core::event::printable(name)));
    }
    let directory = directory()?;
    if let Some(above) = directory.parent() {
        replace::directory(above, 0o755)?;
    }
    replace::directory(&directory, 0o700)?;
    let path = directory.join(name).with_extension(ENDING);
    let mut secret = Zeroizing::new([0; 32]);
    rustix::rand::getrandom(secret.as_mut_slice(), rustix::rand::GetRandomFlags::empty())
        .map_err(io::Error::from)
        .and_then(
            |there| {
                if there == secret.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            },
        )
        .map_err(KeyFileError::Random)?;
    let key = SecretKey::from_bytes(&secret).map_err(KeyFileError::Fresh)?;
    let text = key.to_pem().map_err(KeyFileError::Fresh)?;
    Folder::lock(&path)?.create(text.as_bytes(), SECRET, false)?;
    Ok((path, key))
}

/// A key that the caller holds by a name: the name, and the key or why it isn't used.
pub type Held = (String, Result<SecretKey, KeyFileError>);

/// Every key that the caller holds by a name.
///
/// # Errors
/// [`KeyFileError::Place`] and [`KeyFileError::Read`].
pub fn held() -> Result<Vec<Held>, KeyFileError> {
    let directory = directory()?;
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(KeyFileError::Read { path: directory, source }),
    };
    let mut held = Vec::new();
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let name = path.file_stem().and_then(|name| name.to_str()).filter(|name| is_name(name));
        if let Some(name) = name.filter(|_| path.extension().is_some_and(|ending| ending == ENDING)) {
            held.push((name.to_owned(), read(&path)));
        }
    }
    held.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(held)
}
