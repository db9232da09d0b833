//! Facts about the host, from made-up ones: mount tables, homes, workspaces, tables of /proc.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use denybox_core::path::AbsPath;
use denybox_core::plan::Protected;
use denybox_core::surface::{Guard, Related, Relation};
use denybox_sandbox::cgroup::{Group, group_1, group_2};
use denybox_sandbox::host::identity::{Committer, committer, parse};
use denybox_sandbox::host::places::{PlaceError, Places};
use denybox_sandbox::host::{mounts, protected, sockets, toolchains};
use denybox_sandbox::proc_files;

/// A directory of this test's own, outside shared scratch.
struct Room(PathBuf);

impl Room {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("host-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(fs::canonicalize(path).unwrap())
    }

    fn path(&self, name: &str) -> AbsPath {
        AbsPath::from_path(&self.0).unwrap().join(name).unwrap()
    }

    fn directory(&self, name: &str) -> AbsPath {
        fs::create_dir_all(self.0.join(name)).unwrap();
        self.path(name)
    }

    fn file(&self, name: &str, text: &str) -> AbsPath {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self.path(name)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

// -------------------------------------------------------------------------------------------------- places

/// A mount table: device, root, mount point.
fn table(mounts: &[(&str, &str, &str)]) -> String {
    let lines = mounts.iter().zip(20..).map(|((device, root, at), number)| {
        format!("{number} 1 {device} {root} {at} rw,relatime shared:1 - ext4 /dev/x rw\n")
    });
    lines.collect()
}

fn of(related: &[Related], to: &str) -> Vec<(Relation, Guard)> {
    related.iter().filter(|one| one.to.as_str() == to).map(|one| (one.how, one.guard)).collect()
}

#[test]
fn a_plain_place_is_related_to_nothing() {
    let room = Room::new("plain");
    let at = room.directory("work");
    let places = Places::of_table(&table(&[("8:1", "/", "/"), ("0:9", "/", "/tmp")]), None);
    let place = places.find(at.as_path()).unwrap();
    assert_eq!((place.path, place.directory, place.related), (at, true, Vec::new()));
    let file = room.file("file", "x");
    assert!(!places.find(file.as_path()).unwrap().directory);
    let missing = places.find(room.path("missing").as_path());
    assert!(matches!(missing, Err(PlaceError::Unreachable { .. })));
}

#[test]
fn a_bind_mount_of_scratch_is_scratch() {
    let room = Room::new("bind");
    let (all, part, other) = (room.directory("all"), room.directory("part"), room.directory("other"));
    // As after: mount --bind /tmp all; mount --bind /tmp/x part; and a mount of another file system.
    let mounts = table(&[
        ("8:1", "/", "/"),
        ("0:9", "/", "/tmp"),
        ("0:9", "/", all.as_str()),
        ("0:9", "/x", part.as_str()),
        ("0:7", "/", other.as_str()),
    ]);
    let places = Places::of_table(&mounts, None);
    let related = |path: &AbsPath| places.find(path.as_path()).unwrap().related;
    assert_eq!(of(&related(&all), "/tmp"), [(Relation::Aliases, Guard::Scratch)]);
    assert_eq!(of(&related(&part), "/tmp"), [(Relation::Below, Guard::Scratch)]);
    assert_eq!(of(&related(&other), "/tmp"), []);
    // The directory above shows it too.
    assert_eq!(of(&related(&room.path("")), "/tmp"), [(Relation::Aliases, Guard::Scratch)]);
}

#[test]
fn a_bind_mount_of_what_contains_scratch_or_home() {
    let room = Room::new("above");
    let (root, homes, home) = (room.directory("root"), room.directory("homes"), room.directory("home/u"));
    let mounts = table(&[
        ("8:1", "/", "/"),
        ("8:1", "/", root.as_str()),
        ("8:1", room.path("home").as_str(), homes.as_str()),
    ]);
    let places = Places::of_table(&mounts, Some(home.clone()));
    let related = |path: &AbsPath| places.find(path.as_path()).unwrap().related;
    let all = related(&root);
    assert_eq!(of(&all, "/tmp"), [(Relation::Aliases, Guard::Scratch)], "{all:?}");
    assert_eq!(of(&all, home.as_str()), [(Relation::Aliases, Guard::Home)], "{all:?}");
    assert_eq!(of(&related(&homes), home.as_str()), [(Relation::Aliases, Guard::Home)]);
    assert_eq!(of(&related(&home), home.as_str()), [(Relation::Is, Guard::Home)]);
    assert_eq!(of(&related(&room.path("home")), home.as_str()), [(Relation::Contains, Guard::Home)]);
    // What lies in it by another name alone says so too.
    let inside = room.directory("homes/u");
    assert_eq!(of(&related(&inside), home.as_str()), [(Relation::Aliases, Guard::Home)]);
}

#[test]
fn the_last_of_several_mounts_counts() {
    let room = Room::new("last");
    let at = room.directory("twice");
    let (shared, own) = (("0:9", "/", at.as_str()), ("0:5", "/", at.as_str()));
    for (order, aliased) in [([shared, own], false), ([own, shared], true)] {
        let mounts = table(&[("8:1", "/", "/"), ("0:9", "/", "/tmp"), order[0], order[1]]);
        let related = Places::of_table(&mounts, None).find(at.as_path()).unwrap().related;
        assert_eq!(!of(&related, "/tmp").is_empty(), aliased, "{order:?}: {related:?}");
    }
}

#[test]
fn a_link_is_what_it_leads_to() {
    let room = Room::new("link");
    let target = room.directory("target");
    symlink("/tmp", room.0.join("scratch")).unwrap();
    symlink(target.as_path(), room.0.join("harmless")).unwrap();
    let places = Places::of_table(&table(&[("8:1", "/", "/"), ("0:9", "/", "/tmp")]), None);
    let scratch = places.find(room.path("scratch").as_path()).unwrap();
    assert!(of(&scratch.related, "/tmp").contains(&(Relation::Is, Guard::Scratch)), "{scratch:?}");
    let harmless = places.find(room.path("harmless").as_path()).unwrap();
    assert_eq!((harmless.path, harmless.related), (target, Vec::new()));
}

#[test]
fn without_a_table_names_still_tell() {
    let places = Places::of_table("", None);
    let tmp = places.find(Path::new("/tmp")).unwrap();
    assert!(of(&tmp.related, "/tmp").contains(&(Relation::Is, Guard::Scratch)));
    assert!(!places.find(Path::new("/")).unwrap().related.is_empty());
}

#[test]
fn lines_of_the_mount_table() {
    let line = r"36 35 98:0 /mnt1 /mnt\040a\134b\011\012 rw,noatime master:1 x:2 - ext3 /dev/root rw,errors=continue";
    let mounted = mounts::line(line).unwrap();
    assert_eq!((mounted.device.as_str(), mounted.root.as_str()), ("98:0", "/mnt1"));
    assert_eq!(mounted.at.as_str(), "/mnt a\\b\t\n");
    assert_eq!((mounted.kind.as_str(), mounted.options.as_str()), ("ext3", "rw,errors=continue"));
    for none in [
        "",
        "36 35 98:0 /mnt1 /mnt2 rw",
        "36 35 98:0 /mnt1",
        "40 22 0:4 net:[4026531840] /run/netns/x rw - nsfs nsfs rw",
        "41 22 0:28 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        "36 35 98:0 / relative rw - ext3 /dev/root rw",
    ] {
        assert_eq!(mounts::line(none), None, "{none}");
    }
    for (escaped, plain) in [
        (r"\040", " "),
        (r"\", r"\"),
        (r"\04", r"\04"),
        (r"\+12", r"\+12"),
        (r"a\134040", r"a\040"),
        (r"\777", r"\777"),
    ] {
        assert_eq!(mounts::unescape(escaped), plain);
    }
    // This machine's own table.
    let own = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(mounts::table(&own).any(|mounted| mounted.at == AbsPath::root()));
}

// -------------------------------------------------------------------------------------------------- control groups

#[test]
fn control_groups_where_they_are_shown() {
    let v2 = |root: &str, at: &str| format!("31 23 0:26 {root} {at} rw - cgroup2 cgroup2 rw,nsdelegate\n");
    let v1 = |root: &str, name: &str| {
        format!("35 31 0:32 {root} /sys/fs/cgroup/{name} rw - cgroup cgroup rw,{name}\n")
    };
    let directory = |group: Option<Group>| group.map(|group| group.directory.to_string());

    let own = "9:name=systemd:/x\n4:cpu,cpuacct:/a\n3:memory:/docker/1a\n0::/user.slice/u\n";
    let found = directory(group_2(own, &v2("/", "/sys/fs/cgroup")));
    assert_eq!(found.as_deref(), Some("/sys/fs/cgroup/user.slice/u"));
    let found = directory(group_1(own, &v1("/", "memory"), "memory"));
    assert_eq!(found.as_deref(), Some("/sys/fs/cgroup/memory/docker/1a"));
    // In a container the mount begins with its own group.
    let found = directory(group_1(own, &v1("/docker/1a", "memory"), "memory"));
    assert_eq!(found.as_deref(), Some("/sys/fs/cgroup/memory"));
    assert_eq!(group_1(own, &v1("/docker/2b", "memory"), "memory"), None);
    let found = directory(group_1(own, &v1("/", "cpuacct"), "cpuacct"));
    assert_eq!(found.as_deref(), Some("/sys/fs/cgroup/cpuacct/a"));
    // Not ours, not mounted, not in the part of the tree that we see.
    assert_eq!(group_1(own, &v1("/", "memory"), "pids"), None);
    assert_eq!(group_1(own, &v2("/", "/sys/fs/cgroup"), "memory"), None);
    assert_eq!(group_2("4:memory:/a\n", &v2("/", "/sys/fs/cgroup")), None);
    assert_eq!(group_2(own, ""), None);
    for outside in ["0::/..", "0::/../../etc", "0::/a/../../b", "0::", "0::a"] {
        assert_eq!(group_2(outside, &v2("/", "/sys/fs/cgroup")), None, "{outside}");
    }
    assert_eq!(group_2("0::/\n", &v2("/../..", "/sys/fs/cgroup")), None);
    let spaced = directory(group_2("0::/a b\n", &v2("/", r"/mnt/c\040g")));
    assert_eq!(spaced.as_deref(), Some("/mnt/c g/a b"));
}

// -------------------------------------------------------------------------------------------------- toolchains

#[test]
fn toolchains_without_the_rest_of_the_home() {
    let room = Room::new("toolchains");
    let home = room.directory("home");
    for name in [
        ".cargo/bin",
        ".cargo/registry",
        ".rustup/toolchains",
        ".nvm/versions/bin",
        "bin",
        ".ssh",
        "elsewhere",
    ] {
        room.directory(&format!("home/{name}"));
    }
    room.file("home/.cargo/credentials.toml", "secret");
    room.file("home/.nvm/.npmrc", "secret");
    room.directory("home/.nvm/versions/node/v20/etc");
    room.file("home/.nvm/versions/node/v20/etc/npmrc", "secret");
    room.file("home/.nvm/nvm.sh", "program");
    // A version that is a link: its settings are masked where they really lie.
    room.file("home/.nvm/kept/etc/npmrc", "secret");
    std::os::unix::fs::symlink("../../kept", room.path("home/.nvm/versions/node/lts").as_path()).unwrap();
    let path = [
        home.join(".cargo/bin").unwrap().to_string(),
        home.join(".nvm/versions/bin").unwrap().to_string(),
        home.join("bin").unwrap().to_string(),
        home.join("missing").unwrap().to_string(),
        format!("{home}/.cargo/../.cargo/bin/"),
        format!("{home}2/bin"),
        home.to_string(),
        "/usr/bin".to_owned(),
        "relative".to_owned(),
        String::new(),
    ];
    let names = |paths: &[AbsPath]| -> Vec<String> {
        paths.iter().map(|path| path.below(&home).unwrap().to_owned()).collect()
    };
    let found = toolchains::toolchains(&home, &path.join(":"), &[]);
    assert_eq!(names(&found.shown), [".cargo/bin", ".cargo/registry", ".nvm", ".rustup", "bin"]);
    let mut masked = names(&found.masked);
    masked.sort();
    assert_eq!(masked, [".nvm/.npmrc", ".nvm/kept/etc/npmrc", ".nvm/versions/node/v20/etc/npmrc"]);

    // Moved within the home: shown. Moved out of it, it is no toolchain of this home's.
    let moved = [(".rustup", home.join("elsewhere").unwrap()), (".cargo/git", room.directory("outside"))];
    let found = toolchains::toolchains(&home, &path[0], &moved);
    assert_eq!(names(&found.shown), [".cargo/bin", ".cargo/registry", ".rustup", "elsewhere"]);
    assert_eq!(toolchains::toolchains(&home, "/usr/bin:/bin", &moved), toolchains::Toolchains::default());
}

// -------------------------------------------------------------------------------------------------- protected files

#[test]
fn protected_files_of_a_workspace() {
    let room = Room::new("protected");
    let workspace = room.directory("work");
    room.directory("work/.git/hooks");
    room.file("work/.git/config", "[core]");
    symlink("elsewhere", room.0.join("work/.envrc")).unwrap();
    let found = protected::files(&workspace, &[]);
    let at = |name: &str| workspace.join(name).unwrap();
    let pinned = |name: &str| found.kept.iter().position(|kept| *kept == Protected::Pinned(at(name)));
    let kept = |name: &str| found.kept.iter().position(|kept| *kept == Protected::ReadOnly(at(name)));
    assert!(pinned(".git").is_some() && pinned(".git") < kept(".git/hooks"));
    assert!(kept(".git/config").is_some());
    assert_eq!(found.kept.iter().filter(|kept| **kept == Protected::Pinned(at(".git"))).count(), 1);
    assert_eq!(pinned(""), None, "the workspace itself needs no pin");
    assert_eq!(found.links, [at(".envrc")]);
    let absent = found.absent.iter().find(|(path, _)| *path == at(".vscode"));
    assert!(absent.is_some_and(|(_, reader)| reader.starts_with("Visual Studio")));
    assert!(protected::appeared(&found.absent).is_empty());

    room.directory("work/.vscode");
    symlink("nowhere", room.0.join("work/.mcp.json")).unwrap();
    let mut appeared: Vec<AbsPath> =
        protected::appeared(&found.absent).into_iter().map(|(path, _)| path).collect();
    appeared.sort();
    assert_eq!(appeared, [at(".mcp.json"), at(".vscode")]);

    // What --rw names is its owner's to change, with what lies below it.
    let opened = protected::files(&workspace, &[at(".git"), at(".vscode")]);
    assert!(opened.kept.is_empty(), "{:?}", opened.kept);
    let partly = protected::files(&workspace, &[at(".git/hooks")]);
    assert!(partly.kept.contains(&Protected::ReadOnly(at(".git/config"))));
    assert!(!partly.kept.contains(&Protected::ReadOnly(at(".git/hooks"))));
}

// -------------------------------------------------------------------------------------------------- identity

#[test]
fn names_and_addresses_as_git_writes_them() {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let of = |name: &str, email: &str| Committer { name: some(name), email: some(email) };
    for (text, expected) in [
        ("[user]\n\tname = A. Nother\n\temail = a@example.org\n", of("A. Nother", "a@example.org")),
        ("[User]\nNAME=A\nEmail =  b  \n", of("A", "b")),
        ("[user]\nname = \"A # B\" ; comment\nemail = a # comment\n", of("A # B", "a")),
        ("[user]\nname = \"A \\\"the\\\" B\\\\C\"\n", of("A \"the\" B\\C", "")),
        ("[user]\nname = \" A \"\nemail = B \"c \" \n", of(" A ", "B c ")),
        ("[user \"x\"]\nname = no\n[core]\nname = no\n", Committer::default()),
        ("name = no\n[user]\nname =\n", Committer::default()),
        ("[user]\nname = one\n[core]\n[user]\nname = two\n", of("two", "")),
        ("[user]\nname = a\u{1b}[2J\u{7}b\n", of("a[2Jb", "")),
        ("[user]\nname = \"open\n", of("open", "")),
    ] {
        let read = parse(text);
        assert_eq!(read, expected, "{text:?}");
        assert_eq!(read.configuration().map_or(Committer::default(), |written| parse(&written)), read);
    }
    assert_eq!(Committer::default().configuration(), None);
}

#[test]
fn the_later_configuration_wins() {
    let room = Room::new("identity");
    let home = room.directory("home");
    room.file("home/.config/git/config", "[user]\nname = early\nemail = early@example.org\n");
    room.file("home/.gitconfig", "[user]\nname = late\n");
    room.file("other/git/config", "[user]\nemail = other@example.org\n");
    let read = committer(Some(home.as_path()), None);
    assert_eq!(read.name.as_deref(), Some("late"));
    assert_eq!(read.email.as_deref(), Some("early@example.org"));
    let read = committer(Some(home.as_path()), Some(room.path("other").as_path()));
    assert_eq!(read.email.as_deref(), Some("other@example.org"));
    assert_eq!(committer(None, None), Committer::default());
}

// -------------------------------------------------------------------------------------------------- /proc

#[test]
fn sockets_by_their_names() {
    let row = "0000000000000000: 00000002 00000000 00010000 0001 01 1234";
    let table = format!(
        "Num RefCount Protocol Flags Type St Inode Path\n{row} /run/x/../bus\n{row}\n{row} @/tmp/x\n"
    );
    let names: Vec<String> = sockets::named(&table).map(|path| path.to_string()).collect();
    assert_eq!(names, ["/run/bus"]);
    // A real one, beside one whose name is no text. The name of a socket is short, unix(7).
    let room = Room::new("s");
    let odd = room.0.join(OsStr::from_bytes(b"odd-\xff"));
    let real = room.path("real");
    assert!(
        real.as_str().len() < 108,
        "{real} is too long for a socket: set CARGO_TARGET_DIR to a shorter path"
    );
    let _odd = UnixListener::bind(odd).unwrap();
    let found = sockets::below(&[room.path("")]);
    assert_eq!((found.sockets, found.incomplete), (vec![], true));
    let _real = UnixListener::bind(real.as_path()).unwrap();
    assert_eq!(sockets::below(&[room.path("")]).sockets, std::slice::from_ref(&real));
    // Another name than the one it was bound to: only looking finds it.
    let moved = room.path("moved");
    std::fs::rename(real.as_path(), moved.as_path()).unwrap();
    assert_eq!(sockets::below(&[room.path("")]).sockets, [moved]);
    assert_eq!(sockets::below(&[]), sockets::Found::default());
}

#[test]
fn files_of_a_process() {
    let call = proc_files::call("257 0xffffff9c 0x7f00 0x241 0x1b6 0x0 0x0 0x7ffc 0x7f11\n").unwrap();
    assert_eq!(call.number, 257);
    assert_eq!(call.arguments, [0xffff_ff9c, 0x7f00, 0x241, 0x1b6, 0, 0]);
    assert_eq!(call.at, [0x7ffc, 0x7f11]);
    for none in [
        "running\n",
        "-1 0x7ffc 0x7f11\n",
        "",
        "1 2 3",
        "257 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n",
        "1 0xg 0 0 0 0 0 0 0",
    ] {
        assert_eq!(proc_files::call(none), None, "{none}");
    }
    let status = proc_files::status(b"Name:\tsh\\nTgid:\t1\nTgid:\t71\nPid:\t72\nPPid:\t70\nNSpid:\t71\t2\n");
    let status = status.unwrap();
    assert_eq!((status.process, status.parent, status.innermost), (71, 70, Some(2)));
    assert_eq!(proc_files::status(b"Name:\t\xff\nTgid:\t71\n"), None);
    assert_eq!(proc_files::status(b"Tgid:\t71\nPPid:\t-70\n"), None);
    let own = proc_files::status(&fs::read("/proc/self/status").unwrap()).unwrap();
    assert_eq!(own.process, std::process::id() as i32);
    assert!(own.innermost.is_some());

    let mut left = 100;
    assert_eq!(proc_files::arguments(b"a\0\0b \xff\0", &mut left), ["a", "", "b \u{fffd}"]);
    assert_eq!(left, 100 - 6);
    let mut left = 5;
    assert_eq!(proc_files::arguments("abc\0\u{fc}\u{fc}x\0y".as_bytes(), &mut left), ["abc", "\u{fc}", ""]);
    assert_eq!(left, 0);
    assert!(proc_files::arguments(b"", &mut left).is_empty());
}
