//! The supervisor killed at random moments: nothing of its box outlives it.
//!
//! Every caller, with and without control groups, a grant and a terminal. `DENYBOX_FULL` asks for 500 kills and for
//! the second after which everything must be gone; otherwise a sample is killed, and a busy machine is given longer.

use std::collections::BTreeSet;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use denybox_box_tests::caller::Caller;
use denybox_box_tests::child::Bounded;
use denybox_box_tests::ground::Ground;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, check, remains};
use libtest_mimic::{Failed, Trial};

/// How many boxes are killed, all together and at least.
const SAMPLE: usize = 25;
const FULL: usize = 500;
/// How long the remains may take to go: what is promised, and what is waited for on a busy machine.
const PROMISED: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(20);

/// What the box that is killed has.
#[derive(Debug, Clone, Copy)]
struct Kind {
    name: &'static str,
    options: &'static [&'static str],
    terminal: bool,
}

const KINDS: [Kind; 4] = [
    Kind { name: "plain", options: &[], terminal: false },
    Kind { name: "groups", options: &["--memory", "512M", "--pids", "100", "--cpus", "1"], terminal: false },
    Kind {
        name: "grant",
        options: &["--scratch", "1M", "--grant", "/tmp=private,size=1M", "--because", "test"],
        terminal: false,
    },
    Kind { name: "terminal", options: &[], terminal: true },
];

/// A family that doesn't go by itself: a session of its own, deaf to signals, orphans.
const AGENT: &str = "setsid sleep 1000 & (trap '' HUP TERM INT; sleep 1000 & sleep 1000) & sh -c 'sleep 1000 & sleep 1000' & \
                     touch /tmp/x 2>/dev/null; echo ready; while :; do sleep 0.01; done";

fn main() -> ExitCode {
    denybox_box_tests::ground::main(
        env!("CARGO_TARGET_TMPDIR"),
        env!("CARGO_BIN_EXE_denybox-box-witness"),
        0,
        |ground| {
            let all = if std::env::var_os("DENYBOX_FULL").is_some() { FULL } else { SAMPLE };
            let each = all.div_ceil(KINDS.len() * ground.callers.len());
            let mut trials = Vec::new();
            for number in 0..ground.callers.len() {
                for kind in KINDS {
                    let ground = Arc::clone(ground);
                    let name = ground.callers.get(number).map_or("nobody", |caller| caller.name);
                    let name = format!("{name}/death/{}", kind.name);
                    trials.push(Trial::test(name.clone(), move || {
                        let caller = ground.callers.get(number).ok_or("no caller")?;
                        kill_some(&ground, caller, kind, each).map_err(|stop| match stop {
                            denybox_box_tests::Stop::Fail(why) => why,
                            denybox_box_tests::Stop::Skip(why) => Failed::from(why),
                        })
                    }));
                }
            }
            trials
        },
    )
}

/// Numbers that a seed decides: SplitMix64.
struct Random(AtomicU64);

impl Random {
    fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform below `most`.
    fn below(&self, most: Duration) -> Duration {
        most.mul_f64((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

fn kill_some(ground: &Ground, caller: &Caller, kind: Kind, count: usize) -> Checked {
    let room = ground.room(caller, &format!("death/{}", kind.name))?;
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos() as u64;
    let random = Random(AtomicU64::new(seed));
    // How long setting up takes here and now; the moments are spread over twice as much.
    let before = remains::mounts()?;
    let start = Instant::now();
    let trial = Victim::start(&room, kind, "trial")?;
    trial.wait_until_ready(&room)?;
    let setting_up = start.elapsed();
    check(remains::processes(&trial.mark).len() >= 6, || {
        format!("the box isn't there while it runs: {:?}", remains::processes(&trial.mark))
    })?;
    let (mut slowest, pid) = trial.kill_and_look(&before)?;
    let mut killed = vec![pid];
    for number in 0..count {
        let victim = Victim::start(&room, kind, &number.to_string())?;
        let moment = random.below(setting_up * 2);
        std::thread::sleep(moment);
        let (took, pid) = victim.kill_and_look(&before).map_err(|why| {
            format!("killed after {moment:?} of {setting_up:?} (seed {seed}, number {number}): {why}")
        })?;
        slowest = slowest.max(took);
        killed.push(pid);
    }
    // A dead supervisor can't remove its control groups: the next start does.
    room.denybox(&[kind.options, &["--", "true"]].concat()).end()?.is(0)?;
    let groups: Vec<_> = killed.iter().flat_map(|pid| remains::groups(*pid)).collect();
    check(groups.is_empty(), || format!("control groups remain after the next start: {groups:?}"))?;
    if std::env::var_os("DENYBOX_FULL").is_some() {
        check(slowest <= PROMISED, || format!("the slowest of {count} took {slowest:?}"))?;
    }
    Ok(())
}

/// A box to be killed.
struct Victim {
    process: Process,
    /// In the command line of denybox and its copies, and in the environment of everything in the box.
    mark: String,
}

enum Process {
    Piped(Bounded),
    OnTerminal(Box<denybox_box_tests::terminal::OnTerminal>),
}

impl Process {
    fn bounded(&mut self) -> &mut Bounded {
        match self {
            Self::Piped(process) => process,
            Self::OnTerminal(terminal) => &mut terminal.process,
        }
    }
}

impl Victim {
    fn start(room: &Room<'_>, kind: Kind, number: &str) -> Result<Self, String> {
        let mark =
            format!("denybox-death-{}-{}-{}-{number}", std::process::id(), room.caller.name, kind.name);
        let script = format!("{AGENT}; : {mark}").replace("echo ready", &format!("echo ready > {mark}"));
        let words: Vec<&str> = kind.options.iter().copied().chain(["--", "sh", "-c", &script]).collect();
        let prepared = room.denybox(&words).variable("DENYBOX_MARK", &mark);
        let process = if kind.terminal {
            Process::OnTerminal(Box::new(prepared.start_on_terminal(24, 80)?))
        } else {
            Process::Piped(prepared.start(Stdio::null())?.process)
        };
        Ok(Self { process, mark })
    }

    fn wait_until_ready(&self, room: &Room<'_>) -> Result<(), String> {
        let sign = room.workspace.join(&self.mark);
        denybox_box_tests::child::wait_until("the box to be ready", || Ok(sign.exists()))
    }

    /// Kills the supervisor; gives how long the last remains took to go, and its number.
    fn kill_and_look(mut self, before: &BTreeSet<String>) -> Result<(Duration, i32), String> {
        let process = self.process.bounded();
        let pid = process.pid();
        process.signal(libc::SIGKILL).map_err(|error| error.to_string())?;
        process.wait()?;
        let start = Instant::now();
        let mut took;
        loop {
            took = start.elapsed();
            let processes = remains::processes(&self.mark);
            let mounts: Vec<String> = remains::mounts()
                .map_err(|error| error.to_string())?
                .difference(before)
                .filter(|line| line.contains("denybox") || line.contains(" fuse "))
                .cloned()
                .collect();
            if processes.is_empty() && mounts.is_empty() {
                break;
            }
            if took > PATIENCE {
                return Err(format!("after {took:?} there remain {processes:?} and {mounts:?}"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok((took, pid))
    }
}
