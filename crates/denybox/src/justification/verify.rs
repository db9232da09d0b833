//! `denybox justification verify`: whose signatures there are, and what the policy strict says to it.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use denybox_core::decision::{Caller, Decision, Host, INPUT_VERSION, Input, Reason};
use denybox_core::event::{printable_json, printable_up_to};
use denybox_core::justification::manifest::{DigestKind, Manifest};
use denybox_core::justification::{
    Context, Facts, Opened, Presented, PresentedGrant, moment, verify as check,
};
use denybox_core::path::AbsPath;
use denybox_core::policy::Policy;
use denybox_core::resource::{Resource, scratch_tree};
use denybox_core::size::Size;
use denybox_core::surface::{
    Backing, DirectoryFacts, Exposure, Fact, Limits, Origin, Role, Sharing, Surface,
};

use super::command_line::Verify;
use super::{Failed, describe, name, new, now, print, say};
use crate::command_line::Format;
use crate::exit_code;
use crate::stores::settings::Settings;
use crate::stores::trusted::{self, Trusted};
use crate::stores::uses;

/// The policy that is asked.
const POLICY: &str = "strict";
/// What is asked for where a grant names no size: it would allow any, and the policy wants one.
const SMALLEST: Size = Size(4096);

const GOOD: Style = AnsiColor::Green.on_default();
const FAIR: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// What was found out about all files. `version` is that of this format.
#[derive(Debug, Serialize)]
struct Verified {
    version: u32,
    policy: &'static str,
    justifications: Vec<Examined>,
}

/// What was found out about one file.
#[derive(Debug, Serialize)]
struct Examined {
    file: String,
    /// Whether the policy allows everything that it asks for.
    holds: bool,
    /// Why the file can't be presented at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What the policy was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    presented: Option<Presented>,
    /// What the policy has against it.
    missing: Vec<Reason>,
    /// What was taken for granted, because only a box would know it.
    assumed: Vec<String>,
}

/// Verifies them; gives the exit code.
///
/// # Errors
/// [`Failed`].
pub fn verify(options: &Verify) -> Result<i32, Failed> {
    let settings = Settings::read()?;
    let trusted = Trusted::read(&settings, &options.trust)?;
    let policy = Policy::shipped(POLICY)?;
    let executable = options.executable.as_deref().map(new::sha256).transpose()?;
    let host = options.host.clone();
    let asking = Asking {
        agent: options.agent.as_deref(),
        executable: executable.as_deref(),
        host: host.unwrap_or_else(denybox_sandbox::host::name),
        time: now(),
    };
    let mut justifications = Vec::new();
    for file in &options.files {
        let bytes = super::read(file)?;
        justifications.push(examine(name(file), &bytes, &trusted, &policy, &asking)?);
    }
    let code = if justifications.iter().any(|examined| examined.error.is_some()) {
        exit_code::CONFIGURATION
    } else if justifications.iter().all(|examined| examined.holds) {
        0
    } else {
        exit_code::REFUSED
    };
    match options.report {
        Format::None => {}
        Format::Json => {
            let verified = Verified { version: 1, policy: POLICY, justifications };
            let json = serde_json::to_string_pretty(&verified).map_err(std::io::Error::other);
            print(&format!("{}\n", printable_json(&json.map_err(Failed::Output)?)))?;
        }
        Format::Text => {
            for examined in &justifications {
                print(&in_words(examined, asking.time))?;
            }
            if trusted::trust_files(&settings, &options.trust).is_empty() {
                say("denybox: there is no trust file, so nobody is trusted: `denybox key trust` makes one\n");
            }
        }
    }
    Ok(code)
}

/// For whom, where and when.
struct Asking<'a> {
    agent: Option<&'a str>,
    executable: Option<&'a str>,
    host: String,
    time: u64,
}

fn examine(
    file: String,
    bytes: &[u8],
    trusted: &Trusted,
    policy: &Policy,
    asking: &Asking<'_>,
) -> Result<Examined, Failed> {
    let presented = Opened::parse(bytes).map_err(|problem| problem.to_string()).and_then(|opened| {
        let (facts, assumed) = facts(opened.manifest(), asking);
        let context = Context { time: asking.time, host: Some(asking.host.clone()), cluster: None, facts };
        check(bytes, &file, &trusted.trusts, &trusted.revocations, &context)
            .map(|presented| (presented, assumed))
            .map_err(|error| error.problem.to_string())
    });
    let (mut presented, mut assumed) = match presented {
        Ok(presented) => presented,
        Err(error) => {
            let error = Some(error);
            return Ok(Examined {
                file,
                holds: false,
                error,
                presented: None,
                missing: Vec::new(),
                assumed: Vec::new(),
            });
        }
    };
    if presented.uses.max.is_some() {
        presented.uses.spent = uses::spent(&presented.digest)?;
    }
    assumed.extend(presented.grants.iter().filter_map(assumption));
    let missing = match policy.decide(&question(&presented, asking.time)) {
        Decision::Allowed(_) => Vec::new(),
        Decision::Refused(refusal) => {
            let mut reasons: Vec<Reason> = refusal.reasons().cloned().collect();
            reasons.dedup();
            reasons
        }
    };
    Ok(Examined {
        file,
        holds: missing.is_empty(),
        error: None,
        presented: Some(presented),
        missing,
        assumed,
    })
}

/// Whom it is presented for: as far as nobody says, the one that it names.
fn facts(manifest: &Manifest, asking: &Asking<'_>) -> (Facts, Vec<String>) {
    let subject = &manifest.subject;
    let mut assumed = Vec::new();
    let agent = asking.agent.map(str::to_owned).or_else(|| {
        assumed.extend(subject.agent.iter().map(|agent| format!("the agent is {agent}")));
        subject.agent.clone()
    });
    let mut digests = Vec::new();
    for digest in &subject.digests {
        if digest.kind == DigestKind::Executable && asking.executable.is_some() {
            continue;
        }
        assumed.push(format!("the {} is sha256:{}", digest.kind, digest.sha256));
        digests.push((digest.kind, digest.sha256.clone()));
    }
    digests.extend(asking.executable.map(|sha256| (DigestKind::Executable, sha256.to_owned())));
    for (what, name) in [
        ("runtime", &subject.runtime),
        ("namespace", &subject.namespace),
        ("service account", &subject.service_account),
    ] {
        assumed.extend(name.iter().map(|name| format!("the {what} is {name}")));
    }
    let facts = Facts {
        digests,
        agent,
        runtime: subject.runtime.clone(),
        namespace: subject.namespace.clone(),
        service_account: subject.service_account.clone(),
    };
    (facts, assumed)
}

fn assumption(grant: &PresentedGrant) -> Option<String> {
    match &grant.backing {
        Backing::Dir { path } => {
            Some(format!("{path} is a directory of the caller's, mode 0700, not in use"))
        }
        _ => None,
    }
}

/// The question whether a box may have everything that a justification grants.
fn question(presented: &Presented, time: u64) -> Input {
    let exposures = presented.grants.iter().map(|grant| exposure(grant, &presented.source)).collect();
    let home = std::env::var("HOME").ok().and_then(|home| AbsPath::new(&home).ok());
    Input {
        version: INPUT_VERSION,
        surface: Surface { exposures, controls: Vec::new() },
        reasons: Vec::new(),
        justifications: vec![presented.clone()],
        host: Host {
            memory_bytes: denybox_sandbox::host::memory().0,
            abstract_socket_scope: denybox_sandbox::host::has_abstract_socket_scope(),
        },
        caller: Caller {
            uid: rustix::process::geteuid().as_raw(),
            home: home.filter(|home| *home != AbsPath::root()),
        },
        time,
    }
}

/// What `--grant` would make of it; of something of the host's that can be executed, `--rw`.
fn exposure(grant: &PresentedGrant, source: &str) -> Exposure {
    let origin = Origin::Argument { text: format!("--justification {source}") };
    let in_scratch = grant.resource.path().is_some_and(|path| scratch_tree(path).is_some());
    let host = matches!(grant.backing, Backing::Host { .. });
    let role = if host && in_scratch && grant.access.execute { Role::ReadWrite } else { Role::Scratch };
    let sharing = match &grant.backing {
        Backing::Shared { group } => Sharing::Named { names: vec![group.clone()] },
        Backing::Host { .. } => Sharing::Host,
        _ => Sharing::Private,
    };
    let memory = matches!(grant.backing, Backing::Private | Backing::Shared { .. })
        && matches!(grant.resource, Resource::Path(_));
    let size = grant.limits.size.or_else(|| memory.then_some(SMALLEST));
    let directory = matches!(grant.backing, Backing::Dir { .. }).then_some(DirectoryFacts {
        directory: true,
        owned_by_caller: true,
        mode: 0o700,
        locked: true,
    });
    Exposure {
        resource: grant.resource.clone(),
        role,
        access: grant.access,
        backing: Fact::Known { value: grant.backing.clone(), origin: origin.clone() },
        options: grant.options,
        limits: Limits { size, inodes: grant.limits.inodes },
        sharing,
        related: Vec::new(),
        directory,
        origin,
    }
}

fn in_words(examined: &Examined, now: u64) -> String {
    let Some(presented) = &examined.presented else {
        let error = examined.error.as_deref().unwrap_or_default();
        return format!("{}: {BAD}is no justification{BAD:#}: {error}\n", examined.file);
    };
    let verdict =
        if examined.holds { format!("{GOOD}holds{GOOD:#}") } else { format!("{BAD}does not hold{BAD:#}") };
    let mut text = format!("{}: {verdict} under the policy {POLICY}\n", examined.file);
    let mut line = |name: &str, told: &str| text.push_str(&format!("  {name:<11}  {told}\n"));
    line("id", &printable_up_to(&presented.id, 200));
    line("digest", &presented.digest);
    line("until", &until(presented, now));
    for signer in &presented.signatures {
        let roles: Vec<&str> = signer.roles.iter().map(|role| role.name()).collect();
        let covers = signer.covers.iter().filter(|covers| **covers).count();
        let scope = match covers {
            all if all == presented.grants.len() => String::new(),
            some => format!(", for {some} of the {} grants", presented.grants.len()),
        };
        let person = printable_up_to(&signer.person, 300);
        line("signed by", &format!("{GOOD}{person}{GOOD:#} ({}{scope}), {}", roles.join(", "), signer.key));
    }
    for rejected in &presented.rejected {
        line("not counted", &format!("{FAIR}{}{FAIR:#} [{}]", rejected.message, rejected.code));
    }
    if presented.signatures.is_empty() && presented.rejected.is_empty() {
        line("signed by", "nobody");
    }
    if let Some(max) = presented.uses.max {
        line("uses", &format!("{} of {max}", presented.uses.spent));
    }
    for assumed in &examined.assumed {
        line("taken as", &printable_up_to(assumed, 400));
    }
    for reason in &examined.missing {
        line("missing", &format!("{BAD}{}{BAD:#} [{}]", reason.message, reason.code));
    }
    let mut remedies: Vec<&str> =
        examined.missing.iter().filter_map(|reason| reason.remedy.as_deref()).collect();
    remedies.sort_unstable();
    remedies.dedup();
    for remedy in remedies {
        line("to mend it", remedy);
    }
    text
}

fn until(presented: &Presented, now: u64) -> String {
    let text = moment::text(presented.not_after);
    match presented.not_after.checked_sub(now) {
        Some(left) if left > 0 => format!("{text} (in {})", describe::lasting(left)),
        _ => format!("{text} ({} ago)", describe::lasting(now.saturating_sub(presented.not_after))),
    }
}
