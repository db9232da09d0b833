//! A directory for one run of a script, and running it there.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::user::User;

/// No proof may take longer.
const LONGEST: Duration = Duration::from_secs(180);

/// How a run ended.
pub struct Ended {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr } = self;
        write!(f, "exit {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
    }
}

/// A directory that every user can reach, in none of the shared scratch directories: a workspace below one would be a
/// case of its own.
pub fn base() -> io::Result<tempfile::TempDir> {
    let mut makers = tempfile::Builder::new();
    let maker = makers.prefix("denybox-proofs-").permissions(std::fs::Permissions::from_mode(0o755));
    let build = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let reachable = build
        .ancestors()
        .all(|folder| std::fs::metadata(folder).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0));
    let in_scratch = ["/tmp", "/var/tmp"].iter().any(|scratch| build.starts_with(scratch));
    if !rustix::process::geteuid().is_root() || (reachable && !in_scratch) {
        return maker.tempdir_in(build);
    }
    maker.tempdir_in("/var/lib")
}

/// Fails, naming the packages, unless every program (or other path) is there.
pub fn require(programs: &[String], packages: &[String]) -> Result<(), String> {
    let there = |program: &String| {
        ["", "/usr/local/bin", "/usr/bin", "/bin"]
            .iter()
            .filter(|folder| !folder.is_empty() || program.starts_with('/'))
            .any(|folder| Path::new(folder).join(program).exists())
    };
    match programs.iter().find(|program| !there(program)) {
        Some(missing) => Err(format!("{missing} isn't installed: apt-get install {}", packages.join(" "))),
        None => Ok(()),
    }
}

/// A workspace with one script in it. Its files go with it.
pub struct Room {
    folder: PathBuf,
    script: PathBuf,
}

impl Room {
    /// Makes `folder` for `user` and puts a copy of `script` into it.
    pub fn prepare(folder: PathBuf, user: &User, script: &Path) -> Result<Self, String> {
        let failed = |error: io::Error| format!("preparing {}: {error}", folder.display());
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let copy = folder.join(script.file_name().unwrap_or_default());
        std::fs::copy(script, &copy).map_err(|error| format!("{}: {error}", script.display()))?;
        user.own(&copy).map_err(failed)?;
        user.own(&folder).map_err(failed)?;
        Ok(Self { script: copy, folder })
    }

    pub fn script(&self) -> &Path {
        &self.script
    }

    fn report_file(&self) -> PathBuf {
        // Beside the workspace: what is in the box has no business with it.
        self.folder.with_extension("report.json")
    }

    /// The JSON report of the run in this room.
    pub fn report(&self) -> Result<serde_json::Value, String> {
        let path = self.report_file();
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}: {text}", path.display()))
    }

    /// Runs the script boxed, with nothing granted.
    pub fn boxed(&self, user: &User, denybox: &Path) -> Result<Ended, String> {
        let words = [
            denybox.as_os_str(),
            "run".as_ref(),
            "--workspace".as_ref(),
            self.folder.as_os_str(),
            "--report".as_ref(),
            "json".as_ref(),
            "--report-file".as_ref(),
            self.report_file().into_os_string().as_os_str(),
            "--".as_ref(),
            self.script.as_os_str(),
        ]
        .map(OsStr::to_owned);
        let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
        self.run(user, &words)
    }

    /// Runs a command line as a person would who copied it.
    pub fn by_hand(&self, user: &User, denybox: &Path, line: &str) -> Result<Ended, String> {
        let folder = denybox.parent().unwrap_or(Path::new("/"));
        let with_path = format!("PATH={}:$PATH; {line}", folder.display());
        self.run(user, &["bash".as_ref(), "-c".as_ref(), with_path.as_ref()])
    }

    /// Runs a command in this room.
    pub fn run(&self, user: &User, words: &[&OsStr]) -> Result<Ended, String> {
        let failed = |error: io::Error| format!("running {words:?} in {}: {error}", self.folder.display());
        if self.report_file().exists() {
            std::fs::remove_file(self.report_file()).map_err(failed)?;
        }
        // Files and not pipes: a process left behind would hold a pipe open.
        let capture = |name: &str| File::create(self.folder.with_extension(name));
        let mut child = user
            .command(words)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(capture("stdout").map_err(failed)?)
            .stderr(capture("stderr").map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        let code = wait(&mut child).map_err(failed)?;
        let captured = |name: &str| -> Result<String, String> {
            let bytes = std::fs::read(self.folder.with_extension(name)).map_err(failed)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        Ok(Ended { code, stdout: captured("stdout")?, stderr: captured("stderr")? })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What stays is removed with everything else at the end.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn wait(child: &mut Child) -> io::Result<Option<i32>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        if start.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("not done after {LONGEST:?}")));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
