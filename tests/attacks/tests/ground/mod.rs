//! Where the attacks are run: binaries that every caller may read, a fresh workspace for each run, and a
//! deadline.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use denybox_attacks::attack::{Attack, Caller};
use denybox_attacks::fuse_device::open_to_everybody;

/// The uid and gid of the ordinary caller when root runs the tests.
const NOBODY: u32 = 65534;
/// A run that takes longer than this has hung; the host side gives up well before.
const DEADLINE: Duration = Duration::from_secs(90);

/// What is run.
pub enum Build {
    /// denybox as it is shipped.
    Ordinary,
    /// The build that obeys `DENYBOX_WEAKEN`, with these controls off.
    Weakened(String),
    /// denybox as it is shipped, with an ordinary place instead of the one that the attack is after.
    Elsewhere,
    /// No denybox at all.
    Unboxed,
}

/// Where the workspace lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In an ordinary directory.
    Home,
    /// Below /tmp, which is sealed around it.
    Scratch,
}

impl Place {
    /// Its name in test names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Home => "ordinary",
            Self::Scratch => "below-tmp",
        }
    }
}

/// How a run ended.
pub struct End {
    /// Its exit status, or 128 and the signal's number.
    pub status: i32,
    /// What it wrote.
    pub output: String,
    /// The command line, for whoever wants to repeat it.
    pub command: String,
}

/// The directories and binaries of one run of the tests.
pub struct Ground {
    home: PathBuf,
    scratch: PathBuf,
    ordinary: PathBuf,
    weakened: PathBuf,
    attack: PathBuf,
    root: bool,
    runs: AtomicUsize,
}

impl Drop for Ground {
    fn drop(&mut self) {
        for place in [&self.home, &self.scratch] {
            if let Err(error) = fs::remove_dir_all(place) {
                eprintln!("attacks: {} stays behind: {error}", place.display());
            }
        }
        // Others may be at work beside.
        let _ = self.home.parent().map(fs::remove_dir);
    }
}

impl Ground {
    /// Copies the binaries to where every caller can read them and, as root, sees to it that an ordinary user
    /// could open /dev/fuse, as on most machines. Called before there are any threads.
    pub fn prepare() -> Result<Self, String> {
        let root = rustix::process::geteuid().is_root();
        let base =
            if root { PathBuf::from("/var/lib/denybox-tests") } else { env!("CARGO_TARGET_TMPDIR").into() };
        let name = format!("attacks-{}", std::process::id());
        let home = base.join(&name);
        let scratch = Path::new("/tmp").join(format!("denybox-{name}"));
        for place in [home.join("bin"), home.join("attack"), home.join("runs"), scratch.clone()] {
            fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        }
        let ground = Self {
            ordinary: home.join("bin/denybox"),
            weakened: home.join("bin/denybox-weak"),
            attack: home.join("attack/denybox-attack"),
            home,
            scratch,
            root,
            runs: AtomicUsize::new(0),
        };
        copy_named("DENYBOX_BIN", &ground.ordinary)?;
        copy_named("DENYBOX_WEAK_BIN", &ground.weakened)?;
        copy_named("DENYBOX_ATTACK_BIN", &ground.attack)?;
        if root {
            open_to_everybody(&ground.home)
                .map_err(|error| format!("/dev/fuse for uid {NOBODY}: {error}"))?;
        }
        Ok(ground)
    }

    /// By whom attacks can be made here.
    pub fn callers(&self) -> Vec<Caller> {
        if self.root { vec![Caller::Root, Caller::User] } else { vec![Caller::User] }
    }

    /// Runs one attack in a fresh workspace.
    pub fn run(&self, attack: Attack, caller: Caller, place: Place, build: &Build) -> Result<End, String> {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let below = match place {
            Place::Home => self.home.join("runs"),
            Place::Scratch => self.scratch.clone(),
        };
        let run = below.join(number.to_string());
        let workspace = run.join("workspace");
        let failed = |error: io::Error| format!("{}: {error}", run.display());
        fs::create_dir_all(&workspace).map_err(failed)?;
        let as_nobody = self.root && caller == Caller::User;
        if as_nobody {
            for directory in [&run, &workspace] {
                chown(directory, Some(NOBODY), Some(NOBODY)).map_err(failed)?;
            }
        }
        let mut command = Command::new(&self.attack);
        command.args(["host", attack.name, "--directory"]).arg(run.join("host"));
        if matches!(build, Build::Elsewhere) {
            command.arg("--ordinary");
        }
        command.arg("--");
        let program = match build {
            Build::Ordinary | Build::Elsewhere => Some(&self.ordinary),
            Build::Weakened(_) => Some(&self.weakened),
            Build::Unboxed => None,
        };
        if let Some(program) = program {
            command.arg(program).arg("run");
            if !attack.options.contains(&"--workspace") {
                command.arg("--workspace").arg(&workspace);
            }
            if !attack.options.contains(&"--report") {
                command.args(["--report", "none"]);
            }
            command.arg("--ro").arg(self.home.join("attack")).args(attack.options).arg("--");
        }
        command.arg(&self.attack).args(["run", attack.name]);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir(&workspace);
        if let Build::Weakened(controls) = build {
            command.env("DENYBOX_WEAKEN", controls);
        }
        if as_nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        let shown = format!("{command:?}");
        let log = run.join("log");
        let out = File::create(&log).map_err(failed)?;
        command.stdin(Stdio::null()).stdout(out.try_clone().map_err(failed)?).stderr(out);
        let status = bounded(command).map_err(|error| format!("{error}\n{shown}"))?;
        let output = String::from_utf8_lossy(&fs::read(&log).map_err(failed)?).into_owned();
        fs::remove_dir_all(&run).map_err(failed)?;
        Ok(End { status, output, command: shown })
    }
}

/// Copies the binary that the variable `name` gives to `path`, for everybody to run.
fn copy_named(name: &str, path: &Path) -> Result<(), String> {
    let from = env::var_os(name).ok_or_else(|| {
        format!("{name} isn't set: `cargo xtask test` sets it, or set it to a built binary")
    })?;
    fs::copy(&from, path).map_err(|error| format!("{name}={}: {error}", from.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())
}

/// The exit status of a command, which is killed at the deadline.
fn bounded(mut command: Command) -> io::Result<i32> {
    let mut child = command.spawn()?;
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(ended) = child.try_wait()? {
            return Ok(ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or(0)));
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!("killed after {} s", DEADLINE.as_secs())));
        }
        thread::sleep(Duration::from_millis(2));
    }
}
