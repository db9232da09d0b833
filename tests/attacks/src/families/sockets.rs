//! Listeners outside of the box.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use crate::attack::{Attack, Outcome, Values, Verdict};
use crate::stage::Stage;

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
