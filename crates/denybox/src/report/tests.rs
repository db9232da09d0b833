//! Reports for people: nothing that comes from a box, or from the host, acts on the terminal that shows them; and how a
//! box's end becomes an exit code.

use denybox_core::event::{Ancestor, Denial};
use denybox_core::path::AbsPath;
use proptest::prelude::*;

use super::*;

/// What this module itself may write: its colours.
const COLOURS: [&str; 6] = ["\u{1b}[1m", "\u{1b}[31m", "\u{1b}[33m", "\u{1b}[36m", "\u{1b}[0m", "\n"];

/// Whether a character acts on a terminal, changes the direction of writing or can't be seen.
fn acts(character: char) -> bool {
    let invisible = [
        '\u{ad}', '\u{61c}', '\u{200b}', '\u{200f}', '\u{2028}', '\u{202a}', '\u{202e}', '\u{2066}',
        '\u{feff}',
    ];
    character.is_control() || invisible.contains(&character)
}

/// Text that would do harm on a terminal; never one of the colours.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "\u{1b}[2J",
        "\u{1b}]0;title\u{7}",
        "\u{9b}5A",
        "\r",
        "\n",
        "\n\ndenybox: all is well\n",
        "\t",
        "\u{8}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "\0",
        "\u{7f}",
        "'",
        "\\",
        "$(x)",
        "漢",
        "a b",
        "",
    ]);
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn process(texts: &[String]) -> Process {
    let at = |index: usize| texts[index % texts.len()].clone();
    Process {
        pid: 7,
        exe: at(0),
        argv: vec![at(1), at(2)],
        ancestors: vec![Ancestor::Seen { pid: 3, exe: at(3), argv: Vec::new() }, Ancestor::Exited],
    }
}

fn report(texts: &[String], operation: Operation, count: u64) -> Report {
    let at = |index: usize| texts[index % texts.len()].clone();
    let denial = |name: &str| Denial {
        resource: Resource::Path(AbsPath::new("/tmp").unwrap()),
        path: format!("/tmp/{}{name}", at(4)),
        operation,
        count,
        process: process(texts),
        outcome: Outcome::Failed(1),
        syscall: None,
    };
    let diagnoses = Knowledge::shipped().diagnose(&[denial(""), denial("x")]);
    let command = [at(5), at(6)];
    let causes = diagnoses
        .causes
        .into_iter()
        .map(|diagnosed| Cause { offers: diagnosed.offers(&[at(7)], &command), diagnosed })
        .collect();
    Report {
        version: VERSION,
        id: None,
        exit: Exit { kind: ExitKind::Failed, code: 70, message: Some(format!("{}: no", at(8))) },
        enforcement: vec![Control {
            control: "limits".to_owned(),
            status: "partial".to_owned(),
            detail: at(9),
        }],
        mounts: Vec::new(),
        denials: Vec::new(),
        probes: 0,
        notices: vec![at(10)],
        causes,
        reasons: vec![Reason::new("no", at(11))],
    }
}

proptest! {
    #[test]
    fn nothing_acts_on_the_terminal(
        texts in prop::collection::vec(hostile(), 12),
        operation in prop::sample::select(Operation::ALL.to_vec()),
        count in 1_u64..,
        width in 40_usize..=100,
    ) {
        let report = report(&texts, operation, count);
        let mut text = text::write(&report, width);
        let lines = text.lines().count();
        for colour in COLOURS {
            text = text.replace(colour, "");
        }
        prop_assert!(!text.contains(acts), "{text:?}");
        // One for the message, the control and the notice, a paragraph for the reason and a few lines for each cause.
        prop_assert!(lines < 40, "{lines} lines");
        let json = serde_json::to_string(&report).unwrap();
        prop_assert!(!json.contains(|character: char| character < ' '), "{json:?}");
    }
}

#[test]
fn a_long_report_is_cut() {
    let texts = vec!["x".repeat(1 << 16)];
    let mut report = report(&texts, Operation::Create, 1);
    report.reasons = (0..100).map(|number| Reason::new("no", format!("{number}: no"))).collect();
    let text = text::write(&report, 80);
    assert!(text.contains("95 further reasons"), "{text}");
    assert!(text.len() < 1 << 18, "{} bytes", text.len());
}

#[test]
fn ends_and_exit_codes() {
    let of = |end: &End| {
        let exit = Exit::of_end(end);
        (exit.kind, exit.code, exit.message.is_some())
    };
    assert_eq!(of(&End::Exited(0)), (ExitKind::Exited, 0, false));
    assert_eq!(of(&End::Exited(77)), (ExitKind::Exited, 77, false));
    assert_eq!(of(&End::Signalled(15)), (ExitKind::Signalled, 143, true));
    assert_eq!(of(&End::TimedOut), (ExitKind::TimedOut, 124, true));
    assert_eq!(of(&End::Lost), (ExitKind::Failed, 137, true));
    let missing = End::NotExecuted { errno: libc::ENOENT, path: "x".to_owned() };
    assert_eq!(of(&missing), (ExitKind::NotExecuted, 127, true));
    let closed = End::NotExecuted { errno: libc::EACCES, path: "x".to_owned() };
    assert_eq!(of(&closed), (ExitKind::NotExecuted, 126, true));
}
