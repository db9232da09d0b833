//! From what is written to what it means. Every fault is told, not only the first.

use std::collections::BTreeSet;

use super::{
    Audience, Fault, Faults, Manifest, Problem, Subject, SubjectDigest, Written, WrittenAccess,
    WrittenAudience, WrittenBacking, WrittenDigest, WrittenGrant, WrittenOption, WrittenSubject,
};
use crate::event::{is_deceptive, printable};
use crate::justification::digest::is_hexadecimal;
use crate::justification::moment;
use crate::justification::name::NamePattern;
use crate::justification::presented::PresentedGrant;
use crate::path::{AbsPath, PATH_MAX};
use crate::resource::{IpcKind, Resource};
use crate::size::Size;
use crate::surface::{Access, Backing, Limits, MountOptions};

/// The most grants of one manifest.
const GRANTS: usize = 64;
/// The most names of an audience, and the most digests of a subject.
const NAMES: usize = 64;
/// The most alternatives.
const ALTERNATIVES: usize = 32;
/// The most people who agreed: as many as there are signatures.
const PEOPLE: usize = 16;
/// The longest reason, in bytes.
const STATEMENT: usize = 4 << 10;
/// The longest alternative or ticket, in bytes.
const REMARK: usize = 1 << 10;
/// The longest name of a person, an agent, a group, in bytes.
const NAME: usize = 256;

/// Whether a text can name a justification. As a file's name it would be no option, not hidden, and never `..`.
pub(in crate::justification) fn is_id(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && text.len() <= 128 && text.chars().all(good)
}

impl Written {
    /// What it means.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<Manifest, Faults> {
        let mut check = Check::default();
        if self.version != 1 {
            check.fault("version", Problem::Version(self.version));
        }
        if !is_id(&self.id) {
            check.fault("id", Problem::Id(printable(&self.id)));
        }
        let audience = self.audience.as_ref().map(|audience| check.audience(audience)).unwrap_or_default();
        let subject = self.subject.as_ref().map(|subject| check.subject(subject)).unwrap_or_default();
        let grants = check.grants(&self.grants);
        check.words("statement", &self.statement, STATEMENT);
        if let Some(ticket) = &self.ticket {
            check.words("ticket", ticket, REMARK);
        }
        check.length("alternatives", self.alternatives.len(), ALTERNATIVES);
        for (at, alternative) in self.alternatives.iter().enumerate() {
            check.words(&format!("alternatives[{at}]"), alternative, REMARK);
        }
        check.name("requestedBy", &self.requested_by);
        check.people(&self.approved_by);
        let not_before = check.moment("notBefore", &self.not_before);
        let not_after = check.moment("notAfter", &self.not_after);
        if let (Some(from), Some(until)) = (not_before, not_after)
            && until <= from
        {
            check.fault("notAfter", Problem::Backwards);
        }
        if self.max_uses == Some(0) {
            check.fault("maxUses", Problem::Zero);
        }
        match (not_before, not_after) {
            (Some(not_before), Some(not_after)) if check.faults.is_empty() => Ok(Manifest {
                id: self.id.clone(),
                audience,
                subject,
                grants,
                category: self.category,
                statement: self.statement.clone(),
                ticket: self.ticket.clone(),
                alternatives: self.alternatives.clone(),
                requested_by: self.requested_by.clone(),
                approved_by: self.approved_by.clone(),
                not_before,
                not_after,
                max_uses: self.max_uses,
                break_glass: self.break_glass,
            }),
            _ => Err(Faults(check.faults)),
        }
    }
}

/// The faults so far.
#[derive(Default)]
struct Check {
    faults: Vec<Fault>,
}

impl Check {
    fn fault(&mut self, field: &str, problem: impl Into<Problem>) {
        self.faults.push(Fault { field: field.to_owned(), problem: problem.into() });
    }

    /// The value, or a fault in its place.
    fn take<T, E: Into<Problem>>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|problem| self.fault(field, problem)).ok()
    }

    fn moment(&mut self, field: &str, text: &str) -> Option<u64> {
        self.take(field, moment::seconds(text))
    }

    /// A text that is read further. One that looks like another is none: people sign what they see.
    fn plain<'a>(&mut self, field: &str, text: &'a str) -> Option<&'a str> {
        if text.len() > PATH_MAX {
            self.fault(field, Problem::TooLong { there: text.len(), most: PATH_MAX });
            return None;
        }
        if text.contains(is_deceptive) {
            self.fault(field, Problem::Invisible);
            return None;
        }
        Some(text)
    }

    fn length(&mut self, field: &str, there: usize, most: usize) {
        if there > most {
            self.fault(field, Problem::TooMany { there, most });
        }
    }

    /// A text for people: it must say something.
    fn words(&mut self, field: &str, text: &str, most: usize) {
        if text.len() > most {
            self.fault(field, Problem::TooLong { there: text.len(), most });
        }
        if !text.chars().any(|c| c.is_alphanumeric() && !is_deceptive(c)) {
            self.fault(field, Problem::Silent);
        }
    }

    /// A name, which is compared with others: what can't be seen must not make it another one.
    fn name(&mut self, field: &str, text: &str) {
        self.words(field, text, NAME);
        if text.contains(is_deceptive) || text.trim() != text {
            self.fault(field, Problem::Invisible);
        }
    }

    fn people(&mut self, people: &[String]) {
        self.length("approvedBy", people.len(), PEOPLE);
        let mut known = BTreeSet::new();
        for (at, person) in people.iter().enumerate() {
            let field = format!("approvedBy[{at}]");
            self.name(&field, person);
            if !known.insert(person) {
                self.fault(&field, Problem::Repeated(printable(person)));
            }
        }
    }

    fn audience(&mut self, written: &WrittenAudience) -> Audience {
        Audience {
            hosts: self.names("audience.hosts", written.hosts.as_deref()),
            clusters: self.names("audience.clusters", written.clusters.as_deref()),
        }
    }

    fn names(&mut self, field: &str, names: Option<&[String]>) -> Vec<NamePattern> {
        let Some(names) = names else { return Vec::new() };
        if names.is_empty() {
            self.fault(field, Problem::Empty);
        }
        self.length(field, names.len(), NAMES);
        let read =
            |(at, name): (usize, &String)| self.take(&format!("{field}[{at}]"), name.parse::<NamePattern>());
        names.iter().enumerate().filter_map(read).collect()
    }

    fn subject(&mut self, written: &WrittenSubject) -> Subject {
        let named = [
            ("subject.agent", &written.agent),
            ("subject.runtime", &written.runtime),
            ("subject.namespace", &written.namespace),
            ("subject.serviceAccount", &written.service_account),
        ];
        for (field, name) in named {
            if let Some(name) = name {
                self.name(field, name);
            }
        }
        Subject {
            digests: self.digests(written.digests.as_deref()),
            agent: written.agent.clone(),
            runtime: written.runtime.clone(),
            namespace: written.namespace.clone(),
            service_account: written.service_account.clone(),
        }
    }

    fn digests(&mut self, digests: Option<&[WrittenDigest]>) -> Vec<SubjectDigest> {
        let Some(digests) = digests else { return Vec::new() };
        if digests.is_empty() {
            self.fault("subject.digests", Problem::Empty);
        }
        self.length("subject.digests", digests.len(), NAMES);
        let mut known = BTreeSet::new();
        let mut read = Vec::new();
        for (at, digest) in digests.iter().enumerate() {
            let field = format!("subject.digests[{at}]");
            if !is_hexadecimal(&digest.sha256) {
                self.fault(&field, Problem::Digest(printable(&digest.sha256)));
            }
            if let Some(name) = &digest.name {
                self.name(&format!("{field}.name"), name);
            }
            if !known.insert((digest.kind, &digest.sha256)) {
                self.fault(&field, Problem::Repeated(printable(&digest.sha256)));
            }
            let (sha256, name) = (digest.sha256.clone(), digest.name.clone());
            read.push(SubjectDigest { kind: digest.kind, sha256, name });
        }
        read
    }

    fn grants(&mut self, written: &[WrittenGrant]) -> Vec<PresentedGrant> {
        if written.is_empty() {
            self.fault("grants", Problem::Empty);
        }
        self.length("grants", written.len(), GRANTS);
        let mut known = BTreeSet::new();
        let mut read = Vec::new();
        for (at, grant) in written.iter().enumerate().take(GRANTS) {
            let field = format!("grants[{at}]");
            let name = format!("{field}.resource");
            let Some(resource) = self.plain(&name, &grant.resource) else { continue };
            let Some(resource) = self.take(&name, resource.parse::<Resource>()) else { continue };
            if !known.insert(resource.clone()) {
                self.fault(&field, Problem::Repeated(printable(&resource.to_string())));
            }
            if let Some(grant) = self.grant(&field, resource, grant) {
                read.push(grant);
            }
        }
        read
    }

    fn grant(&mut self, field: &str, resource: Resource, written: &WrittenGrant) -> Option<PresentedGrant> {
        let access = match written.access {
            WrittenAccess::Read => Access { read: true, ..Access::NONE },
            WrittenAccess::ReadWrite => Access::READ_WRITE,
            WrittenAccess::ReadWriteExecute => Access::ALL,
        };
        let limits = self.limits(field, written);
        let backing = self.backing(field, &resource, written);
        let options = match &resource {
            Resource::Path(_) => self.options(field, access, written.options.as_deref()),
            Resource::Ipc(kind) => {
                self.ipc(field, *kind, written);
                MountOptions::default()
            }
        };
        Some(PresentedGrant { resource, access, backing: backing?, limits, options })
    }

    fn limits(&mut self, field: &str, written: &WrittenGrant) -> Limits {
        let name = format!("{field}.size");
        let size = written.size.as_ref().and_then(|size| self.plain(&name, size));
        let size = size.and_then(|size| self.take(&name, size.parse::<Size>()));
        if written.inodes == Some(0) {
            self.fault(&format!("{field}.inodes"), Problem::Zero);
        }
        let limited = written.size.is_some() || written.inodes.is_some();
        if limited && matches!(written.backing, WrittenBacking::Host | WrittenBacking::Shared) {
            self.fault(field, Problem::StrayLimit);
        }
        Limits { size, inodes: written.inodes }
    }

    fn backing(&mut self, field: &str, resource: &Resource, written: &WrittenGrant) -> Option<Backing> {
        if written.path.is_some() && written.backing != WrittenBacking::Dir {
            self.fault(&format!("{field}.path"), Problem::StrayPath);
        }
        if written.group.is_some() && written.backing != WrittenBacking::Shared {
            self.fault(&format!("{field}.group"), Problem::StrayGroup);
        }
        match written.backing {
            WrittenBacking::Private => Some(Backing::Private),
            WrittenBacking::Host => Some(Backing::Host { path: resource.path().cloned() }),
            WrittenBacking::Dir => match &written.path {
                Some(path) => {
                    let name = format!("{field}.path");
                    let path = self.plain(&name, path)?;
                    self.take(&name, AbsPath::new(path)).map(|path| Backing::Dir { path })
                }
                None => {
                    self.fault(field, Problem::NoPath);
                    None
                }
            },
            WrittenBacking::Shared => match &written.group {
                Some(group) => {
                    self.name(&format!("{field}.group"), group);
                    Some(Backing::Shared { group: group.clone() })
                }
                None => {
                    self.fault(field, Problem::NoGroup);
                    None
                }
            },
        }
    }

    fn options(&mut self, field: &str, access: Access, listed: Option<&[WrittenOption]>) -> MountOptions {
        let names = |option: WrittenOption| listed.is_none_or(|listed| listed.contains(&option));
        let options = listed.unwrap_or_default();
        let field = format!("{field}.options");
        for (at, option) in options.iter().enumerate() {
            if options.iter().take(at).any(|other| other == option) {
                self.fault(&field, Problem::Repeated(format!("{option:?}").to_ascii_lowercase()));
            }
        }
        if access.execute && options.contains(&WrittenOption::Noexec) {
            self.fault(&field, Problem::Noexec);
        }
        MountOptions {
            readonly: !access.write,
            noexec: !access.execute,
            nosuid: names(WrittenOption::Nosuid),
            nodev: names(WrittenOption::Nodev),
        }
    }

    /// A kind of IPC has nothing of a file system, and one way of being used.
    fn ipc(&mut self, field: &str, kind: IpcKind, written: &WrittenGrant) {
        let resource = || Resource::Ipc(kind);
        let limited = written.size.is_some() || written.inodes.is_some() || written.options.is_some();
        if limited || written.backing == WrittenBacking::Dir {
            self.fault(field, Problem::NotAFileSystem(resource()));
        }
        let (wanted, access) = match kind {
            IpcKind::MemfdExec => (WrittenAccess::ReadWriteExecute, "read-write-execute"),
            _ => (WrittenAccess::ReadWrite, "read-write"),
        };
        if written.access != wanted {
            self.fault(&format!("{field}.access"), Problem::NotSoUsed { resource: resource(), access });
        }
    }
}
