//! Processes of a box: buried, ended with it, and free to do what programs do to their own.

use std::process::Stdio;

use denybox_box_tests::child::wait_until;
use denybox_box_tests::ground::Check;
use denybox_box_tests::remains;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, check, same};

pub const CHECKS: &[Check] = &[
    ("processes/orphans-are-reaped", orphans_are_reaped),
    ("processes/left-behind", left_behind),
    ("processes/init", init),
    ("processes/debugger", debugger),
    ("processes/own-filter", own_filter),
    ("processes/several-boxes", several_boxes),
];

fn orphans_are_reaped(room: &Room<'_>) -> Checked {
    let script = "\
        n=0; while [ $n -lt 40 ]; do sh -c 'sh -c \"exit 3\" & exit 0'; n=$((n+1)); done; \
        tries=0; while grep -qs '^State:.Z' /proc/[0-9]*/status; do \
            tries=$((tries+1)); [ $tries -gt 600 ] && { echo zombies remain; exit 1; }; sleep 0.1; done; \
        exit 12";
    room.shell(&[], script).end()?.is(12)
}

fn left_behind(room: &Room<'_>) -> Checked {
    let mark = format!("denybox-left-{}-{}", std::process::id(), room.caller.name);
    let script = "setsid sleep 1000 & (trap '' HUP TERM; sleep 1000) & nohup sh -c 'sleep 1000; sleep 1000' >/dev/null 2>&1 & \
                  echo ready; read line; exit 8";
    let mut command = room.shell(&[], script).variable("DENYBOX_MARK", &mark).start(Stdio::piped())?;
    command.wait_for("ready")?;
    let alive = remains::processes(&mark);
    check(alive.len() >= 5, || format!("while it runs there are {alive:?}"))?;
    drop(command.process.child().stdin.take());
    command.end()?.is(8)?;
    wait_until("the processes of the box to end", || Ok(remains::processes(&mark).is_empty()))?;
    Ok(())
}

fn init(room: &Room<'_>) -> Checked {
    // PID 1 can't be looked into, killed or traced, and isn't the agent.
    let script = "[ $$ -ne 1 ] && echo not one; cat /proc/1/environ 2>/dev/null; ls /proc/1/fd 2>/dev/null; \
                  kill -KILL 1; kill -SEGV 1; kill -STOP 1; echo alive";
    room.shell(&[], script).end()?.prints("not one\nalive")
}

fn debugger(room: &Room<'_>) -> Checked {
    let commands = [
        "-batch",
        "-nx",
        "-ex",
        "set breakpoint pending on",
        "-ex",
        "break write",
        "-ex",
        "run",
        "-ex",
        "bt 1",
        "-ex",
        "continue",
    ];
    let words: Vec<&str> =
        ["--", "gdb"].iter().chain(&commands).copied().chain(["--args", "/bin/echo", "traced"]).collect();
    let ended = room.denybox(&words).end()?;
    ended.is(0)?;
    for text in ["Breakpoint 1,", "traced", "exited normally"] {
        check(ended.stdout.contains(text), || format!("gdb doesn't say {text:?}: {ended}"))?;
    }
    Ok(())
}

fn own_filter(room: &Room<'_>) -> Checked {
    let witness = room.witness()?;
    room.outside("./witness own-filter")?.prints("Linux true")?;
    room.denybox(&["--", &witness, "own-filter"]).end()?.prints("Linux true")?;
    same("a directory was made", room.workspace.join("made-under-the-filter").exists(), false)
}

fn several_boxes(room: &Room<'_>) -> Checked {
    let mut running = Vec::new();
    for number in 0..4 {
        let script = format!("echo {number} > mine-{number}; echo ready; read line; ls; exit {number}");
        let mut one = room.shell(&[], &script).start(Stdio::piped())?;
        one.wait_for("ready")?;
        running.push(one);
    }
    let mut names = std::collections::BTreeSet::new();
    for (number, mut one) in running.into_iter().enumerate() {
        drop(one.process.child().stdin.take());
        let ended = one.end()?;
        ended.is(number as i32)?;
        names.insert(ended.text("/box").to_owned());
    }
    same("names of boxes", names.len(), 4)
}
