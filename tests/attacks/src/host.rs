//! `denybox-attack host NAME -- COMMAND…`: plants what the attack needs, runs the command that starts it,
//! judges from outside where that is needed, and clears everything away.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::attack::{Attack, Broken, Outcome, status};
use crate::kernel::descriptors::take_terminal;
use crate::stage::{Aftermath, Stage};

/// The longest that any attack may take.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What `denybox-attack host` ends with.
pub struct End {
    /// The exit status: the command's own, or the judge's.
    pub status: u8,
    /// What the command wrote, then the judge's line if there is one.
    pub output: String,
}

/// Runs one attack with its host side. `command` is the whole command line that ends in
/// `denybox-attack run NAME`; `{name}` in it is replaced, and the values are appended as `name=value`.
/// `directory` is made for what stays outside. With `ordinary` an ordinary place stands for a guarded one.
pub fn host(attack: &Attack, command: &[String], directory: &Path, ordinary: bool) -> Result<End, Broken> {
    let workspace = std::env::current_dir()?;
    let mut stage = Stage::new(&workspace, directory)?;
    stage.ordinary = ordinary;
    if let Some(prepare) = attack.prepare {
        prepare(&mut stage)?;
    }
    let mut words: Vec<String> = command.iter().map(|word| substitute(word, &stage)).collect();
    words.extend(stage.values.0.iter().map(|(name, value)| format!("{name}={value}")));
    let started = Instant::now();
    let mut ended = launch(&stage, &words)?;
    for _ in 1..attack.attempts {
        if ended.success() {
            break;
        }
        ended = launch(&stage, &words)?;
    }
    let elapsed = started.elapsed();
    let mut output = match &stage.terminal {
        Some(terminal) => terminal.transcript(),
        None => String::from_utf8_lossy(&fs::read(stage.directory.join("output"))?).into_owned(),
    };
    let code = ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or(0));
    let mut code = u8::try_from(code).unwrap_or(u8::MAX);
    if attack.attempts > 1 && code != 0 {
        // A lost race ends in more ways than one; that the attack can win is shown elsewhere.
        code = attack.blocked_status();
    }
    if let Some(judge) = attack.judge {
        let aftermath = Aftermath { stage: &stage, status: i32::from(code), output: output.clone(), elapsed };
        let outcome: Outcome = judge(&aftermath);
        let line;
        (code, line) = status(&outcome);
        output.push_str(&format!("\njudged from outside: {line}\n"));
    }
    Ok(End { status: code, output })
}

/// Puts the stage's values in place of `{name}`.
fn substitute(word: &str, stage: &Stage) -> String {
    let mut word = word.to_owned();
    for (name, value) in &stage.values.0 {
        word = word.replace(&format!("{{{name}}}"), value);
    }
    word
}

/// Starts the command as the stage wants it and waits for its end, killing it at the deadline.
fn launch(stage: &Stage, words: &[String]) -> Result<ExitStatus, Broken> {
    let (program, arguments) = words.split_first().ok_or_else(|| Broken("no command".to_owned()))?;
    let mut command = Command::new(program);
    command.args(arguments).envs(&stage.environment);
    if let Some(terminal) = &stage.terminal {
        let end = || terminal.user_side.try_clone().map(Stdio::from);
        command.stdin(end()?).stdout(end()?).stderr(end()?);
    } else {
        let output = File::create(stage.directory.join("output"))?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    }
    let handed: Vec<(i32, i32)> =
        stage.descriptors.iter().map(|(number, fd)| (*number, fd.as_raw_fd())).collect();
    let on_terminal = stage.terminal.is_some();
    // SAFETY: between fork and exec only system calls are made: dup2, fcntl, setsid and one ioctl.
    unsafe {
        command.pre_exec(move || {
            for (number, fd) in &handed {
                // A descriptor that already has its number would keep its close-on-exec flag.
                if libc::dup2(*fd, *number) < 0 || libc::fcntl(*number, libc::F_SETFD, 0) < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            if on_terminal {
                rustix::process::setsid()?;
                take_terminal(io::stdin().as_fd())?;
            }
            Ok(())
        });
    }
    let child = command.spawn().map_err(|error| Broken(format!("{program}: {error}")))?;
    wait(child)
}

/// Waits for `child`, or kills it at the deadline.
fn wait(mut child: Child) -> Result<ExitStatus, Broken> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(ended) = child.try_wait()? {
            return Ok(ended);
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(Broken(format!("not ended after {} s", DEADLINE.as_secs())));
        }
        thread::sleep(Duration::from_millis(2));
    }
}
