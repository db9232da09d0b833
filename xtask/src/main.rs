//! The project's own chores: `cargo xtask test`, `cargo xtask bench`, `cargo xtask fuzz`, `cargo xtask docs`.
#![forbid(unsafe_code)]

mod bench;
mod build;
mod docs;
mod fuzz;
mod independent;
mod machine;
mod test;

use clap::{Parser, Subcommand};

/// The project's own chores.
#[derive(Debug, Parser)]
struct CommandLine {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Install what the tests need, then run every tier that this machine can.
    Test(test::Options),
    /// Measure against real peers, in the same run.
    Bench {
        #[command(subcommand)]
        what: bench::What,
    },
    /// Feed everything that parses with whatever libFuzzer comes up with; needs a nightly compiler.
    Fuzz(fuzz::Options),
    /// Write the generated documents: man pages, completions, schemas.
    Docs {
        /// Write nothing; fail where a document is out of date.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match CommandLine::parse().chore {
        Chore::Test(options) => test::test(&options),
        Chore::Bench { what } => bench::bench(&what),
        Chore::Fuzz(options) => fuzz::fuzz(&options),
        Chore::Docs { check } => docs::docs(check),
    }
}
