//! The host's System V objects and POSIX queues, and making any of one's own.

use std::ffi::CString;
use std::fs;
use std::io;

use crate::attack::{Attack, Broken, Outcome, Values, Verdict};
use crate::kernel::ipc;
use crate::stage::{CANARY, Stage};

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("sysv-shm-host", &["ipc-namespace", "seccomp"], shm_host).prepare(plant_shm),
    Attack::new("sysv-sem-host", &["ipc-namespace", "seccomp"], sem_host).prepare(plant_sem),
    Attack::new("sysv-msg-host", &["ipc-namespace", "seccomp"], msg_host).prepare(plant_msg),
    Attack::new("posix-mq-host", &["ipc-namespace", "seccomp"], mq_host).prepare(plant_mq),
    Attack::new("sysv-list", &["ipc-namespace"], sysv_list).prepare(plant_shm),
    Attack::new("sysv-shm-own", &["seccomp"], shm_own),
    Attack::new("sysv-sem-own", &["seccomp"], sem_own),
    Attack::new("sysv-msg-own", &["seccomp"], msg_own),
    Attack::new("posix-mq-own", &["seccomp", "landlock"], mq_own),
];

/// Something of the host's that is removed with the stage.
struct Planted(Box<dyn Fn() -> io::Result<()>>);

impl Drop for Planted {
    fn drop(&mut self) {
        if let Err(error) = (self.0)() {
            eprintln!("left behind: {error}");
        }
    }
}

/// A key that hardly anybody uses: made of this process's id.
fn key() -> i32 {
    0x0DE7_0000 ^ std::process::id() as i32
}

/// Plants a segment that anybody may read.
fn plant_shm(stage: &mut Stage) -> io::Result<()> {
    let id = ipc::shmget(key(), 4096, libc::IPC_CREAT | libc::IPC_EXCL | 0o666)?;
    stage.hold(Planted(Box::new(move || ipc::shm_remove(id))));
    ipc::shm_write(id, CANARY.as_bytes())?;
    stage.set("key", key());
    stage.set("id", id);
    Ok(())
}

/// Attaches the host's segment and reads it.
fn shm_host(values: &Values) -> Outcome {
    let read = ipc::shmget(values.number("key")?, 0, 0).and_then(|id| ipc::shm_read(id, CANARY.len()));
    Ok(match read {
        Ok(bytes) if bytes == CANARY.as_bytes() => Verdict::Succeeded("read the host's segment".to_owned()),
        Ok(_) => Verdict::Blocked("another segment".to_owned()),
        Err(error) => Verdict::Blocked(format!("shmget, shmat: {error}")),
    })
}

/// Plants a semaphore that anybody may use.
fn plant_sem(stage: &mut Stage) -> io::Result<()> {
    let id = ipc::semget(key(), libc::IPC_CREAT | libc::IPC_EXCL | 0o666)?;
    stage.hold(Planted(Box::new(move || ipc::sem_remove(id))));
    stage.set("key", key());
    Ok(())
}

/// Finds the host's semaphore.
fn sem_host(values: &Values) -> Outcome {
    Ok(Verdict::of("semget of the host's set", ipc::semget(values.number("key")?, 0)))
}

/// Plants a queue that anybody may use.
fn plant_msg(stage: &mut Stage) -> io::Result<()> {
    let id = ipc::msgget(key(), libc::IPC_CREAT | libc::IPC_EXCL | 0o666)?;
    stage.hold(Planted(Box::new(move || ipc::msg_remove(id))));
    stage.set("key", key());
    Ok(())
}

/// Finds the host's queue.
fn msg_host(values: &Values) -> Outcome {
    Ok(Verdict::of("msgget of the host's queue", ipc::msgget(values.number("key")?, 0)))
}

/// A name as mq_open(2) takes it.
fn queue_name(text: &str) -> Result<CString, Broken> {
    CString::new(text).map_err(|error| Broken(error.to_string()))
}

/// Plants a POSIX queue.
fn plant_mq(stage: &mut Stage) -> io::Result<()> {
    let name = format!("denybox-attack-{}", std::process::id());
    let path = queue_name(&name).map_err(|Broken(text)| io::Error::other(text))?;
    ipc::mq_open(&path, libc::O_CREAT | libc::O_EXCL | libc::O_RDWR)?;
    stage.hold(Planted(Box::new(move || ipc::mq_unlink(&path))));
    stage.set("queue", name);
    Ok(())
}

/// Opens the host's queue.
fn mq_host(values: &Values) -> Outcome {
    let name = queue_name(values.text("queue")?)?;
    Ok(Verdict::of("mq_open of the host's queue", ipc::mq_open(&name, libc::O_RDONLY)))
}

/// Lists the host's segments.
fn sysv_list(values: &Values) -> Outcome {
    let id = values.text("id")?;
    Ok(match fs::read_to_string("/proc/sysvipc/shm") {
        Ok(text) if text.lines().any(|line| line.split_whitespace().nth(1) == Some(id)) => {
            Verdict::Succeeded("the host's segment is listed".to_owned())
        }
        Ok(_) => Verdict::Blocked("the host's segment isn't listed".to_owned()),
        Err(error) => Verdict::Blocked(format!("read /proc/sysvipc/shm: {error}")),
    })
}

/// Makes a segment: memory that no limit on files counts.
fn shm_own(_: &Values) -> Outcome {
    let made = ipc::shmget(libc::IPC_PRIVATE, 4096, libc::IPC_CREAT | 0o600);
    if let Ok(id) = made {
        ipc::shm_remove(id)?;
    }
    Ok(Verdict::of("shmget", made))
}

/// Makes a semaphore.
fn sem_own(_: &Values) -> Outcome {
    let made = ipc::semget(libc::IPC_PRIVATE, libc::IPC_CREAT | 0o600);
    if let Ok(id) = made {
        ipc::sem_remove(id)?;
    }
    Ok(Verdict::of("semget", made))
}

/// Makes a queue.
fn msg_own(_: &Values) -> Outcome {
    let made = ipc::msgget(libc::IPC_PRIVATE, libc::IPC_CREAT | 0o600);
    if let Ok(id) = made {
        ipc::msg_remove(id)?;
    }
    Ok(Verdict::of("msgget", made))
}

/// Makes a POSIX queue.
fn mq_own(_: &Values) -> Outcome {
    let name = c"denybox-attack-own";
    let made = ipc::mq_open(name, libc::O_CREAT | libc::O_RDWR);
    if made.is_ok() {
        ipc::mq_unlink(name)?;
    }
    Ok(Verdict::of("mq_open", made))
}
