//! Toolchains that a caller has installed below home: shown read-only, without the rest of that home.

use std::fs;

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
/// Where the package manager of a node.js keeps its own settings, below one of the versions of a version manager.
const NODE_VERSIONS: &str = "versions/node";
const NODE_SETTINGS: &str = "etc/npmrc";

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
        credentials(shown, &mut found.masked);
    }
    found
}

/// Looks for credentials where tools keep them: right in the directory, or in the settings of a node.js. Each is named as it
/// really lies there, links aside, because that is what can be masked; one that a link leads out to isn't shown at all.
fn credentials(shown: &AbsPath, found: &mut Vec<AbsPath>) {
    let Ok(top) = fs::canonicalize(shown.as_path()) else { return };
    let versions = fs::read_dir(top.join(NODE_VERSIONS)).into_iter().flatten().flatten();
    let settings =
        versions.map(|version| version.path()).chain([top.clone()]).map(|prefix| prefix.join(NODE_SETTINGS));
    let known = CREDENTIALS.iter().map(|name| top.join(name));
    for path in known.chain(settings).filter_map(|path| fs::canonicalize(path).ok()) {
        let rest = path.strip_prefix(&top).ok().and_then(|rest| rest.to_str());
        if let Some(place) = rest.and_then(|rest| shown.join(rest).ok()).filter(|_| path.is_file())
            && !found.contains(&place)
        {
            found.push(place);
        }
    }
}
