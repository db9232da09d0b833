//! All that checks share: the programs to test, the callers, and a place for their files.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::caller::Caller;
use crate::room::Room;
use crate::{Checked, Stop};

/// A check: a name, and what it does in a room of its own.
pub type Check = (&'static str, fn(&Room) -> Checked);

/// The ground.
#[derive(Debug)]
pub struct Ground {
    /// The denybox to test, where everybody can execute it.
    pub denybox: PathBuf,
    /// The witness, likewise.
    pub witness: PathBuf,
    /// As whom to test.
    pub callers: Vec<Caller>,
    /// Holds everything; removed at the end.
    base: tempfile::TempDir,
    skipped: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Ground {
    /// Finds everything. `build` is where the build keeps its own files.
    ///
    /// # Errors
    /// What is missing.
    pub fn find(build: &Path, witness: &Path) -> Result<Self, String> {
        let named = std::env::var_os("DENYBOX_BIN").ok_or("set DENYBOX_BIN to the denybox to test")?;
        let base = base(build).map_err(|error| format!("no place for the tests' files: {error}"))?;
        // Where the build lies another user may not reach it.
        let copy = |from: &Path, name: &str| {
            let to = base.path().join(name);
            std::fs::copy(from, &to).map_err(|error| format!("copying {}: {error}", from.display()))?;
            Ok::<_, String>(to)
        };
        let denybox = copy(Path::new(&named), "denybox")?;
        let witness = copy(witness, "witness")?;
        let callers = Caller::all(base.path()).map_err(|error| format!("preparing the callers: {error}"))?;
        Ok(Self { denybox, witness, callers, base, skipped: Mutex::default() })
    }

    /// A room for one check of one caller.
    ///
    /// # Errors
    /// Those of making directories.
    pub fn room<'a>(&'a self, caller: &'a Caller, name: &str) -> Result<Room<'a>, String> {
        Room::prepare(self, caller, self.base.path().join(caller.name).join(name.replace('/', ".")))
    }

    /// Every check for every caller, as trials.
    pub fn trials(self: &Arc<Self>, checks: &[Check]) -> Vec<Trial> {
        let mut trials = Vec::new();
        for number in 0..self.callers.len() {
            for &(name, check) in checks {
                let ground = Arc::clone(self);
                let Some(caller) = self.callers.get(number) else { continue };
                trials.push(Trial::ignorable_test(format!("{}/{name}", caller.name), move || {
                    let Some(caller) = ground.callers.get(number) else {
                        return Err(Failed::from("no caller"));
                    };
                    let room = ground.room(caller, name)?;
                    ground.completion(&format!("{}/{name}", caller.name), check(&room))
                }));
            }
        }
        trials
    }

    /// Counts a skip.
    ///
    /// # Errors
    /// The failure of the check.
    pub fn completion(&self, name: &str, checked: Checked) -> Result<Completion, Failed> {
        match checked {
            Ok(()) => Ok(Completion::Completed),
            Err(Stop::Fail(failed)) => Err(failed),
            Err(Stop::Skip(why)) => {
                let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
                skipped.entry(why.clone()).or_default().push(name.to_owned());
                Ok(Completion::ignored_with(why))
            }
        }
    }

    /// Runs trials, names what was skipped, and fails when that is more than `most`.
    pub fn run(self: &Arc<Self>, arguments: &Arguments, trials: Vec<Trial>, most: usize) -> ExitCode {
        let conclusion = libtest_mimic::run(arguments, trials);
        let skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        let count: usize = skipped.values().map(Vec::len).sum();
        println!("skipped: {count} (at most {most})");
        for (why, names) in skipped.iter() {
            println!("  {} because {why}: {}", names.len(), names.join(", "));
        }
        if count > most {
            println!("too much was skipped");
            return ExitCode::FAILURE;
        }
        conclusion.exit_code()
    }
}

/// The main function of a test target.
pub fn main(
    build: &str,
    witness: &str,
    most: usize,
    trials: impl FnOnce(&Arc<Ground>) -> Vec<Trial>,
) -> ExitCode {
    let arguments = Arguments::from_args();
    match Ground::find(Path::new(build), Path::new(witness)) {
        Ok(ground) => {
            let ground = Arc::new(ground);
            let trials = trials(&ground);
            ground.run(&arguments, trials, most)
        }
        Err(why) => {
            eprintln!("the boxes can't be tested: {why}");
            ExitCode::FAILURE
        }
    }
}

/// A directory that every caller can reach, in none of the shared scratch directories: a workspace below one is a case
/// of its own. Root's has a short name, so that sockets fit.
fn base(build: &Path) -> std::io::Result<tempfile::TempDir> {
    let mut makers = tempfile::Builder::new();
    let maker = makers.prefix("denybox-boxes-").permissions(std::fs::Permissions::from_mode(0o755));
    maker.tempdir_in(if rustix::process::geteuid().is_root() { Path::new("/var/lib") } else { build })
}
