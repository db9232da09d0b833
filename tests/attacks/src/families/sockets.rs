//! Listeners outside of the box.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use crate::attack::{Attack, BLOCKED, Broken, Outcome, Values, Verdict};
use crate::stage::{Aftermath, Stage};

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("abstract-socket", &["net-namespace", "landlock-scope"], connect_abstract)
        .prepare(listen_abstract),
    Attack::new("abstract-socket-host-net", &["landlock-scope"], connect_abstract)
        .options(&["--net", "host"])
        .prepare(listen_abstract),
    Attack::new("abstract-list", &["net-namespace"], list_abstract).prepare(listen_abstract),
    Attack::new("loopback", &["net-namespace"], connect_loopback).prepare(listen_loopback),
    Attack::new("tmp-socket", &["seal"], connect_path).prepare(listen_tmp),
    Attack::new("shown-socket-unreported", &[], connect_shown)
        .options(&[
            "--ro",
            "{shown}",
            "--because",
            "an attack asks for it",
            "--report",
            "json",
            "--report-file",
            "{report}",
        ])
        .prepare(listen_shown)
        .judged(reported),
];

/// Listens on an abstract name.
fn listen_abstract(stage: &mut Stage) -> io::Result<()> {
    let name = format!("denybox-attack-{}", std::process::id());
    let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    stage.hold(listener);
    stage.set("name", name);
    Ok(())
}

/// Connects to an abstract name, which no file's permissions guard.
fn connect_abstract(values: &Values) -> Outcome {
    let address = SocketAddr::from_abstract_name(values.text("name")?)?;
    Ok(Verdict::of("connect to the host's abstract socket", UnixStream::connect_addr(&address)))
}

/// Lists the host's abstract names.
fn list_abstract(values: &Values) -> Outcome {
    let name = values.text("name")?;
    let table = fs::read_to_string("/proc/net/unix");
    Ok(match table {
        Ok(text) if text.contains(name) => Verdict::Succeeded("the host's name is listed".to_owned()),
        Ok(_) => Verdict::Blocked("the host's name isn't listed".to_owned()),
        Err(error) => Verdict::Blocked(format!("read /proc/net/unix: {error}")),
    })
}

/// Listens on the loopback interface.
fn listen_loopback(stage: &mut Stage) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    stage.set("port", listener.local_addr()?.port());
    stage.hold(listener);
    Ok(())
}

/// Connects to what the host believes nobody else can reach.
fn connect_loopback(values: &Values) -> Outcome {
    let port = u16::try_from(values.number("port")?).unwrap_or(0);
    Ok(Verdict::of("connect to the host's loopback listener", TcpStream::connect(("127.0.0.1", port))))
}

/// Listens below /tmp.
fn listen_tmp(stage: &mut Stage) -> io::Result<()> {
    let path = stage.directory_in("/tmp")?.join("socket");
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777))?;
    stage.hold(listener);
    stage.set("socket", path.display());
    Ok(())
}

/// Connects to it.
fn connect_path(values: &Values) -> Outcome {
    let path = values.text("socket")?;
    Ok(Verdict::of(&format!("connect to {path}"), UnixStream::connect(path)))
}

/// Listens in a directory that the box is shown read-only, which doesn't keep anybody from connecting.
fn listen_shown(stage: &mut Stage) -> io::Result<()> {
    let shown = stage.directory.join("shown");
    fs::create_dir(&shown)?;
    let path = shown.join("socket");
    stage.hold(UnixListener::bind(&path)?);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777))?;
    stage.set("shown", shown.display());
    stage.set("socket", path.display());
    Ok(())
}

/// Connects to it, which has to work: what matters is that the box's owner is told.
fn connect_shown(values: &Values) -> Outcome {
    UnixStream::connect(values.text("socket")?)?;
    Ok(Verdict::Blocked("to be judged from outside".to_owned()))
}

/// Blocked if the report names the socket.
fn reported(after: &Aftermath<'_>) -> Outcome {
    after.expect_status(i32::from(BLOCKED))?;
    let path = after.stage.values.text("socket")?;
    let report = after.report()?;
    let notices = report.get("notices").ok_or_else(|| Broken("the report has no notices".to_owned()))?;
    Ok(if notices.to_string().contains(path) {
        Verdict::Blocked("the report names the socket".to_owned())
    } else {
        Verdict::Succeeded(format!("connected to {path}, and no notice of it: {notices}"))
    })
}
