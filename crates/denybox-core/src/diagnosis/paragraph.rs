//! A cause in words: one short paragraph for a person at a terminal.

use std::fmt::Write as _;

use super::matcher::base;
use super::{Diagnosed, Offer};
use crate::event::{Ancestor, Operation, printable, printable_up_to};
use crate::resource::Resource;

/// Width to which explanations are broken. Commands are never broken: they are there to be copied.
const WIDTH: usize = 100;
/// What stands before every line but the first.
const INDENT: &str = "  ";
/// Longest command line shown of one process, characters.
const LONGEST_COMMAND: usize = 72;
/// Most ancestors shown; of more, the middle is left out.
const MOST_ANCESTORS: usize = 5;

impl Diagnosed {
    /// The cause as a paragraph without a final line break: what was denied, to whom, how often, what it means, and what
    /// helps. `offers` are this cause's, from [`Diagnosed::offers`].
    ///
    /// Whatever comes from the box is [escaped](crate::event::printable). The summary, the reasons and the commands are
    /// denybox's own, the latter quoted for a shell.
    pub fn paragraph(&self, offers: &[Offer]) -> String {
        let mut text = self.headline();
        let _ = write!(text, "\n{INDENT}by {}", self.ancestry());
        push_wrapped(&mut text, &self.summary);
        // Advice that comes before any command is a smaller remedy than it.
        let command = offers.iter().find(|offer| offer.command.is_some());
        let advice = offers.first().filter(|offer| offer.command.is_none());
        for (offer, word) in advice.into_iter().chain(command).zip(["Remedy:", "Or:"]) {
            push_wrapped(&mut text, &format!("{word} {}", offer.why));
            if let Some(command) = &offer.command {
                let _ = write!(text, "\n{INDENT}{INDENT}{command}");
            }
        }
        text
    }

    fn headline(&self) -> String {
        let who = match base(&self.process.exe) {
            "" => "a process".to_owned(),
            name => printable(name),
        };
        let mut text = format!("{who} was denied {} {}", self.operation.gerund(), printable(&self.path));
        let elsewhere: Vec<String> = self
            .resources
            .iter()
            .filter(|resource| match resource.path() {
                Some(tree) => {
                    crate::path::AbsPath::new(&self.path).is_ok_and(|path| !path.is_at_or_below(tree))
                }
                None => true,
            })
            .filter(|_| self.operation != Operation::Call)
            .map(Resource::to_string)
            .collect();
        match self.resources.first() {
            Some(Resource::Ipc(kind)) => {
                let _ = write!(text, " ({})", kind.name());
            }
            _ if elsewhere.is_empty() => {}
            _ => {
                let _ = write!(text, ", then {}", elsewhere.join(", "));
            }
        }
        if self.count > 1 {
            let _ = write!(text, ", {} times", self.count);
        }
        text.push('.');
        text
    }

    /// The process and its ancestors up to the agent, nearest first.
    fn ancestry(&self) -> String {
        let mut links = vec![command_line(&self.process.exe, &self.process.argv)];
        let ancestors = &self.process.ancestors;
        let last = MOST_ANCESTORS.saturating_sub(1);
        for (position, ancestor) in ancestors.iter().enumerate() {
            let is_last = position.saturating_add(1) == ancestors.len();
            if position >= last && !is_last {
                if position == last {
                    links.push("…".to_owned());
                }
                continue;
            }
            links.push(match ancestor {
                Ancestor::Seen { exe, argv, .. } => command_line(exe, argv),
                Ancestor::Exited => "(exited)".to_owned(),
            });
        }
        links.join(" ← ")
    }
}

fn command_line(exe: &str, argv: &[String]) -> String {
    let line = if argv.is_empty() { exe.to_owned() } else { argv.join(" ") };
    match printable_up_to(&line, LONGEST_COMMAND) {
        line if line.is_empty() => "(unknown)".to_owned(),
        line => line,
    }
}

fn push_wrapped(text: &mut String, words: &str) {
    let mut width = WIDTH;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if width.saturating_add(length).saturating_add(1) > WIDTH {
            text.push('\n');
            text.push_str(INDENT);
            width = INDENT.len();
        } else {
            text.push(' ');
            width = width.saturating_add(1);
        }
        text.push_str(word);
        width = width.saturating_add(length);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::Knowledge;
    use crate::event::{Ancestor, Denial, Operation, Outcome, Process};

    fn sort(path: &str, argv: &[&str], ancestors: Vec<Ancestor>, count: u64) -> Denial {
        Denial {
            resource: "/tmp".parse().unwrap(),
            path: path.to_owned(),
            operation: Operation::Create,
            count,
            process: Process {
                pid: 9,
                exe: "/usr/bin/sort".into(),
                argv: argv.iter().map(|word| (*word).to_owned()).collect(),
                ancestors,
            },
            outcome: Outcome::Failed(2),
            syscall: Some("openat".into()),
        }
    }

    fn shell() -> Ancestor {
        Ancestor::Seen { pid: 2, exe: "/usr/bin/bash".into(), argv: vec!["bash".into(), "build.sh".into()] }
    }

    fn paragraph(denials: &[Denial]) -> String {
        let cause = Knowledge::shipped().diagnose(denials).causes.remove(0);
        cause.paragraph(&cause.offers(&[], &["bash".into(), "build.sh".into()]))
    }

    #[test]
    fn it_says_who_what_why_and_how() {
        let text = paragraph(&[sort("/tmp/sortAb", &["sort", "-n"], vec![Ancestor::Exited, shell()], 2)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "sort was denied creating /tmp/sortAb, 2 times.");
        assert_eq!(lines[1], "  by sort -n ← (exited) ← bash build.sh");
        assert!(lines[2].starts_with("  sort writes to temporary files"));
        assert_eq!(
            lines.last().unwrap(),
            &"    denybox run --scratch 64M --because 'sort spills to temporary files' -- bash build.sh"
        );
        assert!(lines.iter().take(lines.len() - 1).all(|line| line.chars().count() <= super::WIDTH));
        assert!(lines.len() <= 8, "{text}");
    }

    #[test]
    fn the_box_draws_nothing() {
        let hostile = "\u{1b}]0;x\u{7}\n\u{202e}";
        let text =
            paragraph(&[sort(&format!("/tmp/sort{hostile}"), &["sort", hostile], vec![shell(); 40], 1)]);
        assert!(!text.chars().any(|c| c != '\n' && crate::event::is_deceptive(c)), "{text}");
        assert!(text.lines().count() <= 8, "{text}");
        assert_eq!(text.lines().nth(1).unwrap().matches('←').count(), 6);
    }

    #[test]
    fn every_entry_reads_well() {
        for entry in Knowledge::shipped().entries() {
            let denials = entry.examples[0].denials();
            let text = paragraph(&denials);
            assert!(text.lines().count() <= 10, "{text}");
            assert!(!text.contains('{'), "{text}");
        }
    }
}
