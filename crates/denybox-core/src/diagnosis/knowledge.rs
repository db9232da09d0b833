//! The entries of `knowledge/`, read once.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Diagnosed;
use super::matcher::{Matcher, base};
use super::remedy::{RemedyKind, RemedyTemplate};
use crate::event::{Ancestor, Denial, Operation, Outcome, Process};
use crate::path::AbsPath;
use crate::resource::{Resource, scratch_tree};

/// Every file of `knowledge/`. Programs first; what holds for any program last.
const SHIPPED: &[(&str, &str)] = &[
    ("bash.toml", include_str!("../../../../knowledge/bash.toml")),
    ("chromium.toml", include_str!("../../../../knowledge/chromium.toml")),
    ("compilers.toml", include_str!("../../../../knowledge/compilers.toml")),
    ("coreutils.toml", include_str!("../../../../knowledge/coreutils.toml")),
    ("git.toml", include_str!("../../../../knowledge/git.toml")),
    ("java.toml", include_str!("../../../../knowledge/java.toml")),
    ("make.toml", include_str!("../../../../knowledge/make.toml")),
    ("node.toml", include_str!("../../../../knowledge/node.toml")),
    ("perl.toml", include_str!("../../../../knowledge/perl.toml")),
    ("python.toml", include_str!("../../../../knowledge/python.toml")),
    ("sockets.toml", include_str!("../../../../knowledge/sockets.toml")),
    ("sqlite.toml", include_str!("../../../../knowledge/sqlite.toml")),
    ("zsh.toml", include_str!("../../../../knowledge/zsh.toml")),
    ("general.toml", include_str!("../../../../knowledge/general.toml")),
];

/// What programs need scratch for, and what helps them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Knowledge {
    entries: Vec<Entry>,
    harmless: Vec<Harmless>,
}

/// One known way in which a program meets a denial.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name in reports, kebab-case. `general-…` for what holds for any program.
    pub id: String,
    /// What the program is, in words; empty for general entries, which name the executable instead.
    #[serde(default)]
    pub program: String,
    /// What happens to whoever uses the program: one or two sentences of plain English.
    pub summary: String,
    /// How the denial is recognised: by any one of these.
    #[serde(rename = "match")]
    pub matchers: Vec<Matcher>,
    /// What helps, the smallest first.
    #[serde(rename = "remedy")]
    pub remedies: Vec<RemedyTemplate>,
    /// Denials that it must explain.
    #[serde(rename = "example", default)]
    pub examples: Vec<Example>,
    /// Denials that it must not explain.
    #[serde(rename = "counterexample", default)]
    pub counterexamples: Vec<Example>,
    /// The real program that shows it.
    pub proof: Option<Proof>,
}

/// What a program is said to need scratch for and doesn't.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Harmless {
    /// Its name, kebab-case.
    pub id: String,
    /// What the program is, in words.
    pub program: String,
    /// Why it needs none.
    pub summary: String,
    /// The real program that shows it: `knowledge/proofs/ID.sh`, run boxed once, without a denial.
    pub proof: HarmlessProof,
}

/// The real program behind a [`Harmless`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HarmlessProof {
    /// Debian packages that it needs.
    pub packages: Vec<String>,
    /// Programs that must be there before it runs.
    pub programs: Vec<String>,
    /// When it runs.
    pub tier: Tier,
    /// What it shows.
    pub shows: Expected,
}

/// Denials of one process, for testing an [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The executable.
    pub exe: String,
    /// Its arguments; without them, the executable alone.
    #[serde(default)]
    pub argv: Vec<String>,
    /// Executables of its ancestors, nearest first.
    #[serde(default)]
    pub under: Vec<String>,
    /// Whether its parent runs the same program with the same arguments.
    #[serde(default)]
    pub forked: bool,
    /// What was tried.
    pub operation: Operation,
    /// How often each; without it, once.
    #[serde(default = "once")]
    pub count: u64,
    /// Paths as tried, one denial each; for IPC kinds and refused system calls the call's name.
    pub paths: Vec<String>,
    /// The resource, where the path doesn't say.
    pub resource: Option<Resource>,
    /// How the process ended.
    #[serde(default)]
    pub outcome: Outcome,
    /// The system call.
    pub syscall: Option<String>,
}

/// When a proof runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Always: its packages install in reasonable time.
    Ci,
    /// Only by `cargo xtask test --full`.
    Full,
}

/// The real program behind an entry: `knowledge/proofs/ID.sh`, run boxed twice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Debian packages that it needs.
    pub packages: Vec<String>,
    /// Programs that must be there before it runs.
    pub programs: Vec<String>,
    /// When it runs.
    pub tier: Tier,
    /// What it shows with nothing granted.
    pub denied: Expected,
    /// What it shows with the entry's first remedy that has a command; none where the remedies are advice alone.
    pub remedied: Option<Expected>,
    /// What it shows without a box, where that isn't what it shows remedied.
    pub unboxed: Option<Expected>,
    /// Whether only the tripwire sees the denial: without /dev/fuse the program fails in the same way, and nothing
    /// explains it.
    #[serde(default)]
    pub tripwire_only: bool,
    /// Other entries that the same script runs into.
    #[serde(default)]
    pub also: Vec<String>,
}

/// What a proof's script shows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Its exit code.
    pub exit: i32,
    /// All of its standard output, surrounding white space aside.
    pub stdout: String,
    /// Something that its standard error holds.
    #[serde(default)]
    pub stderr: String,
}

/// Why a text is no knowledge.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// Not TOML, or not of this shape.
    #[error("{name}: {source}")]
    Malformed {
        /// The file.
        name: String,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
}

fn once() -> u64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entry: Vec<Entry>,
    #[serde(default)]
    harmless: Vec<Harmless>,
}

impl Knowledge {
    /// What denybox ships, read on first use.
    ///
    /// A file that can't be read is left out (the tests prove that there is none): denials are explained less well
    /// then, and still denied.
    pub fn shipped() -> &'static Self {
        static SHIPPED_KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
            let mut knowledge = Knowledge::default();
            for (name, text) in SHIPPED {
                if let Ok(mut file) = Knowledge::parse(name, text) {
                    knowledge.entries.append(&mut file.entries);
                    knowledge.harmless.append(&mut file.harmless);
                }
            }
            knowledge
        });
        &SHIPPED_KNOWLEDGE
    }

    /// Reads one file; `name` is for the error.
    ///
    /// # Errors
    /// [`KnowledgeError`] when the text is not of the right shape.
    pub fn parse(name: &str, text: &str) -> Result<Self, KnowledgeError> {
        match toml::from_str::<File>(text) {
            Ok(file) => Ok(Self { entries: file.entry, harmless: file.harmless }),
            Err(source) => Err(KnowledgeError::Malformed { name: name.to_owned(), source: Box::new(source) }),
        }
    }

    /// Every entry, in the order in which they are asked.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What was looked at and needs no scratch.
    pub fn harmless(&self) -> &[Harmless] {
        &self.harmless
    }

    /// The entries for known programs.
    pub(super) fn specific(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !entry.is_general())
    }

    /// The entries for any program.
    pub(super) fn general(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.is_general())
    }

    #[cfg(test)]
    pub(super) fn files() -> &'static [(&'static str, &'static str)] {
        SHIPPED
    }
}

impl Entry {
    /// Whether it holds for any program.
    pub fn is_general(&self) -> bool {
        self.id.starts_with("general-")
    }

    /// Whether it explains `denial`; `siblings` are all denials of the same process, itself included.
    pub fn explains(&self, denial: &Denial, siblings: &[&Denial]) -> bool {
        self.matchers.iter().any(|matcher| matcher.matches(denial, siblings))
    }

    /// What to say where nothing in `knowledge/` applies.
    pub(super) fn last_resort() -> &'static Self {
        static LAST_RESORT: LazyLock<Entry> = LazyLock::new(|| Entry {
            id: "general-denied".to_owned(),
            program: String::new(),
            summary: "The box doesn't allow this, and denybox knows no more about it.".to_owned(),
            matchers: Vec::new(),
            remedies: vec![RemedyTemplate {
                kind: RemedyKind::Advice,
                value: String::new(),
                because: String::new(),
                why: "See whether the program has an option to do without it.".to_owned(),
            }],
            examples: Vec::new(),
            counterexamples: Vec::new(),
            proof: None,
        });
        &LAST_RESORT
    }

    /// The cause of which `denial` is the first, not yet counting it.
    pub(super) fn diagnosed(&self, denial: &Denial) -> Diagnosed {
        let program =
            if self.program.is_empty() { base(&denial.process.exe).to_owned() } else { self.program.clone() };
        Diagnosed {
            id: self.id.clone(),
            program,
            summary: self.summary.clone(),
            resources: Vec::new(),
            operation: denial.operation,
            path: denial.path.clone(),
            count: 0,
            process: denial.process.clone(),
            outcome: denial.outcome,
            remedies: self.remedies.iter().map(|remedy| remedy.fill(&denial.resource)).collect(),
            denials: Vec::new(),
        }
    }
}

impl Example {
    /// The denials that it describes.
    pub fn denials(&self) -> Vec<Denial> {
        let argv = if self.argv.is_empty() { vec![base(&self.exe).to_owned()] } else { self.argv.clone() };
        let mut ancestors = Vec::new();
        if self.forked {
            ancestors.push(Ancestor::Seen { pid: 99, exe: self.exe.clone(), argv: argv.clone() });
        }
        for (pid, exe) in (1..).zip(&self.under) {
            ancestors.push(Ancestor::Seen { pid, exe: exe.clone(), argv: vec![base(exe).to_owned()] });
        }
        let process = Process { pid: 100, exe: self.exe.clone(), argv, ancestors };
        let resource_of = |path: &str| {
            let path = AbsPath::new(path).unwrap_or_else(|_| AbsPath::root());
            Resource::Path(scratch_tree(&path).unwrap_or_else(AbsPath::root))
        };
        self.paths
            .iter()
            .map(|path| Denial {
                resource: self.resource.clone().unwrap_or_else(|| resource_of(path)),
                path: path.clone(),
                operation: self.operation,
                count: self.count,
                process: process.clone(),
                outcome: self.outcome,
                syscall: self.syscall.clone(),
            })
            .collect()
    }
}
