//! The exposure probe: what a sandboxed program reaches of the host's shared scratch.
//!
//! Outside, canaries are planted: a file, a program and a socket in /tmp, the same in /dev/shm and /var/tmp, a
//! System V segment, a POSIX queue, an abstract socket, open descriptors. Inside, each is read, written, listed,
//! executed and connected to. What isn't the host's is tried once more on an object of the probe's own, so that
//! a private scratch is told from a denied one. Outside again, it is looked whether the canaries were touched.

pub mod cell;
pub mod inside;
pub mod outside;
pub mod runtimes;
pub mod table;
