//! One try: which resource, which action, and what came of it.

use std::fmt;
use std::io;

use serde_json::{Value, json};

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// The host's own was reached.
    Host,
    /// Not the host's, but one of the box's own works.
    Private,
    /// Neither; by which error the host's was denied.
    Denied(String),
}

impl Reach {
    /// Puts two tries together: on the host's object, then on one of the probe's own.
    pub fn of(host: io::Result<()>, own: impl FnOnce() -> io::Result<()>) -> Self {
        match host {
            Ok(()) => Self::Host,
            Err(denial) => match own() {
                Ok(()) => Self::Private,
                // The second error says more: the first may only mean that the host's object isn't in sight.
                Err(error) => Self::Denied(format!("{}/{}", errno(&denial), errno(&error))),
            },
        }
    }
}

/// The short name of an error.
pub fn errno(error: &io::Error) -> String {
    let name = match error.raw_os_error() {
        Some(libc::EPERM) => "EPERM",
        Some(libc::ENOENT) => "ENOENT",
        Some(libc::EACCES) => "EACCES",
        Some(libc::EROFS) => "EROFS",
        Some(libc::ENOSYS) => "ENOSYS",
        Some(libc::EBADF) => "EBADF",
        Some(libc::ECONNREFUSED) => "ECONNREFUSED",
        Some(libc::EINVAL) => "EINVAL",
        Some(libc::ENOTDIR) => "ENOTDIR",
        Some(number) => return format!("errno {number}"),
        None => return error.to_string(),
    };
    name.to_owned()
}

impl fmt::Display for Reach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => out.write_str("HOST"),
            Self::Private => out.write_str("private"),
            Self::Denied(error) => write!(out, "{error}"),
        }
    }
}

/// One line of what the probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What was tried: `tmp`, `dev-shm`, `sysv-shm`, …
    pub resource: String,
    /// How: `read`, `write`, `list`, `execute`, `connect`.
    pub action: String,
    /// What came of it.
    pub reach: Reach,
}

impl Cell {
    /// One line of JSON.
    pub fn to_json(&self) -> Value {
        let (reach, error) = match &self.reach {
            Reach::Host => ("host", None),
            Reach::Private => ("private", None),
            Reach::Denied(error) => ("denied", Some(error)),
        };
        json!({"resource": self.resource, "action": self.action, "reach": reach, "error": error})
    }

    /// From such a line; nothing if it is another.
    pub fn from_json(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let reach = match text("reach")?.as_str() {
            "host" => Reach::Host,
            "private" => Reach::Private,
            "denied" => Reach::Denied(text("error").unwrap_or_default()),
            _ => return None,
        };
        Some(Self { resource: text("resource")?, action: text("action")?, reach })
    }
}
