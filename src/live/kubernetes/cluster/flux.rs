//! Kustomizations of Flux: whether what stands in git is what runs.

use super::Raw;
use super::draft::Draft;
use super::view::View;
use crate::domain::{Health, Status};

/// So many characters of a commit are shown.
const COMMIT: usize = 8;

/// Reads a Kustomization.
pub(super) fn read(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let applied = shortened(status.get("lastAppliedRevision").text());
    let ready = status.condition("Ready");
    draft.at = ready.and_then(|ready| ready.since);
    let at = |words: &str| {
        if applied.is_empty() { words.to_owned() } else { format!("{words} at {applied}") }
    };
    match ready {
        _ if spec.get("suspend").is_true() => {
            draft.stands(Health::Degraded, &at("suspended"));
            draft.says("Changes in git are not applied while it is suspended.");
        }
        Some(ready) if ready.is(Status::True) => draft.stands(Health::Healthy, &at("ready")),
        Some(ready) if ready.is(Status::False) => {
            let (health, state) = match ready.reason {
                "DependencyNotReady" => (Health::Degraded, "waits for another"),
                "Progressing" | "ProgressingWithRetry" => (Health::Progressing, "being applied"),
                "HealthCheckFailed" => (Health::Failed, "applied, but not well"),
                _ => (Health::Failed, "can't be applied"),
            };
            draft.stands(health, &at(state));
            draft.says(ready.words());
        }
        Some(ready) => {
            draft.stands(Health::Progressing, &at("being applied"));
            draft.says(ready.words());
        }
        None => draft.stands(Health::Unknown, "not seen by Flux yet"),
    }
    draft.conditions(status);
    draft.field("path", spec.get("path").text());
    let source = spec.get("sourceRef");
    let kind = source.get("kind").text();
    draft.field("source", format!("{kind}/{}", source.get("name").text()).trim_matches('/'));
    draft.field("applied", status.get("lastAppliedRevision").text());
    draft.field("attempted", status.get("lastAttemptedRevision").text());
    draft.field("interval", spec.get("interval").text());
    let needs: Vec<&str> =
        spec.get("dependsOn").items().map(|one| one.get("name").text()).collect();
    draft.field("needs", &needs.join(", "));
}

/// `main@3f9c1b7a` of `main@sha1:3f9c1b7ad05e…`.
fn shortened(revision: &str) -> String {
    let (branch, commit) = revision.rsplit_once('@').unwrap_or(("", revision));
    let commit = commit.rsplit(':').next().unwrap_or(commit);
    let commit: String = commit.chars().take(COMMIT).collect();
    if branch.is_empty() { commit } else { format!("{branch}@{commit}") }
}
