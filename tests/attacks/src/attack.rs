//! What an attack is, and how it ends.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use serde_json::{Value, json};

use crate::stage::{Aftermath, Stage};

/// The exit status of an attack that was blocked.
pub const BLOCKED: u8 = 10;
/// The exit status of an attack that is itself broken: it proves nothing.
pub const BROKEN: u8 = 3;
/// The exit status of denybox where it refuses the command line by policy.
pub const REFUSED: u8 = 77;

/// How an attack ended; the text says by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It reached what it was after.
    Succeeded(String),
    /// Something stopped it.
    Blocked(String),
}

/// Why an attack couldn't be tried: it proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// What running an attack gives.
pub type Outcome = Result<Verdict, Broken>;

impl Verdict {
    /// Success if `result` is one, else blocked by its error.
    pub fn of<T>(what: &str, result: io::Result<T>) -> Self {
        match result {
            Ok(_) => Self::Succeeded(what.to_owned()),
            Err(error) => Self::Blocked(format!("{what}: {error}")),
        }
    }

    /// Success unless the kernel answers with one of the errors that stand for a closed door. For calls that
    /// can't do anything useful here, but whose own errors show that the kernel was reached.
    pub fn reached<T>(what: &str, result: io::Result<T>, closed: &[i32]) -> Self {
        match result {
            Ok(_) => Self::Succeeded(what.to_owned()),
            Err(error) if error.raw_os_error().is_some_and(|errno| closed.contains(&errno)) => {
                Self::Blocked(format!("{what}: {error}"))
            }
            Err(error) => Self::Succeeded(format!("{what} reached the kernel, which said: {error}")),
        }
    }
}

/// The exit status that stands for an outcome, and its one line.
pub fn status(outcome: &Outcome) -> (u8, String) {
    match outcome {
        Ok(verdict @ Verdict::Succeeded(_)) => (0, verdict.to_string()),
        Ok(verdict @ Verdict::Blocked(_)) => (BLOCKED, verdict.to_string()),
        Err(Broken(text)) => (BROKEN, format!("broken: {text}")),
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded(text) => write!(out, "succeeded: {text}"),
            Self::Blocked(text) => write!(out, "blocked: {text}"),
        }
    }
}

/// What the host side tells the attack, by name: the path of a canary, the pid of a victim.
#[derive(Debug, Clone, Default)]
pub struct Values(pub BTreeMap<String, String>);

impl Values {
    /// The value called `name`, or why it can't be had.
    pub fn text(&self, name: &str) -> Result<&str, Broken> {
        self.0.get(name).map(String::as_str).ok_or_else(|| Broken(format!("no value '{name}'")))
    }

    /// The value called `name` as a number.
    pub fn number(&self, name: &str) -> Result<i32, Broken> {
        let text = self.text(name)?;
        text.parse().map_err(|_| Broken(format!("value '{name}' is no number: {text}")))
    }
}

/// Who calls denybox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// The superuser.
    Root,
    /// Anybody else.
    User,
}

impl Caller {
    /// Its name in test names and in `--list`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::User => "user",
        }
    }
}

/// Something that the kernel may lack, without which an attack can't succeed even unguarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The x32 system call table.
    X32,
    /// The 32-bit system call table.
    Ia32,
    /// io_uring, compiled in and not switched off.
    IoUring,
    /// A socket family, by number.
    Family(i32),
    /// TIOCSTI, which a sysctl can switch off.
    Tiocsti,
    /// A file that not every kernel has.
    File(&'static str),
}

/// How it is shown that an attack works when nothing stands in its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By a box with the attack's controls off.
    Weakened,
    /// By running it without a box: its control is one that a box can't do without.
    Unboxed,
    /// By the same options with an ordinary place in them instead of the guarded one: those have to work.
    Ordinary,
    /// By the attack's own judge, who finds its traces in the report: it is aimed at the report or at the
    /// supervisor, which no control switches off.
    Judged,
}

/// Tells the host side what an attack needs.
pub type Prepare = fn(&mut Stage) -> io::Result<()>;
/// Judges an attack by what is seen from outside, after the box has ended.
pub type Judge = fn(&Aftermath<'_>) -> Outcome;

/// One attack.
#[derive(Debug, Clone, Copy)]
pub struct Attack {
    /// Its name: lower case, with dashes.
    pub name: &'static str,
    /// The controls that stop it, the one that it targets first. Each of them alone suffices to block it.
    pub controls: &'static [&'static str],
    /// Controls that also have to be off for it to succeed, though none of them alone blocks it.
    pub conditions: &'static [&'static str],
    /// Options for `denybox run` beyond the usual; `{name}` stands for a value of the host side.
    pub options: &'static [&'static str],
    /// By whom it makes sense.
    pub callers: &'static [Caller],
    /// What the kernel must offer.
    pub need: Option<Need>,
    /// How it is shown to work.
    pub proof: Proof,
    /// How often it is tried at most, for attacks that win a race now and then.
    pub attempts: u32,
    /// Whether being blocked means that denybox refuses to start at all.
    pub refused: bool,
    /// The host side, before the box.
    pub prepare: Option<Prepare>,
    /// The attack itself.
    pub run: fn(&Values) -> Outcome,
    /// The host side, after the box.
    pub judge: Option<Judge>,
}

impl Attack {
    /// An attack that any caller can run without preparation.
    pub const fn new(
        name: &'static str,
        controls: &'static [&'static str],
        run: fn(&Values) -> Outcome,
    ) -> Self {
        Self {
            name,
            controls,
            conditions: &[],
            options: &[],
            callers: &[Caller::Root, Caller::User],
            need: None,
            proof: Proof::Weakened,
            attempts: 1,
            refused: false,
            prepare: None,
            run,
            judge: None,
        }
    }

    /// With more controls that have to be off.
    pub const fn conditions(mut self, conditions: &'static [&'static str]) -> Self {
        self.conditions = conditions;
        self
    }

    /// With options of its own.
    pub const fn options(mut self, options: &'static [&'static str]) -> Self {
        self.options = options;
        self
    }

    /// For these callers only.
    pub const fn callers(mut self, callers: &'static [Caller]) -> Self {
        self.callers = callers;
        self
    }

    /// Succeeding only where the kernel offers something.
    pub const fn needs(mut self, need: Need) -> Self {
        self.need = Some(need);
        self
    }

    /// Shown to work by running it without a box.
    pub const fn unboxed(mut self) -> Self {
        self.proof = Proof::Unboxed;
        self
    }

    /// Shown to work by what its judge finds.
    pub const fn judged(mut self, judge: Judge) -> Self {
        self.proof = Proof::Judged;
        self.judge = Some(judge);
        self
    }

    /// Tried several times.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Blocked by a refusal of the place that its options name, and shown to work by naming another.
    pub const fn misplaced(mut self) -> Self {
        self.refused = true;
        self.proof = Proof::Ordinary;
        self
    }

    /// Blocked by a refusal to start.
    pub const fn refused(mut self) -> Self {
        self.refused = true;
        self
    }

    /// With something to plant on the host first.
    pub const fn prepare(mut self, prepare: Prepare) -> Self {
        self.prepare = Some(prepare);
        self
    }

    /// Judged from outside.
    pub const fn judge(mut self, judge: Judge) -> Self {
        self.judge = Some(judge);
        self
    }

    /// The controls that matter for `caller`: the separation of uids means nothing to an ordinary user.
    pub fn controls_for(&self, caller: Caller) -> Vec<&'static str> {
        let matters = |name: &&&str| caller == Caller::Root || **name != "uid-separation";
        self.controls.iter().filter(matters).copied().collect()
    }

    /// The status of a box that blocked it.
    pub const fn blocked_status(&self) -> u8 {
        if self.refused { REFUSED } else { BLOCKED }
    }

    /// Its line in `--list`.
    pub fn describe(&self) -> Value {
        json!({
            "name": self.name,
            "controls": self.controls,
            "conditions": self.conditions,
            "options": self.options,
            "callers": self.callers.iter().map(|caller| caller.name()).collect::<Vec<_>>(),
            "proof": match self.proof {
                Proof::Weakened => "weakened",
                Proof::Unboxed => "unboxed",
                Proof::Ordinary => "ordinary",
                Proof::Judged => "judged",
            },
            "blocked_status": self.blocked_status(),
            "needs": self.need.map(|need| format!("{need:?}")),
            "needs_host": self.prepare.is_some() || self.judge.is_some(),
        })
    }
}
