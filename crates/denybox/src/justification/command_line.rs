//! The words of `denybox justification`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use denybox_core::justification::Category;
use denybox_core::size::Size;

use super::wanted::Wanted;
use crate::command_line::Format;

/// What the help of each command ends with.
pub const EXIT_CODES: &str = "\
Exit codes:
    0  done; verify: every justification would hold under the policy strict
   64  wrong usage
   70  denybox itself failed
   77  verify: a justification would not hold
   78  a file is missing, malformed, or not to be relied on";

/// What can be done with justifications.
#[derive(Debug, Subcommand)]
pub enum Justification {
    /// Write a manifest: what scratch an agent needs, why, who asks, who agrees, and until when.
    ///
    /// What is written passes the checks; nobody has signed it yet.
    New(Box<New>),
    /// Sign a manifest, or add a signature to one that is signed.
    ///
    /// What is about to be signed is shown on standard error first. Signatures that are there already stay.
    Sign(Sign),
    /// Say whose signatures a justification has, and whether it would hold.
    ///
    /// A justification is asked about as if a box on this host asked for everything that it grants, by the policy strict.
    Verify(Verify),
    /// Show a justification to people, or its parts to other programs.
    Show(Show),
    /// Revoke a justification, whoever signed it.
    ///
    /// A list of revocations counts whatever the clock says, and nothing is taken off it by denybox.
    Revoke(Revoke),
    /// Print the JSON schema of manifests.
    Schema,
    /// Say what is wrong with manifests, and what could be better.
    ///
    /// Faults are told with their place, as far as there is one. Advice changes no exit code.
    Lint(Lint),
}

/// Options of `denybox justification new`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, group = ArgGroup::new("asked").required(true).multiple(true))]
pub struct New {
    /// Ask for a resource with a backing (may be repeated)
    ///
    /// RESOURCE=BACKING[,size=SIZE][,inodes=N][,exec], such as /dev/shm=private,size=64M, /tmp=dir:/srv/agent-scratch,
    /// /tmp=host, /var/tmp=shared:builders, sysv-shm=private or memfd-exec.
    #[arg(long, value_name = "GRANT", group = "asked", help_heading = "What is asked for")]
    pub grant: Vec<Wanted>,
    /// Ask for a private scratch of this size at /run/denybox/scratch, where TMPDIR will point
    #[arg(long, value_name = "SIZE", group = "asked", help_heading = "What is asked for")]
    pub scratch: Option<Size>,

    /// The reason: what needs it, and what happens without
    #[arg(long, value_name = "TEXT", help_heading = "Why")]
    pub because: String,
    /// The kind of the reason [default: guessed from what is asked for]
    #[arg(long, value_name = "KIND", value_parser = category, help_heading = "Why")]
    pub category: Option<Category>,
    /// Where more is written about it: a ticket or a URL
    #[arg(long, value_name = "TEXT", help_heading = "Why")]
    pub ticket: Option<String>,
    /// What was tried instead, and why it doesn't do (may be repeated)
    #[arg(long, value_name = "TEXT", help_heading = "Why")]
    pub alternative: Vec<String>,

    /// Only for the agent of this name
    #[arg(long, value_name = "NAME", help_heading = "For whom, and for how long")]
    pub agent: Option<String>,
    /// Only for this very executable: the digest of the file is written down (may be repeated)
    #[arg(long, value_name = "FILE", help_heading = "For whom, and for how long")]
    pub executable: Vec<PathBuf>,
    /// Only on hosts of this name, such as build-7 or ci-*.example.org (may be repeated)
    #[arg(long, value_name = "NAME", help_heading = "For whom, and for how long")]
    pub host: Vec<String>,
    /// From now for this long, such as 8h or 30d [default: 30d; 4h for break-glass]
    #[arg(long = "for", value_name = "TIME", value_parser = lifetime, help_heading = "For whom, and for how long")]
    pub lifetime: Option<Duration>,
    /// For no more than this many boxes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "For whom, and for how long")]
    pub max_uses: Option<u64>,

    /// Who asks, by the name that trust files use [default: git's user.email]
    #[arg(long, value_name = "WHO", help_heading = "Who")]
    pub requested_by: Option<String>,
    /// Who shall agree (may be repeated); their signatures will prove it
    #[arg(long, value_name = "WHO", help_heading = "Who")]
    pub approved_by: Vec<String>,
    /// There is no time to ask anybody: a key with the role break-glass signs alone, and somebody is alerted
    #[arg(long, help_heading = "Who")]
    pub break_glass: bool,

    /// Its name [default: made from the kind of reason and the date]
    #[arg(long, value_name = "ID", help_heading = "The document")]
    pub id: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Form::Yaml, help_heading = "The document")]
    pub format: Form,
    /// Write it to a file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE", help_heading = "The document")]
    pub output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "output", help_heading = "The document")]
    pub force: bool,
}

/// How a manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

/// Options of `denybox justification sign`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, group = ArgGroup::new("signer").required(true))]
pub struct Sign {
    /// A manifest, or the envelope of one
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Sign with this secret key: a file, or the name of one that `denybox key generate` made
    #[arg(long, value_name = "KEY", group = "signer")]
    pub key: Option<PathBuf>,
    /// Sign with this OpenSSH key of the kind ed25519: its file, or its .pub file where ssh-agent holds the secret
    #[arg(long, value_name = "FILE", group = "signer")]
    pub ssh_key: Option<PathBuf>,
    /// Write the envelope there [default: in place; for a manifest beside it, ending in .dsse.json]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite another justification that is there
    #[arg(long)]
    pub force: bool,
}

/// Options of `denybox justification verify`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Verify {
    /// Envelopes, or manifests that nobody has signed
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A trust file that signatures must pass as well (may be repeated) [default: your own, where nothing is pinned]
    #[arg(long, value_name = "FILE")]
    pub trust: Vec<PathBuf>,
    /// As if on a host of this name [default: this host's name]
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// As if for an agent of this name [default: the one that the justification names]
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// As if for this executable [default: the one that the justification names]
    #[arg(long, value_name = "FILE")]
    pub executable: Option<PathBuf>,
    /// How to tell
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub report: Format,
}

/// Options of `denybox justification show`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, group = ArgGroup::new("part"))]
pub struct Show {
    /// A manifest, or the envelope of one
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write the bytes that signatures are over, for `ssh-keygen -Y verify -n denybox-justification`
    #[arg(long, group = "part")]
    pub signed_bytes: bool,
    /// Write the Nth signature, which an SSH key made, as ssh-keygen reads it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), group = "part")]
    pub ssh_signature: Option<u64>,
    /// Write the manifest alone
    #[arg(long, value_enum, value_name = "FORMAT", group = "part")]
    pub manifest: Option<Form>,
}

/// Options of `denybox justification revoke`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Revoke {
    /// What to revoke: an envelope's file (this very justification), a manifest's file or an id (everything of that id),
    /// or sha256:DIGEST
    #[arg(value_name = "FILE|ID|DIGEST")]
    pub what: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub because: String,
    /// Who revokes it [default: git's user.email]
    #[arg(long, value_name = "WHO")]
    pub by: Option<String>,
    /// The list [default: revoked.toml in your configuration]
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
}

/// Options of `denybox justification lint`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Lint {
    /// Manifests, or envelopes
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

fn category(text: &str) -> Result<Category, String> {
    Category::ALL.into_iter().find(|category| category.name() == text).ok_or_else(|| {
        let names: Vec<&str> = Category::ALL.iter().map(|category| category.name()).collect();
        format!("use one of {}", names.join(", "))
    })
}

/// A time in whole seconds, of which there is some.
pub fn lifetime(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time.as_secs() == 0 || time.subsec_nanos() != 0 => {
            Err("give whole seconds, at least one".to_owned())
        }
        Ok(time) => Ok(time),
        Err(error) => Err(format!("{error}; write it as 90m, 8h or 30d")),
    }
}
