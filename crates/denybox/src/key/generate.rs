//! `denybox key generate`: a fresh key, and how others trust it.

use denybox_core::event::printable;

use super::command_line::Generate;
use crate::justification::{Failed, name, print, quoted, say};
use crate::stores::{keys, person};

/// Makes one.
///
/// # Errors
/// [`Failed`].
pub fn generate(options: &Generate) -> Result<(), Failed> {
    let (path, key) = keys::generate(&options.name)?;
    let person = options.person.clone().or_else(person::caller).unwrap_or_else(|| "WHO".to_owned());
    let public = key.public();
    print(&format!("{public}\n"))?;
    say(&format!(
        "wrote the secret key to {}: keep it to yourself\nits id is {}\nwhoever trusts it runs: denybox key trust \
         {public} --person {} --role requester\n",
        name(&path),
        public.id(),
        quoted(printable(&person).as_ref()),
    ));
    Ok(())
}
