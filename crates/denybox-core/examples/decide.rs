//! What a decision costs: the program that `cargo xtask bench policy` runs, one measurement each time.
//!
//! `decide cold POLICY`, `decide hot POLICY RUNS`, `decide naive POLICY RUNS`, `decide prepared POLICY RUNS`, `decide verify
//! RUNS` print nanoseconds, the median and the 99th percentile; `decide question POLICY` prints what is asked. The surface
//! has 12 exposures; no two questions are the same.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement: it may stop")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use denybox_core::decision::{Caller, Decision, Host, INPUT_VERSION, Input};
use denybox_core::justification::envelope::Envelope;
use denybox_core::justification::key::SecretKey;
use denybox_core::justification::{Context, Manifest, Presented, Revocations, Trust, Trusts, verify};
use denybox_core::path::AbsPath;
use denybox_core::policy::opinion::document;
use denybox_core::policy::{Answer, Policy};
use denybox_core::resource::Resource;
use denybox_core::size::Size;
use denybox_core::surface::{
    Access, Backing, Control, Exposure, Fact, Limits, MountOptions, Origin, Role, Sharing, Surface,
};

/// Noon of 2026-12-01, in the manifest's time.
const NOON: u64 = 1_796_126_400;
const MANIFEST: &str = r#"{"version": 1, "id": "cost", "category": "build-scratch",
    "grants": [{"resource": "/tmp", "access": "read-write", "backing": "private", "size": "64M"}],
    "statement": "sort(1) spills to disk", "requestedBy": "alice", "approvedBy": ["bob"],
    "notBefore": "2026-12-01T00:00:00Z", "notAfter": "2026-12-08T00:00:00Z"}"#;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runs = |text: &str| text.parse::<usize>().unwrap();
    match &*words {
        ["cold", policy] => cold(policy),
        ["hot", policy, count] => hot(policy, runs(count)),
        ["naive", policy, count] => naive(policy, runs(count)),
        ["prepared", policy, count] => prepared(policy, runs(count)),
        ["verify", count] => verification(runs(count)),
        ["question", policy] => println!("{}", document(&Asking::new(policy).input(0)).unwrap()),
        _ => panic!("decide cold|hot|naive|prepared|question POLICY [RUNS], or decide verify RUNS"),
    }
}

fn exposure(path: &str, role: Role, access: Access, backing: Backing) -> Exposure {
    let origin = Origin::Rule { name: "denybox: measurement".to_owned() };
    let private = backing == Backing::Private;
    Exposure {
        resource: Resource::Path(AbsPath::new(path).unwrap()),
        role,
        access,
        options: MountOptions { readonly: !access.write, noexec: !access.execute, nosuid: true, nodev: true },
        limits: Limits { size: private.then_some(Size(64 << 20)), inodes: None },
        sharing: if private { Sharing::Private } else { Sharing::Host },
        backing: Fact::Known { value: backing, origin: origin.clone() },
        related: Vec::new(),
        directory: None,
        origin,
    }
}

/// What is asked again and again, each time a little different.
struct Asking {
    input: Input,
}

impl Asking {
    /// A box with a private /tmp: under `local` for a reason, under `strict` by a manifest with two signatures.
    fn new(policy: &str) -> Self {
        let host = |path: &str| Backing::Host { path: Some(AbsPath::new(path).unwrap()) };
        let mut exposures = Vec::new();
        for path in ["/usr", "/etc", "/opt"] {
            exposures.push(exposure(path, Role::System, Access::READ, host(path)));
        }
        let tools = "/home/u/.cargo/bin";
        exposures.push(exposure(tools, Role::Toolchain, Access::READ, host(tools)));
        for path in ["/var/tmp", "/dev/shm", "/run/lock"] {
            exposures.push(exposure(path, Role::Scratch, Access::NONE, Backing::Sealed));
        }
        exposures.push(exposure("/srv/data", Role::ReadOnly, Access::READ, host("/srv/data")));
        exposures.push(exposure("/srv/cache", Role::ReadWrite, Access::READ_WRITE, host("/srv/cache")));
        exposures.push(exposure("/home/u", Role::Home, Access::ALL, Backing::Private));
        exposures.push(exposure("/tmp", Role::Scratch, Access::READ_WRITE, Backing::Private));
        exposures.push(exposure("/home/u/project", Role::Workspace, Access::ALL, host("/home/u/project")));
        let origin = Origin::Rule { name: "denybox: controls".to_owned() };
        let controls = ["user-namespace", "mount-namespace", "ipc-namespace", "seccomp", "landlock"];
        let strict = policy == "strict";
        let input = Input {
            version: INPUT_VERSION,
            surface: Surface {
                exposures,
                controls: controls
                    .map(|name| Control {
                        name: name.to_owned(),
                        enforced: Fact::Known { value: true, origin: origin.clone() },
                    })
                    .into(),
            },
            reasons: if strict { Vec::new() } else { vec!["sort(1) spills to disk".to_owned()] },
            justifications: if strict { vec![Signed::new().verify()] } else { Vec::new() },
            host: Host { memory_bytes: 8 << 30, abstract_socket_scope: true },
            caller: Caller { uid: 1000, home: Some(AbsPath::new("/home/u").unwrap()) },
            time: NOON,
        };
        Self { input }
    }

    fn input(&self, number: usize) -> Input {
        let mut input = self.input.clone();
        let path = AbsPath::new(&format!("/home/u/project-{number}")).unwrap();
        let workspace = input.surface.exposures.last_mut().unwrap();
        workspace.resource = Resource::Path(path.clone());
        let Fact::Known { value, .. } = &mut workspace.backing else { panic!("it is known") };
        *value = Backing::Host { path: Some(path) };
        input.time += number as u64;
        input
    }
}

/// A manifest that two people signed, and whom to trust.
struct Signed {
    document: String,
    trusts: Trusts,
}

impl Signed {
    fn new() -> Self {
        let mut file = "version = 1\n".to_owned();
        let mut envelope = Envelope::of(&Manifest::parse(MANIFEST.as_bytes()).unwrap());
        for (person, role, byte) in [("alice", "requester", 7), ("bob", "approver", 8)] {
            let key = SecretKey::from_bytes(&[byte; 32]).unwrap();
            let public = key.public();
            file += &format!("[[key]]\nperson = {person:?}\npublic = \"{public}\"\nroles = [{role:?}]\n");
            envelope.add(key.sign(&envelope.pae())).unwrap();
        }
        Self {
            document: envelope.to_json(),
            trusts: Trusts::new(vec![Trust::parse(file.as_bytes()).unwrap()]),
        }
    }

    fn verify(&self) -> Presented {
        let (revocations, context) = (Revocations::default(), Context::default());
        let document = black_box(self.document.as_bytes());
        let presented = verify(document, "cost", &self.trusts, &revocations, &context).unwrap();
        assert_eq!(presented.signatures.len(), 2);
        presented
    }
}

fn allowed(decision: &Decision) {
    let Decision::Allowed(allowed) = decision else { panic!("refused: {decision:#?}") };
    assert_eq!(allowed.verdicts().len(), 12);
}

/// From nothing loaded to the first decision, in a process that has done nothing else.
fn cold(name: &str) {
    let input = Asking::new(name).input(0);
    let start = Instant::now();
    let decision = Policy::shipped(name).unwrap().decide(&input);
    let time = start.elapsed();
    allowed(&decision);
    tell(vec![time]);
}

fn hot(name: &str, runs: usize) {
    let policy = Policy::shipped(name).unwrap().made_ready();
    measure(name, runs, |input| allowed(black_box(&policy.decide(black_box(input)))));
}

/// The engine as its first example has it: everything from the beginning, each time.
fn naive(name: &str, runs: usize) {
    let modules = Policy::shipped(name).unwrap().modules().to_vec();
    measure(name, runs, |input| {
        let mut engine = regorus::Engine::new();
        for (module, rego) in &modules {
            engine.add_policy(module.clone(), rego.clone()).unwrap();
        }
        answered(&mut engine, name, input);
    });
}

/// The engine with the rules read in advance.
fn prepared(name: &str, runs: usize) {
    let mut engine = regorus::Engine::new();
    for (module, rego) in Policy::shipped(name).unwrap().modules() {
        engine.add_policy(module.clone(), rego.clone()).unwrap();
    }
    measure(name, runs, |input| answered(&mut engine, name, input));
}

fn answered(engine: &mut regorus::Engine, name: &str, input: &Input) {
    engine.set_input_json(&document(input).unwrap()).unwrap();
    let value = engine.eval_rule(format!("data.denybox.{name}.answer")).unwrap();
    assert_eq!(Answer::from_value(&value).unwrap().allow.len(), 12);
}

fn verification(runs: usize) {
    let signed = Signed::new();
    let time = |_| {
        let start = Instant::now();
        black_box(signed.verify());
        start.elapsed()
    };
    tell((0..runs).map(time).collect());
}

fn measure(name: &str, runs: usize, mut decide: impl FnMut(&Input)) {
    let asking = Asking::new(name);
    // The first fills the caches.
    decide(&asking.input(runs));
    let times = (0..runs).map(|number| {
        let input = asking.input(number);
        let start = Instant::now();
        decide(&input);
        start.elapsed()
    });
    tell(times.collect());
}

fn tell(mut times: Vec<Duration>) {
    times.sort();
    let at = |part: f64| times[(part * (times.len() - 1) as f64).round() as usize].as_nanos();
    println!("{} {}", at(0.5), at(0.99));
}
