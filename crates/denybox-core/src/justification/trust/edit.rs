//! Changing a trust file: its comments and its order stay as they are.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::{Trust, TrustError};
use crate::event::printable;
use crate::justification::key::PublicKey;
use crate::justification::moment;
use crate::justification::presented::SigningRole;
use crate::resource::Resource;

/// A key to be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Whose it is.
    pub person: String,
    /// The key.
    pub public: PublicKey,
    /// What it may sign for; at least one role.
    pub roles: Vec<SigningRole>,
    /// The resources that it may speak for; none for all.
    pub scope: Option<Vec<Resource>>,
    /// Its signatures count from then on, in seconds since 1970-01-01 UTC.
    pub not_before: Option<u64>,
    /// Its signatures count before then, likewise.
    pub not_after: Option<u64>,
}

/// Why a trust file can't be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is none as it stands.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// It would be none any more.
    #[error("the changed file would be wrong: {0}")]
    Result(TrustError),
    /// The keys stand there in a form that isn't edited.
    #[error("the keys are written as an inline list: write them as [[key]] tables")]
    Inline,
    /// There is no such key.
    #[error("no key {0} is trusted")]
    Unknown(String),
    /// It is revoked already.
    #[error("the key {0} is revoked already")]
    Already(String),
}

/// The text of a trust file with one key more. From nothing a new file is made.
///
/// # Errors
/// [`EditError`], among others where the key stands there already.
pub fn add_key(text: &str, key: &NewKey) -> Result<String, EditError> {
    let text = if text.trim().is_empty() { "version = 1\n" } else { text };
    let mut document = read(text)?;
    let mut table = Table::new();
    table.insert("person", value(key.person.as_str()));
    table.insert("public", value(key.public.to_string()));
    table.insert("roles", value(key.roles.iter().map(|role| role.name()).collect::<Array>()));
    if let Some(scope) = &key.scope {
        table.insert("resources", value(scope.iter().map(Resource::to_string).collect::<Array>()));
    }
    for (name, time) in [("not_before", key.not_before), ("not_after", key.not_after)] {
        if let Some(time) = time {
            table.insert(name, moment::toml(time));
        }
    }
    let keys = document.entry("key").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    keys.as_array_of_tables_mut().ok_or(EditError::Inline)?.push(table);
    checked(document)
}

/// The text of a trust file in which the key with this identifier is marked revoked, at `time` in seconds since 1970-01-01
/// UTC. It stays in the file, so that what it signed is refused by name.
///
/// # Errors
/// [`EditError`].
pub fn revoke_key(text: &str, id: &str, time: u64) -> Result<String, EditError> {
    let mut document = read(text)?;
    let keys = document.get_mut("key").ok_or_else(|| EditError::Unknown(printable(id)))?;
    let keys = keys.as_array_of_tables_mut().ok_or(EditError::Inline)?;
    let is_it = |table: &Table| {
        let public = table.get("public").and_then(Item::as_str);
        public.and_then(|public| public.parse::<PublicKey>().ok()).is_some_and(|public| public.id() == id)
    };
    let table =
        keys.iter_mut().find(|table| is_it(table)).ok_or_else(|| EditError::Unknown(printable(id)))?;
    if table.contains_key("revoked") {
        return Err(EditError::Already(printable(id)));
    }
    table.insert("revoked", moment::toml(time));
    checked(document)
}

/// The text for editing; only what can be trusted is edited.
fn read(text: &str) -> Result<DocumentMut, EditError> {
    Trust::parse(text.as_bytes())?;
    text.parse::<DocumentMut>().map_err(|_| EditError::Inline)
}

fn checked(document: DocumentMut) -> Result<String, EditError> {
    let text = document.to_string();
    Trust::parse(text.as_bytes()).map_err(EditError::Result)?;
    Ok(text)
}
