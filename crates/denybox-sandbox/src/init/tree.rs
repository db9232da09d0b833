//! Building the box's file tree, step by step as the plan says.
//!
//! Everything happens relative to a descriptor of the new root, and nothing on the way follows a symbolic link, so what
//! lies in a workspace can't lead a mount astray. The host's tree is left by pivot_root(2) at the end.

use std::cell::RefCell;
use std::collections::HashSet;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::{MountAttrFlags, MoveMountFlags, UnmountFlags, move_mount, unmount};
use rustix::pty::OpenptFlags;

use denybox_core::path::AbsPath;
use denybox_core::plan::{Action, Plan, Step};
use denybox_core::surface::Role;
use denybox_sys::mount::{Attributes, restrict};

use crate::channel::Channel;
use crate::controls;
use crate::error::{During, Failure, SysError};
use crate::feed;
use crate::message::News;
use crate::mounting::{DATA_ONLY, clone_shown, clone_tree, file_system, memory};
use crate::weaken;

/// A directory of the new root in which file systems stand while parts of them are put into place: the feed's, and in it
/// the tripwire.
const WORKSHOP: &str = ".workshop";

/// A new root with nothing in it yet but the workshop: made before there is a plan.
#[derive(Debug)]
pub struct Site<'a> {
    channel: &'a Channel,
    root: OwnedFd,
    tripwire: Option<OwnedFd>,
    feed: OwnedFd,
}

impl<'a> Site<'a> {
    /// Puts the new root up, and in it what the plan's steps will take parts of.
    pub fn prepare(channel: &'a Channel, tripwire: Option<OwnedFd>) -> Result<Self, SysError> {
        let old = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .during_on("open", "/")?;
        denybox_sys::mount::make_private(old.as_fd(), true).during_on("mount_setattr", "/ private")?;
        let root = memory("1M", None, 0o755, DATA_ONLY)?;
        let feed = memory(&feed::CAPACITY.to_string(), Some(3), 0o755, DATA_ONLY)?;
        stand(&root, CWD, "/")?;
        rustix::fs::mkdirat(&root, WORKSHOP, Mode::from(0o700)).during_on("mkdir", WORKSHOP)?;
        stand(&feed, root.as_fd(), WORKSHOP)?;
        if let Some(tripwire) = &tripwire {
            rustix::fs::mkdirat(&feed, "tripwire", Mode::from(0o700)).during_on("mkdir", "tripwire")?;
            stand(tripwire, feed.as_fd(), "tripwire")?;
        }
        Ok(Self { channel, root, tripwire, feed })
    }

    /// Builds the tree, enters it and leaves the host's. Gives the agent's side of the box's own terminal, where it has
    /// one. `trees` are those that only the supervisor could make, in the plan's order.
    pub fn build(self, plan: &Plan, trees: Vec<OwnedFd>) -> Result<Option<OwnedFd>, Failure> {
        let mut builder = Builder {
            site: self,
            plan,
            trees: trees.into_iter(),
            terminal: None,
            seals_done: 0,
            directories: RefCell::default(),
        };
        builder.mount_feed()?;
        builder.list_seals()?;
        for step in &plan.steps {
            builder.perform(step)?;
        }
        let terminal = builder.terminal.take();
        builder.finish()?;
        Ok(terminal)
    }
}

struct Builder<'a> {
    site: Site<'a>,
    plan: &'a Plan,
    trees: std::vec::IntoIter<OwnedFd>,
    terminal: Option<OwnedFd>,
    seals_done: usize,
    /// Directories that are known to exist.
    directories: RefCell<HashSet<String>>,
}

impl Builder<'_> {
    fn perform(&mut self, step: &Step) -> Result<(), Failure> {
        let done = self.act(step);
        match done {
            Err(error) if step.optional && is_missing(&error) => Ok(()),
            other => other.map_err(|error| Failure {
                control: None,
                message: format!("{}: {error}", step.at),
                errno: error.source.raw_os_error(),
            }),
        }
    }

    fn act(&mut self, step: &Step) -> Result<(), SysError> {
        let at = &step.at;
        match &step.action {
            Action::Directory { mode } => {
                self.directory(at)?;
                rustix::fs::chmodat(&self.site.root, at.relative(), Mode::from(*mode), AtFlags::empty())
                    .during_on("chmod", at)
            }
            Action::Link { to } => {
                self.parent(at)?;
                rustix::fs::symlinkat(to, &self.site.root, at.relative()).during_on("symlink", at)
            }
            Action::File { text, mode } => self.write(at, text, *mode),
            Action::Bind { from, readonly, noexec, devices, as_caller } => {
                let tree = if *as_caller && self.plan.identity.is_separated() {
                    self.trees.next().ok_or_else(|| SysError {
                        call: "recvmsg",
                        subject: Some(from.to_string()),
                        source: std::io::ErrorKind::NotFound.into(),
                    })?
                } else {
                    clone_shown(from, step.role, true)?
                };
                let mut attributes = Attributes::NOSUID;
                if *readonly && !(weaken::off("readonly-system") && step.role == Some(Role::System)) {
                    attributes = attributes.with(Attributes::RDONLY);
                }
                if *noexec {
                    attributes = attributes.with(Attributes::NOEXEC);
                }
                if !*devices {
                    attributes = attributes.with(Attributes::NODEV);
                }
                restrict(tree.as_fd(), true, attributes).during_on("mount_setattr", from)?;
                self.attach_like(&tree, at)
            }
            Action::Tmpfs { size, inodes, mode, noexec } => {
                let mut attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
                if *noexec && !weaken::off("grant-noexec") {
                    attributes |= MountAttrFlags::MOUNT_ATTR_NOEXEC;
                }
                let size = if weaken::off("grant-size") { "0".to_owned() } else { size.0.to_string() };
                let inodes = inodes.filter(|_| !weaken::off("grant-size"));
                self.directory(at)?;
                self.attach(&memory(&size, inodes, *mode, attributes)?, at)
            }
            Action::Seal => self.seal(at),
            Action::Kernel { name } => {
                self.directory(at)?;
                let tree = self.kernel(name)?;
                self.attach(&tree, at)?;
                if name == "devpts" { self.open_terminal(at) } else { Ok(()) }
            }
            Action::ReadOnly => {
                if weaken::off(if at.as_str().starts_with("/proc") {
                    "proc-readonly"
                } else {
                    "protected-files"
                }) {
                    return Ok(());
                }
                let tree = self.clone_own(at)?;
                restrict(tree.as_fd(), true, Attributes::RDONLY).during_on("mount_setattr", at)?;
                self.attach(&tree, at)
            }
            Action::Pin => {
                if weaken::off("protected-files") {
                    return Ok(());
                }
                let tree = self.clone_own(at)?;
                self.attach(&tree, at)
            }
            Action::Mask => self.mask(at),
        }
    }

    fn kernel(&self, name: &str) -> Result<OwnedFd, SysError> {
        match name {
            // Terminals are device nodes.
            "devpts" => {
                let devices = DATA_ONLY.difference(MountAttrFlags::MOUNT_ATTR_NODEV);
                file_system(name, &[("ptmxmode", "0666"), ("mode", "0620")], devices)
            }
            // Without a PID namespace of the box's own there is no /proc of its own either.
            "proc" if weaken::off(controls::PID_NAMESPACE) => clone_tree(CWD, "/proc", true),
            _ => file_system(name, &[], DATA_ONLY),
        }
    }

    /// A place that denies. One FUSE connection has a numbered directory for each; without it an empty file system
    /// that nobody can write stands there, holding nothing but the mount points that later steps need.
    fn seal(&mut self, at: &AbsPath) -> Result<(), SysError> {
        let number = self.seals_done;
        self.seals_done += 1;
        if weaken::off("seal") && std::path::Path::new(at.as_str()).is_dir() {
            let tree = clone_tree(CWD, at.as_str(), true)?;
            self.directory(at)?;
            return self.attach(&tree, at);
        }
        self.directory(at)?;
        if let Some(tripwire) = &self.site.tripwire {
            let tree = clone_tree(tripwire.as_fd(), &number.to_string(), false)?;
            return self.attach(&tree, at);
        }
        let empty = memory("64K", Some(64), 0o555, DATA_ONLY)?;
        self.attach(&empty, at)?;
        for point in self.plan.mount_points_below(at) {
            self.directory(point)?;
        }
        restrict(empty.as_fd(), false, Attributes::RDONLY).during_on("mount_setattr", at)
    }

    fn mask(&self, at: &AbsPath) -> Result<(), SysError> {
        if weaken::off("proc-mask") {
            return Ok(());
        }
        let target = self.find(at)?;
        let kind = rustix::fs::fstat(&target).during_on("stat", at)?;
        let tree = if rustix::fs::FileType::from_raw_mode(kind.st_mode) == rustix::fs::FileType::Directory {
            memory("4K", Some(2), 0o555, DATA_ONLY | MountAttrFlags::MOUNT_ATTR_RDONLY)?
        } else {
            let tree = clone_tree(CWD, "/dev/null", false)?;
            restrict(
                tree.as_fd(),
                false,
                Attributes::RDONLY.with(Attributes::NOEXEC).with(Attributes::NOSUID),
            )
            .during_on("mount_setattr", at)?;
            tree
        };
        self.attach(&tree, at)
    }

    /// Lists the top of the tripwire: the kernel then knows all sealed places and needn't ask for each.
    fn list_seals(&self) -> Result<(), SysError> {
        let Some(tripwire) = &self.site.tripwire else { return Ok(()) };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let top =
            rustix::fs::openat(tripwire, ".", flags, Mode::empty()).during_on("open", "the tripwire")?;
        let mut buffer = [MaybeUninit::uninit(); 4096];
        match RawDir::new(&top, &mut buffer).next() {
            Some(Err(error)) => Err(error).during_on("getdents64", "the tripwire"),
            _ => Ok(()),
        }
    }

    /// The file in which the box reads its own denials: written through one mount, shown through a read-only one.
    fn mount_feed(&self) -> Result<(), SysError> {
        let home = &self.site.feed;
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::APPEND | OFlags::CLOEXEC | OFlags::EXCL;
        let file =
            rustix::fs::openat(home, feed::NAME, flags, Mode::from(0o444)).during_on("open", feed::NAME)?;
        let shown = clone_tree(home.as_fd(), feed::NAME, false)?;
        restrict(shown.as_fd(), false, Attributes::RDONLY.with(Attributes::NOEXEC))
            .during_on("mount_setattr", feed::NAME)?;
        let at = AbsPath::new(feed::PATH).map_err(|error| SysError {
            call: "open",
            subject: Some(feed::PATH.to_owned()),
            source: std::io::Error::other(error),
        })?;
        self.empty_file(&at)?;
        self.attach(&shown, &at)?;
        self.site.channel.send(&News::Feed, &[file.as_fd()]).during_on("sendmsg", "the supervisor")
    }

    /// A terminal of the box's own, in its own devpts(5) instance, when one of the standard streams is a terminal.
    fn open_terminal(&mut self, devpts: &AbsPath) -> Result<(), SysError> {
        if weaken::off("terminal") || !crate::terminal::any_standard_stream_is_one() {
            return Ok(());
        }
        let path = format!("{}/ptmx", devpts.relative());
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let master = rustix::fs::openat(&self.site.root, path.as_str(), flags, Mode::empty())
            .during_on("open", &path)?;
        rustix::pty::unlockpt(&master).during_on("ioctl", "TIOCSPTLCK")?;
        let slave = rustix::pty::ioctl_tiocgptpeer(
            &master,
            OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC,
        )
        .during_on("ioctl", "TIOCGPTPEER")?;
        self.site.channel.send(&News::Terminal, &[master.as_fd()]).during_on("sendmsg", "the supervisor")?;
        self.terminal = Some(slave);
        Ok(())
    }

    /// Leaves the host's tree: the new root takes its place and the old one is gone.
    fn finish(self) -> Result<(), SysError> {
        rustix::process::fchdir(&self.site.root).during("fchdir")?;
        unmount(WORKSHOP, UnmountFlags::DETACH).during_on("umount", WORKSHOP)?;
        rustix::fs::rmdir(WORKSHOP).during_on("rmdir", WORKSHOP)?;
        restrict(self.site.root.as_fd(), false, Attributes::RDONLY)
            .during_on("mount_setattr", "the new root")?;
        rustix::process::pivot_root(".", ".").during("pivot_root")?;
        unmount(".", UnmountFlags::DETACH).during_on("umount", "the old root")?;
        rustix::process::chdir("/").during_on("chdir", "/")?;
        nothing_above()
    }

    /// What stands at `at` now, found without following any link.
    fn find(&self, at: &AbsPath) -> Result<OwnedFd, SysError> {
        rustix::fs::openat2(
            &self.site.root,
            if at.relative().is_empty() { "." } else { at.relative() },
            OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
            ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS,
        )
        .during_on("openat2", at)
    }

    fn attach(&self, tree: &OwnedFd, at: &AbsPath) -> Result<(), SysError> {
        let target = self.find(at)?;
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
        move_mount(tree, "", &target, "", flags).during_on("move_mount", at)?;
        // What was below is hidden now.
        let hidden = format!("{}/", at.relative());
        self.directories.borrow_mut().retain(|known| !known.starts_with(&hidden));
        Ok(())
    }

    /// Attaches a tree, making a mount point of its kind where there is none.
    fn attach_like(&self, tree: &OwnedFd, at: &AbsPath) -> Result<(), SysError> {
        let kind = rustix::fs::fstat(tree).during_on("stat", at)?;
        match rustix::fs::FileType::from_raw_mode(kind.st_mode) {
            rustix::fs::FileType::Directory => self.directory(at)?,
            _ => self.empty_file(at)?,
        }
        self.attach(tree, at)
    }

    fn clone_own(&self, at: &AbsPath) -> Result<OwnedFd, SysError> {
        let found = self.find(at)?;
        clone_tree(found.as_fd(), "", true)
    }

    /// Makes `at` and all directories above it, where they don't exist.
    fn directory(&self, at: &AbsPath) -> Result<(), SysError> {
        let mut path = String::new();
        for part in at.components() {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(part);
            if self.directories.borrow().contains(&path) {
                continue;
            }
            match rustix::fs::mkdirat(&self.site.root, path.as_str(), Mode::from(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                // A read-only or foreign place: what is needed there may exist all the same.
                Err(error) => {
                    match rustix::fs::statat(&self.site.root, path.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(_) => {}
                        Err(_) => return Err(error).during_on("mkdir", at),
                    }
                }
            }
            self.directories.borrow_mut().insert(path.clone());
        }
        Ok(())
    }

    fn parent(&self, at: &AbsPath) -> Result<(), SysError> {
        at.parent().map_or(Ok(()), |parent| self.directory(&parent))
    }

    fn empty_file(&self, at: &AbsPath) -> Result<(), SysError> {
        if rustix::fs::statat(&self.site.root, at.relative(), AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Ok(());
        }
        self.write(at, "", 0o444)
    }

    fn write(&self, at: &AbsPath, text: &str, mode: u32) -> Result<(), SysError> {
        self.parent(at)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = rustix::fs::openat(&self.site.root, at.relative(), flags, Mode::from(mode))
            .during_on("open", at)?;
        let mut left = text.as_bytes();
        while !left.is_empty() {
            let written = rustix::io::write(&file, left).during_on("write", at)?;
            left = left.get(written..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Puts a file system up at `path`.
fn stand(tree: &OwnedFd, directory: BorrowedFd<'_>, path: &str) -> Result<(), SysError> {
    move_mount(tree, "", directory, path, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .during_on("move_mount", path)
}

/// Makes sure that the host's tree is gone: above the root there is the root, and nothing is mounted but what belongs to the
/// box. Cheap, and an error here would be an open door.
fn nothing_above() -> Result<(), SysError> {
    let same = |one: &str, other: &str| -> Result<bool, SysError> {
        let flags = rustix::fs::StatxFlags::MNT_ID | rustix::fs::StatxFlags::INO;
        let one = rustix::fs::statx(CWD, one, AtFlags::empty(), flags).during_on("statx", one)?;
        let other = rustix::fs::statx(CWD, other, AtFlags::empty(), flags).during_on("statx", other)?;
        Ok((one.stx_mnt_id, one.stx_ino) == (other.stx_mnt_id, other.stx_ino))
    };
    if same("/", "/..")? && same("/", ".")? {
        return Ok(());
    }
    Err(std::io::Error::other("the host's tree is still there")).during_on("pivot_root", "/")
}

fn is_missing(error: &SysError) -> bool {
    matches!(error.source.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::ELOOP))
}
