//! What the training world's API server would make of a manifest: by a few of the rules of the real one.

use serde_json::Value;

use super::at;
use super::json::{find, json, merge, own};
use super::look::named;
use crate::domain::operation::{ObjectRef, Seen};
use crate::domain::{Kind, Text};
use crate::sim::engine::Engine;

/// The fields of a specification that each of the platform's own kinds knows, and whether it needs them.
const KNOWN: [(Kind, &[(&str, bool)]); 4] = [
    (
        Kind::Client,
        &[
            ("subdomain", true),
            ("projectId", false),
            ("tier", true),
            ("odooVersion", true),
            ("ownerEmail", true),
            ("ownerName", false),
        ],
    ),
    (
        Kind::Upgrade,
        &[
            ("slug", true),
            ("fromVersion", true),
            ("toVersion", true),
            ("strategy", true),
            ("modules", false),
        ],
    ),
    (Kind::Template, &[("edition", true), ("odooVersion", true)]),
    (
        Kind::Restore,
        &[
            ("slug", true),
            ("mode", true),
            ("backup", true),
            ("filestore", false),
            ("targetDatabase", true),
        ],
    ),
];

/// What would come of it.
pub(super) fn run(engine: &Engine, what: &ObjectRef, manifest: &Value) -> Seen {
    if let Err(why) = check(what, manifest) {
        return Seen::Refused(Text::bounded(&why, 1024));
    }
    let mut object = find(engine, what).map_or(Value::Null, |found| json(engine, &found));
    merge(&mut object, manifest);
    Seen::Object(object)
}

/// Refuses what the API server would.
pub(super) fn check(what: &ObjectRef, manifest: &Value) -> Result<(), String> {
    let name = named(manifest);
    if name != what.name || at(manifest, "/kind") != what.kind.as_str() {
        return Err(format!("the manifest is of {} {name}, not of {what}", at(manifest, "/kind")));
    }
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let text = name.as_str();
    if !text.chars().all(sound) || !end(text.chars().next()) || !end(text.chars().last()) {
        return Err(format!(
            "metadata.name: Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'"
        ));
    }
    let Some(kind) = own(&what.kind) else { return Ok(()) };
    let known = KNOWN.iter().find(|(one, _)| *one == kind).map_or(&[][..], |(_, fields)| *fields);
    let spec = manifest.get("spec").and_then(Value::as_object);
    for field in spec.into_iter().flat_map(|spec| spec.keys()) {
        if !known.iter().any(|(name, _)| name == field) {
            return Err(format!("strict decoding error: unknown field \"spec.{field}\""));
        }
    }
    let given = |name: &str| spec.and_then(|spec| spec.get(name)).is_some_and(|it| !it.is_null());
    match known.iter().find(|(name, needed)| *needed && !given(name)) {
        Some((name, _)) => Err(format!("spec.{name}: Required value")),
        None => Ok(()),
    }
}
