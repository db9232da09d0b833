//! Who the caller is, as others would name him.

use std::path::PathBuf;

use denybox_sandbox::host::identity;

/// The address that the caller's commits carry, git-config(1) `user.email`; none where there is none.
pub fn caller() -> Option<String> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    identity::committer(variable("HOME").as_deref(), variable("XDG_CONFIG_HOME").as_deref()).email
}
