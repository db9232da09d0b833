//! Reading a question that was written as a document: the published policy input.
//!
//! It becomes an [`Input`], and that must give the document again, to the last field: so nothing in it is overlooked,
//! supplied by default, or read in another sense than it is judged.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::question::{Certainty, Question, Standing};
use crate::decision::{Caller, Host, Input};
use crate::justification::Presented;
use crate::resource::Resource;
use crate::surface::{
    Access, Backing, Control, DirectoryFacts, Exposure, Fact, Limits, MountOptions, Origin, Related, Role,
    Sharing, Surface,
};

/// Why a document is no question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PosedError {
    /// It can't be read, or something in it is of another kind than it must be.
    #[error("the policy input can't be read: {0}; its schema: denybox schema policy-input")]
    Unreadable(String),
    /// Exposures aren't numbered.
    #[error(
        "the exposures of the policy input are not numbered from 0 to {last}: `index` is their place in the surface"
    )]
    Numbering {
        /// The number of the last.
        last: usize,
    },
    /// Something in it isn't what this build would write for the same.
    #[error("{place} of the policy input {message}; its schema: denybox schema policy-input")]
    Differs {
        /// Where, as a path of fields.
        place: String,
        /// What is wrong there.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    surface: Groups,
    #[serde(deserialize_with = "once")]
    controls: BTreeMap<String, bool>,
    reasons: Vec<String>,
    justifications: Vec<Presented>,
    host: Host,
    caller: Caller,
    time: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Groups {
    closed: Vec<Posed>,
    system: Vec<Posed>,
    home: Vec<Posed>,
    workspace: Vec<Posed>,
    read_only: Vec<Posed>,
    read_write: Vec<Posed>,
    scratch: Vec<Posed>,
    socket: Vec<Posed>,
    network: Vec<Posed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Posed {
    index: usize,
    resource: Resource,
    role: Role,
    access: Access,
    backing: PosedBacking,
    options: MountOptions,
    limits: Limits,
    sharing: Sharing,
    related: Vec<Related>,
    /// Follows from `related`: compared with what this build would write.
    #[serde(rename = "stands")]
    _stands: Standing,
    directory: Option<DirectoryFacts>,
}

#[derive(Deserialize)]
struct PosedBacking {
    certainty: Certainty,
    #[serde(flatten)]
    backing: Backing,
}

/// Controls by name, each once.
fn once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, bool>, D::Error> {
    struct Controls;

    impl<'de> Visitor<'de> for Controls {
        type Value = BTreeMap<String, bool>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object of controls")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut controls = BTreeMap::new();
            while let Some((name, enforced)) = map.next_entry::<String, bool>()? {
                if controls.contains_key(&name) {
                    return Err(A::Error::custom(format!("the control {name} is there twice")));
                }
                controls.insert(name, enforced);
            }
            Ok(controls)
        }
    }

    deserializer.deserialize_map(Controls)
}

/// The input that the document `text` asks about.
///
/// # Errors
/// [`PosedError`].
pub(super) fn read(text: &str) -> Result<Input, PosedError> {
    let unreadable = |error: serde_json::Error| PosedError::Unreadable(error.to_string());
    let document: Document = serde_json::from_str(text).map_err(unreadable)?;
    let input = document.into_input()?;
    let posed: Value = serde_json::from_str(text).map_err(unreadable)?;
    let written = serde_json::to_value(Question::new(&input)).map_err(unreadable)?;
    match difference(&posed, &written, &mut Vec::new()) {
        Some((place, message)) => Err(PosedError::Differs { place, message }),
        None => Ok(input),
    }
}

impl Document {
    fn into_input(self) -> Result<Input, PosedError> {
        let Groups { closed, system, home, workspace, read_only, read_write, scratch, socket, network } =
            self.surface;
        let groups = [closed, system, home, workspace, read_only, read_write, scratch, socket, network];
        let mut posed: Vec<Posed> = groups.into_iter().flatten().collect();
        posed.sort_by_key(|posed| posed.index);
        if posed.iter().enumerate().any(|(place, posed)| posed.index != place) {
            return Err(PosedError::Numbering { last: posed.len().saturating_sub(1) });
        }
        let controls = self.controls.into_iter().map(|(name, enforced)| Control {
            name,
            enforced: Fact::Known { value: enforced, origin: origin() },
        });
        Ok(Input {
            version: self.version,
            surface: Surface {
                exposures: posed.into_iter().map(Posed::into_exposure).collect(),
                controls: controls.collect(),
            },
            reasons: self.reasons,
            justifications: self.justifications,
            host: self.host,
            caller: self.caller,
            time: self.time,
        })
    }
}

impl Posed {
    fn into_exposure(self) -> Exposure {
        let value = self.backing.backing;
        Exposure {
            resource: self.resource,
            role: self.role,
            access: self.access,
            backing: match self.backing.certainty {
                Certainty::Known => Fact::Known { value, origin: origin() },
                Certainty::Defaulted => Fact::Defaulted { value, origin: origin() },
                Certainty::Unknown => Fact::Unknown { worst: value, origin: origin() },
            },
            options: self.options,
            limits: self.limits,
            sharing: self.sharing,
            related: self.related,
            directory: self.directory,
            origin: origin(),
        }
    }
}

/// A question doesn't say where things are written down.
fn origin() -> Origin {
    Origin::Rule { name: "denybox: policy input".to_owned() }
}

/// The first place where two documents differ, and how.
fn difference(posed: &Value, written: &Value, path: &mut Vec<String>) -> Option<(String, String)> {
    let found = |path: &[String], message: &str| {
        Some((path.concat().trim_start_matches('.').to_owned(), message.to_owned()))
    };
    match (posed, written) {
        (Value::Object(posed), Value::Object(written)) => {
            for (name, value) in posed {
                path.push(format!(".{name}"));
                let different = match written.get(name) {
                    None => found(path, "is a field that nobody knows"),
                    Some(other) => difference(value, other, path),
                };
                if different.is_some() {
                    return different;
                }
                path.pop();
            }
            let missing = written.keys().find(|name| !posed.contains_key(*name))?;
            path.push(format!(".{missing}"));
            found(path, "is missing")
        }
        (Value::Array(posed), Value::Array(written)) => {
            if posed.len() != written.len() {
                return found(path, "has exposures that belong to another group");
            }
            for (place, (value, other)) in posed.iter().zip(written).enumerate() {
                path.push(format!("[{place}]"));
                if let Some(different) = difference(value, other, path) {
                    return Some(different);
                }
                path.pop();
            }
            None
        }
        (posed, written) if posed == written => None,
        (posed, written) => found(path, &format!("is {posed}, which this build would write as {written}")),
    }
}
