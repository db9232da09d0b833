//! What a backend saw: a program in the box met a denial.
//!
//! Every string in here comes from inside the box, so it is hostile: whoever renders one passes it through
//! [`printable`] (for people) or a JSON encoder (for programs), never straight to a terminal.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::resource::Resource;

/// One step from a process towards the agent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ancestor {
    /// It had ended before anybody looked. Never guessed. In JSON the string `"exited"`.
    Exited,
    /// A process that was seen. In JSON an object.
    #[serde(untagged)]
    Seen {
        /// Its number as the supervisor sees it.
        pid: i32,
        /// What it runs: where `/proc/PID/exe` leads (proc_pid_exe(5)).
        exe: String,
        /// Its arguments, `argv[0]` first (proc_pid_cmdline(5)): what it claims, not what is.
        argv: Vec<String>,
    },
}

/// A process in the box that met a denial.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    /// Its number as the supervisor sees it.
    pub pid: i32,
    /// What it runs: where `/proc/PID/exe` leads (proc_pid_exe(5)).
    pub exe: String,
    /// Its arguments, `argv[0]` first (proc_pid_cmdline(5)).
    pub argv: Vec<String>,
    /// Its ancestors, the nearest first, up to the agent's own process.
    pub ancestors: Vec<Ancestor>,
}

/// What a process tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Looking only: stat(2), a lookup, access(2).
    Probe,
    /// Opening an existing file for reading, open(2).
    Read,
    /// Listing a directory, getdents(2).
    List,
    /// Creating a file, open(2) with `O_CREAT`.
    Create,
    /// Opening an existing file for writing, truncate(2).
    Write,
    /// mkdir(2).
    MakeDirectory,
    /// mknod(2): a device, a named pipe, or a plain file.
    MakeNode,
    /// symlink(2).
    MakeLink,
    /// link(2).
    Link,
    /// rename(2).
    Rename,
    /// unlink(2) or rmdir(2).
    Remove,
    /// Mode, owner, times, extended attributes.
    SetAttributes,
    /// connect(2) to a socket.
    Connect,
    /// bind(2) of a socket.
    Bind,
    /// execve(2).
    Execute,
    /// Getting hold of an IPC object: shmget(2), semget(2), msgget(2), mq_open(3).
    Attach,
    /// A system call that the box refuses as such, whatever it was aimed at: mount(2), unshare(2), keyctl(2)….
    Call,
}

impl Operation {
    /// Every operation, in the order of the documentation.
    pub const ALL: [Self; 17] = [
        Self::Probe,
        Self::Read,
        Self::List,
        Self::Create,
        Self::Write,
        Self::MakeDirectory,
        Self::MakeNode,
        Self::MakeLink,
        Self::Link,
        Self::Rename,
        Self::Remove,
        Self::SetAttributes,
        Self::Connect,
        Self::Bind,
        Self::Execute,
        Self::Attach,
        Self::Call,
    ];

    /// Whether it only looks: such a denial is counted, and explained only where the program then failed.
    pub const fn is_probe(self) -> bool {
        matches!(self, Self::Probe)
    }

    /// Its name in reports and in `knowledge/`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Read => "read",
            Self::List => "list",
            Self::Create => "create",
            Self::Write => "write",
            Self::MakeDirectory => "make-directory",
            Self::MakeNode => "make-node",
            Self::MakeLink => "make-link",
            Self::Link => "link",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::SetAttributes => "set-attributes",
            Self::Connect => "connect",
            Self::Bind => "bind",
            Self::Execute => "execute",
            Self::Attach => "attach",
            Self::Call => "call",
        }
    }

    /// What was tried, for a sentence such as "sort was denied *creating* /tmp/sortQ1".
    pub const fn gerund(self) -> &'static str {
        match self {
            Self::Probe => "looking at",
            Self::Read => "reading",
            Self::List => "listing",
            Self::Create => "creating",
            Self::Write => "writing",
            Self::MakeDirectory => "making the directory",
            Self::MakeNode => "making the node",
            Self::MakeLink => "making the link",
            Self::Link => "linking",
            Self::Rename => "renaming",
            Self::Remove => "removing",
            Self::SetAttributes => "changing attributes of",
            Self::Connect => "connecting to",
            Self::Bind => "binding the socket",
            Self::Execute => "executing",
            Self::Attach => "attaching by",
            Self::Call => "calling",
        }
    }
}

/// How a process ended after a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It still runs, or nobody saw how it ended.
    #[default]
    Unknown,
    /// It exited with code 0.
    Succeeded,
    /// It exited with this code, never 0.
    Failed(i32),
    /// A signal of this number ended it (signal(7)).
    Killed(i32),
}

impl Outcome {
    /// The outcome of a process that exited with `code`.
    pub const fn of_exit(code: i32) -> Self {
        if code == 0 { Self::Succeeded } else { Self::Failed(code) }
    }

    /// Whether it is known to have ended badly.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Failed(_) | Self::Killed(_))
    }
}

/// A denied access, or several equal ones of one process.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Denial {
    /// What was denied. For [`Operation::Call`] the root `/`, as such a call is aimed at the box itself.
    pub resource: Resource,
    /// The path as tried; for an IPC kind or a refused system call the call's name.
    pub path: String,
    /// What was tried.
    pub operation: Operation,
    /// How often, at least 1.
    pub count: u64,
    /// Who tried.
    pub process: Process,
    /// How that ended.
    pub outcome: Outcome,
    /// The system call by which it was tried, where known: `openat`, `mkdir`, `shmget`.
    pub syscall: Option<String>,
}

/// The longest text that [`printable`] lets through, in characters.
pub const PRINTABLE_MAX: usize = 160;

/// `text`, safe to show to a person in a terminal, a log or a chat: see [`printable_up_to`]; at most
/// [`PRINTABLE_MAX`] characters of it.
pub fn printable(text: &str) -> String {
    printable_up_to(text, PRINTABLE_MAX)
}

/// `text` with everything escaped that could steer a terminal or deceive a reader, cut after `max` characters (the
/// escapes counted) and then ended by `…`.
///
/// Escaped, in Rust's notation, are control characters (C0, DEL and C1, so that no terminal escape sequence
/// survives), line and paragraph separators, marks that change the direction of writing (Unicode UAX #9), invisible
/// characters, and the backslash itself, so that nothing can pass itself off as an escape.
pub fn printable_up_to(text: &str, max: usize) -> String {
    let mut shown = String::new();
    let mut length = 0_usize;
    for character in text.chars() {
        let mut piece = String::new();
        match character {
            '\\' => piece.push_str("\\\\"),
            '\n' => piece.push_str("\\n"),
            '\t' => piece.push_str("\\t"),
            '\r' => piece.push_str("\\r"),
            other if is_deceptive(other) => {
                // Writing to a String can't fail.
                let _ = write!(piece, "\\u{{{:x}}}", u32::from(other));
            }
            other => piece.push(other),
        }
        let width = piece.chars().count();
        if length.saturating_add(width) > max {
            shown.push('…');
            return shown;
        }
        length = length.saturating_add(width);
        shown.push_str(&piece);
    }
    shown
}

/// JSON in which everything that [`printable_up_to`] would escape stands as a JSON escape: the same document, which can be
/// shown in a terminal. An encoder escapes only C0; line feeds between its tokens stay.
pub fn printable_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !is_deceptive(character) {
            shown.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a String can't fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

/// Whether a character acts on the terminal or is invisible: see [`printable_up_to`].
pub fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' // soft hyphen
            | '\u{61c}' // Arabic letter mark
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
            | '\u{180e}' // Mongolian vowel separator
            | '\u{200b}'..='\u{200f}' // zero width, left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202e}' // separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}' // invisible operators, isolates
            | '\u{fe00}'..='\u{fe0f}' // variation selectors
            | '\u{feff}' // byte order mark
            | '\u{fff9}'..='\u{fffb}' // interlinear annotation
            | '\u{e0000}'..='\u{e0fff}') // tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_json_is_the_same_document() {
        let value = serde_json::json!({"\u{9b}31m": ["\u{202e}\u{7f}\n\\u", "\u{e0041} ü 漢 😀"]});
        for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let shown = printable_json(&json);
            assert!(!shown.chars().any(|character| character != '\n' && is_deceptive(character)), "{shown}");
            assert!(shown.contains("\\u009b31m") && shown.contains("\\udb40\\udc41 ü 漢 😀"), "{shown}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn ancestors_are_objects_or_the_word_exited() {
        let seen = Ancestor::Seen { pid: 7, exe: "/bin/sh".into(), argv: vec!["sh".into()] };
        let text = serde_json::to_string(&[seen.clone(), Ancestor::Exited]).unwrap();
        assert_eq!(text, r#"[{"pid":7,"exe":"/bin/sh","argv":["sh"]},"exited"]"#);
        assert_eq!(serde_json::from_str::<Vec<Ancestor>>(&text).unwrap(), [seen, Ancestor::Exited]);
        let schema = schemars::schema_for!(Ancestor);
        assert!(serde_json::to_string(&schema).unwrap().contains("exited"));
    }

    #[test]
    fn names_are_those_of_the_json() {
        for operation in Operation::ALL {
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.name());
        }
    }

    #[test]
    fn outcomes_tell_codes_and_signals() {
        assert_eq!(serde_json::to_string(&Outcome::Killed(6)).unwrap(), r#"{"killed":6}"#);
        assert_eq!(serde_json::to_string(&Outcome::Unknown).unwrap(), r#""unknown""#);
        assert_eq!(Outcome::of_exit(0), Outcome::Succeeded);
        assert!(Outcome::of_exit(2).is_bad() && !Outcome::Unknown.is_bad());
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("/tmp/plain ü 漢"), "/tmp/plain ü 漢");
        assert_eq!(printable("\u{1b}[2J\u{7}\u{9b}1m"), "\\u{1b}[2J\\u{7}\\u{9b}1m");
        assert_eq!(printable("a\nb\r\tc"), "a\\nb\\r\\tc");
        assert_eq!(printable("\u{202e}txt.exe\u{2066}"), "\\u{202e}txt.exe\\u{2066}");
        assert_eq!(printable("\\u{1b}"), "\\\\u{1b}");
    }

    #[test]
    fn length_is_capped_without_cutting_an_escape() {
        assert_eq!(printable_up_to("abcdef", 6), "abcdef");
        assert_eq!(printable_up_to("abcdefg", 6), "abcdef…");
        assert_eq!(printable_up_to("abcde\u{1b}", 6), "abcde…");
        assert_eq!(printable(&"x".repeat(1 << 20)).chars().count(), PRINTABLE_MAX + 1);
    }

    proptest::proptest! {
        #[test]
        fn printable_is_plain_whatever_comes(text in "\\PC*|.*") {
            let shown = printable(&text);
            assert!(!shown.chars().any(is_deceptive));
            assert!(shown.chars().count() <= PRINTABLE_MAX + 1);
        }
    }
}
