//! Filters that make a kernel poorer, or kill whoever does what must not be done: seccomp(2).

use denybox_sys::seccomp::Instruction;

/// `BPF_LD | BPF_W | BPF_ABS`, `BPF_JMP | BPF_JEQ | BPF_K`, `BPF_JMP | BPF_JSET | BPF_K`, `BPF_RET | BPF_K`.
const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
/// Where `struct seccomp_data` has the number, and the low halves of the first and the third argument.
const NUMBER: u32 = 0;
const FIRST: u32 = 16;
const THIRD: u32 = 32;

/// Calls that change something, or start something, by their mere being made.
const CHANGES: [i64; 21] = [
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_unshare,
    libc::SYS_mount,
    libc::SYS_fsopen,
    libc::SYS_open_tree,
    libc::SYS_mkdir,
    libc::SYS_mkdirat,
    libc::SYS_unlink,
    libc::SYS_unlinkat,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_chmod,
    libc::SYS_fchmod,
    libc::SYS_chown,
    libc::SYS_creat,
    libc::SYS_ftruncate,
    libc::SYS_kill,
];

/// The filter of that name.
pub fn named(name: &str) -> Result<Vec<Instruction>, Box<dyn std::error::Error>> {
    match name {
        "no-landlock" => Ok(answering(&[libc::SYS_landlock_create_ruleset], errno(libc::ENOSYS))),
        "no-user-namespaces" => Ok(answering(&[libc::SYS_unshare], errno(libc::EPERM))),
        "no-directories" => Ok(answering(&[libc::SYS_mkdir, libc::SYS_mkdirat], errno(libc::ENOSYS))),
        "touch-nothing" => Ok(touch_nothing()),
        other => Err(format!("no such filter: {other}").into()),
    }
}

fn errno(number: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | number as u32
}

fn step(code: u16, jt: u8, jf: u8, k: u32) -> Instruction {
    Instruction { code, jt, jf, k }
}

/// Gives `answer` to some calls and lets all others pass.
fn answering(calls: &[i64], answer: u32) -> Vec<Instruction> {
    let mut program = vec![step(LOAD, 0, 0, NUMBER)];
    for call in calls {
        program.extend([step(EQUAL, 0, 1, *call as u32), step(RETURN, 0, 0, answer)]);
    }
    program.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW));
    program
}

/// Kills whoever makes one of [`CHANGES`], starts a process that is no thread, or opens a file to write or create it.
fn touch_nothing() -> Vec<Instruction> {
    let kill = libc::SECCOMP_RET_KILL_PROCESS;
    let mut program = answering(&CHANGES, kill);
    let allow = program.pop();
    let writing = (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC) as u32;
    program.extend([
        step(EQUAL, 0, 3, libc::SYS_openat as u32),
        step(LOAD, 0, 0, THIRD),
        step(ANY_BIT, 0, 7, writing),
        step(RETURN, 0, 0, kill),
        // Its flags are in memory: without it the C library takes the older call.
        step(EQUAL, 0, 1, libc::SYS_clone3 as u32),
        step(RETURN, 0, 0, errno(libc::ENOSYS)),
        step(EQUAL, 0, 3, libc::SYS_clone as u32),
        step(LOAD, 0, 0, FIRST),
        step(ANY_BIT, 1, 0, libc::CLONE_THREAD as u32),
        step(RETURN, 0, 0, kill),
    ]);
    program.extend(allow);
    program
}
