//! The published JSON schemas of what policies read and write.

use schemars::{Schema, schema_for};

use super::Answer;
use crate::decision::Input;

/// The schema of the policy input, [`Input`].
pub fn input_schema() -> Schema {
    schema_for!(Input)
}

/// The schema of what a policy must answer, [`Answer`].
pub fn answer_schema() -> Schema {
    schema_for!(Answer)
}
