//! The live denials: a file in the box that tells an agent, while it runs, why something was denied.

/// Most bytes of it. When it is full nothing more is told there; the report at the end has everything.
pub const CAPACITY: u64 = 1 << 20;
/// Its name.
pub const NAME: &str = "denials.jsonl";
/// Its path in the box.
pub const PATH: &str = "/run/denybox/denials.jsonl";
