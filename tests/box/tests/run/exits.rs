//! Exit codes, signals and time.

use std::process::Stdio;

use denybox_box_tests::child::wait_until;
use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, check, same};

pub const CHECKS: &[Check] = &[
    ("exits/own-codes", own_codes),
    ("exits/usage", usage),
    ("exits/configuration", configuration),
    ("exits/required-control", required_control),
    ("exits/internal", internal),
    ("exits/not-executed", not_executed),
    ("exits/killed", killed),
    ("exits/signals-are-passed-on", signals_are_passed_on),
    ("exits/signals-end-the-agent", signals_end_the_agent),
    ("exits/signals-during-set-up", signals_during_set_up),
    ("exits/stop-and-continue", stop_and_continue),
    ("exits/timeout", timeout),
];

fn own_codes(room: &Room<'_>) -> Checked {
    // Also those that mean something else when they are denybox's: the report tells them apart.
    for code in [0, 1, 7, 64, 69, 77, 126, 127, 137, 255] {
        let ended = room.shell(&[], &format!("exit {code}")).end()?;
        ended.is(code)?;
        same("the kind of exit", ended.text("/exit/kind"), "exited")?;
        same("standard error", ended.stderr.contains("denybox: exit"), false)?;
    }
    Ok(())
}

fn usage(room: &Room<'_>) -> Checked {
    for words in [
        &["--no-such-option", "--", "true"][..],
        &[],
        &["--"],
        &["--memory", "much", "--", "true"],
        &["--memory", "0", "--", "true"],
        &["--timeout", "soon", "--", "true"],
        &["--cpus", "0", "--", "true"],
        &["--net", "some", "--", "true"],
        &["--require", "no-such-control", "--", "true"],
        &["--grant", "/tmp", "--because", "test", "--", "true"],
        &["--grant", "tmp=private", "--because", "test", "--", "true"],
        &["--env", "=value", "--", "true"],
        &["--env", "NOT_SET_ANYWHERE", "--", "true"],
    ] {
        let ended = room.denybox(words).untold().end()?;
        ended.is(64)?;
        check(!ended.stderr.trim().is_empty(), || format!("{words:?} is refused without a word"))?;
    }
    room.denybox(&["--memory", "1G", "--timeout", "1h", "--", "true"]).end()?.is(0)
}

fn configuration(room: &Room<'_>) -> Checked {
    let file = room.write("beside/file", "text")?.display().to_string();
    for words in [
        &["--workspace", "/no/such/place", "--", "true"][..],
        &["--workspace", &file, "--", "true"],
        &["--ro", "/no/such/place", "--", "true"],
        &["--rw", "/no/such/place", "--", "true"],
    ] {
        let ended = room.denybox(words).end()?;
        ended.is(78)?;
        same("the kind of exit", ended.text("/exit/kind"), "failed")?;
    }
    let report = "/no/such/place/report";
    let ended = room.denybox(&["--report-file", report, "--", "true"]).untold().end()?;
    ended.is(78)?;
    ended.says(report)?;
    room.denybox(&["--ro", &file, "--", "cat", &file]).end()?.prints("text")
}

fn required_control(room: &Room<'_>) -> Checked {
    let ended = room.denybox(&["--require", "seccomp", "--", "true"]).end()?;
    ended.is(0)?;
    same("seccomp", ended.status("seccomp"), "enforced")?;
    room.denybox(&["--require", "uid-separation", "--", "true"]).end()?.is(0)?;
    // What isn't asked for isn't in force either.
    let ended = room.denybox(&["--require", "memory", "--", "touch", "ran"]).end()?;
    ended.is(69)?;
    same("the command ran", room.workspace.join("ran").exists(), false)?;
    let ended = room.denybox(&["--require", "tripwire", "--", "touch", "ran"]).end()?;
    let ran = room.workspace.join("ran").exists();
    match room.caller.has_tripwire() {
        Some(true) => {
            ended.is(0)?;
            same("the command ran", ran, true)?;
            same("the tripwire", ended.status("tripwire"), "enforced")
        }
        Some(false) => {
            ended.is(69)?;
            ended.says("tripwire")?;
            same("the kind of exit", ended.text("/exit/kind"), "unavailable")?;
            same("the command ran", ran, false)
        }
        None => check(matches!(ended.code, Some(0 | 69)), || format!("{ended}")),
    }
}

fn internal(room: &Room<'_>) -> Checked {
    let ended = room.denybox(&["--", "true"]).by(&["prlimit", "--nofile=5"]).untold().end()?;
    ended.is(70)?;
    ended.says("cannot start a box")?;
    room.denybox(&["--", "true"]).by(&["prlimit", "--nofile=1024"]).untold().end()?.is(0)
}

fn not_executed(room: &Room<'_>) -> Checked {
    room.write("work/plain", "no program")?;
    room.write_program("work/garbage", "\u{1}\u{2}no program either")?;
    room.write_program("work/script", "#!/no/such/interpreter\n")?;
    for (name, code) in [
        ("./plain", 126),
        ("/usr", 126),
        ("./garbage", 126),
        ("./script", 127),
        ("./absent", 127),
        ("no-such-program", 127),
    ] {
        let ended = room.denybox(&["--", name]).end()?;
        ended.is(code)?;
        same("the kind of exit", ended.text("/exit/kind"), "not-executed")?;
        ended.says(name.trim_start_matches("./"))?;
    }
    room.write_program("work/program", "#!/bin/sh\necho executed\n")?;
    room.denybox(&["--", "./program"]).end()?.prints("executed")
}

fn killed(room: &Room<'_>) -> Checked {
    for (name, number) in
        [("KILL", libc::SIGKILL), ("TERM", libc::SIGTERM), ("SEGV", libc::SIGSEGV), ("USR1", libc::SIGUSR1)]
    {
        let ended = room.shell(&[], &format!("kill -{name} $$")).end()?;
        ended.is(128 + number)?;
        same("the kind of exit", ended.text("/exit/kind"), "signalled")?;
        ended.says(&format!("signal {number}"))?;
    }
    Ok(())
}

/// Signals that are passed on, signal(7).
const PASSED: [(&str, i32); 6] = [
    ("TERM", libc::SIGTERM),
    ("INT", libc::SIGINT),
    ("HUP", libc::SIGHUP),
    ("QUIT", libc::SIGQUIT),
    ("USR1", libc::SIGUSR1),
    ("USR2", libc::SIGUSR2),
];

fn signals_are_passed_on(room: &Room<'_>) -> Checked {
    for (name, number) in PASSED {
        let script =
            format!("trap 'echo caught {name}; exit 5' {name}; echo ready; while :; do sleep 0.02; done");
        let mut running = room.shell(&[], &script).start(Stdio::null())?;
        running.wait_for("ready")?;
        running.process.signal(number)?;
        let ended = running.end()?;
        ended.is(5)?;
        same("what it printed", ended.stdout.trim(), &format!("ready\ncaught {name}"))?;
    }
    Ok(())
}

fn signals_end_the_agent(room: &Room<'_>) -> Checked {
    for (_, number) in PASSED {
        let mut running = room.shell(&[], "echo ready; exec sleep 1000").start(Stdio::null())?;
        running.wait_for("ready")?;
        running.process.signal(number)?;
        let ended = running.end()?;
        ended.is(128 + number)?;
        same("the kind of exit", ended.text("/exit/kind"), "signalled")?;
    }
    Ok(())
}

fn signals_during_set_up(room: &Room<'_>) -> Checked {
    // At moments all over the set-up: none is lost, or the box would never end.
    for moment in 0..40 {
        let running = room.shell(&[], "exec sleep 1000").start(Stdio::null())?;
        std::thread::sleep(std::time::Duration::from_micros(moment * 700));
        running.process.signal(libc::SIGTERM)?;
        let ended = running.end()?;
        // Before there is a supervisor the signal ends denybox itself.
        check(matches!(ended.code, None | Some(143)), || format!("after {moment} steps: {ended}"))?;
    }
    Ok(())
}

fn stop_and_continue(room: &Room<'_>) -> Checked {
    let mut running = room.shell(&[], "echo ready; read line; exit 3").start(Stdio::piped())?;
    running.wait_for("ready")?;
    let status = format!("/proc/{}/status", running.process.pid());
    let is_stopped =
        || Ok(std::fs::read_to_string(&status).map_err(|error| error.to_string())?.contains("State:\tT"));
    check(!is_stopped()?, || "it is stopped already".to_owned())?;
    running.process.signal(libc::SIGTSTP)?;
    wait_until("denybox to stop", is_stopped)?;
    running.process.signal(libc::SIGCONT)?;
    wait_until("denybox to continue", || Ok(!is_stopped()?))?;
    drop(running.process.child().stdin.take());
    running.end()?.is(3)
}

fn timeout(room: &Room<'_>) -> Checked {
    for script in ["exec sleep 1000", "trap '' TERM; while :; do sleep 0.1; done"] {
        let ended = room.shell(&["--timeout", "300ms"], script).end()?;
        ended.is(124)?;
        same("the kind of exit", ended.text("/exit/kind"), "timed-out")?;
    }
    // It is asked to end before it is made to.
    let ended = room
        .shell(&["--timeout", "300ms"], "trap 'echo asked; exit 3' TERM; while :; do sleep 0.02; done")
        .end()?;
    ended.is(124)?;
    same("what it printed", ended.stdout.trim(), "asked")?;
    room.shell(&["--timeout", "10m"], "echo in time").end()?.prints("in time")
}
