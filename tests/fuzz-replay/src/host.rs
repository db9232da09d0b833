//! What the host and its users have written down: mounts, control groups, sockets, git's configuration.

use denybox_core::path::AbsPath;
use denybox_sandbox::cgroup::{Group, group_1, group_2};
use denybox_sandbox::host::identity::{Committer, parse};
use denybox_sandbox::host::mounts::{self, unescape};
use denybox_sandbox::host::places::Places;
use denybox_sandbox::host::sockets as sockets_of;

use crate::text;

/// The kernel's way of writing a name into the mount table.
fn escape(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            ' ' | '\t' | '\n' | '\\' => format!("\\{:03o}", u32::from(character)),
            other => other.to_string(),
        })
        .collect()
}

/// A name survives the table, and nothing in a table makes a place out of what is none.
pub fn mount_table(data: &[u8]) {
    let text = text(data);
    assert_eq!(unescape(&escape(&text)), text);
    let mounts: Vec<_> = mounts::table(&text).collect();
    assert!(mounts.len() <= text.lines().count());
    for line in text.lines() {
        let Some(mounted) = mounts::line(line) else { continue };
        let written = format!(
            "1 2 {} {} {} rw - {} none {}",
            mounted.device,
            escape(mounted.root.as_str()),
            escape(mounted.at.as_str()),
            mounted.kind,
            mounted.options,
        );
        assert_eq!(mounts::line(&written).as_ref(), Some(&mounted), "{line:?}");
        assert!(!mounted.device.contains(' ') && !mounted.kind.contains(' '), "{line:?}");
    }
    // With whatever table: `/` is `/`.
    let Ok(root) = Places::of_table(&text, None).find(AbsPath::root().as_path()) else {
        panic!("/ isn't found");
    };
    assert!(root.directory && root.path == AbsPath::root() && !root.related.is_empty());
}

/// A control group that is found lies in a tree that is mounted, and is the one that was named.
pub fn control_groups(data: &[u8]) {
    let text = text(data);
    let (own, mounts) = text.split_once("\n\n").unwrap_or((&text, ""));
    for (group, version) in
        [(group_2(own, mounts), 2), (group_1(own, mounts, "memory"), 1), (group_1(own, mounts, "pids"), 1)]
    {
        let Some(Group { top, directory }) = group else { continue };
        assert!(directory.is_at_or_below(&top), "{directory} is outside {top}");
        let kind = if version == 2 { "cgroup2" } else { "cgroup" };
        let rest = directory.below(&top).unwrap_or_default();
        let named = |line: &str| {
            let path = line.splitn(3, ':').nth(2).unwrap_or_default();
            path.split('/').all(|part| part != "..")
                && AbsPath::new(path).is_ok_and(|path| path.as_str().ends_with(rest))
        };
        assert!(own.lines().any(named), "nobody named {rest:?}");
        assert!(
            mounts::table(mounts).any(|mount| mount.at == top && mount.kind == kind),
            "no {kind} at {top}"
        );
    }
}

/// Whatever processes of the host name their sockets: absolute paths come out, at most one a line.
pub fn sockets(data: &[u8]) {
    let text = text(data);
    let found: Vec<AbsPath> = sockets_of::named(&text).collect();
    assert!(found.len() <= text.lines().count());
    let name = format!("/{}", text.lines().next().unwrap_or_default());
    let Ok(path) = AbsPath::new(&name) else { return };
    let row = format!("0000000000000000: 00000002 00000000 00010000 0001 01 12345 {name}");
    assert_eq!(sockets_of::named(&row).collect::<Vec<_>>(), [path], "{row:?}");
}

/// A name and an address are single lines of plain text, and what the box is given says the same.
pub fn identity(data: &[u8]) {
    let text = text(data);
    let read = parse(&text);
    for value in [&read.name, &read.email].into_iter().flatten() {
        assert!(!value.is_empty() && !value.contains(char::is_control), "{value:?} of {text:?}");
    }
    match read.configuration() {
        None => assert_eq!(read, Committer::default(), "{text:?}"),
        Some(written) => {
            assert_eq!(parse(&written), read, "{text:?} becomes {written:?}");
            let keys = usize::from(read.name.is_some()) + usize::from(read.email.is_some());
            assert_eq!(written.lines().count(), keys + 1, "{text:?} adds lines: {written:?}");
        }
    }
}
