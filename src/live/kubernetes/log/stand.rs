//! How a container stands: what tells the end of its log from the end of a link.

use std::time::Duration;

use serde_json::Value;

use super::Wanted;
use crate::live::kubernetes::api::{Api, Failure};
use crate::live::kubernetes::cluster::{Ended, View};

/// The longest wait for the answer.
const LIMIT: Duration = Duration::from_secs(5);

/// How a container stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stand {
    /// Its name.
    pub(super) container: String,
    /// How often it was started again.
    pub(super) restarts: u64,
    /// What it is doing.
    pub(super) now: Now,
}

/// What a container is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Now {
    /// It runs.
    #[default]
    Runs,
    /// It waits to run; why, and how it ended before, if it ran.
    Waits(String, Option<String>),
    /// It ended: how, and whether for good.
    Ended(String, bool),
}

/// Asks for the pod. None when there is no such pod.
pub(super) async fn ask(api: &Api, wanted: &Wanted) -> Result<Option<Stand>, Failure> {
    match api.get_within(&wanted.pod_path(), LIMIT).await {
        Ok(answer) => {
            let pod: Value = serde_json::from_str(&answer)
                .map_err(|error| Failure::Strange(format!("the pod can't be read: {error}")))?;
            Ok(Some(read(View::new(&pod), wanted.container.as_deref())))
        }
        Err(failure) if failure.code() == Some(404) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The container of `pod` that is wanted; the first one when none is.
fn read(pod: View<'_>, wanted: Option<&str>) -> Stand {
    let first = pod.at("spec.containers").items().next().map(|one| one.get("name").text());
    let container = wanted.or(first).unwrap_or_default();
    let status = pod.get("status");
    let kept = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let found = kept
        .iter()
        .flat_map(|key| status.get(key).items())
        .find(|one| one.get("name").text() == container);
    let restarts = found.map_or(0, |one| u64::from(one.get("restartCount").count()));
    let phase = status.get("phase").text();
    let now = match found {
        None => Now::Waits(if phase.is_empty() { "Pending" } else { phase }.to_owned(), None),
        Some(one) => now(one, pod, phase),
    };
    Stand { container: container.to_owned(), restarts, now }
}

fn now(one: View<'_>, pod: View<'_>, phase: &str) -> Now {
    let state = one.get("state");
    if let Some(ended) = Ended::of(state) {
        let for_good = matches!(phase, "Succeeded" | "Failed")
            || pod.at("metadata.deletionTimestamp").is_there()
            || match pod.at("spec.restartPolicy").text() {
                "Never" => true,
                "OnFailure" => ended.code() == Some(0),
                _ => false,
            };
        return Now::Ended(ended.words(), for_good);
    }
    let waiting = state.get("waiting");
    if waiting.is_there() {
        let last = Ended::of(one.get("lastState")).map(Ended::words);
        return Now::Waits(waiting.get("reason").text().to_owned(), last);
    }
    Now::Runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_container_is_told_from_its_restart() {
        let ended = r#"{"terminated":{"reason":"Error","exitCode":1}}"#;
        let done = r#"{"terminated":{"reason":"Completed","exitCode":0}}"#;
        let failed = || "failed (exit code 1)".to_owned();
        for (policy, phase, state, now) in [
            ("Always", "Running", r#"{"running":{}}"#, Now::Runs),
            ("Always", "Running", ended, Now::Ended(failed(), false)),
            ("Never", "Running", ended, Now::Ended(failed(), true)),
            ("OnFailure", "Running", ended, Now::Ended(failed(), false)),
            ("OnFailure", "Running", done, Now::Ended("was complete (exit code 0)".into(), true)),
            ("Always", "Failed", ended, Now::Ended(failed(), true)),
            (
                "Always",
                "Running",
                r#"{"waiting":{"reason":"CrashLoopBackOff"}}"#,
                Now::Waits("CrashLoopBackOff".into(), Some(failed())),
            ),
        ] {
            let json = format!(
                r#"{{"spec":{{"restartPolicy":"{policy}","containers":[{{"name":"a"}},{{"name":"b"}}]}},
                "status":{{"phase":"{phase}","containerStatuses":[{{"name":"b"}},
                {{"name":"a","restartCount":2,"state":{state},"lastState":{ended}}}]}}}}"#
            );
            let pod: Value = serde_json::from_str(&json).expect("a pod");
            let stand = read(View::new(&pod), None);
            assert_eq!(stand, Stand { container: "a".into(), restarts: 2, now }, "{json}");
        }
        let pod: Value = serde_json::from_str("{}").expect("nothing");
        let stand = read(View::new(&pod), Some("x"));
        assert_eq!(
            (stand.container.as_str(), stand.now),
            ("x", Now::Waits("Pending".into(), None))
        );
    }
}
