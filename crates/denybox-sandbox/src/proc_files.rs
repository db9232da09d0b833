//! Reading /proc, proc(5), and what the files of /proc/TID say: pure readers, because most of it is what the box says of
//! itself.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _};

/// Longest argument list kept of one process, arguments; and the longest argument, bytes.
pub const MOST_ARGUMENTS: usize = 64;
/// Longest argument that is kept, bytes as they stand in the file.
pub const LONGEST_ARGUMENT: usize = 1024;

/// Most that is expected of one such file, bytes; a larger one takes more calls, no more than that.
const EXPECTED: usize = 16 << 10;

/// Reads a file of the kernel's. Such a file says that its size is 0, so a reader that trusts sizes makes many small calls.
///
/// # Errors
/// Those of open(2) and read(2).
pub fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut text = vec![0; EXPECTED];
    let mut length = 0;
    loop {
        if length == text.len() {
            text.resize(2 * length, 0);
        }
        match file.read(text.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    text.truncate(length);
    Ok(text)
}

/// [`read`] for a file of text.
///
/// # Errors
/// As [`read`]; `InvalidData` for what isn't UTF-8.
pub fn read_text(path: &str) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// A thread's system call, from /proc/TID/syscall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its number.
    pub number: i64,
    /// Its arguments as registers.
    pub arguments: [u64; 6],
    /// Stack and instruction pointer: with the rest they tell one call from the next.
    pub at: [u64; 2],
}

/// What /proc/TID/status says about where a thread belongs, proc_pid_status(5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Its process.
    pub process: i32,
    /// Its process's parent.
    pub parent: i32,
    /// Its process in the innermost PID namespace.
    pub innermost: Option<i32>,
}

/// Reads /proc/TID/syscall, proc_pid_syscall(5). `None` for a thread that runs, or waits outside any call.
pub fn call(text: &str) -> Option<Call> {
    let mut words = text.split_ascii_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut take = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    Some(Call {
        number,
        arguments: [take()?, take()?, take()?, take()?, take()?, take()?],
        at: [take()?, take()?],
    })
}

/// Reads /proc/TID/status. Its first line holds the thread's name, which is any bytes: the kernel escapes newlines there,
/// so each field is what stands at the start of a line.
pub fn status(bytes: &[u8]) -> Option<Status> {
    let text = String::from_utf8_lossy(bytes);
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let number = |text: &str| text.parse::<i32>().ok().filter(|number| *number >= 0);
    Some(Status {
        process: field("Tgid:").and_then(number)?,
        parent: field("PPid:").and_then(number)?,
        innermost: field("NSpid:").and_then(|all| all.split_ascii_whitespace().next_back()).and_then(number),
    })
}

/// Reads /proc/PID/cmdline, proc_pid_cmdline(5): the arguments, as many and as long as is allowed. What is kept is taken
/// from `left`, bytes.
pub fn arguments(bytes: &[u8], left: &mut usize) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes
        .split(|byte| *byte == 0)
        .take(MOST_ARGUMENTS)
        .map(|argument| argument.get(..LONGEST_ARGUMENT).unwrap_or(argument))
        .map(String::from_utf8_lossy)
        .map(|argument: Cow<'_, str>| within(&argument, left))
        .collect()
}

/// As much of `text` as is `left`, bytes, which it uses up.
pub fn within(text: &str, left: &mut usize) -> String {
    let kept = text.get(..text.floor_char_boundary(*left)).unwrap_or_default();
    *left = left.saturating_sub(kept.len());
    kept.to_owned()
}
