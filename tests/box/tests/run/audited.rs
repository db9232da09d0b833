//! The audit log of a run: what it says, in which order, that it can't be reached, and that there is no box without it.

use std::path::Path;

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, Stop, check, same};
use serde_json::Value;

pub const CHECKS: &[Check] = &[
    ("audited/what-happened", what_happened),
    ("audited/a-refusal", a_refusal),
    ("audited/tampering", tampering),
    ("audited/out-of-reach", out_of_reach),
    ("audited/a-killed-supervisor", a_killed_supervisor),
    ("audited/a-full-disk", a_full_disk),
];

fn text(path: &Path) -> Result<&str, Stop> {
    path.to_str().ok_or_else(|| Stop::from("not UTF-8"))
}

/// The records of the only box in the log.
fn records(room: &Room<'_>, log: &Path) -> Result<Vec<Value>, Stop> {
    let script = format!(
        "id=$(\"$DENYBOX\" audit show '{0}' | cut -d' ' -f1) && \"$DENYBOX\" audit show '{0}' \"$id\" --report json",
        log.display()
    );
    let ended = room.outside(&script)?;
    ended.is(0)?;
    ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|error| Stop::from(format!("{error}: {line}"))))
        .collect()
}

/// What a record says of its event; null where it says nothing.
fn said<'a>(record: &'a Value, pointer: &str) -> &'a Value {
    record.pointer(&format!("/event{pointer}")).unwrap_or(&Value::Null)
}

fn kinds(records: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> =
        records.iter().filter_map(|record| record.pointer("/event/kind")?.as_str()).collect();
    kinds.dedup();
    kinds
}

fn verify(room: &Room<'_>, log: &Path, code: i32) -> Result<String, Stop> {
    let ended = room.outside(&format!("\"$DENYBOX\" audit verify '{}'", log.display()))?;
    ended.is(code)?;
    Ok(ended.stdout)
}

fn what_happened(room: &Room<'_>) -> Checked {
    let log = room.beside.join("log");
    room.shell(&["--audit-log", text(&log)?], "echo x >/tmp/wanted; exit 3").end()?.is(3)?;
    let records = records(room, &log)?;
    same(
        "the kinds",
        kinds(&records).join(" "),
        "asked decided mount control denied denied-in-all ended checkpoint".to_owned(),
    )?;
    let of = |kind: &str| records.iter().find(|record| said(record, "/kind") == kind);
    let denied = of("denied").map(|record| said(record, "/denial"));
    check(
        denied.is_some_and(|denial| denial.pointer("/path").is_some_and(|path| path == "/tmp/wanted")),
        || format!("{denied:?}"),
    )?;
    let sealed = records.iter().any(|record| {
        said(record, "/kind") == "mount"
            && said(record, "/target") == "/tmp"
            && said(record, "/what") == "sealed"
            && said(record, "/allowed_by").is_string()
    });
    check(sealed, || "no mount of the seal of /tmp with the rule that allows it".to_owned())?;
    let ended = of("ended").map(|record| said(record, "/code"));
    same("the exit code", ended.and_then(Value::as_i64), Some(3))?;
    verify(room, &log, 0).map(drop)
}

fn a_refusal(room: &Room<'_>) -> Checked {
    let log = room.beside.join("log");
    room.shell(&["--audit-log", text(&log)?, "--scratch", "1M"], "true").end()?.is(77)?;
    let records = records(room, &log)?;
    same("the kinds", kinds(&records).join(" "), "asked decided ended checkpoint".to_owned())?;
    let decided = records.iter().find(|record| said(record, "/kind") == "decided");
    let allowed = decided.map(|record| said(record, "/allowed"));
    same("allowed", allowed.and_then(Value::as_bool), Some(false))?;
    let reasons = decided.map(|record| said(record, "/exposures").to_string()).unwrap_or_default();
    check(reasons.contains("\"reasons\""), || reasons)?;
    verify(room, &log, 0).map(drop)
}

fn tampering(room: &Room<'_>) -> Checked {
    let log = room.beside.join("log");
    room.shell(&["--audit-log", text(&log)?], "echo x >/tmp/wanted; true").end()?.is(0)?;
    let place = log.display();
    let kept = format!("\"$DENYBOX\" audit checkpoint '{place}' >kept && cp -a '{place}' saved");
    room.outside(&kept)?.is(0)?;
    let restored = format!("rm -r '{place}' && cp -a saved '{place}'");
    for (edit, finding) in [
        (format!("sed -i s,/tmp/wanted,/tmp/other_, '{place}'/boxes/*"), "was altered"),
        (format!("sed -i 2d '{place}'/boxes/*"), "record 1 is missing"),
        (format!("rm '{place}'/boxes/*"), "the whole log is gone"),
        (format!("sed -i '$d' '{place}'/boxes/*"), "cut off the end"),
    ] {
        room.outside(&edit)?.is(0)?;
        let said = verify(room, &log, 1)?;
        check(said.contains(finding), || format!("after {edit}: {said}"))?;
        room.outside(&restored)?.is(0)?;
        verify(room, &log, 0)?;
    }
    // Without a trace here; not without the checkpoint.
    room.outside(&format!("rm '{place}'/boxes/* '{place}'/index*"))?.is(0)?;
    verify(room, &log, 0)?;
    let ended = room.outside(&format!("\"$DENYBOX\" audit verify '{place}' --against kept"))?;
    ended.is(1)?;
    check(ended.stdout.contains("cut off the end: kept knows of 2"), || format!("{ended}"))
}

fn out_of_reach(room: &Room<'_>) -> Checked {
    let inside = room.workspace.join("log");
    std::os::unix::fs::symlink(&room.workspace, room.beside.join("link"))?;
    let linked = room.beside.join("link/log");
    let beside = room.beside.join("shown");
    room.write(beside.join("file"), "")?;
    let below = beside.join("log");
    let shown = ["--ro", text(&beside)?];
    for (log, options, words) in [
        (inside, &[][..], "could be reached from the box"),
        (linked, &[][..], "could be reached from the box"),
        (below, &shown[..], "could be reached from the box"),
        ("/tmp/log".into(), &[][..], "shared scratch"),
    ] {
        let ended = room.shell(&[&["--audit-log", text(&log)?], options].concat(), "echo ran").end()?;
        ended.is(78)?;
        ended.says(words)?;
        check(!ended.stdout.contains("ran") && !log.exists(), || format!("{ended}"))?;
    }
    // The control: elsewhere it is written, and the box doesn't see it.
    let log = room.beside.join("log");
    let script = format!("ls '{}'/key.pem 2>&1 || echo unseen", log.display());
    let ended = room.shell(&["--audit-log", text(&log)?], &script).end()?;
    ended.is(0)?;
    check(ended.stdout.contains("unseen") && log.join("key.pem").exists(), || format!("{ended}"))
}

fn a_killed_supervisor(room: &Room<'_>) -> Checked {
    let log = room.beside.join("log");
    let options = ["--audit-log", text(&log)?];
    let mut running = room
        .shell(&options, "echo x >/tmp/wanted; echo ready; sleep 60")
        .start(std::process::Stdio::null())?;
    running.wait_for("ready")?;
    let pid = first_pid(room, &log)?;
    denybox_sys::signal::send(pid, libc::SIGKILL)?;
    running.end()?;
    let said = verify(room, &log, 0)?;
    check(said.contains("left in the middle"), || said)?;
    let left = records(room, &log)?;
    same("the kinds", kinds(&left).join(" "), "asked decided mount control denied".to_owned())?;
    room.shell(&options, "true").end()?.is(0)?;
    let said = verify(room, &log, 0)?;
    check(!said.contains("left in the middle") && said.matches("complete").count() == 2, || said)
}

/// The supervisor, as its log names it.
fn first_pid(room: &Room<'_>, log: &Path) -> Result<i32, Stop> {
    let records = records(room, log)?;
    let pid = records.first().and_then(|record| record.pointer("/event/pid")?.as_i64());
    pid.and_then(|pid| i32::try_from(pid).ok()).ok_or_else(|| Stop::from("no process in the first record"))
}

fn a_full_disk(room: &Room<'_>) -> Checked {
    let log = room.beside.join("log");
    std::fs::create_dir(&log)?;
    room.caller.own(&log)?;
    let (place, uid) = (log.display(), room.caller.uid());
    let small = format!("mount -t tmpfs -o size=96k,mode=0700,uid={uid},gid={uid} none '{place}'");
    let script = "echo began; i=0; while [ $i -lt 2000 ]; do echo x >/tmp/no-$i; i=$((i+1)); done 2>/dev/null; sleep 30; echo over";
    let began = std::time::Instant::now();
    let ended = room.shell(&["--audit-log", text(&log)?], script).after(&small).end()?;
    ended.is(78)?;
    ended.says("the audit log can't be written")?;
    let stopped = ended.stdout.contains("began") && !ended.stdout.contains("over");
    check(stopped && began.elapsed().as_secs() < 25, || format!("{ended}"))
}
