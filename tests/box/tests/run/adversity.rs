//! Hosts that are poor, and things that go away meanwhile: each ends in a clear message, or works all the same.

use std::process::Stdio;

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, Stop, check, same};

pub const CHECKS: &[Check] = &[
    ("adversity/workspace-deleted-meanwhile", workspace_deleted_meanwhile),
    ("adversity/current-directory-gone", current_directory_gone),
    ("adversity/full-disk", full_disk),
    ("adversity/box-in-a-box", box_in_a_box),
    ("adversity/no-user-namespaces", no_user_namespaces),
    ("adversity/no-landlock", no_landlock),
    ("adversity/doctor", doctor),
    ("adversity/no-home", no_home),
];

fn no_panic(ended: &denybox_box_tests::room::Ended) -> Checked {
    check(!ended.stderr.contains("panicked"), || format!("it panicked: {ended}"))
}

fn workspace_deleted_meanwhile(room: &Room<'_>) -> Checked {
    let work = room.beside.join("work");
    room.caller.make_directory(&work)?;
    let place = work.display().to_string();
    let script = "echo ready; read line; ls | wc -l; (: > new) 2>/dev/null || echo gone; exit 4";
    let mut running = room.shell(&["--workspace", &place], script).start(Stdio::piped())?;
    running.wait_for("ready")?;
    std::fs::remove_dir_all(&work)?;
    drop(running.process.child().stdin.take());
    let ended = running.end()?;
    ended.is(4)?;
    same("what it printed", ended.stdout.trim(), "ready\n0\ngone")?;
    no_panic(&ended)
}

fn current_directory_gone(room: &Room<'_>) -> Checked {
    let leave = "mkdir ../beside/gone && cd ../beside/gone && rmdir ../gone && exec \"$@\"";
    let ended = room.denybox(&["--", "true"]).by(&["sh", "-c", leave, "sh"]).end()?;
    ended.is(78)?;
    ended.says("--workspace")?;
    no_panic(&ended)?;
    let work = room.workspace.display().to_string();
    let ended = room.denybox(&["--workspace", &work, "--", "pwd"]).by(&["sh", "-c", leave, "sh"]).end()?;
    ended.prints(&work)
}

fn full_disk(room: &Room<'_>) -> Checked {
    if !rustix::process::geteuid().is_root() {
        return Err(Stop::Skip("only root can mount".to_owned()));
    }
    let disk = room.beside.join("disk");
    room.caller.make_directory(&disk)?;
    let place = disk.display().to_string();
    let uid = room.caller.uid();
    let fill = format!(
        "mount -t tmpfs -o size=64k,uid={uid},gid={uid} none {place} && {{ head -c 1M /dev/zero > {place}/filled; true; }} 2>/dev/null"
    );
    let script = "(echo text > file) 2>/dev/null && [ -s file ] && echo written; exit 28";
    let ended = room.shell(&["--workspace", &place], script).after(&fill).end()?;
    ended.is(28)?;
    same("what it printed", ended.stdout.trim(), "")?;
    same("denials", ended.list("/denials").len(), 0)?;
    let report = format!("{place}/report.json");
    let ended =
        room.denybox(&["--report-file", &report, "--", "sh", "-c", "exit 6"]).after(&fill).untold().end()?;
    ended.is(6)?;
    ended.says("the report file")?;
    ended.says("No space left on device")?;
    no_panic(&ended)?;
    let empty = format!("mount -t tmpfs -o size=64k,uid={uid},gid={uid} none {place}");
    let ended = room.shell(&["--workspace", &place], script).after(&empty).end()?;
    same("on a disk with room", ended.stdout.trim(), "written")
}

fn box_in_a_box(room: &Room<'_>) -> Checked {
    std::fs::copy(&room.ground.denybox, room.workspace.join("denybox"))?;
    let ended = room.denybox(&["--", "./denybox", "run", "--", "true"]).end()?;
    ended.is(69)?;
    same("the kind of the outer exit", ended.text("/exit/kind"), "exited")?;
    ended.says("the required control 'user-namespace' is unavailable")?;
    ended.says("denybox doctor")?;
    no_panic(&ended)
}

fn no_user_namespaces(room: &Room<'_>) -> Checked {
    let witness = room.ground.witness.display().to_string();
    let ended = room.denybox(&["--", "touch", "ran"]).by(&[&witness, "under", "no-user-namespaces"]).end()?;
    ended.is(69)?;
    same("the kind of exit", ended.text("/exit/kind"), "unavailable")?;
    ended.says("user-namespace")?;
    ended.says("denybox doctor")?;
    same("the command ran", room.workspace.join("ran").exists(), false)?;
    no_panic(&ended)?;
    // What the doctor then says is something to act on.
    let command = room.caller.command(&[
        room.ground.witness.as_os_str(),
        "under".as_ref(),
        "no-user-namespaces".as_ref(),
        room.ground.denybox.as_os_str(),
        "doctor".as_ref(),
    ]);
    let doctor = room.run(command, Stdio::null())?.end()?;
    doctor.is(69)?;
    check(doctor.stdout.contains("can't run boxes") && doctor.stdout.contains("user-namespace"), || {
        format!("{doctor}")
    })
}

fn no_landlock(room: &Room<'_>) -> Checked {
    let witness = room.ground.witness.display().to_string();
    let poor = [witness.as_str(), "under", "no-landlock"];
    let script =
        "echo runs; (: > /etc/x) 2>/dev/null && echo wrote; (: > /tmp/x) 2>/dev/null && echo wrote; true";
    let rich = room.shell(&[], script).end()?;
    rich.prints("runs")?;
    let ended = room.shell(&[], script).by(&poor).end()?;
    ended.prints("runs")?;
    same("landlock", ended.status("landlock"), "absent")?;
    ended.says("landlock is absent")?;
    let required = ["--require", "landlock"];
    let ended = room.shell(&required, "touch ran").by(&poor).end()?;
    ended.is(69)?;
    ended.says("landlock")?;
    same("the command ran", room.workspace.join("ran").exists(), false)?;
    // Without the filter the machine decides.
    let ended = room.shell(&required, "echo runs").end()?;
    if rich.status("landlock") == "enforced" { ended.prints("runs") } else { ended.is(69) }
}

fn doctor(room: &Room<'_>) -> Checked {
    let ask = |words: &[&str]| {
        let words: Vec<&std::ffi::OsStr> = [room.ground.denybox.as_os_str(), "doctor".as_ref()]
            .into_iter()
            .chain(words.iter().map(AsRef::as_ref))
            .collect();
        room.run(room.caller.command(&words), Stdio::null())?.end()
    };
    let text = ask(&[])?;
    text.is(0)?;
    check(text.stdout.contains("This host can run boxes"), || format!("{text}"))?;
    if let Some(has) = room.caller.has_tripwire() {
        check(text.stdout.contains("modprobe fuse") != has, || format!("its advice on /dev/fuse: {text}"))?;
    }
    let json = ask(&["--report", "json"])?;
    json.is(0)?;
    let examined: serde_json::Value = serde_json::from_str(&json.stdout)?;
    same("ready", examined.get("ready").and_then(serde_json::Value::as_bool), Some(true))
}

fn no_home(room: &Room<'_>) -> Checked {
    for home in ["", "/", "/no/such/home", "relative", "/etc", "/tmp"] {
        let ended = room.shell(&[], "cd && echo mine > file && cat file").variable("HOME", home).end()?;
        ended.prints("mine")?;
        no_panic(&ended)?;
    }
    Ok(())
}
