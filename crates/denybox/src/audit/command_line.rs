//! The words of `denybox audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::command_line::Format;

const EXIT_CODES: &str = "\
Exit codes:
    0  all of it holds
    1  something doesn't hold
   64  wrong usage
   78  a log or a checkpoint can't be read";

/// What can be done with audit logs.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List the boxes in a log, or show what happened in one.
    Show(Show),
    /// Find out whether a record was altered, dropped, moved, doubled or cut off, and which.
    ///
    /// Whoever can write the log can also cut off its end and the index with it, or write both anew with the key that lies
    /// beside them. A checkpoint that is kept elsewhere proves it: give it with --against.
    Verify(Verify),
    /// Print a signed checkpoint of everything so far, to be kept elsewhere.
    Checkpoint(Place),
}

/// Where the log is.
#[derive(Debug, Args)]
pub struct Place {
    /// The directory that --audit-log named
    #[arg(value_name = "DIR")]
    pub log: PathBuf,
}

/// Options of `denybox audit show`.
#[derive(Debug, Args)]
pub struct Show {
    /// Where the log is.
    #[command(flatten)]
    pub place: Place,
    /// The box [default: list all]
    #[arg(value_name = "BOX")]
    pub id: Option<String>,
    /// How to tell; json gives the records as they are
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub report: Format,
}

/// Options of `denybox audit verify`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Verify {
    /// Where the log is.
    #[command(flatten)]
    pub place: Place,
    /// Only these boxes
    #[arg(value_name = "BOX")]
    pub ids: Vec<String>,
    /// A checkpoint that was kept elsewhere (may be repeated)
    #[arg(long, value_name = "FILE")]
    pub against: Vec<PathBuf>,
    /// The key that signs this log's checkpoints, as in its key.pub, kept elsewhere [default: the one beside the log]
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}
