//! A question as a value of the Rego engine, without the detour over JSON: what exposures have in common, such as names
//! of fields and combinations of flags, is made once and shared. Rare parts do take the detour.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regorus::Value;
use serde::Serialize;

use super::question::{Asked, Certainty, Judged, Question};
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
    let [version, groups, controls, reasons, justifications, host, caller, time] = &shared.question;
    Ok(Value::from(BTreeMap::from([
        (version.clone(), Value::from(question.version)),
        (groups.clone(), Value::from(surface)),
        (controls.clone(), by_json(&question.controls)?),
        (
            reasons.clone(),
            Value::from(question.reasons.iter().map(|text| Value::from(&**text)).collect::<Vec<_>>()),
        ),
        (
            justifications.clone(),
            if question.justifications.is_empty() {
                Value::new_array()
            } else {
                by_json(&question.justifications)?
            },
        ),
        (
            host.clone(),
            Value::from(BTreeMap::from([
                (shared.memory_bytes.clone(), Value::from(question.host.memory_bytes)),
                (shared.abstract_socket_scope.clone(), Value::from(question.host.abstract_socket_scope)),
            ])),
        ),
        (
            caller.clone(),
            Value::from(BTreeMap::from([
                (shared.uid.clone(), Value::from(question.caller.uid)),
                (
                    shared.home.clone(),
                    optional(question.caller.home.as_ref().map(|home| Value::from(home.as_str()))),
                ),
            ])),
        ),
        (time.clone(), Value::from(question.time)),
    ])))
}

/// What exposures have in common.
struct Shared {
    question: [Value; 8],
    groups: [Value; 9],
    fields: [Value; 10],
    memory_bytes: Value,
    abstract_socket_scope: Value,
    uid: Value,
    home: Value,
    kind: Value,
    certainty: Value,
    path: Value,
    group: Value,
    size: Value,
    inodes: Value,
    certainties: [Value; 3],
    kinds: [Value; 7],
    roles: [Value; 9],
    /// By the bits of [`Access`]: read, write, execute.
    access: [Value; 8],
    /// By the bits of [`MountOptions`]: readonly, noexec, nosuid, nodev.
    options: [Value; 16],
    unlimited: Value,
    private: Value,
    host: Value,
    unknown: Value,
    nothing_related: Value,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let flags = |names: &[&str], bits: usize| {
        let flag = |(place, name): (usize, &&str)| (Value::from(*name), Value::from(bits >> place & 1 == 1));
        Value::from(names.iter().enumerate().map(flag).collect::<BTreeMap<_, _>>())
    };
    let with = |name: &str| Value::from(BTreeMap::from([(Value::from("with"), Value::from(name))]));
    Shared {
        question: ["version", "surface", "controls", "reasons", "justifications", "host", "caller", "time"]
            .map(Value::from),
        groups: super::question::Groups::default().named().map(|(name, _)| Value::from(name)),
        fields: [
            "index",
            "resource",
            "role",
            "access",
            "backing",
            "options",
            "limits",
            "sharing",
            "related",
            "directory",
        ]
        .map(Value::from),
        memory_bytes: Value::from("memory_bytes"),
        abstract_socket_scope: Value::from("abstract_socket_scope"),
        uid: Value::from("uid"),
        home: Value::from("home"),
        kind: Value::from("kind"),
        certainty: Value::from("certainty"),
        path: Value::from("path"),
        group: Value::from("group"),
        size: Value::from("size"),
        inodes: Value::from("inodes"),
        certainties: ["known", "defaulted", "unknown"].map(Value::from),
        kinds: ["absent", "sealed", "private", "dir", "rootfs", "shared", "host"].map(Value::from),
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
        access: std::array::from_fn(|bits| flags(&["read", "write", "execute"], bits)),
        options: std::array::from_fn(|bits| flags(&["readonly", "noexec", "nosuid", "nodev"], bits)),
        unlimited: Value::from(BTreeMap::from([
            (Value::from("size"), Value::Null),
            (Value::from("inodes"), Value::Null),
        ])),
        private: with("private"),
        host: with("host"),
        unknown: with("unknown"),
        nothing_related: Value::new_array(),
    }
});

impl Shared {
    fn exposure(&self, asked: &Asked<'_>) -> Result<Value, String> {
        let [index, resource, role, access, backing, options, limits, sharing, related, directory] =
            &self.fields;
        Ok(Value::from(BTreeMap::from([
            (index.clone(), Value::from(asked.index)),
            (
                resource.clone(),
                match asked.resource {
                    Resource::Path(path) => Value::from(path.as_str()),
                    Resource::Ipc(kind) => Value::from(kind.name()),
                },
            ),
            (role.clone(), self.role(asked.role)),
            (access.clone(), self.access(asked.access)),
            (backing.clone(), self.backing(&asked.backing)),
            (options.clone(), self.options(asked.options)),
            (limits.clone(), self.limits(asked.limits)),
            (
                sharing.clone(),
                match asked.sharing {
                    Sharing::Private => self.private.clone(),
                    Sharing::Host => self.host.clone(),
                    Sharing::Unknown => self.unknown.clone(),
                    named @ Sharing::Named { .. } => by_json(named)?,
                },
            ),
            (
                related.clone(),
                if asked.related.is_empty() {
                    self.nothing_related.clone()
                } else {
                    by_json(&asked.related)?
                },
            ),
            (directory.clone(), asked.directory.map_or(Ok(Value::Null), by_json)?),
        ])))
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
            (self.size.clone(), optional(limits.size.map(|size| Value::from(size.0)))),
            (self.inodes.clone(), optional(limits.inodes.map(Value::from))),
        ]))
    }

    fn backing(&self, judged: &Judged<'_>) -> Value {
        let [known, defaulted, unknown] = &self.certainties;
        let certainty = match judged.certainty {
            Certainty::Known => known,
            Certainty::Defaulted => defaulted,
            Certainty::Unknown => unknown,
        };
        let [absent, sealed, private, dir, rootfs, shared, host] = &self.kinds;
        let (kind, extra) = match judged.backing {
            Backing::Absent => (absent, None),
            Backing::Sealed => (sealed, None),
            Backing::Private => (private, None),
            Backing::Rootfs => (rootfs, None),
            Backing::Dir { path } => (dir, Some((&self.path, Value::from(path.as_str())))),
            Backing::Shared { group } => (shared, Some((&self.group, Value::from(group.as_str())))),
            Backing::Host { path } => {
                let path = optional(path.as_ref().map(|path| Value::from(path.as_str())));
                (host, Some((&self.path, path)))
            }
        };
        let mut backing =
            BTreeMap::from([(self.certainty.clone(), certainty.clone()), (self.kind.clone(), kind.clone())]);
        if let Some((name, value)) = extra {
            backing.insert(name.clone(), value);
        }
        Value::from(backing)
    }
}

fn optional(value: Option<Value>) -> Value {
    value.unwrap_or(Value::Null)
}

fn by_json<T: Serialize + ?Sized>(part: &T) -> Result<Value, String> {
    let text = serde_json::to_string(part).map_err(|error| error.to_string())?;
    Value::from_json_str(&text).map_err(|error| error.to_string())
}
