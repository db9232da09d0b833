//! The environment of a box: the caller's, without what would lead programs astray.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use denybox_core::plan::SCRATCH;

/// Variables that make programs load or run something: only by `--env`. From ld.so(8) (its secure-execution list),
/// bash(1) and dash(1).
const LOADERS: [&str; 21] = [
    "GCONV_PATH",
    "GETCONF_DIR",
    "GLIBC_TUNABLES",
    "HOSTALIASES",
    "LOCALDOMAIN",
    "LOCPATH",
    "MALLOC_TRACE",
    "NIS_PATH",
    "NLSPATH",
    "RESOLV_HOST_CONF",
    "RES_OPTIONS",
    "TZDIR",
    "BASH_ENV",
    "ENV",
    "PYTHONSTARTUP",
    "PERL5OPT",
    "RUBYOPT",
    "NODE_OPTIONS",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
];
/// What every variable of the dynamic linker begins with.
const LINKER: &[u8] = b"LD_";
/// Variables that name a scratch, or a place in one that is closed.
const SCRATCH_NAMES: [&str; 10] = [
    "TMPDIR",
    "TMP",
    "TEMP",
    "TEMPDIR",
    "TMPPREFIX",
    "TMUX_TMPDIR",
    "TMUX",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "OLDPWD",
];
/// What is left with `--clear-env`.
const BASIC: [&str; 10] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "TZ", "PWD"];

/// Why an `--env` is unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// No name before the `=`.
    #[error("--env {0:?}: there is no name before the '='")]
    Nameless(OsString),
    /// A NUL byte, which execve(2) can't carry.
    #[error("--env {0:?} holds a NUL byte")]
    Nul(OsString),
    /// To be passed on, and not set.
    #[error("--env {0:?}: no such variable is set here; write NAME=VALUE to set one")]
    Unset(OsString),
}

/// What the environment depends on.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Only the basics of the caller's.
    pub clear: bool,
    /// `--env`, in order.
    pub set: &'a [OsString],
    /// A private scratch is granted.
    pub scratch: bool,
    /// The box's home.
    pub home: Option<&'a str>,
    /// Where the command starts.
    pub directory: &'a str,
}

/// The variables that `--env` asks for.
///
/// # Errors
/// [`EnvironmentError`].
pub fn asked(
    set: &[OsString],
    caller: impl Fn(&OsStr) -> Option<OsString>,
) -> Result<Vec<(OsString, OsString)>, EnvironmentError> {
    set.iter()
        .map(|text| {
            let bytes = text.as_bytes();
            if bytes.contains(&0) {
                return Err(EnvironmentError::Nul(text.clone()));
            }
            let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
                Some(at) => {
                    let (name, rest) = bytes.split_at(at);
                    (
                        OsStr::from_bytes(name),
                        Some(OsStr::from_bytes(rest.get(1..).unwrap_or_default()).to_owned()),
                    )
                }
                None => (text.as_os_str(), None),
            };
            if name.is_empty() {
                return Err(EnvironmentError::Nameless(text.clone()));
            }
            let value = match value {
                Some(value) => value,
                None => caller(name).ok_or_else(|| EnvironmentError::Unset(text.clone()))?,
            };
            Ok((name.to_owned(), value))
        })
        .collect()
}

/// The environment of a box, from the caller's and what is wanted.
///
/// # Errors
/// [`EnvironmentError`].
pub fn environment(
    caller: &[(OsString, OsString)],
    wanted: Wanted<'_>,
) -> Result<Vec<(OsString, OsString)>, EnvironmentError> {
    let find = |name: &OsStr| caller.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let asked = asked(wanted.set, find)?;
    let mut made: Vec<(OsString, OsString)> =
        caller.iter().filter(|(name, _)| passes(name, wanted.clear)).cloned().collect();
    let mut put = |name: &OsStr, value: OsString| {
        made.retain(|(key, _)| key != name);
        made.push((name.to_owned(), value));
    };
    if let Some(home) = wanted.home {
        put(OsStr::new("HOME"), home.into());
    }
    put(OsStr::new("PWD"), wanted.directory.into());
    if wanted.scratch {
        for (name, value) in scratch_family() {
            put(OsStr::new(name), value.into());
        }
    }
    for (name, value) in asked {
        put(&name, value);
    }
    Ok(made)
}

/// What points at a private scratch. zsh takes a prefix, and Java an option.
fn scratch_family() -> [(&'static str, String); 6] {
    [
        ("TMPDIR", SCRATCH.to_owned()),
        ("TMP", SCRATCH.to_owned()),
        ("TEMP", SCRATCH.to_owned()),
        ("TMPPREFIX", format!("{SCRATCH}/zsh")),
        ("TMUX_TMPDIR", SCRATCH.to_owned()),
        ("JAVA_TOOL_OPTIONS", format!("-Djava.io.tmpdir={SCRATCH}")),
    ]
}

fn passes(name: &OsStr, clear: bool) -> bool {
    if denybox_sandbox::weaken::off("environment") {
        return true;
    }
    let is_in = |names: &[&str]| names.iter().any(|one| name == *one);
    let locale = name.as_bytes().starts_with(b"LC_");
    !(name.as_bytes().starts_with(LINKER) || is_in(&LOADERS) || is_in(&SCRATCH_NAMES))
        && (!clear || locale || is_in(&BASIC))
}
