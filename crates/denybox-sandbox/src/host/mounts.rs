//! The mount table: which file system stands where, proc_pid_mountinfo(5).

use denybox_core::path::AbsPath;

/// One line of the mount table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// The file system: `major:minor`.
    pub device: String,
    /// Which directory of that file system is shown.
    pub root: AbsPath,
    /// Where it is shown.
    pub at: AbsPath,
    /// The file system's type.
    pub kind: String,
    /// Options of the whole file system, separated by commas.
    pub options: String,
}

/// Every mount of a table that a path can lead to, in the table's order: of several at one place the last one counts.
pub fn table(text: &str) -> impl Iterator<Item = Mounted> {
    text.lines().filter_map(line)
}

/// Reads one line: number, parent, device, root, mount point, options, optional fields, a dash, type, source, options of
/// the file system. `None` for what no path names: a namespace's file (`net:[4026531840]`), or a root above what this
/// process may see (`/..`, cgroup_namespaces(7)).
pub fn line(line: &str) -> Option<Mounted> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(2);
    let device = place.next()?.to_owned();
    let root = place.next().map(unescape).filter(|root| root.split('/').all(|part| part != ".."))?;
    let at = place.next().map(unescape)?;
    let mut kind = kind.split(' ');
    Some(Mounted {
        device,
        root: AbsPath::new(&root).ok()?,
        at: AbsPath::new(&at).ok()?,
        kind: kind.next()?.to_owned(),
        options: kind.nth(1)?.to_owned(),
    })
}

/// The table writes space, tab, newline and backslash as `\ooo`.
pub fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let digits = after.get(..3).filter(|digits| digits.bytes().all(|digit| matches!(digit, b'0'..=b'7')));
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(u8::is_ascii) {
            Some(byte) => {
                plain.push(char::from(byte));
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                plain.push('\\');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}
