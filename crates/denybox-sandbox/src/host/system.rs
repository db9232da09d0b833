//! The operating system's directories, and the links that stand in for some of them.

use std::fs;
use std::io;

use denybox_core::path::AbsPath;

/// What an agent's programs need of the system: hier(7). Data of users and services (`/home`, `/srv`, most of `/var`,
/// `/run`) is not among them.
const SHOWN: [&str; 17] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/var/lib/dpkg",
    "/var/lib/rpm",
    "/var/lib/ghc",
    "/var/cache/fontconfig",
    "/sys/devices/system/cpu",
    "/snap",
];

/// Links of the root directory that programs follow.
const LINKS: [(&str, &str); 2] = [("/var/run", "/run"), ("/var/lock", "/run/lock")];

/// What the host has of the system.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// Directories, to be shown read-only.
    pub directories: Vec<AbsPath>,
    /// Links: where, and what they say.
    pub links: Vec<(AbsPath, String)>,
}

/// Looks at the root directory.
pub fn system() -> System {
    let mut found = System::default();
    for path in SHOWN {
        let Ok(at) = AbsPath::new(path) else { continue };
        match fs::symlink_metadata(path) {
            Ok(kind) if kind.is_symlink() => {
                if let Some(to) = fs::read_link(path).ok().and_then(|to| to.to_str().map(str::to_owned)) {
                    found.links.push((at, to));
                }
            }
            Ok(kind) if kind.is_dir() => found.directories.push(at),
            _ => {}
        }
    }
    for (at, to) in LINKS {
        if let Ok(at) = AbsPath::new(at) {
            found.links.push((at, to.to_owned()));
        }
    }
    found
}

/// The file with the host's name servers, resolv.conf(5), where `/etc` only links to it.
///
/// # Errors
/// Those of reading the link, other than that there is none.
pub fn name_servers() -> io::Result<Option<AbsPath>> {
    match fs::canonicalize("/etc/resolv.conf") {
        Ok(path) => Ok(AbsPath::from_path(&path).ok().filter(|path| !path.as_str().starts_with("/etc/"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
