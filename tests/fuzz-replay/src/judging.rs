//! The policy: whatever it is asked, it answers, and allows nothing that must never be allowed.

use std::sync::LazyLock;

use denybox_core::decision::{Caller, Decision, Host, INPUT_VERSION, Input, Verdict};
use denybox_core::path::AbsPath;
use denybox_core::policy::Policy;
use denybox_core::resource::{IpcKind, Resource, scratch_tree};
use denybox_core::size::Size;
use denybox_core::surface::{
    Access, Backing, DirectoryFacts, Exposure, Fact, Guard, Limits, MountOptions, Origin, Related, Relation,
    Role, Sharing, Surface,
};

use crate::choices::Choices;
use crate::telling::deceptive;

/// An input as JSON where it begins like one, otherwise one made of choices.
pub fn policy(data: &[u8]) {
    static SHIPPED: LazyLock<Policy> = LazyLock::new(|| Policy::shipped("local").expect("it ships"));
    let input = if data.first() == Some(&b'{') {
        let Ok(input) = serde_json::from_slice::<Input>(data) else { return };
        input
    } else {
        chosen(&mut Choices::new(data))
    };
    match SHIPPED.decide(&input) {
        Decision::Allowed(allowed) => {
            assert_eq!(allowed.verdicts().len(), input.surface.exposures.len());
            assert!(allowed.verdicts().iter().all(|verdict| matches!(verdict, Verdict::Allow { .. })));
            assert_eq!(input.version, INPUT_VERSION, "another version was allowed");
            for exposure in &input.surface.exposures {
                acceptable(exposure, &input);
            }
            let granted = |exposure: &&Exposure| {
                exposure.role == Role::Scratch && *exposure.backing.judged() == Backing::Private
            };
            let sum: u128 = input
                .surface
                .exposures
                .iter()
                .filter(granted)
                .filter_map(|exposure| exposure.limits.size)
                .map(|size| u128::from(size.0))
                .sum();
            // The engine counts in floating point: exact up to 2^53, beyond that nearly.
            let budget = u128::from(input.host.memory_bytes);
            assert!(sum * 4 <= budget + budget / (1 << 50), "{sum} of {budget} bytes");
        }
        Decision::Refused(refusal) => {
            assert!(refusal.reasons().count() > 0, "refused without a reason: {input:?}");
            assert!(refusal.denials.iter().all(|(_, reasons)| !reasons.is_empty()));
            for reason in refusal.reasons() {
                assert!(!reason.code.is_empty() && !reason.message.is_empty());
                assert!(!reason.message.contains(deceptive), "{reason:?}");
                assert!(!reason.remedy.as_deref().unwrap_or_default().contains(deceptive), "{reason:?}");
            }
        }
    }
}

/// What every allowed exposure must be, whichever rule allowed it. Written from SECURITY.md's promises, not from the Rego.
fn acceptable(exposure: &Exposure, input: &Input) {
    let Exposure { resource, role, access, backing, options, limits, sharing, related, directory, .. } =
        exposure;
    let reason = input.reasons.iter().any(|text| text.chars().any(char::is_alphanumeric));
    let of_the_host = matches!(backing.judged(), Backing::Host { .. });
    let shown = of_the_host && matches!(role, Role::Workspace | Role::ReadOnly | Role::ReadWrite);
    let mut below_scratch = related.iter().any(|related| related.guard == Guard::Scratch);
    if shown {
        for path in resource.path().into_iter().chain(host_path(backing.judged())) {
            assert_ne!(*path, AbsPath::root(), "/ was shown: {exposure:?}");
            assert!(scratch_tree(path).as_ref() != Some(path), "scratch was shown: {exposure:?}");
            if let Some(home) = &input.caller.home {
                assert!(!home.is_at_or_below(path), "the home was shown: {exposure:?}");
            }
            below_scratch |= scratch_tree(path).is_some();
        }
        assert!(
            related.iter().all(|related| related.how == Relation::Below),
            "a guarded place: {exposure:?}"
        );
        assert!(!below_scratch || *role == Role::Workspace || reason, "no reason: {exposure:?}");
    }
    match backing.judged() {
        Backing::Absent | Backing::Sealed => assert!(!access.write, "{exposure:?}"),
        Backing::Shared { .. } => panic!("shared with others: {exposure:?}"),
        Backing::Rootfs => assert!(!access.write, "{exposure:?}"),
        Backing::Host { .. } => {
            assert!(!matches!(role, Role::Scratch | Role::Home), "the host's own: {exposure:?}");
            let writable = matches!(role, Role::Workspace | Role::ReadWrite | Role::Socket | Role::Network);
            assert!(writable || (!access.write && options.readonly), "{exposure:?}");
            assert!(*role != Role::Network || input.host.abstract_socket_scope, "{exposure:?}");
        }
        Backing::Private => match role {
            Role::Home => assert!(limits.size.is_some_and(|size| size.0 > 0), "{exposure:?}"),
            Role::Scratch => {
                assert!(reason, "no reason: {exposure:?}");
                assert_eq!(*sharing, Sharing::Private, "{exposure:?}");
                if resource.path().is_some() {
                    assert!(limits.size.is_some_and(|size| size.0 > 0), "{exposure:?}");
                    assert!(options.nosuid && options.nodev, "{exposure:?}");
                }
            }
            _ => assert!(!access.write, "{exposure:?}"),
        },
        Backing::Dir { path } => {
            assert!(reason && *role == Role::Scratch, "{exposure:?}");
            assert!(options.noexec && options.nosuid && options.nodev && !access.execute, "{exposure:?}");
            let closed = DirectoryFacts { directory: true, owned_by_caller: true, mode: 0o700, locked: true };
            assert_eq!(directory.as_ref(), Some(&closed), "{exposure:?}");
            assert!(!below_scratch && scratch_tree(path).is_none(), "a directory in scratch: {exposure:?}");
        }
    }
}

fn host_path(backing: &Backing) -> Option<&AbsPath> {
    match backing {
        Backing::Host { path } => path.as_ref(),
        _ => None,
    }
}

/// An input that is nearly a good one.
fn chosen(choices: &mut Choices<'_>) -> Input {
    let reasons: &[&[&str]] = &[&["it spills"], &[], &[""], &[" \t"], &["…"], &["\u{3164}"], &["因为"]];
    let mut input = Input {
        version: choices.of(&[INPUT_VERSION, INPUT_VERSION, INPUT_VERSION, 0, 2]),
        surface: Surface::default(),
        reasons: choices.of(reasons).iter().map(|text| (*text).to_owned()).collect(),
        justifications: Vec::new(),
        host: Host {
            memory_bytes: choices.of(&[8 << 30, 0, 1, 1 << 20, u64::MAX]),
            abstract_socket_scope: !choices.yes(),
        },
        caller: Caller {
            uid: choices.of(&[1000, 0, u32::MAX]),
            home: choices.of(&["/home/u", "", "/", "/tmp/u"]).parse().ok(),
        },
        time: choices.number(),
    };
    while !choices.is_over() && input.surface.exposures.len() < 6 {
        input.surface.exposures.push(exposure(choices));
    }
    input
}

fn path(choices: &mut Choices<'_>) -> AbsPath {
    const PATHS: [&str; 20] = [
        "/srv/data",
        "/tmp",
        "/tmp/x",
        "/",
        "/home/u",
        "/home/u/project",
        "/home",
        "/dev/shm",
        "/var",
        "/var/tmp/a",
        "/run/user/1000",
        "/run/user",
        "/run/denybox/scratch",
        "/run/denybox",
        "/proc/sys",
        "/sys",
        "/dev",
        "/usr",
        "/run",
        "/tmpx",
    ];
    match choices.byte() {
        255 => AbsPath::new(&format!("/{}", choices.text())).unwrap_or_else(|_| AbsPath::root()),
        at => {
            let text = PATHS.get(usize::from(at) % PATHS.len()).copied().unwrap_or("/");
            AbsPath::new(text).unwrap_or_else(|_| AbsPath::root())
        }
    }
}

fn exposure(choices: &mut Choices<'_>) -> Exposure {
    const ROLES: [Role; 9] = [
        Role::Scratch,
        Role::Workspace,
        Role::ReadOnly,
        Role::ReadWrite,
        Role::System,
        Role::Toolchain,
        Role::Home,
        Role::Socket,
        Role::Network,
    ];
    let role = choices.of(&ROLES);
    let at = path(choices);
    let resource = match choices.byte() {
        kind @ 0..6 => IpcKind::ALL
            .get(usize::from(kind))
            .map_or_else(|| Resource::Path(at.clone()), |kind| Resource::Ipc(*kind)),
        _ => Resource::Path(at.clone()),
    };
    let backing = match choices.byte() % 8 {
        0 => Backing::Private,
        1 => Backing::Sealed,
        2 => Backing::Absent,
        3 => Backing::Rootfs,
        4 => Backing::Dir { path: path(choices) },
        5 => Backing::Shared { group: choices.text() },
        6 => Backing::Host { path: None },
        _ => Backing::Host { path: Some(if choices.yes() { path(choices) } else { at }) },
    };
    let origin = Origin::Argument { text: choices.text() };
    let [access, options] = [choices.byte(), choices.byte()];
    let is = |byte: u8, bit: u8| byte & (1 << bit) != 0;
    let size = choices.byte();
    let mode = choices.of(&[0o700, 0o755, 0o1777, 0o7700]);
    let facts = choices.byte();
    Exposure {
        resource,
        role,
        access: Access { read: !is(access, 0), write: is(access, 1), execute: is(access, 2) },
        backing: match choices.byte() % 4 {
            3 => Fact::Unknown { worst: backing, origin: origin.clone() },
            2 => Fact::Defaulted { value: backing, origin: origin.clone() },
            _ => Fact::Known { value: backing, origin: origin.clone() },
        },
        options: MountOptions {
            readonly: is(options, 0),
            noexec: !is(options, 1),
            nosuid: !is(options, 2),
            nodev: !is(options, 3),
        },
        limits: Limits {
            size: is(size, 0).then(|| Size(choices.number())),
            inodes: is(size, 1).then(|| choices.number()),
        },
        sharing: match choices.byte() % 4 {
            0 => Sharing::Private,
            1 => Sharing::Host,
            2 => Sharing::Unknown,
            _ => Sharing::Named { names: vec![choices.text()] },
        },
        related: (0..choices.byte() % 3)
            .map(|_| Related {
                how: choices.of(&[Relation::Below, Relation::Is, Relation::Contains, Relation::Aliases]),
                to: path(choices),
                guard: choices.of(&[Guard::Scratch, Guard::Root, Guard::Home]),
            })
            .collect(),
        directory: is(facts, 0).then(|| DirectoryFacts {
            directory: !is(facts, 1),
            owned_by_caller: !is(facts, 2),
            mode,
            locked: !is(facts, 3),
        }),
        origin,
    }
}
