//! What a fresh development platform holds: tenants, their environments, runs in every phase, and a past in the stream.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::platform::{
    ApiServer, Cluster, EventStream, Kind, Kubelet, PlatformError, RunJob, RunState, Valkey,
    client_name, client_tier, client_version, condition,
};
use crate::voices;

/// Events that lie in the stream before the first live one.
pub(crate) const PAST_EVENTS: usize = 2_000;
/// Runs and environments are made for so many tenants at most: ten thousand tenants are for measuring the list.
const WITH_RUNS: usize = 200;
/// The tenant whose upgrade runs.
const RUNNING: usize = 18;

/// Fills empty servers; gives the runs that still go on.
pub(crate) async fn fill(
    server: &ApiServer,
    valkey: &Valkey,
    kubelet: &Kubelet,
    tenants: usize,
) -> Result<Vec<RunJob>, PlatformError> {
    let now = now();
    let mut running = Vec::new();
    server.create_clients_at(tenants, now).await?;
    let cluster = Cluster { kubelet: Some(kubelet.port()), ..Cluster::new(tenants, now) };
    server.fill_cluster(&cluster).await?;
    voices::fill(kubelet, now);
    for index in 0..tenants.min(WITH_RUNS) {
        let slug = client_name(index);
        server.create(Kind::Environment, &environment(&slug, index, "prod", now)).await?;
        if client_tier(index) != "starter" {
            server.create(Kind::Environment, &environment(&slug, index, "test", now)).await?;
        }
        if index % 8 == 2 {
            let (object, job) = upgrade(&slug, index, now);
            server.create(Kind::Upgrade, &object).await?;
            start(server, kubelet, &job).await?;
            if job.state == RunState::Running {
                running.push(job);
            }
        }
        if index % 13 == 4 {
            let object = restore(&slug, now);
            server.create(Kind::Restore, &object).await?;
            let job = RunJob::restore(&name_of(&object), RunState::Succeeded, span(now, 300, 290));
            start(server, kubelet, &job).await?;
        }
    }
    for edition in ["basic", "pro"] {
        for version in ["17", "18", "19"] {
            let object = template(edition, version, now);
            server.create(Kind::Template, &object).await?;
            let state = RunState::Succeeded;
            let job = RunJob::template(&name_of(&object), state, span(now, 640, 600));
            start(server, kubelet, &job).await?;
        }
    }
    valkey.publish(&EventStream::default(), 0..PAST_EVENTS, now).await?;
    valkey.fill(tenants.min(WITH_RUNS), now).await?;
    Ok(running)
}

/// Puts the Job of a run there, with what its pods said.
async fn start(server: &ApiServer, kubelet: &Kubelet, job: &RunJob) -> Result<(), PlatformError> {
    voices::tell(kubelet, job);
    server.run_job(job).await
}

fn span(now: DateTime<Utc>, began: i64, ended: i64) -> [DateTime<Utc>; 2] {
    [began, ended].map(|minutes| now - Duration::minutes(minutes))
}

fn name_of(object: &Value) -> String {
    object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The present moment; a development platform lives in real time.
pub(crate) fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "a development platform lives in real time")]
    Utc::now()
}

/// The conditions of something that is done, `minutes` ago.
pub(crate) fn done(now: DateTime<Utc>, minutes: i64) -> Value {
    let at = now - Duration::minutes(minutes);
    json!([
        condition("Synced", "True", "ReconcileSuccess", "", at),
        condition("Ready", "True", "Available", "", at),
    ])
}

fn environment(slug: &str, index: usize, stage: &str, now: DateTime<Utc>) -> Value {
    let host = match stage {
        "prod" => format!("{slug}.planapulse.app"),
        other => format!("{slug}-{other}.planapulse.dev"),
    };
    let spec = json!({
        "clientRef": { "name": slug },
        "stage": stage,
        "hostname": host,
        "odooVersion": client_version(index),
    });
    with_status(
        Kind::Environment,
        &format!("{slug}-{stage}"),
        &spec,
        json!({ "conditions": done(now, 90) }),
    )
}

fn upgrade(slug: &str, index: usize, now: DateTime<Utc>) -> (Value, RunJob) {
    // What failed, failed a moment ago.
    let days = if index % 16 == 10 { 0 } else { i64::try_from(index % 6).unwrap_or(0) };
    let name = format!("{slug}-{}", (now - Duration::days(days)).format("%Y-%m-%d"));
    let version = client_version(index);
    let spec = json!({
        "slug": slug, "fromVersion": version, "toVersion": version, "strategy": "same-major", "modules": "all",
    });
    let began = days * 1_440;
    let (state, span) = match index % 16 {
        10 => (RunState::Failed, span(now, 25, 12)),
        // One takes longer than usual, and still goes on.
        2 if index == RUNNING => (RunState::Running, span(now, 9, 9)),
        _ => (RunState::Succeeded, span(now, began + 33, began + 30)),
    };
    let status = if state == RunState::Failed {
        let message = "Job failed: BackoffLimitExceeded: odoo --update=all ended with 1";
        let at = now - Duration::minutes(12);
        let conditions = [
            condition("Synced", "True", "ReconcileSuccess", "", at),
            condition("Ready", "False", "Unavailable", message, at),
        ];
        json!({ "phase": "Failed", "conditions": conditions })
    } else if state == RunState::Running {
        let at = now - Duration::minutes(9);
        let conditions = [
            condition("Synced", "True", "ReconcileSuccess", "", at),
            condition("Ready", "False", "Creating", "Job runs: odoo --update=all", at),
        ];
        json!({ "phase": "Running", "conditions": conditions })
    } else {
        json!({ "phase": "Succeeded", "conditions": done(now, days * 1_440 + 30) })
    };
    let job = RunJob::upgrade(&name, version, state, span);
    (with_status(Kind::Upgrade, &name, &spec, status), job)
}

fn restore(slug: &str, now: DateTime<Utc>) -> Value {
    let at = now - Duration::hours(5);
    let spec = json!({
        "slug": slug,
        "backup": format!("{slug}/backup-{}T020000.dump.gz", now.format("%Y%m%d")),
        "mode": "side-by-side",
        "targetDatabase": format!("{slug}-restored.planapulse.dev"),
    });
    let name = format!("{slug}-{}", at.format("%Y-%m-%d"));
    with_status(
        Kind::Restore,
        &name,
        &spec,
        json!({ "phase": "Succeeded", "conditions": done(now, 290) }),
    )
}

fn template(edition: &str, version: &str, now: DateTime<Utc>) -> Value {
    let spec = json!({
        "edition": edition,
        "odooVersion": version,
        "database": format!("{edition}-template-{version}.planapulse.app"),
    });
    with_status(
        Kind::Template,
        &format!("{edition}-{version}"),
        &spec,
        json!({ "conditions": done(now, 600) }),
    )
}

fn with_status(kind: Kind, name: &str, spec: &Value, status: Value) -> Value {
    let mut object = kind.object(name, spec);
    if let Some(fields) = object.as_object_mut() {
        fields.insert("status".into(), status);
    }
    object
}
