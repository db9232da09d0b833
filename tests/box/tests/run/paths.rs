//! What is shown of the host, and what can't be.

use std::os::unix::net::UnixListener;

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, Stop, check, same};

pub const CHECKS: &[Check] = &[
    ("paths/workspace", workspace),
    ("paths/read-only", read_only),
    ("paths/read-write", read_write),
    ("paths/sockets", sockets_are_reported),
    ("paths/guarded", guarded),
    ("paths/guarded-by-link", guarded_by_link),
    ("paths/guarded-by-mount", guarded_by_mount),
    ("paths/workspace-in-scratch", workspace_in_scratch),
    ("paths/shown-in-scratch-needs-a-reason", shown_in_scratch_needs_a_reason),
    ("paths/link-in-workspace-leads-nowhere", link_in_workspace_leads_nowhere),
];

fn workspace(room: &Room<'_>) -> Checked {
    room.write("work/below/file", "text\n")?;
    room.write("beside/file", "beside")?;
    let script = format!(
        "pwd; cat below/file; echo new > made; mkdir d; mv made d; cat {0}/file 2>/dev/null; ls -A {1}",
        room.beside.display(),
        room.workspace.parent().unwrap_or(&room.workspace).display(),
    );
    // The home stands beside it, and nothing else.
    room.shell(&[], &script).end()?.prints(&format!("{}\ntext\nhome\nwork", room.workspace.display()))?;
    same("what was made", std::fs::read_to_string(room.workspace.join("d/made"))?.trim(), "new")?;
    // It belongs to the caller, also where root's box is another user of the host.
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(room.workspace.join("d/made"))?);
    same("its owner", owner, room.caller.uid())?;
    // A directory below it is where a caller who stands there starts.
    let below = room.workspace.join("below").display().to_string();
    let work = room.workspace.display().to_string();
    let ended = room
        .denybox(&["--workspace", &work, "--", "pwd"])
        .by(&["sh", "-c", "cd below && exec \"$@\"", "sh"])
        .end()?;
    ended.prints(&below)
}

fn read_only(room: &Room<'_>) -> Checked {
    let file = room.write("beside/shown/file", "text\n")?.display().to_string();
    let place = room.beside.join("shown").display().to_string();
    let script = format!(
        "cat {file} 2>/dev/null; (echo x >> {file}) 2>/dev/null && echo written; (: > {place}/new) 2>/dev/null && echo made; true"
    );
    room.shell(&[], &script).end()?.prints("")?;
    let ended = room.shell(&["--ro", &place], &script).end()?;
    ended.prints("text")?;
    room.shell(&["--ro", &file], &script).end()?.prints("text")?;
    let ended = room.shell(&["--rw", &place], &script).end()?;
    ended.prints("text\nwritten\nmade")
}

fn read_write(room: &Room<'_>) -> Checked {
    let file = room.write("beside/shown/file", "text\n")?.display().to_string();
    let ended = room.shell(&["--rw", &file], &format!("echo changed > {file}")).end()?;
    ended.is(0)?;
    same("the file", std::fs::read_to_string(&file)?.trim(), "changed")?;
    // A read-only place in a writable one stays so, and the other way round.
    let inner = room.write("beside/shown/inner/file", "inner")?.display().to_string();
    let (outer, inside) = (room.beside.join("shown"), room.beside.join("shown/inner"));
    let (outer, inside) = (outer.display().to_string(), inside.display().to_string());
    let script = format!(
        "(echo x > {file}) 2>/dev/null && echo outer; (echo x > {inner}) 2>/dev/null && echo inner; true"
    );
    room.shell(&["--rw", &outer, "--ro", &inside], &script).end()?.prints("outer")?;
    room.shell(&["--ro", &outer, "--rw", &inside], &script).end()?.prints("inner")
}

fn sockets_are_reported(room: &Room<'_>) -> Checked {
    let place = room.beside.join("s");
    room.caller.make_directory(&place)?;
    let text = place.display().to_string();
    let ended = room.denybox(&["--ro", &text, "--", "true"]).end()?;
    ended.is(0)?;
    check(!ended.stderr.contains("socket"), || format!("the control mentions a socket: {ended}"))?;
    let path = place.join("agent.sock");
    // unix(7): a socket's name has 108 bytes.
    if path.as_os_str().len() > 107 {
        return Err(Stop::Skip("the build directory's name is too long for a socket".to_owned()));
    }
    let listener = UnixListener::bind(&path)?;
    for option in ["--ro", "--rw"] {
        let ended = room.denybox(&[option, &text, "--", "true"]).end()?;
        ended.is(0)?;
        let notices = ended.list("/notices");
        check(notices.iter().any(|notice| notice.to_string().contains("agent.sock")), || {
            format!("{option} doesn't report the socket: {:#}", ended.report)
        })?;
        ended.says("agent.sock")?;
    }
    drop(listener);
    Ok(())
}

/// Fails unless each option with `path` is refused, and nothing ran.
fn is_guarded(room: &Room<'_>, prelude: &str, path: &str) -> Checked {
    for option in ["--workspace", "--ro", "--rw"] {
        let ended =
            room.denybox(&[option, path, "--because", "test", "--", "touch", "ran"]).after(prelude).end()?;
        ended.is_refused("guarded-path").map_err(|stop| match stop {
            Stop::Fail(why) => Stop::from(format!("{option} {path}: {:?}", why.message())),
            skip => skip,
        })?;
        check(ended.stderr.contains(path) || ended.stderr.contains("denybox:"), || {
            format!("without a word: {ended}")
        })?;
    }
    same("a command ran", room.workspace.join("ran").exists(), false)
}

fn guarded(room: &Room<'_>) -> Checked {
    let home = room.home.display().to_string();
    let above = room.home.parent().unwrap_or(&room.home).display().to_string();
    for path in [
        "/",
        "/tmp",
        "/var/tmp",
        "/dev/shm",
        "/dev",
        "/tmp/",
        "/var/../tmp",
        "//tmp/.",
        "/var",
        &home,
        &above,
    ] {
        is_guarded(room, "", path)?;
    }
    // What merely lies below home is a workspace like any other.
    room.caller.make_directory(&room.home.join("project"))?;
    let project = room.home.join("project").display().to_string();
    room.denybox(&["--workspace", &project, "--", "pwd"]).end()?.prints(&project)
}

fn guarded_by_link(room: &Room<'_>) -> Checked {
    let link = |name: &str, to: &std::path::Path| -> Result<String, Stop> {
        let path = room.beside.join(name);
        std::os::unix::fs::symlink(to, &path)?;
        Ok(path.display().to_string())
    };
    is_guarded(room, "", &link("to-tmp", "/tmp".as_ref())?)?;
    is_guarded(room, "", &link("to-root", "/".as_ref())?)?;
    is_guarded(room, "", &link("to-home", &room.home)?)?;
    is_guarded(room, "", &link("twice", &room.beside.join("to-tmp"))?)?;
    let good = link("to-work", &room.workspace)?;
    room.denybox(&["--workspace", &good, "--", "pwd"]).end()?.prints(&room.workspace.display().to_string())
}

fn guarded_by_mount(room: &Room<'_>) -> Checked {
    if !rustix::process::geteuid().is_root() {
        return Err(Stop::Skip("only root can mount".to_owned()));
    }
    for (name, source) in [("tmp", "/tmp"), ("shm", "/dev/shm"), ("home", &*room.home.display().to_string())]
    {
        let place = room.beside.join(format!("{name}/mounted"));
        room.caller.make_directory(&place)?;
        let holder = room.beside.join(name).display().to_string();
        let place = place.display().to_string();
        let bind = format!("mount --bind {source} {place}");
        is_guarded(room, &bind, &place)?;
        is_guarded(room, &bind, &holder)?;
        // The same place without the mount is nothing special.
        room.denybox(&["--workspace", &holder, "--", "pwd"]).end()?.prints(&holder)?;
        room.denybox(&["--ro", &place, "--", "true"]).after("true").end()?.is(0)?;
    }
    Ok(())
}

/// A directory of the caller's in /tmp, with a canary beside it.
fn in_scratch(room: &Room<'_>) -> Result<(tempfile::TempDir, String, String), Stop> {
    let folder = tempfile::Builder::new().prefix("denybox-boxes-").tempdir_in("/tmp")?;
    room.caller.make_directory(folder.path())?;
    let work = folder.path().join("work");
    room.caller.make_directory(&work)?;
    let canary = folder.path().join("canary");
    std::fs::write(&canary, "a canary")?;
    room.caller.own(&canary)?;
    let (work, canary) = (work.display().to_string(), canary.display().to_string());
    Ok((folder, work, canary))
}

fn workspace_in_scratch(room: &Room<'_>) -> Checked {
    let (folder, work, canary) = in_scratch(room)?;
    let above = folder.path().display();
    let name = folder.path().file_name().unwrap_or_default().display();
    room.outside(&format!("cat {canary}"))?.prints("a canary")?;
    let script = format!(
        "pwd; echo made > file; cat file; cat {canary} 2>/dev/null; \
         (: > {above}/new) 2>/dev/null && echo beside; (: > /tmp/new) 2>/dev/null && echo in tmp; \
         (ls -A /tmp; ls -A {above}) 2>/dev/null | grep -vx -e work -e {name}; mv {work} {above}/moved 2>/dev/null && echo moved; true"
    );
    room.shell(&["--workspace", &work], &script).end()?.prints(&format!("{work}\nmade"))?;
    same("the file", std::fs::read_to_string(folder.path().join("work/file"))?.trim(), "made")
}

fn shown_in_scratch_needs_a_reason(room: &Room<'_>) -> Checked {
    let (_folder, work, _) = in_scratch(room)?;
    std::fs::write(format!("{work}/file"), "shown")?;
    let script = format!("cat {work}/file; (: > {work}/new) 2>/dev/null && echo written; true");
    for (option, shown) in [("--ro", "shown"), ("--rw", "shownwritten")] {
        for reasons in [&[][..], &["--because", ""], &["--because", " \t"]] {
            let options: Vec<&str> = [option, &work].into_iter().chain(reasons.iter().copied()).collect();
            room.shell(&options, &script).end()?.is_refused("needs-reason")?;
        }
        let ended = room.shell(&[option, &work, "--because", "it builds there"], &script).end()?;
        ended.prints(shown)?;
    }
    Ok(())
}

fn link_in_workspace_leads_nowhere(room: &Room<'_>) -> Checked {
    let (_folder, _, canary) = in_scratch(room)?;
    let secret = room.write("beside/secret", "secret")?;
    for (name, to) in [("one", canary.as_ref()), ("two", secret.as_path())] {
        std::os::unix::fs::symlink(to, room.workspace.join(name))?;
    }
    room.outside("cat one two")?.prints("a canarysecret")?;
    room.shell(&[], "cat one two 2>/dev/null; (echo x > one) 2>/dev/null && echo written; true")
        .end()?
        .prints("")?;
    same("the canary", std::fs::read_to_string(&canary)?.trim(), "a canary")
}
