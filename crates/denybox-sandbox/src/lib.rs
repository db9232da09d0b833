//! The native backend: a box made of Linux namespaces.
//!
//! Three processes: the [supervisor], which outlives the box; the [stage], which enters the namespaces and ends; and
//! [PID 1](init), which builds the file tree, starts the agent and dies with the supervisor. They speak over one typed
//! [channel]. The supervisor answers the [tripwire] (denied paths) and the [notifier] (refused calls) and writes both
//! down in the [recorder].
#![deny(unsafe_code)]

pub mod cgroup;
pub mod channel;
mod confine;
pub mod controls;
pub mod error;
pub mod feed;
pub mod host;
pub mod init;
pub mod message;
mod mounting;
mod notifier;
mod observer;
pub mod proc_files;
mod recorder;
pub mod stage;
pub mod supervisor;
mod terminal;
mod tripwire;
pub mod weaken;
