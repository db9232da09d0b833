//! `denybox justification new`: a manifest from options.

use std::path::Path;

use denybox_core::justification::manifest::{
    Manifest, Written, WrittenAudience, WrittenDigest, WrittenSubject,
};
use denybox_core::justification::{Category, DigestKind, digest, moment};

use super::command_line::New;
use super::wanted::Wanted;
use super::{Failed, name, now, print, quoted, say, text_of};
use crate::stores::person;
use crate::stores::replace::{Folder, READABLE};

/// How long a justification holds where nobody says, in seconds: 30 days.
const LIFETIME: u64 = 30 * 86_400;
/// The same in an emergency: 4 hours.
const EMERGENCY: u64 = 4 * 3_600;
/// The largest executable whose digest is taken, in bytes.
const EXECUTABLE_MAX: usize = 2 << 30;

/// Writes a manifest.
///
/// # Errors
/// [`Failed`].
pub fn new(options: &New) -> Result<(), Failed> {
    let manifest = manifest(options, now())?;
    let text = text_of(&manifest, options.format);
    let Some(output) = &options.output else {
        return print(&text);
    };
    let folder = Folder::lock(output)?;
    if options.force {
        folder.replace(text.as_bytes(), READABLE)?;
    } else {
        folder.create(text.as_bytes(), READABLE, true)?;
    }
    let file = quoted(output);
    say(&format!("wrote {}; next: denybox justification sign {file} --key KEY\n", name(output)));
    Ok(())
}

fn manifest(options: &New, now: u64) -> Result<Manifest, Failed> {
    let mut wanted: Vec<Wanted> = options.grant.clone();
    if let Some(size) = options.scratch {
        wanted.push(Wanted::scratch(size)?);
    }
    let guessed = match wanted.first() {
        _ if options.break_glass => Category::IncidentResponse,
        Some(first) => first.category(),
        None => Category::BuildScratch,
    };
    let category = options.category.unwrap_or(guessed);
    let not_before = moment::text(now);
    let usual = if options.break_glass { EMERGENCY } else { LIFETIME };
    let lifetime = options.lifetime.map_or(usual, |time| time.as_secs());
    let requested_by = options.requested_by.clone().or_else(person::caller);
    let audience = WrittenAudience { hosts: Some(options.host.clone()), clusters: None };
    let written = Written {
        version: 1,
        id: match &options.id {
            Some(id) => id.clone(),
            None => id(category, &not_before)?,
        },
        audience: (!options.host.is_empty()).then_some(audience),
        subject: subject(options)?,
        grants: wanted.iter().map(Wanted::written).collect(),
        category,
        statement: options.because.clone(),
        ticket: options.ticket.clone(),
        alternatives: options.alternative.clone(),
        requested_by: requested_by.ok_or(Failed::Nobody { what: "who asks", option: "--requested-by" })?,
        approved_by: options.approved_by.clone(),
        not_before,
        not_after: moment::text(now.saturating_add(lifetime)),
        max_uses: options.max_uses,
        break_glass: options.break_glass,
    };
    Ok(written.check()?)
}

fn subject(options: &New) -> Result<Option<WrittenSubject>, Failed> {
    if options.agent.is_none() && options.executable.is_empty() {
        return Ok(None);
    }
    let mut digests = Vec::new();
    for path in &options.executable {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        digests.push(WrittenDigest { kind: DigestKind::Executable, sha256: sha256(path)?, name });
    }
    let digests = (!digests.is_empty()).then_some(digests);
    let agent = options.agent.clone();
    Ok(Some(WrittenSubject { digests, agent, runtime: None, namespace: None, service_account: None }))
}

/// The digest of a file, in 64 hexadecimal digits.
///
/// # Errors
/// [`Failed::Read`].
pub fn sha256(path: &Path) -> Result<String, Failed> {
    let bytes = crate::stores::read_at_most(path, EXECUTABLE_MAX)
        .map_err(|source| Failed::Read { path: path.to_owned(), source })?;
    let digest = digest(&bytes);
    Ok(digest.strip_prefix("sha256:").unwrap_or(&digest).to_owned())
}

/// A name that nobody else gives: the kind, the day, and 32 random bits.
fn id(category: Category, now: &str) -> Result<String, Failed> {
    let mut random = [0; 4];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| Failed::Random(error.into()))?;
    let day: String = now.chars().take(10).filter(char::is_ascii_digit).collect();
    Ok(format!("{category}-{day}-{:08x}", u32::from_be_bytes(random)))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::command_line::{Command, CommandLine};
    use crate::justification::command_line::Justification;

    fn made(words: &[&str]) -> Result<Manifest, Failed> {
        let all = ["denybox", "justification", "new"].iter().chain(words);
        match CommandLine::try_parse_from(all).unwrap().command {
            Command::Justification { what: Justification::New(options) } => manifest(&options, 1_800_000_000),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_policies_suggest_makes_a_manifest() {
        let usual = ["--because", "why it is needed", "--requested-by", "WHO", "--approved-by", "HE"];
        for asked in [
            &["--scratch", "64M"][..],
            &["--grant", "/dev/shm=private,size=64M,exec"],
            &["--grant", "/tmp=dir:/srv/scratch"],
            &["--grant", "/tmp/.X11-unix=host,exec"],
            &["--grant", "/var/tmp=shared:builders"],
            &["--grant", "sysv-shm=private", "--grant", "memfd-exec"],
        ] {
            let words: Vec<&str> = asked.iter().chain(&usual).copied().collect();
            let made = made(&words).unwrap();
            assert_eq!(made.not_after - made.not_before, LIFETIME);
            assert_eq!(Manifest::parse(made.to_yaml().as_bytes()), Ok(made.clone()));
            assert_eq!(Manifest::parse(made.to_json().as_bytes()), Ok(made));
        }
    }

    #[test]
    fn an_emergency_is_short() {
        let made =
            made(&["--scratch", "1G", "--because", "fire", "--requested-by", "me", "--break-glass"]).unwrap();
        assert!(made.break_glass);
        assert_eq!(
            (made.category, made.not_after - made.not_before),
            (Category::IncidentResponse, EMERGENCY)
        );
    }

    #[test]
    fn texts_that_yaml_would_misread_stay_texts() {
        for text in
            ["yes", "007", "a: b # c", "line\nline\n", "- x", "'\"{}", "1e3", "null", "a\u{202e}b\u{1b}[2J"]
        {
            let because = format!("--because={text}");
            let words = ["--scratch", "64M", &because, "--requested-by", "true", "--ticket", "12"];
            match made(&words) {
                Ok(made) => {
                    let yaml = text_of(&made, crate::justification::command_line::Form::Yaml);
                    assert!(!yaml.contains(['\u{202e}', '\u{1b}']), "{yaml}");
                    assert_eq!(Manifest::parse(yaml.as_bytes()), Ok(made), "{text}");
                }
                Err(error) => assert!(text == "'\"{}", "{text}: {error}"),
            }
        }
    }
}
