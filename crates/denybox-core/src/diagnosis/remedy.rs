//! What helps against a denial, and the command line that applies it.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::is_deceptive;
use crate::resource::Resource;

/// How a remedy helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RemedyKind {
    /// An environment variable of its own: nothing is opened.
    Environment,
    /// A private scratch directory, with the variables that name it (`--scratch`).
    Scratch,
    /// A private resource at the very path or kind that the program insists on (`--grant`).
    Grant,
    /// Another option of denybox.
    Option,
    /// Nothing to add to the command line: the program, or whoever uses it, does it another way.
    Advice,
}

/// A remedy as `knowledge/` writes it down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemedyTemplate {
    /// How it helps.
    pub kind: RemedyKind,
    /// The scratch's size, the grant, the variable's `NAME=value`, or the option; `{resource}` stands for the denied
    /// resource. Empty for advice.
    #[serde(default)]
    pub value: String,
    /// The reason to give for it where denybox wants one.
    #[serde(default)]
    pub because: String,
    /// Why it helps, in words; `{resource}` as above.
    pub why: String,
}

/// Something that helps: an addition to the command line, or advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// How it helps.
    pub kind: RemedyKind,
    /// What to add to the command line before `--`; empty for advice.
    pub options: Vec<String>,
    /// Why it helps, in words.
    pub why: String,
}

/// A remedy with the whole command line that applies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// How it helps.
    pub kind: RemedyKind,
    /// A line for a shell, ready to copy; absent for advice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command: Option<String>,
    /// Why it helps, in words.
    pub why: String,
}

impl RemedyTemplate {
    /// The remedy for a denial of `resource`.
    pub(super) fn fill(&self, resource: &Resource) -> Remedy {
        let filled = |text: &str| text.replace("{resource}", &resource.to_string());
        let value = filled(&self.value);
        let mut options = match self.kind {
            RemedyKind::Environment => vec!["--env".to_owned(), value],
            RemedyKind::Scratch => vec!["--scratch".to_owned(), value],
            RemedyKind::Grant => vec!["--grant".to_owned(), value],
            RemedyKind::Option => vec![value],
            RemedyKind::Advice => Vec::new(),
        };
        if matches!(self.kind, RemedyKind::Scratch | RemedyKind::Grant) {
            options.extend(["--because".to_owned(), self.because.clone()]);
        }
        Remedy { kind: self.kind, options, why: filled(&self.why) }
    }
}

impl Remedy {
    /// Whether `given`, the options of a run, hold it already, so that offering it again would help nobody.
    pub(super) fn is_in(&self, given: &[String]) -> bool {
        let value = self.options.get(1).map_or("", String::as_str);
        match self.kind {
            RemedyKind::Scratch => values(given, "--scratch").next().is_some(),
            RemedyKind::Grant => {
                let resource = value.split('=').next().unwrap_or(value);
                values(given, "--grant").any(|other| other.split('=').next() == Some(resource))
            }
            RemedyKind::Environment => values(given, "--env").any(|other| other == value),
            RemedyKind::Option => self.options.iter().all(|option| given.contains(option)),
            RemedyKind::Advice => false,
        }
    }

    /// The line for a shell that runs `command` with `given`, the options of this run, and this remedy. `None` for
    /// advice. Quoted so that it can be pasted whatever `command` holds. One reason covers a command line: where
    /// `given` has one, no second is added.
    pub fn render(&self, given: &[String], command: &[String]) -> Option<String> {
        if self.options.is_empty() {
            return None;
        }
        let mut words = vec!["denybox".to_owned(), "run".to_owned()];
        words.extend(given.iter().map(|word| shell_quote(word)));
        let has_reason = values(given, "--because").next().is_some();
        let mut options = self.options.iter();
        while let Some(option) = options.next() {
            if has_reason && option == "--because" {
                options.next();
                continue;
            }
            words.push(shell_quote(option));
        }
        words.push("--".to_owned());
        words.extend(command.iter().map(|word| shell_quote(word)));
        Some(words.join(" "))
    }

    /// This remedy with its command line: see [`Remedy::render`].
    pub fn offer(&self, given: &[String], command: &[String]) -> Offer {
        Offer { kind: self.kind, command: self.render(given, command), why: self.why.clone() }
    }
}

/// The values of `option` among `given`, written as `--option value` or `--option=value`.
fn values<'a>(given: &'a [String], option: &'a str) -> impl Iterator<Item = &'a str> {
    given.iter().enumerate().filter_map(move |(position, word)| {
        if word == option {
            return Some(given.get(position.saturating_add(1)).map_or("", String::as_str));
        }
        word.strip_prefix(option)?.strip_prefix('=')
    })
}

/// `word` as a shell reads it back: bare where it can be, in single quotes where that is enough, and as `$'…'` (POSIX
/// 2024, known to bash, zsh, ksh and busybox) where it holds characters that act on a terminal or can't be seen.
pub fn shell_quote(word: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(bare) && !word.starts_with('=') {
        return word.to_owned();
    }
    if !word.chars().any(is_deceptive) {
        return format!("'{}'", word.replace('\'', "'\\''"));
    }
    let mut quoted = String::from("$'");
    for character in word.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            other if is_deceptive(other) => {
                let mut bytes = [0; 4];
                for byte in other.encode_utf8(&mut bytes).bytes() {
                    // Octal, always three digits: a hexadecimal escape would swallow a digit that follows it.
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> Remedy {
        RemedyTemplate {
            kind: RemedyKind::Scratch,
            value: "64M".into(),
            because: "sort's spill files".into(),
            why: String::new(),
        }
        .fill(&"/tmp".parse().unwrap())
    }

    fn words(text: &[&str]) -> Vec<String> {
        text.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_command_is_whole() {
        let command = words(&["sh", "-c", "sort 'a b' > \"$1\""]);
        assert_eq!(
            scratch().render(&words(&["--net", "host"]), &command).unwrap(),
            r#"denybox run --net host --scratch 64M --because 'sort'\''s spill files' -- sh -c 'sort '\''a b'\'' > "$1"'"#
        );
    }

    #[test]
    fn one_reason_covers_the_line() {
        for given in [words(&["--grant", "/dev/shm=private", "--because", "x"]), words(&["--because=x"])] {
            let line = scratch().render(&given, &words(&["true"])).unwrap();
            assert_eq!(line.matches("--because").count(), 1, "{line}");
            assert!(line.ends_with("--scratch 64M -- true"), "{line}");
        }
    }

    #[test]
    fn what_is_given_is_not_offered() {
        assert!(scratch().is_in(&words(&["--scratch=1G"])));
        assert!(!scratch().is_in(&words(&["--grant", "/tmp=private,size=1M"])));
        let grant = RemedyTemplate {
            kind: RemedyKind::Grant,
            value: "{resource}=private,size=64M".into(),
            because: "x".into(),
            why: String::new(),
        }
        .fill(&"/dev/shm".parse().unwrap());
        assert_eq!(grant.options[1], "/dev/shm=private,size=64M");
        assert!(grant.is_in(&words(&["--grant", "/dev/shm=private,size=1M"])));
        assert!(!grant.is_in(&words(&["--grant", "/tmp=private,size=1M"])));
    }

    #[test]
    fn quoting() {
        for (word, quoted) in [
            ("plain-1.2/x", "plain-1.2/x"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(rm)", "'$(rm)'"),
            ("it's", r"'it'\''s'"),
            ("~root", "'~root'"),
            ("=ls", "'=ls'"),
            ("\u{1b}[2J1", r"$'\033[2J1'"),
            ("a\n'b\\", r"$'a\n\'b\\'"),
            ("\u{202e}", r"$'\342\200\256'"),
        ] {
            assert_eq!(shell_quote(word), quoted);
        }
    }
}
