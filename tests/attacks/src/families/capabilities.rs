//! Capabilities: having them, using them, getting them back.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::attack::{Attack, Broken, Caller, Outcome, Values, Verdict};
use crate::kernel::descriptors::socket;
use crate::kernel::odd::set_loopback_mtu;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("capability-held", &["capabilities"], held),
    Attack::new("capability-net-admin", &["capabilities"], net_admin),
    Attack::new("packet-socket", &["seccomp", "capabilities"], packet_socket),
    Attack::new("new-privileges", &["no-new-privs"], new_privileges)
        // Setting up the other locks takes the one or the other.
        .conditions(&["capabilities"]),
    Attack::new("setuid-program", &["user-namespace"], setuid).unboxed().callers(&[Caller::User]),
];

/// One line of /proc/self/status.
fn status_line(pid: u32, name: &str) -> Result<String, Broken> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.map(|rest| rest.trim().to_owned()).ok_or_else(|| Broken(format!("no {name} in /proc/{pid}/status")))
}

/// Looks whether any set holds a capability: permitted, inheritable, bounding or ambient.
fn held(_: &Values) -> Outcome {
    let mut found = Vec::new();
    for set in ["CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb"] {
        let value = status_line(std::process::id(), set)?;
        if value.chars().any(|digit| digit != '0') {
            found.push(format!("{set} {value}"));
        }
    }
    Ok(if found.is_empty() {
        Verdict::Blocked("every capability set is empty".to_owned())
    } else {
        Verdict::Succeeded(found.join(", "))
    })
}

/// Configures a network interface: the loopback one, to what it is already.
fn net_admin(_: &Values) -> Outcome {
    Ok(Verdict::of("configure the loopback interface", set_loopback_mtu()))
}

/// Opens a socket that sees and forges every packet of its network namespace.
fn packet_socket(_: &Values) -> Outcome {
    let opened = socket(libc::AF_PACKET as usize, libc::SOCK_RAW as usize, 0);
    Ok(Verdict::of("socket AF_PACKET", opened))
}

/// Looks whether an execve could raise privileges.
fn new_privileges(_: &Values) -> Outcome {
    let value = status_line(std::process::id(), "NoNewPrivs")?;
    Ok(if value == "0" {
        Verdict::Succeeded("NoNewPrivs is 0".to_owned())
    } else {
        Verdict::Blocked(format!("NoNewPrivs is {value}"))
    })
}

/// Runs a program that is set-uid root and looks whether it got that.
fn setuid(_: &Values) -> Outcome {
    let candidates = ["/usr/bin/su", "/bin/su", "/usr/bin/passwd", "/usr/bin/newgrp"];
    let is_setuid =
        |path: &&str| fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o4000 != 0);
    let program = candidates
        .iter()
        .copied()
        .find(is_setuid)
        .ok_or_else(|| Broken("no set-uid program that waits for its standard input".to_owned()))?;
    // It waits for a password on a pipe into which nothing is ever written.
    let (reader, writer) = io::pipe()?;
    let mut child =
        Command::new(program).stdin(reader).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let deadline = Instant::now() + Duration::from_millis(500);
    let mut seen = String::new();
    while Instant::now() < deadline && child.try_wait()?.is_none() {
        seen = status_line(child.id(), "Uid").unwrap_or_default();
        if seen.split_whitespace().nth(1) == Some("0") {
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
    drop(writer);
    // A process of another uid may not be signalled; it ends by the end of its input.
    let _ = child.kill();
    child.wait()?;
    Ok(if seen.split_whitespace().nth(1) == Some("0") {
        Verdict::Succeeded(format!("{program} ran with uids {seen}"))
    } else {
        Verdict::Blocked(format!("{program} ran with uids '{seen}'"))
    })
}
