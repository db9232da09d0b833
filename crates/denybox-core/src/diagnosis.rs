//! What denials mean for the programs that met them, and the smallest remedies.
//!
//! [`Knowledge`] is data (`knowledge/*.toml`); [`Knowledge::diagnose`] sorts [`Denial`]s into one [`Diagnosed`] for
//! each distinct cause. Nothing here changes what is denied.

mod knowledge;
mod matcher;
mod remedy;

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use knowledge::{
    Entry, Example, Expected, Harmless, HarmlessProof, Knowledge, KnowledgeError, Proof, Tier,
};
pub use matcher::{Ended, Matcher, glob};
pub use remedy::{Offer, Remedy, RemedyKind, RemedyTemplate, shell_quote};

use crate::event::{Denial, Operation, Outcome, Process};
use crate::resource::Resource;

/// One cause: what a program ran into, what that does to it, and what helps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosed {
    /// Which entry of `knowledge/` explains it, such as `sort-spill`; `general-…` where the program is unknown.
    pub id: String,
    /// What the program is, in words: `GNU sort`. For a general entry the base name of its executable, which is
    /// hostile text.
    pub program: String,
    /// What it means for the program, in one or two sentences of plain English.
    pub summary: String,
    /// The resources concerned, each once, in the order of the first denial.
    pub resources: Vec<Resource>,
    /// What the first denial tried.
    pub operation: Operation,
    /// The path of the first denial, as tried: hostile text.
    pub path: String,
    /// How often in all.
    pub count: u64,
    /// The process of the first denial, with its ancestry.
    pub process: Process,
    /// How the process of the first denial ended.
    pub outcome: Outcome,
    /// What helps, the smallest first.
    pub remedies: Vec<Remedy>,
    /// Which denials it covers: positions in what was diagnosed. Empty where a single one was explained.
    pub denials: Vec<usize>,
}

impl Diagnosed {
    /// The remedies that `given`, the options of this run, don't hold yet, each with the command line to copy:
    /// `given`, what the remedy adds, and `command`.
    pub fn offers(&self, given: &[String], command: &[String]) -> Vec<Offer> {
        self.remedies.iter().filter(|remedy| !remedy.is_in(given)).map(|r| r.offer(given, command)).collect()
    }
}

/// Everything that a run's denials mean.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Diagnoses {
    /// One for each distinct cause, in the order of the first denial.
    pub causes: Vec<Diagnosed>,
    /// How many read-only probes (stat, lookup, access) did no harm that anybody knows of.
    pub probes: u64,
}

/// What tells one process from another: its number may be used again, but hardly for the same program.
type ProcessKey<'a> = (i32, &'a str);

fn key(denial: &Denial) -> ProcessKey<'_> {
    (denial.process.pid, denial.process.exe.as_str())
}

impl Knowledge {
    /// Sorts `denials` into causes. Every count goes to exactly one cause, or to the probes.
    ///
    /// Probes become a cause of their own where an entry knows the pattern (bash looks for a directory to write in
    /// and never tries), or where their process failed and nothing else was denied to it.
    pub fn diagnose(&self, denials: &[Denial]) -> Diagnoses {
        let mut of_process: HashMap<ProcessKey<'_>, Vec<&Denial>> = HashMap::new();
        for denial in denials {
            of_process.entry(key(denial)).or_default().push(denial);
        }
        let mut diagnoses = Diagnoses::default();
        let mut found: HashMap<(&str, &str), usize> = HashMap::new();
        for (position, denial) in denials.iter().enumerate() {
            let siblings = of_process.get(&key(denial)).map_or(&[][..], Vec::as_slice);
            let Some(entry) = self.entry_for(denial, siblings) else {
                diagnoses.probes = diagnoses.probes.saturating_add(denial.count);
                continue;
            };
            let slot = *found.entry((entry.id.as_str(), denial.process.exe.as_str())).or_insert_with(|| {
                diagnoses.causes.push(entry.diagnosed(denial));
                diagnoses.causes.len().saturating_sub(1)
            });
            if let Some(cause) = diagnoses.causes.get_mut(slot) {
                cause.count = cause.count.saturating_add(denial.count);
                cause.denials.push(position);
                if !cause.resources.contains(&denial.resource) {
                    cause.resources.push(denial.resource.clone());
                }
            }
        }
        diagnoses
    }

    /// What one denial means while the box still runs; `siblings` are all denials of the same process so far, this one
    /// included. `None` for a probe that is only counted. The cause counts `denial` alone.
    pub fn explain(&self, denial: &Denial, siblings: &[&Denial]) -> Option<Diagnosed> {
        let mut cause = self.entry_for(denial, siblings)?.diagnosed(denial);
        cause.count = denial.count;
        cause.resources.push(denial.resource.clone());
        Some(cause)
    }

    /// The entry that explains `denial`, given all denials of the same process (itself included); `None` for a probe
    /// that is only counted.
    fn entry_for(&self, denial: &Denial, siblings: &[&Denial]) -> Option<&Entry> {
        if let Some(entry) = self.specific().find(|entry| entry.explains(denial, siblings)) {
            return Some(entry);
        }
        if denial.operation.is_probe()
            && (!denial.outcome.is_bad() || siblings.iter().any(|other| !other.operation.is_probe()))
        {
            return None;
        }
        Some(
            self.general()
                .find(|entry| entry.explains(denial, siblings))
                .unwrap_or_else(|| Entry::last_resort()),
        )
    }
}

#[cfg(test)]
mod tests;
