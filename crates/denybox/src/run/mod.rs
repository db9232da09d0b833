//! `denybox run`: facts, surface, decision, plan, box, report.

mod audited;
pub mod environment;
pub mod judges;
mod justified;
pub mod surface;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use denybox_core::decision::{self, Allowed, Refusal};
use denybox_core::grant::Asked;
use denybox_core::path::AbsPath;
use denybox_core::plan::{BoxLimits, Furniture, Identity, Plan, compose};
use denybox_core::size::Size;
use denybox_sandbox::host::places::{Place, PlaceError, Places};
use denybox_sandbox::host::{self, identity, protected, sockets, system, toolchains};
use denybox_sandbox::init::STANDARD_STREAMS;
use denybox_sandbox::supervisor::{self, Launch, Launched, RunError};

use crate::bounded::Chamber;
use crate::command_line::{Net, Run};
use crate::decision_log::{self, DecisionLogError};
use crate::exit_code;
use crate::report::{self, Report, ReportFile};
use crate::run::audited::{Audited, AuditedError};
use crate::run::judges::{Judges, JudgesError, Named};
use crate::run::justified::{Justifications, JustifiedError, Presenting};
use crate::stores::settings::{Settings, SettingsError};
use crate::stores::trusted::{Trusted, TrustedError};

/// Where a caller without a usable home has one in the box.
const FALLBACK_HOME: &str = "/home/agent";

/// Why there was no box.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The policy refused.
    #[error("refused by the policy {}", .0.policy)]
    Refused(Box<Refusal>),
    /// A standard stream is a directory.
    #[error("descriptor {0} is a directory: through it the box could reach everything around it")]
    DirectoryStream(i32),
    /// There is no surface to judge.
    #[error(transparent)]
    Surface(#[from] surface::SurfaceError),
    /// What the administrator pinned can't be relied on.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is nobody to decide.
    #[error(transparent)]
    Judges(#[from] JudgesError),
    /// Whom to trust can't be found out.
    #[error(transparent)]
    Trusted(#[from] TrustedError),
    /// A justification is unusable.
    #[error(transparent)]
    Justified(#[from] JustifiedError),
    /// The decision can't be logged.
    #[error(transparent)]
    DecisionLog(#[from] DecisionLogError),
    /// There is no log, or it failed.
    #[error(transparent)]
    Audited(#[from] AuditedError),
    /// A path on the command line is unusable.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The workspace is no directory.
    #[error("the workspace {0} is not a directory")]
    NoDirectory(AbsPath),
    /// An `--env` is unusable.
    #[error(transparent)]
    Environment(#[from] environment::EnvironmentError),
    /// The current directory is gone.
    #[error("the current directory can't be found ({0}); name a directory with --workspace")]
    CurrentDirectory(#[source] std::io::Error),
    /// The box could not be started or watched.
    #[error(transparent)]
    Box(#[from] RunError),
    /// The report file can't be written.
    #[error("cannot write the report to {path}: {source}")]
    ReportFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Failed {
    /// The exit code for it.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Refused(refusal) if refusal.reasons().any(|reason| reason.code == "no-abstract-scope") => {
                exit_code::UNAVAILABLE
            }
            Self::Refused(_) | Self::DirectoryStream(_) => exit_code::REFUSED,
            Self::Place(PlaceError::Mounts(_)) => exit_code::INTERNAL,
            Self::Place(_) | Self::NoDirectory(_) | Self::CurrentDirectory(_) => exit_code::CONFIGURATION,
            Self::ReportFile { .. } | Self::Settings(_) | Self::Judges(_) => exit_code::CONFIGURATION,
            Self::Surface(surface::SurfaceError::Shared { .. }) => exit_code::UNAVAILABLE,
            Self::Surface(surface::SurfaceError::Place(PlaceError::Mounts(_))) => exit_code::INTERNAL,
            Self::Surface(_) => exit_code::CONFIGURATION,
            Self::Trusted(_) | Self::Justified(_) | Self::DecisionLog(_) | Self::Audited(_) => {
                exit_code::CONFIGURATION
            }
            Self::Environment(_) => exit_code::USAGE,
            Self::Box(RunError::Unavailable { .. } | RunError::Required(_)) => exit_code::UNAVAILABLE,
            Self::Box(RunError::Journal(_)) => exit_code::CONFIGURATION,
            Self::Box(_) => exit_code::INTERNAL,
        }
    }
}

/// Runs a command in a box; gives the exit code.
pub fn run(run: &Run) -> i32 {
    if run.dry_run {
        return dry_run(run);
    }
    let (report, mut file) = match open_report_file(run.report_file.as_deref()) {
        Ok(file) => (examine(run), file),
        Err(failed) => (Err(failed), None),
    };
    let report = match report {
        Ok(report) => report,
        Err(failed) => Report::of_failure(&failed, failed.exit_code()),
    };
    report::tell(&report, run.report, file.as_mut());
    report.exit.code
}

fn open_report_file(path: Option<&Path>) -> Result<Option<ReportFile>, Failed> {
    path.map(|path| {
        ReportFile::create(path).map_err(|source| Failed::ReportFile { path: path.to_owned(), source })
    })
    .transpose()
}

/// Prints the plan and touches nothing.
fn dry_run(run: &Run) -> i32 {
    let prepared = refuse_directory_streams()
        .and_then(|()| prepare(run, identity_of_caller(), limits(run), || {}, &mut Audited::default()));
    match prepared {
        Ok(prepared) => {
            report::plan::print(&prepared.plan, run.report);
            0
        }
        Err(failed) => {
            let report = Report::of_failure(&failed, failed.exit_code());
            report::tell(&report, run.report, None);
            report.exit.code
        }
    }
}

fn limits(run: &Run) -> BoxLimits {
    BoxLimits {
        memory: run.memory,
        pids: run.pids,
        millicpus: run.cpus,
        timeout_ms: run.timeout.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
    }
}

/// Runs a command in a box and tells nothing yet.
///
/// # Errors
/// Why there was no box.
pub fn examine(run: &Run) -> Result<Report, Failed> {
    refuse_directory_streams()?;
    let identity = identity_of_caller();
    // The stage enters its namespaces while we look around and decide.
    let launch = Launch { identity, host_network: run.net == Net::Host, limits: limits(run) };
    let mut launched = supervisor::launch(launch)?;
    let limits = launched.left_limits();
    let mut audited = Audited::default();
    let ran = prepare(run, identity, limits, || launched.attend(), &mut audited)
        .and_then(|prepared| run_prepared(run, launched, prepared, &audited));
    audited.close(&ran)?;
    ran
}

/// Runs the box that was prepared, to its end.
fn run_prepared(
    run: &Run,
    launched: Launched,
    prepared: Prepared,
    audited: &Audited,
) -> Result<Report, Failed> {
    let mounts = report::plan::mounts(&prepared.plan);
    audited.mounts(&prepared.plan, &prepared.mounts_allowed_by)?;
    let id = prepared.plan.id.clone();
    let finished = launched.run(prepared.plan, audited.journal())?;
    let mut notices = notices(run, &prepared.kept, &prepared.sockets);
    notices.extend(prepared.notices);
    Ok(Report::of_run(id, finished, mounts, notices, run))
}

/// A directory on a standard stream leads out of the box: `/proc/self/fd/0/..`.
fn refuse_directory_streams() -> Result<(), Failed> {
    if denybox_sandbox::weaken::off("stdio-directory") {
        return Ok(());
    }
    for number in STANDARD_STREAMS {
        let kind = fs::metadata(format!("/proc/self/fd/{number}"));
        if kind.is_ok_and(|kind| kind.is_dir()) {
            return Err(Failed::DirectoryStream(number));
        }
    }
    Ok(())
}

fn identity_of_caller() -> Identity {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let identity = Identity::of_caller(uid, gid);
    if denybox_sandbox::weaken::off(denybox_sandbox::controls::UID_SEPARATION) {
        return Identity { host_uid: uid, host_gid: gid, ..identity };
    }
    identity
}

/// A plan, and what is needed beside it.
struct Prepared {
    plan: Plan,
    mounts_allowed_by: BTreeMap<AbsPath, String>,
    kept: protected::Files,
    sockets: sockets::Found,
    notices: Vec<String>,
    _locks: Vec<OwnedFd>,
}

/// Looks around, decides and plans. `pause` is called where there is something to wait for.
fn prepare(
    run: &Run,
    identity: Identity,
    limits: BoxLimits,
    mut pause: impl FnMut(),
    audited: &mut Audited,
) -> Result<Prepared, Failed> {
    let settings = Settings::read()?;
    // Reading the policy and looking around take about as long: side by side.
    let chamber = chamber(run, &settings);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let caller_home = std::env::var("HOME").ok().and_then(|home| AbsPath::new(&home).ok());
    let caller_home = caller_home.filter(|home| *home != AbsPath::root());
    let places = Places::new(caller_home.clone())?;
    let workspace = find_workspace(run, &places)?;
    let system = system::system();
    let home = home_in_box(caller_home.as_ref(), &system);
    let toolchains = find_toolchains(caller_home.as_ref());
    let memory = host::memory();
    let memory = Size(run.memory.map_or(memory.0, |limit| limit.0.min(memory.0)));
    let mut justifications = justifications(run, &settings, time)?;
    let sources = surface::Sources {
        run,
        places: &places,
        system: &system,
        toolchains: &toolchains,
        home: &home,
        workspace: &workspace,
        named_scratch: surface::named_scratch(&workspace.path, &home, &system),
        justifications: &justifications.presented,
        uid: identity.inside_uid,
        memory,
    };
    let made = surface::surface(&sources)?;
    let id = new_id();
    if let Some(directory) = run.audit_log.as_deref().filter(|_| !run.dry_run) {
        *audited = Audited::begin(directory, &id, run, &workspace.path, &made.surface)?;
    }
    let input = decision::Input {
        version: decision::INPUT_VERSION,
        surface: made.surface,
        reasons: run.because.iter().cloned().collect(),
        justifications: justifications.presented.clone(),
        host: decision::Host {
            memory_bytes: memory.0,
            abstract_socket_scope: run.net == Net::None || host::has_abstract_socket_scope(),
        },
        caller: decision::Caller { uid: identity.inside_uid, home: caller_home.clone() },
        time,
    };
    pause();
    let outcome = chamber.decide(input)?;
    if let Some(path) = run.decision_log.as_deref().filter(|_| !run.dry_run) {
        decision_log::append(path, &outcome.log)?;
    }
    audited.decided(&outcome.decision, &justifications.presented)?;
    let allowed = outcome.decision.map_err(Failed::Refused)?;
    let mut notices = justifications.notices(&allowed);
    if run.dry_run {
        notices.clear();
    } else {
        justifications.spend(&allowed, time, &id)?;
    }
    let writable: Vec<AbsPath> =
        run.rw.iter().filter_map(|path| places.find(path).ok()).map(|place| place.path).collect();
    let kept = protected::files(&workspace.path, &writable);
    let directory = start_directory(&workspace.path);
    let furniture = Furniture {
        id,
        links: system.links.clone(),
        masked: toolchains.masked.clone(),
        protected: kept.kept.clone(),
        files: home_files(caller_home.as_ref(), &home),
        limits,
        required: run.require.clone(),
        argv: argv(run, &justifications),
        environment: environment_of(run, &allowed, &home, &directory)?,
        directory: Some(directory),
    };
    let plan = compose(&allowed, identity, furniture);
    let mounts_allowed_by = audited::rules(&allowed);
    Ok(Prepared { plan, mounts_allowed_by, kept, sockets: made.sockets, notices, _locks: made.locks })
}

/// Starts getting ready whoever decides.
fn chamber(run: &Run, settings: &Settings) -> Chamber {
    let settings = settings.clone();
    let named = Named {
        policy: run.policy.clone(),
        server: run.policy_server.clone(),
        authority: run.policy_server_ca.clone(),
    };
    let logged = run.decision_log.is_some();
    Chamber::open(
        move || Judges::appoint(&settings, &named),
        move |input, decision| logged.then(|| decision_log::entry(input, decision)).flatten(),
    )
}

fn justifications(run: &Run, settings: &Settings, time: u64) -> Result<Justifications, Failed> {
    if run.justification.is_empty() {
        return Ok(Justifications::default());
    }
    let trusted = Trusted::read(settings, &run.trust)?;
    let command = run.command.first().map(Path::new).unwrap_or(Path::new(""));
    let agent = run.agent();
    let presenting =
        Presenting { agent: agent.as_deref(), command, cluster: settings.cluster.as_deref(), time };
    Ok(Justifications::read(&run.justification, &trusted, presenting)?)
}

/// The command. Where justifications may be for one executable, it is called by the path whose digest was taken.
fn argv(run: &Run, justifications: &Justifications) -> Vec<OsString> {
    let mut argv = run.command.clone();
    if let (Some(first), Some(executable)) = (argv.first_mut(), &justifications.executable) {
        *first = executable.clone().into_os_string();
    }
    argv
}

fn find_workspace(run: &Run, places: &Places) -> Result<Place, Failed> {
    let place = match &run.workspace {
        Some(path) => places.find(path)?,
        None => {
            let current = std::env::current_dir().map_err(Failed::CurrentDirectory)?;
            places.find(&current)?
        }
    };
    if place.directory { Ok(place) } else { Err(Failed::NoDirectory(place.path)) }
}

/// The caller's own directory when the workspace holds it, else the workspace.
fn start_directory(workspace: &AbsPath) -> AbsPath {
    std::env::current_dir()
        .ok()
        .and_then(|current| AbsPath::from_path(&current).ok())
        .filter(|current| current.is_at_or_below(workspace))
        .unwrap_or_else(|| workspace.clone())
}

/// The caller's home, by the same name; another where that can't be made on a read-only system.
fn home_in_box(caller: Option<&AbsPath>, system: &system::System) -> AbsPath {
    let fallback = || AbsPath::new(FALLBACK_HOME).unwrap_or_else(|_| AbsPath::root());
    let usable = |home: &&AbsPath| {
        let on_system = system.directories.iter().any(|shown| home.is_at_or_below(shown));
        let by_link = system.links.iter().any(|(link, _)| home.is_at_or_below(link));
        let furniture = ["/dev", "/proc", "/sys"].iter().any(|place| home.as_str().starts_with(place));
        let scratch = denybox_core::resource::scratch_tree(home).is_some_and(|tree| tree == **home);
        !(on_system || by_link || furniture || scratch)
    };
    caller.filter(usable).cloned().unwrap_or_else(fallback)
}

fn find_toolchains(home: Option<&AbsPath>) -> toolchains::Toolchains {
    let Some(home) = home else { return toolchains::Toolchains::default() };
    let path = std::env::var("PATH").unwrap_or_default();
    let moved: Vec<(&str, AbsPath)> = [
        (".rustup", "RUSTUP_HOME"),
        (".pyenv", "PYENV_ROOT"),
        (".nvm", "NVM_DIR"),
        ("go/pkg/mod", "GOMODCACHE"),
    ]
    .into_iter()
    .filter_map(|(part, name)| {
        let place = std::env::var(name).ok().and_then(|value| AbsPath::new(&value).ok())?;
        Some((part, place))
    })
    .collect();
    toolchains::toolchains(home, &path, &moved)
}

fn home_files(caller: Option<&AbsPath>, home: &AbsPath) -> Vec<(AbsPath, String)> {
    let configuration = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let committer = identity::committer(caller.map(AbsPath::as_path), configuration.as_deref());
    let path = home.join(".gitconfig");
    path.ok().zip(committer.configuration()).into_iter().collect()
}

fn environment_of(
    run: &Run,
    allowed: &Allowed,
    home: &AbsPath,
    directory: &AbsPath,
) -> Result<Vec<(OsString, OsString)>, environment::EnvironmentError> {
    let caller: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let wanted = environment::Wanted {
        clear: run.clear_env,
        set: &run.env,
        scratch: allowed.surface().exposures.iter().any(surface::is_own_scratch),
        home: Some(home.as_str()),
        directory: directory.as_str(),
    };
    environment::environment(&caller, wanted)
}

/// A name for a box: 64 random bits.
fn new_id() -> String {
    let mut bytes = [0; 8];
    // Without randomness the process number and time still tell boxes apart.
    if rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).is_err() {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        bytes = ((time as u64) ^ (u64::from(std::process::id()) << 48)).to_le_bytes();
    }
    format!("box-{:016x}", u64::from_le_bytes(bytes))
}

/// What the user should know beyond the denials.
fn notices(run: &Run, kept: &protected::Files, sockets: &sockets::Found) -> Vec<String> {
    let mut notices = Vec::new();
    for grant in &run.grant {
        if let Asked::Dir(path) = &grant.backing {
            notices.push(format!("nothing limits how much {path} holds: it is a directory of the host's."));
        }
    }
    for (path, reader) in protected::appeared(&kept.absent) {
        notices.push(format!(
            "{path} is new: it commands {reader}. Read it before you go on in this workspace."
        ));
    }
    for path in &kept.links {
        notices.push(format!("{path} is a symbolic link, so it could not be kept read-only."));
    }
    if sockets.incomplete {
        notices.push(
            "not all that --ro and --rw show could be looked through for sockets: there may be some."
                .to_owned(),
        );
    }
    for path in &sockets.sockets {
        notices.push(format!("the socket {path} could be connected to: it lies below --ro or --rw."));
    }
    notices
}
