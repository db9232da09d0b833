//! The tripwire: a FUSE file system that denies everything and knows who asked, fuse(4).
//!
//! - A lookup finds nothing (`ENOENT`, never cached); every call that would change something gets `EACCES`, and so does
//!   listing. Denying the lookup itself would hide the creation behind it.
//! - One system call is one denial, however many requests it makes: a lookup waits for what the same call does next.
//! - Mount points of what was granted below a sealed place always resolve, with numbers that never change; otherwise
//!   revalidation would unmount them.
//! - Replies wait for nothing that the box could hold up.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    AccessFlags, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags,
    Generation, INodeNo, InitFlags, KernelConfig, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate,
    ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, Request, Session, SessionACL,
    TimeOrNow, WriteFlags,
};

use denybox_core::event::Operation;
use denybox_core::path::AbsPath;
use denybox_core::plan::Plan;
use denybox_core::resource::Resource;

use crate::observer::{self, Observer};
use crate::proc_files::Call;
use crate::recorder::{Introduced, Met, Recorder};

/// How long the kernel may remember what exists: for good.
const FOREVER: Duration = Duration::from_secs(1 << 30);
/// How long it may remember the attributes of a sealed place: long enough to build the box, short enough that looks of the
/// agent's programs are seen.
const WHILE_BUILDING: Duration = Duration::from_millis(20);
/// Search only: neither listing nor writing, as the denials say.
const MODE: u16 = 0o111;
/// Most lookups that wait for the rest of their call.
const MOST_PENDING: usize = 1024;

/// A directory that exists: a sealed place, or one on the way to a mount point below it.
#[derive(Debug)]
struct Node {
    path: AbsPath,
    resource: Resource,
    children: BTreeMap<String, u64>,
}

impl Node {
    /// Whether it is a sealed place itself, rather than a directory on the way to something granted below one.
    fn is_place(&self) -> bool {
        self.resource.path() == Some(&self.path) && self.path != AbsPath::root()
    }
}

/// A lookup that found nothing, until it is known whether its call goes on.
#[derive(Debug)]
struct Pending {
    call: Option<Call>,
    introduced: Introduced,
}

impl Pending {
    /// Whether it and what was denied now belong to one call: the same registers, or, where one of them could not be read, the
    /// same path.
    fn is_of(&self, call: Option<&Call>, met: &Met) -> bool {
        match (&self.call, call) {
            (Some(before), Some(now)) => before == now,
            _ => self.introduced.path() == met.path,
        }
    }
}

/// The file system.
#[derive(Debug)]
pub struct Tripwire {
    nodes: Vec<Node>,
    owner: (u32, u32),
    ledger: Arc<Ledger>,
}

/// Where requests are counted, one system call at a time.
#[derive(Debug)]
pub struct Ledger {
    observer: Observer,
    recorder: Arc<Mutex<Recorder>>,
    /// By thread: lookups whose call may go on.
    pending: Mutex<HashMap<i32, Pending>>,
}

impl Tripwire {
    /// The tripwire for a plan: one numbered directory for each sealed place.
    pub fn new(plan: &Plan, ledger: Arc<Ledger>) -> Self {
        let mut nodes = vec![Node {
            path: AbsPath::root(),
            resource: Resource::Path(AbsPath::root()),
            children: BTreeMap::new(),
        }];
        for (number, seal) in plan.seals().enumerate() {
            let resource = Resource::Path(seal.clone());
            let top = add(&mut nodes, 0, &number.to_string(), seal.clone(), &resource);
            for point in plan.mount_points_below(seal) {
                let (mut at, mut path) = (top, seal.clone());
                for part in point.below(seal).unwrap_or_default().split('/').filter(|part| !part.is_empty()) {
                    let Ok(next) = path.join(part) else { break };
                    path = next;
                    at = add(&mut nodes, at, part, path.clone(), &resource);
                }
            }
        }
        Self { nodes, owner: (plan.identity.inside_uid, plan.identity.inside_gid), ledger }
    }

    /// Answers requests on `device` until the file system is unmounted, which is when the box is gone.
    ///
    /// # Errors
    /// What the FUSE library reports.
    pub fn serve(self, device: OwnedFd) -> std::io::Result<()> {
        Session::from_fd(self, device, SessionACL::All, Config::default())?.run()
    }

    fn node(&self, number: INodeNo) -> Option<&Node> {
        self.nodes.get(u64::from(number).checked_sub(1)? as usize)
    }

    fn attributes(&self, number: INodeNo) -> FileAttr {
        let epoch = SystemTime::UNIX_EPOCH;
        FileAttr {
            ino: number,
            size: 0,
            blocks: 0,
            atime: epoch,
            mtime: epoch,
            ctime: epoch,
            crtime: epoch,
            kind: FileType::Directory,
            perm: MODE,
            nlink: 2,
            uid: self.owner.0,
            gid: self.owner.1,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        }
    }

    fn met(&self, node: &Node, name: Option<&OsStr>, operation: Operation, call: Option<&Call>) -> Met {
        let path = match name {
            Some(name) => format!("{}/{}", node.path.as_str().trim_end_matches('/'), name.to_string_lossy()),
            None => node.path.to_string(),
        };
        Met {
            resource: node.resource.clone(),
            path,
            operation,
            syscall: call.and_then(|call| name_of(call.number)),
        }
    }

    fn denied(&self, request: &Request, at: INodeNo, name: Option<&OsStr>, operation: Operation) {
        // PID 1 looks around while it builds; it is none of the agent's programs.
        if self.ledger.observer.is_init(request.pid() as i32) {
            return;
        }
        if let Some(node) = self.node(at) {
            let call = observer::call(request.pid() as i32);
            let met = self.met(node, name, operation, call.as_ref());
            self.ledger.denied(request.pid() as i32, call, met);
        }
    }
}

impl Ledger {
    /// An empty one.
    pub fn new(observer: Observer, recorder: Arc<Mutex<Recorder>>) -> Self {
        Self { observer, recorder, pending: Mutex::default() }
    }

    /// A lookup found nothing: it counts when its call goes on to something else, or the thread to another call.
    fn looked_up(&self, tid: i32, call: Option<Call>, met: Met) {
        let thread = self.observer.thread(tid);
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = Pending { introduced: recorder.introduce(&self.observer, thread, met), call };
        let mut waiting = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST_PENDING {
            waiting.drain().for_each(|(_, pending)| recorder.record(pending.introduced));
        }
        if let Some(earlier) = waiting.insert(tid, pending) {
            recorder.record(earlier.introduced);
        }
    }

    /// A call that would have changed something, or listed, was denied.
    fn denied(&self, tid: i32, call: Option<Call>, met: Met) {
        let thread = self.observer.thread(tid);
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&tid);
        match earlier {
            // The lookup of the same call: one denial together.
            Some(earlier) if earlier.is_of(call.as_ref(), &met) => {}
            Some(earlier) => recorder.record(earlier.introduced),
            None => {}
        }
        let introduced = recorder.introduce(&self.observer, thread, met);
        recorder.record(introduced);
    }

    /// Counts what still waits: for when the box is gone.
    pub fn close(&self) {
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_values().for_each(|pending| recorder.record(pending.introduced));
    }
}

fn add(nodes: &mut Vec<Node>, parent: usize, name: &str, path: AbsPath, resource: &Resource) -> usize {
    let next = nodes.len();
    let Some(node) = nodes.get_mut(parent) else { return parent };
    if let Some(existing) = node.children.get(name) {
        return *existing as usize - 1;
    }
    node.children.insert(name.to_owned(), next as u64 + 1);
    nodes.push(Node { path, resource: resource.clone(), children: BTreeMap::new() });
    next
}

/// What a call that stands at a lookup wants, by its number and flags.
fn intent(call: &Call) -> Operation {
    let [_, second, third, ..] = call.arguments;
    let opening = |flags: u64| {
        let flags = flags as i32;
        if flags & libc::O_CREAT != 0 {
            Operation::Create
        } else if flags & libc::O_ACCMODE != libc::O_RDONLY || flags & libc::O_TRUNC != 0 {
            Operation::Write
        } else if flags & libc::O_PATH != 0 {
            Operation::Probe
        } else {
            Operation::Read
        }
    };
    match call.number {
        libc::SYS_open => opening(second),
        libc::SYS_openat => opening(third),
        libc::SYS_openat2 => Operation::Read,
        libc::SYS_creat => Operation::Create,
        libc::SYS_truncate => Operation::Write,
        libc::SYS_mkdir | libc::SYS_mkdirat => Operation::MakeDirectory,
        libc::SYS_mknod | libc::SYS_mknodat => Operation::MakeNode,
        libc::SYS_symlink | libc::SYS_symlinkat => Operation::MakeLink,
        libc::SYS_link | libc::SYS_linkat => Operation::Link,
        libc::SYS_rename | libc::SYS_renameat | libc::SYS_renameat2 => Operation::Rename,
        libc::SYS_unlink | libc::SYS_unlinkat | libc::SYS_rmdir => Operation::Remove,
        libc::SYS_chmod
        | libc::SYS_fchmodat
        | libc::SYS_chown
        | libc::SYS_lchown
        | libc::SYS_fchownat
        | libc::SYS_utime
        | libc::SYS_utimes
        | libc::SYS_utimensat
        | libc::SYS_futimesat
        | libc::SYS_setxattr
        | libc::SYS_lsetxattr
        | libc::SYS_removexattr
        | libc::SYS_lremovexattr => Operation::SetAttributes,
        libc::SYS_connect | libc::SYS_sendto | libc::SYS_sendmsg | libc::SYS_sendmmsg => Operation::Connect,
        libc::SYS_bind => Operation::Bind,
        libc::SYS_execve | libc::SYS_execveat => Operation::Execute,
        _ => Operation::Probe,
    }
}

/// Names of the calls that lead here.
fn name_of(number: i64) -> Option<&'static str> {
    Some(match number {
        libc::SYS_open => "open",
        libc::SYS_openat => "openat",
        libc::SYS_openat2 => "openat2",
        libc::SYS_creat => "creat",
        libc::SYS_truncate => "truncate",
        libc::SYS_mkdir => "mkdir",
        libc::SYS_mkdirat => "mkdirat",
        libc::SYS_mknod => "mknod",
        libc::SYS_mknodat => "mknodat",
        libc::SYS_symlink => "symlink",
        libc::SYS_symlinkat => "symlinkat",
        libc::SYS_link => "link",
        libc::SYS_linkat => "linkat",
        libc::SYS_rename => "rename",
        libc::SYS_renameat => "renameat",
        libc::SYS_renameat2 => "renameat2",
        libc::SYS_unlink => "unlink",
        libc::SYS_unlinkat => "unlinkat",
        libc::SYS_rmdir => "rmdir",
        libc::SYS_connect => "connect",
        libc::SYS_bind => "bind",
        libc::SYS_execve => "execve",
        libc::SYS_execveat => "execveat",
        libc::SYS_access => "access",
        libc::SYS_faccessat => "faccessat",
        libc::SYS_faccessat2 => "faccessat2",
        libc::SYS_stat => "stat",
        libc::SYS_lstat => "lstat",
        libc::SYS_newfstatat => "newfstatat",
        libc::SYS_statx => "statx",
        libc::SYS_readlink => "readlink",
        libc::SYS_readlinkat => "readlinkat",
        libc::SYS_getdents64 => "getdents64",
        libc::SYS_chmod => "chmod",
        libc::SYS_chown => "chown",
        libc::SYS_utimensat => "utimensat",
        _ => return None,
    })
}

const DENIED: Errno = Errno::EACCES;

impl Filesystem for Tripwire {
    fn lookup(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let Some(node) = self.node(parent) else { return reply.error(Errno::ENOENT) };
        let child = name.to_str().and_then(|name| node.children.get(name));
        match child {
            Some(&number) => {
                let place = self.node(INodeNo(number)).is_some_and(Node::is_place);
                let ttl = if place { WHILE_BUILDING } else { FOREVER };
                reply.entry(&ttl, &self.attributes(INodeNo(number)), Generation(0));
            }
            None => {
                if parent != INodeNo::ROOT {
                    let tid = request.pid() as i32;
                    let call = observer::call(tid);
                    let operation = call.as_ref().map_or(Operation::Probe, intent);
                    self.ledger.looked_up(tid, call, self.met(node, Some(name), operation, call.as_ref()));
                }
                reply.error(Errno::ENOENT);
            }
        }
    }

    fn getattr(&self, request: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.node(ino) {
            Some(node) if node.is_place() => {
                // Some programs decide by the mode alone whether they can write here: a look that is worth counting.
                self.denied(request, ino, None, Operation::Probe);
                reply.attr(&Duration::ZERO, &self.attributes(ino));
            }
            Some(_) => reply.attr(&FOREVER, &self.attributes(ino)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn access(&self, request: &Request, ino: INodeNo, mask: AccessFlags, reply: ReplyEmpty) {
        if mask.intersects(AccessFlags::W_OK | AccessFlags::R_OK) {
            self.denied(request, ino, None, Operation::Probe);
            reply.error(DENIED);
        } else {
            reply.ok();
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        reply.statfs(0, 0, 0, 0, 0, 4096, 255, 4096);
    }

    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> std::io::Result<()> {
        // Without it set-up asks for each sealed place by itself: slower, no other difference.
        let _ = config.add_capabilities(InitFlags::FUSE_DO_READDIRPLUS);
        Ok(())
    }

    /// The top holds the sealed places by number and is seen by nobody but PID 1 while it builds: one listing tells the
    /// kernel about all of them.
    fn readdirplus(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectoryPlus,
    ) {
        let top = self.nodes.first().filter(|_| ino == INodeNo::ROOT);
        let Some(top) = top else { return reply.error(DENIED) };
        for (position, (name, number)) in (1_u64..).zip(&top.children).skip(offset as usize) {
            let attributes = self.attributes(INodeNo(*number));
            if reply.add(INodeNo(*number), position, name, &WHILE_BUILDING, &attributes, Generation(0)) {
                break;
            }
        }
        reply.ok();
    }

    fn opendir(&self, request: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        if ino == INodeNo::ROOT {
            return reply.opened(FileHandle(0), FopenFlags::empty());
        }
        self.denied(request, ino, None, Operation::List);
        reply.error(DENIED);
    }

    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        self.denied(request, ino, None, Operation::SetAttributes);
        reply.error(DENIED);
    }

    fn setxattr(
        &self,
        request: &Request,
        ino: INodeNo,
        _: &OsStr,
        _: &[u8],
        _: i32,
        _: u32,
        reply: ReplyEmpty,
    ) {
        self.denied(request, ino, None, Operation::SetAttributes);
        reply.error(DENIED);
    }

    fn mknod(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        let operation = match mode & libc::S_IFMT {
            libc::S_IFSOCK => Operation::Bind,
            libc::S_IFREG | 0 => Operation::Create,
            _ => Operation::MakeNode,
        };
        self.denied(request, parent, Some(name), operation);
        reply.error(DENIED);
    }

    fn mkdir(&self, request: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        self.denied(request, parent, Some(name), Operation::MakeDirectory);
        reply.error(DENIED);
    }

    fn unlink(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.denied(request, parent, Some(name), Operation::Remove);
        reply.error(DENIED);
    }

    fn rmdir(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.denied(request, parent, Some(name), Operation::Remove);
        reply.error(DENIED);
    }

    fn symlink(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        _: &std::path::Path,
        reply: ReplyEntry,
    ) {
        self.denied(request, parent, Some(name), Operation::MakeLink);
        reply.error(DENIED);
    }

    fn rename(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        _: INodeNo,
        _: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        self.denied(request, parent, Some(name), Operation::Rename);
        reply.error(DENIED);
    }

    fn link(&self, request: &Request, _: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.denied(request, parent, Some(name), Operation::Link);
        reply.error(DENIED);
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        _: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        self.denied(request, parent, Some(name), Operation::Create);
        reply.error(DENIED);
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: u64,
        _: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<fuser::LockOwner>,
        reply: fuser::ReplyWrite,
    ) {
        // Nothing can be open for writing.
        reply.error(DENIED);
    }
}

#[cfg(test)]
mod tests;
