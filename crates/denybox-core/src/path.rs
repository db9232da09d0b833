//! Absolute, normalised paths: the only kind that rules and plans ever see.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest path that the kernel takes, in bytes, its terminating NUL included (`PATH_MAX`, limits.h).
pub const PATH_MAX: usize = 4096;

/// An absolute path in normal form: UTF-8, starts with `/`, no `.`, `..`, empty component, trailing slash or NUL.
///
/// Normalising is lexical (path_resolution(7) describes what it leaves out: symbolic links are the
/// [view](crate::view)'s business), so two spellings of one place compare equal and no rule is fooled by
/// `/tmp/../etc`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AbsPath(String);

/// Why a text is not a path that denybox works with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Relative, or empty.
    #[error("'{0}' is not an absolute path")]
    NotAbsolute(String),
    /// Holds a NUL byte, which no system call can carry.
    #[error("the path {0:?} holds a NUL byte")]
    Nul(String),
    /// Not UTF-8: policies and reports are text, so such a name could not be judged.
    #[error("the path {0:?} is not UTF-8, so no rule can name it")]
    NotUtf8(String),
    /// Longer than [`PATH_MAX`].
    #[error("a path of {0} bytes is longer than the kernel's limit of {PATH_MAX}")]
    TooLong(usize),
}

impl AbsPath {
    /// The root directory.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// Normalises `text`. `..` above the root stays at the root, as in the kernel.
    ///
    /// # Errors
    /// [`PathError`] when the text is relative, holds NUL, or is too long.
    pub fn new(text: &str) -> Result<Self, PathError> {
        if !text.starts_with('/') {
            return Err(PathError::NotAbsolute(text.to_owned()));
        }
        if text.contains('\0') {
            return Err(PathError::Nul(text.to_owned()));
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                other => parts.push(other),
            }
        }
        let path = format!("/{}", parts.join("/"));
        if path.len() >= PATH_MAX {
            return Err(PathError::TooLong(path.len()));
        }
        Ok(Self(path))
    }

    /// [`AbsPath::new`] for an operating system path.
    ///
    /// # Errors
    /// As [`AbsPath::new`], and when the path is not UTF-8.
    pub fn from_path(path: &Path) -> Result<Self, PathError> {
        match path.to_str() {
            Some(text) => Self::new(text),
            None => Err(PathError::NotUtf8(path.to_string_lossy().into_owned())),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path for a system call.
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The path without its leading slash: relative to a new root. Empty for `/`.
    pub fn relative(&self) -> &str {
        self.0.trim_start_matches('/')
    }

    /// Its components, first to last; none for `/`.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The last component; `None` for `/`.
    pub fn name(&self) -> Option<&str> {
        self.components().last()
    }

    /// The directory that holds it; `None` for `/`.
    pub fn parent(&self) -> Option<Self> {
        if self.0 == "/" {
            return None;
        }
        match self.0.rfind('/') {
            Some(0) | None => Some(Self::root()),
            Some(at) => self.0.get(..at).map(|parent| Self(parent.to_owned())),
        }
    }

    /// `self` followed by `rest`, normalised; a `..` in `rest` can't leave `self`'s root but can leave `self`.
    ///
    /// # Errors
    /// As [`AbsPath::new`].
    pub fn join(&self, rest: &str) -> Result<Self, PathError> {
        Self::new(&format!("{}/{}", self.0, rest))
    }

    /// Whether `self` is `ancestor` or lies below it, by whole components.
    pub fn is_at_or_below(&self, ancestor: &Self) -> bool {
        self.below(ancestor).is_some()
    }

    /// Whether `self` lies strictly below `ancestor`.
    pub fn is_below(&self, ancestor: &Self) -> bool {
        self.below(ancestor).is_some_and(|rest| !rest.is_empty())
    }

    /// What follows `ancestor` in `self`, without a leading slash; empty when they are equal, `None` when `self` is
    /// elsewhere.
    pub fn below(&self, ancestor: &Self) -> Option<&str> {
        if ancestor.0 == "/" {
            return Some(self.relative());
        }
        let rest = self.0.strip_prefix(ancestor.0.as_str())?;
        if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
    }
}

impl fmt::Display for AbsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AbsPath {
    type Err = PathError;
    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::new(text)
    }
}

impl TryFrom<String> for AbsPath {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        Self::new(&text)
    }
}

impl From<AbsPath> for String {
    fn from(path: AbsPath) -> Self {
        path.0
    }
}

impl schemars::JsonSchema for AbsPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AbsPath".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^/", "description": "absolute, normalised path" })
    }
}
