//! What comes from inside a box: /proc files of its processes, and messages of its PID 1.

use std::io::ErrorKind;
use std::os::fd::AsFd;

use denybox_sandbox::channel::Channel;
use denybox_sandbox::message::{News, Order};
use denybox_sandbox::proc_files::{LONGEST_ARGUMENT, MOST_ARGUMENTS, arguments, call, status};
use rustix::net::{SendFlags, Shutdown, send, shutdown};

use crate::text;

/// Whatever a process calls itself: numbers are the kernel's, and no more is kept than there is room for.
pub fn processes(data: &[u8]) {
    let text = text(data);
    if let Some(call) = call(&text) {
        let words: Vec<String> =
            call.arguments.iter().chain(&call.at).map(|number| format!("{number:#x}")).collect();
        let written = format!("{} {}\n", call.number, words.join(" "));
        assert_eq!(denybox_sandbox::proc_files::call(&written), Some(call), "{text:?}");
    }
    if let Some(status) = status(data) {
        assert!(status.process >= 0 && status.parent >= 0 && status.innermost.is_none_or(|own| own >= 0));
    }
    // The thread's name is the box's to choose; the kernel writes a newline in it as `\n`.
    let name = text.replace('\\', "\\\\").replace('\n', "\\n");
    let written = format!("Name:\t{name}\nUmask:\t0022\nTgid:\t71\nPPid:\t70\nNSpid:\t71\t2\n");
    let named = status(written.as_bytes()).map(|status| (status.process, status.parent, status.innermost));
    assert_eq!(named, Some((71, 70, Some(2))), "the name {name:?} changes who it is");

    for room in [0, 1, 100, 8192] {
        let mut left = room;
        let kept = arguments(data, &mut left);
        assert!(kept.len() <= MOST_ARGUMENTS);
        assert_eq!(kept.iter().map(String::len).sum::<usize>() + left, room, "{text:?}");
        // A byte that is no UTF-8 is shown as a character of three.
        assert!(kept.iter().all(|argument| argument.len() <= 3 * LONGEST_ARGUMENT));
    }
    let mut left = usize::MAX;
    let whole = arguments(data, &mut left);
    let longest = text.split('\0').map(str::len).max().unwrap_or_default();
    if longest < LONGEST_ARGUMENT && text.split('\0').count() < MOST_ARGUMENTS && !text.is_empty() {
        assert_eq!(whole.join("\0"), text.strip_suffix('\0').unwrap_or(&text));
    }
}

/// Whatever arrives on a channel: messages, an end, or an error; never a wait, never more than was sent.
pub fn messages(data: &[u8]) {
    received::<News>(data);
    received::<Order>(data);
}

fn received<T: serde::de::DeserializeOwned>(data: &[u8]) {
    // More than this would wait for somebody to read.
    let data = data.get(..64 << 10).unwrap_or(data);
    let Ok((one, other)) = Channel::pair() else { panic!("no channel") };
    let sent = send(one.as_fd(), data, SendFlags::NOSIGNAL);
    assert_eq!(sent, Ok(data.len()));
    assert!(shutdown(one.as_fd(), Shutdown::Both).is_ok());
    // Each message has a header.
    for _ in 0..=data.len() {
        match other.receive::<T>() {
            Ok(Some((_, descriptors))) => assert!(descriptors.is_empty(), "descriptors out of nothing"),
            Ok(None) => return,
            Err(error) => {
                let kinds = [ErrorKind::UnexpectedEof, ErrorKind::InvalidData];
                assert!(kinds.contains(&error.kind()), "{error}");
                return;
            }
        }
    }
    panic!("more messages than bytes");
}
