//! The home of a box.

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, check, same};

pub const CHECKS: &[Check] = &[
    ("home/empty-and-its-own", empty_and_its_own),
    ("home/committer", committer),
    ("home/toolchains-without-credentials", toolchains_without_credentials),
];

fn empty_and_its_own(room: &Room<'_>) -> Checked {
    room.write("home/.ssh/id_ed25519", "a key")?;
    room.write("home/notes", "private")?;
    let home = room.home.display().to_string();
    let control = room.outside("ls -A \"$HOME\"; cat \"$HOME/notes\"")?;
    control.prints(".ssh\nnotes\nprivate")?;
    let script = "echo $HOME; ls -A $HOME; cat $HOME/.ssh/id_ed25519 $HOME/notes 2>/dev/null; \
                  echo mine > $HOME/mine && cat $HOME/mine; stat -f -c %T $HOME; stat -c %a $HOME";
    let ended = room.shell(&[], script).end()?;
    ended.prints(&format!("{home}\nmine\ntmpfs\n700"))?;
    same("the host's home has the file", room.home.join("mine").exists(), false)?;
    // Its size is bounded.
    let ended = room.shell(&[], "stat -f -c '%b %S' $HOME").end()?;
    ended.is(0)?;
    let numbers: Vec<u64> = ended.stdout.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let bytes: u64 = numbers.iter().product();
    check(numbers.len() == 2 && bytes > 0 && bytes <= 1 << 30, || format!("a home of {bytes} bytes: {ended}"))
}

fn committer(room: &Room<'_>) -> Checked {
    room.write("home/.gitconfig", "[user]\n\tname = Ada \"L\\\\ove\" # x\n\temail = ada@example.org\n[alias]\n\tx = !sh -c evil\n[credential]\n\thelper = store\n")?;
    let script =
        "git config user.name; git config user.email; git config alias.x; git config credential.helper; true";
    let outside = room.outside(script)?;
    check(outside.stdout.contains("!sh") && outside.stdout.contains("store"), || {
        format!("the control: {outside}")
    })?;
    let name = outside.stdout.lines().next().unwrap_or_default();
    room.shell(&[], script).end()?.prints(&format!("{name}\nada@example.org"))
}

fn toolchains_without_credentials(room: &Room<'_>) -> Checked {
    let program = |path: &str| room.write_program(path, "#!/bin/sh\necho $0 ran\n");
    program("home/.cargo/bin/tool")?;
    program("home/.nvm/versions/node/v20/bin/tool-of-node")?;
    program("home/bin/tool-of-mine")?;
    program("home/.pyenv/shims/tool-of-python")?;
    room.write("home/.cargo/registry/index/crate", "known")?;
    for path in [
        "home/.cargo/credentials.toml",
        "home/.cargo/credentials",
        "home/.cargo/config.toml",
        "home/.nvm/.npmrc",
        "home/.npmrc",
        "home/.pypirc",
        "home/.ssh/id_ed25519",
        "home/.aws/credentials",
        "home/beside-the-tools",
    ] {
        room.write(path, "secret-of-mine\n")?;
    }
    let home = room.home.display().to_string();
    let path = format!(
        "{home}/.cargo/bin:{home}/.nvm/versions/node/v20/bin:{home}/bin:{home}/.pyenv/shims:/usr/local/bin:/usr/bin:/bin"
    );
    let read = "grep -rhs secret-of-mine $HOME";
    let control = room.outside(&format!("{read} | wc -l"))?;
    control.prints("9")?;
    let script = format!(
        "tool; tool-of-node; tool-of-mine; tool-of-python; cat $HOME/.cargo/registry/index/crate; {read}; \
         for place in .cargo/bin .nvm bin .pyenv; do (: > $HOME/$place/planted) 2>/dev/null && echo planted in $place; done; true"
    );
    let ended = room.shell(&[], &script).variable("PATH", &path).end()?;
    ended.prints(&format!(
        "{home}/.cargo/bin/tool ran\n{home}/.nvm/versions/node/v20/bin/tool-of-node ran\n{home}/bin/tool-of-mine ran\n\
         {home}/.pyenv/shims/tool-of-python ran\nknown"
    ))?;
    // What isn't on PATH isn't shown.
    let ended = room.shell(&[], "ls -A $HOME").end()?;
    ended.prints("")
}
