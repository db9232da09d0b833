//! The Rego that ships, and what of it a foreign policy takes along.

use super::rego::{self, Met};

/// A module of the Rego that ships: its name, for messages, and its text.
pub(super) type Module = (&'static str, &'static str);

macro_rules! module {
    ($path:literal) => {
        (concat!("policies/", $path), include_str!(concat!("../../../../policies/", $path)))
    };
}

/// What a package `denybox.base` is made of.
const BASE: [Module; 2] = [module!("base/decide.rego"), module!("base/explain.rego")];
const JUSTIFICATION: [Module; 2] = [module!("base/justification.rego"), module!("base/objections.rego")];
const LOCAL: [Module; 2] = [module!("local/decide.rego"), module!("local/explain.rego")];
const STRICT: [Module; 2] = [module!("strict/decide.rego"), module!("strict/explain.rego")];

/// The packages that ship, below `denybox`.
pub(super) const PACKAGES: [(&str, &[Module]); 4] =
    [("base", &BASE), ("justification", &JUSTIFICATION), ("local", &LOCAL), ("strict", &STRICT)];

/// A policy that ships.
pub(super) struct Shipped {
    pub name: &'static str,
    /// Its compiled `answer`.
    pub program: &'static [u8],
    /// The packages that it is made of.
    packages: [&'static [Module]; 3],
}

/// The policies that ship.
pub(super) const SHIPPED: [Shipped; 2] = [
    Shipped {
        name: "local",
        program: include_bytes!(concat!(env!("OUT_DIR"), "/local.rvm")),
        packages: [&BASE, &JUSTIFICATION, &LOCAL],
    },
    Shipped {
        name: "strict",
        program: include_bytes!(concat!(env!("OUT_DIR"), "/strict.rvm")),
        packages: [&BASE, &JUSTIFICATION, &STRICT],
    },
];

impl Shipped {
    /// All modules.
    pub fn modules(&self) -> Vec<(String, String)> {
        self.packages.iter().copied().flatten().map(owned).collect()
    }
}

fn owned((module, rego): &Module) -> (String, String) {
    ((*module).to_owned(), (*rego).to_owned())
}

/// The modules that ship of the packages that `sources` name, and these in turn, where they don't define them themselves.
/// So a policy of one's own can stand on `denybox.base`.
pub(super) fn taken_along(sources: &[(String, String)]) -> Vec<(String, String)> {
    let mut defined = Vec::new();
    let mut named = Vec::new();
    for (module, rego) in sources {
        names(module, rego, &mut defined, &mut named);
    }
    let mut taken = Vec::new();
    while let Some(package) = named.pop() {
        if defined.contains(&package) {
            continue;
        }
        for (_, modules) in PACKAGES.iter().filter(|(shipped, _)| *shipped == package) {
            for (module, rego) in *modules {
                names(module, rego, &mut defined, &mut named);
                taken.push(owned(&(module, rego)));
            }
        }
        defined.push(package);
    }
    taken.sort();
    taken
}

/// Adds the package that a module defines, and those that it names, as far as they are below `denybox`. Of what is no
/// Rego there is nothing to add; reading it will say so.
fn names(module: &str, rego: &str, defined: &mut Vec<String>, named: &mut Vec<String>) {
    let Ok(module) = rego::parse(module, rego) else { return };
    let below = |path: &[&str]| match path {
        ["data", "denybox", package, ..] => Some((*package).to_owned()),
        _ => None,
    };
    if let Some((path, _)) = rego::path(&module.package.refr)
        && let ["denybox", package, ..] = &*path
    {
        defined.push((*package).to_owned());
    }
    for import in &module.imports {
        named.extend(rego::path(&import.refr).and_then(|(path, _)| below(&path)));
    }
    for rule in &module.policy {
        rego::visit(rule, &mut |met| {
            let path = match met {
                Met::Name { path, .. } => path,
                Met::Call { name: Some(name), .. } => name,
                Met::Call { .. } | Met::With { .. } => return,
            };
            named.extend(below(&path));
        });
    }
}
