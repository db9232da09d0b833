//! From rules to a filter program: a binary search over runs of call numbers with the same answer.
//!
//! The kernel runs the program once for every call number when it is installed (to remember the calls that are always
//! allowed), so a search tree makes starting a box faster, not only each call.

use std::collections::BTreeMap;

use denybox_sys::seccomp::Instruction;

use super::answer::Answer;
use super::bpf::{Verdict, Word, end, if_at_least, if_equal, load, skip};
use super::calls::Rules;
use crate::weaken;

/// The bit that marks a call of the x32 ABI, syscall(2). Its numbers would pass a filter that doesn't look.
const X32_BIT: u32 = 0x4000_0000;
/// `AUDIT_ARCH_X86_64` of linux/audit.h.
const ARCHITECTURE: u32 = 0xC000_003E;
/// What an unknown call gets: as on a kernel that never had it, so that programs fall back.
const UNKNOWN: Verdict = Verdict::Errno(libc::ENOSYS);

/// The whole filter.
pub fn program(rules: &Rules<'_>) -> Vec<Instruction> {
    let guarded = !weaken::off("seccomp-arch");
    let foreign = if guarded { Verdict::Kill } else { Verdict::Allow };
    let x32 = if guarded { UNKNOWN } else { Verdict::Allow };
    let mut program = vec![
        load(Word::Architecture),
        if_equal(ARCHITECTURE, 1, 0),
        end(foreign),
        load(Word::Number),
        if_at_least(X32_BIT, 0, 1),
        end(x32),
    ];
    program.extend(search(&runs(&rules.answers())));
    program
}

/// First number of each run, with the code that answers it.
fn runs(answers: &BTreeMap<u32, Answer>) -> Vec<(u32, Vec<Instruction>)> {
    let unknown = vec![end(UNKNOWN)];
    let mut runs: Vec<(u32, Vec<Instruction>)> = vec![(0, unknown.clone())];
    let mut push = |from: u32, code: Vec<Instruction>| match runs.last_mut() {
        Some((start, last)) if *start == from => *last = code,
        Some((_, last)) if *last == code => {}
        _ => runs.push((from, code)),
    };
    let mut next = 0;
    for (&number, answer) in answers {
        if number > next {
            push(next, unknown.clone());
        }
        push(number, answer.code());
        next = number + 1;
    }
    push(next, unknown);
    runs
}

/// `[if number >= middle: right] left right`, down to single runs.
fn search(runs: &[(u32, Vec<Instruction>)]) -> Vec<Instruction> {
    match runs {
        [] => vec![end(UNKNOWN)],
        [(_, code)] => code.clone(),
        _ => {
            let (left, right) = runs.split_at(runs.len() / 2);
            let middle = right.first().map_or(0, |(start, _)| *start);
            let (left, right) = (search(left), search(right));
            let mut code = match u8::try_from(left.len()) {
                Ok(far) => vec![if_at_least(middle, far, 0)],
                // A conditional jump reaches 255 instructions; a plain one reaches all.
                Err(_) => vec![if_at_least(middle, 0, 1), skip(left.len() as u32)],
            };
            code.extend(left);
            code.extend(right);
            code
        }
    }
}
