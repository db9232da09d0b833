//! Recognising a denial: which program, which arguments, which resource, name and operation.

use serde::Deserialize;

use crate::event::{Ancestor, Denial, Operation, Outcome, Process};
use crate::path::AbsPath;
use crate::resource::Resource;

/// A pattern for denials. Every condition that is given must hold; of a list, any one item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matcher {
    /// [Globs](glob) for the base name of the executable or of `argv[0]` (a multi-call binary such as busybox goes
    /// by the latter).
    pub exe: Vec<String>,
    /// Globs for the arguments; one argument must match one of them.
    pub argv: Vec<String>,
    /// Globs for the base name of an ancestor's executable.
    pub under: Vec<String>,
    /// Whether the process is a fork of its parent: same executable, same arguments.
    pub forked: Option<bool>,
    /// Globs for the resource.
    pub resource: Vec<String>,
    /// Globs for the path below the resource; `.` is the resource itself. For IPC kinds the call's name.
    pub name: Vec<String>,
    /// Operations. None given means all but probes.
    pub operation: Vec<Operation>,
    /// Globs for the name of the system call.
    pub syscall: Vec<String>,
    /// How many different resources the same process must have met in this way: 2 tells a program that looks for
    /// *some* scratch directory from one that asks about a certain one.
    pub together: usize,
    /// Whether the same process must have met one of them more than once: bash looks at /tmp twice when it wants a
    /// directory for a here-document, and a script that asks for itself hardly does.
    pub repeated: bool,
    /// How the process must have ended.
    pub ended: Option<Ended>,
}

/// How a process must have ended for a [`Matcher`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// With any code but 0, or by any signal.
    Badly,
    /// With one of these codes.
    Failed(Vec<i32>),
    /// By one of these signals.
    Killed(Vec<i32>),
}

impl Ended {
    fn holds(&self, outcome: Outcome) -> bool {
        match (self, outcome) {
            (Self::Badly, outcome) => outcome.is_bad(),
            (Self::Failed(codes), Outcome::Failed(code)) => codes.contains(&code),
            (Self::Killed(signals), Outcome::Killed(signal)) => signals.contains(&signal),
            _ => false,
        }
    }
}

impl Matcher {
    /// Whether `denial` is of this kind. `siblings` are all denials of the same process, itself included.
    pub fn matches(&self, denial: &Denial, siblings: &[&Denial]) -> bool {
        if !self.matches_alone(denial) {
            return false;
        }
        if self.together < 2 && !self.repeated {
            return true;
        }
        let alike = siblings.iter().filter(|other| self.matches_alone(other));
        let (mut times, mut resources): (u64, Vec<&Resource>) = (0, Vec::new());
        for other in alike {
            times = times.saturating_add(other.count);
            resources.push(&other.resource);
        }
        resources.sort_unstable();
        resources.dedup();
        resources.len() >= self.together && (!self.repeated || times > resources.len() as u64)
    }

    fn matches_alone(&self, denial: &Denial) -> bool {
        let operation = if self.operation.is_empty() {
            !denial.operation.is_probe()
        } else {
            self.operation.contains(&denial.operation)
        };
        operation
            && any(&self.resource, &denial.resource.to_string())
            && any(&self.name, &name_below(denial))
            && self.matches_process(&denial.process)
            && (self.syscall.is_empty()
                || denial.syscall.as_ref().is_some_and(|call| any(&self.syscall, call)))
            && self.ended.as_ref().is_none_or(|ended| ended.holds(denial.outcome))
    }

    fn matches_process(&self, process: &Process) -> bool {
        (names(&process.exe, &process.argv).any(|name| any(&self.exe, name)))
            && (self.argv.is_empty() || process.argv.iter().any(|argument| any(&self.argv, argument)))
            && (self.under.is_empty()
                || process.ancestors.iter().any(|ancestor| match ancestor {
                    Ancestor::Seen { exe, argv, .. } => names(exe, argv).any(|name| any(&self.under, name)),
                    Ancestor::Exited => false,
                }))
            && self.forked.is_none_or(|forked| forked == is_fork(process))
    }
}

/// Whether the parent is seen and runs the same program with the same arguments.
fn is_fork(process: &Process) -> bool {
    matches!(process.ancestors.first(), Some(Ancestor::Seen { exe, argv, .. })
        if *exe == process.exe && *argv == process.argv)
}

/// The base names by which a process may be known: its executable's, and what it calls itself.
fn names<'a>(exe: &'a str, argv: &'a [String]) -> impl Iterator<Item = &'a str> {
    // A login shell's argv[0] starts with a dash (login(1)).
    let claimed = argv.first().map(|name| base(name).trim_start_matches('-'));
    std::iter::once(base(exe)).chain(claimed)
}

/// The last component of a path.
pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What of the path lies below the resource: `.` for the resource itself.
fn name_below(denial: &Denial) -> String {
    let Some(tree) = denial.resource.path() else { return denial.path.clone() };
    let Ok(path) = AbsPath::new(&denial.path) else { return denial.path.clone() };
    match path.below(tree) {
        Some("") => ".".to_owned(),
        Some(rest) => rest.to_owned(),
        // Reached by another name, a symbolic link say: the last component is what is known.
        None => path.name().unwrap_or(".").to_owned(),
    }
}

fn any(patterns: &[String], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern, text))
}

/// Whether `pattern` covers the whole of `text`: `*` stands for any characters, `?` for one, all else for itself.
///
/// Takes at most the product of both lengths in time, whatever the box puts into `text`.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern_rest, mut text_rest) = (pattern.chars(), text.chars());
    // After a star: the pattern behind it, and the text from which it is tried next.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let (mut pattern_next, mut text_next) = (pattern_rest.clone(), text_rest.clone());
        match (pattern_next.next(), text_next.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((pattern_next.clone(), text_rest.clone()));
                pattern_rest = pattern_next;
            }
            (Some(wanted), Some(given)) if wanted == '?' || wanted == given => {
                (pattern_rest, text_rest) = (pattern_next, text_next);
            }
            _ => {
                let Some((after_star, mut from)) = retry.take() else { return false };
                if from.next().is_none() {
                    return false;
                }
                (pattern_rest, text_rest) = (after_star.clone(), from.clone());
                retry = Some((after_star, from));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn globs() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "anything/at all"),
            ("sort*", "sortQ1x"),
            ("*.so", "a.so.so"),
            ("a*b*c", "aXbXbXc"),
            ("????", "ü漢ab"),
            ("sem.*", "sem.mp-1"),
            ("*/pip", "/usr/bin/pip"),
        ] {
            assert!(glob(pattern, text), "{pattern} should cover {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("sort*", "asort"),
            ("sort", "sorts"),
            ("????", "abc"),
            ("a*b", "abc"),
            ("sem.*", "semx"),
        ] {
            assert!(!glob(pattern, text), "{pattern} shouldn't cover {text}");
        }
    }

    #[test]
    fn a_hostile_text_takes_no_exponential_time() {
        assert!(!glob("*a*a*a*a*a*a*b", &"a".repeat(4096)));
    }

    proptest::proptest! {
        #[test]
        fn a_star_at_either_end(text in "[^*?]{0,20}", more in ".{0,20}") {
            assert!(glob(&format!("{text}*"), &format!("{text}{more}")));
            assert!(glob(&format!("*{text}"), &format!("{more}{text}")));
            assert!(glob(&text, &text));
        }
    }
}
