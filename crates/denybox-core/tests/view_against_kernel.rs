//! The view against the kernel: random mounts over random trees with random links are made in a private mount
//! namespace, and every path is looked up twice, by openat2(2) with RESOLVE_IN_ROOT and by the view. They must agree
//! on ELOOP and ENOENT, on the file (device and inode), its mount, its name and the mount's flags.
//!
//! The test starts itself again by unshare(1). Where user namespaces are unavailable it fails.
//! `DENYBOX_FULL=1` tries many more cases; `DENYBOX_SEED=N` starts at case N.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::Command;

use denybox_core::path::AbsPath;
use denybox_core::surface::{Fact, Limits, Mount, MountOptions, MountSource, Origin, Propagation, Sharing};
use denybox_core::view::{Tree, Trees, View, ViewError};
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, ResolveFlags, StatVfsMountFlags, StatxFlags, mkdirat, open, openat2,
    readlink, statx, symlinkat,
};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_remount, unmount};

const NAMES: [&str; 3] = ["a", "b", "c"];
const INSIDE: &str = "DENYBOX_TEST_INSIDE";

#[test]
fn the_view_agrees_with_the_kernel() {
    if std::env::var_os(INSIDE).is_some() {
        inside();
        return;
    }
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "the_view_agrees_with_the_kernel", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare(1) can't be started");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "no agreement, or no user namespace:\n{out}\n{err}");
    let line = out.lines().find(|line| line.starts_with("compared ")).expect("nothing was compared");
    println!("{line}");
}

/// Pseudo-random numbers (splitmix64), the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.below(NAMES.len())]
    }

    /// A path of one to three names.
    fn path(&mut self) -> String {
        (0..=self.below(3)).fold(String::new(), |path, _| format!("{path}/{}", self.name()))
    }

    /// What a link says: absolute or relative, up, and doubled slashes now and then.
    fn link(&mut self) -> String {
        let mut text = if self.one_in(2) { String::from("/") } else { String::new() };
        for part in 0..=self.below(3) {
            if part > 0 {
                text.push_str(if self.one_in(6) { "//" } else { "/" });
            }
            text.push_str(match self.below(8) {
                0 | 1 => "..",
                2 => ".",
                _ => self.name(),
            });
        }
        text
    }
}

/// How a case went.
#[derive(Default)]
struct Tally {
    mounts: usize,
    dropped: usize,
    lookups: BTreeMap<&'static str, usize>,
}

fn inside() {
    let first: u64 = std::env::var("DENYBOX_SEED").map_or(1, |text| text.parse().unwrap());
    let cases = if std::env::var_os("DENYBOX_FULL").is_some() { 20_000 } else { 400 };
    let work = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut total = Tally::default();
    for seed in first..first + cases {
        mount("none", work, "tmpfs", MountFlags::empty(), None).unwrap();
        case(seed, work, &mut total);
        unmount(work, UnmountFlags::DETACH).unwrap();
    }
    println!(
        "compared {cases} cases: {} mounts ({} refused by the kernel), lookups {:?}",
        total.mounts, total.dropped, total.lookups
    );
    // A generator that never gets there would compare nothing.
    assert!(total.mounts > cases as usize);
    for outcome in ["found", "ELOOP", "ENOENT", "read-only", "by another name"] {
        assert!(total.lookups.get(outcome).is_some_and(|n| *n as u64 > cases / 40), "hardly any {outcome}");
    }
}

fn case(seed: u64, work: &Path, tally: &mut Tally) {
    let mut random = Random(seed);
    let mut trees = Trees::new();
    let mut clones: Vec<(Tree, PathBuf)> = Vec::new();
    let mut story = format!("case {seed}\n");
    // The agent's root and the host: file systems of their own, each seen a second time without mounts.
    for (name, tree) in [("agent", Tree::Image), ("host", Tree::Host)] {
        let at = work.join(name);
        fresh(&at);
        mount("none", &at, "tmpfs", MountFlags::empty(), None).unwrap();
        let again = work.join(format!("{name}-again"));
        fresh(&again);
        mount_bind(&at, &again).unwrap();
        populate(&mut random, &again, &tree, &mut trees, &mut story);
        clones.push((tree, again));
    }
    let agent = work.join("agent");
    let host = open(work.join("host"), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
    let mut mounts: Vec<Mount> = Vec::new();
    let mut ids: Vec<u64> = Vec::new();
    for attempt in 0..1 + random.below(8) {
        let target = if random.one_in(25) { "/".to_owned() } else { random.path() };
        let options = MountOptions {
            readonly: random.one_in(2),
            noexec: random.one_in(3),
            nosuid: random.one_in(3),
            nodev: random.one_in(3),
        };
        let source = if random.one_in(3) {
            MountSource::Tmpfs
        } else {
            let path = if random.one_in(10) { "/".to_owned() } else { random.path() };
            MountSource::Host { path: AbsPath::new(&path).unwrap() }
        };
        let again = work.join(format!("attempt-{attempt}"));
        fresh(&again);
        match make(&agent, host.as_fd(), &target, &source, options, &again) {
            Ok(id) => {
                ids.push(id);
                clones.push((Tree::Mount(mounts.len()), again));
            }
            Err(error) => {
                // Targets below read-only mounts or dangling links: no runtime can start this, so it's left out.
                writeln!(story, "  refused ({error}): {source:?} on {target}").unwrap();
                tally.dropped += 1;
                // What making the target has left behind.
                rescan(&clones, &mut trees);
                continue;
            }
        }
        writeln!(story, "  mount {}: {source:?} on {target} {options:?}", mounts.len()).unwrap();
        let origin = Origin::Rule { name: "test".to_owned() };
        mounts.push(Mount {
            target: AbsPath::new(&target).unwrap(),
            source: Fact::Known { value: source, origin: origin.clone() },
            options,
            limits: Limits::default(),
            propagation: Propagation::Private,
            sharing: Sharing::Private,
            origin,
        });
        tally.mounts += 1;
    }
    let view = View::new(mounts, trees).unwrap_or_else(|error| panic!("{story}the kernel made it: {error}"));
    let agent_fd = open(&agent, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
    let mut paths = vec!["/".to_owned()];
    for depth in 0..4 {
        let longest: Vec<String> =
            paths.iter().filter(|path| path.matches('/').count() == depth).cloned().collect();
        let above = if depth == 0 { vec![String::new()] } else { longest };
        paths.extend(
            above
                .iter()
                .filter(|path| *path != "/")
                .flat_map(|path| NAMES.map(|name| format!("{path}/{name}"))),
        );
        if depth == 0 {
            paths.extend(NAMES.map(|name| format!("/{name}")));
        }
    }
    paths.sort();
    paths.dedup();
    for path in paths {
        let outcome = compare(&view, agent_fd.as_fd(), &agent, &path, &clones, &ids)
            .unwrap_or_else(|why| panic!("{story}  at {path}: {why}"));
        for what in outcome {
            *tally.lookups.entry(what).or_default() += 1;
        }
    }
}

fn fresh(path: &Path) {
    std::fs::create_dir(path).unwrap();
}

/// Makes random directories and links below `root`, and tells `trees` of them.
fn populate(random: &mut Random, root: &Path, tree: &Tree, trees: &mut Trees, story: &mut String) {
    let root = open(root, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..30 {
        let path = random.path();
        let mut made = String::new();
        for part in path.split('/').skip(1) {
            made = format!("{made}/{part}");
            let relative = made.trim_start_matches('/');
            if random.one_in(12) {
                let text = random.link();
                if symlinkat(&text, &root, relative).is_ok() {
                    writeln!(story, "  {tree:?}: {made} -> {text}").unwrap();
                    trees.link(tree.clone(), AbsPath::new(&made).unwrap(), &text);
                }
                break;
            }
            match mkdirat(&root, relative, Mode::from(0o755)) {
                Ok(()) => trees.present(tree.clone(), AbsPath::new(&made).unwrap()),
                Err(Errno::EXIST) if !is_link(root.as_fd(), relative) => {}
                Err(_) => break,
            }
        }
    }
    trees.complete(tree.clone());
}

fn is_link(root: BorrowedFd<'_>, path: &str) -> bool {
    rustix::fs::readlinkat(root, path, Vec::new()).is_ok()
}

/// Tells `trees` of every directory that is there now.
fn rescan(clones: &[(Tree, PathBuf)], trees: &mut Trees) {
    fn descend(root: &Path, at: &Path, tree: &Tree, trees: &mut Trees) {
        for entry in std::fs::read_dir(at).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                let inside = format!("/{}", entry.path().strip_prefix(root).unwrap().display());
                trees.present(tree.clone(), AbsPath::new(&inside).unwrap());
                descend(root, &entry.path(), tree, trees);
            }
        }
    }
    for (tree, root) in clones {
        descend(root, root, tree, trees);
    }
}

/// Looks `path` up as if `root` were the root directory.
fn lookup(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Errno> {
    loop {
        match openat2(root, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT) {
            // A rename or mount anywhere on the machine while `..` was followed (openat2(2)).
            Err(Errno::AGAIN) => {}
            other => return other,
        }
    }
}

/// Makes one mount as a runtime would, missing target directories too; gives its mount id. `again` gets a second view
/// of a memory file system, without what is later mounted in it.
fn make(
    agent: &Path,
    host: BorrowedFd<'_>,
    target: &str,
    source: &MountSource,
    options: MountOptions,
    again: &Path,
) -> Result<u64, Errno> {
    let from = match source {
        MountSource::Host { path } => Some(lookup(host, path.as_str())?),
        _ => None,
    };
    // Opened anew each time: the directory's topmost mount may have changed.
    let root = || open(agent, OFlags::PATH | OFlags::DIRECTORY, Mode::empty());
    let mut above = root()?;
    let mut made = String::new();
    for part in target.split('/').filter(|part| !part.is_empty()) {
        made = format!("{made}/{part}");
        above = match lookup(root()?.as_fd(), &made) {
            Err(Errno::NOENT) => {
                mkdirat(&above, part, Mode::from(0o755))?;
                lookup(root()?.as_fd(), &made)?
            }
            other => other?,
        };
    }
    let flags = [
        (options.readonly, MountFlags::RDONLY),
        (options.noexec, MountFlags::NOEXEC),
        (options.nosuid, MountFlags::NOSUID),
        (options.nodev, MountFlags::NODEV),
    ]
    .into_iter()
    .filter_map(|(set, flag)| set.then_some(flag))
    .fold(MountFlags::empty(), |all, flag| all | flag);
    // Paths into /proc follow the descriptor to its place in the mount tree; a mount there goes on top.
    match &from {
        Some(from) => mount_bind(in_proc(from), in_proc(&above))?,
        None => {
            mount("none", again, "tmpfs", MountFlags::empty(), None)?;
            mount_bind(again, in_proc(&above))?;
        }
    }
    // By its real name, for a mount on the root has changed what `target` means.
    let name = readlink(in_proc(&above), Vec::new())?;
    let top = open(name, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?;
    mount_remount(in_proc(&top), MountFlags::BIND | flags, "")?;
    Ok(statx(&top, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?.stx_mnt_id)
}

fn in_proc(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// Looks `path` up both ways. What was found, or how they differ.
fn compare(
    view: &View,
    agent: BorrowedFd<'_>,
    agent_path: &Path,
    path: &str,
    clones: &[(Tree, PathBuf)],
    ids: &[u64],
) -> Result<Vec<&'static str>, String> {
    let viewed = view.resolve(&AbsPath::new(path).unwrap());
    let fd = match (lookup(agent, path), &viewed) {
        (Err(Errno::LOOP), Err(ViewError::Loop(_))) => return Ok(vec!["ELOOP"]),
        (Err(Errno::NOENT), Ok(resolved)) if resolved.exists == Some(false) => return Ok(vec!["ENOENT"]),
        // A missing directory on the way ends the kernel's walk before a loop behind it; the view, which takes what
        // it doesn't know for present, says the worse of the two.
        (Err(Errno::NOENT), Err(ViewError::Loop(_))) => return Ok(vec!["ENOENT before ELOOP"]),
        (Ok(fd), Ok(_)) => fd,
        (Err(error), viewed) => return Err(format!("the kernel says {error}, the view {viewed:?}")),
        (Ok(_), viewed) => return Err(format!("the kernel finds it, the view says {viewed:?}")),
    };
    let resolved = viewed.unwrap();
    if resolved.exists != Some(true) {
        return Err(format!("it is there, the view says {resolved:?}"));
    }
    let name = readlink(in_proc(&fd), Vec::new()).unwrap().into_string().unwrap();
    let name = name.strip_prefix(agent_path.to_str().unwrap()).unwrap();
    let name = if name.is_empty() { "/" } else { name };
    if name != resolved.path.as_str() {
        return Err(format!("the kernel names it {name}, the view {resolved:?}"));
    }
    let root = &clones.iter().find(|(tree, _)| *tree == resolved.tree).unwrap().1;
    let same = statx(CWD, root.join(resolved.inside.relative()), AtFlags::SYMLINK_NOFOLLOW, StatxFlags::INO);
    let same = same.map_err(|error| format!("the view names {resolved:?}, where is nothing: {error}"))?;
    let seen = statx(&fd, "", AtFlags::EMPTY_PATH, StatxFlags::INO | StatxFlags::MNT_ID).unwrap();
    let identity = |stat: &rustix::fs::Statx| (stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino);
    if identity(&same) != identity(&seen) {
        return Err(format!("another file than the kernel's: {resolved:?}"));
    }
    if resolved.mount.is_some_and(|index| ids[index] != seen.stx_mnt_id)
        || (resolved.mount.is_none() && ids.contains(&seen.stx_mnt_id))
    {
        return Err(format!("mounted with id {} of {ids:?}: {resolved:?}", seen.stx_mnt_id));
    }
    let flags = rustix::fs::fstatvfs(&fd).unwrap().f_flag;
    let options = MountOptions {
        readonly: flags.contains(StatVfsMountFlags::RDONLY),
        noexec: flags.contains(StatVfsMountFlags::NOEXEC),
        nosuid: flags.contains(StatVfsMountFlags::NOSUID),
        nodev: flags.contains(StatVfsMountFlags::NODEV),
    };
    if options != resolved.options {
        return Err(format!("the kernel has {options:?}: {resolved:?}"));
    }
    let mut found = vec!["found"];
    if options.readonly {
        found.push("read-only");
    }
    if name != path {
        found.push("by another name");
    }
    Ok(found)
}
