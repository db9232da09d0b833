//! Compiles the policies that ship, so that a decision needs to read no Rego. A mistake in them fails the build.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, error, fs};

use regorus::Engine;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::Program;

/// The policies, each with the modules that decide; those that explain are read when there is something to explain.
const POLICIES: [(&str, &[&str]); 2] = [
    ("local", &["base/decide.rego", "base/justification.rego", "local/decide.rego"]),
    ("strict", &["base/decide.rego", "base/justification.rego", "strict/decide.rego"]),
];

fn main() -> Result<(), Box<dyn error::Error>> {
    let policies = Path::new("../../policies");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    println!("cargo::rerun-if-changed={}", policies.display());
    println!("cargo::rerun-if-changed=build.rs");
    for (name, modules) in POLICIES {
        let mut engine = Engine::new();
        for module in modules {
            engine.add_policy(format!("policies/{module}"), fs::read_to_string(policies.join(module))?)?;
        }
        let program = compile(&mut engine, &format!("data.denybox.{name}.answer"))?;
        fs::write(out.join(format!("{name}.rvm")), program.serialize_binary()?)?;
    }
    Ok(())
}

/// The program that evaluates `rule`.
fn compile(engine: &mut Engine, rule: &str) -> Result<Arc<Program>, Box<dyn error::Error>> {
    let compiled = engine.compile_with_entrypoint(&rule.into())?;
    Compiler::compile_from_policy(&compiled, &[rule]).map_err(|error| error.to_string().into())
}
