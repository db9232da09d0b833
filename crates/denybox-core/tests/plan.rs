//! Plans: the whole of one, and what holds for the order of every one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

use std::sync::LazyLock;

use denybox_core::decision::{Caller, Decision, Host, INPUT_VERSION, Input};
use denybox_core::path::AbsPath;
use denybox_core::plan::{Action, Furniture, Identity, Network, Plan, Protected, SCRATCH, Step, compose};
use denybox_core::policy::Policy;
use denybox_core::resource::{IpcKind, Resource};
use denybox_core::size::Size;
use denybox_core::surface::{
    Access, Backing, Exposure, Fact, Limits, MountOptions, Origin, Role, Sharing, Surface,
};
use proptest::prelude::*;

static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::shipped("local").unwrap());

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

fn exposure(at: &str, role: Role, backing: Backing) -> Exposure {
    let origin = Origin::Rule { name: "test".to_owned() };
    let readonly = matches!(role, Role::System | Role::Toolchain | Role::ReadOnly);
    let sealed = backing == Backing::Sealed;
    let private = backing == Backing::Private;
    let scratch = role == Role::Scratch;
    Exposure {
        resource: at.parse().unwrap(),
        role,
        access: if sealed {
            Access::NONE
        } else {
            Access { read: true, write: !readonly, execute: !scratch }
        },
        options: MountOptions { readonly, noexec: scratch, nosuid: true, nodev: true },
        limits: Limits { size: private.then_some(Size(1 << 20)), inodes: None },
        sharing: if private || sealed { Sharing::Private } else { Sharing::Host },
        backing: Fact::Known { value: backing, origin: origin.clone() },
        related: Vec::new(),
        directory: None,
        origin,
    }
}

fn host(at: &str, role: Role) -> Exposure {
    exposure(at, role, Backing::Host { path: Some(path(at)) })
}

fn plan(exposures: Vec<Exposure>, furniture: Furniture) -> Result<Plan, Vec<String>> {
    let input = Input {
        version: INPUT_VERSION,
        surface: Surface { exposures, controls: Vec::new() },
        reasons: vec!["the test needs it".to_owned()],
        justifications: Vec::new(),
        host: Host { memory_bytes: 8 << 30, abstract_socket_scope: true },
        caller: Caller { uid: 1000, home: Some(path("/home/u")) },
        time: 0,
    };
    match POLICY.decide(&input) {
        Decision::Allowed(allowed) => Ok(compose(&allowed, Identity::of_caller(1000, 1000), furniture)),
        Decision::Refused(refusal) => Err(refusal.reasons().map(|reason| reason.message.clone()).collect()),
    }
}

fn line(step: &Step) -> String {
    let what = match &step.action {
        Action::Directory { mode } => format!("directory {mode:o}"),
        Action::Link { to } => format!("link to {to}"),
        Action::File { text, mode } => format!("file {mode:o} {text:?}"),
        Action::Bind { from, readonly, noexec, devices, as_caller } => {
            let flags =
                [(*readonly, " ro"), (*noexec, " noexec"), (*devices, " dev"), (*as_caller, " as-caller")];
            let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
            format!("bind {from}{flags}")
        }
        Action::Tmpfs { size, inodes, mode, noexec } => {
            format!("tmpfs {size} {inodes:?} {mode:o}{}", if *noexec { " noexec" } else { "" })
        }
        Action::Seal => "seal".to_owned(),
        Action::Kernel { name } => name.clone(),
        Action::ReadOnly => "read-only".to_owned(),
        Action::Pin => "pin".to_owned(),
        Action::Mask => "mask".to_owned(),
    };
    format!("{}: {what}{}", step.at, if step.optional { " (optional)" } else { "" })
}

#[test]
fn a_whole_plan() {
    let furniture = Furniture {
        id: "box-1".to_owned(),
        links: vec![(path("/bin"), "usr/bin".to_owned()), (path("/var/run"), "/run".to_owned())],
        masked: vec![path("/home/u/.cargo/credentials.toml")],
        protected: vec![
            Protected::Pinned(path("/home/u/project/.git")),
            Protected::ReadOnly(path("/home/u/project/.git/hooks")),
        ],
        files: vec![(path("/home/u/.gitconfig"), "[user]\n".to_owned())],
        argv: vec!["true".into()],
        directory: Some(path("/home/u/project")),
        ..Furniture::default()
    };
    let exposures = vec![
        host("/usr", Role::System),
        host("/etc", Role::System),
        host("/var/lib/dpkg", Role::System),
        exposure("/home/u", Role::Home, Backing::Private),
        host("/home/u/.cargo", Role::Toolchain),
        host("/srv/data", Role::ReadOnly),
        host("/home/u/project", Role::Workspace),
        exposure("/dev/shm", Role::Scratch, Backing::Private),
        exposure(SCRATCH, Role::Scratch, Backing::Private),
        exposure("posix-mq", Role::Scratch, Backing::Private),
        exposure("/tmp", Role::Scratch, Backing::Sealed),
        exposure("/var/tmp", Role::Scratch, Backing::Sealed),
        exposure("/run/lock", Role::Scratch, Backing::Sealed),
    ];
    let plan = plan(exposures, furniture).unwrap();
    let expected = "\
/bin: link to usr/bin
/var/run: link to /run
/dev: directory 755
/dev/null: bind /dev/null noexec dev
/dev/zero: bind /dev/zero noexec dev
/dev/full: bind /dev/full noexec dev
/dev/random: bind /dev/random noexec dev
/dev/urandom: bind /dev/urandom noexec dev
/dev/tty: bind /dev/tty noexec dev
/dev/pts: devpts
/dev/fd: link to /proc/self/fd
/dev/stdin: link to /proc/self/fd/0
/dev/stdout: link to /proc/self/fd/1
/dev/stderr: link to /proc/self/fd/2
/dev/ptmx: link to pts/ptmx
/proc: proc
/proc/sys: read-only (optional)
/proc/irq: read-only (optional)
/proc/bus: read-only (optional)
/proc/fs: read-only (optional)
/proc/sysrq-trigger: read-only (optional)
/proc/keys: mask (optional)
/proc/key-users: mask (optional)
/proc/kcore: mask (optional)
/proc/timer_list: mask (optional)
/proc/sched_debug: mask (optional)
/proc/latency_stats: mask (optional)
/proc/acpi: mask (optional)
/proc/scsi: mask (optional)
/proc/asound: mask (optional)
/tmp: seal
/usr: bind /usr ro
/etc: bind /etc ro
/var/tmp: seal
/run/lock: seal
/home/u: tmpfs 1M None 700
/srv/data: bind /srv/data ro as-caller
/dev/shm: tmpfs 1M None 1777 noexec
/dev/mqueue: mqueue
/var/lib/dpkg: bind /var/lib/dpkg ro
/home/u/.cargo: bind /home/u/.cargo ro as-caller
/home/u/project: bind /home/u/project as-caller
/run/denybox/scratch: tmpfs 1M None 700 noexec
/home/u/.cargo/credentials.toml: mask (optional)
/home/u/project/.git: pin
/home/u/project/.git/hooks: read-only
/home/u/.gitconfig: file 644 \"[user]\\n\"";
    let lines: Vec<String> = plan.steps.iter().map(line).collect();
    assert_eq!(lines.join("\n"), expected);
    assert_eq!((plan.id.as_str(), plan.decision.len(), plan.network), ("box-1", 16, Network::None));
    let writable: Vec<&str> = plan.writable.iter().map(AbsPath::as_str).collect();
    assert_eq!(writable, ["/home/u", "/home/u/project", "/dev/shm", SCRATCH, "/dev/mqueue"]);
    assert_eq!(plan.calls.granted, [IpcKind::PosixMq]);
    assert_eq!(plan.directory, path("/home/u/project"));
    // It travels to another process as text.
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
}

#[test]
fn the_hosts_network_and_root() {
    let mut network = exposure("abstract-unix", Role::Network, Backing::Host { path: None });
    network.options = MountOptions::default();
    let plan = plan(vec![network], Furniture::default()).unwrap();
    assert_eq!(plan.network, Network::Host);
    assert!(plan.seals().next().is_none() && plan.writable.is_empty());
    let root = Identity::of_caller(0, 0);
    assert_eq!((root.inside_uid, root.host_uid, root.is_separated()), (0, 65534, true));
    assert!(!Identity::of_caller(1000, 1000).is_separated());
}

#[test]
fn what_a_seal_holds() {
    let exposures = vec![
        exposure("/tmp", Role::Scratch, Backing::Sealed),
        host("/tmp/x/work", Role::Workspace),
        exposure("/tmp/y", Role::Scratch, Backing::Private),
    ];
    let plan = plan(exposures, Furniture::default()).unwrap();
    let (tmp, inside) = (path("/tmp"), path("/tmp/x/other"));
    assert_eq!(plan.seals().collect::<Vec<_>>(), [&tmp]);
    let points: Vec<&str> = plan.mount_points_below(&tmp).map(AbsPath::as_str).collect();
    assert_eq!(points, ["/tmp/y", "/tmp/x/work"]);
    assert_eq!(plan.sealed_resource(&inside), Some(Resource::Path(tmp)));
    assert_eq!(plan.sealed_resource(&path("/tmpx")), None);
}

fn any_surface() -> impl Strategy<Value = Vec<Exposure>> {
    let places = vec![
        "/srv",
        "/srv/a",
        "/srv/a/b",
        "/home/u/project",
        "/home/u/project/sub",
        "/var/lib",
        "/opt",
        "/opt/x/y",
        "/tmp/work",
        "/tmp/work/deep/er",
        "/mnt/data",
    ];
    let shown = (
        prop::sample::select(places),
        prop::sample::select(vec![Role::ReadOnly, Role::ReadWrite, Role::Workspace, Role::Toolchain]),
    )
        .prop_map(|(at, role)| host(at, role));
    let granted =
        prop::sample::select(vec!["/tmp/own", "/dev/shm", SCRATCH, "/srv/a", "/var/lib", "/opt", "/tmp"])
            .prop_map(|at| exposure(at, Role::Scratch, Backing::Private));
    let system = prop::sample::select(vec!["/usr", "/etc", "/opt", "/var/lib/dpkg", "/var/cache/fontconfig"])
        .prop_map(|at| host(at, Role::System));
    let sealed = prop::sample::select(vec!["/tmp", "/var/tmp", "/run/lock", "/dev/shm", "/run/user/1000"])
        .prop_map(|at| exposure(at, Role::Scratch, Backing::Sealed));
    let own: Vec<IpcKind> = IpcKind::ALL.into_iter().filter(|kind| *kind != IpcKind::AbstractUnix).collect();
    let kind =
        prop::sample::select(own).prop_map(|kind| exposure(kind.name(), Role::Scratch, Backing::Private));
    prop::collection::vec(prop_oneof![shown, granted, system, sealed, kind], 0..12).prop_map(|exposures| {
        let mut kept: Vec<Exposure> = Vec::new();
        for exposure in exposures {
            if kept.iter().all(|other| other.resource != exposure.resource) {
                kept.push(exposure);
            }
        }
        kept
    })
}

/// Whether a step puts something over a place.
fn covers(action: &Action) -> bool {
    matches!(action, Action::Bind { .. } | Action::Tmpfs { .. } | Action::Seal | Action::Kernel { .. })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("DENYBOX_FULL").is_some() { 4000 } else { 200 },
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_hides_nothing(exposures in any_surface()) {
        let plan = plan(exposures.clone(), Furniture::default());
        prop_assert!(plan.is_ok(), "refused: {:?}", plan);
        let plan = plan.unwrap();
        for (position, later) in plan.steps.iter().enumerate() {
            for earlier in &plan.steps[..position] {
                let hidden = covers(&later.action) && covers(&earlier.action) && earlier.at.is_at_or_below(&later.at);
                prop_assert!(!hidden, "{} hides {}", line(later), line(earlier));
            }
        }
        // What is seen at each exposure's place is what was decided about it.
        for exposure in &exposures {
            let Some(at) = exposure.resource.path() else { continue };
            let step = plan.steps.iter().rfind(|step| step.at == *at && covers(&step.action));
            prop_assert!(step.is_some(), "{at} has no step");
            let step = step.unwrap();
            match (exposure.backing.judged(), &step.action) {
                (Backing::Sealed, Action::Seal) => {}
                (Backing::Private, Action::Tmpfs { size, noexec, .. }) => {
                    prop_assert_eq!(Some(*size), exposure.limits.size);
                    prop_assert_eq!(*noexec, exposure.options.noexec);
                }
                (Backing::Host { path: Some(source) }, Action::Bind { from, readonly, devices, .. }) => {
                    prop_assert_eq!(from, source);
                    prop_assert_eq!(*readonly, exposure.options.readonly, "{} is read-only or isn't", at);
                    prop_assert!(!*devices);
                }
                other => prop_assert!(false, "{at}: {other:?}"),
            }
            prop_assert_eq!(plan.writable.contains(at), exposure.access.write);
        }
        // And nothing writable is there that nobody was given.
        let devices = plan.steps.iter().filter(|step| matches!(step.action, Action::Bind { devices: true, .. }));
        prop_assert!(devices.clone().all(|step| step.at.parent() == Some(path("/dev"))));
        let writable = plan.steps.iter().filter(|step| match step.action {
            Action::Bind { readonly, devices, .. } => !readonly && !devices,
            Action::Tmpfs { .. } => true,
            _ => false,
        });
        for step in writable {
            let given = exposures.iter().any(|exposure| exposure.resource.path() == Some(&step.at) && exposure.access.write);
            prop_assert!(given, "nobody was given {}", line(step));
        }
        for kind in IpcKind::ALL {
            let asked = exposures.iter().any(|exposure| exposure.resource == Resource::Ipc(kind));
            prop_assert_eq!(plan.calls.grants(kind), asked);
        }
    }
}
