//! The standard streams, and that no other descriptor gets in.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use denybox_box_tests::child::Bounded;
use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, check, same};

pub const CHECKS: &[Check] = &[
    ("streams/much-both-ways", much_both_ways),
    ("streams/reader-that-leaves", reader_that_leaves),
    ("streams/input-that-nobody-reads", input_that_nobody_reads),
    ("streams/closed", closed),
    ("streams/full", full),
    ("streams/no-other-descriptor", no_other_descriptor),
    ("streams/no-directory", no_directory),
    ("streams/not-a-terminal", not_a_terminal),
];

fn much_both_ways(room: &Room<'_>) -> Checked {
    let sent: Vec<u8> =
        (0..8_u32 << 20).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut command = room.caller.command(&[
        room.ground.denybox.as_os_str(),
        "run".as_ref(),
        "--".as_ref(),
        "cat".as_ref(),
    ]);
    command.current_dir(&room.workspace).env("HOME", &room.home).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = Bounded::start(&mut command)?;
    let mut into = running.child().stdin.take().ok_or("no pipe")?;
    let mut from = running.child().stdout.take().ok_or("no pipe")?;
    let copy = sent.clone();
    let writer = std::thread::spawn(move || into.write_all(&copy));
    let mut received = Vec::new();
    from.read_to_end(&mut received)?;
    writer.join().map_err(|_| "the writer failed")??;
    same("the exit code", running.wait()?.code(), Some(0))?;
    check(received == sent, || {
        format!("{} bytes went in, {} different ones came out", sent.len(), received.len())
    })
}

fn reader_that_leaves(room: &Room<'_>) -> Checked {
    room.shell(&[], "yes | head -n 1").end()?.prints("y")?;
    // The reader outside: the agent meets SIGPIPE as it would without a box.
    let outside = room.outside("{ yes; echo $? >&2; } | head -n 1")?;
    let inside = room.outside("{ \"$DENYBOX\" run --report none -- yes; echo $? >&2; } | head -n 1")?;
    inside.prints("y")?;
    same("the exit code of yes", inside.stderr.trim(), outside.stderr.trim())
}

fn input_that_nobody_reads(room: &Room<'_>) -> Checked {
    let ended = room.outside("yes | \"$DENYBOX\" run -- sh -c 'head -n 1; exit 6'; echo $?")?;
    ended.prints("y\n6")
}

fn closed(room: &Room<'_>) -> Checked {
    for closing in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let wrapper = format!("exec \"$@\" {closing}");
        let script = "echo out; echo err >&2; cat; touch ran; exit 9";
        let ended = room.shell(&[], script).by(&["sh", "-c", &wrapper, "sh"]).end()?;
        ended.is(9)?;
        std::fs::remove_file(room.workspace.join("ran"))?;
        if !closing.contains(" >&-") && closing != ">&-" {
            same("what it printed", ended.stdout.trim(), "out")?;
        }
    }
    // A refusal that nobody hears is one all the same.
    let ended = room
        .denybox(&["--workspace", "/", "--", "true"])
        .by(&["sh", "-c", "exec \"$@\" 2>&-", "sh"])
        .end()?;
    ended.is(77)
}

fn full(room: &Room<'_>) -> Checked {
    let ended = room
        .shell(&[], "touch /tmp/x; exit 4")
        .by(&["sh", "-c", "exec \"$@\" >/dev/full 2>/dev/full", "sh"])
        .end()?;
    ended.is(4)?;
    check(!ended.list("/denials").is_empty(), || {
        format!("the report file lacks the denial: {:#}", ended.report)
    })
}

fn no_other_descriptor(room: &Room<'_>) -> Checked {
    room.write("beside/secret", "a secret")?;
    let open = format!("exec 9<{0}/secret 7<{0} 200<{0}/secret; exec \"$@\"", room.beside.display());
    let look = "for n in 7 9 200; do [ -e /proc/self/fd/$n ] && echo $n; done; cat <&9 2>/dev/null; true";
    let control = room.outside(&format!("bash -c '{open}' bash bash -c '{look}'"))?;
    control.prints("7\n9\n200\na secret")?;
    room.denybox(&["--", "bash", "-c", look]).by(&["bash", "-c", &open, "bash"]).end()?.prints("")?;
    let count = "ls /proc/self/fd";
    let ended = room.shell(&[], count).by(&["bash", "-c", &open, "bash"]).end()?;
    // The standard streams, and the directory that ls itself reads.
    ended.prints("0\n1\n2\n3")
}

fn no_directory(room: &Room<'_>) -> Checked {
    room.write("beside/file", "from a file")?;
    let beside = room.beside.display();
    for number in 0..3 {
        let wrapper = format!("exec \"$@\" {number}<{beside}");
        let ended = room.shell(&[], "touch ran").by(&["sh", "-c", &wrapper, "sh"]).end()?;
        ended.is(77)?;
        same("the kind of exit", ended.text("/exit/kind"), "refused")?;
        check(ended.text("/exit/message").contains(&format!("descriptor {number}")), || {
            format!("the message doesn't say which: {:#}", ended.report)
        })?;
        same("the command ran", room.workspace.join("ran").exists(), false)?;
    }
    let ended = room.denybox(&["--", "cat"]).start(File::open(room.beside.join("file"))?.into())?.end()?;
    ended.prints("from a file")
}

fn not_a_terminal(room: &Room<'_>) -> Checked {
    let script =
        "for n in 0 1 2; do [ -t $n ] && echo $n; done; (: </dev/tty) 2>/dev/null && echo controlled; true";
    room.shell(&[], script).end()?.prints("")
}
