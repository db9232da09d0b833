//! Switching single controls off, in a build made for that alone.
//!
//! The attack programs prove themselves against such a build: an attack that fails even with its control off shows
//! nothing. Without the `weaken` feature nothing here reads anything and every control is always on.

/// The environment variable that names the controls to switch off, separated by commas.
pub const VARIABLE: &str = "DENYBOX_WEAKEN";

/// Whether `control` is switched off.
#[cfg(feature = "weaken")]
pub fn off(control: &str) -> bool {
    std::env::var(VARIABLE).is_ok_and(|names| names.split(',').any(|name| name == control))
}

/// Whether `control` is switched off: never, in this build.
#[cfg(not(feature = "weaken"))]
pub const fn off(_control: &str) -> bool {
    false
}
