//! `denybox policy show`.

use std::io::Write as _;

use denybox_core::event::printable;

use super::command_line::Show;
use super::{Failed, source};

/// Prints a policy's Rego: all that decides by it, what comes along from the policies that ship included.
pub fn show(options: &Show) -> Result<i32, Failed> {
    let modules = source::sources(&options.policy)?.all_modules();
    let chosen: Vec<&(String, String)> = match &options.file {
        None => modules.iter().collect(),
        Some(name) => {
            let named = |module: &str| module == name || module.ends_with(&format!("/{name}"));
            modules.iter().filter(|(module, _)| named(module)).collect()
        }
    };
    if let (Some(name), true) = (&options.file, chosen.is_empty()) {
        return Err(Failed::NoFile(name.clone()));
    }
    let mut out = std::io::stdout().lock();
    let several = chosen.len() > 1;
    for (place, (module, rego)) in chosen.into_iter().enumerate() {
        if options.list {
            writeln!(out, "{}", printable(module))?;
            continue;
        }
        if several {
            let gap = if place > 0 { "\n" } else { "" };
            writeln!(out, "{gap}# ==== {}", printable(module))?;
        }
        // As it is: it may be copied into a file. A terminal gets no control characters of a foreign one.
        let safe: String = rego.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        write!(out, "{safe}")?;
    }
    Ok(0)
}
