//! `denybox policy` as the user types it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What `denybox policy` can do.
///
/// A POLICY is the name of one that ships, local or strict, or a directory: its *.rego are the policy, *_test.rego its
/// tests, and its package is denybox.NAME after the directory.
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Look policies over: they must be read, call nothing that they may not, and always answer.
    Check {
        /// Which.
        #[arg(value_name = "POLICY", required = true)]
        policies: Vec<OsString>,
        /// How to tell.
        #[arg(long, value_enum, default_value_t = Report::Text)]
        report: Report,
    },
    /// Run the tests of policies, in Rego, and tell which lines they reach.
    Test(Test),
    /// Ask a policy a question that is written in a file: nothing is run.
    Eval(Eval),
    /// Print the Rego of a policy.
    Show(Show),
    /// Write a policy as an OPA bundle.
    Bundle {
        /// Which.
        policy: OsString,
        /// The file, such as local.tar.gz; it is replaced.
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
}

/// Options of `denybox policy test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Which.
    #[arg(value_name = "POLICY", required = true)]
    pub policies: Vec<OsString>,
    /// Fail where the tests reach less of a policy's lines than this, in per cent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub threshold: Option<u8>,
    /// How to tell.
    #[arg(long, value_enum, default_value_t = Report::Text)]
    pub report: Report,
}

/// Options of `denybox policy eval`.
#[derive(Debug, Args)]
pub struct Eval {
    /// Which policy.
    #[arg(long, value_name = "POLICY", default_value = "local")]
    pub policy: OsString,
    /// The question, JSON as `denybox schema policy-input` describes it; - is standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub input: PathBuf,
    /// How to tell.
    #[arg(long, value_enum, default_value_t = Report::Text)]
    pub report: Report,
}

/// Options of `denybox policy show`.
#[derive(Debug, Args)]
pub struct Show {
    /// Which.
    pub policy: OsString,
    /// Only this file, by the name that --list has, or the end of it.
    #[arg(long, value_name = "NAME", conflicts_with = "list")]
    pub file: Option<String>,
    /// Only the names of its files.
    #[arg(long)]
    pub list: bool,
}

/// How to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// For people.
    Text,
    /// For programs.
    Json,
}
