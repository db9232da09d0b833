//! The network, and limits on memory, processes and processor time.

use std::net::TcpListener;
use std::process::Stdio;

use denybox_box_tests::child::wait_until;
use denybox_box_tests::ground::Check;
use denybox_box_tests::remains;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, Stop, check, same};

pub const CHECKS: &[Check] = &[
    ("limits/network", network),
    ("limits/memory", memory),
    ("limits/processes", processes),
    ("limits/processors", processors),
    ("limits/groups-go-with-the-box", groups_go_with_the_box),
    ("limits/not-asked-for", not_asked_for),
];

fn network(room: &Room<'_>) -> Checked {
    let witness = room.witness()?;
    let ended = room.denybox(&["--", &witness, "loopback"]).end()?;
    ended.prints("hello lo")?;
    same("the control", ended.status("net-namespace"), "enforced")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port().to_string();
    let ended = room.denybox(&["--", &witness, "reach", &port]).end()?;
    check(ended.code == Some(1) && !ended.stdout.contains("reached"), || {
        format!("the host was reached: {ended}")
    })?;
    let ended = room.denybox(&["--net", "host", "--", &witness, "reach", &port]).end()?;
    // On kernels without the scope for abstract sockets the host's network is refused.
    if ended.code == Some(69) {
        return ended.says("abstract");
    }
    ended.prints("reached")?;
    same("the control", ended.status("net-namespace"), "absent")
}

/// How a limit must be in force: by a group for root on this machine, by less for others.
fn status_is(
    ended: &denybox_box_tests::room::Ended,
    room: &Room<'_>,
    control: &str,
    without: &str,
) -> Checked {
    let status = ended.status(control);
    if room.caller.is_root() {
        same(control, status, "enforced")
    } else {
        check(status == without || status == "enforced", || {
            format!("{control} is {status:?}: {:#}", ended.report)
        })
    }
}

fn memory(room: &Room<'_>) -> Checked {
    let witness = room.witness()?;
    let eat = |options: &[&str], bytes: &str| {
        room.denybox(&[options, &["--", &witness, "eat", bytes]].concat()).end()
    };
    let (little, much) = ("8388608", "167772160");
    eat(&[], much)?.prints(much)?;
    let ended = eat(&["--memory", "96M"], little)?;
    ended.prints(little)?;
    status_is(&ended, room, "memory", "partial")?;
    let ended = eat(&["--memory", "96M"], much)?;
    check(ended.code != Some(0) && ended.stdout.is_empty(), || format!("the limit let it pass: {ended}"))
}

fn processes(room: &Room<'_>) -> Checked {
    let witness = room.witness()?;
    let count =
        |options: &[&str]| room.denybox(&[options, &["--", &witness, "processes", "40"]].concat()).end();
    count(&[])?.prints("40")?;
    let ended = count(&["--pids", "16"])?;
    ended.is(0)?;
    status_is(&ended, room, "pids", "partial")?;
    let started: u32 = ended.stdout.trim().parse()?;
    check((8..16).contains(&started), || format!("{started} of 16 processes: {ended}"))?;
    // Another box at the same time doesn't eat into it.
    let mut other =
        room.shell(&[], "sleep 1000 & sleep 1000 & sleep 1000 & echo ready; wait").start(Stdio::null())?;
    other.wait_for("ready")?;
    let again = count(&["--pids", "16"])?;
    same("beside another box", again.stdout.trim(), &started.to_string())
}

fn processors(room: &Room<'_>) -> Checked {
    let mut running =
        room.shell(&["--cpus", "0.5", "--pids", "50"], "echo ready; exec sleep 1000").start(Stdio::null())?;
    running.wait_for("ready")?;
    let pid = running.process.pid();
    let groups = remains::groups(pid);
    let setting = |file: &str| groups.iter().find_map(|group| std::fs::read_to_string(group.join(file)).ok());
    let quota = setting("cpu.cfs_quota_us").or_else(|| setting("cpu.max")).unwrap_or_default();
    running.process.signal(libc::SIGTERM)?;
    let ended = running.end()?;
    ended.is(143)?;
    status_is(&ended, room, "cpus", "absent")?;
    if ended.status("cpus") == "enforced" {
        return check(quota.trim().starts_with("50000"), || format!("the quota is {quota:?} of {groups:?}"));
    }
    // Nothing else limits it, and the user is told.
    ended.says("cpus is absent")
}

fn groups_go_with_the_box(room: &Room<'_>) -> Checked {
    if !room.caller.is_root() {
        return Err(Stop::Skip("only root can make control groups on this machine".to_owned()));
    }
    let limits = ["--memory", "256M", "--pids", "50", "--cpus", "1"];
    let mut running = room.shell(&limits, "sleep 1000 & echo ready; exec sleep 1000").start(Stdio::null())?;
    running.wait_for("ready")?;
    let pid = running.process.pid();
    check(!remains::groups(pid).is_empty(), || "there are no groups while it runs".to_owned())?;
    running.process.signal(libc::SIGTERM)?;
    running.end()?.is(143)?;
    wait_until("the groups to be removed", || Ok(remains::groups(pid).is_empty()))?;
    // A refusal leaves none either.
    let mut refused =
        room.shell(&[&limits[..], &["--scratch", "1M"]].concat(), "true").start(Stdio::null())?;
    let pid = refused.process.pid();
    refused.process.wait()?;
    same("groups after a refusal", remains::groups(pid).len(), 0)
}

fn not_asked_for(room: &Room<'_>) -> Checked {
    let ended = room.denybox(&["--", "true"]).end()?;
    for control in ["memory", "pids", "cpus"] {
        same(control, ended.status(control), "")?;
    }
    Ok(())
}
