//! `denybox policy bundle`: a policy as an OPA bundle, for `opa` and whatever else reads bundles. The same policy gives the
//! same bytes.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use denybox_core::policy::Sources;
use flate2::{Compression, GzBuilder};
use serde::Serialize;

use super::{Failed, source};

/// <https://www.openpolicyagent.org/docs/latest/management-bundles/#bundle-file-format>
#[derive(Debug, Serialize)]
struct Manifest {
    revision: String,
    roots: BTreeSet<String>,
    rego_version: u8,
}

/// Writes one.
pub fn write(policy: &OsStr, output: &Path) -> Result<i32, Failed> {
    let sources = source::sources(policy)?;
    // What can't decide here should not decide elsewhere.
    sources.clone().into_policy()?;
    let unwritten = |source| Failed::Bundle { place: output.display().to_string(), source };
    let bytes = bundle(&sources, Path::new(policy))?.map_err(unwritten)?;
    // In one step, beside its place: nobody reads half of one.
    let mut fresh = output.as_os_str().to_owned();
    fresh.push(".new");
    fs::write(&fresh, bytes).and_then(|()| fs::rename(&fresh, output)).map_err(unwritten)?;
    Ok(0)
}

/// The bytes of a bundle.
fn bundle(sources: &Sources, directory: &Path) -> Result<io::Result<Vec<u8>>, Failed> {
    let placed = |(module, rego): (String, String)| (place(&module, &sources.name, directory), rego);
    let modules: Vec<(String, String)> = sources.all_modules().into_iter().map(placed).collect();
    let revision = Sources { modules: modules.clone(), ..sources.clone() }.revision();
    let manifest = serde_json::to_vec(&Manifest { revision, roots: sources.roots()?, rego_version: 1 })?;
    Ok(archive(&manifest, modules))
}

/// Where a module stands in a bundle: below its policy's package, whatever the directory was called on the command line.
fn place(module: &str, policy: &str, directory: &Path) -> String {
    match (Path::new(module).strip_prefix(directory), module.strip_prefix("policies/")) {
        (Ok(own), _) => format!("/denybox/{policy}/{}", own.display()),
        (Err(_), Some(shipped)) => format!("/denybox/{shipped}"),
        (Err(_), None) => format!("/denybox/{policy}/{module}"),
    }
}

fn archive(manifest: &[u8], mut modules: Vec<(String, String)>) -> io::Result<Vec<u8>> {
    modules.sort();
    // Neither a time nor a name: the builder leaves both out.
    let gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    let mut tar = tar::Builder::new(gzip);
    append(&mut tar, "/.manifest", manifest)?;
    for (path, rego) in &modules {
        append(&mut tar, path, rego.as_bytes())?;
    }
    tar.into_inner()?.finish()
}

/// Adds a file with nothing in its header that depends on when, where or by whom.
fn append<W: io::Write>(tar: &mut tar::Builder<W>, path: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    // Names in a bundle begin with a slash, which `Header::set_path` refuses.
    let name = header.as_ustar_mut().map(|header| &mut header.name);
    let field = name.and_then(|name| name.get_mut(..path.len()));
    let Some(field) = field else {
        return Err(io::Error::new(io::ErrorKind::InvalidFilename, format!("{path} is too long a name")));
    };
    field.copy_from_slice(path.as_bytes());
    header.set_cksum();
    tar.append(&header, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::unwrap_used, reason = "a test")]
    fn the_same_policy_gives_the_same_bytes() {
        let sources = Sources::shipped("strict").unwrap();
        let once = bundle(&sources, Path::new("strict")).unwrap().unwrap();
        assert_eq!(once, bundle(&sources, Path::new("strict")).unwrap().unwrap());
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(&*once));
        let names: Vec<String> = tar
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                assert_eq!(entry.header().mtime().unwrap(), 0);
                String::from_utf8(entry.path_bytes().into_owned()).unwrap()
            })
            .collect();
        assert_eq!(
            names,
            [
                "/.manifest",
                "/denybox/base/decide.rego",
                "/denybox/base/explain.rego",
                "/denybox/base/justification.rego",
                "/denybox/base/objections.rego",
                "/denybox/strict/decide.rego",
                "/denybox/strict/explain.rego"
            ]
        );
    }
}
