//! As whom the proofs run.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The uid and gid of an ordinary user who needs no account: `nobody`.
const ORDINARY: u32 = 65534;

/// A user, with a home.
pub enum User {
    /// Whoever runs the tests.
    Caller {
        /// `root` or `user`.
        name: &'static str,
        home: PathBuf,
    },
    /// uid 65534, by root's leave.
    Ordinary {
        /// `65534` or `65534-without-fuse`.
        name: &'static str,
        home: PathBuf,
        /// A directory for device nodes.
        devices: PathBuf,
        /// The mode of their /dev/fuse: 666 as on ordinary distributions, or 600, so that they can't open it.
        node: &'static str,
    },
}

impl User {
    /// The caller, and for root uid 65534 too.
    pub fn all(base: &Path) -> io::Result<Vec<Self>> {
        let is_root = rustix::process::geteuid().is_root();
        let name = if is_root { "root" } else { "user" };
        let mut users = vec![Self::Caller { name, home: base.join(format!("home-{name}")) }];
        if is_root {
            for (name, node) in [("65534", "666"), ("65534-without-fuse", "600")] {
                let (home, devices) = (base.join(format!("home-{name}")), base.join("devices"));
                users.push(Self::Ordinary { name, home, devices, node });
            }
            std::fs::create_dir(base.join("devices"))?;
        }
        for user in &users {
            for folder in [user.home(), &base.join(user.name())] {
                std::fs::create_dir(folder)?;
                user.own(folder)?;
            }
        }
        Ok(users)
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Caller { name, .. } | Self::Ordinary { name, .. } => name,
        }
    }

    /// Whether the box of this user must have a tripwire; unknown for callers who bring their own /dev/fuse.
    pub fn has_tripwire(&self) -> Option<bool> {
        match self {
            Self::Caller { name: "root", .. } => Some(Path::new("/dev/fuse").exists()),
            Self::Caller { .. } => None,
            Self::Ordinary { name, .. } => Some(*name == "65534"),
        }
    }

    pub fn home(&self) -> &Path {
        match self {
            Self::Caller { home, .. } | Self::Ordinary { home, .. } => home,
        }
    }

    /// Makes a path this user's, and nobody else's to write.
    pub fn own(&self, path: &Path) -> io::Result<()> {
        if let Self::Ordinary { .. } = self {
            chown(path, Some(ORDINARY), Some(ORDINARY))?;
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
    }

    /// A command that this user runs, with a plain environment.
    pub fn command(&self, words: &[&OsStr]) -> Command {
        let mut all: Vec<OsString> = Vec::new();
        if let Self::Ordinary { devices, node, .. } = self {
            // In a mount namespace of its own: the machine's /dev/fuse stays as it is.
            let script = format!(
                "mount -t tmpfs none \"$0\" && mknod --mode={node} \"$0/fuse\" c 10 229 && \
                 mount --bind \"$0/fuse\" /dev/fuse && \
                 exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\""
            );
            all.extend(["unshare", "--mount", "--propagation", "private", "sh", "-c"].map(OsString::from));
            all.push(script.into());
            all.push(devices.into());
        }
        all.extend(words.iter().map(|word| (*word).to_owned()));
        let mut all = all.into_iter();
        let mut command = Command::new(all.next().unwrap_or_default());
        command.args(all).env_clear().envs([
            ("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
            ("LC_ALL", "C.UTF-8"),
            ("TERM", "dumb"),
        ]);
        command.env("HOME", self.home());
        command
    }
}
