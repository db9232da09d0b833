//! What a user types: sizes, paths, resources, grants, variables.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use denybox_core::grant::{Asked, Grant};
use denybox_core::path::{AbsPath, PATH_MAX};
use denybox_core::resource::{IpcKind, Resource, SCRATCH_PATHS, scratch_tree};
use denybox_core::size::Size;

use crate::text;

/// The variables of a box. The file belongs to a program, which has no library to call.
#[allow(dead_code, reason = "the program uses all of it")]
#[path = "../../../crates/denybox/src/run/environment.rs"]
mod environment_of_a_box;

use environment_of_a_box::{EnvironmentError, Wanted, asked};

/// A size that is read is positive, no larger than any file can be, and printed as what reads back to it.
pub fn sizes(data: &[u8]) {
    let text = text(data);
    let Ok(size) = text.parse::<Size>() else { return };
    assert!(size.0 > 0 && size.0 <= i64::MAX as u64, "{text:?} is {}", size.0);
    assert_eq!(size.to_string().parse(), Ok(size), "{text:?} is printed as {size}");
    // What the text says, worked out another way.
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = text.chars().nth(digits.len()).map_or('B', |unit| unit.to_ascii_uppercase());
    let power = "BKMGT".find(unit).unwrap_or_else(|| panic!("{text:?} has the unit {unit}"));
    let expected = digits.parse::<u128>().unwrap_or(u128::MAX) * 1024_u128.pow(power as u32);
    assert_eq!(u128::from(size.0), expected, "{text:?}");
}

/// A path that is read is in normal form, and everything that is said about two of them agrees.
pub fn paths(data: &[u8]) {
    let text = text(data);
    let (one, other) = text.split_once('\n').unwrap_or((&text, "/tmp"));
    assert_eq!(AbsPath::from_path(Path::new(one)), AbsPath::new(one));
    if let Ok(resource) = one.parse::<Resource>() {
        assert_eq!(resource.to_string().parse(), Ok(resource.clone()), "{one:?}");
        assert_eq!(resource.path().is_some(), one.starts_with('/'), "{one:?}");
    } else {
        assert!(IpcKind::ALL.iter().all(|kind| kind.name() != one), "{one:?} is a kind");
    }
    let Ok(path) = AbsPath::new(one) else {
        assert!(!one.starts_with('/') || one.contains('\0') || one.len() >= PATH_MAX, "{one:?} is refused");
        return;
    };
    normal(&path, one);
    let Ok(other) = AbsPath::new(other) else { return };
    let below = path.below(&other);
    assert_eq!(below.is_some(), path.as_path().starts_with(other.as_path()), "{path} below {other}");
    assert_eq!(path.is_at_or_below(&other), below.is_some());
    assert_eq!(path.is_below(&other), below.is_some() && path != other);
    if let Some(rest) = below {
        assert_eq!(other.join(rest), Ok(path.clone()), "{other} and {rest:?}");
    }
    if let Ok(joined) = path.join(other.as_str()) {
        assert!(joined.is_at_or_below(&path), "{joined} is outside {path}");
        normal(&joined, one);
    }
}

fn normal(path: &AbsPath, from: &str) {
    assert!(path.as_str().starts_with('/') && path.as_str().len() < PATH_MAX, "{from:?}");
    assert!(
        path.components().all(|part| !matches!(part, "" | "." | "..") && !part.contains(['/', '\0'])),
        "{from:?}"
    );
    assert_eq!(path.as_str(), format!("/{}", path.components().collect::<Vec<_>>().join("/")), "{from:?}");
    assert_eq!(AbsPath::new(path.as_str()).as_ref(), Ok(path), "{from:?} isn't stable");
    match (path.parent(), path.name()) {
        (None, None) => assert_eq!(path, &AbsPath::root()),
        (Some(parent), Some(name)) => assert_eq!(parent.join(name).as_ref(), Ok(path)),
        halves => panic!("{path} has {halves:?}"),
    }
    // Once more by hand: the trees of shared scratch that cover it.
    let scratch = SCRATCH_PATHS.iter().find(|pattern| match pattern.strip_suffix("/*") {
        Some(parent) => path.as_path().starts_with(parent) && path.as_path() != Path::new(parent),
        None => path.as_path().starts_with(pattern),
    });
    assert_eq!(scratch_tree(path).is_some(), scratch.is_some(), "{path}");
    assert!(scratch_tree(path).is_none_or(|tree| path.is_at_or_below(&tree)), "{path}");
}

/// A grant that is read is for the resource that it names first, with the options that it lists, and reads back.
pub fn grants(data: &[u8]) {
    let text = text(data);
    let Ok(grant) = text.parse::<Grant>() else { return };
    assert_eq!(grant.to_string().parse(), Ok(grant.clone()), "{text:?} is printed as {grant}");
    let (resource, rest) = text.split_once('=').unwrap_or((&text, "private"));
    assert_eq!(resource.parse(), Ok(grant.resource.clone()), "{text:?}");
    let mut parts = rest.split(',');
    let backing = parts.next().unwrap_or_default();
    match &grant.backing {
        Asked::Private => assert_eq!(backing, "private"),
        Asked::Host => assert_eq!(backing, "host"),
        Asked::Dir(path) => {
            assert_eq!(backing.strip_prefix("dir:").map(AbsPath::new), Some(Ok(path.clone())))
        }
    }
    let options: Vec<&str> = parts.collect();
    assert_eq!(grant.execute, options.contains(&"exec"), "{text:?}");
    let given = |name: &str| options.iter().any(|option| option.starts_with(name));
    assert_eq!(grant.limits.size.is_some(), given("size="), "{text:?}");
    assert_eq!(grant.limits.inodes.is_some(), given("inodes="), "{text:?}");
    assert!(grant.limits.inodes != Some(0) && grant.limits.size != Some(Size(0)), "{text:?}");
    let listed = usize::from(grant.execute)
        + usize::from(grant.limits.size.is_some())
        + usize::from(grant.limits.inodes.is_some());
    assert_eq!(options.len(), listed, "{text:?}");
    assert!(listed == 0 || grant.resource.path().is_some(), "{text:?}");
}

/// Variables get in by `--env` alone or by being harmless, each once, and none that could not be given to a program.
pub fn environment(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == b'\n');
    let flags = parts.next().and_then(|flags| flags.first()).copied().unwrap_or_default();
    let mut caller: Vec<(OsString, OsString)> = Vec::new();
    let mut set: Vec<OsString> = Vec::new();
    for part in parts {
        match part.split_first() {
            // A caller's own variable: what the kernel hands over has a name, and each name once.
            Some((b'<', variable)) => {
                let at = variable.iter().position(|byte| *byte == b'=').unwrap_or(variable.len());
                let (name, value) = variable.split_at(at);
                let name = OsString::from_vec(name.to_vec());
                if !name.is_empty()
                    && !variable.contains(&0)
                    && caller.iter().all(|(known, _)| *known != name)
                {
                    caller.push((name, OsString::from_vec(value.get(1..).unwrap_or_default().to_vec())));
                }
            }
            _ => set.push(OsString::from_vec(part.to_vec())),
        }
    }
    let wanted = Wanted {
        clear: flags & 1 != 0,
        set: &set,
        scratch: flags & 2 != 0,
        home: (flags & 4 != 0).then_some("/home/u"),
        directory: "/home/u/project",
    };
    let found = |name: &OsStr| caller.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let made = match environment_of_a_box::environment(&caller, wanted) {
        Ok(made) => made,
        Err(EnvironmentError::Nul(text)) => return assert!(text.as_bytes().contains(&0)),
        Err(EnvironmentError::Nameless(text)) => {
            return assert!(text.is_empty() || text.as_bytes().starts_with(b"="));
        }
        Err(EnvironmentError::Unset(name)) => return assert!(found(&name).is_none()),
    };
    let asked = asked(&set, found).unwrap_or_else(|error| panic!("only one of two refused: {error}"));
    assert_eq!(asked.len(), set.len());
    for (at, (name, value)) in made.iter().enumerate() {
        assert!(!name.is_empty() && !name.as_bytes().contains(&b'='), "{name:?}");
        assert!(!name.as_bytes().contains(&0) && !value.as_bytes().contains(&0), "{name:?}");
        assert!(made.iter().skip(at.saturating_add(1)).all(|(other, _)| other != name), "{name:?} twice");
        if let Some((_, last)) = asked.iter().rev().find(|(asked, _)| asked == name) {
            assert_eq!(value, last, "{name:?} isn't what was asked for last");
            continue;
        }
        let text = name.to_string_lossy();
        assert!(!text.starts_with("LD_") && text != "BASH_ENV" && text != "NODE_OPTIONS", "{name:?} got in");
        let scratch = ["TMPDIR", "TMP", "TEMP", "TMPPREFIX", "TMUX_TMPDIR", "JAVA_TOOL_OPTIONS"];
        if scratch.contains(&&*text) {
            assert!(wanted.scratch && value.to_string_lossy().contains("/run/denybox/scratch"), "{name:?}");
        } else if text != "HOME" && text != "PWD" {
            assert_eq!(caller.iter().find(|(known, _)| known == name), Some(&(name.clone(), value.clone())));
            assert!(!wanted.clear || text != "OTHER", "{name:?} survived clearing");
        }
    }
    for (name, _) in &asked {
        assert!(made.iter().any(|(known, _)| known == name), "{name:?} was asked for");
    }
}
