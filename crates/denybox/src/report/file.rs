//! The file that `--report-file` names: opened before the box, written when it is gone.

use std::fs::{self, File};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use denybox_core::event::printable_json;

use super::Report;

/// Why a report file can't be relied on.
#[derive(Debug, thiserror::Error)]
pub enum ReportFileError {
    /// It can't be written.
    #[error("the report file could not be written: {0}")]
    Write(#[from] io::Error),
    /// Its path names another file by now.
    #[error("{} was replaced or removed while the box ran: don't trust what is there; keep reports outside the workspace", .0.display())]
    Replaced(PathBuf),
}

/// A report file. It may lie in the workspace, so an agent may have written to it or put another in its place.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    file: File,
}

impl ReportFile {
    /// Makes the file, or empties it.
    ///
    /// # Errors
    /// Those of open(2).
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: File::create(path)? })
    }

    /// Writes the report, in place of whatever is in the file by now.
    ///
    /// # Errors
    /// [`ReportFileError`].
    pub fn write(&mut self, report: &Report) -> Result<(), ReportFileError> {
        let json = serde_json::to_string_pretty(report).map_err(io::Error::other)?;
        let json = printable_json(&json) + "\n";
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(json.as_bytes())?;
        let ours = self.file.metadata()?;
        match fs::metadata(&self.path) {
            Ok(there) if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) => Ok(()),
            _ => Err(ReportFileError::Replaced(self.path.clone())),
        }
    }
}
