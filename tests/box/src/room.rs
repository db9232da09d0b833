//! A room: a workspace, a home and a place outside for one check, and running denybox there.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::caller::Caller;
use crate::child::{Bounded, wait_until};
use crate::ground::Ground;
use crate::terminal::OnTerminal;
use crate::{Checked, check, same};

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// `None` when a signal ended denybox itself.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// The same, byte for byte.
    pub raw: Vec<u8>,
    /// The JSON report; null where there is none.
    pub report: Value,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, .. } = self;
        write!(f, "exit {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
    }
}

impl Ended {
    /// Fails unless the exit code is this.
    ///
    /// # Errors
    /// With everything there is to know.
    pub fn is(&self, code: i32) -> Checked {
        check(self.code == Some(code), || format!("expected exit {code}, got {self}\n{:#}", self.report))
    }

    /// Fails unless the command succeeded and printed exactly this (but for space at its ends).
    ///
    /// # Errors
    /// With everything there is to know.
    pub fn prints(&self, text: &str) -> Checked {
        self.is(0)?;
        check(self.stdout.trim() == text.trim(), || format!("expected it to print {text:?}, got {self}"))
    }

    /// Fails unless standard error holds this.
    ///
    /// # Errors
    /// With everything there is to know.
    pub fn says(&self, text: &str) -> Checked {
        // A paragraph is wrapped where it falls.
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        check(plain(&self.stderr).contains(&plain(text)), || {
            format!("expected it to say {text:?}, got {self}")
        })
    }

    /// Fails unless the policy refused, for a reason with this code.
    ///
    /// # Errors
    /// With everything there is to know.
    pub fn is_refused(&self, reason: &str) -> Checked {
        self.is(77)?;
        same("the kind of exit", self.text("/exit/kind"), "refused")?;
        let reasons = self.list("/reasons");
        check(reasons.iter().any(|one| one.get("code").and_then(Value::as_str) == Some(reason)), || {
            format!("expected the reason {reason}, got {reasons:#?}")
        })
    }

    /// A text of the report; empty where there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.report.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// A list of the report; empty where there is none.
    pub fn list(&self, pointer: &str) -> &[Value] {
        self.report.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// How far a control was in force; empty when the report doesn't know it.
    pub fn status(&self, control: &str) -> &str {
        let entries = self.list("/enforcement").iter();
        entries
            .filter(|entry| entry.get("control").and_then(Value::as_str) == Some(control))
            .find_map(|entry| entry.get("status")?.as_str())
            .unwrap_or_default()
    }
}

/// A room.
#[derive(Debug)]
pub struct Room<'a> {
    /// The ground.
    pub ground: &'a Ground,
    /// Who is in it.
    pub caller: &'a Caller,
    /// The workspace, and the current directory.
    pub workspace: PathBuf,
    /// The caller's home.
    pub home: PathBuf,
    /// A directory of the caller's beside both.
    pub beside: PathBuf,
    folder: PathBuf,
    runs: AtomicU32,
}

/// A denybox that runs.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub process: Bounded,
    folder: PathBuf,
}

impl Running {
    /// Waits until its output holds `text`.
    ///
    /// # Errors
    /// That it ended without, or that time is up.
    pub fn wait_for(&mut self, text: &str) -> Checked {
        let output = self.folder.join("stdout");
        let mut ended = false;
        wait_until(&format!("{text:?}"), || {
            let said = std::fs::read(&output).map_err(|error| error.to_string())?;
            if String::from_utf8_lossy(&said).contains(text) {
                return Ok(true);
            }
            if ended {
                let stderr = std::fs::read(self.folder.join("stderr")).unwrap_or_default();
                let stderr = String::from_utf8_lossy(&stderr);
                return Err(format!(
                    "it ended and never said {text:?}: {}\n{stderr}",
                    String::from_utf8_lossy(&said)
                ));
            }
            ended = !self.process.runs().map_err(|error| error.to_string())?;
            Ok(false)
        })?;
        Ok(())
    }

    /// What it wrote to standard output so far.
    ///
    /// # Errors
    /// Those of reading.
    pub fn said(&self) -> Result<String, String> {
        let said = std::fs::read(self.folder.join("stdout")).map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// That time is up, or that its output can't be read.
    pub fn end(mut self) -> Result<Ended, String> {
        let status = self.process.wait()?;
        self.ended(status)
    }

    fn ended(&self, status: ExitStatus) -> Result<Ended, String> {
        let read =
            |name: &str| std::fs::read(self.folder.join(name)).map_err(|error| format!("{name}: {error}"));
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, raw) = (read("stdout")?, read("stderr")?);
        let report = read("report.json").unwrap_or_default();
        let report = if report.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&report).map_err(|error| format!("the report is no JSON: {error}"))?
        };
        let code = if status.signal().is_some() { None } else { status.code() };
        Ok(Ended { code, stdout: lossy(&stdout), stderr: lossy(&raw), raw, report })
    }
}

impl<'a> Room<'a> {
    /// Makes the room.
    ///
    /// # Errors
    /// Those of making its directories.
    pub fn prepare(ground: &'a Ground, caller: &'a Caller, folder: PathBuf) -> Result<Self, String> {
        let [workspace, home, beside] = ["work", "home", "beside"].map(|name| folder.join(name));
        for path in [&folder, &workspace, &home, &beside] {
            caller.make_directory(path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(Self { ground, caller, workspace, home, beside, folder, runs: AtomicU32::new(0) })
    }

    /// Writes a file of the caller's, with the directories above it; gives its path.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Result<PathBuf, String> {
        let path = self.folder.join(path);
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut above: Vec<&Path> = path.ancestors().skip(1).take_while(|one| *one != self.folder).collect();
        above.reverse();
        for directory in above {
            if !directory.exists() {
                self.caller.make_directory(directory).map_err(failed)?;
            }
        }
        std::fs::write(&path, text).map_err(failed)?;
        self.caller.own(&path).map_err(failed)?;
        Ok(path)
    }

    /// The same, executable.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_program(&self, path: impl AsRef<Path>, text: &str) -> Result<PathBuf, String> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.write(path, text)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
            .map_err(|error| error.to_string())?;
        Ok(path)
    }

    /// A copy of the witness in the workspace, to be run in the box.
    ///
    /// # Errors
    /// Those of copying.
    pub fn witness(&self) -> Result<String, String> {
        let path = self.workspace.join("witness");
        std::fs::copy(&self.ground.witness, &path).map_err(|error| error.to_string())?;
        Ok(path.display().to_string())
    }

    /// `denybox run` with these words, with a report file beside.
    pub fn denybox(&self, words: &[&str]) -> Prepared<'_> {
        let mut all = vec![OsString::from("run")];
        all.extend(words.iter().map(OsString::from));
        Prepared {
            room: self,
            prelude: String::new(),
            wrapper: Vec::new(),
            words: all,
            variables: Vec::new(),
            told: true,
        }
    }

    /// `denybox run` with these options and a shell script in the box.
    pub fn shell(&self, options: &[&str], script: &str) -> Prepared<'_> {
        let words: Vec<&str> = options.iter().copied().chain(["--", "sh", "-c", script]).collect();
        self.denybox(&words)
    }

    /// A shell script outside, as the control; `$DENYBOX` is denybox.
    ///
    /// # Errors
    /// Those of running.
    pub fn outside(&self, script: &str) -> Result<Ended, String> {
        self.run(self.caller.command(&["sh".as_ref(), "-c".as_ref(), script.as_ref()]), Stdio::null())?.end()
    }

    /// Starts a command of the caller's in this room, with its output in files: a process left behind would hold a pipe
    /// open.
    ///
    /// # Errors
    /// Those of starting.
    pub fn run(&self, mut command: Command, input: Stdio) -> Result<Running, String> {
        command.env("HOME", &self.home);
        self.run_in(self.folder_for_a_run()?, command, input)
    }

    fn folder_for_a_run(&self) -> Result<PathBuf, String> {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(format!("run-{number}"));
        self.caller.make_directory(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder)
    }

    fn run_in(&self, folder: PathBuf, mut command: Command, input: Stdio) -> Result<Running, String> {
        let capture =
            |name: &str| File::create(folder.join(name)).map_err(|error| format!("{name}: {error}"));
        command
            .current_dir(&self.workspace)
            .env("DENYBOX", &self.ground.denybox)
            .stdin(input)
            .stdout(capture("stdout")?)
            .stderr(capture("stderr")?);
        Ok(Running { process: Bounded::start(&mut command)?, folder })
    }
}

/// A denybox about to be run.
#[derive(Debug)]
pub struct Prepared<'a> {
    room: &'a Room<'a>,
    prelude: String,
    wrapper: Vec<OsString>,
    words: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    told: bool,
}

impl Prepared<'_> {
    /// With an environment variable.
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// With one more word, of any bytes.
    pub fn word(mut self, bytes: &[u8]) -> Self {
        self.words.push(OsStr::from_bytes(bytes).to_owned());
        self
    }

    /// In a mount namespace that root's `script` has changed.
    pub fn after(mut self, script: &str) -> Self {
        self.prelude = script.to_owned();
        self
    }

    /// By another program.
    pub fn by(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(OsString::from).collect();
        self
    }

    /// Without a report file.
    pub fn untold(mut self) -> Self {
        self.told = false;
        self
    }

    fn command(&self, folder: &Path) -> Command {
        let mut words: Vec<OsString> = self.wrapper.clone();
        words.push(self.room.ground.denybox.clone().into());
        words.extend(self.words.iter().cloned());
        if self.told {
            let at = self.wrapper.len() + 2;
            words.splice(at..at, ["--report-file".into(), folder.join("report.json").into()]);
        }
        let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
        let mut command = self.room.caller.command_after(&self.prelude, &words);
        command.env("HOME", &self.room.home);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it on a terminal of its own, which controls it.
    ///
    /// # Errors
    /// Those of opening terminals and starting.
    pub fn start_on_terminal(&self, rows: u16, columns: u16) -> Result<OnTerminal, String> {
        let folder = self.room.folder_for_a_run()?;
        let mut command = self.command(&folder);
        command.current_dir(&self.room.workspace);
        OnTerminal::start(command, rows, columns)
    }

    /// Starts it with this input.
    ///
    /// # Errors
    /// Those of starting.
    pub fn start(&self, input: Stdio) -> Result<Running, String> {
        let folder = self.room.folder_for_a_run()?;
        self.room.run_in(folder.clone(), self.command(&folder), input)
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// Those of running.
    pub fn end(&self) -> Result<Ended, String> {
        self.start(Stdio::null())?.end()
    }
}
