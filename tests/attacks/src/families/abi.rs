//! System calls through tables that a filter for x86-64 doesn't describe.

use std::io;

use crate::attack::{Attack, Need, Outcome, Values, Verdict};
use crate::kernel::abi::{int80, x32};
use crate::kernel::process::{ChildEnd, in_child};

/// What the 32-bit ipc(2) calls shmget.
const SHMGET: u32 = 23;
/// What the 32-bit ipc(2) calls shmctl.
const SHMCTL: u32 = 24;

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("x32-shmget", &["seccomp-arch"], x32_shmget).needs(Need::X32),
    Attack::new("int80-getpid", &["seccomp-arch"], int80_getpid).needs(Need::Ia32),
    Attack::new("int80-keyctl", &["seccomp-arch"], int80_keyctl).needs(Need::Ia32),
    Attack::new("int80-shmget", &["seccomp-arch"], int80_shmget).needs(Need::Ia32),
    Attack::new("int80-mount", &["seccomp-arch"], int80_mount).needs(Need::Ia32),
    Attack::new("int80-unshare", &["seccomp-arch"], int80_unshare).needs(Need::Ia32),
];

/// Makes the call in a child, which a filter may kill for it.
fn sacrificed<T>(what: &str, attempt: impl FnOnce() -> io::Result<T>) -> Outcome {
    let ended = in_child(|| match attempt() {
        Ok(_) => 0,
        Err(error) => u8::try_from(error.raw_os_error().unwrap_or(255)).unwrap_or(255),
    })?;
    Ok(match ended {
        ChildEnd::Exited(0) => Verdict::Succeeded(what.to_owned()),
        ChildEnd::Exited(errno) => Verdict::reached(
            what,
            Err::<(), _>(io::Error::from_raw_os_error(errno)),
            &[libc::EPERM, libc::ENOSYS],
        ),
        ChildEnd::Killed(signal) => Verdict::Blocked(format!("{what}: killed by signal {signal}")),
    })
}

/// Makes a System V segment by its x32 number.
fn x32_shmget(_: &Values) -> Outcome {
    sacrificed("x32 shmget", || {
        let id = x32(libc::SYS_shmget, 0, 4096, 0o600)?;
        x32(libc::SYS_shmctl, id, libc::IPC_RMID as usize, 0)
    })
}

/// Makes the most harmless call through the 32-bit gate: number 20, which a filter takes for writev.
fn int80_getpid(_: &Values) -> Outcome {
    sacrificed("int 0x80 getpid", || int80(20, [0; 5]))
}

/// Reaches keyrings through the 32-bit gate: number 288, which a filter takes for accept4.
fn int80_keyctl(_: &Values) -> Outcome {
    sacrificed("int 0x80 keyctl", || int80(288, [0, -3_i32 as u32, 0, 0, 0]))
}

/// Makes a System V segment through the 32-bit gate: ipc, number 117, which a filter takes for setresuid.
fn int80_shmget(_: &Values) -> Outcome {
    sacrificed("int 0x80 shmget", || {
        let id = int80(117, [SHMGET, 0, 4096, 0o600, 0])?;
        int80(117, [SHMCTL, id, libc::IPC_RMID as u32, 0, 0])
    })
}

/// Reaches mount through the 32-bit gate: number 21, which a filter takes for access. Null pointers: EFAULT
/// is the answer of a kernel that would have tried.
fn int80_mount(_: &Values) -> Outcome {
    sacrificed("int 0x80 mount", || int80(21, [1, 1, 1, 0, 0]))
}

/// Makes a user namespace through the 32-bit gate: number 310, which a filter takes for process_vm_readv.
fn int80_unshare(_: &Values) -> Outcome {
    sacrificed("int 0x80 unshare", || int80(310, [libc::CLONE_NEWUSER as u32, 0, 0, 0, 0]))
}
