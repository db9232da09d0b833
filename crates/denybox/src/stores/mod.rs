//! What denybox reads and keeps on the host: settings that are pinned, trust, revocations, and counters of uses.

pub mod keys;
pub mod person;
pub mod places;
pub mod replace;
pub mod settings;
pub mod trusted;
pub mod uses;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// What the system says; [`io::ErrorKind::FileTooLarge`] where there is more.
pub fn read_at_most(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    read_open(File::open(path)?, most)
}

/// Reads an open file of at most `most` bytes.
///
/// # Errors
/// As [`read_at_most`].
pub fn read_open(file: File, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {most} bytes")));
    }
    Ok(bytes)
}
