//! Classic BPF as seccomp(2) takes it: a handful of instructions, and a search tree over system call numbers.

use denybox_sys::seccomp::Instruction;

/// Where a 32-bit word of `struct seccomp_data` stands, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The system call's number.
    Number,
    /// The architecture.
    Architecture,
    /// The low half of an argument: all that the kernel reads of an `int`.
    Argument(u32),
}

impl Word {
    const fn offset(self) -> u32 {
        match self {
            Self::Number => 0,
            Self::Architecture => 4,
            Self::Argument(index) => 16 + 8 * index,
        }
    }
}

/// What the kernel does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Runs it.
    Allow,
    /// Fails it with this errno(3).
    Errno(i32),
    /// Asks the supervisor.
    Notify,
    /// Kills the process.
    Kill,
}

/// Loads a word.
pub const fn load(word: Word) -> Instruction {
    Instruction { code: (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, jt: 0, jf: 0, k: word.offset() }
}

const fn jump(operation: u32, k: u32, jt: u8, jf: u8) -> Instruction {
    Instruction { code: (libc::BPF_JMP | operation | libc::BPF_K) as u16, jt, jf, k }
}

/// Skips `jt` instructions when the word equals `k`, else `jf`.
pub const fn if_equal(k: u32, jt: u8, jf: u8) -> Instruction {
    jump(libc::BPF_JEQ, k, jt, jf)
}

/// Skips `jt` instructions when the word is at least `k`, else `jf`.
pub const fn if_at_least(k: u32, jt: u8, jf: u8) -> Instruction {
    jump(libc::BPF_JGE, k, jt, jf)
}

/// Skips `jt` instructions when the word has any of the bits of `k`, else `jf`.
pub const fn if_any_bit(k: u32, jt: u8, jf: u8) -> Instruction {
    jump(libc::BPF_JSET, k, jt, jf)
}

/// Skips `count` instructions.
pub const fn skip(count: u32) -> Instruction {
    jump(libc::BPF_JA, count, 0, 0)
}

/// Ends with a verdict.
pub const fn end(verdict: Verdict) -> Instruction {
    let k = match verdict {
        Verdict::Allow => libc::SECCOMP_RET_ALLOW,
        Verdict::Errno(errno) => libc::SECCOMP_RET_ERRNO | (errno as u32 & libc::SECCOMP_RET_DATA),
        Verdict::Notify => libc::SECCOMP_RET_USER_NOTIF,
        Verdict::Kill => libc::SECCOMP_RET_KILL_PROCESS,
    };
    Instruction { code: (libc::BPF_RET | libc::BPF_K) as u16, jt: 0, jf: 0, k }
}
