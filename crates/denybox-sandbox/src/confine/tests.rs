//! The compiled filter, run instruction by instruction as the kernel would, against what the rules say.

use std::collections::BTreeMap;

use denybox_core::plan::Calls;
use denybox_core::resource::IpcKind;
use denybox_sys::seccomp::Instruction;

use super::answer::{Answer, Test};
use super::bpf::Verdict;
use super::calls::Rules;
use super::compile::program;

/// Most instructions that the kernel takes, `BPF_MAXINSNS` of linux/bpf_common.h.
const MOST_INSTRUCTIONS: usize = 4096;
const X86_64: u32 = 0xC000_003E;
const I386: u32 = 0x4000_0003;
const X32_BIT: u32 = 0x4000_0000;

/// What `struct seccomp_data` holds when a call is made.
#[derive(Debug, Clone, Copy)]
struct Data {
    number: u32,
    architecture: u32,
    arguments: [u64; 6],
}

impl Data {
    fn call(number: i64, arguments: [u64; 6]) -> Self {
        Self { number: number as u32, architecture: X86_64, arguments }
    }

    /// The 32-bit word at `offset`, seccomp(2).
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.architecture,
            8 | 12 => 0,
            16..64 if offset.is_multiple_of(4) => {
                let argument = self.arguments[(offset as usize - 16) / 8];
                if offset.is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
            }
            _ => panic!("a load from {offset}, where there is nothing"),
        }
    }
}

/// Runs a classic BPF program; gives its return value and how many instructions that took.
fn evaluate(program: &[Instruction], data: Data) -> (u32, usize) {
    let (mut at, mut word, mut steps) = (0, 0, 0);
    loop {
        let instruction = program.get(at).unwrap_or_else(|| panic!("ran over the end, to {at}"));
        (at, steps) = (at + 1, steps + 1);
        let branch = |taken: bool| usize::from(if taken { instruction.jt } else { instruction.jf });
        match instruction.code {
            // BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JA, JEQ, JGE and JSET with BPF_K, BPF_RET|BPF_K: linux/bpf_common.h.
            0x20 => word = data.word(instruction.k),
            0x05 => at += instruction.k as usize,
            0x15 => at += branch(word == instruction.k),
            0x35 => at += branch(word >= instruction.k),
            0x45 => at += branch(word & instruction.k != 0),
            0x06 => return (instruction.k, steps),
            code => panic!("seccomp doesn't know the instruction {code:#x}"),
        }
    }
}

/// A verdict as the kernel takes it, `SECCOMP_RET_*` of linux/seccomp.h.
fn returned(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Allow => 0x7fff_0000,
        Verdict::Errno(errno) => 0x0005_0000 | errno as u32,
        Verdict::Notify => 0x7fc0_0000,
        Verdict::Kill => 0x8000_0000,
    }
}

const REFUSED: Verdict = Verdict::Errno(libc::EPERM);
const UNKNOWN: Verdict = Verdict::Errno(libc::ENOSYS);

/// Every way in which a filter is built, with its program.
fn filters(mut check: impl FnMut(&Rules<'_>, &[Instruction])) {
    let all: Vec<IpcKind> = IpcKind::ALL.into();
    let mut granted: Vec<Vec<IpcKind>> = vec![Vec::new(), all.clone()];
    granted.extend(all.into_iter().map(|kind| vec![kind]));
    for granted in granted {
        let calls = Calls { granted };
        for (notify, observe_writes) in [(true, false), (true, true), (false, false)] {
            let rules = Rules { calls: &calls, notify, observe_writes };
            check(&rules, &program(&rules));
        }
    }
}

/// Arguments around everything that an answer looks at, with the verdict that its clauses give.
fn examples(answer: &Answer) -> Vec<([u64; 6], Verdict)> {
    // The kernel reads an int: the upper half says nothing.
    const HIGH: u64 = 0xFFFF_FFFF_0000_0000;
    let mut examples = vec![[0; 6], [u64::MAX; 6], [0x5555_5555_0000_0000; 6], [HIGH; 6]];
    for test in answer.tests() {
        let (argument, values) = match test {
            Test::Equal(argument, value) => {
                let near = [value, value.wrapping_add(1), value.wrapping_sub(1), value ^ 0x8000_0000, !value];
                (argument, near.to_vec())
            }
            Test::Any(argument, bits) => {
                let mut values: Vec<u32> = (0..32).map(|shift| 1 << shift).collect();
                values.extend([0, bits, !bits, u32::MAX]);
                (argument, values)
            }
        };
        // Every value with everything that stood before: so tests of one clause are met together, and one without another.
        let before = examples.clone();
        for arguments in before.iter().rev().take(200) {
            for value in &values {
                for upper in [0, HIGH] {
                    let mut arguments = *arguments;
                    arguments[argument as usize] = upper | u64::from(*value);
                    examples.push(arguments);
                }
            }
        }
    }
    examples.into_iter().map(|arguments| (arguments, answer.verdict(arguments))).collect()
}

#[test]
fn every_call_gets_its_answer() {
    let mut checked = 0;
    filters(|rules, program| {
        assert!(program.len() <= MOST_INSTRUCTIONS, "{} instructions", program.len());
        let answers: BTreeMap<u32, Answer> = rules.answers();
        assert!(answers.len() > 300 && answers.keys().all(|number| *number < 600));
        for (number, answer) in &answers {
            for (arguments, verdict) in examples(answer) {
                let data = Data { number: *number, architecture: X86_64, arguments };
                let (value, steps) = evaluate(program, data);
                assert_eq!(value, returned(verdict), "{data:x?} under {rules:?}, which says {answer:?}");
                assert!(steps < 40, "{number} takes {steps} instructions");
                checked += 1;
            }
        }
        // All others, up to the highest and around the bounds.
        let unlisted = (0..2048).chain([X32_BIT - 1]).filter(|number| !answers.contains_key(number));
        for number in unlisted {
            let (value, _) = evaluate(program, Data { number, architecture: X86_64, arguments: [0; 6] });
            assert_eq!(value, returned(UNKNOWN), "{number} is unknown");
        }
    });
    println!("{checked} calls checked");
}

#[test]
fn other_ways_into_the_kernel_are_closed() {
    filters(|rules, program| {
        for number in rules.answers().into_keys().chain([0, 1, 2047]) {
            for x32 in [number | X32_BIT, number | 0x8000_0000, number | 0xC000_0000] {
                let (value, _) =
                    evaluate(program, Data { number: x32, architecture: X86_64, arguments: [0; 6] });
                assert_eq!(value, returned(UNKNOWN), "{x32:#x}");
            }
            for architecture in [I386, 0, X86_64 ^ 1, X86_64 & !0x8000_0000, 0xC000_00B7, u32::MAX] {
                let (value, _) = evaluate(program, Data { number, architecture, arguments: [0; 6] });
                assert_eq!(value, returned(Verdict::Kill), "{number} of {architecture:#x}");
            }
        }
    });
}

/// The rules themselves, written down once more from what the box promises.
#[test]
fn what_is_promised() {
    let none = Calls::default();
    let rules = Rules { calls: &none, notify: true, observe_writes: false };
    let filter = program(&rules);
    let verdict = |number: i64, arguments: &[u64]| {
        let mut all = [0; 6];
        all[..arguments.len()].copy_from_slice(arguments);
        evaluate(&filter, Data::call(number, all)).0
    };
    for number in [
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_move_mount,
        libc::SYS_open_tree,
        libc::SYS_fsopen,
        libc::SYS_mount_setattr,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_setns,
        libc::SYS_shmget,
        libc::SYS_semget,
        libc::SYS_msgget,
        libc::SYS_mq_open,
        libc::SYS_memfd_create,
    ] {
        assert_eq!(verdict(number, &[]), returned(Verdict::Notify), "{number} is reported");
    }
    for number in [
        libc::SYS_userfaultfd,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_reboot,
        libc::SYS_init_module,
        libc::SYS_open_by_handle_at,
        libc::SYS_shmat,
        libc::SYS_semop,
        libc::SYS_msgsnd,
        libc::SYS_mq_unlink,
    ] {
        assert_eq!(verdict(number, &[]), returned(REFUSED), "{number} is refused");
    }
    // Programs fall back to what they did before these existed.
    for number in
        [libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register, libc::SYS_clone3]
    {
        assert_eq!(verdict(number, &[]), returned(UNKNOWN), "{number} is unknown");
    }
    for number in [libc::SYS_read, libc::SYS_openat, libc::SYS_execve, libc::SYS_ptrace, libc::SYS_seccomp] {
        assert_eq!(verdict(number, &[0; 6]), returned(Verdict::Allow), "{number} is allowed");
    }
    for flag in [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ] {
        for other in [0, libc::SIGCHLD, libc::CLONE_VM] {
            let flags = (flag | other) as u32;
            assert_eq!(
                verdict(libc::SYS_clone, &[flags.into()]),
                returned(Verdict::Notify),
                "clone {flags:#x}"
            );
            assert_eq!(
                verdict(libc::SYS_unshare, &[flags.into()]),
                returned(Verdict::Notify),
                "unshare {flags:#x}"
            );
        }
    }
    assert_eq!(verdict(libc::SYS_unshare, &[0x80]), returned(Verdict::Notify), "a time namespace");
    for flags in [libc::SIGCHLD, libc::CLONE_VM | libc::CLONE_FILES | libc::CLONE_THREAD] {
        assert_eq!(verdict(libc::SYS_clone, &[flags as u64]), returned(Verdict::Allow), "clone {flags:#x}");
    }
    for family in 0..64 {
        let allowed = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK].contains(&family);
        let expected = returned(if allowed { Verdict::Allow } else { REFUSED });
        assert_eq!(verdict(libc::SYS_socket, &[family as u64]), expected, "family {family}");
        let pair = returned(if family == libc::AF_UNIX { Verdict::Allow } else { REFUSED });
        assert_eq!(verdict(libc::SYS_socketpair, &[family as u64]), pair, "a pair of family {family}");
    }
    for request in [libc::TIOCSTI, 0x541C] {
        for high in [0, 1 << 32, u64::MAX << 32] {
            assert_eq!(verdict(libc::SYS_ioctl, &[0, request | high]), returned(REFUSED), "{request:#x}");
        }
    }
    assert_eq!(verdict(libc::SYS_ioctl, &[0, libc::TIOCGWINSZ]), returned(Verdict::Allow));
    assert_eq!(verdict(libc::SYS_personality, &[0]), returned(Verdict::Allow));
    assert_eq!(verdict(libc::SYS_personality, &[0x0040_0000]), returned(REFUSED), "READ_IMPLIES_EXEC");
}

#[test]
fn a_grant_opens_its_own_kind_alone() {
    let doors = [
        (IpcKind::SysvShm, [libc::SYS_shmget, libc::SYS_shmat, libc::SYS_shmctl]),
        (IpcKind::SysvSem, [libc::SYS_semget, libc::SYS_semop, libc::SYS_semctl]),
        (IpcKind::SysvMsg, [libc::SYS_msgget, libc::SYS_msgsnd, libc::SYS_msgrcv]),
        (IpcKind::PosixMq, [libc::SYS_mq_open, libc::SYS_mq_open, libc::SYS_mq_unlink]),
        (IpcKind::MemfdExec, [libc::SYS_memfd_create, libc::SYS_memfd_create, libc::SYS_execveat]),
    ];
    for (granted, _) in doors {
        let calls = Calls { granted: vec![granted] };
        let filter = program(&Rules { calls: &calls, notify: true, observe_writes: false });
        for (kind, numbers) in doors {
            for number in numbers {
                let flags = [0, 0, 0, 0, libc::AT_EMPTY_PATH as u64, 0];
                let (value, _) = evaluate(&filter, Data::call(number, flags));
                assert_eq!(value == returned(Verdict::Allow), kind == granted, "{number} with {granted:?}");
            }
        }
    }
}

#[test]
fn writes_are_looked_at_only_where_no_tripwire_is() {
    let calls = Calls::default();
    let open = |flags: i32| Data::call(libc::SYS_openat, [0, 0, flags as u64, 0, 0, 0]);
    for observe_writes in [false, true] {
        let filter = program(&Rules { calls: &calls, notify: true, observe_writes });
        let seen = returned(if observe_writes { Verdict::Notify } else { Verdict::Allow });
        for flags in [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_RDWR | libc::O_CLOEXEC] {
            assert_eq!(evaluate(&filter, open(flags)).0, seen, "open with {flags:#o}");
        }
        for flags in [libc::O_RDONLY, libc::O_RDONLY | libc::O_CLOEXEC | libc::O_DIRECTORY, libc::O_PATH] {
            assert_eq!(evaluate(&filter, open(flags)).0, returned(Verdict::Allow), "open with {flags:#o}");
        }
        for number in [libc::SYS_mkdir, libc::SYS_renameat2, libc::SYS_unlinkat] {
            assert_eq!(evaluate(&filter, Data::call(number, [0; 6])).0, seen, "{number}");
        }
    }
}

#[test]
fn no_file_lends_its_owners_rights() {
    let calls = Calls::default();
    let filter = program(&Rules { calls: &calls, notify: true, observe_writes: false });
    let verdict = |number, arguments: [u64; 6]| evaluate(&filter, Data::call(number, arguments)).0;
    let create = libc::O_CREAT as u64;
    for (mode, expected) in
        [(0o755, Verdict::Allow), (0o4755, REFUSED), (0o2755, REFUSED), (0o1777, Verdict::Allow)]
    {
        for (number, arguments) in [
            (libc::SYS_chmod, [0, mode, 0, 0, 0, 0]),
            (libc::SYS_fchmod, [0, mode, 0, 0, 0, 0]),
            (libc::SYS_fchmodat, [0, 0, mode, 0, 0, 0]),
            (libc::SYS_fchmodat2, [0, 0, mode, 0, 0, 0]),
            (libc::SYS_creat, [0, mode, 0, 0, 0, 0]),
            (libc::SYS_mknodat, [0, 0, mode, 0, 0, 0]),
            (libc::SYS_open, [0, create, mode, 0, 0, 0]),
            (libc::SYS_openat, [0, 0, create, mode, 0, 0]),
            (libc::SYS_openat, [0, 0, libc::O_TMPFILE as u64, mode, 0, 0]),
        ] {
            assert_eq!(verdict(number, arguments), returned(expected), "{number} with {mode:#o}");
        }
        // Nothing is created, so the register holds anything.
        let reading = [0, 0, libc::O_DIRECTORY as u64, mode, 0, 0];
        assert_eq!(verdict(libc::SYS_openat, reading), returned(Verdict::Allow));
    }
    assert_eq!(verdict(libc::SYS_openat2, [0; 6]), returned(UNKNOWN));
}
