//! Justifications: signed documents that say what scratch an agent needs, why, who agreed, and until when.
//!
//! Bytes in, values out: whoever reads files, asks the clock or counts uses does so elsewhere. What comes out at the end
//! is [`Presented`]: what the [policy](crate::policy) is shown of one justification. Nothing here allows anything.

mod aim;
mod base64;
mod category;
mod digest;
mod document;
pub mod envelope;
pub mod key;
pub mod manifest;
pub mod moment;
mod name;
mod opened;
mod presented;
pub mod revocation;
pub mod statement;
pub mod trust;
mod verify;

pub use aim::Facts;
pub use category::Category;
pub use digest::digest;
pub use document::{Syntax, Unreadable};
pub use manifest::{DigestKind, Manifest, ManifestError};
pub use moment::MomentError;
pub use name::{NameError, NamePattern};
pub use opened::{DocumentProblem, Opened};
pub use presented::{Aim, Presented, PresentedGrant, Rejected, Signer, SigningRole, Uses};
pub use revocation::Revocations;
pub use trust::{Trust, Trusts};
pub use verify::{Context, VerifyError, verify};
