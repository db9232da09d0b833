//! From the command line and the host's facts to a surface: what the agent would reach, asked for or by default.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use denybox_core::grant::{Asked, Grant};
use denybox_core::justification::{Presented, PresentedGrant};
use denybox_core::path::AbsPath;
use denybox_core::plan::SCRATCH;
use denybox_core::resource::{IpcKind, Resource, SCRATCH_PATHS, scratch_tree};
use denybox_core::size::Size;
use denybox_core::surface::{
    Access, Backing, DirectoryFacts, Exposure, Fact, Limits, MountOptions, Origin, Related, Role, Sharing,
    Surface,
};
use denybox_sandbox::host::places::{Place, PlaceError, Places};
use denybox_sandbox::host::system::System;
use denybox_sandbox::host::{sockets, toolchains};

use crate::command_line::{Net, Run};

/// Most bytes of a box's home: this share of memory, and never more than the cap.
const HOME_SHARE: u64 = 10;
const HOME_CAP: u64 = 1 << 30;

/// What the surface of a run is made from.
#[derive(Debug)]
pub struct Sources<'a> {
    /// The command line.
    pub run: &'a Run,
    /// Places and their aliases.
    pub places: &'a Places,
    /// The operating system.
    pub system: &'a System,
    /// Toolchains below home.
    pub toolchains: &'a toolchains::Toolchains,
    /// The box's home.
    pub home: &'a AbsPath,
    /// The workspace.
    pub workspace: &'a Place,
    /// What `TMPDIR` and its kin name.
    pub named_scratch: Vec<AbsPath>,
    /// Justifications that were presented.
    pub justifications: &'a [Presented],
    /// The caller.
    pub uid: u32,
    /// Memory of the machine.
    pub memory: Size,
}

/// A surface, and what holds while it does.
#[derive(Debug)]
pub struct Made {
    /// The surface.
    pub surface: Surface,
    /// Locks on granted directories; released when dropped.
    pub locks: Vec<OwnedFd>,
    /// Sockets that shown directories hold.
    pub sockets: sockets::Found,
}

/// Why there is no surface.
#[derive(Debug, thiserror::Error)]
pub enum SurfaceError {
    /// A path can't be shown.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A justification asks for what a native box has no means for.
    #[error(
        "the justification {id} shares {resource} among agents ({group}), and a native box can't: \
         ask for a directory or for memory of the agent's own"
    )]
    Shared {
        /// The justification.
        id: String,
        /// What is shared.
        resource: Resource,
        /// Among whom.
        group: String,
    },
}

/// Makes the surface.
///
/// # Errors
/// [`SurfaceError`].
pub fn surface(sources: &Sources<'_>) -> Result<Made, SurfaceError> {
    let run = sources.run;
    let mut exposures = Vec::new();
    let mut locks = Vec::new();
    for path in &sources.system.directories {
        exposures.push(shown(
            path,
            path,
            Role::System,
            MountOptions { readonly: true, ..BASE },
            by_rule("system"),
        ));
    }
    if run.net == Net::Host
        && let Ok(Some(path)) = denybox_sandbox::host::system::name_servers()
    {
        let options = MountOptions { readonly: true, noexec: true, ..BASE };
        exposures.push(shown(&path, &path, Role::System, options, by_rule("name servers")));
    }
    exposures.push(home(sources));
    for path in &sources.toolchains.shown {
        let options = MountOptions { readonly: true, ..BASE };
        exposures.push(shown(path, path, Role::Toolchain, options, by_rule("toolchains on PATH")));
    }
    let mut asked = Vec::new();
    for (paths, role, name) in [(&run.ro, Role::ReadOnly, "--ro"), (&run.rw, Role::ReadWrite, "--rw")] {
        for path in paths {
            let place = sources.places.find(path)?;
            // In the workspace `--rw` only unprotects: the place is writable already.
            if role == Role::ReadWrite && place.path.is_below(&sources.workspace.path) {
                continue;
            }
            asked.push(place.path.clone());
            exposures.push(placed(&place, role, argument(name, path)));
        }
    }
    let origin =
        run.workspace.as_deref().map_or_else(|| by_rule("workspace"), |path| argument("--workspace", path));
    exposures.push(placed(sources.workspace, Role::Workspace, origin));
    for grant in &run.grant {
        exposures.push(granted(grant, sources, &mut locks)?);
    }
    if let Some(size) = run.scratch {
        exposures.push(scratch(size));
    }
    let justified = justified(sources, &exposures, &mut locks)?;
    asked.extend(justified.iter().filter_map(shown_scratch));
    exposures.extend(justified);
    seal(sources, &mut exposures);
    let sockets = sockets::below(&asked);
    exposures.extend(sockets.sockets.iter().map(socket));
    if run.net == Net::Host {
        exposures.push(network());
    }
    Ok(Made { surface: Surface { exposures, controls: Vec::new() }, locks, sockets })
}

/// Flags of every mount of a box.
const BASE: MountOptions = MountOptions { readonly: false, noexec: false, nosuid: true, nodev: true };

fn by_rule(name: &str) -> Origin {
    Origin::Rule { name: format!("denybox: {name}") }
}

fn argument(option: &str, path: &Path) -> Origin {
    Origin::Argument { text: format!("{option} {}", path.display()) }
}

fn known<T>(value: T, origin: &Origin) -> Fact<T> {
    Fact::Known { value, origin: origin.clone() }
}

/// A tree of the host's at `at`.
fn shown(at: &AbsPath, from: &AbsPath, role: Role, options: MountOptions, origin: Origin) -> Exposure {
    Exposure {
        resource: Resource::Path(at.clone()),
        role,
        access: Access { read: true, write: !options.readonly, execute: !options.noexec },
        backing: known(Backing::Host { path: Some(from.clone()) }, &origin),
        options,
        limits: Limits::default(),
        sharing: Sharing::Host,
        related: Vec::new(),
        directory: None,
        origin,
    }
}

fn placed(place: &Place, role: Role, origin: Origin) -> Exposure {
    let options = MountOptions { readonly: role == Role::ReadOnly, ..BASE };
    let related = if denybox_sandbox::weaken::off("path-guard") { Vec::new() } else { place.related.clone() };
    Exposure { related, ..shown(&place.path, &place.path, role, options, origin) }
}

fn home(sources: &Sources<'_>) -> Exposure {
    let origin = by_rule("a home of its own");
    let options = BASE;
    if denybox_sandbox::weaken::off("home") {
        // Read-only as a toolchain would be: in any other role the policy, the second lock, refuses it by name.
        let options = MountOptions { readonly: true, ..options };
        return shown(sources.home, sources.home, Role::Toolchain, options, origin);
    }
    let size = Size((sources.memory.0 / HOME_SHARE).clamp(4096, HOME_CAP));
    private(sources.home.clone(), Role::Home, options, Limits { size: Some(size), inodes: None }, origin)
}

/// A memory file system at `at`.
fn private(at: AbsPath, role: Role, options: MountOptions, limits: Limits, origin: Origin) -> Exposure {
    Exposure {
        resource: Resource::Path(at),
        role,
        access: Access { read: true, write: true, execute: !options.noexec },
        backing: known(Backing::Private, &origin),
        options,
        limits,
        sharing: Sharing::Private,
        related: Vec::new(),
        directory: None,
        origin,
    }
}

fn scratch(size: Size) -> Exposure {
    let origin = Origin::Argument { text: format!("--scratch {size}") };
    let options = MountOptions { noexec: true, ..BASE };
    let at = AbsPath::new(SCRATCH).unwrap_or_else(|_| AbsPath::root());
    private(at, Role::Scratch, options, Limits { size: Some(size), inodes: None }, origin)
}

fn granted(grant: &Grant, sources: &Sources<'_>, locks: &mut Vec<OwnedFd>) -> Result<Exposure, PlaceError> {
    let origin = Origin::Argument { text: format!("--grant {grant}") };
    let options = match grant.resource {
        Resource::Path(_) => MountOptions { noexec: !grant.execute, ..BASE },
        Resource::Ipc(_) => MountOptions::default(),
    };
    let execute = grant.execute || grant.resource == Resource::Ipc(IpcKind::MemfdExec);
    let mut exposure = Exposure {
        resource: grant.resource.clone(),
        role: Role::Scratch,
        access: Access { read: true, write: true, execute },
        backing: known(Backing::Private, &origin),
        options,
        limits: grant.limits,
        sharing: Sharing::Private,
        related: Vec::new(),
        directory: None,
        origin: origin.clone(),
    };
    match &grant.backing {
        Asked::Private => {}
        Asked::Host => {
            let path = grant.resource.path().cloned();
            exposure.backing = known(Backing::Host { path }, &origin);
            exposure.sharing = Sharing::Host;
        }
        Asked::Dir(path) => {
            let place = sources.places.find(path.as_path())?;
            exposure.directory = Some(directory(&place, sources.uid, locks));
            exposure.backing = known(Backing::Dir { path: place.path.clone() }, &origin);
            exposure.related = without_guard(place.related);
        }
    }
    Ok(exposure)
}

/// An exposure for each thing that the justifications ask for and `taken` has not yet.
fn justified(
    sources: &Sources<'_>,
    taken: &[Exposure],
    locks: &mut Vec<OwnedFd>,
) -> Result<Vec<Exposure>, SurfaceError> {
    let mut asked: Vec<Exposure> = Vec::new();
    for presented in sources.justifications {
        let origin = Origin::Argument { text: format!("--justification {}", presented.source) };
        for grant in &presented.grants {
            let PresentedGrant { resource, access, backing, limits, options } = grant;
            if taken.iter().chain(&asked).any(|exposure| exposure.resource == *resource) {
                continue;
            }
            let mut exposure = Exposure {
                resource: resource.clone(),
                role: Role::Scratch,
                access: *access,
                backing: known(backing.clone(), &origin),
                options: *options,
                limits: *limits,
                sharing: Sharing::Private,
                related: Vec::new(),
                directory: None,
                origin: origin.clone(),
            };
            match backing {
                Backing::Dir { path } => {
                    let place = sources.places.find(path.as_path())?;
                    exposure.directory = Some(directory(&place, sources.uid, locks));
                    exposure.backing = known(Backing::Dir { path: place.path.clone() }, &origin);
                    exposure.related = without_guard(place.related);
                }
                Backing::Host { .. } => exposure.sharing = Sharing::Host,
                Backing::Shared { group } => {
                    let (id, resource, group) = (presented.id.clone(), resource.clone(), group.clone());
                    return Err(SurfaceError::Shared { id, resource, group });
                }
                _ => {}
            }
            asked.push(exposure);
        }
    }
    Ok(asked)
}

/// Whether this is the private scratch that programs are pointed to.
pub fn is_own_scratch(exposure: &Exposure) -> bool {
    exposure.resource.path().is_some_and(|path| path.as_str() == SCRATCH)
        && *exposure.backing.judged() == Backing::Private
}

/// The place of the host's that an exposure shows as scratch.
fn shown_scratch(exposure: &Exposure) -> Option<AbsPath> {
    match exposure.backing.judged() {
        Backing::Host { path } if exposure.role == Role::Scratch => path.clone(),
        _ => None,
    }
}

fn without_guard(related: Vec<Related>) -> Vec<Related> {
    if denybox_sandbox::weaken::off("path-guard") { Vec::new() } else { related }
}

/// What is known of an agent-specific directory, which is locked on the way, flock(2).
fn directory(place: &Place, uid: u32, locks: &mut Vec<OwnedFd>) -> DirectoryFacts {
    let kind = fs::metadata(place.path.as_path()).ok();
    let lock = fs::File::open(place.path.as_path()).ok().and_then(|file| {
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).ok().map(|()| file)
    });
    let facts = DirectoryFacts {
        directory: place.directory,
        owned_by_caller: kind.as_ref().is_some_and(|kind| kind.uid() == uid),
        mode: kind.map_or(0, |kind| kind.mode() & 0o7777),
        locked: lock.is_some(),
    };
    locks.extend(lock.map(OwnedFd::from));
    facts
}

/// Seals what is shared scratch and was neither granted nor is shown.
fn seal(sources: &Sources<'_>, exposures: &mut Vec<Exposure>) {
    let own = format!("/run/user/{}", sources.uid);
    let mut seals: Vec<AbsPath> = SCRATCH_PATHS
        .iter()
        .map(|pattern| if *pattern == "/run/user/*" { own.as_str() } else { pattern })
        .filter_map(|path| AbsPath::new(path).ok())
        // Below the read-only system nothing can be put where there is nothing.
        .filter(|path| !path.as_str().starts_with("/usr/") || is_real_directory(path))
        .collect();
    seals.extend(sources.named_scratch.iter().cloned());
    for path in seals {
        let taken = exposures.iter().any(|exposure| match (&exposure.resource, exposure.backing.judged()) {
            (Resource::Ipc(IpcKind::PosixMq), Backing::Private) => path.as_str() == "/dev/mqueue",
            (resource, _) => resource.path() == Some(&path),
        });
        if taken {
            continue;
        }
        let origin = by_rule("shared scratch is sealed");
        exposures.push(Exposure {
            resource: Resource::Path(path),
            role: Role::Scratch,
            access: Access::NONE,
            backing: known(Backing::Sealed, &origin),
            options: MountOptions { noexec: true, ..BASE },
            limits: Limits::default(),
            sharing: Sharing::Private,
            related: Vec::new(),
            directory: None,
            origin,
        });
    }
}

fn is_real_directory(path: &AbsPath) -> bool {
    fs::symlink_metadata(path.as_path()).is_ok_and(|kind| kind.is_dir())
}

fn socket(path: &AbsPath) -> Exposure {
    let origin = Origin::Host { path: path.to_string() };
    Exposure {
        access: Access::READ_WRITE,
        ..shown(path, path, Role::Socket, MountOptions { noexec: true, ..BASE }, origin)
    }
}

fn network() -> Exposure {
    let origin = Origin::Argument { text: "--net host".to_owned() };
    Exposure {
        resource: Resource::Ipc(IpcKind::AbstractUnix),
        role: Role::Network,
        access: Access::READ_WRITE,
        backing: known(Backing::Host { path: None }, &origin),
        options: MountOptions::default(),
        limits: Limits::default(),
        sharing: Sharing::Host,
        related: Vec::new(),
        directory: None,
        origin,
    }
}

/// What `TMPDIR` and its kin name, unless it holds or lies in the workspace, is scratch already, or is the home itself.
pub fn named_scratch(workspace: &AbsPath, home: &AbsPath, system: &System) -> Vec<AbsPath> {
    let mut found: Vec<AbsPath> = ["TMPDIR", "TMP", "TEMP"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .filter_map(|value| AbsPath::new(&value).ok())
        .filter(|path| !path.is_at_or_below(workspace) && !workspace.is_at_or_below(path))
        .filter(|path| scratch_tree(path).is_none() && !home.is_at_or_below(path))
        .filter(|path| !system.directories.iter().any(|shown| path.is_at_or_below(shown)))
        .filter(is_real_directory)
        .collect();
    found.sort();
    found.dedup();
    found
}
