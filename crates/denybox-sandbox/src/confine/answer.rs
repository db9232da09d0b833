//! The answer to one system call: clauses over its arguments, the first that fits counts.

use denybox_sys::seccomp::Instruction;

use super::bpf::{Verdict, Word, end, if_any_bit, if_equal, load};

/// One thing that an argument must be. Only the low half is looked at: all that the kernel reads of an `int`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// This argument has this value.
    Equal(u32, u32),
    /// This argument has any of these bits.
    Any(u32, u32),
}

/// A verdict for calls that pass all tests.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Clause {
    when: Vec<Test>,
    then: Verdict,
}

/// The answer to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    clauses: Vec<Clause>,
    otherwise: Verdict,
}

impl Answer {
    /// Always the same.
    pub const fn always(verdict: Verdict) -> Self {
        Self { clauses: Vec::new(), otherwise: verdict }
    }

    /// `then` for calls that pass all of `when` and none of the clauses before.
    pub fn but(mut self, when: &[Test], then: Verdict) -> Self {
        self.clauses.push(Clause { when: when.to_vec(), then });
        self
    }

    /// The instructions that give it.
    pub fn code(&self) -> Vec<Instruction> {
        let mut code = Vec::new();
        for clause in &self.clauses {
            for (done, test) in (1..).zip(&clause.when) {
                // Two instructions for each test that is left, and one for the verdict, are skipped on failure.
                let left = 2 * (clause.when.len() - done) + 1;
                let skip = u8::try_from(left).unwrap_or(u8::MAX);
                code.push(match *test {
                    Test::Equal(argument, _) | Test::Any(argument, _) => load(Word::Argument(argument)),
                });
                code.push(match *test {
                    Test::Equal(_, value) => if_equal(value, 0, skip),
                    Test::Any(_, bits) => if_any_bit(bits, 0, skip),
                });
            }
            code.push(end(clause.then));
        }
        code.push(end(self.otherwise));
        code
    }

    /// Everything that is looked at.
    #[cfg(test)]
    pub fn tests(&self) -> impl Iterator<Item = Test> {
        self.clauses.iter().flat_map(|clause| clause.when.iter().copied())
    }

    /// What the clauses say, without any program.
    #[cfg(test)]
    pub fn verdict(&self, arguments: [u64; 6]) -> Verdict {
        let passes = |test: &Test| match *test {
            Test::Equal(argument, value) => arguments[argument as usize] as u32 == value,
            Test::Any(argument, bits) => arguments[argument as usize] as u32 & bits != 0,
        };
        let clause = self.clauses.iter().find(|clause| clause.when.iter().all(passes));
        clause.map_or(self.otherwise, |clause| clause.then)
    }
}
