//! The published JSON schemas of what policies read and write.

use schemars::{Schema, schema_for};

use super::Answer;
use super::question::Question;

/// The schema of the policy input, [`Question`].
pub fn input_schema() -> Schema {
    schema_for!(Question<'static>)
}

/// The schema of what a policy must answer, [`Answer`].
pub fn answer_schema() -> Schema {
    schema_for!(Answer)
}
