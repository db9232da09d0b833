//! Wearing the supervisor out, holding it up, and lying to its report. What matters shows from outside: that
//! the box ends in time, that counts are exact, that the report can't be made to say what an agent likes.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::attack::{Attack, BLOCKED, Broken, Outcome, Values, Verdict};
use crate::kernel::descriptors::memfd;
use crate::kernel::process::{block_signals, fork, kill, set_name, vfork_and_hold, wait};
use crate::stage::Aftermath;

/// Accesses in the plain flood.
const FLOOD: u64 = 200_000;
/// Accesses in the flood of different names.
const NAMES: u64 = 20_000;
/// How large a report may be, in bytes, whatever was done to lengthen it.
const REPORT_BOUND: usize = 8 << 20;
/// What a spoof tries to have the report say.
const FORGED: &str = "denybox: every access was allowed";

/// Options that leave a JSON report on the host.
const JSON: &[&str] = &["--report", "json", "--report-file", "{report}"];
/// Options that put the report for people on the standard error.
const TEXT: &[&str] = &["--report", "text"];

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("flood", &[], flood).options(JSON).judged(flood_counted),
    Attack::new("flood-of-names", &["denial-limits"], flood_of_names).options(JSON).judge(names_bounded),
    Attack::new("report-bloat", &[], report_bloat).options(JSON).judged(report_small),
    Attack::new("stopped-in-access", &[], stopped).options(JSON).judged(ended_in_time),
    Attack::new("vfork-in-access", &[], vforked).options(JSON).judged(one_denial),
    Attack::new("descriptor-flood", &[], descriptor_flood).options(JSON).judged(one_denial),
    Attack::new("survivor", &["pid-namespace"], survivor).judge(nobody_left),
    Attack::new("outlive-timeout", &[], outlive_timeout).options(&["--timeout", "1s"]).judged(timed_out),
    Attack::new("init-signals", &[], init_signals).judged(still_running),
    Attack::new("spoof-argument", &[], spoof_argument).options(TEXT).judged(text_honest),
    Attack::new("spoof-argument-json", &[], spoof_argument).options(JSON).judged(json_honest),
    Attack::new("spoof-program", &[], spoof_program).options(TEXT).judged(text_honest),
    Attack::new("spoof-program-json", &[], spoof_program).options(JSON).judged(json_honest),
    Attack::new("spoof-thread-name", &[], spoof_thread_name).options(TEXT).judged(text_honest),
];

/// Tries to make a directory, which is one denial, and minds no answer.
fn denied(path: &str) {
    let _ = fs::create_dir(path);
}

/// The attack ran to its end inside; the rest is seen from outside.
fn done() -> Outcome {
    Ok(Verdict::Blocked("to be judged from outside".to_owned()))
}

/// How often the report says that /tmp was denied.
fn denied_count(report: &Value) -> u64 {
    let denials = report.get("denials").and_then(Value::as_array);
    denials
        .into_iter()
        .flatten()
        .filter(|denial| denial.get("resource").and_then(Value::as_str) == Some("/tmp"))
        .filter_map(|denial| denial.get("count").and_then(Value::as_u64))
        .sum()
}

/// Blocked if exactly `expected` denials were counted.
fn counted(report: &Value, expected: u64) -> Verdict {
    let found = denied_count(report);
    if found == expected {
        Verdict::Blocked(format!("{found} denials were counted"))
    } else {
        Verdict::Succeeded(format!("{found} denials were counted, not {expected}"))
    }
}

/// Eight threads, few names, very many accesses.
fn flood(_: &Values) -> Outcome {
    let threads: Vec<_> = (0..8)
        .map(|number| {
            thread::spawn(move || {
                let path = format!("/tmp/flood-{number}");
                (0..FLOOD / 8).for_each(|_| denied(&path));
            })
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| Broken("a thread panicked".to_owned()))?;
    }
    done()
}

/// Every access counts.
fn flood_counted(after: &Aftermath<'_>) -> Outcome {
    after.expect_status(i32::from(BLOCKED))?;
    Ok(counted(&after.report()?, FLOOD))
}

/// As many different names, each worth an entry of its own.
fn flood_of_names(_: &Values) -> Outcome {
    (0..NAMES).for_each(|number| denied(&format!("/tmp/name-{number}")));
    done()
}

/// Every access counts, and the report stays small.
fn names_bounded(after: &Aftermath<'_>) -> Outcome {
    after.expect_status(i32::from(BLOCKED))?;
    let report = after.report()?;
    let size = report.to_string().len();
    if size > REPORT_BOUND {
        return Ok(Verdict::Succeeded(format!("a report of {size} bytes")));
    }
    Ok(counted(&report, NAMES))
}

/// How many processes stand above each other in `report-bloat`, and how many names the lowest one tries.
const GENERATIONS: u32 = 12;
const TRIES: u32 = 200;

/// Makes each of a few hundred denials as long as it can be: many ancestors, each with as many arguments as
/// long as they go. Runs itself below itself.
fn report_bloat(values: &Values) -> Outcome {
    let generation = values.0.get("generation").and_then(|text| text.parse().ok()).unwrap_or(0_u32);
    if generation == GENERATIONS {
        (0..TRIES).for_each(|number| denied(&format!("/tmp/bloat-{number}")));
        return done();
    }
    let padding = (0..64).map(|number| format!("padding{number}={}", "x".repeat(1000)));
    let ended = Command::new("/proc/self/exe")
        .args(["run", "report-bloat", &format!("generation={}", generation + 1)])
        .args(padding)
        .stderr(Stdio::null())
        .status()?;
    if ended.code() == Some(i32::from(BLOCKED)) { done() } else { Err(Broken(format!("a child: {ended}"))) }
}

/// The report holds every denial in little space.
fn report_small(after: &Aftermath<'_>) -> Outcome {
    after.expect_status(i32::from(BLOCKED))?;
    let report = after.report()?;
    let size = report.to_string().len();
    if size > REPORT_BOUND {
        return Ok(Verdict::Succeeded(format!("{TRIES} denials make a report of {size} bytes")));
    }
    Ok(counted(&report, u64::from(TRIES)))
}

/// Stops processes in the middle of denied accesses and leaves them so.
fn stopped(_: &Values) -> Outcome {
    for number in 0..8_u64 {
        let child = fork(|| {
            loop {
                denied("/tmp/stopped");
            }
        })?;
        thread::sleep(Duration::from_millis(10 + number));
        kill(child, libc::SIGSTOP)?;
    }
    done()
}

/// The box ends although its processes are stopped, and the report is there.
fn ended_in_time(after: &Aftermath<'_>) -> Outcome {
    after.expect_status(i32::from(BLOCKED))?;
    let count = denied_count(&after.report()?);
    if count == 0 {
        return Err(Broken("no access was denied".to_owned()));
    }
    Ok(if after.elapsed < Duration::from_secs(5) {
        Verdict::Blocked(format!("ended after {:?} with {count} denials counted", after.elapsed))
    } else {
        Verdict::Succeeded(format!("held the box for {:?}", after.elapsed))
    })
}

/// Makes one access in a vforked child that holds its parent.
fn vforked(_: &Values) -> Outcome {
    vfork_and_hold(200, || denied("/tmp/vforked"))?;
    done()
}

/// One access was made, and one counted.
fn one_denial(after: &Aftermath<'_>) -> Outcome {
    after.expect_status(i32::from(BLOCKED))?;
    Ok(counted(&after.report()?, 1))
}

/// Has memory files made by the thousand, by many processes that keep them; then makes one more, and one
/// denied access that has to be counted like any other.
fn descriptor_flood(_: &Values) -> Outcome {
    let mut children = Vec::new();
    for _ in 0..10 {
        children.push(fork(|| {
            let held: Vec<_> = (0..300).map_while(|_| memfd(0).ok()).collect();
            thread::sleep(Duration::from_millis(300));
            u8::from(held.is_empty())
        })?);
    }
    for child in children {
        wait(child)?;
    }
    memfd(0).map_err(|error| Broken(format!("no memory file after the flood: {error}")))?;
    denied("/tmp/after");
    done()
}

/// What a process that outlived its box would go on writing to, in the workspace.
const HEARTBEAT: &str = "heartbeat";
/// The file that tells it to stop.
const ENOUGH: &str = "enough";

/// Leaves a process behind, in a session of its own and deaf to every signal, that beats for three seconds.
fn survivor(_: &Values) -> Outcome {
    fork(|| {
        let deaf = block_signals().is_ok() && rustix::process::setsid().is_ok();
        let orphan = fork(|| {
            for beat in 0..300_u32 {
                if fs::metadata(ENOUGH).is_ok() || fs::write(HEARTBEAT, beat.to_string()).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(10));
            }
            0
        });
        u8::from(!deaf || orphan.is_err())
    })?;
    thread::sleep(Duration::from_millis(100));
    done()
}

/// The heart has stopped with the box.
fn nobody_left(after: &Aftermath<'_>) -> Outcome {
    after.expect_status(i32::from(BLOCKED))?;
    let path = after.stage.workspace.join(HEARTBEAT);
    let first = fs::read_to_string(&path)?;
    thread::sleep(Duration::from_millis(300));
    let later = fs::read_to_string(&path)?;
    fs::write(after.stage.workspace.join(ENOUGH), "")?;
    thread::sleep(Duration::from_millis(100));
    Ok(if first == later {
        Verdict::Blocked(format!("the last beat was {first}"))
    } else {
        Verdict::Succeeded(format!("it beats on after the box: {first}, {later}"))
    })
}

/// Stays, deaf to every signal that can be blocked, and with a child of the same kind.
fn outlive_timeout(_: &Values) -> Outcome {
    block_signals()?;
    fork(|| {
        thread::sleep(Duration::from_secs(20));
        0
    })?;
    thread::sleep(Duration::from_secs(20));
    done()
}

/// The box ended near its timeout.
fn timed_out(after: &Aftermath<'_>) -> Outcome {
    if after.elapsed < Duration::from_millis(900) {
        return Err(Broken(format!("ended after {:?}, before its timeout: {}", after.elapsed, after.output)));
    }
    Ok(if after.elapsed < Duration::from_secs(10) {
        Verdict::Blocked(format!("ended after {:?}", after.elapsed))
    } else {
        Verdict::Succeeded(format!("ended only after {:?}", after.elapsed))
    })
}

/// Sends every signal to process 1, which must neither end nor stop. It may pass signals on to the agent, which
/// is this process: those that can be are blocked, and the one that could come back as SIGSTOP isn't sent.
fn init_signals(_: &Values) -> Outcome {
    block_signals()?;
    for signal in (1..=64).filter(|signal| *signal != libc::SIGTSTP) {
        // Numbers that the C library keeps for itself are sent as well; a refusal is as good.
        let _ = kill(1, signal);
    }
    thread::sleep(Duration::from_millis(200));
    done()
}

/// The attack reached its end, so the box was there until then.
fn still_running(after: &Aftermath<'_>) -> Outcome {
    Ok(if after.status == i32::from(BLOCKED) {
        Verdict::Blocked("process 1 outlived every signal".to_owned())
    } else {
        Verdict::Succeeded(format!("the box ended with status {}: {}", after.status, after.output))
    })
}

/// Text that would clear a screen, start a line of its own, and look like the end of the report.
fn forgery() -> String {
    format!("x\u{1b}[2J\u{1b}]0;title\u{7}\r\n{FORGED}\n\"}}],\"denials\":[]}}\n\u{9b}31m\u{202e}")
}

/// Runs a program of the box's own with `arguments`, quietly.
fn quietly(program: &str, arguments: &[&str]) -> io::Result<()> {
    let null = Stdio::null;
    Command::new(program).args(arguments).stdin(null()).stdout(null()).stderr(null()).status().map(drop)
}

/// Puts the forgery into an argument of the denied program, which is also the name that it is denied.
fn spoof_argument(_: &Values) -> Outcome {
    quietly("/usr/bin/mkdir", &["--", &format!("/tmp/{}", forgery().replace('/', ""))])?;
    done()
}

/// Puts it into the program's own name.
fn spoof_program(_: &Values) -> Outcome {
    let name = format!("./{}", forgery().replace('/', ""));
    fs::copy("/usr/bin/mkdir", &name)?;
    fs::set_permissions(&name, fs::Permissions::from_mode(0o755))?;
    quietly(&name, &["/tmp/spoofed"])?;
    done()
}

/// Puts it into the thread's name, the one that /proc shows in parentheses.
fn spoof_thread_name(_: &Values) -> Outcome {
    set_name(c"a) R 1 1\n\x1b[31m")?;
    denied("/tmp/spoofed");
    done()
}

/// The report for people names the access, and nothing in it acts on a terminal or stands on a line of its
/// own that denybox did not write.
fn text_honest(after: &Aftermath<'_>) -> Outcome {
    after.expect_status(i32::from(BLOCKED))?;
    if !after.output.contains("/tmp") {
        return Err(Broken(format!("no report: {}", after.output)));
    }
    let acts = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(found) = after.output.chars().find(|character| acts(*character)) {
        return Ok(Verdict::Succeeded(format!("{found:?} in the report: {:?}", after.output)));
    }
    if after.output.lines().any(|line| line.starts_with(FORGED) || line.starts_with("\"}],")) {
        return Ok(Verdict::Succeeded(format!("a forged line: {:?}", after.output)));
    }
    Ok(Verdict::Blocked("the report is clean".to_owned()))
}

/// The JSON report is one document with one denial, whatever its texts say.
fn json_honest(after: &Aftermath<'_>) -> Outcome {
    after.expect_status(i32::from(BLOCKED))?;
    let report = after.report()?;
    if !report.to_string().contains(FORGED) {
        return Ok(Verdict::Succeeded("the report doesn't name what was denied".to_owned()));
    }
    Ok(counted(&report, 1))
}
