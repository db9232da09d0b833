//! Whom to trust and what is revoked, from all the files that say so.

use std::io;
use std::path::{Path, PathBuf};

use denybox_core::justification::revocation::{self, RevocationError};
use denybox_core::justification::trust::{TRUST_MAX, TrustError};
use denybox_core::justification::{Revocations, Trust, Trusts};

use super::places::{self, PlaceError};
use super::settings::Settings;

/// The name of a trust file in a directory of configuration.
pub const TRUST_FILE: &str = "trust.toml";
/// The name of a list of revocations there.
pub const REVOCATIONS_FILE: &str = "revoked.toml";

/// Why trust can't be established. Nothing is trusted then, and nothing runs.
#[derive(Debug, thiserror::Error)]
pub enum TrustedError {
    /// There is no place for the caller's own files.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A file can't be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A trust file makes no sense.
    #[error("{path}: {source}")]
    Trust {
        /// The file.
        path: PathBuf,
        /// Why, with the line.
        #[source]
        source: TrustError,
    },
    /// A list of revocations makes no sense.
    #[error("{path}: {source}")]
    Revocations {
        /// The file.
        path: PathBuf,
        /// Why, with the line.
        #[source]
        source: RevocationError,
    },
}

/// Whom to trust and what is revoked.
#[derive(Debug, Default)]
pub struct Trusted {
    /// The trust files together.
    pub trusts: Trusts,
    /// The lists together.
    pub revocations: Revocations,
}

impl Trusted {
    /// Reads everything that counts: what is pinned, what the command line names, and only where nothing is pinned or
    /// named, the caller's own trust file. Revocations of the caller's own always count.
    ///
    /// # Errors
    /// [`TrustedError`].
    pub fn read(settings: &Settings, named: &[PathBuf]) -> Result<Self, TrustedError> {
        let own = places::configuration();
        let mut trusts = Vec::new();
        for path in trust_files(settings, named) {
            let bytes = read(&path)?;
            trusts.push(Trust::parse(&bytes).map_err(|source| TrustedError::Trust { path, source })?);
        }
        let own =
            own.iter().map(|own| own.join(REVOCATIONS_FILE)).filter(|file| file.try_exists().unwrap_or(true));
        let mut revocations = Revocations::default();
        for path in settings.revocations.iter().cloned().chain(own) {
            let bytes = read(&path)?;
            let entries =
                revocation::parse(&bytes).map_err(|source| TrustedError::Revocations { path, source })?;
            revocations.add(&entries);
        }
        Ok(Self { trusts: Trusts::new(trusts), revocations })
    }
}

/// The trust files that count: what is pinned, what the command line names, and only where that is nothing, the caller's own.
pub fn trust_files(settings: &Settings, named: &[PathBuf]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = settings.trust.iter().chain(named).cloned().collect();
    if files.is_empty() {
        let own = places::configuration();
        files.extend(
            own.iter().map(|own| own.join(TRUST_FILE)).filter(|file| file.try_exists().unwrap_or(true)),
        );
    }
    files
}

fn read(path: &Path) -> Result<Vec<u8>, TrustedError> {
    super::read_at_most(path, TRUST_MAX)
        .map_err(|source| TrustedError::Read { path: path.to_owned(), source })
}
