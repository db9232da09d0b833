//! Files through which a workspace would command its owner's programs later.

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, check, same};

pub const CHECKS: &[Check] = &[
    ("protected/stay-as-they-are", stay_as_they_are),
    ("protected/can-be-unprotected", can_be_unprotected),
    ("protected/new-ones-are-reported", new_ones_are_reported),
    ("protected/links-are-reported", links_are_reported),
];

const KEPT: [&str; 8] = [
    ".git/hooks/pre-commit",
    ".git/config",
    ".envrc",
    ".vscode/tasks.json",
    ".idea/run.xml",
    ".mcp.json",
    ".claude/settings.json",
    ".husky/pre-commit",
];

fn furnish(room: &Room<'_>) -> Checked {
    for path in KEPT {
        room.write(format!("work/{path}"), "as it was\n")?;
    }
    room.write("work/.git/index", "index\n")?;
    room.write("work/source", "source\n")?;
    Ok(())
}

fn stay_as_they_are(room: &Room<'_>) -> Checked {
    furnish(room)?;
    let script = "\
        for path in .git/hooks/pre-commit .git/config .envrc .vscode/tasks.json .idea/run.xml .mcp.json \
            .claude/settings.json .husky/pre-commit; do \
            (echo changed >> $path) && echo wrote $path; \
            rm -f $path && echo removed $path; \
            echo other > other && mv -f other $path && echo replaced $path; \
        done; \
        (: > .git/hooks/post-merge) && echo a new hook; \
        for place in .git .vscode .idea .claude .git/hooks; do mv $place moved && echo moved $place; done; \
        rm -rf .git/hooks .vscode && echo removed all; \
        ln -f source .git/config && echo linked; chmod 777 .envrc && echo chmod; \
        echo more >> source && echo more >> .git/index && echo the rest works";
    let ended = room.shell(&[], &format!("{{ {script}; }} 2>/dev/null")).end()?;
    ended.prints("the rest works")?;
    for path in KEPT {
        same(path, std::fs::read_to_string(room.workspace.join(path))?, "as it was\n".to_owned())?;
    }
    same("the source", std::fs::read_to_string(room.workspace.join("source"))?, "source\nmore\n".to_owned())?;
    check(ended.list("/notices").is_empty(), || format!("notices of nothing: {:#}", ended.report))
}

fn can_be_unprotected(room: &Room<'_>) -> Checked {
    furnish(room)?;
    let script = "for path in .git/hooks/pre-commit .envrc .git/config; do (echo changed > $path) 2>/dev/null && echo $path; done; true";
    room.shell(&[], script).end()?.prints("")?;
    room.shell(&["--rw", ".git/hooks"], script).end()?.prints(".git/hooks/pre-commit")?;
    room.shell(&["--rw", ".envrc"], script).end()?.prints(".envrc")?;
    let whole = room.workspace.join(".git").display().to_string();
    room.shell(&["--rw", &whole], script).end()?.prints(".git/hooks/pre-commit\n.git/config")
}

fn new_ones_are_reported(room: &Room<'_>) -> Checked {
    let ended = room.shell(&[], "echo harmless > notes").end()?;
    check(ended.list("/notices").is_empty(), || format!("notices of nothing: {:#}", ended.report))?;
    let ended = room
        .shell(&[], "echo x > .envrc; mkdir -p .git/hooks .vscode; echo x > .git/hooks/pre-commit")
        .end()?;
    ended.is(0)?;
    for path in [".envrc", ".git/hooks", ".vscode"] {
        check(ended.list("/notices").iter().any(|notice| notice.to_string().contains(path)), || {
            format!("{path} is not reported: {:#}", ended.report)
        })?;
        ended.says(path)?;
    }
    Ok(())
}

fn links_are_reported(room: &Room<'_>) -> Checked {
    room.write("work/elsewhere", "x")?;
    std::os::unix::fs::symlink("elsewhere", room.workspace.join(".envrc"))?;
    let ended = room.denybox(&["--", "true"]).end()?;
    ended.is(0)?;
    ended.says(".envrc is a symbolic link")
}
