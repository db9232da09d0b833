//! Using more of the machine than was granted.

use std::thread;
use std::time::Duration;

use crate::attack::{Attack, Outcome, Values, Verdict};
use crate::kernel::memory::touch;
use crate::kernel::process::{ChildEnd, fork, in_child, kill, wait};

/// What `--pids` allows here.
const PIDS: usize = 40;
/// How many more children are tried: the bomb is bounded.
const MORE: usize = 40;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("fork-bomb", &["limits"], fork_bomb).options(&["--pids", "40"]),
    Attack::new("memory-hog", &["limits"], memory_hog).options(&["--memory", "64M"]),
];

/// Forks until it is refused, or has more children than were allowed.
fn fork_bomb(_: &Values) -> Outcome {
    let mut children = Vec::new();
    let mut refused = None;
    for _ in 0..PIDS + MORE {
        match fork(|| {
            thread::sleep(Duration::from_secs(20));
            0
        }) {
            Ok(child) => children.push(child),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    for child in &children {
        kill(*child, libc::SIGKILL)?;
        wait(*child)?;
    }
    Ok(match refused {
        Some(error) => Verdict::Blocked(format!("fork {}: {error}", children.len() + 1)),
        None => Verdict::Succeeded(format!("{} children at once, {PIDS} allowed", children.len())),
    })
}

/// Touches twice the memory that was allowed, in a child that may die of it.
fn memory_hog(_: &Values) -> Outcome {
    let ended = in_child(|| u8::from(touch(128 << 20).is_err()))?;
    Ok(match ended {
        ChildEnd::Exited(0) => Verdict::Succeeded("touched 128 MiB, 64 allowed".to_owned()),
        ChildEnd::Exited(_) => Verdict::Blocked("mapping 128 MiB was refused".to_owned()),
        ChildEnd::Killed(signal) => Verdict::Blocked(format!("killed by signal {signal}")),
    })
}
