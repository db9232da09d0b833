//! `denybox doctor`: what this host can enforce, found out by running a box, and how to get the rest.

use std::fs;
use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use clap::Parser as _;
use serde::Serialize;

use crate::command_line::{Command, CommandLine, Doctor, Format, Run};
use crate::exit_code;
use crate::report::{ExitKind, Report};

/// Advice for one obstacle.
#[derive(Debug, Clone, Serialize)]
struct Advice {
    control: &'static str,
    obstacle: String,
    what_to_do: &'static str,
}

#[derive(Debug, Serialize)]
struct Examination<'a> {
    ready: bool,
    report: &'a Report,
    advice: Vec<Advice>,
}

const GOOD: Style = AnsiColor::Green.on_default();
const FAIR: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// Examines the host; gives the exit code.
pub fn doctor(options: &Doctor) -> i32 {
    let words = [
        "denybox", "run", "--memory", "64M", "--pids", "16", "--cpus", "1", "--report", "none", "--", "true",
    ];
    let Ok(CommandLine { command: Command::Run(run) }) = CommandLine::try_parse_from(words) else {
        return exit_code::INTERNAL;
    };
    let run = Run { workspace: Some("/usr/share".into()), ..*run };
    let report =
        crate::run::examine(&run).unwrap_or_else(|failed| Report::of_failure(&failed, failed.exit_code()));
    let code = report.exit.code;
    let ready = report.exit.kind == ExitKind::Exited;
    let advice = advice(&report);
    let mut out = anstream::stdout().lock();
    let written = if options.report == Format::Json {
        serde_json::to_string_pretty(&Examination { ready, report: &report, advice })
            .map_err(std::io::Error::other)
            .and_then(|json| writeln!(out, "{}", denybox_core::event::printable_json(&json)))
    } else {
        out.write_all(in_words(&report, ready, &advice).as_bytes())
    };
    match (written, ready) {
        (Err(_), _) => exit_code::INTERNAL,
        (Ok(()), true) => 0,
        (Ok(()), false) => code,
    }
}

fn in_words(report: &Report, ready: bool, advice: &[Advice]) -> String {
    let mut text = String::new();
    if ready {
        text.push_str(&format!("{GOOD}This host can run boxes.{GOOD:#} A trial box enforced:\n"));
    } else {
        let message = report.exit.message.as_deref().unwrap_or("a trial box failed");
        text.push_str(&format!("{BAD}This host can't run boxes yet:{BAD:#} {message}\n"));
    }
    for control in &report.enforcement {
        let style = match control.status.as_str() {
            "enforced" => GOOD,
            "partial" => FAIR,
            _ => BAD,
        };
        text.push_str(&format!(
            "  {style}{:<9}{style:#} {:<18} {}\n",
            control.status, control.control, control.detail
        ));
    }
    for advice in advice {
        text.push_str(&format!(
            "\n{FAIR}{}{FAIR:#}: {}\n  {}\n",
            advice.control, advice.obstacle, advice.what_to_do
        ));
    }
    text
}

fn setting(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// What stands in the way, and what to do about it.
fn advice(report: &Report) -> Vec<Advice> {
    let mut found = Vec::new();
    let failing = |control: &str| {
        report.enforcement.iter().any(|entry| entry.control == control && entry.status != "enforced")
            || report.exit.message.as_ref().is_some_and(|message| message.contains(control))
    };
    if setting("/proc/sys/user/max_user_namespaces").as_deref() == Some("0") {
        found.push(Advice {
            control: "user-namespace",
            obstacle: "user namespaces are switched off (user.max_user_namespaces is 0)".to_owned(),
            what_to_do: "an administrator can allow them: sysctl -w user.max_user_namespaces=15000",
        });
    }
    if setting("/proc/sys/kernel/unprivileged_userns_clone").as_deref() == Some("0") {
        found.push(Advice {
            control: "user-namespace",
            obstacle: "ordinary users may not make user namespaces (kernel.unprivileged_userns_clone is 0)"
                .to_owned(),
            what_to_do: "an administrator can allow it: sysctl -w kernel.unprivileged_userns_clone=1",
        });
    }
    if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").as_deref() == Some("1") {
        found.push(Advice {
            control: "user-namespace",
            obstacle: "AppArmor lets only programs with a profile use user namespaces (Ubuntu 23.10 and later)".to_owned(),
            what_to_do: "an administrator can give denybox a profile with `userns,` in /etc/apparmor.d (see SECURITY.md)",
        });
    }
    if failing("user-namespace") && found.is_empty() {
        found.push(Advice {
            control: "user-namespace",
            obstacle: "this process may not make a user namespace: most likely a container around it forbids it".to_owned(),
            what_to_do: "run denybox outside, or let the container's seccomp and LSM profiles allow unshare(CLONE_NEWUSER)",
        });
    }
    if failing("tripwire") {
        let obstacle =
            match rustix::fs::access("/dev/fuse", rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK)
            {
                Ok(()) => "the FUSE device is there but can't be mounted in a user namespace".to_owned(),
                Err(error) => format!("/dev/fuse can't be opened: {error}"),
            };
        found.push(Advice {
            control: "tripwire",
            obstacle,
            what_to_do: "boxes run all the same, but fewer denials are explained; an administrator can allow it: \
                         modprobe fuse; chmod 0666 /dev/fuse",
        });
    }
    if failing("landlock") {
        found.push(Advice {
            control: "landlock",
            obstacle: "this kernel has no Landlock, or it is not among its security modules".to_owned(),
            what_to_do: "boxes run with one lock less; Linux 5.13 or later with landlock in the lsm= boot parameter has it",
        });
    }
    for control in ["memory", "pids", "cpus"] {
        if failing(control) {
            found.push(Advice {
                control,
                obstacle: "no control group could be made".to_owned(),
                what_to_do: "start denybox in a delegated group: systemd-run --user --scope -p Delegate=yes denybox run …",
            });
            break;
        }
    }
    found
}
