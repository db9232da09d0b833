//! Nothing of the host's is reached from a box; what is granted works, privately.
//!
//! `DENYBOX_BIN` and `DENYBOX_PROBE_BIN` name the binaries. Run as root, every test is made as root and as uid
//! 65534; otherwise as whoever runs it. Without a box the same probe reaches everything: that is tested as well.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use denybox_attacks::fuse_device::open_to_everybody;
use denybox_probe::cell::{Cell, Reach};
use denybox_probe::runtimes;
use libtest_mimic::{Arguments, Failed, Trial};

/// The uid and gid of the ordinary caller when root runs the tests.
const NOBODY: u32 = 65534;

/// What one test expects: the options of denybox, and the cells that are private with them. Everything else has
/// to be denied.
struct Case {
    name: &'static str,
    options: &'static [&'static str],
    private: &'static [(&'static str, &'static [&'static str])],
}

/// Where the reason of a grant is asked for.
const WHY: &str = "the probe asks for it";

/// Sockets that a box makes in its own network namespace, as every program may.
const OWN_SOCKETS: (&str, &[&str]) = ("abstract-unix", &["connect", "list"]);

/// All of them.
const CASES: &[Case] = &[
    Case { name: "default", options: &[], private: &[OWN_SOCKETS] },
    Case {
        name: "tmp",
        options: &["--grant", "/tmp=private,size=4M", "--because", WHY],
        private: &[OWN_SOCKETS, ("tmp", &["read", "write", "list", "connect"])],
    },
    Case {
        name: "tmp-exec",
        options: &["--grant", "/tmp=private,size=4M,exec", "--because", WHY],
        private: &[OWN_SOCKETS, ("tmp", &["read", "write", "list", "connect", "execute"])],
    },
    Case {
        name: "dev-shm",
        options: &["--grant", "/dev/shm=private,size=4M", "--because", WHY],
        private: &[OWN_SOCKETS, ("dev-shm", &["read", "write", "list", "connect"])],
    },
    Case {
        name: "var-tmp",
        options: &["--grant", "/var/tmp=private,size=4M", "--because", WHY],
        private: &[OWN_SOCKETS, ("var-tmp", &["read", "write", "list", "connect"])],
    },
    Case {
        name: "sysv-shm",
        options: &["--grant", "sysv-shm=private", "--because", WHY],
        private: &[OWN_SOCKETS, ("sysv-shm", &["read", "write", "list"])],
    },
    Case {
        name: "posix-mq",
        options: &["--grant", "posix-mq=private", "--because", WHY],
        private: &[OWN_SOCKETS, ("posix-mq", &["read", "write", "list"])],
    },
    Case { name: "scratch", options: &["--scratch", "4M", "--because", WHY], private: &[OWN_SOCKETS] },
];

/// The binaries and a place for the runs.
struct Ground {
    place: PathBuf,
    denybox: PathBuf,
    probe: PathBuf,
    root: bool,
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.place) {
            eprintln!("probe: {} stays behind: {error}", self.place.display());
        }
    }
}

impl Ground {
    /// Copies the binaries to where every caller can read them. Called before there are any threads.
    fn prepare() -> Result<Self, String> {
        let root = rustix::process::geteuid().is_root();
        let base =
            if root { PathBuf::from("/var/lib/denybox-tests") } else { env!("CARGO_TARGET_TMPDIR").into() };
        let place = base.join(format!("probe-{}", std::process::id()));
        for directory in ["bin", "probe", "runs"] {
            fs::create_dir_all(place.join(directory))
                .map_err(|error| format!("{}: {error}", place.display()))?;
        }
        let ground = Self {
            denybox: place.join("bin/denybox"),
            probe: place.join("probe/denybox-probe"),
            place,
            root,
        };
        for (name, to) in [("DENYBOX_BIN", &ground.denybox), ("DENYBOX_PROBE_BIN", &ground.probe)] {
            let from = env::var_os(name).ok_or_else(|| {
                format!("{name} isn't set: `cargo xtask test` sets it, or set it to a built binary")
            })?;
            fs::copy(&from, to).map_err(|error| format!("{name}={}: {error}", from.display()))?;
            fs::set_permissions(to, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
        }
        if root {
            open_to_everybody(&ground.place)
                .map_err(|error| format!("/dev/fuse for uid {NOBODY}: {error}"))?;
        }
        Ok(ground)
    }

    /// Runs `command` as the caller, in a fresh directory of his, and gives its standard output.
    fn run(&self, name: &str, as_nobody: bool, command: &[String]) -> Result<String, String> {
        let place = self.place.join("runs").join(name);
        let failed = |error: std::io::Error| format!("{}: {error}", place.display());
        let (workspace, home) = (place.join("workspace"), place.join("home"));
        for directory in [&place, &workspace, &home] {
            fs::create_dir_all(directory).map_err(failed)?;
            if as_nobody {
                chown(directory, Some(NOBODY), Some(NOBODY)).map_err(failed)?;
            }
        }
        let (program, arguments) = command.split_first().ok_or("no command")?;
        let mut child = Command::new(program);
        child.args(arguments).current_dir(&workspace).env_clear().stdin(Stdio::null());
        child.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", &home);
        if as_nobody {
            child.uid(NOBODY).gid(NOBODY);
        }
        let output = child.output().map_err(failed)?;
        if !output.status.success() {
            return Err(format!("{}: {}\n{child:?}", output.status, String::from_utf8_lossy(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What the probe finds when it is started by `start`.
    fn cells(&self, name: &str, as_nobody: bool, start: Vec<String>) -> Result<Vec<Cell>, String> {
        let probe = self.probe.display().to_string();
        let mut command = vec![probe.clone(), "outside".to_owned()];
        command.extend(start);
        command.extend([probe, "inside".to_owned()]);
        let cells: Vec<Cell> =
            self.run(name, as_nobody, &command)?.lines().filter_map(Cell::from_json).collect();
        if cells.is_empty() { Err("the probe found nothing".to_owned()) } else { Ok(cells) }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let ground = match Ground::prepare() {
        Ok(ground) => Arc::new(ground),
        Err(reason) => {
            eprintln!("probe: {reason}");
            return ExitCode::FAILURE;
        }
    };
    let callers: &[(&str, bool)] =
        if ground.root { &[("root", false), ("user", true)] } else { &[("user", false)] };
    let mut trials = Vec::new();
    for (caller, as_nobody) in callers.iter().copied() {
        let without = Arc::clone(&ground);
        trials.push(Trial::test(format!("{caller}::without-box"), move || {
            everything(&without.cells(&format!("{caller}-without"), as_nobody, Vec::new())?)
        }));
        for case in CASES {
            let ground = Arc::clone(&ground);
            trials.push(Trial::test(format!("{caller}::{}", case.name), move || {
                let start = runtimes::denybox(&ground.denybox, &ground.probe, case.options);
                expected(case, &ground.cells(&format!("{caller}-{}", case.name), as_nobody, start)?)
            }));
        }
        let ground = Arc::clone(&ground);
        trials.push(Trial::test(format!("{caller}::compare"), move || compare(&ground, caller, as_nobody)));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(ground);
    conclusion.exit_code()
}

/// Without a box every canary has to be reached, or a box that denies it shows nothing.
fn everything(cells: &[Cell]) -> Result<(), Failed> {
    // /dev/mqueue need not be mounted for queues to work.
    let excused = |cell: &&Cell| {
        cell.resource == "posix-mq" && cell.action == "list" && !Path::new("/dev/mqueue").is_dir()
    };
    let missed: Vec<String> = cells
        .iter()
        .filter(|cell| cell.reach != Reach::Host)
        .filter(|cell| !excused(cell))
        .map(|cell| format!("{} {}: {}", cell.resource, cell.action, cell.reach))
        .collect();
    if missed.is_empty() { Ok(()) } else { Err(format!("not reached: {}", missed.join("; ")).into()) }
}

/// Every cell is as the case says.
fn expected(case: &Case, cells: &[Cell]) -> Result<(), Failed> {
    let wrong: Vec<String> = cells
        .iter()
        .filter_map(|cell| {
            let granted = case.private.iter().any(|(resource, actions)| {
                *resource == cell.resource && actions.contains(&cell.action.as_str())
            });
            let right = match &cell.reach {
                Reach::Host => false,
                Reach::Private => granted,
                Reach::Denied(_) => !granted,
            };
            let wanted = if granted { "private" } else { "denied" };
            (!right).then(|| format!("{} {}: {} instead of {wanted}", cell.resource, cell.action, cell.reach))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ").into()) }
}

/// Prints the table; its column of denybox is judged by the other tests.
fn compare(ground: &Ground, caller: &str, as_nobody: bool) -> Result<(), Failed> {
    let words =
        [&ground.probe.display().to_string(), "compare", "--denybox", &ground.denybox.display().to_string()];
    let command: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let table = ground.run(&format!("{caller}-compare"), as_nobody, &command)?;
    println!("as {caller}:\n{table}");
    if table.contains("denybox") { Ok(()) } else { Err("no column for denybox".into()) }
}
