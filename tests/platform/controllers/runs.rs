//! Runs: each makes one Job, and goes by it. Environments are runs without one.

use serde_json::{Value, json};

use super::desk::Desk;
use super::keeper::Next;
use super::key::{Key, Sort, is_leaving, text};
use super::states::{State, tell};
use super::{FAULT, Fault, jobs, pods};
use crate::platform::cluster::SIDE_EFFECTS;
use crate::platform::kinds::{GROUP, VERSION};
use crate::platform::{Kind, PlatformError, Resource, version_namespace};

/// What holds a run until its Job is gone.
pub(super) const FINALIZER: &str = "composite.apiextensions.crossplane.io";
/// One who waits for something looks again after so many phases.
const LATER: u32 = 10;

/// The Job of a run, before it is made.
struct Wanted {
    /// Where it runs.
    namespace: &'static str,
    /// The label by which it is found; its value is the run's name.
    label: &'static str,
    /// The container, called after what it does.
    container: &'static str,
    /// How often it is tried again.
    retries: u32,
    /// What it is told.
    values: Values,
}

/// Variables of a container.
type Values = Vec<(&'static str, String)>;

/// Brings a run a step further.
pub(super) async fn reconcile(
    desk: &Desk,
    key: &Key,
    kind: Kind,
    run: &Value,
) -> Result<Next, PlatformError> {
    let wanted = wanted(kind, run);
    if is_leaving(run) {
        if let Ok(Some(wanted)) = &wanted {
            remove(desk, key, run, wanted).await?;
        }
        desk.release(&key.path()).await?;
        return Ok(Next::Changed);
    }
    if matches!(text(run, "/status/phase"), "Succeeded" | "Failed") {
        return Ok(Next::Changed);
    }
    if run.pointer("/metadata/finalizers").is_none() {
        desk.merge(&key.path(), &json!({ "metadata": { "finalizers": [FINALIZER] } })).await?;
    }
    let fault = desk.faults.of(run);
    if fault == Some(Fault::NeverReady) {
        tell(desk, key, run, State::Creating("", "Unready resources: database")).await?;
        return Ok(Next::In(desk.pace * LATER));
    }
    match wanted {
        Err(why) => {
            let why = format!("cannot compose resources: {why}");
            tell(desk, key, run, State::Unsynced(&why)).await?;
            Ok(Next::Changed)
        }
        Ok(None) => {
            tell(desk, key, run, State::Creating("", "Unready resources: database")).await?;
            desk.phase(fault).await;
            tell(desk, key, run, State::Ready).await?;
            Ok(Next::Changed)
        }
        Ok(Some(wanted)) => follow(desk, key, run, &wanted, fault).await,
    }
}

/// Makes the Job when there is none, and says how far it is.
async fn follow(
    desk: &Desk,
    key: &Key,
    run: &Value,
    wanted: &Wanted,
    fault: Option<Fault>,
) -> Result<Next, PlatformError> {
    let place = job_key(key, wanted);
    let job = desk.get(&place.path()).await?;
    let Some(job) = job.filter(|job| !is_leaving(job)) else {
        tell(desk, key, run, State::Creating("Pending", "Job is waiting for a pod")).await?;
        let path = Resource::JOB.path(wanted.namespace);
        desk.make(&path, &object(key, run, wanted, fault)).await?;
        return Ok(Next::Changed);
    };
    let state = match jobs::end_of(&job) {
        Some(true) => return tell(desk, key, run, State::Ready).await.map(|()| Next::Changed),
        Some(false) => {
            let there = pods::of_job(desk, &place).await?;
            let pointer = "/status/containerStatuses/0/state/terminated/message";
            let said = there.iter().map(|pod| text(pod, pointer)).rfind(|said| !said.is_empty());
            let why = format!("Job failed: BackoffLimitExceeded: {}", said.unwrap_or("no pod"));
            return tell(desk, key, run, State::Failed(&why)).await.map(|()| Next::Changed);
        }
        None if job.pointer("/status/startTime").is_none() => {
            State::Creating("Pending", "Job is waiting for a pod")
        }
        None => match wanted.container {
            "restore" => State::Creating("Restoring", "Job restores into pg01"),
            "upgrade" => State::Creating("Running", "Job runs: odoo --update"),
            _ => State::Creating("Running", "Job builds the database"),
        },
    };
    tell(desk, key, run, state).await?;
    Ok(Next::Changed)
}

fn job_key(key: &Key, wanted: &Wanted) -> Key {
    let name = format!("{}-{}", key.name, wanted.container);
    Key { sort: Sort::Job, namespace: wanted.namespace.to_owned(), name }
}

/// Takes the Job away with its pods: what owns them is about to go.
async fn remove(desk: &Desk, key: &Key, run: &Value, wanted: &Wanted) -> Result<(), PlatformError> {
    super::states::tell(desk, key, run, State::Deleting).await?;
    let place = job_key(key, wanted);
    desk.delete(&place.path()).await?;
    pods::remove(desk, &place).await
}

/// Takes away what is left of a run that was gone before anybody held it.
pub(super) async fn clean_up(desk: &Desk, key: &Key, kind: Kind) -> Result<Next, PlatformError> {
    let Some((label, _)) = marks(kind) else { return Ok(Next::Changed) };
    let label = format!("{label}={}", key.name);
    for job in desk.list(&Resource::JOB.path(""), &label).await? {
        let place = Key::of(Sort::Job, &job);
        desk.delete(&place.path()).await?;
        pods::remove(desk, &place).await?;
    }
    Ok(Next::Changed)
}

/// The label of a kind's Jobs, and their container, which is called after what it does.
fn marks(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::Client | Kind::Environment => None,
        Kind::Restore => Some(("environmentrestore", "restore")),
        Kind::Upgrade => Some(("tenantupgrade", "upgrade")),
        Kind::Template => Some(("templatesnapshot", "build")),
    }
}

/// What a run asks for: its Job, or none; an error says what is wrong with it.
fn wanted(kind: Kind, run: &Value) -> Result<Option<Wanted>, String> {
    let need = |name: &str| {
        let value = text(run, &format!("/spec/{name}"));
        if value.is_empty() {
            return Err(format!("spec.{name}: Required value"));
        }
        Ok(value.to_owned())
    };
    let Some((label, container)) = marks(kind) else { return Ok(None) };
    let (namespace, retries, values) = match kind {
        // Who tries again restores again: once is enough to outlive a lost pod.
        Kind::Restore => (SIDE_EFFECTS, 1, restore(run, need)?),
        Kind::Upgrade => {
            let modules = match run.pointer("/spec/modules") {
                Some(Value::Array(names)) => {
                    names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
                }
                _ => need("modules").unwrap_or_else(|_| "all".into()),
            };
            let to = need("toVersion")?;
            let values = vec![
                ("DATABASE", format!("{}.planapulse.app", need("slug")?)),
                ("RUN", text(run, "/metadata/name").to_owned()),
                ("FROM", need("fromVersion")?),
                ("TO", to.clone()),
                ("MODULES", modules),
            ];
            (version_namespace(&to), 2, values)
        }
        _ => {
            let values = vec![("EDITION", need("edition")?), ("VERSION", need("odooVersion")?)];
            (SIDE_EFFECTS, 2, values)
        }
    };
    Ok(Some(Wanted { namespace, label, container, retries, values }))
}

fn restore(run: &Value, need: impl Fn(&str) -> Result<String, String>) -> Result<Values, String> {
    let mode = need("mode")?;
    if !matches!(mode.as_str(), "side-by-side" | "in-place") {
        return Err(format!("spec.mode: Unsupported value: \"{mode}\""));
    }
    let target = match mode.as_str() {
        "in-place" => format!("{}.planapulse.app", need("slug")?),
        _ => need("targetDatabase")?,
    };
    Ok(vec![
        ("TARGET", target),
        ("MODE", mode),
        ("BACKUP_KEY", need("backup")?),
        ("FILESTORE_KEY", text(run, "/spec/filestore").to_owned()),
    ])
}

/// The Job as it is made.
fn object(key: &Key, run: &Value, wanted: &Wanted, fault: Option<Fault>) -> Value {
    let place = job_key(key, wanted);
    let labels = json!({
        "app.kubernetes.io/managed-by": "crossplane",
        "crossplane.io/composite": key.name,
        (wanted.label): key.name,
    });
    let environment: Vec<Value> =
        wanted.values.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let kind = text(run, "/kind");
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": place.name,
            "namespace": place.namespace,
            "labels": labels,
            "annotations": fault.map(|fault| json!({ FAULT: fault.word() })),
            "ownerReferences": [{
                "apiVersion": format!("{GROUP}/{VERSION}"),
                "kind": kind,
                "name": key.name,
                "uid": text(run, "/metadata/uid"),
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "backoffLimit": wanted.retries,
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{
                        "name": wanted.container,
                        "image": "git.planapulse.com/plana-pulse/odoo-modules/base-18:9f3ab21c",
                        "resources": { "limits": { "cpu": "2", "memory": "4Gi" } },
                        "env": environment,
                    }],
                },
            },
        },
    })
}
