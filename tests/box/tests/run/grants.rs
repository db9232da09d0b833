//! Grants: refused without a reason, real with one, and no larger than they say.

use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Stdio;

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, Stop, check, same};

pub const CHECKS: &[Check] = &[
    ("grants/need-a-reason", need_a_reason),
    ("grants/scratch", scratch),
    ("grants/memory-file-systems", memory_file_systems),
    ("grants/inodes", inodes),
    ("grants/system-v", system_v),
    ("grants/posix-queues", posix_queues),
    ("grants/memfd", memfd),
    ("grants/directory", directory),
    ("grants/directory-of-the-wrong-kind", directory_of_the_wrong_kind),
    ("grants/directory-for-one-box", directory_for_one_box),
    ("grants/budget", budget),
    ("grants/never-the-hosts", never_the_hosts),
];

const REASON: [&str; 2] = ["--because", "the build needs it"];

/// A quarter of this machine's memory, bytes.
fn quarter() -> Result<u64, Stop> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB"));
    let total: u64 = total.ok_or("no MemTotal")?.trim().parse()?;
    Ok(total * 1024 / 4)
}

fn need_a_reason(room: &Room<'_>) -> Checked {
    let own = room.beside.join("own");
    room.caller.make_directory(&own)?;
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o700))?;
    let directory = format!("/tmp=dir:{}", own.display());
    for grant in [
        &["--scratch", "1M"][..],
        &["--grant", "/tmp=private,size=1M"],
        &["--grant", "/dev/shm=private,size=1M"],
        &["--grant", "/var/tmp=private,size=1M,exec"],
        &["--grant", "sysv-shm=private"],
        &["--grant", "sysv-sem=private"],
        &["--grant", "sysv-msg=private"],
        &["--grant", "posix-mq=private"],
        &["--grant", "memfd-exec"],
        &["--grant", &directory],
    ] {
        for reason in [&[][..], &["--because", ""], &["--because", " \n\u{200b}"], &["--because", "..."]] {
            let options: Vec<&str> = grant.iter().chain(reason).copied().collect();
            let ended = room.shell(&options, "touch ran").end()?;
            ended.is_refused("needs-reason")?;
            ended.says("--because")?;
            same("the command ran", room.workspace.join("ran").exists(), false)?;
        }
        let options: Vec<&str> = grant.iter().copied().chain(REASON).collect();
        room.shell(&options, "echo ran").end()?.prints("ran")?;
    }
    Ok(())
}

/// Shows that `place` holds exactly `bytes` and executes only with `execute`.
fn is_granted(room: &Room<'_>, options: &[&str], place: &str, bytes: u64, execute: bool) -> Checked {
    let witness = room.witness()?;
    let script = format!(
        "{witness} fill {place}/filled {bytes}; rm {place}/filled; cp /bin/true {place}/program; \
         {place}/program 2>/dev/null && echo executed; stat -f -c %T {place}; \
         grep \" {place} \" /proc/self/mountinfo | grep -c nosuid,nodev"
    );
    let executed = if execute { "executed\n" } else { "" };
    let ended = room.shell(&[options, &REASON].concat(), &script).end()?;
    ended.prints(&format!("{bytes} full\n{executed}tmpfs\n1"))?;
    // The same without the grant, as the control.
    let ended = room.shell(&[], &script).end()?;
    let works = ended.stdout.contains("full") || ended.stdout.contains("executed");
    check(!works, || format!("without the grant: {ended}"))
}

fn scratch(room: &Room<'_>) -> Checked {
    is_granted(room, &["--scratch", "1M"], "/run/denybox/scratch", 1 << 20, false)?;
    is_granted(room, &["--scratch", "64K"], "/run/denybox/scratch", 64 << 10, false)?;
    let script = "file=$(mktemp) && echo text > $file && case $file in /run/denybox/scratch/*) echo there;; esac; \
                  cat <<E | wc -c\n$(head -c 100000 /dev/zero | tr '\\0' x)\nE";
    room.denybox(&["--scratch", "1M", "--because", "test", "--", "bash", "-c", script])
        .end()?
        .prints("there\n100001")
}

fn memory_file_systems(room: &Room<'_>) -> Checked {
    for place in ["/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/srv/agent"] {
        let grant = format!("{place}=private,size=256K");
        is_granted(room, &["--grant", &grant], place, 256 << 10, false)?;
        // What is granted lets nothing else be written.
        let others = "for place in /tmp /var/tmp /dev/shm /run/lock; do (: > $place/x) 2>/dev/null && echo $place; done; true";
        let ended = room.shell(&["--grant", &grant, "--because", "test"], others).end()?;
        ended.prints(if place == "/srv/agent" { "" } else { place })?;
        same("the host has it", std::path::Path::new(place).join("filled").exists(), false)?;
    }
    is_granted(room, &["--grant", "/tmp=private,size=2M,exec"], "/tmp", 2 << 20, true)?;
    is_granted(room, &["--grant", "/tmp/deep/down=private,size=64K"], "/tmp/deep/down", 64 << 10, false)?;
    let beside = "(: > /tmp/x) 2>/dev/null || (: > /tmp/deep/x) 2>/dev/null || echo closed; echo hi > /tmp/deep/down/x && cat /tmp/deep/down/x";
    room.shell(&["--grant", "/tmp/deep/down=private,size=64K", "--because", "x1"], beside)
        .end()?
        .prints("closed\nhi")
}

fn inodes(room: &Room<'_>) -> Checked {
    let script = "n=0; while [ $n -lt 50 ] && (: > /tmp/f$n) 2>/dev/null; do n=$((n+1)); done; echo $n";
    // The directory itself is one.
    room.shell(&["--grant", "/tmp=private,size=1M,inodes=10", "--because", "test"], script)
        .end()?
        .prints("9")?;
    room.shell(&["--grant", "/tmp=private,size=1M", "--because", "test"], script).end()?.prints("50")
}

fn system_v(room: &Room<'_>) -> Checked {
    for (kind, option) in [("sysv-shm", "-M 4096"), ("sysv-sem", "-S 1"), ("sysv-msg", "-Q")] {
        let script = format!("ipcmk {option} > made 2>/dev/null && echo made; true");
        let grant = format!("{kind}=private");
        room.shell(&["--grant", &grant, "--because", "test"], &script).end()?.prints("made")?;
        let ended = room.shell(&[], &script).end()?;
        ended.prints("")?;
        check(
            ended.list("/denials").iter().any(|denial| denial.get("resource").is_some_and(|one| one == kind)),
            || format!("the denial of {kind} is not reported: {:#}", ended.report),
        )?;
        for other in ["sysv-shm", "sysv-sem", "sysv-msg", "posix-mq"].iter().filter(|other| **other != kind) {
            let grant = format!("{other}=private");
            room.shell(&["--grant", &grant, "--because", "test"], &script).end()?.prints("")?;
        }
    }
    Ok(())
}

fn posix_queues(room: &Room<'_>) -> Checked {
    let script = "import ctypes, os; c = ctypes.CDLL(None, use_errno=True); \
                  print(c.mq_open(b'/denybox-box-test', os.O_CREAT | os.O_RDWR, 0o600, None) >= 0, \
                  os.path.exists('/dev/mqueue/denybox-box-test'))";
    let run =
        |options: &[&str]| room.denybox(&[options, &["--", "/usr/bin/python3", "-c", script]].concat()).end();
    run(&["--grant", "posix-mq=private", "--because", "test"])?.prints("True True")?;
    let denied = run(&[])?;
    denied.prints("False False")?;
    check(
        denied.list("/denials").iter().any(|one| one.get("resource").is_some_and(|one| one == "posix-mq")),
        || format!("the denial is not reported: {:#}", denied.report),
    )?;
    let control = room.outside("ls /dev/mqueue 2>/dev/null")?;
    check(!control.stdout.contains("denybox-box-test"), || format!("the queue is the host's: {control}"))
}

fn memfd(room: &Room<'_>) -> Checked {
    let witness = room.witness()?;
    room.outside("./witness memfd")?.prints("executed")?;
    let denied = room.denybox(&["--", &witness, "memfd"]).end()?;
    check(denied.code != Some(0) && !denied.stdout.contains("executed"), || format!("{denied}"))?;
    let granted =
        room.denybox(&["--grant", "memfd-exec", "--because", "test", "--", &witness, "memfd"]).end()?;
    granted.prints("executed")
}

/// A directory that may be granted.
fn own_directory(room: &Room<'_>, name: &str) -> Result<std::path::PathBuf, Stop> {
    let path = room.beside.join(name);
    room.caller.make_directory(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
    Ok(path)
}

fn directory(room: &Room<'_>) -> Checked {
    let own = own_directory(room, "own")?;
    let grant = format!("/tmp=dir:{}", own.display());
    let script = "echo kept > /tmp/file; cp /bin/true /tmp/program; /tmp/program 2>/dev/null && echo executed; cat /tmp/file; \
                  (: > /var/tmp/x) 2>/dev/null && echo elsewhere; true";
    let ended = room.shell(&["--grant", &grant, "--because", "test"], script).end()?;
    ended.prints("kept")?;
    same("the file outside", std::fs::read_to_string(own.join("file"))?.trim(), "kept")?;
    check(ended.report.to_string().contains("size"), || {
        format!("the size isn't mentioned: {:#}", ended.report)
    })?;
    // The next box finds what the last one left.
    room.shell(&["--grant", &grant, "--because", "test"], "cat /tmp/file").end()?.prints("kept")?;
    let exec = format!("{grant},exec");
    room.shell(&["--grant", &exec, "--because", "test"], "true").end()?.is(77)
}

fn directory_of_the_wrong_kind(room: &Room<'_>) -> Checked {
    let refused = |path: &std::path::Path| -> Checked {
        let grant = format!("/tmp=dir:{}", path.display());
        let ended = room.shell(&["--grant", &grant, "--because", "test"], "touch ran").end()?;
        ended.is(77)?;
        check(!ended.list("/reasons").is_empty(), || format!("without a reason: {:#}", ended.report))?;
        same("the command ran", room.workspace.join("ran").exists(), false)
    };
    let path = own_directory(room, "directory")?;
    for mode in [0o755, 0o750, 0o701, 0o777, 0o1700, 0o500] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
        refused(&path)?;
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
    let file = room.write("beside/file", "")?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700))?;
    refused(&file)?;
    if rustix::process::geteuid().is_root() {
        let other = own_directory(room, "others")?;
        chown(&other, Some(12345), Some(12345))?;
        refused(&other)?;
    }
    // In shared scratch itself, by name or by link.
    let below = tempfile::Builder::new().prefix("denybox-boxes-").tempdir_in("/tmp")?;
    room.caller.own(below.path())?;
    refused(below.path())?;
    std::os::unix::fs::symlink(below.path(), room.beside.join("link"))?;
    refused(&room.beside.join("link"))?;
    refused(&room.home)?;
    let grant = format!("/tmp=dir:{}", path.display());
    room.shell(&["--grant", &grant, "--because", "test"], "echo good").end()?.prints("good")
}

fn directory_for_one_box(room: &Room<'_>) -> Checked {
    let own = own_directory(room, "own")?;
    let grant = format!("/tmp=dir:{}", own.display());
    let options = ["--grant", &grant, "--because", "test"];
    let mut first = room.shell(&options, "echo ready; exec sleep 1000").start(Stdio::null())?;
    first.wait_for("ready")?;
    let second = room.shell(&options, "touch ran").end()?;
    second.is(77)?;
    check(!second.list("/reasons").is_empty(), || format!("without a reason: {:#}", second.report))?;
    same("the command ran", room.workspace.join("ran").exists(), false)?;
    first.process.signal(libc::SIGTERM)?;
    first.end()?.is(143)?;
    room.shell(&options, "echo free again").end()?.prints("free again")
}

fn budget(room: &Room<'_>) -> Checked {
    let quarter = quarter()?;
    let run = |bytes: u64| {
        let size = format!("{bytes}");
        room.shell(&["--scratch", &size, "--because", "test"], "echo ran").end()
    };
    run(quarter + (1 << 20))?.is_refused("over-budget")?;
    // The limit of a control group around this test may be smaller than the machine.
    if denybox_box_tests::remains::has_smaller_memory_limit(quarter * 4) {
        run(1 << 20)?.prints("ran")?;
    } else {
        run(quarter - (1 << 20))?.prints("ran")?;
    }
    // What was limited counts, and the sum.
    let limited = |options: &[&str]| {
        room.shell(&[&["--memory", "64M", "--because", "test"], options].concat(), "echo ran").end()
    };
    limited(&["--scratch", "16M"])?.prints("ran")?;
    limited(&["--scratch", "16385K"])?.is_refused("over-budget")?;
    limited(&["--scratch", "8M", "--grant", "/dev/shm=private,size=8M"])?.prints("ran")?;
    limited(&["--scratch", "8M", "--grant", "/dev/shm=private,size=8193K"])?.is_refused("over-budget")
}

fn never_the_hosts(room: &Room<'_>) -> Checked {
    for grant in ["/tmp=host", "/dev/shm=host", "sysv-shm=host", "/srv=host", "abstract-unix=host"] {
        let ended = room.shell(&["--grant", grant, "--because", "test"], "touch ran").end()?;
        ended.is(77)?;
        same("the command ran", room.workspace.join("ran").exists(), false)?;
    }
    for grant in ["/tmp=private", "/dev/shm=private", "/tmp=private,exec", "/tmp=private,inodes=5"] {
        room.shell(&["--grant", grant, "--because", "test"], "touch ran").end()?.is_refused("unsized")?;
    }
    for grant in [
        "/=private,size=1M",
        "/dev=private,size=1M",
        "/proc/sys=private,size=1M",
        "/run/denybox=private,size=1M",
    ] {
        room.shell(&["--grant", grant, "--because", "test"], "touch ran").end()?.is(77)?;
    }
    same("a command ran", room.workspace.join("ran").exists(), false)
}
