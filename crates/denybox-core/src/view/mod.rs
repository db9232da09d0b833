//! The view: the one place that computes what an agent sees where.

mod relations;

pub use self::relations::relations;
