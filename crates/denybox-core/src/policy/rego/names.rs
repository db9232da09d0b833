//! Which rules a name means.

use std::collections::BTreeMap;

use regorus::unstable::{Expr, Module, Ref, Rule, RuleHead};

use super::visit::path;

/// A path below `data`, without `data` itself.
pub type DataPath = Vec<String>;

/// A rule and the module that it stands in.
#[derive(Debug, Clone, Copy)]
pub struct Defined<'a> {
    /// The module, by its place.
    pub module: usize,
    /// The rule.
    pub rule: &'a Rule,
}

/// The names of some modules.
pub struct Names<'a> {
    scopes: Vec<Scope<'a>>,
    rules: BTreeMap<DataPath, Vec<Defined<'a>>>,
}

/// What a module can name.
struct Scope<'a> {
    package: DataPath,
    /// By the name that stands for it; of `input` and what is below it, nothing.
    imports: BTreeMap<&'a str, Option<DataPath>>,
}

impl<'a> Names<'a> {
    /// The names of `modules`.
    pub fn new(modules: &'a [Ref<Module>]) -> Self {
        let mut names = Self { scopes: Vec::new(), rules: BTreeMap::new() };
        for (place, module) in modules.iter().enumerate() {
            let package = package(module);
            for rule in &module.policy {
                let Some((head, _)) = path(head(rule)) else { continue };
                let full = package.iter().cloned().chain(head.iter().map(|part| (*part).to_owned()));
                names.rules.entry(full.collect()).or_default().push(Defined { module: place, rule });
            }
            let imports = module.imports.iter().filter_map(|import| {
                let (path, _) = path(&import.refr)?;
                let (root, below) = path.split_first()?;
                let name = import.r#as.as_ref().map_or(path.last().copied(), |alias| Some(alias.text()))?;
                let data = (*root == "data").then(|| below.iter().map(|part| (*part).to_owned()).collect());
                Some((name, data))
            });
            names.scopes.push(Scope { imports: imports.collect(), package });
        }
        names
    }

    /// The path below `data` that `path` means in a module. Nothing of `input`, and of what only the module's variables
    /// could mean.
    pub fn resolve(&self, module: usize, path: &[&str]) -> Option<DataPath> {
        let scope = self.scopes.get(module)?;
        let (root, below) = path.split_first()?;
        let below = below.iter().map(|part| (*part).to_owned());
        if *root == "data" {
            return Some(below.collect());
        }
        if let Some(imported) = scope.imports.get(root) {
            return imported.as_ref().map(|imported| imported.iter().cloned().chain(below).collect());
        }
        let own =
            scope.package.iter().cloned().chain([(*root).to_owned()]).chain(below).collect::<DataPath>();
        (!self.meant(&own).is_empty()).then_some(own)
    }

    /// The rules at exactly this path.
    pub fn at(&self, path: &[String]) -> &[Defined<'a>] {
        self.rules.get(path).map_or(&[], Vec::as_slice)
    }

    /// The paths of the rules that `path` reaches: the rule at it, that it leads into, or all that lie below it.
    pub fn meant(&self, path: &[String]) -> Vec<&DataPath> {
        let into = (0..=path.len()).rev().filter_map(|length| path.get(..length));
        if let Some((found, _)) = into.filter_map(|path| self.rules.get_key_value(path)).next() {
            return vec![found];
        }
        self.rules.keys().filter(|known| known.starts_with(path)).collect()
    }

    /// All rules.
    pub fn rules(&self) -> impl Iterator<Item = (&DataPath, &[Defined<'a>])> {
        self.rules.iter().map(|(path, rules)| (path, rules.as_slice()))
    }
}

/// The package of a module, without `data`.
pub fn package(module: &Module) -> DataPath {
    path(&module.package.refr)
        .map(|(path, _)| path.iter().map(|part| (*part).to_owned()).collect())
        .unwrap_or_default()
}

/// What a rule defines, as its head has it.
pub fn head(rule: &Rule) -> &Expr {
    match rule {
        Rule::Default { refr, .. } => refr,
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. } => refr,
        },
    }
}
