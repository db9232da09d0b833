//! System calls that no agent needs and that attackers like, and ways around a filter.

use crate::attack::{Attack, Need, Outcome, Values, Verdict};
use crate::kernel::descriptors::{STRAY_BITS, socket};
use crate::kernel::{odd, process};

/// The `personality` in which everything readable is executable. Debuggers have no use for this one.
const READ_IMPLIES_EXEC: usize = 0x040_0000;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("io-uring", &["seccomp"], io_uring).needs(Need::IoUring),
    Attack::new("userfaultfd", &["seccomp"], userfaultfd),
    Attack::new("bpf", &["seccomp"], bpf),
    Attack::new("keyctl", &["seccomp"], keyctl),
    Attack::new("add-key", &["seccomp"], add_key),
    Attack::new("request-key", &["seccomp"], request_key),
    Attack::new("perf-event", &["seccomp"], perf_event),
    Attack::new("personality", &["seccomp"], personality),
    Attack::new("personality-stray-bits", &["seccomp"], personality_stray_bits),
    Attack::new("vsock", &["seccomp"], vsock).needs(Need::Family(libc::AF_VSOCK)),
    Attack::new("vsock-stray-bits", &["seccomp"], vsock_stray_bits).needs(Need::Family(libc::AF_VSOCK)),
    Attack::new("alg-socket", &["seccomp"], alg).needs(Need::Family(libc::AF_ALG)),
    Attack::new("trace-rewrite", &["seccomp"], trace_rewrite),
];

/// io_uring runs operations that no filter sees.
fn io_uring(_: &Values) -> Outcome {
    Ok(Verdict::of("io_uring_setup", odd::io_uring_setup()))
}

/// userfaultfd holds the kernel still in the middle of a copy: the tool of many exploits.
fn userfaultfd(_: &Values) -> Outcome {
    Ok(Verdict::of("userfaultfd", odd::userfaultfd()))
}

/// bpf(2), which checks its command only after the filter.
fn bpf(_: &Values) -> Outcome {
    Ok(Verdict::reached("bpf", odd::bpf_unknown(), &[libc::EPERM, libc::ENOSYS]))
}

/// Keyrings are shared by uid across boxes, and no namespace separates them.
fn keyctl(_: &Values) -> Outcome {
    Ok(Verdict::reached("keyctl", odd::keyctl_session(), &[libc::EPERM, libc::ENOSYS]))
}

/// Leaves a message in a keyring.
fn add_key(_: &Values) -> Outcome {
    Ok(Verdict::of("add_key", odd::add_key()))
}

/// Asks for a key. ENOKEY is the kernel's own answer.
fn request_key(_: &Values) -> Outcome {
    Ok(Verdict::reached("request_key", odd::request_key(), &[libc::EPERM, libc::ENOSYS]))
}

/// Counts events of the kernel: side channels, and a history of holes.
fn perf_event(_: &Values) -> Outcome {
    Ok(Verdict::of("perf_event_open", odd::perf_event_open()))
}

/// Makes all memory executable in what it runs next.
fn personality(_: &Values) -> Outcome {
    Ok(Verdict::of("personality", odd::personality(READ_IMPLIES_EXEC)))
}

/// The same, with bits set that the kernel drops and a filter on 64 bits doesn't.
fn personality_stray_bits(_: &Values) -> Outcome {
    Ok(Verdict::of("personality with stray bits", odd::personality(STRAY_BITS | READ_IMPLIES_EXEC)))
}

/// AF_VSOCK leads to the hypervisor, past every network namespace.
fn vsock(_: &Values) -> Outcome {
    Ok(Verdict::of("socket AF_VSOCK", socket(libc::AF_VSOCK as usize, libc::SOCK_STREAM as usize, 0)))
}

/// The same, with bits set that the kernel drops.
fn vsock_stray_bits(_: &Values) -> Outcome {
    let opened = socket(STRAY_BITS | libc::AF_VSOCK as usize, libc::SOCK_STREAM as usize, 0);
    Ok(Verdict::of("socket AF_VSOCK with stray bits", opened))
}

/// AF_ALG loads modules of the kernel's crypto.
fn alg(_: &Values) -> Outcome {
    Ok(Verdict::of("socket AF_ALG", socket(libc::AF_ALG as usize, libc::SOCK_SEQPACKET as usize, 0)))
}

/// Traces a child of its own and turns a harmless call of it into a refused one, after it was entered.
fn trace_rewrite(_: &Values) -> Outcome {
    let session_keyring = [0, -3_i64 as u64, 0];
    let swapped = process::swap_child_call(libc::SYS_keyctl, session_keyring);
    Ok(Verdict::reached("keyctl swapped in by ptrace", swapped, &[libc::EPERM, libc::ENOSYS]))
}
