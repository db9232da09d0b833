//! Programs that try to break out of a box.
//!
//! Every attack names the controls that stop it. The test beside this library runs each one three ways: with
//! the ordinary build, where it has to be blocked; with all of its controls off, where it has to succeed (a
//! check that can't fail proves nothing); and with each of its controls left on alone, where that one has to
//! block it. An attack proves that it could, and changes nothing outside the box: it opens for writing and
//! doesn't write, sends signal 0, and reaches only for canaries that it planted itself.

pub mod attack;
pub mod families;
pub mod fuse_device;
pub mod host;
pub mod kernel;
pub mod need;
pub mod pseudo_terminal;
pub mod stage;

pub use attack::{Attack, Caller, Verdict};
