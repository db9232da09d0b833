//! The justifications of a run: read, checked, counted, and what they ask for.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use denybox_core::decision::{Allowed, Verdict};
use denybox_core::justification::envelope::ENVELOPE_MAX;
use denybox_core::justification::{Context, DigestKind, Facts, Presented, VerifyError, verify};
use sha2::{Digest, Sha256};

use crate::stores::trusted::Trusted;
use crate::stores::uses::{Counter, UsesError};

/// The name of this runtime in a justification's subject.
const RUNTIME: &str = "native";

/// Why the justifications can't be used. Nothing runs then.
#[derive(Debug, thiserror::Error)]
pub enum JustifiedError {
    /// A file can't be read.
    #[error("cannot read the justification {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file makes no sense.
    #[error("the justification {0}")]
    Document(#[from] VerifyError),
    /// Uses can't be counted.
    #[error(transparent)]
    Uses(#[from] UsesError),
}

/// The justifications of a run.
#[derive(Debug, Default)]
pub struct Justifications {
    /// What the policy sees of them.
    pub presented: Vec<Presented>,
    /// The counts of those whose uses are limited; locked until the box starts.
    counters: Vec<(usize, Counter)>,
    /// The executable by its own path, where its digest was taken.
    pub executable: Option<PathBuf>,
}

/// Whom the justifications are presented for.
#[derive(Debug, Clone, Copy)]
pub struct Presenting<'a> {
    /// The agent's name.
    pub agent: Option<&'a str>,
    /// The command.
    pub command: &'a Path,
    /// The cluster that the administrator says this host belongs to.
    pub cluster: Option<&'a str>,
    /// Now, in seconds since 1970-01-01 UTC.
    pub time: u64,
}

impl Justifications {
    /// Reads and checks `files`.
    ///
    /// # Errors
    /// [`JustifiedError`].
    pub fn read(
        files: &[PathBuf],
        trusted: &Trusted,
        presenting: Presenting<'_>,
    ) -> Result<Self, JustifiedError> {
        if files.is_empty() {
            return Ok(Self::default());
        }
        let executable = executable(presenting.command);
        let digests = executable.as_deref().and_then(sha256).map(|digest| (DigestKind::Executable, digest));
        let context = Context {
            time: presenting.time,
            host: Some(denybox_sandbox::host::name()),
            cluster: presenting.cluster.map(str::to_owned),
            facts: Facts {
                digests: digests.into_iter().collect(),
                agent: presenting.agent.map(str::to_owned),
                runtime: Some(RUNTIME.to_owned()),
                ..Facts::default()
            },
        };
        let mut read = Self { executable, ..Self::default() };
        for path in files {
            let bytes = crate::stores::read_at_most(path, ENVELOPE_MAX)
                .map_err(|source| JustifiedError::Read { path: path.clone(), source })?;
            let source = path.to_string_lossy();
            let mut presented = verify(&bytes, &source, &trusted.trusts, &trusted.revocations, &context)?;
            let again = read.presented.iter().any(|other| other.digest == presented.digest);
            if presented.uses.max.is_some() && !again {
                let counter = Counter::open(&presented.digest)?;
                presented.uses.spent = counter.spent();
                read.counters.push((read.presented.len(), counter));
            }
            // The same twice gives no more than once.
            if !again {
                read.presented.push(presented);
            }
        }
        Ok(read)
    }

    /// Counts a use of each justification by which something was allowed. On the disk when this returns.
    ///
    /// # Errors
    /// [`JustifiedError::Uses`].
    pub fn spend(&mut self, allowed: &Allowed, time: u64, box_id: &str) -> Result<(), JustifiedError> {
        let used = |place: usize| {
            allowed.verdicts().iter().any(
                |verdict| matches!(verdict, Verdict::Allow { justification: Some(by), .. } if *by == place),
            )
        };
        for (place, counter) in self.counters.drain(..) {
            if used(place) {
                counter.spend(time, box_id)?;
            }
        }
        Ok(())
    }

    /// What the user should know of the justifications by which something was allowed.
    pub fn notices(&self, allowed: &Allowed) -> Vec<String> {
        let mut notices = Vec::new();
        for (place, presented) in self.presented.iter().enumerate() {
            let opened: Vec<String> = allowed
                .surface()
                .exposures
                .iter()
                .zip(allowed.verdicts())
                .filter(|(_, verdict)| {
                    matches!(verdict, Verdict::Allow { justification: Some(by), .. } if *by == place)
                })
                .map(|(exposure, _)| exposure.resource.to_string())
                .collect();
            if opened.is_empty() {
                continue;
            }
            let Presented { id, requested_by, break_glass, uses, .. } = presented;
            if *break_glass {
                notices.push(format!(
                    "BREAK-GLASS: {id} by {requested_by} opened {}. Somebody should look at this.",
                    opened.join(", ")
                ));
            }
            if let Some(max) = uses.max {
                let now = uses.spent.saturating_add(1);
                let bound = if uses.binding {
                    ""
                } else {
                    "; the count lies in files of your own, so it binds nobody"
                };
                notices.push(format!("{id} was used {now} of {max} times{bound}."));
            }
        }
        notices
    }
}

/// Where the command lies, as execvp(3) would look for it, links followed.
fn executable(command: &Path) -> Option<PathBuf> {
    let found = if command.components().count() > 1 || command.is_absolute() {
        Some(command.to_owned())
    } else {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(command))
            .find(|file| rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok() && file.is_file())
    };
    found.and_then(|file| file.canonicalize().ok())
}

fn sha256(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 64 << 10];
    loop {
        match file.read(&mut part).ok()? {
            0 => break,
            length => hash.update(part.get(..length)?),
        }
    }
    Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
