//! A policy as text, before anything of it is read.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::shipped::{self, SHIPPED};
use super::{Policy, PolicyError, rego};

/// The Rego of a policy: pairs of a module's name, for messages, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Its package is `denybox.` followed by this.
    pub name: String,
    /// What decides and explains.
    pub modules: Vec<(String, String)>,
    /// What tests it. Never read when something is to be decided.
    pub tests: Vec<(String, String)>,
}

impl Sources {
    /// Those of a policy that ships. Its tests don't ship with it.
    ///
    /// # Errors
    /// [`PolicyError::Unshipped`].
    pub fn shipped(name: &str) -> Result<Self, PolicyError> {
        let shipped = SHIPPED
            .iter()
            .find(|shipped| shipped.name == name)
            .ok_or_else(|| PolicyError::Unshipped(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), modules: shipped.modules(), tests: Vec::new() })
    }

    /// The modules, and those that ship of the packages that they name and don't define.
    pub fn all_modules(&self) -> Vec<(String, String)> {
        with_taken_along(self.modules.clone(), &self.modules)
    }

    /// The same with the tests, and what these name.
    pub(super) fn all_with_tests(&self) -> Vec<(String, String)> {
        let all: Vec<_> = self.modules.iter().chain(&self.tests).cloned().collect();
        with_taken_along(all.clone(), &all)
    }

    /// The policy that they make.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn into_policy(self) -> Result<Policy, PolicyError> {
        Policy::from_sources(&self.name, self.modules)
    }

    /// The packages of all modules, each as the first two parts of its path: `denybox/base`.
    ///
    /// # Errors
    /// [`PolicyError`] where a module can't be read.
    pub fn roots(&self) -> Result<BTreeSet<String>, PolicyError> {
        let root = |(module, text): (String, String)| match rego::parse(&module, &text) {
            Ok(parsed) => {
                let path = rego::package(&parsed);
                Ok(path.iter().take(2).map(String::as_str).collect::<Vec<_>>().join("/"))
            }
            Err(error) => Err(PolicyError::Module { module, message: error.message }),
        };
        self.all_modules().into_iter().map(root).collect()
    }

    /// Names exactly these rules: SHA-256 of all modules by name, 64 hexadecimal digits.
    pub fn revision(&self) -> String {
        revision(&self.modules)
    }
}

/// See [`Sources::revision`].
pub(super) fn revision(modules: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = modules.iter().collect();
    sorted.sort();
    let mut hash = Sha256::new();
    for text in sorted.into_iter().flat_map(|(module, rego)| [module, rego]) {
        // Lengths keep a module's end apart from the next one's beginning.
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    data_encoding::HEXLOWER.encode(&hash.finalize())
}

fn with_taken_along(
    mut modules: Vec<(String, String)>,
    named_by: &[(String, String)],
) -> Vec<(String, String)> {
    modules.extend(shipped::taken_along(named_by));
    modules
}
