//! What the fuzz targets check, as plain functions: libFuzzer calls them with whatever it comes up with
//! (`cargo xtask fuzz`), and every test run with the seeds in `fuzz/seeds`.
//!
//! Each takes any bytes and panics where a property doesn't hold.
#![forbid(unsafe_code)]
#![allow(clippy::panic, reason = "a property that doesn't hold is told by a panic")]

mod auditing;
mod choices;
mod command_line;
mod host;
mod inside;
mod judging;
mod justifying;
mod telling;

pub use auditing::audit_log;
pub use command_line::{environment, grants, paths, sizes};
pub use host::{control_groups, identity, mount_table, sockets};
pub use inside::{messages, processes};
pub use judging::policy;
pub use justifying::{envelope, manifest, trust};
pub use telling::{diagnosis, quoting};

/// One fuzz target: its name, and what it checks of its input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target; each has a folder of seeds of its name.
pub const TARGETS: [Target; 17] = [
    ("sizes", sizes),
    ("paths", paths),
    ("grants", grants),
    ("environment", environment),
    ("identity", identity),
    ("mount_table", mount_table),
    ("control_groups", control_groups),
    ("sockets", sockets),
    ("processes", processes),
    ("messages", messages),
    ("policy", policy),
    ("manifest", manifest),
    ("envelope", envelope),
    ("trust", trust),
    ("audit_log", audit_log),
    ("diagnosis", diagnosis),
    ("quoting", quoting),
];

/// The input as text, with what is no UTF-8 replaced: everything that reads text in denybox gets it so.
fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}
