//! How the server serves a kind: asked once for each, and kept.

use std::collections::HashMap;

use serde_json::Value;
use tokio::sync::Mutex;

use crate::domain::{Text, TroubleKind};
use crate::live::kubernetes::discovery::is_segment;
use crate::live::kubernetes::line::{Line, Miss};

/// The most kinds that are kept.
const MOST: usize = 256;
/// The most versions of a group that are looked through.
const VERSIONS: usize = 16;

/// How a kind is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Served {
    /// Such as `apps/v1`.
    pub(super) version: String,
    /// Such as `/apis/apps/v1`.
    root: String,
    pub(super) plural: String,
    /// Whether its objects lie in namespaces.
    pub(super) namespaced: bool,
}

impl Served {
    /// The path of its objects in `namespace`, or of all.
    pub(super) fn path(&self, namespace: Option<&str>) -> String {
        match namespace {
            Some(namespace) if self.namespaced => {
                format!("{}/namespaces/{namespace}/{}", self.root, self.plural)
            }
            _ => format!("{}/{}", self.root, self.plural),
        }
    }
}

/// The kinds that were asked for: group, kind and version, each as it was asked for.
#[derive(Default)]
pub(super) struct Kinds(Mutex<HashMap<[Text; 3], Served>>);

impl Kinds {
    /// How `kind` of `group` is served: in `version` where that is named, else in the one that the server prefers.
    pub(super) async fn find(
        &self,
        line: &Line,
        (group, kind): (&str, &str),
        version: &str,
    ) -> Result<Served, Miss> {
        let key = [group, kind, version].map(Text::clean);
        if let Some(served) = self.0.lock().await.get(&key) {
            return Ok(served.clone());
        }
        let served = ask(line, (group, kind), version).await?;
        let mut known = self.0.lock().await;
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, served.clone());
        Ok(served)
    }
}

async fn ask(line: &Line, (group, kind): (&str, &str), version: &str) -> Result<Served, Miss> {
    if !group.is_empty() && !is_segment(group) {
        return Err(absent(group, kind));
    }
    let doing = format!("asking how {kind} is served");
    let versions = if group.is_empty() {
        vec!["v1".to_owned()]
    } else if is_segment(version) {
        vec![version.to_owned()]
    } else {
        let found = line.find(&doing, &format!("/apis/{group}")).await?;
        versions(&found.ok_or_else(|| absent(group, kind))?)
    };
    for version in versions {
        let (root, named) = if group.is_empty() {
            (format!("/api/{version}"), version)
        } else {
            (format!("/apis/{group}/{version}"), format!("{group}/{version}"))
        };
        let Some(list) = line.find(&doing, &root).await? else { continue };
        if let Some((plural, namespaced)) = read(&list, kind) {
            return Ok(Served { version: named, root, plural, namespaced });
        }
    }
    Err(absent(group, kind))
}

/// The versions of a group, the preferred one first.
fn versions(group: &Value) -> Vec<String> {
    let name = |version: &Value| {
        let name = version.get("version").and_then(Value::as_str)?;
        is_segment(name).then(|| name.to_owned())
    };
    let preferred = group.get("preferredVersion").and_then(name);
    let others = group.get("versions").and_then(Value::as_array).into_iter().flatten();
    let others = others.filter_map(name).filter(|other| Some(other) != preferred.as_ref());
    preferred.iter().cloned().chain(others).take(VERSIONS).collect()
}

/// The plural of `kind` in a list of resources, and whether it lies in namespaces.
fn read(list: &Value, kind: &str) -> Option<(String, bool)> {
    let all = list.get("resources").and_then(Value::as_array)?;
    all.iter().find_map(|entry| {
        let name = entry.get("name").and_then(Value::as_str)?;
        let is_it = entry.get("kind").and_then(Value::as_str) == Some(kind) && is_segment(name);
        let namespaced = entry.get("namespaced").and_then(Value::as_bool).unwrap_or(false);
        is_it.then(|| (name.to_owned(), namespaced))
    })
}

fn absent(group: &str, kind: &str) -> Miss {
    let group = if group.is_empty() { "its core group" } else { group };
    Miss::refused(
        TroubleKind::Absent,
        &format!("the API server has no kind {kind} in {group}"),
        "See whether this is the right cluster, and whether the kind is installed there.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_preferred_version_comes_first_and_parts_are_no_kinds() {
        let group = json!({
            "preferredVersion": { "version": "v2" },
            "versions": [{ "version": "v1" }, { "version": "v2" }, { "version": "../x" }],
        });
        assert_eq!(versions(&group), ["v2", "v1"]);
        let list = json!({ "resources": [
            { "name": "widgets/status", "kind": "Widget", "namespaced": true },
            { "name": "../secrets", "kind": "Widget" },
            { "name": "widgets", "kind": "Widget", "namespaced": true },
        ] });
        assert_eq!(read(&list, "Widget"), Some(("widgets".to_owned(), true)));
        assert_eq!(read(&list, "Gadget"), None);
    }
}
