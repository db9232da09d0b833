//! Why a command about justifications or keys failed.

use std::io;
use std::path::PathBuf;

use denybox_core::grant::GrantError;
use denybox_core::justification::DocumentProblem;
use denybox_core::justification::envelope::EnvelopeError;
use denybox_core::justification::key::{PublicKeyError, SignatureError};
use denybox_core::justification::manifest::Faults;
use denybox_core::justification::revocation::RevocationError;
use denybox_core::justification::trust::{EditError, TrustError};
use denybox_core::path::AbsPath;
use denybox_core::policy::PolicyError;

use super::agent::AgentError;
use crate::exit_code;
use crate::stores::keys::KeyFileError;
use crate::stores::places::PlaceError;
use crate::stores::replace::ReplaceError;
use crate::stores::settings::SettingsError;
use crate::stores::trusted::TrustedError;
use crate::stores::uses::UsesError;

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// A file can't be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is neither a manifest nor an envelope of one.
    #[error("{path}: {problem}")]
    Document {
        /// The file.
        path: String,
        /// Why, with line and column where there are any.
        #[source]
        problem: DocumentProblem,
    },
    /// What the options say makes no manifest.
    #[error("this would be no justification: {0}")]
    Manifest(#[from] Faults),
    /// The scratch can't be written down.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// Nobody knows who the caller is.
    #[error("git knows no user.email: say {what} with {option} WHO")]
    Nobody {
        /// What is to be said.
        what: &'static str,
        /// By which option.
        option: &'static str,
    },
    /// The signature can't be added.
    #[error("{path}: {source}")]
    Envelope {
        /// The envelope.
        path: String,
        /// Why.
        #[source]
        source: EnvelopeError,
    },
    /// Something else is where the envelope would go.
    #[error(
        "{0} is there already and holds another justification: name another file with --output, or give --force"
    )]
    Another(String),
    /// A key can't be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A plain key where an SSH key was asked for.
    #[error("{0} holds no OpenSSH key: give it with --key")]
    NotSsh(String),
    /// The agent doesn't sign.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// What was made doesn't hold.
    #[error("the fresh signature doesn't hold, so nothing was written: {0}")]
    Signature(#[from] SignatureError),
    /// No such signature.
    #[error("{path} has {there}, not a number {wanted}")]
    NoSignature {
        /// The file.
        path: String,
        /// How many there are.
        there: String,
        /// Which was asked for.
        wanted: u64,
    },
    /// A signature of another kind.
    #[error("signature {number} of {path} was not made by an SSH key: {source}")]
    NotSshSignature {
        /// The file.
        path: String,
        /// Which.
        number: u64,
        /// Why.
        #[source]
        source: SignatureError,
    },
    /// A file can't be written.
    #[error(transparent)]
    Write(#[from] ReplaceError),
    /// There is no place for the caller's own files.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// What is pinned can't be relied on.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Trust can't be established.
    #[error(transparent)]
    Trusted(#[from] TrustedError),
    /// Uses can't be looked up.
    #[error(transparent)]
    Uses(#[from] UsesError),
    /// The policy can't be loaded.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A list of revocations can't be changed.
    #[error("{path}: {source}")]
    Revocations {
        /// The list.
        path: String,
        /// Why.
        #[source]
        source: RevocationError,
    },
    /// Nothing to revoke.
    #[error("there is no file {0}, and no justification can have that for its id")]
    NoSuchFile(String),
    /// A public key was asked for.
    #[error("{path}: {source}")]
    PublicKey {
        /// What was given.
        path: String,
        /// Why it is none.
        #[source]
        source: PublicKeyError,
    },
    /// A secret key where a public one belongs.
    #[error("{0} holds a secret key: give the public line that `denybox key list` or ssh-keygen -y prints")]
    Secret(String),
    /// A trust file makes no sense.
    #[error("{path}: {source}")]
    Trust {
        /// The file.
        path: String,
        /// Why, with the line.
        #[source]
        source: TrustError,
    },
    /// A trust file can't be changed so.
    #[error("{path}: {source}")]
    Edit {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: EditError,
    },
    /// Nobody whose key could be revoked.
    #[error(
        "{path} trusts no key that is called '{who}' or belongs to somebody of that name; `denybox key list` shows them"
    )]
    NoSuchKey {
        /// The trust file.
        path: String,
        /// Who was asked for.
        who: String,
    },
    /// All of them are revoked.
    #[error("{path}: every key of '{who}' is revoked already")]
    AllRevoked {
        /// The trust file.
        path: String,
        /// Whose.
        who: String,
    },
    /// A trust file where anybody could put another.
    #[error("{path} lies in shared scratch ({tree}), where others could replace it: keep trust elsewhere")]
    TrustInScratch {
        /// The file.
        path: String,
        /// The scratch tree.
        tree: AbsPath,
    },
    /// There was no randomness.
    #[error("the kernel gives no random bytes: {0}")]
    Random(#[source] io::Error),
    /// The result can't be written.
    #[error("cannot write the result: {0}")]
    Output(#[source] io::Error),
}

impl Failed {
    /// The exit code for it.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Manifest(_) | Self::Grant(_) | Self::Nobody { .. } | Self::NoSignature { .. } => {
                exit_code::USAGE
            }
            Self::Key(KeyFileError::Name(_)) => exit_code::USAGE,
            Self::Random(_) | Self::Output(_) | Self::Policy(_) | Self::Signature(_) => exit_code::INTERNAL,
            Self::Key(KeyFileError::Random(_) | KeyFileError::Fresh(_)) => exit_code::INTERNAL,
            _ => exit_code::CONFIGURATION,
        }
    }
}
