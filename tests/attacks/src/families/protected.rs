//! Files through which a workspace attacks its owner, later and outside of the box.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::symlink;

use crate::attack::{Attack, BLOCKED, Outcome, Values, Verdict};
use crate::stage::{Aftermath, Stage};

/// All of this family.
pub const ATTACKS: &[Attack] = &[
    Attack::new("git-hook", &["protected-files"], hook).prepare(plant),
    Attack::new("git-hook-by-link", &["protected-files"], hook_by_link).prepare(plant),
    Attack::new("git-hooks-moved", &["protected-files"], hooks_moved).prepare(plant),
    Attack::new("git-config", &["protected-files"], config).prepare(plant),
    Attack::new("git-config-replaced", &["protected-files"], config_replaced).prepare(plant),
    Attack::new("git-config-hard-link", &["protected-files"], config_hard_link).prepare(plant),
    Attack::new("git-config-removed", &["protected-files"], config_removed).prepare(plant),
    Attack::new("git-directory-moved", &["protected-files"], git_moved).prepare(plant),
    Attack::new("git-directory-exchanged", &["protected-files"], git_exchanged).prepare(plant),
    Attack::new("git-common-directory-unreported", &[], common_directory)
        .options(&["--report", "json", "--report-file", "{report}"])
        .prepare(plant)
        .judged(common_directory_reported),
    Attack::new("git-module-hook", &["protected-files"], module_hook).prepare(plant),
    Attack::new("git-nested-hook", &["protected-files"], nested_hook).prepare(plant),
    Attack::new("envrc", &["protected-files"], envrc).prepare(plant),
    Attack::new("editor-tasks", &["protected-files"], editor_tasks).prepare(plant),
    Attack::new("editor-directory-moved", &["protected-files"], editor_moved).prepare(plant),
    Attack::new("agent-servers", &["protected-files"], agent_servers).prepare(plant),
    Attack::new("agent-settings", &["protected-files"], agent_settings).prepare(plant),
    Attack::new("setuid-planted", &["seccomp"], setuid_planted),
    Attack::new("setuid-created", &["seccomp"], setuid_created),
    Attack::new("new-envrc-unreported", &[], new_envrc)
        .options(&["--report", "json", "--report-file", "{report}"])
        .judged(new_envrc_reported),
];

/// A workspace with a repository, a repository within, a submodule, and the settings of editors and agents.
fn plant(stage: &mut Stage) -> io::Result<()> {
    let text = "# as its owner left it\n";
    for repository in [".git", "nested/.git", ".git/modules/part"] {
        let place = stage.workspace.join(repository);
        for directory in ["hooks", "objects", "refs/heads", "info"] {
            fs::create_dir_all(place.join(directory))?;
        }
        fs::write(place.join("HEAD"), "ref: refs/heads/main\n")?;
        fs::write(place.join("config"), "[core]\n\trepositoryformatversion = 0\n")?;
    }
    for file in [".envrc", ".vscode/tasks.json", ".mcp.json", ".claude/settings.json"] {
        let path = stage.workspace.join(file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// Makes a file, or opens it for writing.
fn written(path: &str) -> Outcome {
    Ok(Verdict::of(&format!("write {path}"), OpenOptions::new().append(true).create(true).open(path)))
}

/// Adds a hook that the owner's next commit runs.
fn hook(_: &Values) -> Outcome {
    written(".git/hooks/pre-commit")
}

/// The same by another name of the directory.
fn hook_by_link(_: &Values) -> Outcome {
    symlink(".git/hooks", "by-link")?;
    written("by-link/pre-commit")
}

/// Moves the hooks away and makes the directory anew.
fn hooks_moved(_: &Values) -> Outcome {
    let moved = fs::rename(".git/hooks", ".git/hooks.old")
        .and_then(|()| fs::create_dir(".git/hooks"))
        .and_then(|()| File::create(".git/hooks/pre-commit"));
    Ok(Verdict::of("move .git/hooks away and make it anew", moved))
}

/// Opens the configuration, in which core.hooksPath, core.fsmonitor and aliases run programs.
fn config(_: &Values) -> Outcome {
    written(".git/config")
}

/// Puts another file in its place, as editors do.
fn config_replaced(_: &Values) -> Outcome {
    let replaced =
        fs::write(".git/config.new", "[core]\n").and_then(|()| fs::rename(".git/config.new", ".git/config"));
    Ok(Verdict::of("rename over .git/config", replaced))
}

/// Writes to it by a second name.
fn config_hard_link(_: &Values) -> Outcome {
    let opened = fs::hard_link(".git/config", "config.link")
        .and_then(|()| OpenOptions::new().append(true).open("config.link"));
    Ok(Verdict::of("hard link to .git/config", opened))
}

/// Removes it and makes it anew.
fn config_removed(_: &Values) -> Outcome {
    let made = fs::remove_file(".git/config").and_then(|()| File::create(".git/config"));
    Ok(Verdict::of("remove .git/config and make it anew", made))
}

/// Moves the whole repository away and puts one with a hook in its place.
fn git_moved(_: &Values) -> Outcome {
    let made = fs::rename(".git", ".git.old")
        .and_then(|()| fs::create_dir_all(".git/hooks"))
        .and_then(|()| File::create(".git/hooks/pre-commit"));
    Ok(Verdict::of("move .git away and make it anew", made))
}

/// The same in one step: exchanges it with one that was prepared.
fn git_exchanged(_: &Values) -> Outcome {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    fs::create_dir_all("prepared/hooks")?;
    File::create("prepared/hooks/pre-commit")?;
    let exchanged = renameat_with(CWD, "prepared", CWD, ".git", RenameFlags::EXCHANGE);
    let done = exchanged.map_err(io::Error::from).and_then(|()| fs::metadata(".git/hooks/pre-commit"));
    Ok(Verdict::of("exchange .git", done))
}

/// Tells git to read the configuration, and run the hooks, of another directory. Like every new file of this
/// kind it can be made, but its owner has to be told.
fn common_directory(_: &Values) -> Outcome {
    written(".git/commondir")
}

/// Adds a hook to a submodule, whose repository lies within.
fn module_hook(_: &Values) -> Outcome {
    written(".git/modules/part/hooks/post-checkout")
}

/// Adds a hook to a repository deeper in the workspace.
fn nested_hook(_: &Values) -> Outcome {
    written("nested/.git/hooks/pre-commit")
}

/// Opens what direnv runs on entering the directory.
fn envrc(_: &Values) -> Outcome {
    written(".envrc")
}

/// Opens what the editor runs on opening the directory.
fn editor_tasks(_: &Values) -> Outcome {
    written(".vscode/tasks.json")
}

/// Moves the editor's directory away and makes it anew.
fn editor_moved(_: &Values) -> Outcome {
    let made = fs::rename(".vscode", "vscode.old")
        .and_then(|()| fs::create_dir(".vscode"))
        .and_then(|()| File::create(".vscode/tasks.json"));
    Ok(Verdict::of("move .vscode away and make it anew", made))
}

/// Opens the list of servers that agents start.
fn agent_servers(_: &Values) -> Outcome {
    written(".mcp.json")
}

/// Opens an agent's settings, in which hooks run programs.
fn agent_settings(_: &Values) -> Outcome {
    written(".claude/settings.json")
}

/// Success if the file at `path` would lend its owner's rights to whoever runs it.
fn lends(path: &str) -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    Ok(if mode & 0o4000 != 0 {
        Verdict::Succeeded(format!("{path} has mode {mode:o}"))
    } else {
        Verdict::Blocked(format!("{path} has mode {mode:o}"))
    })
}

/// Leaves a program in the workspace that runs as the workspace's owner for anybody: as root, if root started
/// the box. Here it is a file that nothing executes.
fn setuid_planted(_: &Values) -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    File::create("lent")?;
    match fs::set_permissions("lent", fs::Permissions::from_mode(0o4755)) {
        Ok(()) => lends("lent"),
        Err(error) => Ok(Verdict::Blocked(format!("chmod 4755: {error}"))),
    }
}

/// The same, with the mode given when it is made.
fn setuid_created(_: &Values) -> Outcome {
    use std::os::unix::fs::OpenOptionsExt;
    match OpenOptions::new().write(true).create_new(true).mode(0o4755).open("lent") {
        Ok(_) => lends("lent"),
        Err(error) => Ok(Verdict::Blocked(format!("open with mode 4755: {error}"))),
    }
}

/// Makes such a file where none was. That is allowed, but its owner has to be told.
fn new_envrc(_: &Values) -> Outcome {
    written(".envrc")
}

/// The owner is told of the new file.
fn new_envrc_reported(after: &Aftermath<'_>) -> Outcome {
    reported(after, ".envrc")
}

/// The owner is told of the new file.
fn common_directory_reported(after: &Aftermath<'_>) -> Outcome {
    reported(after, ".git/commondir")
}

/// Blocked if the report names the new file, or if it couldn't be made.
fn reported(after: &Aftermath<'_>, file: &str) -> Outcome {
    if !after.stage.workspace.join(file).exists() {
        after.expect_status(i32::from(BLOCKED))?;
        return Ok(Verdict::Blocked(format!("{file} couldn't even be made")));
    }
    after.expect_status(0)?;
    let report = after.report()?;
    let notices = report.get("notices").map(ToString::to_string).unwrap_or_default();
    Ok(if notices.contains(file) {
        Verdict::Blocked(format!("the report says so: {notices}"))
    } else {
        Verdict::Succeeded(format!("a new {file}, and no notice of it: {notices}"))
    })
}
