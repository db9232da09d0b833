//! Justifications: signed documents that say what scratch an agent needs, why, who agreed, and until when.
//!
//! Bytes in, values out: whoever reads files, asks the clock or counts uses does so elsewhere. What comes out at the end
//! is [`Presented`]: what the [policy](crate::policy) is shown of one justification. Nothing here allows anything.

mod category;
mod presented;

pub use category::Category;
pub use presented::{Aim, Presented, PresentedGrant, Rejected, Signer, SigningRole, Uses};
