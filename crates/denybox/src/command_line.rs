//! The command line as the user types it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use denybox_core::grant::Grant;
use denybox_core::plan::Network;
use denybox_core::size::Size;

use crate::exit_code;

/// Runs AI agents with every shared scratch space denied unless justified.
///
/// /tmp, /dev/shm and the other places that programs share behind each other's backs are closed to the agent. Every
/// denial is explained, with the smallest remedy; a remedy needs a reason.
#[derive(Debug, Parser)]
#[command(version, after_help = exit_code::TABLE, max_term_width = 110, propagate_version = true)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What denybox can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a command in a box.
    Run(Box<Run>),
    /// Say what this host can enforce, and how to get the rest.
    Doctor(Doctor),
    /// Look policies over, test them, ask them, print them.
    Policy {
        /// What to do.
        #[command(subcommand)]
        what: crate::policy::command_line::Policy,
    },
    /// Write, sign, check and revoke justifications.
    Justification {
        /// What to do.
        #[command(subcommand)]
        what: crate::justification::command_line::Justification,
    },
    /// Make keys that sign justifications, and say whose keys are trusted.
    Key {
        /// What to do.
        #[command(subcommand)]
        what: crate::key::command_line::Key,
    },
    /// Read audit logs and find out whether somebody changed them.
    Audit {
        /// What to do.
        #[command(subcommand)]
        what: crate::audit::command_line::Audit,
    },
    /// Print the JSON schema of a document that denybox writes or reads.
    Schema {
        /// Which document.
        #[arg(value_enum)]
        document: Document,
    },
    /// Print a manual page or the completions of a shell, for packages.
    Generate {
        /// What to print.
        #[command(subcommand)]
        what: Generate,
    },
}

/// What `denybox generate` prints.
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// A manual page, in roff.
    Man {
        /// Its name: denybox, denybox-run…
        page: String,
    },
    /// Completions of a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Documents with a published schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// What `run --report json` writes.
    Report,
    /// What the policy is asked.
    PolicyInput,
    /// What the policy answers.
    PolicyAnswer,
    /// One line of the audit log.
    AuditRecord,
}

/// Options of `denybox doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// How to tell.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub report: Format,
}

/// Options of `denybox run`.
#[derive(Debug, Args)]
#[command(after_help = exit_code::TABLE, override_usage = "denybox run [OPTIONS] -- <COMMAND>...")]
pub struct Run {
    /// The directory the agent works in, read-write [default: the current directory]
    #[arg(long, value_name = "DIR", help_heading = "What the agent sees")]
    pub workspace: Option<PathBuf>,
    /// Show a path read-only (may be repeated)
    #[arg(long, value_name = "PATH", help_heading = "What the agent sees")]
    pub ro: Vec<PathBuf>,
    /// Show a path read-write (may be repeated); inside the workspace: unprotect a protected file
    #[arg(long, value_name = "PATH", help_heading = "What the agent sees")]
    pub rw: Vec<PathBuf>,
    /// Set an environment variable, or pass one on by name, LD_PRELOAD and its kin too (may be repeated)
    #[arg(long, value_name = "NAME[=VALUE]", help_heading = "What the agent sees")]
    pub env: Vec<OsString>,
    /// Start with no more of the environment than PATH, HOME, USER, TERM, LANG and their like
    #[arg(long, help_heading = "What the agent sees")]
    pub clear_env: bool,
    /// The network: none but loopback, or the host's
    #[arg(long, value_enum, default_value_t = Net::None, help_heading = "What the agent sees")]
    pub net: Net,

    /// Give a private scratch of this size, with TMPDIR and its family pointing there; needs --because
    #[arg(long, value_name = "SIZE", help_heading = "What the agent is granted")]
    pub scratch: Option<Size>,
    /// Grant a scratch resource a backing (may be repeated); needs --because
    ///
    /// RESOURCE=BACKING[,size=SIZE][,inodes=N][,exec], such as /dev/shm=private,size=64M, /tmp=private,size=1G,exec,
    /// /tmp=dir:/srv/agent-scratch, sysv-shm=private, posix-mq=private or memfd-exec.
    #[arg(long, value_name = "GRANT", help_heading = "What the agent is granted")]
    pub grant: Vec<Grant>,
    /// The reason for everything that is granted
    #[arg(long, value_name = "TEXT", help_heading = "What the agent is granted")]
    pub because: Option<String>,
    /// Grant what a justification asks for, signed or not (may be repeated)
    #[arg(long, value_name = "FILE", help_heading = "What the agent is granted")]
    pub justification: Vec<PathBuf>,

    /// The policy that decides, beside one that is pinned: local, strict, or a directory with Rego [default: local]
    #[arg(long, value_name = "NAME|DIR", help_heading = "Who decides")]
    pub policy: Option<OsString>,
    /// Ask an OPA server instead: https://HOST/v1/data/… or unix:///SOCKET[:/v1/data/…]
    #[arg(long, value_name = "URL", conflicts_with = "policy", help_heading = "Who decides")]
    pub policy_server: Option<String>,
    /// Check the policy server against the certificates in this file, not the system's
    #[arg(long, value_name = "FILE", requires = "policy_server", help_heading = "Who decides")]
    pub policy_server_ca: Option<PathBuf>,
    /// A trust file that signatures must pass, beside one that is pinned (may be repeated)
    #[arg(long, value_name = "FILE", help_heading = "Who decides")]
    pub trust: Vec<PathBuf>,
    /// The agent's name, for justifications that are for one agent [default: the command's file name]
    #[arg(long, value_name = "NAME", help_heading = "Who decides")]
    pub agent: Option<String>,
    /// Append the decision to a file, in the format of OPA's decision logs
    #[arg(long, value_name = "FILE", help_heading = "Who decides")]
    pub decision_log: Option<PathBuf>,

    /// Limit memory
    #[arg(long, value_name = "SIZE", help_heading = "Limits")]
    pub memory: Option<Size>,
    /// Limit the number of processes and threads
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=4_194_304), help_heading = "Limits")]
    pub pids: Option<u64>,
    /// Limit processor time, in processors: 0.5, 2
    #[arg(long, value_name = "N", value_parser = processors, help_heading = "Limits")]
    pub cpus: Option<u64>,
    /// End the command after this time: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Limits")]
    pub timeout: Option<Duration>,

    /// How to tell at the end what was denied, on standard error
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = "Telling")]
    pub report: Format,
    /// Also write the report as JSON to a file
    #[arg(long, value_name = "FILE", help_heading = "Telling")]
    pub report_file: Option<PathBuf>,
    /// Keep a tamper-evident log of the box in this directory; where it can't be written there is no box
    #[arg(long, value_name = "DIR", help_heading = "Telling")]
    pub audit_log: Option<PathBuf>,
    /// Print the plan and do nothing; with --report json as JSON
    #[arg(long, help_heading = "Telling")]
    pub dry_run: bool,
    /// Refuse to run unless this control is fully in force (may be repeated; `denybox doctor` lists them)
    #[arg(long, value_name = "CONTROL", value_parser = denybox_sandbox::controls::ALL, help_heading = "Telling")]
    pub require: Vec<String>,

    /// The command and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

impl Run {
    /// The agent's name: as given, or the command's file name.
    pub fn agent(&self) -> Option<String> {
        let command = self.command.first().map(Path::new).and_then(Path::file_name);
        self.agent.clone().or_else(|| command.map(|name| name.to_string_lossy().into_owned()))
    }
}

/// How to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Not at all.
    None,
}

/// The network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Net {
    /// Loopback only.
    None,
    /// The host's.
    Host,
}

impl From<Net> for Network {
    fn from(net: Net) -> Self {
        match net {
            Net::None => Self::None,
            Net::Host => Self::Host,
        }
    }
}

/// Processors as thousandths: `0.5` is 500.
fn processors(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no number of processors: give 0.001 to 1024, such as 0.5 or 2");
    let number: f64 = text.parse().map_err(|_| wrong())?;
    let thousandths = (number * 1000.0).round();
    if (1.0..=1_024_000.0).contains(&thousandths) { Ok(thousandths as u64) } else { Err(wrong()) }
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err("a time of zero would end the command before it starts".to_owned()),
        Err(error) => Err(format!("{error}; write it as 90s, 10m or 2h")),
    }
}
