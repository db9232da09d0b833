//! Real work, unharmed: each piece is done outside and in a box, and must end and print the same.

use std::path::Path;
use std::process::ExitCode;

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::{Ended, Room};
use denybox_box_tests::{Checked, Stop, check, same};

/// Nothing may be skipped where everything is installed; toolchains may be missing for some callers.
const MOST_SKIPPED: usize = 8;

const CHECKS: &[Check] = &[
    ("work/cargo", cargo),
    ("work/pip", pip),
    ("work/npm", npm),
    ("work/git", git),
    ("work/gcc", gcc),
    ("work/make", make),
    ("work/python", python),
    ("work/node", node),
    ("work/gdb", gdb),
    ("work/sqlite", sqlite),
    ("work/shell", shell),
];

fn main() -> ExitCode {
    denybox_box_tests::ground::main(
        env!("CARGO_TARGET_TMPDIR"),
        env!("CARGO_BIN_EXE_denybox-box-witness"),
        MOST_SKIPPED,
        |ground| ground.trials(CHECKS),
    )
}

/// A piece of work.
struct Work<'a> {
    /// Programs it needs, and the Debian packages that have them.
    programs: &'a [(&'a str, &'a str)],
    /// Files of its workspace.
    files: &'a [(&'a str, &'a str)],
    /// What to do there.
    script: &'a str,
    /// What it must print, wherever it is done.
    prints: &'a str,
    /// Options of the box.
    options: &'a [&'a str],
    /// What root does to the mounts first, in both places.
    prelude: &'a str,
    /// Directories of programs before the usual ones.
    path: &'a str,
}

const PLAIN: Work<'_> =
    Work { programs: &[], files: &[], script: "", prints: "", options: &[], prelude: "", path: "" };

impl Work<'_> {
    /// Does it outside and inside, in workspaces of the same name.
    fn is_unharmed(&self, room: &Room<'_>) -> Result<Ended, Stop> {
        for (program, package) in self.programs {
            let there = denybox_box_tests::caller::PATH
                .split(':')
                .any(|place| Path::new(place).join(program).exists());
            check(there, || format!("{program} isn't installed: apt-get install {package}"))?;
        }
        let path = format!("{}{}", self.path, denybox_box_tests::caller::PATH);
        self.furnish(room)?;
        let mut outside =
            room.caller.command_after(self.prelude, &["sh".as_ref(), "-ec".as_ref(), self.script.as_ref()]);
        outside.env("PATH", &path);
        let outside = room.run(outside, std::process::Stdio::null())?.end()?;
        outside.prints(self.prints).map_err(|stop| about("outside, as the control", stop))?;
        std::fs::remove_dir_all(&room.workspace)?;
        self.furnish(room)?;
        let words: Vec<&str> = self.options.iter().copied().chain(["--", "sh", "-ec", self.script]).collect();
        let inside = room.denybox(&words).variable("PATH", &path).after(self.prelude).end()?;
        inside.prints(self.prints).map_err(|stop| about("in the box", stop))?;
        Ok(inside)
    }

    fn furnish(&self, room: &Room<'_>) -> Checked {
        room.caller.make_directory(&room.workspace)?;
        for (path, text) in self.files {
            room.write(Path::new("work").join(path), text)?;
        }
        Ok(())
    }
}

fn about(place: &str, stop: Stop) -> Stop {
    match stop {
        Stop::Fail(why) => Stop::from(format!("{place}: {}", why.message().unwrap_or_default())),
        skip => skip,
    }
}

/// Fails if the box explains a denial that did no harm.
fn is_quiet(ended: &Ended) -> Checked {
    let explained: Vec<_> = ended
        .list("/denials")
        .iter()
        .filter(|one| one.get("diagnosis").is_some_and(|one| !one.is_null()))
        .collect();
    check(explained.is_empty(), || format!("work that succeeded is explained: {explained:#?}"))
}

fn cargo(room: &Room<'_>) -> Checked {
    if !rustix::process::geteuid().is_root() {
        return Err(Stop::Skip("only root can mount a toolchain at a test's home".to_owned()));
    }
    // Whoever runs this test has a toolchain. Every caller gets the same, mounted at home.
    let shown = std::process::Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let sysroot = std::fs::canonicalize(String::from_utf8(shown.stdout)?.trim())?;
    let home = std::env::var("HOME").unwrap_or_default();
    let programs = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo")) + "/bin";
    let (Some(toolchain), Some(rustup)) = (sysroot.file_name(), sysroot.ancestors().nth(2)) else {
        return Err(Stop::from(format!("{} is no toolchain of rustup's", sysroot.display())));
    };
    check(Path::new(&programs).join("rustup").exists(), || format!("rustup isn't in {programs}"))?;
    for place in [".cargo", ".cargo/bin", ".rustup"] {
        room.caller.make_directory(&room.home.join(place))?;
    }
    let at = room.home.display();
    let prelude =
        format!("mount --bind {programs} {at}/.cargo/bin && mount --bind {} {at}/.rustup", rustup.display());
    let script = format!(
        "export RUSTUP_TOOLCHAIN={}; cargo build --offline --quiet && ./target/debug/small && \
         cargo test --offline --quiet --lib | grep -o '1 passed'",
        toolchain.display(),
    );
    let work = Work {
        programs: &[("gcc", "gcc")],
        files: &[
            ("Cargo.toml", "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
            (
                "src/lib.rs",
                "pub fn twice(n: i32) -> i32 {\n    n * 2\n}\n\n#[test]\nfn doubles() {\n    assert_eq!(twice(21), 42);\n}\n",
            ),
            ("src/main.rs", "fn main() {\n    println!(\"{}\", small::twice(21));\n}\n"),
        ],
        script: &script,
        prints: "42\n1 passed",
        prelude: &prelude,
        path: &format!("{at}/.cargo/bin:"),
        ..PLAIN
    };
    is_quiet(&work.is_unharmed(room)?)
}

/// Makes a wheel: a zip archive with three files of metadata.
const WHEEL: &str = r#"
import base64, hashlib, zipfile
files = {
    "greeting/__init__.py": "def greet():\n    return 'hello from a wheel'\n",
    "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
    "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
record = "".join(
    f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}\n"
    for name, text in files.items()
)
with zipfile.ZipFile("greeting-1.0-py3-none-any.whl", "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
    wheel.writestr("greeting-1.0.dist-info/RECORD", record + "greeting-1.0.dist-info/RECORD,,\n")
"#;

fn pip(room: &Room<'_>) -> Checked {
    let work = Work {
        programs: &[("pip3", "python3-pip")],
        files: &[("wheel.py", WHEEL)],
        script: "/usr/bin/python3 wheel.py && /usr/bin/python3 -m pip --disable-pip-version-check --no-cache-dir install --quiet --no-index \
                 --target site ./greeting-1.0-py3-none-any.whl 2>pip.log && \
                 PYTHONPATH=site /usr/bin/python3 -c 'import greeting; print(greeting.greet())'",
        prints: "hello from a wheel",
        options: &["--scratch", "64M", "--because", "pip unpacks wheels there"],
        ..PLAIN
    };
    is_quiet(&work.is_unharmed(room)?)
}

fn npm(room: &Room<'_>) -> Checked {
    let work = Work {
        programs: &[("npm", "npm"), ("node", "nodejs")],
        files: &[
            (
                "package.json",
                r#"{"name":"outer","version":"1.0.0","dependencies":{"greeting":"file:greeting"}}"#,
            ),
            (
                "package-lock.json",
                r#"{"name":"outer","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
                "":{"name":"outer","version":"1.0.0","dependencies":{"greeting":"file:greeting"}},
                "greeting":{"version":"1.0.0"},
                "node_modules/greeting":{"resolved":"greeting","link":true}}}"#,
            ),
            ("greeting/package.json", r#"{"name":"greeting","version":"1.0.0","main":"index.js"}"#),
            ("greeting/index.js", "module.exports = () => 'hello from a package';\n"),
            ("main.js", "console.log(require('greeting')());\n"),
        ],
        script: "npm ci --offline --no-audit --no-fund --silent > npm.log 2>&1 || { cat npm.log; exit 1; }; node main.js",
        prints: "hello from a package",
        ..PLAIN
    };
    is_quiet(&work.is_unharmed(room)?)
}

fn git(room: &Room<'_>) -> Checked {
    room.write("home/.gitconfig", "[user]\n\tname = Ada\n\temail = ada@example.org\n")?;
    let work = Work {
        programs: &[("git", "git")],
        files: &[("source/file", "one\n")],
        script: "cd source && git init --quiet --initial-branch=main . && git add . && git commit --quiet -m first && cd .. && \
                 git clone --quiet source copy 2>clone.log && cd copy && echo two >> file && git commit --quiet -am second && \
                 git log --format='%an %ae %s' && git checkout --quiet -b side && echo three >> file && git commit --quiet -am third && \
                 git checkout --quiet main && git merge --quiet side && git stash list && git gc --quiet && git fsck --no-progress && \
                 git diff --stat HEAD~2 | tail -n 1",
        prints: "Ada ada@example.org second\nAda ada@example.org first\n 1 file changed, 2 insertions(+)",
        ..PLAIN
    };
    is_quiet(&work.is_unharmed(room)?)?;
    // In a repository that was there before: its hooks run, and are what they were.
    let repository = "cd /; cd \"$OLDPWD\"; git init --quiet --initial-branch=main . && git add . && git commit --quiet -m first";
    std::fs::remove_dir_all(&room.workspace)?;
    room.caller.make_directory(&room.workspace)?;
    room.write("work/file", "one\n")?;
    room.outside(repository)?.is(0)?;
    room.write_program("work/.git/hooks/pre-commit", "#!/bin/sh\necho hook ran\n")?;
    let script = "echo two >> file && git commit --quiet -am second 2>&1 && git log --oneline | wc -l && git status --short";
    room.shell(&[], script).end()?.prints("hook ran\n2")?;
    room.outside("git log --format=%s && git fsck --no-progress")?.prints("second\nfirst")
}

fn gcc(room: &Room<'_>) -> Checked {
    let work = Work {
        programs: &[("gcc", "gcc")],
        files: &[("hello.c", "#include <stdio.h>\nint main(void) { puts(\"hello from C\"); return 0; }\n")],
        script: "gcc -O1 -o hello hello.c && ./hello && ls",
        prints: "hello from C\nhello\nhello.c",
        ..PLAIN
    };
    work.is_unharmed(room)?;
    Ok(())
}

fn make(room: &Room<'_>) -> Checked {
    let work = Work {
        programs: &[("make", "make")],
        files: &[(
            "Makefile",
            "all: one two three\n\t@cat one two three\n\none two three:\n\t@echo made $@ > $@\n",
        )],
        script: "make --no-print-directory -j3 && make --no-print-directory -q one",
        prints: "made one\nmade two\nmade three",
        ..PLAIN
    };
    is_quiet(&work.is_unharmed(room)?)
}

fn python(room: &Room<'_>) -> Checked {
    let work = Work {
        programs: &[("python3", "python3")],
        files: &[(
            "work.py",
            "import json, os, socket, subprocess, threading\n\
             seen = []\n\
             threads = [threading.Thread(target=lambda n=n: seen.append(n * n)) for n in range(20)]\n\
             [t.start() for t in threads]; [t.join() for t in threads]\n\
             print(sorted(seen)[-1], subprocess.run(['echo', 'sub'], capture_output=True, text=True).stdout.strip())\n\
             server = socket.create_server(('127.0.0.1', 0)); client = socket.create_connection(server.getsockname())\n\
             peer = server.accept()[0]; client.sendall(b'over'); print(peer.recv(4).decode())\n\
             open('made.json', 'w').write(json.dumps({'home': os.path.isdir(os.environ['HOME'])}))\n\
             print(open('made.json').read(), len(os.urandom(8)), os.cpu_count() > 0)\n",
        )],
        script: "/usr/bin/python3 work.py",
        prints: "361 sub\nover\n{\"home\": true} 8 True",
        ..PLAIN
    };
    is_quiet(&work.is_unharmed(room)?)
}

fn node(room: &Room<'_>) -> Checked {
    let work = Work {
        programs: &[("node", "nodejs")],
        files: &[(
            "work.js",
            "const fs = require('fs'), { execSync } = require('child_process'), { Worker, isMainThread, parentPort } = require('worker_threads');\n\
             if (!isMainThread) { parentPort.postMessage('from a worker'); }\n\
             else {\n\
               fs.writeFileSync('made', execSync('echo child').toString());\n\
               console.log(fs.readFileSync('made', 'utf8').trim(), [1, 2, 3].map(n => n * n).join());\n\
               new Worker(__filename).on('message', text => console.log(text));\n\
             }\n",
        )],
        script: "node work.js",
        prints: "child 1,4,9\nfrom a worker",
        ..PLAIN
    };
    is_quiet(&work.is_unharmed(room)?)
}

fn gdb(room: &Room<'_>) -> Checked {
    let work = Work {
        programs: &[("gdb", "gdb"), ("gcc", "gcc")],
        files: &[(
            "crash.c",
            "int deep(int n) { return n / (n - 7); }\nint main(void) { return deep(7); }\n",
        )],
        script: "gcc -g -O0 -o crash crash.c && gdb -batch -nx -ex run -ex 'print n' -ex bt --args ./crash 2>gdb.log | \
                 grep -e SIGFPE -e '^\\$1' -e '^#1' | sed 's/0x[0-9a-f]* //'",
        prints: "Program received signal SIGFPE, Arithmetic exception.\n$1 = 7\n#1  in main () at crash.c:2",
        ..PLAIN
    };
    work.is_unharmed(room)?;
    Ok(())
}

fn sqlite(room: &Room<'_>) -> Checked {
    let work = Work {
        programs: &[("sqlite3", "sqlite3")],
        files: &[(
            "work.sql",
            "pragma journal_mode = wal;\ncreate table t (n integer primary key, s text);\n\
             with recursive c(n) as (select 1 union all select n + 1 from c where n < 5000) insert into t select n, 'row ' || n from c;\n\
             create index i on t (s);\nselect count(*), max(s) from t;\nbegin; delete from t where n > 10; rollback;\n\
             select count(*) from t;\npragma integrity_check;\n",
        )],
        script: "sqlite3 -batch work.db < work.sql && ls",
        prints: "wal\n5000|row 999\n5000\nok\nwork.db\nwork.sql",
        ..PLAIN
    };
    work.is_unharmed(room)?;
    Ok(())
}

fn shell(room: &Room<'_>) -> Checked {
    let printed =
        format!("small\nthrough\ncopy/below/two\ncopy/one\nsame\nstring\n3\n600\n{}", room.caller.uid());
    let work = Work {
        programs: &[("bash", "bash"), ("tar", "tar"), ("find", "findutils"), ("awk", "mawk")],
        files: &[("tree/one", "1\n"), ("tree/below/two", "2\n")],
        script: "cat <<E\nsmall\nE\nmkfifo pipe && { echo through > pipe & cat pipe; }\n\
                 tar cf - tree | tar xf - --transform=s/tree/copy/ && find copy -type f | sort && \
                 bash -c 'diff <(sort tree/one) <(sort copy/one) && echo same; read -r line <<< string; echo $line' && \
                 find tree -type f -print0 | xargs -0 cat | awk '{ n += $1 } END { print n }' && ln -s tree link && \
                 chmod 600 tree/one && stat -c %a link/one && test -w . && id -u",
        prints: &printed,
        ..PLAIN
    };
    let ended = work.is_unharmed(room)?;
    is_quiet(&ended)?;
    same(
        "who it was on the host",
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(room.workspace.join("copy/one"))?),
        room.caller.uid(),
    )
}
