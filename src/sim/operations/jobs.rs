//! Jobs that operations order: a backup that is taken now, files that are carried.

use serde_json::Value;

use super::{Next, Written, at, bucket, later};
use crate::domain::operation::ObjectRef;
use crate::domain::{ClusterObject, FeedId, Object, Resource, Text, Timestamp, Uid};
use crate::sim::cluster::{JobStand, Ordered};
use crate::sim::engine::Engine;
use crate::sim::scenario::names;

/// Until the pod of a Job runs, and until it is over.
const RUNS: u64 = 2;
const ENDS: u64 = 12;

/// A Job that was ordered.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Order {
    began: Timestamp,
    stand: JobStand,
    tenant: Option<Text>,
    /// The key under which it writes a backup.
    key: Option<Text>,
}

/// Orders a Job.
pub(super) fn order(engine: &mut Engine, what: &ObjectRef, fields: &Value) {
    let namespace = what.namespace.clone().unwrap_or_else(|| Text::from("crossplane-system"));
    let key = backup_key(fields);
    let tenant = key.as_ref().and_then(|key| key.as_str().split_once('/'));
    let tenant = tenant.map(|(tenant, _)| Text::clean(tenant));
    let order = Order { began: engine.now(), stand: JobStand::Waits, tenant, key };
    let place = (namespace.clone(), what.name.clone());
    let uid = put(engine, &place, &order);
    let written = Written { fields: fields.clone(), ..Written::default() };
    engine.operations.written.insert(uid, written);
    engine.operations.jobs.insert(place, order);
    later(engine, RUNS, Next::JobRuns(namespace.clone(), what.name.clone()));
    later(engine, ENDS, Next::JobEnds(namespace, what.name.clone()));
}

/// Where a Job that takes a backup is told to write it.
fn backup_key(fields: &Value) -> Option<Text> {
    let containers = fields.pointer("/spec/template/spec/containers")?.as_array()?;
    let variables = containers.iter().filter_map(|one| one.get("env")?.as_array()).flatten();
    let key = variables.filter(|one| at(one, "/name") == "BACKUP_KEY").map(|one| at(one, "/value"));
    key.map(|key| Text::bounded(key, 1024)).next()
}

/// Puts the Job and its pod into the world as they stand.
fn put(engine: &mut Engine, (namespace, name): &(Text, Text), order: &Order) -> Uid {
    let container = if order.key.is_some() { "backup" } else { "carry" };
    let ordered = Ordered {
        namespace: namespace.as_str(),
        name: name.as_str(),
        container,
        began: order.began,
        stand: order.stand,
        tenant: order.tenant.as_ref(),
    };
    ordered.put(engine)
}

fn stands(engine: &mut Engine, place: &(Text, Text), stand: JobStand) -> Option<Order> {
    let order = engine.operations.jobs.get_mut(place)?;
    order.stand = stand;
    let order = order.clone();
    put(engine, place, &order);
    Some(order)
}

pub(super) fn runs(engine: &mut Engine, place: &(Text, Text)) {
    stands(engine, place, JobStand::Runs);
}

pub(super) fn ends(engine: &mut Engine, place: &(Text, Text)) {
    let now = engine.now();
    let Some(order) = engine.operations.jobs.get(place).cloned() else { return };
    let fails = &engine.scenario.operations.backups_fail;
    if order.tenant.as_ref().is_some_and(|tenant| order.key.is_some() && names(fails, tenant)) {
        stands(engine, place, JobStand::Failed(now));
        return;
    }
    stands(engine, place, JobStand::Done(now));
    if let Some(key) = &order.key {
        bucket::write(engine, key);
    }
}

/// Deletes a Job and its pods.
pub(super) fn remove(engine: &mut Engine, job: &ClusterObject) {
    let namespace = job.meta.namespace.clone().unwrap_or_default();
    engine.operations.jobs.remove(&(namespace, job.meta.name.clone()));
    engine.take(FeedId::Jobs, &job.meta.uid);
    let owner = format!("Job/{}", job.meta.name);
    let mine = |object: &&Object| match object {
        Object::ClusterObject(pod) => {
            pod.meta.namespace == job.meta.namespace
                && pod.owner.as_ref().is_some_and(|own| *own == *owner)
        }
        _ => false,
    };
    let pods: Vec<Uid> =
        engine.world.others(FeedId::Pods).filter(mine).map(|pod| pod.uid().clone()).collect();
    for pod in pods {
        engine.take(FeedId::Pods, &pod);
    }
}

/// Deletes the Jobs of a run.
pub(super) fn remove_of(engine: &mut Engine, run: &Resource) {
    for reference in run.composed.iter().filter(|reference| reference.kind == "Job") {
        let fits = |object: &Object| match object {
            Object::ClusterObject(job)
                if job.meta.name == reference.name
                    && (reference.namespace.is_none()
                        || job.meta.namespace == reference.namespace) =>
            {
                Some(ClusterObject::clone(job))
            }
            _ => None,
        };
        let found: Vec<ClusterObject> =
            engine.world.others(FeedId::Jobs).filter_map(fits).collect();
        for job in found {
            remove(engine, &job);
        }
    }
}
