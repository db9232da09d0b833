//! What a run tells: the plan, the report, the live denials, and what it must not say.

use std::collections::BTreeSet;

use serde_json::Value;

use denybox_box_tests::ground::Check;
use denybox_box_tests::remains;
use denybox_box_tests::room::{Ended, Room};
use denybox_box_tests::{Checked, Stop, check, same};

pub const CHECKS: &[Check] = &[
    ("reports/dry-run", dry_run),
    ("reports/dry-run-of-what-is-refused", dry_run_of_what_is_refused),
    ("reports/schema", schema),
    ("reports/formats", formats),
    ("reports/enforcement", enforcement),
    ("reports/live-denials", live_denials),
    ("reports/exact-counts", exact_counts),
    ("reports/exact-counts-of-many-names", exact_counts_of_many_names),
    ("reports/hostile-names", hostile_names),
    ("reports/hostile-command-line", hostile_command_line),
    ("reports/no-false-blame", no_false_blame),
    ("reports/ancestry", ancestry),
];

fn dry_run(room: &Room<'_>) -> Checked {
    room.write("work/.git/config", "[core]\n")?;
    let look = || -> Result<BTreeSet<String>, Stop> {
        let mut names = BTreeSet::new();
        for place in [&room.workspace, &room.home, &room.beside] {
            for entry in std::fs::read_dir(place)? {
                names.insert(entry?.path().display().to_string());
            }
        }
        Ok(names)
    };
    let witness = room.ground.witness.display().to_string();
    let (before, mounts) = (look()?, remains::mounts()?);
    let mark = format!("denybox-dry-run-{}-{}", std::process::id(), room.caller.name);
    // Whoever starts a process, opens a file to write or mounts something is killed.
    let nothing = [witness.as_str(), "under", "touch-nothing"];
    let options = ["--memory", "64M", "--pids", "9", "--scratch", "1M", "--because", "test"];
    let words: Vec<&str> =
        ["--dry-run"].iter().chain(&options).copied().chain(["--", "touch", "ran", &mark]).collect();
    let ended = room.denybox(&words).by(&nothing).untold().end()?;
    ended.is(0)?;
    for text in ["/run/denybox/scratch", "sealed", "/tmp", &room.workspace.display().to_string(), "touch ran"]
    {
        check(ended.stdout.contains(text), || format!("the plan doesn't mention {text}: {ended}"))?;
    }
    let json: Vec<&str> = ["--report", "json"].into_iter().chain(words.iter().copied()).collect();
    let ended = room.denybox(&json).by(&nothing).untold().end()?;
    ended.is(0)?;
    let plan: Value = serde_json::from_str(&ended.stdout)?;
    check(plan.get("mounts").and_then(Value::as_array).is_some_and(|mounts| mounts.len() > 10), || {
        format!("a plan without mounts: {plan:#}")
    })?;
    check(look()? == before, || "something was made".to_owned())?;
    check(remains::processes(&mark).is_empty(), || format!("{:?}", remains::processes(&mark)))?;
    let new: Vec<String> =
        remains::mounts()?.difference(&mounts).filter(|line| line.contains("denybox")).cloned().collect();
    same("new mounts", new, Vec::new())?;
    // The same without --dry-run is killed: so the filter would have caught it.
    let ended = room.denybox(words.get(1..).unwrap_or_default()).by(&nothing).untold().end()?;
    same("without --dry-run", ended.code, None)
}

fn dry_run_of_what_is_refused(room: &Room<'_>) -> Checked {
    room.denybox(&["--dry-run", "--scratch", "1M", "--", "true"]).untold().end()?.is(77)?;
    room.denybox(&["--dry-run", "--workspace", "/tmp", "--", "true"]).untold().end()?.is(77)?;
    room.denybox(&["--dry-run", "--workspace", "/no/such", "--", "true"]).untold().end()?.is(78)
}

/// The runs whose reports show everything that a report can hold.
fn reports(room: &Room<'_>) -> Result<Vec<Ended>, Stop> {
    let scratch = ["--scratch", "1M", "--because", "test", "--memory", "64M"];
    Ok(vec![
        room.denybox(&["--", "true"]).end()?,
        room.shell(&scratch, "touch /tmp/x; mktemp; : > .envrc; ipcmk -Q; ls /tmp; exit 3").end()?,
        room.shell(&[], "kill -9 $$").end()?,
        room.denybox(&["--", "no-such-program"]).end()?,
        room.denybox(&["--workspace", "/tmp", "--", "true"]).end()?,
        room.denybox(&["--scratch", "100T", "--because", "test", "--", "true"]).end()?,
        room.denybox(&["--workspace", "/no/such/place", "--", "true"]).end()?,
        room.denybox(&["--timeout", "100ms", "--", "sleep", "1000"]).end()?,
    ])
}

fn schema(room: &Room<'_>) -> Checked {
    let command =
        room.caller.command(&[room.ground.denybox.as_os_str(), "schema".as_ref(), "report".as_ref()]);
    let printed = room.run(command, std::process::Stdio::null())?.end()?;
    printed.is(0)?;
    let schema: Value = serde_json::from_str(&printed.stdout)?;
    let validator = jsonschema::validator_for(&schema)?;
    check(!validator.is_valid(&serde_json::json!({"version": 1})), || {
        "the schema takes anything".to_owned()
    })?;
    for ended in reports(room)? {
        check(!ended.report.is_null(), || format!("there is no report: {ended}"))?;
        if let Some(error) = validator.iter_errors(&ended.report).next() {
            return Err(Stop::from(format!("{error} at {}: {:#}", error.instance_path(), ended.report)));
        }
        same(
            "the exit code",
            ended.report.pointer("/exit/code").and_then(Value::as_i64),
            ended.code.map(i64::from),
        )?;
        let mut spoiled = ended.report.clone();
        if let Some(exit) = spoiled.pointer_mut("/exit/kind") {
            *exit = "ended".into();
        }
        check(!validator.is_valid(&spoiled), || "an unknown kind of exit is valid".to_owned())?;
    }
    Ok(())
}

fn formats(room: &Room<'_>) -> Checked {
    let script = "touch /tmp/x 2>/dev/null; exit 2";
    let run = |format: &str| room.shell(&["--report", format], script).end();
    let text = run("text")?;
    text.is(2)?;
    if room.caller.has_tripwire() == Some(true) {
        text.says("touch was denied creating /tmp/x")?;
        text.says("--because")?;
    }
    let json = run("json")?;
    json.is(2)?;
    let told: Value = serde_json::from_str(&json.stderr)?;
    same("the report on standard error and in the file", &told, &json.report)?;
    let none = run("none")?;
    none.is(2)?;
    same("standard error", none.stderr.as_str(), "")?;
    same("denials in the file", none.list("/denials").len(), json.list("/denials").len())?;
    // A run that can't be is told whatever was asked.
    let refused = room.shell(&["--report", "none", "--workspace", "/tmp"], script).untold().end()?;
    refused.is(77)?;
    refused.says("denybox")
}

fn enforcement(room: &Room<'_>) -> Checked {
    let ended = room.denybox(&["--", "true"]).end()?;
    for control in [
        "user-namespace",
        "mount-namespace",
        "pid-namespace",
        "ipc-namespace",
        "net-namespace",
        "uts-namespace",
        "cgroup-namespace",
        "time-namespace",
        "seal",
        "capabilities",
        "no-new-privs",
        "seccomp",
        "notification",
        "memfd-noexec",
    ] {
        same(control, ended.status(control), "enforced")?;
    }
    if let Some(has) = room.caller.has_tripwire() {
        same("tripwire", ended.status("tripwire"), if has { "enforced" } else { "absent" })?;
        // An absent one is told, for it explains less.
        same("told", ended.stderr.contains("tripwire is absent"), !has)?;
    }
    check(ended.text("/box").starts_with("box-"), || format!("{:#}", ended.report))
}

fn live_denials(room: &Room<'_>) -> Checked {
    let script = "\
        live=/run/denybox/denials.jsonl; \
        [ -s $live ] && echo not empty; \
        touch /tmp/one 2>/dev/null; \
        grep -c '\"path\":\"/tmp/one\"' $live; \
        touch /var/tmp/two 2>/dev/null; \
        grep -c '\"path\":\"/var/tmp/two\"' $live; \
        grep -q '\"summary\":\"' $live && grep -q '\"remedies\":' $live && echo explained; \
        (echo x >> $live) 2>/dev/null && echo appended; \
        (: > $live) 2>/dev/null && echo emptied; \
        rm -f $live 2>/dev/null && echo removed; \
        mv $live /run/denybox/other 2>/dev/null && echo moved; \
        chmod 777 $live 2>/dev/null && echo changed; \
        (: > /run/denybox/new) 2>/dev/null && echo made; \
        true";
    let ended = room.shell(&[], script).end()?;
    ended.prints("1\n1\nexplained")
}

/// How many denials of creating something in /tmp a report counts, and in how many entries.
fn counted(ended: &Ended) -> (u64, usize) {
    let all: Vec<u64> = ended
        .list("/denials")
        .iter()
        .filter(|denial| denial.get("resource").is_some_and(|resource| resource == "/tmp"))
        .filter(|denial| denial.get("operation").is_some_and(|operation| operation == "create"))
        .filter_map(|denial| denial.get("count")?.as_u64())
        .collect();
    (all.iter().sum(), all.len())
}

fn exact_counts(room: &Room<'_>) -> Checked {
    let witness = room.witness()?;
    let script = format!("{witness} flood 4 2500 /tmp/a & {witness} flood 4 2500 /tmp/b & wait");
    let ended = room.shell(&[], &script).end()?;
    ended.prints("10000\n10000")?;
    let (count, entries) = counted(&ended);
    same("denials counted", count, 20_000)?;
    same("entries", entries, 2)?;
    check(ended.stderr.len() < 16 << 10, || format!("{} bytes of text", ended.stderr.len()))
}

fn exact_counts_of_many_names(room: &Room<'_>) -> Checked {
    let witness = room.witness()?;
    let script = format!("{witness} flood 4 2500 /tmp/a- & {witness} flood 4 2500 /tmp/b- & wait");
    let ended = room.shell(&[], &script).end()?;
    ended.prints("10000\n10000")?;
    let (count, entries) = counted(&ended);
    same("denials counted", count, 20_000)?;
    check(entries <= 4000, || format!("{entries} entries"))?;
    check(ended.stderr.len() < 16 << 10, || format!("{} bytes of text", ended.stderr.len()))
}

/// Fails if bytes hold anything that steers a terminal or deceives its reader.
fn is_tame(what: &str, bytes: &[u8]) -> Checked {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("{what} is no UTF-8: {error}"))?;
    let wild = |c: char| {
        (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    match text.chars().find(|c| wild(*c)) {
        None => Ok(()),
        Some(found) => Err(Stop::from(format!("{what} holds {found:?}: {text:?}"))),
    }
}

fn hostile_names(room: &Room<'_>) -> Checked {
    let witness = room.witness()?;
    for format in ["text", "json"] {
        let ended = room
            .denybox(&["--report", format, "--", &witness, "hostile"])
            .word(b"\x1b]0;argv\x07")
            .word(b"two\nlines")
            .word("\u{202e}backwards\u{9b}1m".as_bytes())
            .word(b"\xff\xfe")
            .end()?;
        ended.prints("true\ntrue\ntrue\ntrue\ntrue\ntrue")?;
        same("denials", counted(&ended), (6, 6))?;
        is_tame(&format!("--report {format}"), &ended.raw)?;
        check(ended.stderr.contains("line"), || format!("the name isn't told at all: {ended}"))?;
    }
    let live =
        room.shell(&[], &format!("{witness} hostile >/dev/null; cat /run/denybox/denials.jsonl")).end()?;
    live.is(0)?;
    check(live.stdout.lines().count() == 6, || format!("{live}"))?;
    for line in live.stdout.lines() {
        let _: Value = serde_json::from_str(line)?;
    }
    is_tame("the live denials", live.stdout.as_bytes())
}

fn hostile_command_line(room: &Room<'_>) -> Checked {
    let name: &[u8] = b"no\x1b[31m\nsuch\xffprogram";
    let runs = [
        room.denybox(&["--"]).word(name).end()?,
        room.denybox(&["--report", "json", "--"]).word(name).end()?,
        room.denybox(&["--dry-run", "--"]).word(name).untold().end()?,
        room.denybox(&["--dry-run", "--report", "json", "--"])
            .word("\u{9b}31m\u{202e}".as_bytes())
            .untold()
            .end()?,
        room.denybox(&["--workspace"]).word(b"/no/\x1b[31m\xff").word(b"--").word(b"true").end()?,
        room.denybox(&["--ro"]).word(b"/no/\n\x1b[31m").word(b"--").word(b"true").end()?,
        room.denybox(&["--env"]).word(b"=\x1b[31m").word(b"--").word(b"true").end()?,
        room.denybox(&["--grant"]).word(b"\x1b[31m=private").word(b"--").word(b"true").end()?,
    ];
    for (ended, code) in runs.iter().zip([127, 127, 0, 0, 78, 78, 64, 64]) {
        ended.is(code)?;
        is_tame("standard error", &ended.raw)?;
        is_tame("standard output", ended.stdout.as_bytes())?;
    }
    Ok(())
}

fn no_false_blame(room: &Room<'_>) -> Checked {
    let quiet = |script: &str, code: i32| -> Checked {
        let ended = room.shell(&[], script).end()?;
        ended.is(code)?;
        let about_agent = ended.stderr.lines().filter(|line| !line.contains("tripwire is absent"));
        let said: Vec<&str> = about_agent.filter(|line| line.contains("denybox")).collect();
        check(said.is_empty(), || format!("{script}: the box is blamed: {ended}"))
    };
    quiet("echo wrong >&2; exit 3", 3)?;
    quiet("cat /no/such/file; exit 1", 1)?;
    quiet("ls /etc/no-such-file || exit 2", 2)?;
    quiet("kill -0 999999; exit 5", 5)?;
    // Looking, and going on.
    quiet("[ -e /tmp/x ]; [ -d /dev/shm ]; stat /tmp > /dev/null; exit 0", 0)?;
    let ended = room.shell(&[], "[ -e /tmp/x ]; exit 0").end()?;
    let diagnosed = ended
        .list("/denials")
        .iter()
        .filter(|denial| denial.get("diagnosis").is_some_and(|one| !one.is_null()));
    same("diagnoses of a look", diagnosed.count(), 0)
}

fn ancestry(room: &Room<'_>) -> Checked {
    let script = "sh -c 'sh -c \"touch /tmp/deep; true\"; true'; true";
    let ended = room.shell(&[], script).end()?;
    let found =
        ended.list("/denials").iter().find(|one| one.get("path").is_some_and(|path| path == "/tmp/deep"));
    let denial = found.ok_or_else(|| format!("not reported: {:#}", ended.report))?;
    check(
        denial
            .pointer("/process/exe")
            .and_then(Value::as_str)
            .is_some_and(|exe| exe.ends_with("/touch") || exe.ends_with("coreutils")),
        || format!("{denial:#}"),
    )?;
    let ancestors = denial.pointer("/process/ancestors").and_then(Value::as_array);
    same("ancestors", ancestors.map(Vec::len), Some(3))?;
    // A link that is gone is said to be, never guessed.
    let script = "sh -c '(sleep 0.2; touch /tmp/orphan) >/dev/null 2>&1 & exit 0'; sleep 1; \
                  until [ -s /run/denybox/denials.jsonl ]; do sleep 0.1; done";
    let ended = room.shell(&[], script).end()?;
    let found =
        ended.list("/denials").iter().find(|one| one.get("path").is_some_and(|path| path == "/tmp/orphan"));
    let denial = found.ok_or_else(|| format!("not reported: {:#}", ended.report))?;
    let ancestors = denial.pointer("/process/ancestors").and_then(Value::as_array);
    check(ancestors.is_some_and(|list| list.iter().any(|one| one == "exited")), || format!("{denial:#}"))
}
