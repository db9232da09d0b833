//! The outer side: plants canaries, runs the inner side by whatever command, and looks what became of them.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use denybox_attacks::attack::Values;
use denybox_attacks::kernel::ipc;
use tempfile::TempDir;

use crate::cell::{Cell, Reach};
use crate::inside::PLACES;

/// The number under which an open file is left to the command.
pub const FILE_DESCRIPTOR: i32 = 30;
/// The number under which an open directory is left to the command.
pub const DIRECTORY_DESCRIPTOR: i32 = 31;
/// What the inner side appends to files that it can write.
pub const MARK: &str = "\nwritten from inside";
/// Longer than any runtime needs to start.
const DEADLINE: Duration = Duration::from_secs(60);

/// Everything planted, cleared away when dropped.
pub struct Canaries {
    values: Values,
    directories: Vec<(&'static str, TempDir)>,
    open: Vec<(i32, OwnedFd)>,
    listeners: Vec<UnixListener>,
    segment: Option<i32>,
    queue: Option<CString>,
}

impl Drop for Canaries {
    fn drop(&mut self) {
        let segment = self.segment.map_or(Ok(()), ipc::shm_remove);
        let queue = self.queue.as_deref().map_or(Ok(()), ipc::mq_unlink);
        for error in [segment, queue].into_iter().filter_map(Result::err) {
            eprintln!("a canary stays behind: {error}");
        }
    }
}

impl Canaries {
    /// Plants one of each kind.
    pub fn plant() -> io::Result<Self> {
        let unique = std::process::id();
        let token = format!("canary-{unique}-{}", now()?);
        let mut canaries = Self {
            values: Values::default(),
            directories: Vec::new(),
            open: Vec::new(),
            listeners: Vec::new(),
            segment: None,
            queue: None,
        };
        for (name, place) in PLACES {
            // A machine without the place has nothing to be reached there.
            if Path::new(place).is_dir() {
                canaries.plant_files(name, place, &token)?;
            }
        }
        let (_, first) = canaries.directories.first().ok_or_else(|| io::Error::other("no /tmp"))?;
        let file = OpenOptions::new().read(true).append(true).open(first.path().join("file"))?;
        let directory = File::open(first.path())?;
        canaries.open = vec![(FILE_DESCRIPTOR, file.into()), (DIRECTORY_DESCRIPTOR, directory.into())];

        let key = 0x0DEB_0000_i32 ^ unique as i32;
        let id = ipc::shmget(key, 4096, libc::IPC_CREAT | libc::IPC_EXCL | 0o666)?;
        canaries.segment = Some(id);
        ipc::shm_write(id, token.as_bytes())?;
        let queue = format!("denybox-probe-{unique}");
        let name = CString::new(queue.as_str())?;
        ipc::mq_open(&name, libc::O_CREAT | libc::O_EXCL | libc::O_RDWR)?;
        canaries.queue = Some(name);
        let abstract_name = format!("denybox-probe-{unique}");
        let address = SocketAddr::from_abstract_name(&abstract_name)?;
        canaries.listeners.push(UnixListener::bind_addr(&address)?);
        let told = [
            ("token", token),
            ("key", key.to_string()),
            ("id", id.to_string()),
            ("queue", queue),
            ("abstract", abstract_name),
        ];
        canaries.values.0.extend(told.map(|(name, value)| (name.to_owned(), value)));
        Ok(canaries)
    }

    /// A file, a program and a socket that everybody may use, in a directory that everybody may enter.
    fn plant_files(&mut self, name: &'static str, place: &str, token: &str) -> io::Result<()> {
        let directory = tempfile::Builder::new().prefix("denybox-probe-").tempdir_in(place)?;
        let below = |name: &str| directory.path().join(name);
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777))?;
        fs::write(below("file"), token)?;
        fs::set_permissions(below("file"), fs::Permissions::from_mode(0o666))?;
        fs::copy("/usr/bin/true", below("program"))?;
        fs::set_permissions(below("program"), fs::Permissions::from_mode(0o755))?;
        self.listeners.push(UnixListener::bind(below("socket"))?);
        fs::set_permissions(below("socket"), fs::Permissions::from_mode(0o777))?;
        self.values.0.insert(name.to_owned(), directory.path().display().to_string());
        self.directories.push((name, directory));
        Ok(())
    }

    /// Whether the file planted as `name` was written to since.
    fn was_written(&self, name: &str) -> io::Result<bool> {
        let found = self.directories.iter().find(|(known, _)| *known == name);
        let (_, directory) = found.ok_or_else(|| io::Error::other(format!("nothing planted as {name}")))?;
        Ok(fs::read_to_string(directory.path().join("file"))?.contains(MARK))
    }

    /// Runs the inner side by `command`, to which the values are appended, in `directory`.
    pub fn run(&self, command: &[String], directory: &Path) -> Result<Vec<Cell>, String> {
        let (program, arguments) = command.split_first().ok_or("no command")?;
        let output = tempfile::tempfile().map_err(|error| error.to_string())?;
        let errors = tempfile::tempfile().map_err(|error| error.to_string())?;
        let copy = |file: &File| file.try_clone().map_err(|error| error.to_string());
        let mut child = Command::new(program);
        child.args(arguments).args(self.values.0.iter().map(|(name, value)| format!("{name}={value}")));
        child.current_dir(directory).stdin(Stdio::null()).stdout(copy(&output)?).stderr(copy(&errors)?);
        let handed: Vec<(i32, i32)> =
            self.open.iter().map(|(number, fd)| (*number, fd.as_raw_fd())).collect();
        // SAFETY: between fork and exec only dup2 and fcntl are called.
        unsafe {
            child.pre_exec(move || {
                for (number, fd) in &handed {
                    // A descriptor that already has its number would keep its close-on-exec flag.
                    if libc::dup2(*fd, *number) < 0 || libc::fcntl(*number, libc::F_SETFD, 0) < 0 {
                        return Err(io::Error::last_os_error());
                    }
                }
                Ok(())
            });
        }
        let status = bounded(child)?;
        let said = text(output)?;
        let mut cells: Vec<Cell> = said.lines().filter_map(Cell::from_json).collect();
        if cells.is_empty() {
            return Err(format!("{program} ended with {status} and no answer: {}", text(errors)?.trim()));
        }
        self.verify(&mut cells)?;
        Ok(cells)
    }

    /// What the inner side believes to have written has to be seen from here.
    fn verify(&self, cells: &mut [Cell]) -> Result<(), String> {
        for cell in cells.iter_mut().filter(|cell| cell.action == "write" && cell.reach == Reach::Host) {
            if PLACES.iter().any(|(name, _)| *name == cell.resource)
                && !self.was_written(&cell.resource).map_err(|error| error.to_string())?
            {
                cell.reach = Reach::Private;
            }
        }
        Ok(())
    }
}

/// Nanoseconds since the epoch, to tell runs apart.
fn now() -> io::Result<u128> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map(|since| since.as_nanos()).map_err(io::Error::other)
}

/// The whole of a file that another process wrote through the same offset.
fn text(mut file: File) -> Result<String, String> {
    use std::io::{Read, Seek};
    let mut whole = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut whole)).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&whole).into_owned())
}

/// Waits for the end of a command, or kills it at the deadline.
fn bounded(mut command: Command) -> Result<std::process::ExitStatus, String> {
    let program = PathBuf::from(command.get_program());
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
    let deadline = Instant::now() + DEADLINE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
            Ok(None) => {
                let ended = child.kill().and_then(|()| child.wait());
                return Err(format!("{} killed after {DEADLINE:?}: {ended:?}", program.display()));
            }
            Err(error) => return Err(format!("{}: {error}", program.display())),
        }
    }
}
