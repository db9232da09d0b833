//! A run's own audit log: opened before the policy decides, closed after the report is known.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use denybox_audit::{Log, Store};
use denybox_core::audit::event::{Asked, Decided, Ended, Event, Judged, Mount};
use denybox_core::audit::{Journal, JournalError};
use denybox_core::decision::{Allowed, Refusal, Verdict};
use denybox_core::justification::Presented;
use denybox_core::path::{AbsPath, PathError};
use denybox_core::plan::Plan;
use denybox_core::resource::{Resource, scratch_tree};
use denybox_core::surface::{Backing, Exposure, Surface};
use denybox_sandbox::supervisor::RunError;

use super::Failed;
use crate::command_line::Run;
use crate::report::{self, Report};

/// Why there is no log, and so no box.
#[derive(Debug, thiserror::Error)]
pub enum AuditedError {
    /// It can't be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The directory can't be found.
    #[error("cannot find the place of the audit log {path}: {source}")]
    Place {
        /// As given.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The directory has no usable name.
    #[error("--audit-log: {0}")]
    Unusable(#[from] PathError),
    /// Everybody could read it, or put another in its place.
    #[error("the audit log {place} lies in shared scratch ({tree}): give a directory elsewhere")]
    InScratch {
        /// The directory.
        place: AbsPath,
        /// The scratch tree.
        tree: AbsPath,
    },
    /// The box itself would see it.
    #[error(
        "the audit log {place} could be reached from the box, which is shown {shown}: give a directory that it isn't shown"
    )]
    Reachable {
        /// The directory.
        place: AbsPath,
        /// What the box is shown of the host.
        shown: AbsPath,
    },
}

/// The log of a run; none where none was asked for.
#[derive(Debug, Default)]
pub struct Audited {
    log: Option<Arc<Log>>,
}

impl Audited {
    /// Begins the log of the box `id` in `directory`.
    ///
    /// # Errors
    /// [`AuditedError`].
    pub fn begin(
        directory: &Path,
        id: &str,
        run: &Run,
        workspace: &AbsPath,
        surface: &Surface,
    ) -> Result<Self, AuditedError> {
        let place = place(directory)?;
        if let Some(tree) = scratch_tree(&place) {
            return Err(AuditedError::InScratch { place, tree });
        }
        let shown = surface.exposures.iter().filter_map(shown);
        if let Some(shown) =
            shown.into_iter().find(|shown| place.is_at_or_below(shown) || shown.is_below(&place))
        {
            return Err(AuditedError::Reachable { place, shown: shown.clone() });
        }
        let log = Store::new(place.as_path()).begin(id)?;
        let argv: Vec<String> = run.command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        log.record(&Event::Asked(Asked {
            denybox: env!("CARGO_PKG_VERSION").to_owned(),
            backend: "native".to_owned(),
            agent: run.agent().unwrap_or_default(),
            argv,
            workspace: workspace.clone(),
            uid: rustix::process::geteuid().as_raw(),
            pid: std::process::id(),
            host: denybox_sandbox::host::name(),
        }))?;
        Ok(Self { log: Some(Arc::new(log)) })
    }

    fn record(&self, event: impl FnOnce() -> Event) -> Result<(), AuditedError> {
        self.log.as_ref().map_or(Ok(()), |log| Ok(log.record(&event())?))
    }

    /// Writes down what was decided, before anything follows from it.
    ///
    /// # Errors
    /// [`AuditedError`].
    pub fn decided(
        &self,
        decision: &Result<Allowed, Box<Refusal>>,
        presented: &[Presented],
    ) -> Result<(), AuditedError> {
        self.record(|| {
            Event::Decided(match decision {
                Ok(allowed) => allowed_event(allowed, presented),
                Err(refusal) => refused_event(refusal),
            })
        })
    }

    /// Writes down the mounts of a plan, before any of them is made.
    ///
    /// # Errors
    /// [`AuditedError`].
    pub fn mounts(&self, plan: &Plan, rules: &BTreeMap<AbsPath, String>) -> Result<(), AuditedError> {
        if self.log.is_none() {
            return Ok(());
        }
        report::plan::mounts(plan).into_iter().try_for_each(|mount| {
            self.record(|| {
                Event::Mount(Mount {
                    allowed_by: rules.get(&mount.target).cloned(),
                    target: mount.target,
                    what: mount.kind,
                    source: mount.source,
                    options: mount.options,
                    propagation: "private".to_owned(),
                })
            })
        })
    }

    /// Where the backend writes what it sees.
    pub fn journal(&self) -> Option<Arc<dyn Journal>> {
        self.log.clone().map(|log| log as Arc<dyn Journal>)
    }

    /// Writes down how it ended, and waits until all of it is on the disk.
    ///
    /// # Errors
    /// [`AuditedError`], unless the run failed already: then that is what the report tells, and this is said beside it.
    pub fn close(&self, ran: &Result<Report, Failed>) -> Result<(), AuditedError> {
        let Some(log) = &self.log else { return Ok(()) };
        let failed;
        let report = match ran {
            Ok(report) => report,
            Err(error) => {
                failed = Report::of_failure(error, error.exit_code());
                &failed
            }
        };
        let denied: u64 = report.denials.iter().map(|denied| denied.count).sum();
        let closed = log.close(&Event::Ended(Ended {
            how: report.exit.kind.name().to_owned(),
            code: report.exit.code,
            message: report.exit.message.clone(),
            denials: denied,
        }));
        match (ran, closed) {
            (Err(Failed::Box(RunError::Journal(_))), _) | (_, Ok(())) => Ok(()),
            (Ok(_), Err(error)) => Err(error.into()),
            (Err(_), Err(error)) => {
                // Where the message can't be written the exit code still says that there was no box.
                let _ = writeln!(anstream::stderr(), "denybox: {error}");
                Ok(())
            }
        }
    }
}

/// Which rule allows what lies where in the box.
pub fn rules(allowed: &Allowed) -> BTreeMap<AbsPath, String> {
    let exposures = allowed.surface().exposures.iter();
    exposures
        .zip(allowed.verdicts())
        .filter_map(|(exposure, verdict)| match (&exposure.resource, verdict) {
            (Resource::Path(path), Verdict::Allow { rule, .. }) => Some((path.clone(), rule.clone())),
            _ => None,
        })
        .collect()
}

fn allowed_event(allowed: &Allowed, presented: &[Presented]) -> Decided {
    let exposures = allowed.surface().exposures.iter().zip(allowed.verdicts());
    let judged = exposures.map(|(exposure, verdict)| {
        let mut judged = judged(exposure);
        if let Verdict::Allow { rule, justification, .. } = verdict {
            judged.rule = Some(rule.clone());
            judged.justification =
                justification.and_then(|at| presented.get(at)).map(|presented| presented.digest.clone());
        }
        judged
    });
    Decided {
        decision: allowed.id().to_owned(),
        policy: allowed.policy().to_owned(),
        allowed: true,
        exposures: judged.collect(),
        general: Vec::new(),
    }
}

fn refused_event(refusal: &Refusal) -> Decided {
    let denied = refusal
        .denials
        .iter()
        .map(|(exposure, reasons)| Judged { reasons: reasons.clone(), ..judged(exposure) });
    Decided {
        decision: refusal.id.clone(),
        policy: refusal.policy.clone(),
        allowed: false,
        exposures: denied.collect(),
        general: refusal.general.clone(),
    }
}

fn judged(exposure: &Exposure) -> Judged {
    Judged {
        resource: exposure.resource.clone(),
        backing: exposure.backing.judged().name().to_owned(),
        rule: None,
        justification: None,
        reasons: Vec::new(),
    }
}

/// The host's path behind an exposure.
fn shown(exposure: &Exposure) -> Option<&AbsPath> {
    match exposure.backing.judged() {
        Backing::Host { path } => path.as_ref(),
        Backing::Dir { path } => Some(path),
        _ => None,
    }
}

/// Where a directory really lies that need not be there yet.
fn place(directory: &Path) -> Result<AbsPath, AuditedError> {
    let failed = |source| AuditedError::Place { path: directory.to_owned(), source };
    let absolute = AbsPath::from_path(&std::path::absolute(directory).map_err(failed)?)?;
    let mut above = absolute.as_path();
    let real = loop {
        match std::fs::canonicalize(above) {
            Ok(real) => break real,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                above = above.parent().ok_or(error).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
    };
    let rest = absolute.as_path().strip_prefix(above).unwrap_or(Path::new(""));
    Ok(AbsPath::from_path(&real.join(rest))?)
}
