//! From a view to exposures: what an agent would share, and with whom.

use super::{Resolved, Tree, View, ViewError, relations};
use crate::path::AbsPath;
use crate::resource::{IpcKind, Resource, scratch_tree};
use crate::surface::{
    Access, Backing, Exposure, Fact, Limits, Mount, MountOptions, MountSource, Origin, Role, Sharing,
};

impl View {
    /// What an agent reaches by each of `resources`: for a path the place itself, every mount that is visible below
    /// it, and every mount anywhere that shows the same part of the host under another name; for a kind of IPC what
    /// the controls leave of it. No place comes twice.
    ///
    /// # Errors
    /// [`ViewError`] where a path leads nowhere.
    pub fn exposures(&self, resources: &[Resource]) -> Result<Vec<Exposure>, ViewError> {
        let mut found: Vec<Exposure> = Vec::new();
        let mut add = |exposure: Exposure| {
            if !found.iter().any(|known| known.resource == exposure.resource) {
                found.push(exposure);
            }
        };
        let visible = self.visible()?;
        for resource in resources {
            let path = match resource {
                Resource::Ipc(kind) => {
                    add(self.ipc(*kind));
                    continue;
                }
                Resource::Path(path) => path,
            };
            let at = self.resolve(path)?;
            for mount in &visible {
                let below = mount.path.is_below(&at.path);
                let elsewhere = mount.path != at.path
                    && mount
                        .source
                        .as_ref()
                        .is_some_and(|source| source.is_at_or_below(path) || path.is_below(source));
                if below || elsewhere {
                    add(self.exposure(&mount.path, mount));
                }
            }
            add(self.exposure(path, &at));
        }
        found.sort_by(|one, other| one.resource.cmp(&other.resource));
        Ok(found)
    }

    /// The mounts that can be reached, each at its root.
    fn visible(&self) -> Result<Vec<Resolved>, ViewError> {
        let mut visible = Vec::new();
        for (index, attached) in self.attached.iter().enumerate().skip(1) {
            let Some(covered) = &attached.covers else { continue };
            let at = self.resolve(&self.name(covered)?)?;
            if at.mount == index.checked_sub(1) && at.inside == attached.root {
                visible.push(at);
            }
        }
        Ok(visible)
    }

    /// The exposure named `path` that leads to `at`.
    fn exposure(&self, path: &AbsPath, at: &Resolved) -> Exposure {
        let mount = at.mount.and_then(|index| self.mounts.get(index));
        let origin = mount.map_or_else(
            || Origin::Rule { name: "denybox: the root file system".to_owned() },
            |mount| mount.origin.clone(),
        );
        let shown = match mount {
            None => Fact::Known { value: Backing::Rootfs, origin: origin.clone() },
            Some(mount) => backing(mount, at),
        };
        // Nothing is there and nothing can be made there.
        let absent = at.exists == Some(false) && at.options.readonly;
        let backing = if absent && !matches!(shown.judged(), Backing::Sealed) {
            Fact::Known { value: Backing::Absent, origin: origin.clone() }
        } else {
            shown
        };
        let access = match backing.judged() {
            Backing::Absent | Backing::Sealed => Access::NONE,
            _ => Access { read: true, write: !at.options.readonly, execute: !at.options.noexec },
        };
        Exposure {
            resource: Resource::Path(path.clone()),
            role: role(path, &access, at),
            access,
            backing,
            options: at.options,
            limits: mount.map_or(Limits::default(), |mount| mount.limits),
            sharing: mount.map_or(Sharing::Private, |mount| mount.sharing.clone()),
            related: at.source.iter().flat_map(|source| relations(source, None)).collect(),
            directory: None,
            origin,
        }
    }

    /// What the controls leave of a kind of IPC. A control named after the kind with `no-` before it closes it
    /// (`no-sysv-shm`), as do `memfd-noexec` and, against sockets outside, `landlock-scope`.
    fn ipc(&self, kind: IpcKind) -> Exposure {
        let (namespace, closed) = match kind {
            IpcKind::SysvShm | IpcKind::SysvSem | IpcKind::SysvMsg | IpcKind::PosixMq => {
                (Some("ipc-namespace"), None)
            }
            IpcKind::AbstractUnix => (Some("net-namespace"), Some("landlock-scope")),
            IpcKind::MemfdExec => (None, Some("memfd-noexec")),
        };
        let refused = format!("no-{}", kind.name());
        let control = |name: &str| {
            self.controls
                .iter()
                .find(|control| control.name == name && *control.enforced.judged())
                .map(|control| control.enforced.origin().clone())
        };
        let (backing, sharing, origin) =
            if let Some(origin) = control(&refused).or_else(|| closed.and_then(&control)) {
                (Backing::Sealed, Sharing::Private, origin)
            } else if let Some(origin) = namespace.and_then(&control) {
                (Backing::Private, Sharing::Private, origin)
            } else if namespace.is_none() {
                // An anonymous file is its maker's own.
                (Backing::Private, Sharing::Private, nothing_closes(kind))
            } else {
                (Backing::Host { path: None }, Sharing::Host, nothing_closes(kind))
            };
        let access = match (&backing, kind) {
            (Backing::Sealed, _) => Access::NONE,
            (_, IpcKind::MemfdExec) => Access::ALL,
            _ => Access::READ_WRITE,
        };
        Exposure {
            resource: Resource::Ipc(kind),
            role: Role::Scratch,
            access,
            backing: Fact::Known { value: backing, origin: origin.clone() },
            options: MountOptions::default(),
            limits: Limits::default(),
            sharing,
            related: Vec::new(),
            directory: None,
            origin,
        }
    }
}

fn nothing_closes(kind: IpcKind) -> Origin {
    Origin::Rule { name: format!("denybox: no control closes {}", kind.name()) }
}

/// What backs a place that `mount` shows, as sure as the mount's source is.
fn backing(mount: &Mount, at: &Resolved) -> Fact<Backing> {
    let of = |source: &MountSource| match source {
        MountSource::Sealed => Backing::Sealed,
        MountSource::Host { .. } => Backing::Host { path: at.source.clone() },
        MountSource::Tmpfs | MountSource::Kernel { .. } | MountSource::Named { .. } => match &mount.sharing {
            Sharing::Private => Backing::Private,
            Sharing::Named { names } => Backing::Shared { group: group(&at.tree, names) },
            Sharing::Host | Sharing::Unknown => Backing::Host { path: None },
        },
    };
    match &mount.source {
        Fact::Known { value, origin } => Fact::Known { value: of(value), origin: origin.clone() },
        Fact::Defaulted { value, origin } => Fact::Defaulted { value: of(value), origin: origin.clone() },
        Fact::Unknown { worst, origin } => Fact::Unknown { worst: of(worst), origin: origin.clone() },
    }
}

fn group(tree: &Tree, names: &[String]) -> String {
    match tree {
        Tree::Named(name) => name.clone(),
        _ => names.join(", "),
    }
}

fn role(path: &AbsPath, access: &Access, at: &Resolved) -> Role {
    if scratch_tree(path).is_some() {
        Role::Scratch
    } else if at.source.is_none() {
        Role::System
    } else if access.write {
        Role::ReadWrite
    } else {
        Role::ReadOnly
    }
}
