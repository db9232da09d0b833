//! `denybox audit`: reading logs, and finding out whether somebody changed them.

pub mod command_line;
mod show;
mod verify;

use std::io::{self, Write as _};
use std::path::PathBuf;

use denybox_audit::Store;
use denybox_core::audit::checkpoint::CheckpointError;
use denybox_core::audit::{Event, JournalError, Record, RecordError};
use denybox_core::event::printable_up_to;

use crate::exit_code;
use command_line::Audit;

/// The longest message, in characters.
const LONGEST: usize = 2000;

/// Why a command couldn't be carried out.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// The log can't be read.
    #[error("cannot {} {}: {}", .0.step, .0.path, .0.reason)]
    Log(#[from] JournalError),
    /// A line of it can't be read.
    #[error("a record of {id} can't be read: {source}; `denybox audit verify` says which")]
    Record {
        /// The box.
        id: String,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// A checkpoint can't be read.
    #[error("cannot read the checkpoint {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A checkpoint or a key is none.
    #[error("{place}: {source}")]
    Checkpoint {
        /// The file, or `--key`.
        place: String,
        /// Why.
        #[source]
        source: CheckpointError,
    },
    /// Standard output is closed.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

/// Does what was asked; gives the exit code.
pub fn audit(what: &Audit) -> i32 {
    let done = match what {
        Audit::Show(options) => show::show(options),
        Audit::Verify(options) => verify::verify(options),
        Audit::Checkpoint(place) => checkpoint(&Store::new(&place.log)),
    };
    match done {
        // Whoever reads has seen enough.
        Err(Failed::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(failed) => {
            // Where the message can't be written the exit code still says it.
            let _ =
                writeln!(anstream::stderr(), "denybox: {}", printable_up_to(&failed.to_string(), LONGEST));
            exit_code::CONFIGURATION
        }
        Ok(code) => code,
    }
}

fn checkpoint(store: &Store) -> Result<i32, Failed> {
    io::stdout().write_all(store.checkpoint()?.as_bytes())?;
    Ok(0)
}

/// The schema of one line of a log.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Record<Event>)
}
