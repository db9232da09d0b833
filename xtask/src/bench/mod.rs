//! `cargo xtask bench`: ratios against real peers, from interleaved runs, each with its interval.

mod overhead;
mod policy;
mod start;
mod statistics;

use std::process::Command;

use anyhow::Result;
use clap::Subcommand;

/// What is measured.
#[derive(Debug, Subcommand)]
pub enum What {
    /// From spawn to exit of `denybox run -- /bin/true`, beside bwrap, runc and crun
    Start {
        /// Interleaved runs of each
        #[arg(long, default_value_t = 300)]
        runs: usize,
    },
    /// A decision: hot, the first of a process, and beside other ways to evaluate the same Rego
    Policy {
        /// Fresh processes
        #[arg(long, default_value_t = 50)]
        processes: usize,
        /// Interleaved pairs of each
        #[arg(long, default_value_t = 30)]
        pairs: usize,
    },
    /// Work inside a box, beside the same work outside
    Overhead {
        /// Interleaved pairs of each
        #[arg(long, default_value_t = 30)]
        pairs: usize,
    },
}

/// Measures.
pub fn bench(what: &What) -> Result<()> {
    match what {
        What::Start { runs } => start::start(*runs),
        What::Policy { processes, pairs } => policy::policy(*processes, *pairs),
        What::Overhead { pairs } => overhead::overhead(*pairs),
    }
}

/// A program to measure, with the same variables whoever runs it. `cargo run` tells the dynamic linker where to look first
/// (`LD_LIBRARY_PATH`), a box doesn't pass that on, and every program outside would start the slower for it.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"LD_") {
            command.env_remove(name);
        }
    }
    command
}
