//! Does what no ordinary program does: in a box as an agent, and around a denybox as a poorer kernel.

mod filters;

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let deed = words.next().unwrap_or_default();
    let words: Vec<OsString> = words.collect();
    let text = |at: usize| words.get(at).and_then(|word| word.to_str()).unwrap_or_default();
    let done = match deed.to_str().unwrap_or_default() {
        "under" => {
            filters::named(text(0)).and_then(|filter| under(&filter, words.get(1..).unwrap_or_default()))
        }
        "own-filter" => own_filter(),
        "flood" => flood(text(0), text(1), text(2)),
        "hostile" => hostile(),
        "eat" => eat(text(0)),
        "processes" => processes(text(0)),
        "loopback" => loopback(),
        "reach" => reach(text(0)),
        "memfd" => memfd(),
        "resume" => resume(),
        "fill" => fill(text(0), text(1)),
        other => Err(format!("no such deed: {other}").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("witness: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a program under a filter.
fn under(filter: &[denybox_sys::seccomp::Instruction], words: &[OsString]) -> Done {
    let (program, arguments) = words.split_first().ok_or("no program")?;
    rustix::thread::set_no_new_privs(true)?;
    denybox_sys::seccomp::install(filter, false)?;
    Err(Command::new(program).args(arguments).exec().into())
}

/// Loads a filter on top of the box's, as a browser does, and shows that it works.
fn own_filter() -> Done {
    let before = rustix::system::uname().sysname().to_bytes().to_vec();
    rustix::thread::set_no_new_privs(true)?;
    denybox_sys::seccomp::install(&filters::named("no-directories")?, false)?;
    let refused = std::fs::create_dir("made-under-the-filter").map_err(|error| error.raw_os_error());
    println!("{} {}", String::from_utf8_lossy(&before), refused == Err(Some(libc::ENOSYS)));
    Ok(())
}

/// Tries to create files: THREADS, how many each, and one NAME or, with a name that ends in `-`, many. Prints how many
/// were denied.
fn flood(threads: &str, each: &str, name: &str) -> Done {
    let (threads, each): (usize, usize) = (threads.parse()?, each.parse()?);
    let mut running = Vec::new();
    for thread in 0..threads {
        let name = name.to_owned();
        running.push(std::thread::spawn(move || {
            let denied = |number: usize| {
                let path =
                    if name.ends_with('-') { format!("{name}{thread}-{number}") } else { name.clone() };
                OpenOptions::new().write(true).create(true).truncate(false).open(path).is_err()
            };
            (0..each).filter(|number| denied(*number)).count()
        }));
    }
    let mut all = 0;
    for thread in running {
        all += thread.join().map_err(|_| "a thread failed")?;
    }
    println!("{all}");
    Ok(())
}

/// Meets denials with names that would steer a terminal.
fn hostile() -> Done {
    let names: [&[u8]; 6] = [
        b"line\nbreak",
        b"\x1b]0;title\x07\x1b[2J",
        b"\xff\xfe invalid",
        "\u{9b}31m\u{202e}reversed".as_bytes(),
        b"carriage\rreturn\x7f",
        &[b'n'; 255],
    ];
    for name in names {
        let path = PathBuf::from(OsString::from_vec([b"/tmp/".as_slice(), name].concat()));
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        println!("{}", opened.is_err());
    }
    Ok(())
}

/// Fills that many bytes of memory.
fn eat(bytes: &str) -> Done {
    let bytes: usize = bytes.parse()?;
    let mut held = Vec::new();
    held.try_reserve_exact(bytes)?;
    held.resize(bytes, 1_u8);
    println!("{}", held.iter().map(|byte| usize::from(*byte)).sum::<usize>());
    Ok(())
}

/// Starts that many processes that wait, prints how many there are, and ends them.
fn processes(most: &str) -> Done {
    let most: usize = most.parse()?;
    let mut running = Vec::new();
    for _ in 0..most {
        match Command::new("sleep").arg("1000").spawn() {
            Ok(child) => running.push(child),
            Err(_) => break,
        }
    }
    println!("{}", running.len());
    for mut child in running {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

/// Talks to itself over the loopback interface, and names the interfaces.
fn loopback() -> Done {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = TcpStream::connect(listener.local_addr()?)?;
    let (mut into, _) = listener.accept()?;
    out.write_all(b"hello")?;
    let mut heard = [0; 5];
    into.read_exact(&mut heard)?;
    let table = std::fs::read_to_string("/proc/net/dev")?;
    let names: Vec<&str> =
        table.lines().skip(2).filter_map(|line| line.split(':').next()).map(str::trim).collect();
    println!("{} {}", String::from_utf8_lossy(&heard), names.join(","));
    Ok(())
}

/// Connects to a port of this machine.
fn reach(port: &str) -> Done {
    TcpStream::connect(("127.0.0.1", port.parse::<u16>()?))?;
    println!("reached");
    Ok(())
}

/// Waits to be continued. One process, for a key that stops a shell just as it starts another stops neither wholly.
fn resume() -> Done {
    let signals = denybox_sys::signal::receive(&[libc::SIGCONT])?;
    println!("third");
    while denybox_sys::signal::next(signals.as_fd())?.is_none() {
        let mut polled = [rustix::event::PollFd::new(&signals, rustix::event::PollFlags::IN)];
        match rustix::event::poll(&mut polled, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    println!("resumed");
    Ok(())
}

/// Executes an anonymous file, memfd_create(2).
fn memfd() -> Done {
    let file = rustix::fs::memfd_create("program", rustix::fs::MemfdFlags::empty())?;
    rustix::io::write(&file, b"#!/bin/sh\necho executed\n")?;
    Err(Command::new(format!("/proc/self/fd/{}", file.as_raw_fd())).exec().into())
}

/// Fills a file to the byte: prints how many of BYTES fit, and whether one more does.
fn fill(path: &str, bytes: &str) -> Done {
    let bytes: usize = bytes.parse()?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut written = 0;
    while written < bytes {
        match file.write(&vec![1; (bytes - written).min(1 << 16)]) {
            Ok(count) => written += count,
            Err(error) => {
                println!("{written} {}", error.raw_os_error() == Some(libc::ENOSPC));
                return Ok(());
            }
        }
    }
    let more = file.write(b"x").err().and_then(|error| error.raw_os_error());
    println!("{written} {}", if more == Some(libc::ENOSPC) { "full" } else { "more" });
    Ok(())
}
