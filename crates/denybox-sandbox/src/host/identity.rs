//! The caller's name and address for commits: all that a box carries of the caller's git configuration.

use std::fs;
use std::path::{Path, PathBuf};

/// Name and address of whoever commits, git-config(1) `user.name` and `user.email`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committer {
    /// `user.name`.
    pub name: Option<String>,
    /// `user.email`.
    pub email: Option<String>,
}

/// Reads the caller's own configuration files, the later one winning as in git.
pub fn committer(home: Option<&Path>, configuration: Option<&Path>) -> Committer {
    let configuration =
        configuration.map(Path::to_path_buf).or_else(|| home.map(|home| home.join(".config")));
    let files: [Option<PathBuf>; 2] =
        [configuration.map(|path| path.join("git/config")), home.map(|home| home.join(".gitconfig"))];
    let mut found = Committer::default();
    for text in files.into_iter().flatten().filter_map(|path| fs::read_to_string(path).ok()) {
        let read = parse(&text);
        found.name = read.name.or(found.name);
        found.email = read.email.or(found.email);
    }
    found
}

/// Reads `[user]` of one file: the syntax of git-config(1) as far as two plain values need it.
pub fn parse(text: &str) -> Committer {
    let mut found = Committer::default();
    let mut in_user = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            in_user = section.split(']').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("user"));
        } else if in_user && let Some((key, value)) = line.split_once('=') {
            let value = Some(plain(value)).filter(|value| !value.is_empty());
            match key.trim().to_ascii_lowercase().as_str() {
                "name" => found.name = value,
                "email" => found.email = value,
                _ => {}
            }
        }
    }
    found
}

/// A value without quotes, escapes and comment. White space at its end counts only in quotes.
fn plain(value: &str) -> String {
    let (mut text, mut quoted) = (String::new(), false);
    let mut kept = 0;
    let mut characters = value.trim().chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' => text.extend(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))),
            '#' | ';' if !quoted => break,
            other if other.is_control() => {}
            other => text.push(other),
        }
        if quoted || !text.ends_with(char::is_whitespace) {
            kept = text.len();
        }
    }
    text.truncate(kept);
    text
}

impl Committer {
    /// The configuration file of the box's home; `None` when nothing is known.
    pub fn configuration(&self) -> Option<String> {
        let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let lines: Vec<String> = [("name", &self.name), ("email", &self.email)]
            .into_iter()
            .filter_map(|(key, value)| value.as_ref().map(|value| format!("\t{key} = {}\n", quote(value))))
            .collect();
        (!lines.is_empty()).then(|| format!("[user]\n{}", lines.concat()))
    }
}
