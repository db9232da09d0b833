//! What the administrator pins in `/etc/denybox/denybox.toml`: the command line can only tighten it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::places::SYSTEM;

/// The longest file of settings that is read, in bytes.
const SETTINGS_MAX: usize = 64 << 10;

/// What is pinned. Nothing, where there is no such file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The policy that every box must pass: the name of one that ships, or a directory.
    pub policy: Option<String>,
    /// The trust file that every signature must pass.
    pub trust: Option<PathBuf>,
    /// A list of revocations that always counts.
    pub revocations: Option<PathBuf>,
    /// The cluster that this host belongs to, for justifications that name clusters.
    pub cluster: Option<String>,
}

/// Why the settings can't be used. Nothing runs then.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It is there and can't be read.
    #[error("cannot read the settings in {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else than root could have written it.
    #[error(
        "{path} can be changed by others than root, so nothing is pinned by it: chown root and chmod go-w it"
    )]
    Loose {
        /// The file or a directory above it.
        path: PathBuf,
    },
    /// It isn't what it should be.
    #[error("{path}: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        message: String,
    },
    /// A path that isn't absolute means something else to each caller.
    #[error("{path}: {name} = '{value}' is not an absolute path")]
    Relative {
        /// The file.
        path: PathBuf,
        /// The setting.
        name: &'static str,
        /// What it says.
        value: String,
    },
}

impl Settings {
    /// Reads what is pinned on this host.
    ///
    /// # Errors
    /// [`SettingsError`] where there is something that can't be relied on.
    pub fn read() -> Result<Self, SettingsError> {
        Self::read_from(Path::new(SYSTEM))
    }

    fn read_from(directory: &Path) -> Result<Self, SettingsError> {
        let path = directory.join("denybox.toml");
        let failed = |source| SettingsError::Read { path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error)),
        };
        let metadata = file.metadata().map_err(failed)?;
        if !only_roots(&metadata) {
            return Err(SettingsError::Loose { path });
        }
        for above in path.ancestors().skip(1) {
            let metadata = fs::metadata(above).map_err(failed)?;
            // A directory with the sticky bit lets nobody replace what is root's, sticky(8) in Linux: unlink(2).
            if !only_roots(&metadata) && metadata.mode() & 0o1000 == 0 {
                return Err(SettingsError::Loose { path: above.to_owned() });
            }
        }
        let bytes = super::read_open(file, SETTINGS_MAX).map_err(failed)?;
        let malformed = |message: String| SettingsError::Malformed { path: path.clone(), message };
        let text = String::from_utf8(bytes).map_err(|_| malformed("not UTF-8".to_owned()))?;
        let settings: Self = toml::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        settings.absolute(&path)?;
        Ok(settings)
    }

    fn absolute(&self, path: &Path) -> Result<(), SettingsError> {
        let relative = |name, value: &str| SettingsError::Relative {
            path: path.to_owned(),
            name,
            value: value.to_owned(),
        };
        if let Some(policy) =
            self.policy.as_deref().filter(|policy| policy.contains('/') && !policy.starts_with('/'))
        {
            return Err(relative("policy", policy));
        }
        for (name, value) in [("trust", &self.trust), ("revocations", &self.revocations)] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_absolute()) {
                return Err(relative(name, &value.display().to_string()));
            }
        }
        Ok(())
    }
}

/// Root's, and nobody else may write it.
fn only_roots(metadata: &fs::Metadata) -> bool {
    metadata.uid() == 0 && metadata.mode() & 0o022 == 0
}
