//! How long the shipped policy takes: from nothing loaded to the first decision, and from then on.
//! `cargo run --release -p denybox-core --example decide`

use std::time::{Duration, Instant};

use denybox_core::decision::{Caller, Decision, Host, INPUT_VERSION, Input};
use denybox_core::path::{AbsPath, PathError};
use denybox_core::policy::Policy;
use denybox_core::resource::Resource;
use denybox_core::resource::SCRATCH_PATHS;
use denybox_core::size::Size;
use denybox_core::surface::{
    Access, Backing, Control, Exposure, Fact, Limits, MountOptions, Origin, Role, Sharing, Surface,
};

fn exposure(path: &str, role: Role, access: Access, backing: Backing) -> Result<Exposure, PathError> {
    let origin = Origin::Rule { name: "denybox: example".to_owned() };
    let private = backing == Backing::Private;
    Ok(Exposure {
        resource: Resource::Path(AbsPath::new(path)?),
        role,
        access,
        options: MountOptions { readonly: !access.write, noexec: !access.execute, nosuid: true, nodev: true },
        limits: Limits { size: private.then_some(Size(64 << 20)), inodes: None },
        sharing: if private { Sharing::Private } else { Sharing::Host },
        backing: Fact::Known { value: backing, origin: origin.clone() },
        related: Vec::new(),
        directory: None,
        origin,
    })
}

/// A box as `denybox run --ro … --rw …` makes it, with `--scratch 64M --because …` or without: 25 exposures.
fn input(granted: bool) -> Result<Input, PathError> {
    let mut exposures = Vec::new();
    for path in ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt"] {
        let host = Backing::Host { path: Some(AbsPath::new(path)?) };
        exposures.push(exposure(path, Role::System, Access::READ, host)?);
    }
    for path in ["/home/u/.cargo/bin", "/home/u/.rustup", "/home/u/.nvm"] {
        let host = Backing::Host { path: Some(AbsPath::new(path)?) };
        exposures.push(exposure(path, Role::Toolchain, Access::READ, host)?);
    }
    for pattern in SCRATCH_PATHS {
        exposures.push(exposure(
            &pattern.replace('*', "1000"),
            Role::Scratch,
            Access::NONE,
            Backing::Sealed,
        )?);
    }
    for path in ["/srv/data", "/srv/models"] {
        let host = Backing::Host { path: Some(AbsPath::new(path)?) };
        exposures.push(exposure(path, Role::ReadOnly, Access::READ, host)?);
    }
    let host = Backing::Host { path: Some(AbsPath::new("/home/u/project")?) };
    exposures.push(exposure("/home/u/project", Role::Workspace, Access::ALL, host)?);
    exposures.push(exposure("/home/u", Role::Home, Access::ALL, Backing::Private)?);
    if granted {
        let path = "/run/denybox/scratch";
        exposures.push(exposure(path, Role::Scratch, Access::READ_WRITE, Backing::Private)?);
    } else {
        exposures.push(exposure("/run/user/1001", Role::Scratch, Access::NONE, Backing::Sealed)?);
    }
    let shared = Backing::Host { path: Some(AbsPath::new("/srv/cache")?) };
    exposures.push(exposure("/srv/cache", Role::ReadWrite, Access::READ_WRITE, shared)?);
    let origin = Origin::Rule { name: "denybox: controls".to_owned() };
    let controls =
        ["user-namespace", "mount-namespace", "pid-namespace", "ipc-namespace", "seccomp", "landlock"].map(
            |name| Control {
                name: name.to_owned(),
                enforced: Fact::Known { value: true, origin: origin.clone() },
            },
        );
    Ok(Input {
        version: INPUT_VERSION,
        surface: Surface { exposures, controls: controls.into() },
        reasons: vec!["sort(1) spills to disk".to_owned()],
        justifications: Vec::new(),
        host: Host { memory_bytes: 8 << 30, abstract_socket_scope: true },
        caller: Caller { uid: 1000, home: Some(AbsPath::new("/home/u")?) },
        time: 1_800_000_000,
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The first is what a process pays that decides once; the others have the code in the caches already.
    for granted in [std::env::args().any(|argument| argument == "granted"), true, false] {
        measure(&input(granted)?, if granted { "with a grant" } else { "without grants" })?;
    }
    Ok(())
}

fn measure(input: &Input, what: &str) -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let policy = Policy::shipped("local")?;
    let decision = policy.decide(input);
    let cold = start.elapsed();
    match &decision {
        Decision::Allowed(allowed) => print!("{} allowed, {what}", allowed.verdicts().len()),
        Decision::Refused(refusal) => print!("refused: {refusal:#?}"),
    }
    let mut hot: Vec<Duration> = (0..1000)
        .map(|_| {
            let start = Instant::now();
            let _decision = policy.decide(input);
            start.elapsed()
        })
        .collect();
    hot.sort();
    println!(": load and first decision {cold:?}, median of further ones {:?}", hot.get(500));
    Ok(())
}
