//! What `--grant` asks for in a manifest: what it asks for at `denybox run`, and `shared:GROUP`.

use std::str::FromStr;

use denybox_core::grant::{Asked, Grant, GrantError};
use denybox_core::justification::Category;
use denybox_core::justification::manifest::{WrittenAccess, WrittenBacking, WrittenGrant};
use denybox_core::plan::SCRATCH;
use denybox_core::resource::{IpcKind, Resource};
use denybox_core::size::Size;

/// One resource that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    grant: Grant,
    /// Those who share it. Whatever backing the grant has then stands for them.
    group: Option<String>,
}

impl FromStr for Wanted {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let shared = text.split_once('=').and_then(|(resource, rest)| {
            let (backing, options) = rest.split_once(',').map_or((rest, None), |(one, two)| (one, Some(two)));
            Some((resource, backing.strip_prefix("shared:")?, options))
        });
        let Some((resource, group, options)) = shared else {
            return match text.parse() {
                Ok(grant) => Ok(Self { grant, group: None }),
                Err(GrantError::Backing(backing)) => {
                    Err(GrantError::Backing(format!("{backing} (or shared:GROUP)")))
                }
                Err(error) => Err(error),
            };
        };
        let options = options.map(|options| format!(",{options}")).unwrap_or_default();
        let grant = format!("{resource}=private{options}").parse()?;
        Ok(Self { grant, group: Some(group.to_owned()) })
    }
}

impl Wanted {
    /// Private memory at the place that `TMPDIR` will name.
    ///
    /// # Errors
    /// None that was ever met: the place is a good one.
    pub fn scratch(size: Size) -> Result<Self, GrantError> {
        format!("{SCRATCH}=private,size={size}").parse()
    }

    /// As a manifest has it.
    pub fn written(&self) -> WrittenGrant {
        let Grant { resource, backing, limits, execute } = &self.grant;
        let execute = *execute || *resource == Resource::Ipc(IpcKind::MemfdExec);
        let (backing, path) = match (&self.group, backing) {
            (Some(_), _) => (WrittenBacking::Shared, None),
            (None, Asked::Private) => (WrittenBacking::Private, None),
            (None, Asked::Host) => (WrittenBacking::Host, None),
            (None, Asked::Dir(path)) => (WrittenBacking::Dir, Some(path.to_string())),
        };
        WrittenGrant {
            resource: resource.to_string(),
            access: if execute { WrittenAccess::ReadWriteExecute } else { WrittenAccess::ReadWrite },
            backing,
            path,
            group: self.group.clone(),
            size: limits.size.map(|size| size.to_string()),
            inodes: limits.inodes,
            options: None,
        }
    }

    /// The kind of reason that usually stands behind it.
    pub fn category(&self) -> Category {
        let below = |tops: &[&str]| {
            let path = self.grant.resource.path().map(|path| path.as_path());
            path.is_some_and(|path| tops.iter().any(|top| path.starts_with(top)))
        };
        match &self.grant.resource {
            Resource::Ipc(IpcKind::SysvShm | IpcKind::SysvSem | IpcKind::SysvMsg) => {
                Category::SysvIpcRequired
            }
            Resource::Ipc(IpcKind::PosixMq) => Category::MessageQueueRequired,
            Resource::Ipc(IpcKind::MemfdExec) => Category::MemfdExecution,
            Resource::Ipc(IpcKind::AbstractUnix) => Category::UnixSocketRendezvous,
            Resource::Path(_) if self.group.is_some() => Category::SharedCache,
            Resource::Path(_) if self.grant.execute => Category::ExecutableScratch,
            Resource::Path(_) if below(&["/dev/shm", "/run/shm", "/dev/hugepages"]) => {
                Category::PosixShmRequired
            }
            Resource::Path(_) if below(&["/dev/mqueue"]) => Category::MessageQueueRequired,
            Resource::Path(_) if below(&[SCRATCH]) => Category::BuildScratch,
            Resource::Path(_) => Category::HardCodedPath,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_names_a_group() {
        let wanted: Wanted = "/var/tmp=shared:builders".parse().unwrap();
        let written = wanted.written();
        assert_eq!(written.backing, WrittenBacking::Shared);
        assert_eq!(written.group.as_deref(), Some("builders"));
        assert_eq!(wanted.category(), Category::SharedCache);
        assert!("/var/tmp=shared".parse::<Wanted>().is_err());
        assert!("/var/tmp=shared:a,exec,exec".parse::<Wanted>().is_err());
    }

    #[test]
    fn everything_else_is_what_run_takes() {
        for (text, access, category) in [
            ("/dev/shm=private,size=64M", WrittenAccess::ReadWrite, Category::PosixShmRequired),
            ("/tmp=private,size=1G,exec", WrittenAccess::ReadWriteExecute, Category::ExecutableScratch),
            ("/tmp=host", WrittenAccess::ReadWrite, Category::HardCodedPath),
            ("memfd-exec", WrittenAccess::ReadWriteExecute, Category::MemfdExecution),
            ("posix-mq=private", WrittenAccess::ReadWrite, Category::MessageQueueRequired),
        ] {
            let wanted: Wanted = text.parse().unwrap();
            assert_eq!((wanted.written().access, wanted.category()), (access, category), "{text}");
        }
    }
}
