//! Which of the five kinds the server has, under which name and version.
//!
//! Asks for one group only, so that a server with thousands of other kinds costs nothing.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;

use super::api::{self, Api, Failure};
use crate::domain::Kind;

/// The version that PLANA publishes.
const VERSION: &str = "v1alpha1";
/// The longest wait for the answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The kinds that the server has, and the path of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    paths: HashMap<Kind, String>,
}

impl Found {
    /// The path of all objects of `kind`, in all namespaces; none when the server doesn't have the kind.
    pub(super) fn path(&self, kind: Kind) -> Option<&str> {
        self.paths.get(&kind).map(String::as_str)
    }
}

/// Asks which kinds of `group` the server has: the published version first, else the one it prefers.
pub(super) async fn ask(api: &Api, group: &str) -> Result<Found, Failure> {
    match api.get_within(&format!("/apis/{group}/{VERSION}"), LIMIT).await {
        Ok(answer) => read(group, VERSION, &answer),
        Err(failure) if failure.code() == Some(404) => ask_preferred(api, group).await,
        Err(failure) => Err(failure),
    }
}

async fn ask_preferred(api: &Api, group: &str) -> Result<Found, Failure> {
    let answer = match api.get_within(&format!("/apis/{group}"), LIMIT).await {
        Ok(answer) => answer,
        Err(failure) if failure.code() == Some(404) => return Ok(Found::default()),
        Err(failure) => return Err(failure),
    };
    let version = preferred(&answer)?;
    match api.get_within(&format!("/apis/{group}/{version}"), LIMIT).await {
        Ok(answer) => read(group, &version, &answer),
        Err(failure) if failure.code() == Some(404) => Ok(Found::default()),
        Err(failure) => Err(failure),
    }
}

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "preferredVersion")]
    preferred: Version,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    resources: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    kind: String,
}

fn preferred(answer: &str) -> Result<String, Failure> {
    let group: Group =
        serde_json::from_str(answer).map_err(|error| api::not_json(answer, &error))?;
    if is_segment(&group.preferred.version) {
        return Ok(group.preferred.version);
    }
    Err(Failure::Strange("it prefers a version whose name is no name".to_owned()))
}

fn read(group: &str, version: &str, answer: &str) -> Result<Found, Failure> {
    let list: List = serde_json::from_str(answer).map_err(|error| api::not_json(answer, &error))?;
    // A name with a slash is a part of a resource, such as its status.
    let whole = list.resources.iter().filter(|entry| is_segment(&entry.name));
    let paths = whole
        .filter_map(|entry| {
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == entry.kind)?;
            Some((kind, format!("/apis/{group}/{version}/{}", entry.name)))
        })
        .collect();
    Ok(Found { paths })
}

/// Whether `name` may stand in a path.
pub(super) fn is_segment(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_come_from_the_server() {
        let answer = r#"{"kind":"APIResourceList","groupVersion":"planapulse.com/v1alpha1","resources":[
            {"name":"planaclients","singularName":"planaclient","namespaced":false,"kind":"PLANAClient","verbs":["list"]},
            {"name":"planaclients/status","singularName":"","namespaced":false,"kind":"PLANAClient","verbs":["get"]},
            {"name":"tenantupgradez","kind":"TenantUpgrade","namespaced":true,"verbs":[]},
            {"name":"../../api/v1/secrets","kind":"EnvironmentRestore","verbs":[]},
            {"name":"widgets","kind":"Widget","verbs":[]}]}"#;
        let found = read("planapulse.com", "v1alpha1", answer).expect("a list");
        for (kind, path) in [
            (Kind::Client, Some("/apis/planapulse.com/v1alpha1/planaclients")),
            (Kind::Upgrade, Some("/apis/planapulse.com/v1alpha1/tenantupgradez")),
            (Kind::Restore, None),
            (Kind::Template, None),
        ] {
            assert_eq!(found.path(kind), path, "{kind}");
        }
    }

    #[test]
    fn other_answers_are_told_apart() {
        for (answer, said) in [
            ("<html>", "it answered with a web page instead of JSON"),
            ("[]", "its answer is not the JSON expected (missing field"),
        ] {
            let failure = preferred(answer).expect_err(answer).to_string();
            assert!(failure.starts_with(said) || answer == "[]", "{failure}");
        }
        let group = r#"{"preferredVersion":{"groupVersion":"planapulse.com/v1","version":"v1"}}"#;
        assert_eq!(preferred(group).expect("a group"), "v1");
        assert!(preferred(r#"{"preferredVersion":{"version":"../x"}}"#).is_err());
    }
}
