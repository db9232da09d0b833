//! The inner side: every action on every resource.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::{Command, Stdio};

use denybox_attacks::attack::{Broken, Values};
use denybox_attacks::kernel::descriptors::inherited;
use denybox_attacks::kernel::ipc;
use rustix::fs::{Dir, Mode, OFlags, openat};

use crate::cell::{Cell, Reach};
use crate::outside::{DIRECTORY_DESCRIPTOR, FILE_DESCRIPTOR, MARK};

/// The places that hold files, and the names that the table gives them.
pub const PLACES: [(&str, &str); 4] =
    [("tmp", "/tmp"), ("var-tmp", "/var/tmp"), ("dev-shm", "/dev/shm"), ("run-lock", "/run/lock")];

/// Tries everything.
pub fn explore(values: &Values) -> Result<Vec<Cell>, Broken> {
    let token = values.text("token")?;
    let mut cells = Vec::new();
    let mut note = |resource: &str, action: &str, reach: Reach| {
        cells.push(Cell { resource: resource.to_owned(), action: action.to_owned(), reach });
    };
    for (name, place) in PLACES {
        let Ok(canary) = values.text(name) else { continue };
        let place = Place { place, canary, token };
        note(name, "read", Reach::of(place.read(), || place.own_file()));
        note(name, "write", Reach::of(place.write(), || place.own_file()));
        note(name, "list", Reach::of(place.list(), || place.own_listing()));
        note(name, "execute", Reach::of(place.execute(), || place.own_program()));
        note(name, "connect", Reach::of(place.connect(), || place.own_socket()));
    }
    segment(values, &mut note)?;
    queue(values, &mut note)?;
    abstract_socket(values, &mut note)?;
    descriptors(token, &mut note);
    Ok(cells)
}

/// Stands for one of the probe's own objects where the resource can't have any.
fn none() -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOENT))
}

/// An error for something that was found and isn't what was looked for.
fn another() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOENT)
}

/// Whether `found` is so.
fn only_if(found: bool) -> io::Result<()> {
    if found { Ok(()) } else { Err(another()) }
}

/// A place for files: its path, the directory of canaries in it, what they say.
struct Place<'a> {
    place: &'a str,
    canary: &'a str,
    token: &'a str,
}

impl Place<'_> {
    fn own(&self, name: &str) -> String {
        format!("{}/denybox-probe-own-{}-{name}", self.place, std::process::id())
    }

    fn read(&self) -> io::Result<()> {
        only_if(fs::read_to_string(format!("{}/file", self.canary))?.starts_with(self.token))
    }

    fn write(&self) -> io::Result<()> {
        OpenOptions::new().append(true).open(format!("{}/file", self.canary))?.write_all(MARK.as_bytes())
    }

    fn own_file(&self) -> io::Result<()> {
        let path = self.own("file");
        fs::write(&path, self.token)?;
        let read = fs::read_to_string(&path);
        fs::remove_file(&path)?;
        only_if(read? == self.token)
    }

    fn list(&self) -> io::Result<()> {
        let name = self.canary.rsplit('/').next().unwrap_or_default();
        let mut entries = fs::read_dir(self.place)?;
        only_if(entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() == name)))
    }

    fn own_listing(&self) -> io::Result<()> {
        let path = self.own("listed");
        File::create(&path)?;
        let entries = fs::read_dir(self.place)
            .map(|entries| entries.flatten().any(|entry| entry.path().as_os_str() == path.as_str()));
        fs::remove_file(&path)?;
        only_if(entries?)
    }

    fn run(path: &str) -> io::Result<()> {
        let quiet = Stdio::null;
        let status = Command::new(path).stdin(quiet()).stdout(quiet()).stderr(quiet()).status()?;
        only_if(status.success())
    }

    fn execute(&self) -> io::Result<()> {
        Self::run(&format!("{}/program", self.canary))
    }

    fn own_program(&self) -> io::Result<()> {
        let path = self.own("program");
        fs::copy("/usr/bin/true", &path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        let ran = Self::run(&path);
        fs::remove_file(&path)?;
        ran
    }

    fn connect(&self) -> io::Result<()> {
        UnixStream::connect(format!("{}/socket", self.canary)).map(drop)
    }

    fn own_socket(&self) -> io::Result<()> {
        let path = self.own("socket");
        let listener = UnixListener::bind(&path)?;
        let connected = UnixStream::connect(&path);
        drop(listener);
        fs::remove_file(&path)?;
        connected.map(drop)
    }
}

/// Notes one cell.
type Note<'a> = dyn FnMut(&str, &str, Reach) + 'a;

/// The System V segment.
fn segment(values: &Values, note: &mut Note<'_>) -> Result<(), Broken> {
    let (key, id, token) = (values.number("key")?, values.text("id")?, values.text("token")?);
    let host = || ipc::shmget(key, 0, 0);
    let own = |work: &dyn Fn(i32) -> io::Result<()>| {
        let id = ipc::shmget(libc::IPC_PRIVATE, 4096, libc::IPC_CREAT | 0o600)?;
        let worked = work(id);
        ipc::shm_remove(id)?;
        worked
    };
    let listed = |id: &str| -> io::Result<()> {
        let table = fs::read_to_string("/proc/sysvipc/shm")?;
        only_if(table.lines().any(|line| line.split_whitespace().nth(1) == Some(id)))
    };
    let round = |id: i32| {
        ipc::shm_write(id, token.as_bytes())?;
        only_if(ipc::shm_read(id, token.len())? == token.as_bytes())
    };
    let read = host().and_then(|id| only_if(ipc::shm_read(id, token.len())? == token.as_bytes()));
    note("sysv-shm", "read", Reach::of(read, || own(&round)));
    // Writes what is there already.
    let write = host().and_then(|id| ipc::shm_write(id, token.as_bytes()));
    note("sysv-shm", "write", Reach::of(write, || own(&round)));
    // A box with a namespace of its own may give its first segment the same id: the key tells them apart.
    let key_text = key.to_string();
    let host_listed = fs::read_to_string("/proc/sysvipc/shm").and_then(|table| {
        only_if(table.lines().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some(key_text.as_str()) && words.next() == Some(id)
        }))
    });
    note("sysv-shm", "list", Reach::of(host_listed, || own(&|id| listed(&id.to_string()))));
    Ok(())
}

/// The POSIX queue.
fn queue(values: &Values, note: &mut Note<'_>) -> Result<(), Broken> {
    let text = values.text("queue")?;
    let name = CString::new(text).map_err(|error| Broken(error.to_string()))?;
    let own = || {
        let name = c"denybox-probe-own";
        ipc::mq_open(name, libc::O_CREAT | libc::O_RDWR)?;
        ipc::mq_unlink(name)
    };
    note("posix-mq", "read", Reach::of(ipc::mq_open(&name, libc::O_RDONLY), own));
    note("posix-mq", "write", Reach::of(ipc::mq_open(&name, libc::O_WRONLY), own));
    let path = "/dev/mqueue";
    let listed = fs::read_dir(path)
        .and_then(|entries| only_if(entries.flatten().any(|entry| entry.file_name() == text)));
    let own_listed = || {
        let file = format!("{path}/denybox-probe-own");
        File::create(&file)?;
        fs::remove_file(&file)
    };
    note("posix-mq", "list", Reach::of(listed, own_listed));
    Ok(())
}

/// The abstract socket.
fn abstract_socket(values: &Values, note: &mut Note<'_>) -> Result<(), Broken> {
    let name = values.text("abstract")?;
    let address = SocketAddr::from_abstract_name(name)?;
    let own_name = format!("denybox-probe-own-{}", std::process::id());
    let own_address = SocketAddr::from_abstract_name(&own_name)?;
    let own = || {
        let listener = UnixListener::bind_addr(&own_address)?;
        UnixStream::connect_addr(&own_address)?;
        drop(listener);
        Ok(())
    };
    note("abstract-unix", "connect", Reach::of(UnixStream::connect_addr(&address).map(drop), own));
    let listed = |name: &str| only_if(fs::read_to_string("/proc/net/unix")?.contains(name));
    let own_listed = || {
        let listener = UnixListener::bind_addr(&own_address)?;
        let found = listed(&own_name);
        drop(listener);
        found
    };
    note("abstract-unix", "list", Reach::of(listed(name), own_listed));
    Ok(())
}

/// The descriptors that were left open. Nothing of the probe's own could stand for them.
fn descriptors(token: &str, note: &mut Note<'_>) {
    let open = |number| -> io::Result<OwnedFd> {
        let fd: BorrowedFd<'_> = inherited(number)?;
        fd.try_clone_to_owned()
    };
    let read = open(FILE_DESCRIPTOR).and_then(|fd| {
        let mut text = String::new();
        File::from(fd).read_to_string(&mut text)?;
        only_if(text.starts_with(token))
    });
    note("open-fd", "read", Reach::of(read, none));
    let write = open(FILE_DESCRIPTOR).and_then(|fd| File::from(fd).write_all(MARK.as_bytes()));
    note("open-fd", "write", Reach::of(write, none));
    let list = open(DIRECTORY_DESCRIPTOR).and_then(|fd| {
        let mut entries = Dir::read_from(&fd)?;
        only_if(entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() == c"file")))
    });
    note("open-fd", "list", Reach::of(list, none));
    let execute = open(DIRECTORY_DESCRIPTOR).and_then(|fd| {
        let program = openat(fd.as_fd(), "program", OFlags::PATH, Mode::empty())?;
        use std::os::fd::AsRawFd;
        Place::run(&format!("/proc/{}/fd/{}", std::process::id(), program.as_raw_fd()))
    });
    note("open-fd", "execute", Reach::of(execute, none));
    let connect = open(DIRECTORY_DESCRIPTOR).and_then(|fd| {
        let socket = openat(fd.as_fd(), "socket", OFlags::PATH, Mode::empty())?;
        use std::os::fd::AsRawFd;
        UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd())).map(drop)
    });
    note("open-fd", "connect", Reach::of(connect, none));
}
