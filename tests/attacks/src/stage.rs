//! The host side of an attack: what it plants, how denybox is started, and what is seen afterwards.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::attack::{Broken, Values};
use crate::pseudo_terminal::PseudoTerminal;

/// What is in every canary file: whoever can show it has read one.
pub const CANARY: &str = "canary: this line lies outside of the box";

/// What an attack's host side sets up. Everything it plants goes when it is dropped.
pub struct Stage {
    /// The directory that the box gets as its workspace.
    pub workspace: PathBuf,
    /// A directory beside the workspace that belongs to the host alone.
    pub directory: PathBuf,
    /// The caller's home: a directory of this stage, empty unless an attack fills it.
    pub home: PathBuf,
    /// An ordinary place stands for the guarded one, to show that the attack is otherwise in order.
    pub ordinary: bool,
    /// What the attack is told, and what `{name}` in its options stands for.
    pub values: Values,
    /// Environment variables for denybox itself.
    pub environment: BTreeMap<String, String>,
    /// Descriptors that denybox inherits, by number.
    pub descriptors: Vec<(i32, OwnedFd)>,
    /// The terminal that denybox is started on, if any.
    pub terminal: Option<PseudoTerminal>,
    held: Vec<Box<dyn Any>>,
}

impl Stage {
    /// A stage for a box in `workspace`, with `directory`, which is made, for what stays outside.
    pub fn new(workspace: &Path, directory: &Path) -> io::Result<Self> {
        let home = directory.join("home");
        fs::create_dir_all(&home)?;
        let mut stage = Self {
            workspace: workspace.to_owned(),
            directory: directory.to_owned(),
            home,
            ordinary: false,
            values: Values::default(),
            environment: BTreeMap::new(),
            descriptors: Vec::new(),
            terminal: None,
            held: Vec::new(),
        };
        let home = stage.home.display().to_string();
        stage.environment.insert("HOME".to_owned(), home.clone());
        stage.set("home", home);
        stage.set("workspace", workspace.display());
        stage.set("report", stage.directory.join("report.json").display());
        Ok(stage)
    }

    /// Tells the attack a value.
    pub fn set(&mut self, name: &str, value: impl std::fmt::Display) {
        self.values.0.insert(name.to_owned(), value.to_string());
    }

    /// Keeps `thing` until the box has ended.
    pub fn hold(&mut self, thing: impl Any) {
        self.held.push(Box::new(thing));
    }

    /// A new directory below `parent` that anybody may enter, gone afterwards.
    pub fn directory_in(&mut self, parent: &str) -> io::Result<PathBuf> {
        let made = tempfile::Builder::new().prefix("denybox-attack-").tempdir_in(parent)?;
        let path = made.path().to_owned();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777))?;
        self.hold(made);
        Ok(path)
    }

    /// A file with the canary's line at `path`, open to everybody so that only the box can be what stops an
    /// attack.
    pub fn canary(&self, path: &Path) -> io::Result<()> {
        fs::write(path, CANARY)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o666))
    }

    /// Starts a process of the caller's own that sleeps, and tells its pid as `victim`.
    pub fn victim(&mut self) -> io::Result<()> {
        let child = Command::new("sleep").arg("120").stdin(Stdio::null()).spawn()?;
        self.set("victim", child.id());
        self.hold(Victim(child));
        Ok(())
    }
}

/// A process that ends with the stage.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        // Gone already is as good as ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is seen once the box has ended.
pub struct Aftermath<'a> {
    /// The stage as it was set up.
    pub stage: &'a Stage,
    /// The exit status of denybox, 128 and the signal's number if it was killed.
    pub status: i32,
    /// What it wrote, to both streams or to its terminal.
    pub output: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Aftermath<'_> {
    /// The JSON report at `{report}`.
    pub fn report(&self) -> Result<Value, Broken> {
        let path = self.stage.values.text("report")?;
        let text = fs::read_to_string(path).map_err(|error| {
            Broken(format!("no report: {error}; status {}; {}", self.status, self.output))
        })?;
        serde_json::from_str(&text).map_err(|error| Broken(format!("the report is no JSON: {error}")))
    }

    /// The attack's own status, if it is one that lets the judge go on.
    pub fn expect_status(&self, status: i32) -> Result<(), Broken> {
        if self.status == status {
            Ok(())
        } else {
            Err(Broken(format!("status {} instead of {status}: {}", self.status, self.output)))
        }
    }
}
