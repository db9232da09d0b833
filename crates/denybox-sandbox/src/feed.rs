//! The live denials: a file in the box that tells an agent, while it runs, why something was denied.

use serde::Serialize;

use denybox_core::diagnosis::{Diagnosed, Remedy};
use denybox_core::event::{Denial, Operation};
use denybox_core::resource::Resource;

/// Most bytes of it. When it is full nothing more is told there; the report at the end has everything.
pub const CAPACITY: u64 = 1 << 20;
/// Its name.
pub const NAME: &str = "denials.jsonl";
/// Its path in the box.
pub const PATH: &str = "/run/denybox/denials.jsonl";

/// One line of it.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    resource: &'a Resource,
    path: &'a str,
    operation: Operation,
    program: &'a str,
    argv: &'a [String],
    id: &'a str,
    summary: &'a str,
    remedies: &'a [Remedy],
}

impl<'a> Line<'a> {
    /// The line for a denial and what it means.
    pub fn of(denial: &'a Denial, cause: &'a Diagnosed) -> Self {
        Self {
            resource: &denial.resource,
            path: &denial.path,
            operation: denial.operation,
            program: &denial.process.exe,
            argv: &denial.process.argv,
            id: &cause.id,
            summary: &cause.summary,
            remedies: &cause.remedies,
        }
    }
}
