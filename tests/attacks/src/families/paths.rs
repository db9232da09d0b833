//! The edge of the workspace: links, renames, `..`, and options that would open more than they seem to.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags, RenameFlags, openat, renameat_with};
use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};

use crate::attack::{Attack, Broken, Caller, Outcome, Prepare, Values, Verdict};
use crate::kernel::namespaces::unshare;
use crate::stage::{CANARY, Stage};

/// The reason given where an option asks for one, so that it isn't the missing reason that is refused.
const WHY: &str = "an attack asks for it";

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("link-to-host", &["mount-namespace"], read_by_link).prepare(plant_beside).unboxed(),
    Attack::new("link-in-path", &["mount-namespace"], read_by_directory_link).prepare(plant_beside).unboxed(),
    Attack::new("dot-dot", &["mount-namespace"], dot_dot).prepare(plant_beside).unboxed(),
    Attack::new("dot-dot-race", &["mount-namespace"], dot_dot_race).prepare(plant_beside).unboxed(),
    Attack::new("hard-link-in", &["mount-namespace"], hard_link)
        .options(&["--ro", "{shown}", "--because", WHY])
        .prepare(plant_shown)
        .unboxed(),
    Attack::new("read-only-write", &["mount-namespace"], shown_write)
        .options(&["--ro", "{shown}", "--because", WHY])
        .prepare(plant_shown)
        .unboxed(),
    guarded("workspace-tmp", &["--workspace", "{guarded}", "--because", WHY], plant_tmp),
    guarded("workspace-tmp-link", &["--workspace", "{link}", "--because", WHY], plant_tmp),
    guarded("workspace-home", &["--workspace", "{guarded}", "--because", WHY], plant_home),
    guarded("workspace-root", &["--workspace", "{guarded}", "--because", WHY], plant_root),
    guarded("writable-tmp", &["--rw", "{guarded}", "--because", WHY], plant_tmp),
    guarded("writable-shm", &["--rw", "{guarded}", "--because", WHY], plant_shm),
    guarded("writable-home", &["--rw", "{guarded}", "--because", WHY], plant_home),
    guarded("shown-tmp-link", &["--ro", "{link}", "--because", WHY], plant_tmp),
    guarded("workspace-swapped", &["--workspace", "{swapped}", "--because", WHY], plant_swapped).attempts(40),
    Attack::new("writable-alias", &["path-guard"], read_alias)
        .options(&["--rw", "{alias}", "--because", WHY])
        .prepare(plant_alias)
        .callers(&[Caller::Root])
        .refused(),
];

/// Success if `path` is the canary.
fn canary(path: &str) -> Outcome {
    Ok(match fs::read_to_string(path) {
        Ok(text) if text == CANARY => Verdict::Succeeded(format!("read {path}")),
        Ok(_) => Verdict::Blocked(format!("{path} is another file")),
        Err(error) => Verdict::Blocked(format!("read {path}: {error}")),
    })
}

/// Plants a canary beside the workspace.
fn plant_beside(stage: &mut Stage) -> io::Result<()> {
    let path = stage.directory.join("canary");
    stage.canary(&path)?;
    stage.set("file", path.display());
    let outside = stage.directory.display().to_string();
    stage.set("outside", outside);
    Ok(())
}

/// Reads through a symbolic link in the workspace.
fn read_by_link(values: &Values) -> Outcome {
    symlink(values.text("file")?, "link")?;
    canary("link")
}

/// Reads through a link that stands for a directory.
fn read_by_directory_link(values: &Values) -> Outcome {
    symlink(values.text("outside")?, "directory")?;
    canary("directory/canary")
}

/// The canary as seen from the workspace, by way of its parent.
fn from_above(values: &Values) -> Result<String, crate::attack::Broken> {
    let outside = values.text("outside")?;
    let name = outside.rsplit('/').next().unwrap_or_default();
    Ok(format!("../{name}/canary"))
}

/// Walks out by `..`.
fn dot_dot(values: &Values) -> Outcome {
    canary(&from_above(values)?)
}

/// Walks up by `..` from a deep directory while another thread moves that directory about, so that a walk that
/// counts levels instead of asking the kernel ends above the workspace.
fn dot_dot_race(values: &Values) -> Outcome {
    fs::create_dir_all("one/deep")?;
    fs::create_dir_all("two")?;
    let done = Arc::new(AtomicBool::new(false));
    let mover = {
        let done = Arc::clone(&done);
        thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                // Half of the moves find the directory elsewhere; the next one doesn't.
                let _ = fs::rename("one/deep", "deep");
                let _ = fs::rename("deep", "one/deep");
            }
        })
    };
    let goal = format!("../../{}", from_above(values)?);
    let deadline = Instant::now() + Duration::from_millis(300);
    let mut outcome = Verdict::Blocked("no walk left the workspace in 300 ms".to_owned());
    while Instant::now() < deadline {
        let Ok(deep) = openat(CWD, "one/deep", OFlags::PATH | OFlags::DIRECTORY, Mode::empty()) else {
            continue;
        };
        if openat(&deep, goal.as_str(), OFlags::RDONLY, Mode::empty()).is_ok() {
            outcome = Verdict::Succeeded(format!("opened one/deep/{goal} while it moved"));
            break;
        }
    }
    done.store(true, Ordering::Relaxed);
    // The mover only loops; it has nothing to report.
    let _ = mover.join();
    Ok(outcome)
}

/// Plants a canary in a directory that the box is shown read-only.
fn plant_shown(stage: &mut Stage) -> io::Result<()> {
    let shown = stage.directory.join("shown");
    fs::create_dir(&shown)?;
    stage.canary(&shown.join("canary"))?;
    stage.set("shown", shown.display());
    Ok(())
}

/// Links a file that is shown read-only into the workspace, where it would be writable.
fn hard_link(values: &Values) -> Outcome {
    let from = format!("{}/canary", values.text("shown")?);
    let linked = fs::hard_link(from, "linked").and_then(|()| OpenOptions::new().append(true).open("linked"));
    Ok(Verdict::of("hard link into the workspace", linked))
}

/// Opens for writing what is shown read-only.
fn shown_write(values: &Values) -> Outcome {
    let path = format!("{}/canary", values.text("shown")?);
    Ok(Verdict::of(&format!("open {path} for writing"), OpenOptions::new().append(true).open(&path)))
}

/// An attack that names a guarded place. The policy refuses these by name as well, so switching the path guard
/// off doesn't let them through; `writable-alias` shows that the guard alone matters where the name tells nothing.
const fn guarded(name: &'static str, options: &'static [&'static str], prepare: Prepare) -> Attack {
    Attack::new(name, &["path-guard"], read).options(options).prepare(prepare).misplaced()
}

/// A directory and a link to the caller's home that change places all the time: whoever judges the one and shows
/// the other has judged nothing. An agent whose workspace lies above could do that.
fn plant_swapped(stage: &mut Stage) -> io::Result<()> {
    plant_home(stage)?;
    if stage.ordinary {
        let place = stage.values.text("guarded").map_err(|Broken(text)| io::Error::other(text))?.to_owned();
        stage.set("swapped", place);
        return Ok(());
    }
    let swapped = stage.directory.join("swapped");
    fs::create_dir(&swapped)?;
    let link = stage.directory.join("link");
    // What is judged is the name, and the canary is looked for below it.
    let home = fs::read_link(&link)?;
    let file =
        std::path::PathBuf::from(stage.values.text("file").map_err(|Broken(text)| io::Error::other(text))?);
    let below = file.strip_prefix(&home).map_err(io::Error::other)?;
    stage.set("file", swapped.join(below).display());
    stage.set("swapped", swapped.display());
    let swapper = Swapper { done: Arc::new(AtomicBool::new(false)) };
    let done = Arc::clone(&swapper.done);
    stage.hold(swapper);
    thread::spawn(move || {
        while !done.load(Ordering::Relaxed) {
            // Gone with the stage at the end.
            let _ = renameat_with(CWD, &swapped, CWD, &link, RenameFlags::EXCHANGE);
        }
    });
    Ok(())
}

/// Stops swapping when dropped.
struct Swapper {
    done: Arc<AtomicBool>,
}

impl Drop for Swapper {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
    }
}

/// In /tmp.
fn plant_tmp(stage: &mut Stage) -> io::Result<()> {
    plant_in(stage, "/tmp", "/tmp")
}

/// In /dev/shm.
fn plant_shm(stage: &mut Stage) -> io::Result<()> {
    plant_in(stage, "/dev/shm", "/dev/shm")
}

/// In the caller's home.
fn plant_home(stage: &mut Stage) -> io::Result<()> {
    let home = stage.home.display().to_string();
    plant_in(stage, &home, &home)
}

/// Below `/`, where all of the others are.
fn plant_root(stage: &mut Stage) -> io::Result<()> {
    plant_in(stage, "/", "/tmp")
}

/// Plants a canary in a directory of its own below `parent`, and beside the workspace a link to `place`, which
/// contains it. An ordinary stage has a directory of its own for both.
fn plant_in(stage: &mut Stage, place: &str, parent: &str) -> io::Result<()> {
    let (mut place, mut parent) = (place.to_owned(), parent.to_owned());
    if stage.ordinary {
        let ordinary = stage.directory.join("ordinary");
        fs::create_dir(&ordinary)?;
        place = ordinary.display().to_string();
        parent.clone_from(&place);
    }
    let file = stage.directory_in(&parent)?.join("canary");
    stage.canary(&file)?;
    let link = stage.directory.join("link");
    symlink(&place, &link)?;
    stage.set("file", file.display());
    stage.set("guarded", place);
    stage.set("link", link.display());
    Ok(())
}

/// Reads the canary where it lies.
fn read(values: &Values) -> Outcome {
    canary(values.text("file")?)
}

/// Shows the host's /tmp once more beside the workspace, in a mount namespace that only this attack has.
fn plant_alias(stage: &mut Stage) -> io::Result<()> {
    plant_tmp(stage)?;
    let alias = stage.directory.join("alias");
    fs::create_dir(&alias)?;
    unshare(libc::CLONE_NEWNS as libc::c_ulong)?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    mount_bind("/tmp", &alias)?;
    stage.set("alias", alias.display());
    Ok(())
}

/// Reads the canary by the other name of /tmp.
fn read_alias(values: &Values) -> Outcome {
    let file = values.text("file")?;
    let below = file.strip_prefix("/tmp/").unwrap_or(file);
    let path = format!("{}/{below}", values.text("alias")?);
    let opened = File::open(&path);
    if opened.is_err() { Ok(Verdict::of(&path, opened)) } else { canary(&path) }
}
