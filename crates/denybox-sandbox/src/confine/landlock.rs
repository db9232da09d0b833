//! Landlock, landlock(7): a second lock on writing, and walls for signals and abstract sockets.
//!
//! Only rights that change something are handled. What can be read is what is mounted, so a second lock on reading would
//! repeat the first at a price on every open; and denying reads there would be worse than the mounts' denial, because
//! access(2) doesn't ask Landlock and programs would choose places that then fail.
//!
//! Opening for reading isn't free all the same: whether a file may be truncated is settled when it is opened.

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope,
};

use denybox_core::path::AbsPath;

use crate::controls;
use crate::error::Failure;
use crate::message::{Enforcement, Status};
use crate::weaken;

/// Device nodes that programs write to.
const WRITABLE_DEVICES: [&str; 8] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/pts", "/proc"];

/// The newest interface whose rights and scopes are asked for; older kernels give what they have.
const NEWEST: ABI = ABI::V6;

/// Whether this kernel has the scopes.
pub fn has_scopes() -> bool {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .scope(Scope::AbstractUnixSocket | Scope::Signal)
        .is_ok()
}

/// Restricts this process and everything that it will start to writing below `writable`.
pub fn restrict(writable: &[AbsPath], enforced: &mut Vec<Enforcement>) -> Result<(), Failure> {
    if weaken::off(controls::LANDLOCK) {
        enforced.push(Enforcement::new(controls::LANDLOCK, Status::Absent, "not set"));
        enforced.push(Enforcement::new(controls::LANDLOCK_SCOPE, Status::Absent, "not set"));
        return Ok(());
    }
    let failure = |call: &str, error: &dyn std::fmt::Display| Failure {
        control: Some(controls::LANDLOCK.to_owned()),
        message: format!("{call}: {error}"),
        errno: None,
    };
    let rights = AccessFs::from_write(NEWEST);
    let scopes = if weaken::off(controls::LANDLOCK_SCOPE) {
        landlock::BitFlags::empty()
    } else {
        Scope::AbstractUnixSocket | Scope::Signal
    };
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    ruleset = ruleset.handle_access(rights).map_err(|error| failure("landlock_create_ruleset", &error))?;
    if !scopes.is_empty() {
        ruleset = ruleset.scope(scopes).map_err(|error| failure("landlock_create_ruleset", &error))?;
    }
    let mut ruleset = ruleset.create().map_err(|error| failure("landlock_create_ruleset", &error))?;
    for path in writable.iter().map(AbsPath::as_str).chain(WRITABLE_DEVICES) {
        // A place that isn't there needs no rule.
        let Ok(place) = PathFd::new(path) else { continue };
        let directory = std::fs::metadata(path).is_ok_and(|kind| kind.is_dir());
        let here = if directory { rights } else { rights & AccessFs::from_file(NEWEST) };
        ruleset = ruleset
            .add_rule(PathBeneath::new(place, here).set_compatibility(CompatLevel::BestEffort))
            .map_err(|error| failure("landlock_add_rule", &error))?;
    }
    let status = ruleset
        .no_new_privs(false)
        .restrict_self()
        .map_err(|error| failure("landlock_restrict_self", &error))?;
    let scoped = has_scopes();
    enforced.push(match status.ruleset {
        RulesetStatus::NotEnforced => {
            Enforcement::new(controls::LANDLOCK, Status::Absent, "this kernel has no Landlock")
        }
        RulesetStatus::PartiallyEnforced if scoped => Enforcement::new(
            controls::LANDLOCK,
            Status::Partial,
            "an older kernel: some rights can't be handled",
        ),
        _ => Enforcement::new(controls::LANDLOCK, Status::Enforced, "writing only where the plan says"),
    });
    enforced.push(if scopes.is_empty() || !scoped || status.ruleset == RulesetStatus::NotEnforced {
        Enforcement::new(
            controls::LANDLOCK_SCOPE,
            Status::Absent,
            "this kernel's Landlock has no scopes (Linux 6.12)",
        )
    } else {
        Enforcement::new(
            controls::LANDLOCK_SCOPE,
            Status::Enforced,
            "abstract sockets and signals stay inside",
        )
    });
    Ok(())
}
