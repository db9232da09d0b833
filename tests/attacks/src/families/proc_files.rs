//! Files of /proc that reach the kernel or other processes.

use std::fs::{self, OpenOptions};
use std::io;

use crate::attack::{Attack, Caller, Need, Outcome, Values, Verdict};
use crate::stage::Stage;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("core-pattern", &["proc-readonly", "uid-separation"], core_pattern).callers(&[Caller::Root]),
    Attack::new("sysrq-trigger", &["proc-readonly", "uid-separation"], sysrq)
        .callers(&[Caller::Root])
        .needs(Need::File("/proc/sysrq-trigger")),
    Attack::new("irq-affinity", &["proc-readonly", "uid-separation"], irq).callers(&[Caller::Root]),
    Attack::new("sysctl-net", &["proc-readonly"], sysctl_net)
        // Without capabilities, only who is root outside as well is root of a network namespace.
        .conditions(&["uid-separation"])
        .callers(&[Caller::Root]),
    Attack::new("sysctl-user", &["proc-readonly", "capabilities"], sysctl_user),
    Attack::new("proc-keys", &["proc-mask"], proc_keys),
    Attack::new("proc-key-users", &["proc-mask"], proc_key_users),
    Attack::new("timer-list", &["proc-mask", "uid-separation"], timer_list).callers(&[Caller::Root]),
    Attack::new("host-processes", &["pid-namespace"], host_processes).prepare(Stage::victim),
];

/// Opens `path` for writing and writes nothing.
fn writable(path: &str) -> Outcome {
    Ok(Verdict::of(&format!("open {path} for writing"), OpenOptions::new().write(true).open(path)))
}

/// Success if `path` can be read and holds something.
fn readable(path: &str) -> Outcome {
    Ok(match fs::read(path) {
        Ok(bytes) if bytes.is_empty() => Verdict::Blocked(format!("{path} is empty")),
        Ok(bytes) => Verdict::Succeeded(format!("{path} holds {} bytes", bytes.len())),
        Err(error) => Verdict::Blocked(format!("read {path}: {error}")),
    })
}

/// Names a program that the host's kernel would run as root at the next crash.
fn core_pattern(_: &Values) -> Outcome {
    writable("/proc/sys/kernel/core_pattern")
}

/// Reboots or crashes the host.
fn sysrq(_: &Values) -> Outcome {
    writable("/proc/sysrq-trigger")
}

/// Moves the host's interrupts.
fn irq(_: &Values) -> Outcome {
    writable("/proc/irq/default_smp_affinity")
}

/// Changes a network namespace's settings, as its root.
fn sysctl_net(_: &Values) -> Outcome {
    writable("/proc/sys/net/ipv4/ip_forward")
}

/// Raises the limits of a user namespace.
fn sysctl_user(_: &Values) -> Outcome {
    writable("/proc/sys/user/max_user_namespaces")
}

/// Lists the keys that this uid can see, those of other sessions included.
fn proc_keys(_: &Values) -> Outcome {
    kernels_list("/proc/keys")
}

/// Lists who holds keys.
fn proc_key_users(_: &Values) -> Outcome {
    kernels_list("/proc/key-users")
}

/// Success if `path` can be read and is the kernel's own list. There may be nothing in it just now: keyrings come and go.
fn kernels_list(path: &str) -> Outcome {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) => return Ok(Verdict::Blocked(format!("open {path}: {error}"))),
    };
    let of_proc = rustix::fs::fstatfs(&file).map_err(io::Error::from)?.f_type == rustix::fs::PROC_SUPER_MAGIC;
    Ok(if of_proc {
        Verdict::Succeeded(format!("{path} is the kernel's list"))
    } else {
        Verdict::Blocked(format!("{path} is something else"))
    })
}

/// Lists the host's timers and the processes behind them.
fn timer_list(_: &Values) -> Outcome {
    readable("/proc/timer_list")
}

/// Reads the command line of a process outside of the box.
fn host_processes(values: &Values) -> Outcome {
    let path = format!("/proc/{}/cmdline", values.number("victim")?);
    Ok(match fs::read(&path) {
        Ok(line) if line.starts_with(b"sleep\0") => Verdict::Succeeded(format!("{path} is the victim's")),
        Ok(_) => Verdict::Blocked(format!("{path} is another process")),
        Err(error) => Verdict::of(&path, Err::<(), io::Error>(error)),
    })
}
