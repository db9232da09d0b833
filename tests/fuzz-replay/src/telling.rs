//! What people are told about a box: nothing that a program in the box says may steer a terminal, a shell or a reader.

use denybox_core::diagnosis::{Knowledge, RemedyKind, glob, shell_quote};
use denybox_core::event::{
    Ancestor, Denial, Operation, Outcome, PRINTABLE_MAX, Process, printable, printable_up_to,
};
use denybox_core::grant::Grant;
use denybox_core::path::AbsPath;
use denybox_core::resource::{IpcKind, Resource};

use crate::choices::Choices;
use crate::text;

/// Hostile denials: all are counted, and what is offered is a command line and nothing else.
pub fn diagnosis(data: &[u8]) {
    let mut choices = Choices::new(data);
    let given: Vec<String> = (0..choices.byte() % 3).map(|_| choices.text()).collect();
    let command: Vec<String> = (0..=choices.byte() % 3).map(|_| choices.text()).collect();
    let mut denials: Vec<Denial> = Vec::new();
    while !choices.is_over() && denials.len() < 20 {
        denials.push(denial(&mut choices));
    }
    let knowledge = Knowledge::shipped();
    let diagnoses = knowledge.diagnose(&denials);
    let total = denials.iter().fold(0_u64, |sum, denial| sum.saturating_add(denial.count));
    let told = diagnoses.causes.iter().fold(diagnoses.probes, |sum, cause| sum.saturating_add(cause.count));
    assert_eq!(told, total, "counts got lost");
    let mut seen: Vec<usize> =
        diagnoses.causes.iter().flat_map(|cause| cause.denials.iter().copied()).collect();
    seen.sort_unstable();
    assert!(seen.windows(2).all(|pair| pair.first() < pair.last()), "one denial has two causes");
    for (position, denial) in denials.iter().enumerate() {
        let explained = seen.binary_search(&position).is_ok();
        assert!(explained || denial.operation.is_probe(), "{denial:?} is not explained");
    }
    for cause in &diagnoses.causes {
        let first = cause.denials.first().and_then(|at| denials.get(*at));
        assert_eq!(first.map(|denial| &denial.process), Some(&cause.process));
        plain(&printable(&cause.program));
        plain(&printable(&cause.path));
        assert!(!cause.summary.contains(char::is_control) && !cause.summary.is_empty());
        for remedy in cause.remedies.iter().filter(|remedy| remedy.kind == RemedyKind::Grant) {
            let (Some(value), Some(denial)) = (remedy.options.get(1), first) else {
                panic!("{remedy:?} is empty")
            };
            match value.parse::<Grant>() {
                Ok(grant) => {
                    // POSIX message queues are shown as files there, mq_overview(7).
                    let queues = grant.resource == Resource::Ipc(IpcKind::PosixMq)
                        && denial.resource.to_string() == "/dev/mqueue";
                    assert!(queues || grant.resource == denial.resource, "{value:?} for {}", denial.resource);
                }
                Err(error) => assert!(denial.resource.to_string().contains('='), "{value:?}: {error}"),
            }
        }
        for offer in cause.offers(&given, &command) {
            let Some(line) = &offer.command else { continue };
            assert!(!line.contains(deceptive), "{line:?}");
            let Some(words) = words(line) else { panic!("{line:?} is no command line") };
            assert_eq!(words.get(..2), Some(&["denybox".to_owned(), "run".to_owned()][..]), "{line:?}");
            assert!(
                words.ends_with(&command) && words.get(2..).is_some_and(|rest| rest.starts_with(&given)),
                "{line:?}"
            );
        }
    }
    if let Some(denial) = denials.first() {
        let siblings: Vec<&Denial> = denials.iter().collect();
        let cause = knowledge.explain(denial, &siblings);
        assert!(cause.is_none_or(|cause| cause.count == denial.count));
    }
}

fn denial(choices: &mut Choices<'_>) -> Denial {
    const TREES: [&str; 8] =
        ["/tmp", "/", "/dev/shm", "/var/tmp", "/run/user/1000", "/run/lock", "/dev/mqueue", "/srv/a b"];
    const EXES: [&str; 10] = [
        "/usr/bin/bash",
        "/usr/bin/sort",
        "/usr/bin/python3.11",
        "/usr/bin/git",
        "/usr/bin/gcc",
        "/usr/bin/mktemp",
        "/usr/lib/jvm/bin/java",
        "/usr/bin/make",
        "",
        "/usr/bin/x",
    ];
    let tree = choices.of(&TREES);
    let resource = match choices.byte() {
        kind @ 0..6 => IpcKind::ALL
            .get(usize::from(kind))
            .map_or(Resource::Ipc(IpcKind::SysvShm), |kind| Resource::Ipc(*kind)),
        6 => {
            Resource::Path(AbsPath::new(&format!("/{}", choices.text())).unwrap_or_else(|_| AbsPath::root()))
        }
        _ => Resource::Path(AbsPath::new(tree).unwrap_or_else(|_| AbsPath::root())),
    };
    let program = |choices: &mut Choices<'_>| {
        let exe = if choices.yes() { choices.text() } else { choices.of(&EXES).to_owned() };
        let argv: Vec<String> = (0..choices.byte() % 4).map(|_| choices.text()).collect();
        (exe, argv)
    };
    let (exe, argv) = program(choices);
    let ancestors = (0..choices.byte() % 3)
        .map(|pid| match choices.yes() {
            true => Ancestor::Exited,
            false => {
                let (exe, argv) = program(choices);
                Ancestor::Seen { pid: i32::from(pid), exe, argv }
            }
        })
        .collect();
    Denial {
        resource,
        path: if choices.yes() { choices.text() } else { format!("{tree}/{}", choices.text()) },
        operation: choices.of(&Operation::ALL),
        count: choices.number().max(1),
        process: Process { pid: i32::from(choices.byte() % 4), exe, argv, ancestors },
        outcome: choices.of(&[Outcome::Unknown, Outcome::Succeeded, Outcome::Failed(1), Outcome::Killed(6)]),
        syscall: choices.yes().then(|| choices.text()),
    }
}

/// Any text can be shown, told apart from others, and pasted into a shell.
pub fn quoting(data: &[u8]) {
    let text = text(data);
    let shown = printable(&text);
    plain(&shown);
    assert!(shown.chars().count() <= PRINTABLE_MAX + 1, "{text:?}");
    let whole = printable_up_to(&text, usize::MAX);
    plain(&whole);
    assert_eq!(unescaped(&whole).as_deref(), Some(text.as_str()), "{whole:?} could be something else");

    let quoted = shell_quote(&text);
    assert!(!quoted.contains(deceptive), "{quoted:?}");
    assert_eq!(words(&quoted), Some(vec![text.clone()]), "{quoted:?}");

    let (pattern, name) = text.split_once('\n').unwrap_or((&text, "sort"));
    if pattern.len() + name.len() < 64 {
        assert_eq!(glob(pattern, name), covers(pattern, name), "{pattern:?} and {name:?}");
    }
}

/// What acts on a terminal, changes the direction of writing, or can't be seen.
pub fn deceptive(character: char) -> bool {
    character.is_control()
        || matches!(u32::from(character), 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff)
        || matches!(u32::from(character), 0xe0000..=0xe0fff)
}

fn plain(shown: &str) {
    assert!(!shown.contains(deceptive), "{shown:?}");
}

/// Undoes `printable`.
fn unescaped(shown: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = shown.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match rest.next()? {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            '\\' => text.push('\\'),
            'u' => {
                let (digits, after) = rest.as_str().strip_prefix('{')?.split_once('}')?;
                text.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                rest = after.chars();
            }
            _ => return None,
        }
    }
    Some(text)
}

/// The words of a command line as bash reads it; `None` where it would do anything but read words.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        let mut word: Vec<u8> = Vec::new();
        let mut any = false;
        while let Some(first) = rest.chars().next().filter(|first| *first != ' ') {
            any = true;
            if let Some(quoted) = rest.strip_prefix("$'") {
                rest = ansi(quoted, &mut word)?;
            } else if let Some(quoted) = rest.strip_prefix('\'') {
                let (text, after) = quoted.split_once('\'')?;
                word.extend(text.as_bytes());
                rest = after;
            } else if let Some(after) = rest.strip_prefix("\\'") {
                word.push(b'\'');
                rest = after;
            } else if first.is_ascii_alphanumeric() || "-_./=:,@%+".contains(first) {
                word.push(first as u8);
                rest = rest.get(1..)?;
            } else {
                return None;
            }
        }
        if !any {
            return None;
        }
        words.push(String::from_utf8(word).ok()?);
        match rest.strip_prefix(' ') {
            Some(after) => rest = after,
            None => return Some(words),
        }
    }
}

/// The inside of `$'…'`; gives what follows it.
fn ansi<'a>(quoted: &'a str, word: &mut Vec<u8>) -> Option<&'a str> {
    let mut rest = quoted;
    loop {
        let character = rest.chars().next()?;
        rest = rest.get(character.len_utf8()..)?;
        match character {
            '\'' => return Some(rest),
            '\\' => {
                let escaped = rest.chars().next()?;
                match escaped {
                    'n' => word.push(b'\n'),
                    't' => word.push(b'\t'),
                    '\\' | '\'' => word.push(escaped as u8),
                    '0'..='3' => {
                        word.push(u8::from_str_radix(rest.get(..3)?, 8).ok()?);
                        rest = rest.get(2..)?;
                    }
                    _ => return None,
                }
                rest = rest.get(1..)?;
            }
            other => {
                let mut bytes = [0; 4];
                word.extend(other.encode_utf8(&mut bytes).as_bytes());
            }
        }
    }
}

/// What `glob` must answer, worked out without cleverness.
fn covers(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // Which beginnings of the pattern cover the text so far.
    let mut reached = vec![false; pattern.len() + 1];
    let spread = |reached: &mut Vec<bool>| {
        for (at, wanted) in pattern.iter().enumerate() {
            if *wanted == '*'
                && reached.get(at) == Some(&true)
                && let Some(next) = reached.get_mut(at + 1)
            {
                *next = true;
            }
        }
    };
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    spread(&mut reached);
    for given in text.chars() {
        let mut next = vec![false; pattern.len() + 1];
        for (at, wanted) in pattern.iter().enumerate() {
            if reached.get(at) != Some(&true) {
                continue;
            }
            let to = match wanted {
                '*' => at,
                '?' => at + 1,
                other if *other == given => at + 1,
                _ => continue,
            };
            if let Some(slot) = next.get_mut(to) {
                *slot = true;
            }
        }
        spread(&mut next);
        reached = next;
    }
    reached.last() == Some(&true)
}
