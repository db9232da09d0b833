//! The attacks, by family.

pub mod abi;
pub mod capabilities;
pub mod descriptors;
pub mod endurance;
pub mod environment;
pub mod home;
pub mod host_files;
pub mod ipc;
pub mod limits;
pub mod memfd;
pub mod mounts;
pub mod namespaces;
pub mod paths;
pub mod proc_files;
pub mod protected;
pub mod scratch;
pub mod signals;
pub mod sockets;
pub mod supervisor;
pub mod syscalls;
pub mod terminal;

use crate::attack::{Attack, Broken};

/// Every attack.
pub fn all() -> impl Iterator<Item = Attack> {
    [
        abi::ATTACKS,
        capabilities::ATTACKS,
        descriptors::ATTACKS,
        endurance::ATTACKS,
        environment::ATTACKS,
        home::ATTACKS,
        host_files::ATTACKS,
        ipc::ATTACKS,
        limits::ATTACKS,
        memfd::ATTACKS,
        mounts::ATTACKS,
        namespaces::ATTACKS,
        paths::ATTACKS,
        proc_files::ATTACKS,
        protected::ATTACKS,
        scratch::ATTACKS,
        signals::ATTACKS,
        sockets::ATTACKS,
        supervisor::ATTACKS,
        syscalls::ATTACKS,
        terminal::ATTACKS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The attack called `name`.
pub fn find(name: &str) -> Result<Attack, Broken> {
    all().find(|attack| attack.name == name).ok_or_else(|| Broken(format!("no attack is called '{name}'")))
}
