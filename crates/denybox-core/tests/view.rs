//! The view's exposures: what a list of mounts means for shared scratch.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

use denybox_core::path::AbsPath;
use denybox_core::resource::{IpcKind, Resource};
use denybox_core::size::Size;
use denybox_core::surface::{
    Access, Backing, Control, Exposure, Fact, Guard, Limits, Mount, MountOptions, MountSource, Origin,
    Propagation, Relation, Role, Sharing,
};
use denybox_core::view::{MAX_LINKS, Tree, Trees, View, ViewError, relations};

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

fn origin() -> Origin {
    Origin::Rule { name: "test".to_owned() }
}

fn mount(target: &str, source: MountSource) -> Mount {
    Mount {
        target: path(target),
        sharing: if matches!(source, MountSource::Host { .. }) { Sharing::Host } else { Sharing::Private },
        source: Fact::Known { value: source, origin: origin() },
        options: MountOptions::default(),
        limits: Limits::default(),
        propagation: Propagation::Private,
        origin: origin(),
    }
}

fn host(target: &str, source: &str) -> Mount {
    mount(target, MountSource::Host { path: path(source) })
}

fn readonly(mount: Mount) -> Mount {
    Mount { options: MountOptions { readonly: true, ..mount.options }, ..mount }
}

/// What is exposed for `resources`: names and backings.
fn exposed(view: &View, resources: &[&str]) -> Vec<Exposure> {
    let resources: Vec<Resource> = resources.iter().map(|text| text.parse().unwrap()).collect();
    view.exposures(&resources).unwrap()
}

fn names(exposures: &[Exposure]) -> Vec<String> {
    exposures.iter().map(|exposure| exposure.resource.to_string()).collect()
}

#[test]
fn a_sealed_place_denies_and_a_grant_below_it_works() {
    let tmpfs = Mount {
        limits: Limits { size: Some(Size(4096)), inodes: None },
        ..mount("/tmp/work", MountSource::Tmpfs)
    };
    let view = View::new(vec![mount("/tmp", MountSource::Sealed), tmpfs], Trees::new()).unwrap();
    let exposures = exposed(&view, &["/tmp"]);
    assert_eq!(names(&exposures), ["/tmp", "/tmp/work"]);
    assert_eq!((exposures[0].backing.judged(), exposures[0].access), (&Backing::Sealed, Access::NONE));
    assert_eq!((exposures[1].backing.judged(), exposures[1].access), (&Backing::Private, Access::ALL));
    assert_eq!(exposures[1].limits.size, Some(Size(4096)));
    assert!(exposures.iter().all(|exposure| exposure.role == Role::Scratch));
}

#[test]
fn a_later_seal_hides_what_was_below() {
    let mounts = vec![host("/tmp/socket", "/tmp/socket"), mount("/tmp", MountSource::Sealed)];
    let view = View::new(mounts, Trees::new()).unwrap();
    let exposures = exposed(&view, &["/tmp"]);
    assert_eq!(names(&exposures), ["/tmp"]);
    assert_eq!(exposures[0].backing.judged(), &Backing::Sealed);
}

#[test]
fn the_hosts_scratch_is_found_under_any_name() {
    let mounts = vec![
        mount("/tmp", MountSource::Sealed),
        host("/mnt/all", "/"),
        host("/mnt/part", "/tmp/x"),
        host("/mnt/other", "/srv"),
    ];
    let view = View::new(mounts, Trees::new()).unwrap();
    let exposures = exposed(&view, &["/tmp"]);
    assert_eq!(names(&exposures), ["/mnt/all", "/mnt/part", "/tmp"]);
    let related = |index: usize| {
        exposures[index].related.iter().map(|related| (related.how, related.guard)).collect::<Vec<_>>()
    };
    assert!(related(0).contains(&(Relation::Is, Guard::Root)));
    assert!(related(0).contains(&(Relation::Contains, Guard::Scratch)));
    assert_eq!(related(1), [(Relation::Below, Guard::Scratch)]);
    assert_eq!(exposures[1].role, Role::ReadWrite);
}

#[test]
fn a_link_of_the_host_is_followed_before_it_is_bound() {
    let mut trees = Trees::new();
    trees.link(Tree::Host, path("/srv/innocent"), "../tmp");
    let view = View::new(vec![host("/data", "/srv/innocent/x")], trees).unwrap();
    let exposures = exposed(&view, &["/tmp"]);
    assert_eq!(names(&exposures), ["/data", "/tmp"]);
    assert_eq!(exposures[0].backing.judged(), &Backing::Host { path: Some(path("/tmp/x")) });
}

#[test]
fn var_tmp_may_be_a_link_to_tmp() {
    let mut trees = Trees::new();
    trees.link(Tree::Image, path("/var/tmp"), "/tmp");
    let view = View::new(vec![mount("/tmp", MountSource::Sealed)], trees).unwrap();
    assert_eq!(exposed(&view, &["/var/tmp"])[0].backing.judged(), &Backing::Sealed);
    let plain = View::new(vec![mount("/tmp", MountSource::Sealed)], Trees::new()).unwrap();
    assert_eq!(exposed(&plain, &["/var/tmp"])[0].backing.judged(), &Backing::Rootfs);
}

#[test]
fn what_cant_be_there_is_absent() {
    let empty = |root: Mount| View::new(vec![root], Trees::new()).unwrap();
    let absent = exposed(&empty(readonly(mount("/", MountSource::Tmpfs))), &["/dev/hugepages"]);
    assert_eq!((absent[0].backing.judged(), absent[0].access), (&Backing::Absent, Access::NONE));
    // Where it could be made, it is as good as there.
    let makeable = exposed(&empty(mount("/", MountSource::Tmpfs)), &["/dev/hugepages"]);
    assert_eq!(makeable[0].backing.judged(), &Backing::Private);
    // What is not known counts as there.
    let unknown = exposed(&empty(readonly(host("/", "/srv/image"))), &["/dev/hugepages"]);
    assert!(matches!(unknown[0].backing.judged(), Backing::Host { .. }));
}

#[test]
fn a_read_only_bind_below_a_writable_one_stays_read_only() {
    let mounts = vec![host("/w", "/srv/w"), readonly(host("/w/.git", "/srv/w/.git"))];
    let view = View::new(mounts, Trees::new()).unwrap();
    for (name, writable) in
        [("/w", true), ("/w/src", true), ("/w/.git", false), ("/w/.git/hooks", false), ("/w/.gitx", true)]
    {
        let exposure = &exposed(&view, &[name])
            .into_iter()
            .find(|exposure| exposure.resource == Resource::Path(path(name)))
            .unwrap();
        assert_eq!(exposure.access.write, writable, "{name}");
        assert_eq!(exposure.options.readonly, !writable, "{name}");
    }
}

#[test]
fn unknown_and_shared_sources_keep_their_certainty() {
    let unknown = Mount {
        source: Fact::Unknown { worst: MountSource::Host { path: path("/tmp") }, origin: origin() },
        sharing: Sharing::Unknown,
        ..mount("/tmp", MountSource::Tmpfs)
    };
    let pod = Mount {
        sharing: Sharing::Named { names: vec!["pod".to_owned()] },
        ..mount("/dev/shm", MountSource::Tmpfs)
    };
    let view = View::new(vec![unknown, pod], Trees::new()).unwrap();
    let exposures = exposed(&view, &["/tmp", "/dev/shm"]);
    assert_eq!(exposures[0].backing.judged(), &Backing::Shared { group: "pod".to_owned() });
    assert!(exposures[1].backing.is_unknown());
    assert_eq!(exposures[1].backing.judged(), &Backing::Host { path: Some(path("/tmp")) });
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let mut trees = Trees::new();
    for n in 0..=MAX_LINKS {
        trees.link(Tree::Image, path(&format!("/{n}")), &format!("{}", n + 1));
    }
    let view = View::new(Vec::new(), trees).unwrap();
    assert_eq!(view.resolve(&path("/1")).unwrap().path, path("/41"));
    assert_eq!(view.resolve(&path("/0")), Err(ViewError::Loop(path("/0"))));
    let mut trees = Trees::new();
    trees.link(Tree::Image, path("/tmp"), "tmp");
    assert!(matches!(View::new(vec![mount("/tmp", MountSource::Sealed)], trees), Err(ViewError::Loop(_))));
}

#[test]
fn what_the_controls_leave_of_ipc() {
    let control = |name: &str| Control {
        name: name.to_owned(),
        enforced: Fact::Known { value: true, origin: origin() },
    };
    let backing = |kind: IpcKind, controls: &[&str]| {
        let controls = controls.iter().map(|name| control(name)).collect();
        let view = View::new(Vec::new(), Trees::new()).unwrap().with_controls(controls);
        view.exposures(&[Resource::Ipc(kind)]).unwrap()[0].backing.judged().clone()
    };
    for kind in [IpcKind::SysvShm, IpcKind::SysvSem, IpcKind::SysvMsg, IpcKind::PosixMq] {
        assert_eq!(backing(kind, &["net-namespace"]), Backing::Host { path: None });
        assert_eq!(backing(kind, &["ipc-namespace"]), Backing::Private);
        let closed = format!("no-{}", kind.name());
        assert_eq!(backing(kind, &["ipc-namespace", &closed]), Backing::Sealed);
    }
    assert_eq!(backing(IpcKind::AbstractUnix, &["ipc-namespace"]), Backing::Host { path: None });
    assert_eq!(backing(IpcKind::AbstractUnix, &["net-namespace"]), Backing::Private);
    assert_eq!(backing(IpcKind::AbstractUnix, &["landlock-scope"]), Backing::Sealed);
    assert_eq!(backing(IpcKind::MemfdExec, &[]), Backing::Private);
    assert_eq!(backing(IpcKind::MemfdExec, &["memfd-noexec"]), Backing::Sealed);
    // A control that may be off is off.
    let off = Control {
        name: "ipc-namespace".to_owned(),
        enforced: Fact::Unknown { worst: false, origin: origin() },
    };
    let view = View::new(Vec::new(), Trees::new()).unwrap().with_controls(vec![off]);
    let exposure = &view.exposures(&[Resource::Ipc(IpcKind::SysvShm)]).unwrap()[0];
    assert_eq!(exposure.sharing, Sharing::Host);
}

#[test]
fn relations_that_a_name_alone_shows() {
    let of = |text: &str| {
        relations(&path(text), Some(&path("/home/u")))
            .into_iter()
            .map(|related| (related.how, related.to.to_string()))
            .collect::<Vec<_>>()
    };
    let one = |how, to: &str| vec![(how, to.to_owned())];
    assert_eq!(of("/tmp"), one(Relation::Is, "/tmp"));
    assert_eq!(of("/tmp/x/y"), one(Relation::Below, "/tmp"));
    assert_eq!(of("/tmpx"), []);
    assert_eq!(of("/srv"), []);
    assert_eq!(of("/usr"), one(Relation::Contains, "/usr/tmp"));
    assert_eq!(of("/run/user"), one(Relation::Contains, "/run/user/*"));
    assert_eq!(of("/run/user/0/bus"), one(Relation::Below, "/run/user/0"));
    assert_eq!(of("/home/u"), one(Relation::Is, "/home/u"));
    assert_eq!(of("/home"), one(Relation::Contains, "/home/u"));
    assert_eq!(of("/home/u/project"), []);
    assert_eq!(of("/home/us"), []);
    let root = of("/");
    assert!(root.contains(&(Relation::Is, "/".to_owned())) && root.len() == 11, "{root:?}");
}
