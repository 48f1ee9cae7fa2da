//! A stand-in for Crossplane and for the event bus's publishers.
//!
//! New objects without a status become synced, then ready; runs go through their phases; deleted objects lose their
//! finalizers a little later. With churn, tenants break and mend. It never decides anything a test depends on.

use std::collections::VecDeque;
use std::future::ready;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use kube::Api;
use kube::api::{DynamicObject, ListParams, WatchEvent, WatchParams};
use serde_json::{Value, json};

use crate::fleet::{PAST_EVENTS, done, now};
use crate::life::Life;
use crate::platform::{
    ApiServer, EventStream, Kind, PlatformError, RunJob, RunState, Valkey, client_name, condition,
};

const TICK: Duration = Duration::from_millis(250);
const RETRY: Duration = Duration::from_secs(1);
const TICKS_A_SECOND: u64 = 4;
/// What is due and not done yet is bounded; an object beyond it keeps its state.
const QUEUE_MAX: usize = 5_000;

/// A change to come.
struct Due {
    tick: u64,
    kind: Kind,
    name: String,
    change: Change,
}

enum Change {
    /// Merge this into the status.
    Status(Value),
    /// Let the Job of a run be in this state.
    Job(RunJob),
    /// Let a deleted object go.
    Release,
}

/// Runs until it is dropped or a server is lost.
pub(crate) async fn run(
    server: &mut ApiServer,
    valkey: &mut Valkey,
    mut life: Life<'_>,
    events_per_second: u32,
) -> Result<(), PlatformError> {
    let mut seen = Box::pin(changes(server).await?);
    let mut clock = tokio::time::interval(TICK);
    let mut queue: VecDeque<Due> = VecDeque::new();
    let mut tick: u64 = 0;
    let mut published = 0;
    loop {
        tokio::select! {
            Some((kind, object)) = seen.next() => {
                let room = QUEUE_MAX.saturating_sub(queue.len());
                queue.extend(plan(kind, &object, tick).into_iter().take(room));
            }
            _ = clock.tick() => {
                tick += 1;
                server.check()?;
                valkey.check()?;
                apply_due(server, &mut life, &mut queue, tick).await;
                // A server that does not answer for a while is what the console is tried with: only one that has ended
                // ends the platform.
                let _ = life.tick(valkey, tick).await;
                let wanted = usize::try_from(tick * u64::from(events_per_second) / TICKS_A_SECOND).unwrap_or(published);
                let range = PAST_EVENTS + published..PAST_EVENTS + wanted;
                if valkey.publish(&EventStream::default(), range, now()).await.is_ok() {
                    published = wanted;
                }
                if tick.is_multiple_of(TICKS_A_SECOND) {
                    let second = tick / TICKS_A_SECOND;
                    life.second(server, second).await;
                    if life.churn() {
                        stir(server, life.tenants(), second).await;
                    }
                }
            }
        }
    }
}

/// Every object of the five kinds, once at the start and again when it changes.
async fn changes(
    server: &ApiServer,
) -> Result<impl Stream<Item = (Kind, DynamicObject)> + use<>, PlatformError> {
    let client = server.client().await?;
    let streams = Kind::ALL.map(|kind| {
        let api = Api::<DynamicObject>::all_with(client.clone(), &kind.resource());
        // Each round tells what is there, then what changes until the server ends the watch or is lost.
        stream::repeat(api)
            .then(async |api| round(&api).await)
            .flatten()
            .map(move |object| (kind, object))
            .boxed()
    });
    Ok(stream::select_all(streams))
}

async fn round(api: &Api<DynamicObject>) -> BoxStream<'static, DynamicObject> {
    let Ok(listed) = api.list(&ListParams::default()).await else {
        tokio::time::sleep(RETRY).await;
        return stream::empty().boxed();
    };
    let version = listed.metadata.resource_version.unwrap_or_default();
    let Ok(events) = api.watch(&WatchParams::default(), &version).await else {
        tokio::time::sleep(RETRY).await;
        return stream::iter(listed.items).boxed();
    };
    let changed = events.filter_map(|event| {
        ready(match event {
            Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => Some(object),
            _ => None,
        })
    });
    stream::iter(listed.items).chain(changed).boxed()
}

/// What will happen to `object`: nothing, unless it is brand-new or being deleted.
fn plan(kind: Kind, object: &DynamicObject, tick: u64) -> Vec<Due> {
    let Some(name) = object.metadata.name.clone() else {
        return Vec::new();
    };
    let due = |seconds: u64, change| Due {
        tick: tick + seconds * TICKS_A_SECOND,
        kind,
        name: name.clone(),
        change,
    };
    if object.metadata.deletion_timestamp.is_some() {
        return vec![due(2, Change::Release)];
    }
    if object.data.get("status").is_some() {
        return Vec::new();
    }
    script(kind)
        .iter()
        .flat_map(|&(seconds, phase, message)| {
            let job = job(kind, object, phase).map(|job| due(seconds, Change::Job(job)));
            [due(seconds, Change::Status(status(phase, message)))].into_iter().chain(job)
        })
        .collect()
}

/// The Job that a run in this phase has; before it runs there is none.
fn job(kind: Kind, object: &DynamicObject, phase: &str) -> Option<RunJob> {
    let state = match phase {
        "Succeeded" => RunState::Succeeded,
        "Pending" => return None,
        _ => RunState::Running,
    };
    let name = object.metadata.name.as_deref()?;
    let span = [now(), now()];
    match kind {
        Kind::Upgrade => {
            let version = object.data.pointer("/spec/toVersion")?.as_str()?;
            Some(RunJob::upgrade(name, version, state, span))
        }
        Kind::Restore => Some(RunJob::restore(name, state, span)),
        Kind::Template => Some(RunJob::template(name, state, span)),
        Kind::Client | Kind::Environment => None,
    }
}

/// The life of a new object: after so many seconds, in this phase, saying this.
fn script(kind: Kind) -> &'static [(u64, &'static str, &'static str)] {
    match kind {
        Kind::Client => &[
            (
                1,
                "Creating",
                "Unready resources: database, filestore, route, backup-cronjob, matrix-room",
            ),
            (8, "Creating", "Unready resources: matrix-room"),
            (12, "Succeeded", ""),
        ],
        Kind::Environment | Kind::Template => {
            &[(1, "Creating", "Unready resources: database"), (6, "Succeeded", "")]
        }
        Kind::Upgrade => &[
            (1, "Pending", "Job is waiting for a pod"),
            (4, "Running", "Job runs: odoo --update=all"),
            (20, "Succeeded", ""),
        ],
        Kind::Restore => &[
            (1, "Pending", "Job is waiting for a pod"),
            (4, "Downloading", "Job streams the dump from object storage"),
            (12, "Restoring", "Job restores into pg01"),
            (24, "Succeeded", ""),
        ],
    }
}

fn status(phase: &str, message: &str) -> Value {
    if phase == "Succeeded" {
        return json!({ "phase": phase, "conditions": done(now(), 0) });
    }
    let conditions = [
        condition("Synced", "True", "ReconcileSuccess", "", now()),
        condition("Ready", "False", "Creating", message, now()),
    ];
    json!({ "phase": phase, "conditions": conditions })
}

async fn apply_due(server: &ApiServer, life: &mut Life<'_>, queue: &mut VecDeque<Due>, tick: u64) {
    for _ in 0..queue.len() {
        let Some(due) = queue.pop_front() else { return };
        if due.tick > tick {
            queue.push_back(due);
            continue;
        }
        // The object may have been deleted meanwhile: that is a person's right.
        let _ = match due.change {
            Change::Status(status) => server.merge_status(due.kind, &due.name, &status).await,
            Change::Job(job) => {
                life.run(server, job).await;
                Ok(())
            }
            Change::Release => server.release(due.kind, &due.name).await,
        };
    }
}

/// One thing a second that an operator would notice.
async fn stir(server: &ApiServer, tenants: usize, second: u64) {
    if tenants == 0 {
        return;
    }
    let slug = client_name(fastrand::usize(..tenants));
    let condition = match second % 3 {
        0 => condition("Ready", "False", "Unavailable", "Unready resources: route", now()),
        _ => condition("Ready", "True", "Available", "", now()),
    };
    // Someone may have deleted it, or started the same upgrade a moment ago.
    let _ = server.set_condition(Kind::Client, &slug, &condition).await;
    if second.is_multiple_of(20) {
        let _ = server
            .create_upgrade(&slug, &now().format("%Y-%m-%d-%H%M%S").to_string(), "18", "18")
            .await;
    }
}
