//! Reaching processes outside of the box: always with signal 0, which asks whether one could.

use std::io;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::attack::{Attack, Broken, Outcome, Values, Verdict};
use crate::kernel::process::{kill, limit_of, queue_signal, send_by_pidfd, tgkill};
use crate::stage::Stage;

/// What stops a signal: the other process has no number here, it is outside of the Landlock domain, and (for
/// root) it belongs to another uid.
const LAYERS: &[&str] = &["pid-namespace", "landlock-scope", "uid-separation"];

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("signal-kill", LAYERS, by_kill).prepare(Stage::victim),
    Attack::new("signal-thread", LAYERS, by_tgkill).prepare(Stage::victim),
    Attack::new("signal-queue", LAYERS, by_queue).prepare(Stage::victim),
    Attack::new("signal-descriptor", LAYERS, by_pidfd).prepare(Stage::victim),
    Attack::new("limits-of-others", &["pid-namespace", "uid-separation"], limits).prepare(Stage::victim),
];

/// kill(2).
fn by_kill(values: &Values) -> Outcome {
    Ok(Verdict::of("kill the victim", kill(values.number("victim")?, 0)))
}

/// tgkill(2).
fn by_tgkill(values: &Values) -> Outcome {
    let victim = values.number("victim")?;
    Ok(Verdict::of("tgkill the victim", tgkill(victim, victim, 0)))
}

/// rt_sigqueueinfo(2).
fn by_queue(values: &Values) -> Outcome {
    Ok(Verdict::of("queue a signal to the victim", queue_signal(values.number("victim")?, 0)))
}

/// pidfd_send_signal(2).
fn by_pidfd(values: &Values) -> Outcome {
    let pid = Pid::from_raw(values.number("victim")?).ok_or_else(|| Broken("no pid".to_owned()))?;
    let sent = pidfd_open(pid, PidfdFlags::empty())
        .map_err(io::Error::from)
        .and_then(|descriptor| send_by_pidfd(&descriptor, 0));
    Ok(Verdict::of("signal the victim by its descriptor", sent))
}

/// Reads the limits of a process outside; whoever may read them may set them.
fn limits(values: &Values) -> Outcome {
    Ok(Verdict::of("prlimit of the victim", limit_of(values.number("victim")?)))
}
