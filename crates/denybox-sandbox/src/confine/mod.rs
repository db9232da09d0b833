//! The locks on a box's processes: capabilities, resource limits, Landlock, the system call filter.

mod answer;
mod bpf;
mod calls;
mod compile;
pub mod landlock;
#[cfg(test)]
mod tests;

use std::os::fd::OwnedFd;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use denybox_core::plan::{BoxLimits, Calls};
use denybox_core::resource::IpcKind;
use denybox_sys::seccomp;

use crate::controls;
use crate::error::{During, Failure};
use crate::message::{Enforcement, Status};
use crate::weaken;

/// Gives up every capability for good, capabilities(7), and asks that no program bring any back.
pub fn drop_capabilities(enforced: &mut Vec<Enforcement>) -> Result<(), Failure> {
    if weaken::off(controls::CAPABILITIES) {
        keep_capabilities()?;
        enforced.push(Enforcement::new(controls::CAPABILITIES, Status::Absent, "kept"));
    } else {
        let of = |error: &crate::error::SysError| Failure::of(controls::CAPABILITIES, error);
        rustix::thread::clear_ambient_capability_set()
            .during_on("prctl", "PR_CAP_AMBIENT")
            .map_err(|e| of(&e))?;
        for number in 0..64_u32 {
            let one = CapabilitySet::from_bits_retain(1 << number);
            match rustix::thread::remove_capability_from_bounding_set(one) {
                Ok(()) => {}
                // The kernel knows no further ones.
                Err(rustix::io::Errno::INVAL) => break,
                Err(error) => return Err(error).during_on("prctl", "PR_CAPBSET_DROP").map_err(|e| of(&e)),
            }
        }
        let none = CapabilitySet::empty();
        rustix::thread::set_capabilities(
            None,
            CapabilitySets { effective: none, permitted: none, inheritable: none },
        )
        .during("capset")
        .map_err(|e| of(&e))?;
        enforced.push(Enforcement::new(controls::CAPABILITIES, Status::Enforced, "all dropped"));
    }
    if weaken::off(controls::NO_NEW_PRIVS) {
        enforced.push(Enforcement::new(controls::NO_NEW_PRIVS, Status::Absent, "not set"));
        return Ok(());
    }
    rustix::thread::set_no_new_privs(true).during_on("prctl", "PR_SET_NO_NEW_PRIVS")?;
    enforced.push(Enforcement::new(controls::NO_NEW_PRIVS, Status::Enforced, "set"));
    Ok(())
}

/// Makes capabilities outlive execve(2), which takes them from everybody but root: switched off is off for all.
fn keep_capabilities() -> Result<(), Failure> {
    let mut sets = rustix::thread::capabilities(None).during("capget")?;
    sets.inheritable = sets.permitted;
    rustix::thread::set_capabilities(None, sets).during("capset")?;
    for one in sets.permitted.iter() {
        rustix::thread::configure_capability_in_ambient_set(one, true)
            .during_on("prctl", "PR_CAP_AMBIENT")?;
    }
    Ok(())
}

/// Sets resource limits, getrlimit(2), for what no control group limits. Weaker, and reported so.
pub fn limit_resources(limits: BoxLimits, enforced: &mut Vec<Enforcement>) -> Result<(), Failure> {
    // No core dumps: they would land wherever the host's core_pattern says, core(5).
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .during_on("setrlimit", "RLIMIT_CORE")?;
    if weaken::off("limits") {
        return Ok(());
    }
    if let Some(memory) = limits.memory {
        let limit = Some(memory.0);
        setrlimit(Resource::Data, Rlimit { current: limit, maximum: limit })
            .during_on("setrlimit", "RLIMIT_DATA")?;
        let detail = "RLIMIT_DATA: private memory of each process alone, not their sum, because no control group could be made";
        enforced.push(Enforcement::new(controls::MEMORY, Status::Partial, detail));
    }
    if let Some(pids) = limits.pids {
        let limit = Some(pids);
        setrlimit(Resource::Nproc, Rlimit { current: limit, maximum: limit })
            .during_on("setrlimit", "RLIMIT_NPROC")?;
        let detail =
            "RLIMIT_NPROC, counted in the box's own user namespace, because no control group could be made";
        enforced.push(Enforcement::new(controls::PIDS, Status::Partial, detail));
    }
    if limits.millicpus.is_some() {
        let detail = "no control group could be made, and nothing else limits processor time";
        enforced.push(Enforcement::new(controls::CPUS, Status::Absent, detail));
    }
    Ok(())
}

/// Installs the system call filter; gives the descriptor on which refused calls are reported, where the kernel has it.
pub fn filter(
    calls: &Calls,
    observe_writes: bool,
    enforced: &mut Vec<Enforcement>,
) -> Result<Option<OwnedFd>, Failure> {
    if weaken::off(controls::SECCOMP) {
        enforced.push(Enforcement::new(controls::SECCOMP, Status::Absent, "no filter"));
        return Ok(None);
    }
    // Asked before the filter, which would answer otherwise.
    let sealable = denybox_sys::memfd::has_noexec_seal();
    let notified = compile::program(&calls::Rules { calls, notify: true, observe_writes });
    let listener = match seccomp::install(&notified, true) {
        Ok(listener) => {
            enforced.push(Enforcement::new(
                controls::NOTIFICATION,
                Status::Enforced,
                "refused calls are reported",
            ));
            listener
        }
        // Inside another sandbox with a listener of its own: refuse all the same, unseen.
        Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
            let silent = compile::program(&calls::Rules { calls, notify: false, observe_writes: false });
            seccomp::install(&silent, false)
                .during("seccomp")
                .map_err(|error| Failure::of(controls::SECCOMP, &error))?;
            let detail = "another sandbox around this one listens already; calls are refused unseen";
            enforced.push(Enforcement::new(controls::NOTIFICATION, Status::Absent, detail));
            None
        }
        Err(error) => {
            return Err(error).during("seccomp").map_err(|error| Failure::of(controls::SECCOMP, &error));
        }
    };
    enforced.push(Enforcement::new(controls::SECCOMP, Status::Enforced, "allow-list"));
    enforced.push(if calls.grants(IpcKind::MemfdExec) {
        Enforcement::new(controls::MEMFD_NOEXEC, Status::Absent, "memfd-exec was granted")
    } else if listener.is_some() && !sealable {
        let detail =
            "without MFD_NOEXEC_SEAL (Linux 6.3) the box can make an anonymous file executable again";
        Enforcement::new(controls::MEMFD_NOEXEC, Status::Partial, detail)
    } else if listener.is_some() {
        let detail = "execve of an anonymous file is closed; mapping one executable can't be";
        Enforcement::new(controls::MEMFD_NOEXEC, Status::Enforced, detail)
    } else {
        Enforcement::new(controls::MEMFD_NOEXEC, Status::Enforced, "anonymous files can't be made at all")
    });
    Ok(listener)
}
