//! A question as a value of the Rego engine, without the detour over JSON: what exposures have in common, such as names
//! of fields and combinations of flags, is made once and shared. Rare parts do take the detour. Fields stand in the order of
//! their names, in which the engine keeps them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regorus::Value;
use serde::Serialize;

use super::question::{Asked, Certainty, Question, Standing};
use crate::justification::{Aim, Presented, PresentedGrant, Signer, Uses};
use crate::resource::Resource;
use crate::surface::{Access, Backing, Limits, MountOptions, Role, Sharing};

/// `question` as the engine takes it: equal to what its JSON would be read as.
///
/// # Errors
/// A message, where a part can't be written as JSON.
pub(super) fn value(question: &Question<'_>) -> Result<Value, String> {
    let shared = &*SHARED;
    let mut surface = BTreeMap::new();
    for ((_, group), name) in question.surface.named().into_iter().zip(&shared.groups) {
        let exposures = group.iter().map(|asked| shared.exposure(asked)).collect::<Result<Vec<_>, _>>()?;
        surface.insert(name.clone(), Value::from(exposures));
    }
    let [caller, controls, host, justifications, reasons, groups, time, version] = &shared.question;
    let justifying = question.justifications.iter();
    Ok(Value::from(BTreeMap::from([
        (
            caller.clone(),
            Value::from(BTreeMap::from([
                (
                    shared.home.clone(),
                    optional(question.caller.home.as_ref().map(|home| Value::from(home.as_str()))),
                ),
                (shared.uid.clone(), Value::from(question.caller.uid)),
            ])),
        ),
        (
            controls.clone(),
            Value::from(
                question
                    .controls
                    .iter()
                    .map(|(name, enforced)| (Value::from(*name), Value::from(*enforced)))
                    .collect::<BTreeMap<_, _>>(),
            ),
        ),
        (
            host.clone(),
            Value::from(BTreeMap::from([
                (shared.abstract_socket_scope.clone(), Value::from(question.host.abstract_socket_scope)),
                (shared.memory_bytes.clone(), Value::from(question.host.memory_bytes)),
            ])),
        ),
        (
            justifications.clone(),
            Value::from(
                justifying.map(|presented| shared.presented(presented)).collect::<Result<Vec<_>, _>>()?,
            ),
        ),
        (reasons.clone(), texts(question.reasons)),
        (groups.clone(), Value::from(surface)),
        (time.clone(), Value::from(question.time)),
        (version.clone(), Value::from(question.version)),
    ])))
}

/// What exposures, and justifications, have in common.
struct Shared {
    question: [Value; 8],
    groups: [Value; 9],
    exposure: [Value; 11],
    /// An exposure with what most have.
    plain: Value,
    presented: [Value; 21],
    signer: [Value; 4],
    grant: [Value; 5],
    uses: [Value; 3],
    memory_bytes: Value,
    abstract_socket_scope: Value,
    uid: Value,
    home: Value,
    path: Value,
    group: Value,
    size: Value,
    inodes: Value,
    /// Backings whose path or group is still to be filled in: by certainty, the last of none; then by kind.
    backings: [[Value; 7]; 4],
    roles: [Value; 9],
    standings: [Value; 3],
    /// By the bits of [`Access`]: read, write, execute.
    access: [Value; 8],
    /// By the bits of [`MountOptions`]: readonly, noexec, nosuid, nodev.
    options: [Value; 16],
    unlimited: Value,
    private: Value,
    unknown: Value,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let flags = |names: &[&str], bits: usize| {
        let flag = |(place, name): (usize, &&str)| (Value::from(*name), Value::from(bits >> place & 1 == 1));
        Value::from(names.iter().enumerate().map(flag).collect::<BTreeMap<_, _>>())
    };
    let with = |name: &str| object([("with", Value::from(name))]);
    let [private, host, unknown] = ["private", "host", "unknown"].map(with);
    let unlimited = object([("size", Value::Null), ("inodes", Value::Null)]);
    Shared {
        question: ["caller", "controls", "host", "justifications", "reasons", "surface", "time", "version"]
            .map(Value::from),
        groups: super::question::Groups::default().named().map(|(name, _)| Value::from(name)),
        plain: object([
            ("access", Value::Null),
            ("backing", Value::Null),
            ("directory", Value::Null),
            ("index", Value::Null),
            ("limits", unlimited.clone()),
            ("options", Value::Null),
            ("related", Value::new_array()),
            ("resource", Value::Null),
            ("role", Value::Null),
            ("sharing", host),
            ("stands", Value::Null),
        ]),
        exposure: [
            "access",
            "backing",
            "directory",
            "index",
            "limits",
            "options",
            "related",
            "resource",
            "role",
            "sharing",
            "stands",
        ]
        .map(Value::from),
        presented: [
            "approved_by",
            "audience",
            "break_glass",
            "category",
            "digest",
            "grants",
            "id",
            "not_after",
            "not_before",
            "rejected",
            "requested_by",
            "revoked",
            "signatures",
            "signed",
            "signers_required",
            "skew_seconds",
            "source",
            "statement",
            "subject",
            "ticket",
            "uses",
        ]
        .map(Value::from),
        signer: ["covers", "key", "person", "roles"].map(Value::from),
        grant: ["access", "backing", "limits", "options", "resource"].map(Value::from),
        uses: ["binding", "max", "spent"].map(Value::from),
        memory_bytes: Value::from("memory_bytes"),
        abstract_socket_scope: Value::from("abstract_socket_scope"),
        uid: Value::from("uid"),
        home: Value::from("home"),
        path: Value::from("path"),
        group: Value::from("group"),
        size: Value::from("size"),
        inodes: Value::from("inodes"),
        backings: [Some("known"), Some("defaulted"), Some("unknown"), None].map(|certainty| {
            ["absent", "sealed", "private", "dir", "rootfs", "shared", "host"].map(|kind| {
                let certainty = certainty.map(|certainty| ("certainty", Value::from(certainty)));
                let kept = match kind {
                    "dir" | "host" => Some(("path", Value::Null)),
                    "shared" => Some(("group", Value::Null)),
                    _ => None,
                };
                object(certainty.into_iter().chain([("kind", Value::from(kind))]).chain(kept))
            })
        }),
        roles: [
            "system",
            "toolchain",
            "home",
            "workspace",
            "read-only",
            "read-write",
            "scratch",
            "socket",
            "network",
        ]
        .map(Value::from),
        standings: ["apart", "in-scratch", "guarded"].map(Value::from),
        access: std::array::from_fn(|bits| flags(&["read", "write", "execute"], bits)),
        options: std::array::from_fn(|bits| flags(&["readonly", "noexec", "nosuid", "nodev"], bits)),
        unlimited,
        private,
        unknown,
    }
});

impl Shared {
    fn exposure(&self, asked: &Asked<'_>) -> Result<Value, String> {
        let [access, backing, directory, index, limits, options, related, named, role, sharing, stands] =
            &self.exposure;
        let mut exposure = self.plain.clone();
        fill(
            &mut exposure,
            [
                (access, self.access(asked.access)),
                (backing, self.backing(Some(asked.backing.certainty), asked.backing.backing)?),
                (index, Value::from(asked.index)),
                (options, self.options(asked.options)),
                (named, resource(asked.resource)),
                (role, self.role(asked.role)),
                (stands, self.standing(asked.stands)),
            ],
        )?;
        if asked.limits != Limits::default() {
            fill(&mut exposure, [(limits, self.limits(asked.limits))])?;
        }
        let with = match asked.sharing {
            Sharing::Host => None,
            Sharing::Private => Some(self.private.clone()),
            Sharing::Unknown => Some(self.unknown.clone()),
            named @ Sharing::Named { .. } => Some(by_json(named)?),
        };
        if let Some(with) = with {
            fill(&mut exposure, [(sharing, with)])?;
        }
        if !asked.related.is_empty() {
            fill(&mut exposure, [(related, by_json(&asked.related)?)])?;
        }
        if let Some(facts) = asked.directory {
            fill(&mut exposure, [(directory, by_json(facts)?)])?;
        }
        Ok(exposure)
    }

    fn presented(&self, presented: &Presented) -> Result<Value, String> {
        let Presented {
            approved_by,
            audience,
            break_glass,
            category,
            digest,
            grants,
            id,
            not_after,
            not_before,
            rejected,
            requested_by,
            revoked,
            signatures,
            signed,
            signers_required,
            skew_seconds,
            source,
            statement,
            subject,
            ticket,
            uses,
        } = presented;
        let rejected = if rejected.is_empty() { Value::new_array() } else { by_json(rejected)? };
        let values = [
            texts(approved_by),
            aim(*audience),
            Value::from(*break_glass),
            Value::from(category.name()),
            Value::from(&**digest),
            Value::from(grants.iter().map(|grant| self.grant(grant)).collect::<Result<Vec<_>, _>>()?),
            Value::from(&**id),
            Value::from(*not_after),
            Value::from(*not_before),
            rejected,
            Value::from(&**requested_by),
            Value::from(*revoked),
            Value::from(signatures.iter().map(|signer| self.signer(signer)).collect::<Vec<_>>()),
            Value::from(*signed),
            Value::from(*signers_required),
            Value::from(*skew_seconds),
            Value::from(&**source),
            Value::from(&**statement),
            aim(*subject),
            optional(ticket.as_deref().map(Value::from)),
            self.uses(uses),
        ];
        Ok(Value::from(self.presented.iter().cloned().zip(values).collect::<BTreeMap<_, _>>()))
    }

    fn signer(&self, signer: &Signer) -> Value {
        let Signer { covers, key, person, roles } = signer;
        let values = [
            Value::from(covers.iter().copied().map(Value::from).collect::<Vec<_>>()),
            Value::from(&**key),
            Value::from(&**person),
            Value::from(roles.iter().map(|role| Value::from(role.name())).collect::<Vec<_>>()),
        ];
        Value::from(self.signer.iter().cloned().zip(values).collect::<BTreeMap<_, _>>())
    }

    fn grant(&self, grant: &PresentedGrant) -> Result<Value, String> {
        let PresentedGrant { access, backing, limits, options, resource: named } = grant;
        let values = [
            self.access(*access),
            self.backing(None, backing)?,
            self.limits(*limits),
            self.options(*options),
            resource(named),
        ];
        Ok(Value::from(self.grant.iter().cloned().zip(values).collect::<BTreeMap<_, _>>()))
    }

    fn uses(&self, uses: &Uses) -> Value {
        let Uses { binding, max, spent } = uses;
        let values = [Value::from(*binding), optional(max.map(Value::from)), Value::from(*spent)];
        Value::from(self.uses.iter().cloned().zip(values).collect::<BTreeMap<_, _>>())
    }

    fn standing(&self, standing: Standing) -> Value {
        let [apart, in_scratch, guarded] = &self.standings;
        match standing {
            Standing::Apart => apart,
            Standing::InScratch => in_scratch,
            Standing::Guarded => guarded,
        }
        .clone()
    }

    fn role(&self, role: Role) -> Value {
        let [system, toolchain, home, workspace, read_only, read_write, scratch, socket, network] =
            &self.roles;
        match role {
            Role::System => system,
            Role::Toolchain => toolchain,
            Role::Home => home,
            Role::Workspace => workspace,
            Role::ReadOnly => read_only,
            Role::ReadWrite => read_write,
            Role::Scratch => scratch,
            Role::Socket => socket,
            Role::Network => network,
        }
        .clone()
    }

    fn access(&self, access: Access) -> Value {
        let bits =
            usize::from(access.read) | usize::from(access.write) << 1 | usize::from(access.execute) << 2;
        self.access.get(bits).cloned().unwrap_or(Value::Undefined)
    }

    fn options(&self, options: MountOptions) -> Value {
        let bits = usize::from(options.readonly)
            | usize::from(options.noexec) << 1
            | usize::from(options.nosuid) << 2
            | usize::from(options.nodev) << 3;
        self.options.get(bits).cloned().unwrap_or(Value::Undefined)
    }

    fn limits(&self, limits: Limits) -> Value {
        if limits == Limits::default() {
            return self.unlimited.clone();
        }
        Value::from(BTreeMap::from([
            (self.inodes.clone(), optional(limits.inodes.map(Value::from))),
            (self.size.clone(), optional(limits.size.map(|size| Value::from(size.0)))),
        ]))
    }

    /// A grant's backing has no certainty.
    fn backing(&self, certainty: Option<Certainty>, backing: &Backing) -> Result<Value, String> {
        let [known, defaulted, unknown, uncertain] = &self.backings;
        let [absent, sealed, private, dir, rootfs, shared, host] = match certainty {
            Some(Certainty::Known) => known,
            Some(Certainty::Defaulted) => defaulted,
            Some(Certainty::Unknown) => unknown,
            None => uncertain,
        };
        let (backing, kept) = match backing {
            Backing::Absent => (absent, None),
            Backing::Sealed => (sealed, None),
            Backing::Private => (private, None),
            Backing::Rootfs => (rootfs, None),
            Backing::Dir { path } => (dir, Some((&self.path, path.as_str()))),
            Backing::Shared { group } => (shared, Some((&self.group, group.as_str()))),
            Backing::Host { path } => (host, path.as_ref().map(|path| (&self.path, path.as_str()))),
        };
        let mut backing = backing.clone();
        if let Some((name, kept)) = kept {
            fill(&mut backing, [(name, Value::from(kept))])?;
        }
        Ok(backing)
    }
}

/// An object of these fields.
fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let fields = fields.into_iter().map(|(name, value)| (Value::from(name), value));
    Value::from(fields.collect::<BTreeMap<_, _>>())
}

/// Gives fields of `object` that are there their values: so it keeps its form, which costs less than making another.
fn fill<const N: usize>(object: &mut Value, fields: [(&Value, Value); N]) -> Result<(), String> {
    let object = object.as_object_mut().map_err(|error| error.to_string())?;
    for (name, value) in fields {
        *object.get_mut(name).ok_or_else(|| format!("there is no field {name}"))? = value;
    }
    Ok(())
}

fn resource(resource: &Resource) -> Value {
    match resource {
        Resource::Path(path) => Value::from(path.as_str()),
        Resource::Ipc(kind) => Value::from(kind.name()),
    }
}

fn aim(aim: Aim) -> Value {
    Value::from(match aim {
        Aim::Everyone => "everyone",
        Aim::Here => "here",
        Aim::Elsewhere => "elsewhere",
    })
}

fn texts(texts: &[String]) -> Value {
    Value::from(texts.iter().map(|text| Value::from(&**text)).collect::<Vec<_>>())
}

fn optional(value: Option<Value>) -> Value {
    value.unwrap_or(Value::Null)
}

fn by_json<T: Serialize + ?Sized>(part: &T) -> Result<Value, String> {
    let text = serde_json::to_string(part).map_err(|error| error.to_string())?;
    Value::from_json_str(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::decision::Input;
    use crate::justification::Category;

    fn exposures() -> Vec<Json> {
        let origin = json!({"kind": "rule", "name": "test"});
        let backings = [
            json!({"kind": "absent"}),
            json!({"kind": "sealed"}),
            json!({"kind": "private"}),
            json!({"kind": "dir", "path": "/srv/agent"}),
            json!({"kind": "rootfs"}),
            json!({"kind": "shared", "group": "team"}),
            json!({"kind": "host", "path": "/tmp/x"}),
            json!({"kind": "host", "path": null}),
        ];
        let roles = [
            "system",
            "toolchain",
            "home",
            "workspace",
            "read-only",
            "read-write",
            "scratch",
            "socket",
            "network",
        ];
        let sharing = [
            json!({"with": "private"}),
            json!({"with": "host"}),
            json!({"with": "unknown"}),
            json!({"with": "named", "names": ["a", "b"]}),
        ];
        let related = [
            json!([]),
            json!([{"how": "below", "to": "/tmp", "guard": "scratch"}]),
            json!([{"how": "below", "to": "/home/u", "guard": "home"}]),
            json!([{"how": "aliases", "to": "/", "guard": "root"}]),
        ];
        let mut exposures = Vec::new();
        for (number, backing) in backings.iter().cycle().take(9 * 16).enumerate() {
            let bit = |place: usize| number >> place & 1 == 1;
            let fact = match number % 3 {
                0 => json!({"certainty": "known", "value": backing, "origin": origin}),
                1 => json!({"certainty": "defaulted", "value": backing, "origin": origin}),
                _ => json!({"certainty": "unknown", "worst": backing, "origin": origin}),
            };
            exposures.push(json!({
                "resource": if bit(3) { "sysv-shm" } else { "/tmp/x" },
                "role": roles.iter().cycle().nth(number),
                "access": {"read": bit(0), "write": bit(1), "execute": bit(2)},
                "backing": fact,
                "options": {"readonly": bit(0), "noexec": bit(1), "nosuid": bit(2), "nodev": bit(3)},
                "limits": {"size": bit(1).then_some(1024), "inodes": bit(2).then_some(u64::MAX)},
                "sharing": sharing.iter().cycle().nth(number / 2),
                "related": related.iter().cycle().nth(number / 3),
                "directory": bit(4).then(|| json!({
                    "directory": bit(0), "owned_by_caller": bit(1), "mode": 0o700, "locked": bit(2),
                })),
                "origin": origin,
            }));
        }
        exposures
    }

    fn justifications(exposures: &[Json]) -> Vec<Json> {
        let grant = |exposure: &Json| {
            let backing = exposure["backing"].get("value").unwrap_or(&exposure["backing"]["worst"]);
            json!({
                "resource": exposure["resource"], "access": exposure["access"], "backing": backing,
                "limits": exposure["limits"], "options": exposure["options"],
            })
        };
        let aims = ["everyone", "here", "elsewhere"];
        let presented = |(number, category): (usize, &Category)| {
            let bit = |place: usize| number >> place & 1 == 1;
            json!({
                "source": "j.json", "id": "build", "digest": "sha256:00", "signed": bit(0),
                "signatures": [{
                    "key": "sha256:11", "person": "alice", "covers": [bit(0), bit(1)],
                    "roles": ["requester", "approver", "break-glass"],
                }],
                "rejected": if bit(1) { json!([{"key": "k", "code": "c", "message": "m"}]) } else { json!([]) },
                "signers_required": 2, "skew_seconds": 60,
                "audience": aims.iter().cycle().nth(number), "subject": aims.iter().cycle().nth(number / 2),
                "revoked": bit(2),
                "uses": {"max": bit(0).then_some(3), "spent": 1, "binding": bit(1)},
                "grants": exposures.iter().skip(number * 12).take(12).map(grant).collect::<Vec<_>>(),
                "category": category.name(), "statement": "it spills",
                "ticket": bit(0).then_some("T-1"), "requested_by": "alice", "approved_by": ["bob", "carol"],
                "not_before": 0, "not_after": u64::MAX, "break_glass": bit(3),
            })
        };
        Category::ALL.iter().enumerate().map(presented).collect()
    }

    /// What rules see is what is published, whatever is in it.
    #[test]
    fn made_by_hand_as_it_would_be_read() {
        let exposures = exposures();
        let known = |value: bool| json!({"certainty": "known", "value": value, "origin": {"kind": "rule", "name": "test"}});
        let input: Input = serde_json::from_value(json!({
            "version": 1,
            "surface": {
                "exposures": exposures,
                "controls": [{"name": "b", "enforced": known(true)}, {"name": "a", "enforced": known(false)}],
            },
            "reasons": ["it spills", ""],
            "justifications": justifications(&exposures),
            "host": {"memory_bytes": 1, "abstract_socket_scope": true},
            "caller": {"uid": 1000, "home": "/home/u"},
            "time": 1_800_000_000,
        }))
        .unwrap();
        let question = Question::new(&input);
        assert_eq!(value(&question).unwrap(), by_json(&question).unwrap());
        let nothing = Input {
            surface: crate::surface::Surface::default(),
            reasons: Vec::new(),
            justifications: Vec::new(),
            caller: crate::decision::Caller { uid: 0, home: None },
            ..input
        };
        let question = Question::new(&nothing);
        assert_eq!(value(&question).unwrap(), by_json(&question).unwrap());
    }
}
