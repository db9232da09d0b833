use std::ffi::OsStr;
use denybox_core::policy::{Policy, PolicyError};
#[derive(Debug, thiserror::Error)]
pub enum SourceError { #[error(transparent)] Policy(#[from] PolicyError) }
pub fn policy(named: &OsStr) -> Result<Policy, SourceError> { Ok(Policy::shipped(&named.to_string_lossy())?) }
