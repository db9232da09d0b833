//! `denybox justification` and `denybox key`: from the first manifest to the last signature, and what other programs say
//! to it. Each check is a script, so that it reads like what people do.

use std::process::ExitCode;

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, Stop};

/// Most checks that may be skipped: those that need what only the Python Package Index has, once for each caller.
const MOST_SKIPPED: usize = 2;

const CHECKS: &[Check] = &[
    ("justifications/two-people-sign", |room| script(room, include_str!("two-people-sign.sh"))),
    ("justifications/tampered", |room| script(room, include_str!("tampered.sh"))),
    ("justifications/revoked", |room| script(room, include_str!("revoked.sh"))),
    ("justifications/expired", |room| script(room, include_str!("expired.sh"))),
    ("justifications/for-whom", |room| script(room, include_str!("for-whom.sh"))),
    ("justifications/ssh-key", |room| script(room, include_str!("ssh-key.sh"))),
    ("justifications/ssh-agent", |room| script(room, include_str!("ssh-agent.sh"))),
    ("justifications/other-implementation", other_implementation),
    ("justifications/at-once", |room| script(room, include_str!("at-once.sh"))),
    ("justifications/nothing-lost", |room| script(room, include_str!("nothing-lost.sh"))),
    ("justifications/hostile-texts", |room| script(room, include_str!("hostile-texts.sh"))),
    ("justifications/key-files", |room| script(room, include_str!("key-files.sh"))),
    ("justifications/malformed", |room| script(room, include_str!("malformed.sh"))),
];

fn main() -> ExitCode {
    denybox_box_tests::ground::main(
        env!("CARGO_TARGET_TMPDIR"),
        env!("CARGO_BIN_EXE_denybox-box-witness"),
        MOST_SKIPPED,
        |ground| {
            let mut trials = ground.trials(CHECKS);
            // There is no box in any of them.
            trials.retain(|trial| !trial.name().contains("without-fuse"));
            trials
        },
    )
}

fn script(room: &Room<'_>, script: &str) -> Checked {
    room.outside(&format!("{}\n{script}", include_str!("words.sh")))?.is(0)
}

/// The same envelopes, read and made by securesystemslib, which the specification of DSSE counts among its implementations.
fn other_implementation(room: &Room<'_>) -> Checked {
    let Some(python) = std::env::var_os("DENYBOX_PYTHON") else {
        return Err(Stop::Skip("there is no Python with securesystemslib (DENYBOX_PYTHON)".to_owned()));
    };
    let python = python.to_string_lossy();
    let program = include_str!("other_implementation.py");
    let program = room.write("beside/other_implementation.py", program)?;
    let call = format!("export PYTHON='{python}' PROGRAM='{}'", program.display());
    script(room, &format!("{call}\n{}", include_str!("other-implementation.sh")))
}
