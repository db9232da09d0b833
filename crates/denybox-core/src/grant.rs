//! Inline grants: `RESOURCE=BACKING[,size=SIZE][,inodes=N][,exec]`, as `denybox run --grant` takes them.

use std::fmt;
use std::str::FromStr;

use crate::path::{AbsPath, PathError};
use crate::resource::{Resource, ResourceError};
use crate::size::{Size, SizeError};
use crate::surface::Limits;

/// What is asked to be behind a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A memory file system or namespace of the box's own.
    Private,
    /// A directory of the host's for this agent alone.
    Dir(AbsPath),
    /// The host's own.
    Host,
}

/// One inline grant as written. Asking is free: the policy decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What is granted.
    pub resource: Resource,
    /// What shall be behind it.
    pub backing: Asked,
    /// How much it shall hold.
    pub limits: Limits,
    /// Whether programs may be executed from it.
    pub execute: bool,
}

/// Why a text is no grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// There is no `=`, or nothing on one side of it.
    #[error("'{0}' is no grant: write RESOURCE=BACKING, such as /dev/shm=private,size=64M")]
    Malformed(String),
    /// The left side names no resource.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// The right side names no backing.
    #[error("'{0}' is no backing: use private, dir:/absolute/path or host")]
    Backing(String),
    /// The directory is no usable path.
    #[error("dir: {0}")]
    Directory(#[from] PathError),
    /// `size=` is no size.
    #[error("size: {0}")]
    Size(#[from] SizeError),
    /// `inodes=` is no positive number.
    #[error("inodes: '{0}' is no positive whole number")]
    Inodes(String),
    /// An option that grants don't have.
    #[error("'{0}' is no option of a grant: use size=, inodes= or exec")]
    Option(String),
    /// An option is given twice.
    #[error("'{0}' is given twice")]
    Repeated(String),
    /// A size or `exec` for something that has neither.
    #[error("{0} has no size, inodes or exec of its own")]
    NotAFileSystem(Resource),
}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let malformed = || GrantError::Malformed(text.to_owned());
        // The kinds of IPC grant themselves: `memfd-exec` needs no backing.
        let (resource, rest) = match text.split_once('=') {
            Some((resource, rest)) => (resource.parse::<Resource>()?, rest),
            None => match text.parse::<Resource>() {
                Ok(resource @ Resource::Ipc(_)) => (resource, "private"),
                _ => return Err(malformed()),
            },
        };
        let mut parts = rest.split(',');
        let backing = match parts.next().unwrap_or_default() {
            "" => return Err(malformed()),
            "private" => Asked::Private,
            "host" => Asked::Host,
            other => match other.strip_prefix("dir:") {
                Some(path) => Asked::Dir(AbsPath::new(path)?),
                None => return Err(GrantError::Backing(other.to_owned())),
            },
        };
        let mut grant = Self { resource, backing, limits: Limits::default(), execute: false };
        for part in parts {
            let repeated = || GrantError::Repeated(part.to_owned());
            match part.split_once('=') {
                Some(("size", size)) if grant.limits.size.is_none() => {
                    grant.limits.size = Some(size.parse()?)
                }
                Some(("inodes", number)) if grant.limits.inodes.is_none() => {
                    let parsed = number.parse().ok().filter(|number| *number > 0);
                    grant.limits.inodes = Some(parsed.ok_or_else(|| GrantError::Inodes(number.to_owned()))?);
                }
                None if part == "exec" && !grant.execute => grant.execute = true,
                Some(("size" | "inodes", _)) => return Err(repeated()),
                None if part == "exec" => return Err(repeated()),
                _ => return Err(GrantError::Option(part.to_owned())),
            }
        }
        let bare = grant.limits == Limits::default() && !grant.execute;
        if !bare && grant.resource.path().is_none() {
            return Err(GrantError::NotAFileSystem(grant.resource));
        }
        Ok(grant)
    }
}

impl fmt::Display for Grant {
    /// In the form that parses back to the same grant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.resource)?;
        match &self.backing {
            Asked::Private => f.write_str("private")?,
            Asked::Host => f.write_str("host")?,
            Asked::Dir(path) => write!(f, "dir:{path}")?,
        }
        if let Some(Size(size)) = self.limits.size {
            write!(f, ",size={}", Size(size))?;
        }
        if let Some(inodes) = self.limits.inodes {
            write!(f, ",inodes={inodes}")?;
        }
        if self.execute { f.write_str(",exec") } else { Ok(()) }
    }
}
