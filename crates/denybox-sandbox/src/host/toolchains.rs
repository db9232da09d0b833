//! Toolchains that a caller has installed below home: shown read-only, without the rest of that home.

use std::fs;
use std::path::Path;

use denybox_core::path::AbsPath;

/// A toolchain manager: a directory on `PATH`, below home, that gives it away, and what else it needs there. Never a place
/// that holds credentials.
const MANAGERS: [(&str, &[&str]); 12] = [
    (".cargo/bin", &[".cargo/bin", ".cargo/registry", ".cargo/git", ".rustup"]),
    (".pyenv", &[".pyenv"]),
    (".nvm", &[".nvm"]),
    (".local/bin", &[".local/bin", ".local/share/uv/python", ".local/share/uv/tools", ".local/share/pipx"]),
    ("go/bin", &["go/bin", "go/pkg/mod"]),
    ("sdk", &["sdk"]),
    (".goenv", &[".goenv"]),
    (".rbenv", &[".rbenv"]),
    (".bun/bin", &[".bun/bin"]),
    (".deno/bin", &[".deno/bin"]),
    (".volta", &[".volta"]),
    (".npm-global", &[".npm-global"]),
];

/// Names that hold credentials wherever they are, and are shown empty.
const CREDENTIALS: [&str; 9] = [
    ".npmrc",
    "npmrc",
    ".netrc",
    ".pypirc",
    ".git-credentials",
    "credentials",
    "credentials.toml",
    "auth.json",
    ".yarnrc.yml",
];
/// How deep credentials are looked for.
const DEPTH: usize = 2;
/// Directories with programs and nothing else, not looked into.
const PROGRAMS: [&str; 4] = ["bin", "registry", "toolchains", "shims"];

/// What is shown of a home.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toolchains {
    /// Directories, read-only.
    pub shown: Vec<AbsPath>,
    /// Files among them that are shown empty.
    pub masked: Vec<AbsPath>,
}

/// The toolchains on `path` (the variable's value) below `home`.
pub fn toolchains(home: &AbsPath, path: &str, moved: &[(&str, AbsPath)]) -> Toolchains {
    let mut found = Toolchains::default();
    for entry in path.split(':').filter_map(|entry| AbsPath::new(entry).ok()) {
        let Some(rest) = entry.below(home).filter(|rest| !rest.is_empty()) else { continue };
        let manager = MANAGERS.iter().find(|(mark, _)| {
            rest.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        match manager {
            Some((_, parts)) => found.shown.extend(parts.iter().filter_map(|part| home.join(part).ok())),
            // Some directory with programs in it: that one, and nothing beside it.
            None => found.shown.push(entry),
        }
    }
    // A manager that was told to keep its things elsewhere below home.
    for (part, place) in moved {
        if found.shown.iter().any(|shown| shown.as_str().ends_with(part)) && place.is_below(home) {
            found.shown.push(place.clone());
        }
    }
    found.shown.retain(|shown| fs::metadata(shown.as_path()).is_ok_and(|kind| kind.is_dir()));
    found.shown.sort();
    found.shown.dedup();
    let all = found.shown.clone();
    found.shown.retain(|shown| !all.iter().any(|other| shown.is_below(other)));
    for shown in &found.shown {
        credentials(shown.as_path(), DEPTH, &mut found.masked);
    }
    found
}

fn credentials(directory: &Path, depth: usize, found: &mut Vec<AbsPath>) {
    let skipped =
        directory.file_name().and_then(|name| name.to_str()).is_some_and(|name| PROGRAMS.contains(&name));
    let Some(depth) = depth.checked_sub(1).filter(|_| !skipped) else { return };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            credentials(&entry.path(), depth, found);
        } else if kind.is_file() && entry.file_name().to_str().is_some_and(|name| CREDENTIALS.contains(&name))
        {
            found.extend(AbsPath::from_path(&entry.path()).ok());
        }
    }
}
