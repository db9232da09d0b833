//! Where denybox's own files lie: never in shared scratch.
//!
//! Directories follow the XDG Base Directory Specification; root's are those of the system (hier(7)).

use std::path::PathBuf;

use denybox_core::path::{AbsPath, PathError};
use denybox_core::resource::scratch_tree;

/// The administrator's directory. Only what root alone can change counts there.
pub const SYSTEM: &str = "/etc/denybox";
/// Where root's state is kept.
const SYSTEM_STATE: &str = "/var/lib/denybox";

/// Why there is no place for a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Neither the variable nor a home is set.
    #[error("there is no place for {what}: set {variable} or HOME")]
    Homeless {
        /// What was to be kept.
        what: &'static str,
        /// Which variable names its place.
        variable: &'static str,
    },
    /// Anybody could read or replace what lies there.
    #[error("{place} is no place for {what}: it lies in shared scratch; set {variable} to another directory")]
    InScratch {
        /// The directory.
        place: AbsPath,
        /// What was to be kept.
        what: &'static str,
        /// Which variable names its place.
        variable: &'static str,
    },
    /// The variable names no usable path.
    #[error("{variable}: {source}")]
    Unusable {
        /// Which.
        variable: &'static str,
        /// Why.
        source: PathError,
    },
}

/// The directory of the caller's trust file, revocations and keys.
///
/// # Errors
/// [`PlaceError`].
pub fn configuration() -> Result<PathBuf, PlaceError> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from(SYSTEM));
    }
    below("XDG_CONFIG_HOME", ".config", "the configuration")
}

/// The directory of what denybox keeps from one run to the next.
///
/// # Errors
/// [`PlaceError`].
pub fn state() -> Result<PathBuf, PlaceError> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from(SYSTEM_STATE));
    }
    below("XDG_STATE_HOME", ".local/state", "the state")
}

fn below(variable: &'static str, usual: &str, what: &'static str) -> Result<PathBuf, PlaceError> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let unusable = |source| PlaceError::Unusable { variable, source };
    let base = match (set(variable), set("HOME")) {
        (Some(directory), _) => AbsPath::new(&directory).map_err(unusable)?,
        (None, Some(home)) => AbsPath::new(&home).and_then(|home| home.join(usual)).map_err(unusable)?,
        (None, None) => return Err(PlaceError::Homeless { what, variable }),
    };
    let place = base.join("denybox").map_err(unusable)?;
    if scratch_tree(&place).is_some() {
        return Err(PlaceError::InScratch { place, what, variable });
    }
    Ok(place.as_path().to_owned())
}
