//! What a policy is asked: the published policy input, which Rego sees as `input`.
//!
//! It is made from an [`Input`] and leaves out where things are written down: no rule depends on that.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::{Caller, Host, Input};
use crate::justification::Presented;
use crate::resource::Resource;
use crate::surface::{
    Access, Backing, DirectoryFacts, Exposure, Fact, Guard, Limits, MountOptions, Related, Relation, Role,
    Sharing,
};

/// The policy input.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Question<'a> {
    /// [`INPUT_VERSION`](crate::decision::INPUT_VERSION).
    pub version: u32,
    /// What the agent would share, in groups.
    pub surface: Groups<'a>,
    /// For each control by name, whether it is in force; of what isn't known, the worst.
    pub controls: BTreeMap<&'a str, bool>,
    /// The texts given by `--because`.
    pub reasons: &'a [String],
    /// The justifications that were presented, checked but not yet judged.
    pub justifications: &'a [Presented],
    /// Facts about the machine.
    pub host: &'a Host,
    /// Who starts the box.
    pub caller: &'a Caller,
    /// When the question is asked, in seconds since 1970-01-01 UTC.
    pub time: u64,
}

/// Exposures by what they are. A rule looks only at the group that it is about.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Groups<'a> {
    /// Whatever its role, nothing is behind it, or nothing but a denial: absent or sealed.
    pub closed: Vec<Asked<'a>>,
    /// The operating system and toolchains.
    pub system: Vec<Asked<'a>>,
    /// The agent's home.
    pub home: Vec<Asked<'a>>,
    /// The directory the agent works in.
    pub workspace: Vec<Asked<'a>>,
    /// Shown read-only by request.
    pub read_only: Vec<Asked<'a>>,
    /// Shown read-write by request.
    pub read_write: Vec<Asked<'a>>,
    /// Shared scratch, and kinds of IPC.
    pub scratch: Vec<Asked<'a>>,
    /// Unix sockets that could be connected to.
    pub socket: Vec<Asked<'a>>,
    /// The host's network.
    pub network: Vec<Asked<'a>>,
}

/// One exposure, as rules see it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Asked<'a> {
    /// Its place in the surface. An answer names exposures by it.
    pub index: usize,
    /// What is reached, by the name the agent would use.
    pub resource: &'a Resource,
    /// The part it plays.
    pub role: Role,
    /// What the agent may do there.
    pub access: Access,
    /// Where the bytes live.
    pub backing: Judged<'a>,
    /// Flags of the mount that shows it; for an IPC kind all `false`.
    pub options: MountOptions,
    /// How much it holds.
    pub limits: Limits,
    /// With whom it is shared.
    pub sharing: &'a Sharing,
    /// How the host path behind it stands to guarded places.
    pub related: &'a [Related],
    /// `related` in a word.
    pub stands: Standing,
    /// For `dir` backing, what is known of the directory.
    pub directory: Option<&'a DirectoryFacts>,
}

/// A backing to judge by: of one that isn't known, the worst that it could be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Judged<'a> {
    /// How sure it is.
    pub certainty: Certainty,
    /// The backing.
    #[serde(flatten)]
    pub backing: &'a Backing,
}

/// How sure a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Written down.
    Known,
    /// Supplied by a runtime's rule because nothing was written down.
    Defaulted,
    /// Not to be known from here.
    Unknown,
}

/// How an exposure stands to all guarded places, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is none of them, contains none and is no other name for one, and it doesn't lie in shared scratch.
    Apart,
    /// It lies in shared scratch.
    InScratch,
    /// It is a guarded place, contains one, or is another name for one.
    Guarded,
}

impl Standing {
    fn of(related: &[Related]) -> Self {
        if related.iter().any(|related| related.how != Relation::Below) {
            Self::Guarded
        } else if related.iter().any(|related| related.guard == Guard::Scratch) {
            Self::InScratch
        } else {
            Self::Apart
        }
    }
}

impl<'a> Question<'a> {
    /// The question about `input`.
    pub fn new(input: &'a Input) -> Self {
        let mut groups = Groups::default();
        for (index, exposure) in input.surface.exposures.iter().enumerate() {
            groups.of(exposure).push(Asked::new(index, exposure));
        }
        let controls = input.surface.controls.iter();
        Self {
            version: input.version,
            surface: groups,
            controls: controls.map(|control| (control.name.as_str(), *control.enforced.judged())).collect(),
            reasons: &input.reasons,
            justifications: &input.justifications,
            host: &input.host,
            caller: &input.caller,
            time: input.time,
        }
    }
}

impl<'a> Groups<'a> {
    /// Each group, and its name in the published form.
    pub(super) fn named(&self) -> [(&'static str, &[Asked<'a>]); 9] {
        [
            ("closed", &self.closed),
            ("system", &self.system),
            ("home", &self.home),
            ("workspace", &self.workspace),
            ("read_only", &self.read_only),
            ("read_write", &self.read_write),
            ("scratch", &self.scratch),
            ("socket", &self.socket),
            ("network", &self.network),
        ]
    }

    fn of(&mut self, exposure: &Exposure) -> &mut Vec<Asked<'a>> {
        match (exposure.backing.judged(), exposure.role) {
            (Backing::Absent | Backing::Sealed, _) => &mut self.closed,
            (_, Role::System | Role::Toolchain) => &mut self.system,
            (_, Role::Home) => &mut self.home,
            (_, Role::Workspace) => &mut self.workspace,
            (_, Role::ReadOnly) => &mut self.read_only,
            (_, Role::ReadWrite) => &mut self.read_write,
            (_, Role::Scratch) => &mut self.scratch,
            (_, Role::Socket) => &mut self.socket,
            (_, Role::Network) => &mut self.network,
        }
    }
}

impl<'a> Asked<'a> {
    fn new(index: usize, exposure: &'a Exposure) -> Self {
        let certainty = match exposure.backing {
            Fact::Known { .. } => Certainty::Known,
            Fact::Defaulted { .. } => Certainty::Defaulted,
            Fact::Unknown { .. } => Certainty::Unknown,
        };
        Self {
            index,
            resource: &exposure.resource,
            role: exposure.role,
            access: exposure.access,
            backing: Judged { certainty, backing: exposure.backing.judged() },
            options: exposure.options,
            limits: exposure.limits,
            sharing: &exposure.sharing,
            related: &exposure.related,
            stands: Standing::of(&exposure.related),
            directory: exposure.directory.as_ref(),
        }
    }
}
