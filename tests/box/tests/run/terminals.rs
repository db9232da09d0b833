//! A shell that one can live in, on a terminal.

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, check, same};

pub const CHECKS: &[Check] = &[
    ("terminals/job-control", job_control),
    ("terminals/window-size", window_size),
    ("terminals/own-terminal", own_terminal),
    ("terminals/restored", restored),
    ("terminals/hang-up", hang_up),
    ("terminals/much-output", much_output),
];

const SHELL: [&str; 5] = ["--", "bash", "--norc", "--noprofile", "-i"];

fn job_control(room: &Room<'_>) -> Checked {
    room.witness()?;
    let mut shell = room.denybox(&SHELL).start_on_terminal(24, 80)?;
    // What is typed is shown too: the quotes keep it from looking like what is waited for.
    shell.types("echo be''gun; set -o | grep monitor\n")?;
    shell.shows("begun")?;
    shell.shows("on")?;
    // The job itself says that it runs, so the key reaches it and not the shell.
    shell.types("sh -c 'echo fir''st; exec sleep 1000'\n")?;
    shell.shows("first\r\n")?;
    shell.types("\u{3}")?;
    shell.types("echo code=$?\n")?;
    shell.shows("code=130")?;
    shell.types("sh -c 'echo sec''ond; exec sleep 1000'\n")?;
    shell.shows("second\r\n")?;
    shell.types("\u{1a}")?;
    shell.shows("Stopped")?;
    shell.types("jobs | wc -l | sed s/^/jobs=/\n")?;
    shell.shows("jobs=1")?;
    shell.types("bg; kill %1; wait %1; echo ended=$?\n")?;
    shell.shows("ended=143")?;
    shell.types("./witness resume\n")?;
    shell.shows("third\r\n")?;
    shell.types("\u{1a}")?;
    shell.shows("Stopped")?;
    shell.types("fg\n")?;
    shell.shows("resumed")?;
    shell.types("echo code=$?\n")?;
    shell.shows("code=0")?;
    shell.types("exit 7\n")?;
    let code = shell.end()?;
    check(!shell.all().contains("no job control"), || shell.all())?;
    check(code == Some(7), || format!("exit {code:?} after:\n{}", shell.all()))
}

fn window_size(room: &Room<'_>) -> Checked {
    let mut shell = room.denybox(&SHELL).start_on_terminal(31, 97)?;
    shell.types("stty size | sed s/^/size=/\n")?;
    shell.shows("size=31 97")?;
    shell.types("trap 'echo chan''ged' WINCH; echo wai''ting; until [ \"$(stty size)\" = '50 120' ]; do sleep 0.02; done; echo res''ized\n")?;
    shell.shows("waiting")?;
    shell.resize(50, 120)?;
    shell.shows("resized")?;
    shell.types("exit 0\n")?;
    same("the exit code", shell.end()?, Some(0))
}

fn own_terminal(room: &Room<'_>) -> Checked {
    let script = "for n in 0 1 2; do [ -t $n ] && echo $n is one; done; tty; echo to the tty > /dev/tty; \
                  ls /dev/pts; stty -a | grep -q 'isig' && echo cooked";
    let mut running = room.denybox(&["--", "sh", "-c", script]).start_on_terminal(24, 80)?;
    for text in ["0 is one", "1 is one", "2 is one", "/dev/pts/0", "to the tty", "0", "ptmx", "cooked"] {
        running.shows(text)?;
    }
    same("the exit code", running.end()?, Some(0))?;
    // Only what is a terminal is replaced by one.
    let mut running = room
        .shell(&[], "[ -t 0 ] || echo no input; [ -t 1 ] && echo output; cat")
        .by(&["sh", "-c", "echo piped | \"$@\"", "sh"])
        .start_on_terminal(24, 80)?;
    for text in ["no input", "output", "piped"] {
        running.shows(text)?;
    }
    same("the exit code", running.end()?, Some(0))
}

fn restored(room: &Room<'_>) -> Checked {
    let mut running = room
        .denybox(&["--", "sh", "-c", "stty raw -echo; echo re''ady; read line; exit 3"])
        .start_on_terminal(24, 80)?;
    let before = running.settings()?;
    running.shows("ready")?;
    running.types("x\n")?;
    same("the exit code", running.end()?, Some(3))?;
    let after = running.settings()?;
    let modes = |settings: &rustix::termios::Termios| {
        (
            settings.input_modes.bits(),
            settings.output_modes.bits(),
            settings.local_modes.bits(),
            settings.control_modes.bits(),
        )
    };
    same("the terminal's settings", modes(&after), modes(&before))
}

fn hang_up(room: &Room<'_>) -> Checked {
    let mut running = room
        .denybox(&[
            "--",
            "sh",
            "-c",
            "trap 'echo hung up > heard; exit 0' HUP; echo re''ady; while :; do sleep 0.02; done",
        ])
        .start_on_terminal(24, 80)?;
    running.shows("ready")?;
    running.process.signal(libc::SIGHUP)?;
    same("the exit code", running.end()?, Some(0))?;
    same("what was heard", std::fs::read_to_string(room.workspace.join("heard"))?.trim(), "hung up")
}

fn much_output(room: &Room<'_>) -> Checked {
    // Not a byte is lost, also of what is printed just before the end.
    let mut running =
        room.denybox(&["--", "sh", "-c", "seq 1 20000; echo the end"]).start_on_terminal(24, 80)?;
    same("the exit code", running.end()?, Some(0))?;
    let expected: String =
        (1..=20000).map(|number| format!("{number}\r\n")).collect::<String>() + "the end\r\n";
    let all = running.all();
    check(all.starts_with(&expected), || {
        format!(
            "{} bytes of {}: …{}",
            all.len(),
            expected.len(),
            all.chars().skip(all.len().saturating_sub(200)).collect::<String>()
        )
    })
}
