//! What users write: sizes, paths, resources, grants. What is read is what was meant, and is printed so that it reads back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test: a panic is how it fails")]

use denybox_core::grant::{Asked, Grant, GrantError};
use denybox_core::path::{AbsPath, PATH_MAX, PathError};
use denybox_core::resource::{IpcKind, Resource, ResourceError, SCRATCH_PATHS, scratch_tree};
use denybox_core::size::{Size, SizeError};
use denybox_core::surface::Limits;
use proptest::prelude::*;

#[test]
fn sizes_as_people_write_them() {
    for (text, bytes) in [
        ("1", 1),
        ("4096", 4096),
        ("007", 7),
        ("512K", 512 << 10),
        ("64m", 64 << 20),
        ("64MiB", 64 << 20),
        ("2GB", 2 << 30),
        ("1T", 1 << 40),
        ("12b", 12),
        ("9223372036854775807", i64::MAX as u64),
    ] {
        assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
    }
    for text in ["", "M", "-1", "+1", " 1", "1 ", "1.5G", "1KK", "0x10", "1e3", "١", "1P"] {
        assert_eq!(text.parse::<Size>(), Err(SizeError::Malformed(text.to_owned())));
    }
    for text in ["0", "0M", "000"] {
        assert_eq!(text.parse::<Size>(), Err(SizeError::Zero));
    }
    for text in ["9223372036854775808", "8388608T", "99999999999999999999999", "18446744073709551616K"] {
        assert_eq!(text.parse::<Size>(), Err(SizeError::TooLarge(text.to_owned())));
    }
}

#[test]
fn paths_in_normal_form() {
    for (text, normal) in [
        ("/", "/"),
        ("//", "/"),
        ("/.", "/"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("/a/./b//c/", "/a/b/c"),
        ("/tmp/../etc", "/etc"),
        ("/a/...", "/a/..."),
        ("/ü/漢 ", "/ü/漢 "),
    ] {
        assert_eq!(AbsPath::new(text).unwrap().as_str(), normal, "{text}");
    }
    for text in ["", "a", "./a", " /a", "~"] {
        assert_eq!(AbsPath::new(text), Err(PathError::NotAbsolute(text.to_owned())));
    }
    assert_eq!(AbsPath::new("/a\0b"), Err(PathError::Nul("/a\0b".to_owned())));
    let longest = format!("/{}", "x".repeat(PATH_MAX - 2));
    assert!(AbsPath::new(&longest).is_ok());
    assert_eq!(AbsPath::new(&format!("{longest}x")), Err(PathError::TooLong(PATH_MAX)));
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"/a\xff");
    assert!(matches!(AbsPath::from_path(odd.as_ref()), Err(PathError::NotUtf8(_))));
}

#[test]
fn below_goes_by_whole_components() {
    let path = |text: &str| AbsPath::new(text).unwrap();
    for (inner, outer, rest) in [
        ("/tmp", "/tmp", Some("")),
        ("/tmp/a/b", "/tmp", Some("a/b")),
        ("/tmpx", "/tmp", None),
        ("/tmp", "/tmp/a", None),
        ("/a", "/", Some("a")),
        ("/", "/", Some("")),
        ("/", "/a", None),
    ] {
        assert_eq!(path(inner).below(&path(outer)), rest, "{inner} in {outer}");
        assert_eq!(path(inner).is_below(&path(outer)), rest.is_some_and(|rest| !rest.is_empty()));
    }
    assert_eq!(path("/a/b").parent(), Some(path("/a")));
    assert_eq!(path("/a").parent(), Some(path("/")));
    assert_eq!(path("/").parent(), None);
}

#[test]
fn resources_by_name() {
    for kind in IpcKind::ALL {
        assert_eq!(kind.name().parse(), Ok(Resource::Ipc(kind)));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    for text in ["", "tmp", "sysv", "SYSV-SHM", "sysv-shm ", "posix_mq"] {
        assert_eq!(text.parse::<Resource>(), Err(ResourceError::Unknown(text.to_owned())));
    }
    assert!(matches!("/a\0".parse::<Resource>(), Err(ResourceError::Path(_))));
    for pattern in SCRATCH_PATHS {
        let tree = AbsPath::new(&pattern.replace('*', "1000")).unwrap();
        assert_eq!(scratch_tree(&tree).as_ref(), Some(&tree));
        assert_eq!(scratch_tree(&tree.join("a/b").unwrap()), Some(tree.clone()));
        assert_ne!(scratch_tree(&AbsPath::new(&format!("{tree}x/a")).unwrap()).as_ref(), Some(&tree));
        assert_eq!(scratch_tree(&tree.parent().unwrap()), None);
    }
}

#[test]
fn grants_as_people_write_them() {
    let tmp = || "/tmp".parse::<Resource>().unwrap();
    let bare = |resource, backing| Grant { resource, backing, limits: Limits::default(), execute: false };
    assert_eq!("/tmp=host".parse(), Ok(bare(tmp(), Asked::Host)));
    assert_eq!("memfd-exec".parse(), Ok(bare(Resource::Ipc(IpcKind::MemfdExec), Asked::Private)));
    assert_eq!("sysv-shm=private".parse(), Ok(bare(Resource::Ipc(IpcKind::SysvShm), Asked::Private)));
    let directory = Asked::Dir(AbsPath::new("/srv/agent").unwrap());
    assert_eq!("/x/../tmp=dir:/srv//agent".parse(), Ok(bare(tmp(), directory)));
    let limits = Limits { size: Some(Size(1 << 20)), inodes: Some(7) };
    for text in ["/tmp=private,size=1M,inodes=7,exec", "/tmp=private,exec,inodes=7,size=1024K"] {
        let all = Grant { limits, execute: true, ..bare(tmp(), Asked::Private) };
        assert_eq!(text.parse(), Ok(all));
    }

    let error = |text: &str| text.parse::<Grant>().unwrap_err();
    for text in ["", "/tmp", "/tmp=", "/tmp=,exec"] {
        assert!(matches!(error(text), GrantError::Malformed(_) | GrantError::Resource(_)), "{text}");
    }
    assert!(matches!(error("=private"), GrantError::Resource(_)));
    assert!(matches!(error("tmp=private"), GrantError::Resource(_)));
    for text in ["/tmp=Private", "/tmp=tmpfs", "/tmp=private ", "/tmp==private", "/a=b=private"] {
        assert!(matches!(error(text), GrantError::Backing(_)), "{text}");
    }
    for text in ["/tmp=dir:", "/tmp=dir:srv"] {
        assert!(matches!(error(text), GrantError::Directory(_)), "{text}");
    }
    assert!(matches!(error("/tmp=private,size=0"), GrantError::Size(SizeError::Zero)));
    for text in ["inodes=0", "inodes=", "inodes=-1", "inodes=x"] {
        assert!(matches!(error(&format!("/tmp=private,{text}")), GrantError::Inodes(_)), "{text}");
    }
    for text in ["", "suid", "exec=1", "mode=777", " exec"] {
        assert!(matches!(error(&format!("/tmp=private,{text}")), GrantError::Option(_)), "{text}");
    }
    for text in ["exec,exec", "size=1M,size=1M", "inodes=1,inodes=2"] {
        assert!(matches!(error(&format!("/tmp=private,{text}")), GrantError::Repeated(_)), "{text}");
    }
    for text in ["size=1M", "inodes=1", "exec"] {
        assert!(
            matches!(error(&format!("posix-mq=private,{text}")), GrantError::NotAFileSystem(_)),
            "{text}"
        );
    }
}

fn any_path() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec!["", ".", "..", "a", "tmp", "ü", "a b", "x=y", "..."]);
    prop::collection::vec(part, 0..8).prop_map(|parts| format!("/{}", parts.join("/")))
}

proptest! {
    #[test]
    fn sizes_print_as_they_read(bytes in prop_oneof![1_u64..=1 << 40, 1..=i64::MAX as u64], shift in 0_u32..40) {
        let size = Size(((bytes >> shift) << shift).max(1));
        prop_assert_eq!(size.to_string().parse(), Ok(size));
    }

    #[test]
    fn paths_normalise_once(text in any_path(), other in any_path()) {
        let (path, other) = (AbsPath::new(&text).unwrap(), AbsPath::new(&other).unwrap());
        prop_assert!(path.components().all(|part| !matches!(part, "" | "." | "..")));
        prop_assert_eq!(AbsPath::new(path.as_str()), Ok(path.clone()));
        prop_assert_eq!(path.is_at_or_below(&other), path.as_path().starts_with(other.as_path()));
        let joined = other.join(path.as_str()).unwrap();
        prop_assert_eq!(joined.below(&other), Some(path.relative()));
    }

    #[test]
    fn grants_print_as_they_read(
        path in any_path(),
        at in any_path(),
        size in prop::option::of(1..=i64::MAX as u64),
        inodes in prop::option::of(1_u64..),
        execute: bool,
        directory: bool,
    ) {
        let resource = Resource::Path(AbsPath::new(&path.replace('=', "-")).unwrap());
        let backing = if directory { Asked::Dir(AbsPath::new(&at).unwrap()) } else { Asked::Private };
        let grant = Grant { resource, backing, limits: Limits { size: size.map(Size), inodes }, execute };
        prop_assert_eq!(grant.to_string().parse(), Ok(grant));
    }

    #[test]
    fn no_text_breaks_a_parser(text in "\\PC{0,30}") {
        let _ = (text.parse::<Size>(), text.parse::<Resource>(), text.parse::<Grant>(), AbsPath::new(&text));
        if let Ok(grant) = format!("/tmp={text}").parse::<Grant>() {
            prop_assert_eq!(grant.resource, "/tmp".parse::<Resource>().unwrap());
        }
    }
}
