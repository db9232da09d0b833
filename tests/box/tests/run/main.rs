//! `denybox run`: every promise of its command line, by real boxes.

mod adversity;
mod audited;
mod environment;
mod exits;
mod grants;
mod home;
mod justified;
mod limits;
mod paths;
mod processes;
mod protected;
mod reports;
mod streams;
mod terminals;

use std::process::ExitCode;

/// Most checks that may be skipped: those that need root, for each caller who isn't.
const MOST_SKIPPED: usize = 8;

fn main() -> ExitCode {
    denybox_box_tests::ground::main(
        env!("CARGO_TARGET_TMPDIR"),
        env!("CARGO_BIN_EXE_denybox-box-witness"),
        MOST_SKIPPED,
        |ground| {
            let parts = [
                exits::CHECKS,
                streams::CHECKS,
                environment::CHECKS,
                home::CHECKS,
                paths::CHECKS,
                protected::CHECKS,
                grants::CHECKS,
                justified::CHECKS,
                audited::CHECKS,
                limits::CHECKS,
                reports::CHECKS,
                processes::CHECKS,
                terminals::CHECKS,
                adversity::CHECKS,
            ];
            ground.trials(&parts.concat())
        },
    )
}
