//! Pods: whether they run, why not, and how their containers ended last.

use serde::Deserialize;
use serde_json::Value;

use super::Raw;
use super::draft::Draft;
use super::view::View;
use crate::domain::{Health, Status, Timestamp};
use crate::live::kubernetes::loose::{Items, Loose, Scalar};

/// The most containers looked at.
const CONTAINERS: usize = 16;

/// Reasons to wait that don't pass by themselves.
const STUCK: [&str; 10] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PreCreateHookError",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow)]
    node_name: Scalar<'a>,
    #[serde(borrow)]
    containers: Items<Container<'a>, CONTAINERS>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    image: Scalar<'a>,
}

/// How a container ended.
#[derive(Clone, Copy, Debug)]
pub(in crate::live::kubernetes) struct Ended<'v>(View<'v>);

impl<'v> Ended<'v> {
    /// The end that `state`, of a container, tells of.
    pub(in crate::live::kubernetes) fn of(state: View<'v>) -> Option<Self> {
        let ended = state.get("terminated");
        ended.is_there().then_some(Self(ended))
    }

    pub(in crate::live::kubernetes) fn code(self) -> Option<i64> {
        self.0.get("exitCode").word().parse().ok()
    }

    fn at(self) -> Option<Timestamp> {
        self.0.get("finishedAt").time()
    }

    /// `was killed for its memory (OOMKilled, exit code 137)`.
    pub(in crate::live::kubernetes) fn words(self) -> String {
        let reason = self.0.get("reason").text();
        let words = match reason {
            "OOMKilled" => "was killed for its memory",
            "Error" => "failed",
            "Completed" => "was complete",
            "ContainerCannotRun" | "StartError" => "could not start",
            "DeadlineExceeded" => "took too long",
            "Evicted" => "was evicted",
            _ => "ended",
        };
        let code = self.code().map(|code| format!("exit code {code}"));
        let is_told = matches!(reason, "" | "Error" | "Completed");
        let known = (!is_told).then(|| reason.to_owned());
        let why: Vec<String> = known.into_iter().chain(code).collect();
        if why.is_empty() { words.to_owned() } else { format!("{words} ({})", why.join(", ")) }
    }
}

/// Reads a pod.
pub(super) fn read(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let Loose(spec) = serde_json::from_str::<Loose<Spec<'_>>>(raw.spec_json()).unwrap_or_default();
    let value: Value =
        raw.status.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let status = View::new(&value);
    let containers: Vec<View<'_>> =
        status.get("containerStatuses").items().take(CONTAINERS).collect();
    let ready = containers.iter().filter(|one| one.get("ready").is_true()).count();
    let wanted = spec.containers.kept.len().max(containers.len());
    draft.ready = Some((count(ready), count(wanted)));
    draft.restarts = containers
        .iter()
        .fold(0_u32, |sum, one| sum.saturating_add(one.get("restartCount").count()));
    let last = containers
        .iter()
        .filter_map(|one| {
            let ended = Ended::of(one.get("lastState")).or_else(|| Ended::of(one.get("state")))?;
            Some((ended.at(), one.get("name").text(), ended))
        })
        .max_by_key(|(at, ..)| *at);
    draft.at = last.and_then(|(at, ..)| at);
    let last = last.map(|(_, name, ended)| format!("{name}: its last run {}", ended.words()));
    judge(draft, status, &containers, last.as_deref().unwrap_or_default());
    if draft.health != Health::Healthy {
        draft.conditions(status);
    }
    draft.field("phase", status.get("phase").text());
    draft.field("node", spec.node_name.as_str());
    draft.field("address", status.get("podIP").text());
    for container in &spec.containers.kept {
        let name = container.name.as_str();
        let found = containers.iter().find(|one| one.get("name").text() == name);
        let words = found.map_or_else(|| "has not started".to_owned(), |one| stands(*one));
        draft.field(&format!("container.{name}"), &words);
        draft.field(&format!("image.{name}"), container.image.as_str());
    }
}

fn judge(draft: &mut Draft<'_>, status: View<'_>, containers: &[View<'_>], last: &str) {
    let waiting = |one: &View<'_>| {
        let reason = one.at("state.waiting.reason").text().to_owned();
        (!reason.is_empty()).then(|| (reason, one.at("state.waiting.message").text().to_owned()))
    };
    let before = status.get("initContainerStatuses");
    let waits: Vec<(String, String)> = before
        .items()
        .take(CONTAINERS)
        .chain(containers.iter().copied())
        .filter_map(|one| waiting(&one))
        .collect();
    let stuck = waits.iter().find(|(reason, _)| STUCK.contains(&reason.as_str()));
    let said = |message: &str| match (message, last) {
        ("", last) => last.to_owned(),
        (message, "") => message.to_owned(),
        (message, last) => format!("{last}; {message}"),
    };
    match (status.get("phase").text(), stuck) {
        ("Succeeded", _) => draft.stands(Health::Healthy, "done"),
        ("Failed", _) => {
            let reason = status.get("reason").text();
            draft.stands(Health::Failed, if reason.is_empty() { "failed" } else { reason });
            draft.says(&said(status.get("message").text()));
        }
        (_, Some((reason, message))) => {
            draft.stands(Health::Failed, reason);
            draft.says(&said(message));
        }
        ("Pending", None) => pending(draft, status, waits.first()),
        ("Running", None) => {
            let unready = status.condition("Ready").filter(|ready| ready.is(Status::False));
            match unready {
                Some(ready) => {
                    let starts = containers.iter().any(|one| one.at("state.terminated").is_there());
                    draft.stands(
                        Health::Degraded,
                        if starts { "not ready, a container ended" } else { "not ready" },
                    );
                    draft.says(&said(ready.words()));
                }
                None => {
                    draft.stands(Health::Healthy, "running");
                    draft.says(last);
                }
            }
        }
        (phase, None) => {
            draft.stands(Health::Unknown, if phase.is_empty() { "unknown" } else { phase });
            draft.says(&said(status.get("message").text()));
        }
    }
}

/// A pod that does not run yet.
fn pending(draft: &mut Draft<'_>, status: View<'_>, waits: Option<&(String, String)>) {
    let scheduled = status.condition("PodScheduled").filter(|one| one.is(Status::False));
    match (scheduled, waits) {
        (Some(scheduled), _) => {
            draft.stands(Health::Degraded, "no node takes it");
            draft.says(scheduled.words());
        }
        (None, Some((reason, message))) => {
            draft.stands(Health::Progressing, &format!("starting: {reason}"));
            draft.says(message);
        }
        (None, None) => draft.stands(Health::Progressing, "starting"),
    }
}

/// How one container stands, in words.
fn stands(one: View<'_>) -> String {
    let state = one.get("state");
    let waits = state.at("waiting.reason").text();
    let now = if let Some(ended) = Ended::of(state) {
        ended.words()
    } else if state.get("running").is_there() {
        let ready = if one.get("ready").is_true() { "ready" } else { "not ready" };
        format!("{ready}, running since {}", state.at("running.startedAt").text())
    } else if waits.is_empty() {
        "waiting".to_owned()
    } else {
        format!("waiting: {waits}")
    };
    let restarts = match one.get("restartCount").count() {
        0 => String::new(),
        1 => "; 1 restart".to_owned(),
        count => format!("; {count} restarts"),
    };
    let last = Ended::of(one.get("lastState")).map_or_else(String::new, |ended| {
        let at = ended.at().map_or_else(String::new, |at| format!(" at {at}"));
        format!("; its last run {}{at}", ended.words())
    });
    format!("{now}{restarts}{last}")
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
