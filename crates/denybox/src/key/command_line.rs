//! The words of `denybox key`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use denybox_core::justification::SigningRole;
use denybox_core::resource::Resource;

use crate::justification::command_line::{EXIT_CODES, lifetime};

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key, and say how others trust it.
    ///
    /// The secret key is Ed25519 in PKCS#8, in keys/NAME.pem in your configuration, for you alone. A key that is there is
    /// never overwritten.
    Generate(Generate),
    /// List the keys that you hold, and those that are trusted.
    List(List),
    /// Trust somebody's key.
    ///
    /// Comments in the trust file stay.
    Trust(Trust),
    /// Trust a key, or a person's every key, no more.
    ///
    /// A revoked key stays in the trust file, so that what it signed is refused by name, whenever it was signed.
    Revoke(Revoke),
}

/// Options of `denybox key generate`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Generate {
    /// A name for it
    #[arg(default_value = "default", value_name = "NAME")]
    pub name: String,
    /// Whose it is, for the command that trusts it [default: git's user.email]
    #[arg(long, value_name = "WHO")]
    pub person: Option<String>,
}

/// Options of `denybox key list`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct List {
    /// List this trust file as well (may be repeated) [default: your own, where nothing is pinned]
    #[arg(long, value_name = "FILE")]
    pub trust: Vec<PathBuf>,
}

/// Options of `denybox key trust`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Trust {
    /// The public key: ed25519:BASE64, a line as in OpenSSH's .pub files, or a file with either
    #[arg(value_name = "KEY|FILE")]
    pub public: String,
    /// Whose it is: the name that justifications use
    #[arg(long, value_name = "WHO")]
    pub person: String,
    /// What it may sign for (may be repeated, or a list with commas)
    #[arg(long, value_enum, required = true, value_delimiter = ',', value_name = "ROLE")]
    pub role: Vec<Role>,
    /// Only for this resource, and what lies below it (may be repeated)
    #[arg(long, value_name = "RESOURCE")]
    pub resource: Vec<Resource>,
    /// From now for this long, such as 365d [default: for ever]
    #[arg(long = "for", value_name = "TIME", value_parser = lifetime)]
    pub lifetime: Option<Duration>,
    /// The trust file [default: trust.toml in your configuration]
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
}

/// Options of `denybox key revoke`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Revoke {
    /// The key's id (sha256:…, SHA256:…), its public line, or a person
    #[arg(value_name = "ID|WHO")]
    pub who: String,
    /// The trust file [default: trust.toml in your configuration]
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
}

/// What a signature stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Asks.
    Requester,
    /// Agrees.
    Approver,
    /// Goes ahead alone in an emergency.
    BreakGlass,
}

impl From<Role> for SigningRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Requester => Self::Requester,
            Role::Approver => Self::Approver,
            Role::BreakGlass => Self::BreakGlass,
        }
    }
}
