//! Who runs denybox.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The uid and gid of an ordinary user who needs no account: `nobody`.
pub const ORDINARY: u32 = 65534;
/// Where programs are.
pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/// What a caller has for a /dev/fuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fuse {
    /// The machine's, as it is.
    Machine,
    /// A node of mode 0666, as on ordinary distributions.
    Open,
    /// One that can't be opened.
    Closed,
}

/// A user, with or without a /dev/fuse.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The first part of the names of the checks.
    pub name: &'static str,
    /// Whether root becomes uid 65534 first.
    pub becomes_ordinary: bool,
    /// What there is to mount a tripwire with.
    pub fuse: Fuse,
    /// An empty directory, to mount over in a mount namespace of its own.
    devices: PathBuf,
}

impl Caller {
    /// Everybody as whom boxes are tested here.
    ///
    /// # Errors
    /// Those of making a directory.
    pub fn all(base: &Path) -> io::Result<Vec<Self>> {
        let devices = base.join("devices");
        std::fs::create_dir(&devices)?;
        let caller =
            |name, becomes_ordinary, fuse| Self { name, becomes_ordinary, fuse, devices: devices.clone() };
        if !rustix::process::geteuid().is_root() {
            return Ok(vec![caller("user", false, Fuse::Machine)]);
        }
        Ok(vec![
            caller("root", false, Fuse::Open),
            caller("root-without-fuse", false, Fuse::Closed),
            caller("65534", true, Fuse::Open),
            caller("65534-without-fuse", true, Fuse::Closed),
        ])
    }

    /// Whether this is root.
    pub fn is_root(&self) -> bool {
        rustix::process::geteuid().is_root() && !self.becomes_ordinary
    }

    /// The uid of its processes.
    pub fn uid(&self) -> u32 {
        if self.becomes_ordinary { ORDINARY } else { rustix::process::geteuid().as_raw() }
    }

    /// Whether its boxes must have a tripwire; unknown where the machine's /dev/fuse decides.
    pub fn has_tripwire(&self) -> Option<bool> {
        match self.fuse {
            Fuse::Machine => None,
            Fuse::Open => Some(true),
            Fuse::Closed => Some(false),
        }
    }

    /// Makes a path this caller's.
    ///
    /// # Errors
    /// Those of chown(2).
    pub fn own(&self, path: &Path) -> io::Result<()> {
        if self.becomes_ordinary { chown(path, Some(ORDINARY), Some(ORDINARY)) } else { Ok(()) }
    }

    /// Makes a directory of this caller's that others can read, chmod(2).
    ///
    /// # Errors
    /// Those of mkdir(2), chown(2) and chmod(2).
    pub fn make_directory(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)?;
        self.own(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
    }

    /// A command of this caller's with a plain environment.
    pub fn command(&self, words: &[&OsStr]) -> Command {
        self.command_after("", words)
    }

    /// The same, once a root's `prelude` has changed the mounts of a namespace that only this command is in. Every step
    /// is an exec: the command has the number of the process that is started.
    pub fn command_after(&self, prelude: &str, words: &[&OsStr]) -> Command {
        let mut all: Vec<OsString> = Vec::new();
        if self.fuse != Fuse::Machine || !prelude.is_empty() {
            // A node that can't be opened: by its mode for an ordinary user, by nodev for root too.
            let fuse = match self.fuse {
                Fuse::Machine => "true",
                Fuse::Open => {
                    "mount -t tmpfs none \"$0\" && mknod --mode=666 \"$0/fuse\" c 10 229 && \
                     mount --bind \"$0/fuse\" /dev/fuse && umount -l \"$0\""
                }
                Fuse::Closed => {
                    "mount -t tmpfs -o nodev none \"$0\" && mknod --mode=600 \"$0/fuse\" c 10 229 && \
                     mount --bind \"$0/fuse\" /dev/fuse && umount -l \"$0\""
                }
            };
            let prelude = if prelude.is_empty() { "true" } else { prelude };
            let become_ordinary = if self.becomes_ordinary {
                "setpriv --reuid 65534 --regid 65534 --clear-groups "
            } else {
                ""
            };
            let script = format!("{{ {fuse}; }} && {{ {prelude}; }} && exec {become_ordinary}\"$@\"");
            all.extend(["unshare", "--mount", "--propagation", "private", "sh", "-c"].map(OsString::from));
            all.push(script.into());
            all.push(self.devices.clone().into());
        }
        all.extend(words.iter().map(|word| (*word).to_owned()));
        let mut all = all.into_iter();
        let mut command = Command::new(all.next().unwrap_or_default());
        command.args(all).env_clear().envs([("PATH", PATH), ("LC_ALL", "C.UTF-8"), ("TERM", "dumb")]);
        command
    }
}
