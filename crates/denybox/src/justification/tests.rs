//! The examples of docs/justifications.md are what they claim to be.

use denybox_core::justification::{Manifest, Trust, revocation};

const PAGE: &str = include_str!("../../../../docs/justifications.md");

/// The blocks of a language, in their order.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("\n```{language}\n");
    PAGE.split(start.as_str()).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn the_manifest_says_everything_that_there_is() {
    let manifest = Manifest::parse(blocks("yaml")[0].as_bytes()).unwrap();
    let written = serde_json::to_value(manifest.written()).unwrap();
    let schema = serde_json::to_value(denybox_core::justification::manifest::schema()).unwrap();
    let fields = schema["properties"].as_object().unwrap();
    let missing: Vec<_> = fields.keys().filter(|field| written.get(field).is_none()).collect();
    // What is usual is left out where it is written.
    assert_eq!(missing, ["breakGlass"]);
    assert!(blocks("yaml")[0].contains("breakGlass"));
}

#[test]
fn the_trust_file_and_the_list_are_read() {
    let toml = blocks("toml");
    assert_eq!(Trust::parse(toml[0].as_bytes()).unwrap().keys.len(), 2);
    assert_eq!(revocation::parse(toml[1].as_bytes()).unwrap().len(), 2);
}
