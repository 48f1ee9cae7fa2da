//! Jobs: one pod after another until one has done the work, or too many have failed.
//!
//! Taken up are those that the console makes, those that a person makes from a CronJob, and those of the controllers'
//! own runs.

use serde_json::{Value, json};

use super::desk::{Desk, code, words};
use super::keeper::Next;
use super::key::{Key, is_leaving, number, text};
use super::pods::{self, End, Pod};
use super::{Fault, work};
use crate::platform::cluster::{failed_status, running_status, succeeded_status};
use crate::platform::kinds::stamp;
use crate::platform::{PlatformError, Resource};

/// A Job whose pod is not let in tries again after so many phases.
const REFUSED: u32 = 10;

/// Whether the controllers run this Job.
pub(super) fn is_ours(job: &Value) -> bool {
    let label = |name: &str| {
        let labels = job.pointer("/metadata/labels");
        labels.and_then(|labels| labels.get(name)).and_then(Value::as_str).unwrap_or_default()
    };
    let annotations = job.pointer("/metadata/annotations");
    let by_hand = annotations.and_then(|all| all.get("cronjob.kubernetes.io/instantiate"));
    label("app.kubernetes.io/created-by") == "pulse-console"
        || label("app.kubernetes.io/managed-by") == "crossplane"
        || by_hand.is_some()
}

/// Whether the Job succeeded, when it has ended.
pub(super) fn end_of(job: &Value) -> Option<bool> {
    let conditions = job.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find_map(|one| match (text(one, "/type"), text(one, "/status")) {
        ("Complete", "True") => Some(true),
        ("Failed", "True") => Some(false),
        _ => None,
    })
}

/// Takes away what is left of a Job that is gone.
pub(super) async fn clean_up(desk: &Desk, key: &Key) -> Result<Next, PlatformError> {
    pods::remove(desk, key).await?;
    Ok(Next::Changed)
}

/// Brings a Job a step further.
pub(super) async fn reconcile(desk: &Desk, key: &Key, job: &Value) -> Result<Next, PlatformError> {
    if is_leaving(job) {
        pods::remove(desk, key).await?;
        desk.release(&key.path()).await?;
        return Ok(Next::Changed);
    }
    if !is_ours(job) || end_of(job).is_some() {
        return Ok(Next::Changed);
    }
    let there = pods::of_job(desk, key).await?;
    let with = |phase: &str| there.iter().filter(|pod| text(pod, "/status/phase") == phase).count();
    let failed = with("Failed");
    if with("Succeeded") > 0 {
        return end(desk, key, job, None).await;
    }
    if failed > number(job, "/spec/backoffLimit").map_or(6, |most| most as usize) {
        return end(desk, key, job, Some(failed)).await;
    }
    let pod = Pod::of(desk, key, job, failed);
    if let Some(why) = refusal(&pod, job).await? {
        event(desk, key, job, "FailedCreate", &format!("Error creating: {why}")).await?;
        return Ok(Next::In(desk.pace * REFUSED));
    }
    begin(desk, key, job, failed).await?;
    pod.tell(End::Running).await?;
    match work::run(&pod).await {
        Ok(()) => pod.tell(End::Succeeded).await?,
        Err(why) => {
            why.lines().for_each(|line| pod.say(line));
            pod.tell(End::Failed(&why)).await?;
        }
    }
    Ok(Next::In(desk.pace))
}

/// Makes the pod; why it is not let in.
async fn refusal(pod: &Pod<'_>, job: &Value) -> Result<Option<String>, PlatformError> {
    match pod.fault {
        Some(Fault::QuotaExceeded) => {
            let name = &pod.name;
            let quota = "exceeded quota: odoo-quota, requested: limits.cpu=2, used: limits.cpu=24, limited: limits.cpu=24";
            return Ok(Some(format!("pods \"{name}\" is forbidden: {quota}")));
        }
        Some(Fault::NeverReady) => {
            return Ok(Some("0/3 nodes are available: 3 Insufficient memory.".into()));
        }
        _ => {}
    }
    match pod.create(job).await {
        Ok(()) => Ok(None),
        Err(error) if code(&error).is_some_and(|code| (400..500).contains(&code)) => {
            Ok(Some(words(&error)))
        }
        Err(error) => Err(error),
    }
}

async fn begin(desk: &Desk, key: &Key, job: &Value, failed: usize) -> Result<(), PlatformError> {
    let mut status = running_status(Desk::now());
    keep_start(&mut status, job);
    status["failed"] = failed.into();
    desk.merge(&format!("{}/status", key.path()), &json!({ "status": status })).await
}

/// The Job has ended: with so many pods that failed, or well.
async fn end(
    desk: &Desk,
    key: &Key,
    job: &Value,
    failed: Option<usize>,
) -> Result<Next, PlatformError> {
    let now = Desk::now();
    let mut status = match failed {
        Some(failed) => {
            let mut status = failed_status(now, now);
            status["failed"] = failed.into();
            status
        }
        None => succeeded_status(now, now),
    };
    keep_start(&mut status, job);
    status["active"] = Value::Null;
    desk.merge(&format!("{}/status", key.path()), &json!({ "status": status })).await?;
    Ok(Next::Changed)
}

/// A Job begins once.
fn keep_start(status: &mut Value, job: &Value) {
    if let Some(began) = job.pointer("/status/startTime") {
        status["startTime"] = began.clone();
    }
}

/// Says of the Job what its controller would.
async fn event(
    desk: &Desk,
    key: &Key,
    job: &Value,
    reason: &str,
    message: &str,
) -> Result<(), PlatformError> {
    let now = stamp(Desk::now());
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "name": format!("{}.{reason}", key.name).to_lowercase() },
        "involvedObject": {
            "apiVersion": "batch/v1", "kind": "Job", "namespace": key.namespace, "name": key.name,
            "uid": text(job, "/metadata/uid"),
        },
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "source": { "component": "job-controller" },
    });
    desk.make(&Resource::EVENT.path(&key.namespace), &event).await
}
