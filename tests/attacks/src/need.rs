//! What the kernel of this machine lacks.

use std::fs;
use std::io;
use std::path::Path;

use crate::attack::Need;
use crate::kernel::abi::{int80, x32};
use crate::kernel::descriptors::socket;
use crate::kernel::process::{ChildEnd, in_child};

/// The reason why `need` isn't met here, or nothing if it is. The caller is single-threaded.
pub fn absent(need: Need) -> io::Result<Option<String>> {
    let works = |attempt: fn() -> bool| -> io::Result<bool> {
        Ok(in_child(|| u8::from(!attempt()))? == ChildEnd::Exited(0))
    };
    Ok(match need {
        Need::X32 if !works(|| x32(libc::SYS_getpid, 0, 0, 0).is_ok())? => {
            Some("this kernel has no x32 system calls".to_owned())
        }
        Need::Ia32 if !works(|| int80(20, [0; 5]).is_ok())? => {
            Some("this kernel has no 32-bit system calls".to_owned())
        }
        Need::IoUring => setting("/proc/sys/kernel/io_uring_disabled", "0")?,
        Need::Tiocsti => setting("/proc/sys/dev/tty/legacy_tiocsti", "1")?,
        Need::Family(family) => match socket(family as usize, libc::SOCK_STREAM as usize, 0) {
            Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
                Some(format!("this kernel has no socket family {family}"))
            }
            _ => None,
        },
        Need::File(path) if !Path::new(path).exists() => Some(format!("this kernel has no {path}")),
        Need::X32 | Need::Ia32 | Need::File(_) => None,
    })
}

/// The reason why the setting at `path` isn't `wanted`. A kernel without the setting always allows.
fn setting(path: &str, wanted: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim() == wanted => Ok(None),
        Ok(text) => Ok(Some(format!("{path} is {}", text.trim()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
