//! The environment of a box.

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, check, same};

pub const CHECKS: &[Check] = &[
    ("environment/loaders-stay-outside", loaders_stay_outside),
    ("environment/asked-for", asked_for),
    ("environment/cleared", cleared),
    ("environment/scratch-names", scratch_names),
];

fn loaders_stay_outside(room: &Room<'_>) -> Checked {
    // Harmless to whatever runs on the way to the box.
    let loaders = [
        ("LD_PRELOAD", "libc.so.6"),
        ("LD_LIBRARY_PATH", "/no/such/directory"),
        ("LD_BIND_NOW", "1"),
        ("LD_DENYBOX_TEST", "1"),
        ("GCONV_PATH", "/no/such/directory"),
        ("BASH_ENV", "/dev/null"),
        ("ENV", "/dev/null"),
        ("PYTHONSTARTUP", "/dev/null"),
        ("NODE_OPTIONS", "--no-warnings"),
        ("PERL5OPT", "-w"),
    ];
    let mut prepared = room.shell(&[], "env").variable("MINE", "kept");
    let mut asked =
        room.shell(&loaders.iter().flat_map(|(name, _)| ["--env", name]).collect::<Vec<_>>(), "env");
    for (name, value) in loaders {
        prepared = prepared.variable(name, value);
        asked = asked.variable(name, value);
    }
    let (without, with) = (prepared.end()?, asked.end()?);
    without.is(0)?;
    with.is(0)?;
    let has = |text: &str, line: &str| text.lines().any(|one| one == line);
    check(has(&without.stdout, "MINE=kept"), || format!("an ordinary variable is lost: {without}"))?;
    for (name, value) in loaders {
        let line = format!("{name}={value}");
        check(!without.stdout.lines().any(|one| one.starts_with(&format!("{name}="))), || {
            format!("{name} got in: {without}")
        })?;
        check(has(&with.stdout, &line), || format!("--env {name} did not pass it on: {with}"))?;
    }
    Ok(())
}

fn asked_for(room: &Room<'_>) -> Checked {
    let script = "printf '%s|' \"$ONE\" \"$TWO\" \"$THREE\" \"$EMPTY\"; printenv EMPTY";
    let options =
        ["--env", "ONE=1=x", "--env", "TWO", "--env", "THREE=a b\nc", "--env", "EMPTY=", "--env", "ONE=last"];
    let ended = room.shell(&options, script).variable("TWO", "second").variable("THREE", "caller's").end()?;
    ended.prints("last|second|a b\nc||")
}

fn cleared(room: &Room<'_>) -> Checked {
    let script = "echo ${MINE-unset} ${LC_ALL-unset} ${SECRET_TOKEN-unset} ${GIVEN-unset}; [ -n \"$PATH\" ] && [ -d \"$HOME\" ]";
    let run = |options: &[&str]| {
        room.shell(options, script).variable("MINE", "here").variable("SECRET_TOKEN", "hidden").end()
    };
    run(&[])?.prints("here C.UTF-8 hidden unset")?;
    run(&["--clear-env", "--env", "GIVEN=yes"])?.prints("unset C.UTF-8 unset yes")
}

fn scratch_names(room: &Room<'_>) -> Checked {
    let elsewhere = room.beside.join("scratch");
    room.caller.make_directory(&elsewhere)?;
    let place = elsewhere.display().to_string();
    let script = format!("echo ${{TMPDIR-unset}}; echo text > {place}/file 2>/dev/null || echo denied");
    let ended = room.shell(&[], &script).variable("TMPDIR", &place).end()?;
    ended.prints("unset\ndenied")?;
    same("a file was written", elsewhere.join("file").exists(), false)?;
    // What TMPDIR names is sealed, not merely absent: without it the place isn't in the box at all.
    let sealed = ended.list("/mounts").iter().any(|mount| {
        mount.get("kind").and_then(|kind| kind.as_str()) == Some("sealed")
            && mount.get("target").and_then(|target| target.as_str()) == Some(&place)
    });
    check(sealed, || format!("{place} is not sealed: {:#}", ended.report))?;
    let ended = room
        .shell(&["--scratch", "1M", "--because", "test"], "echo $TMPDIR $TMP $TEMP $TMPPREFIX; mktemp -u")
        .end()?;
    ended.is(0)?;
    check(
        ended.stdout.starts_with("/run/denybox/scratch ") && ended.stdout.contains("\n/run/denybox/scratch/"),
        || format!("{ended}"),
    )
}
