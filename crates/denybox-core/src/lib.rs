//! The words of denybox, and what is pure about them. No unsafe, no I/O, no clock, no environment.
//!
//! Data flows one way: a [`surface`] (resolved by the [`view`]) meets the [`policy`], which gives a [`decision`];
//! only an allowing one yields a [`plan`]. What a backend then sees comes back as [`event`]s and is explained as
//! [`diagnosis`].
#![forbid(unsafe_code)]

pub mod audit;
pub mod decision;
pub mod diagnosis;
pub mod event;
pub mod grant;
pub mod justification;
pub mod path;
pub mod plan;
pub mod policy;
pub mod resource;
pub mod size;
pub mod surface;
pub mod view;
