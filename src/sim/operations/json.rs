//! The objects of the training world's cluster as its API server would give them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::at;
use super::cluster::Key;
use crate::domain::operation::ObjectRef;
use crate::domain::{
    ClusterKind, ClusterObject, Condition, FeedId, Field, Kind, Meta, Object, Resource, Spec, Text,
    Uid,
};
use crate::sim::engine::Engine;

/// An object that was found.
pub(super) enum Found {
    /// One of the platform's own kinds.
    Own(Arc<Resource>),
    /// One of the cluster's own.
    Cluster(Arc<ClusterObject>),
    /// One that nothing in the world speaks of.
    Loose(Value),
}

impl Found {
    pub(super) fn uid(&self) -> Uid {
        match self {
            Self::Own(object) => object.meta.uid.clone(),
            Self::Cluster(object) => object.meta.uid.clone(),
            Self::Loose(object) => Uid(Text::clean(at(object, "/metadata/uid"))),
        }
    }
}

/// The own kind of that name.
pub(super) fn own(kind: &Text) -> Option<Kind> {
    Kind::ALL.into_iter().find(|known| *kind == *known.name())
}

fn of_cluster(kind: &Text) -> Option<ClusterKind> {
    ClusterKind::ALL.into_iter().find(|known| *kind == *known.name())
}

/// The object that `what` names.
pub(super) fn find(engine: &Engine, what: &ObjectRef) -> Option<Found> {
    if let Some(kind) = own(&what.kind) {
        return engine.world.named(kind, what.name.as_str()).cloned().map(Found::Own);
    }
    if let Some(kind) = of_cluster(&what.kind) {
        let fits = |object: &ClusterObject| {
            object.meta.name == what.name && in_namespace(&object.meta, what.namespace.as_ref())
        };
        let found = all_of(engine, kind).find(|object| fits(object));
        return found.map(Found::Cluster);
    }
    engine.operations.loose.get(&Key::of(what)).cloned().map(Found::Loose)
}

fn all_of(engine: &Engine, kind: ClusterKind) -> impl Iterator<Item = Arc<ClusterObject>> {
    engine.world.others(FeedId::of_cluster(kind)).filter_map(|object| match object {
        Object::ClusterObject(object) => Some(Arc::clone(object)),
        _ => None,
    })
}

fn in_namespace(meta: &Meta, namespace: Option<&Text>) -> bool {
    namespace.is_none_or(|wanted| meta.namespace.as_ref() == Some(wanted))
}

/// The objects of a kind.
pub(super) fn all(engine: &Engine, kind: &Text, namespace: Option<&Text>) -> Vec<Value> {
    if let Some(kind) = own(kind) {
        return engine.world.objects(kind).map(|it| own_json(engine, it)).collect();
    }
    if let Some(kind) = of_cluster(kind) {
        let here = all_of(engine, kind).filter(|it| in_namespace(&it.meta, namespace));
        return here.map(|it| cluster_json(engine, &it)).collect();
    }
    let loose = engine.operations.loose.iter();
    let fits = |key: &Key| {
        key.kind == *kind && namespace.is_none_or(|wanted| key.namespace.as_ref() == Some(wanted))
    };
    loose.filter(|(key, _)| fits(key)).map(|(_, object)| object.clone()).collect()
}

/// The object as the API server gives it.
pub(super) fn json(engine: &Engine, found: &Found) -> Value {
    match found {
        Found::Own(object) => own_json(engine, object),
        Found::Cluster(object) => cluster_json(engine, object),
        Found::Loose(object) => object.clone(),
    }
}

fn own_json(engine: &Engine, object: &Resource) -> Value {
    let conditions: Vec<Value> = object.conditions.iter().map(condition).collect();
    let base = json!({
        "apiVersion": "planapulse.com/v1alpha1",
        "kind": object.kind().name(),
        "metadata": meta(&object.meta),
        "spec": spec(&object.spec),
        "status": { "conditions": conditions },
    });
    written(engine, &object.meta.uid, base)
}

fn cluster_json(engine: &Engine, object: &ClusterObject) -> Value {
    let api = match object.kind {
        ClusterKind::Deployment => "apps/v1",
        ClusterKind::Job | ClusterKind::CronJob => "batch/v1",
        ClusterKind::Autoscaler => "autoscaling/v2",
        ClusterKind::Gateway | ClusterKind::Route => "gateway.networking.k8s.io/v1",
        ClusterKind::Certificate => "cert-manager.io/v1",
        ClusterKind::Kustomization => "kustomize.toolkit.fluxcd.io/v1",
        _ => "v1",
    };
    let (spec, status) = match object.kind {
        ClusterKind::Deployment => deployment(engine, object),
        ClusterKind::Job => (json!({}), job(object)),
        ClusterKind::CronJob => (cron_job(object), json!({})),
        ClusterKind::Quota => quota(object),
        _ => (fields(&object.fields), conditions(&object.conditions)),
    };
    let mut metadata = meta(&object.meta);
    if let (Some(flux), Value::Object(metadata)) = (&object.flux, &mut metadata) {
        let label = "kustomize.toolkit.fluxcd.io/name";
        metadata.insert("labels".to_owned(), json!({ label: flux }));
    }
    let base = json!({
        "apiVersion": api,
        "kind": object.kind.name(),
        "metadata": metadata,
        "spec": spec,
        "status": status,
    });
    written(engine, &object.meta.uid, base)
}

/// `base` with what was written to the object.
fn written(engine: &Engine, uid: &Uid, mut base: Value) -> Value {
    let written = engine.operations.written.get(uid);
    if let Some(written) = written {
        merge(&mut base, &written.fields);
    }
    let (generation, observed) = written.map_or((0, 0), |it| (it.generation, it.observed));
    merge(
        &mut base,
        &json!({
            "metadata": { "generation": generation + 1 },
            "status": { "observedGeneration": observed + 1 },
        }),
    );
    base
}

fn meta(meta: &Meta) -> Value {
    let mut all = json!({
        "name": meta.name,
        "uid": meta.uid.0,
        "resourceVersion": meta.version,
        "creationTimestamp": meta.created.unwrap_or_default().to_string(),
    });
    if let Some(namespace) = &meta.namespace {
        merge(&mut all, &json!({ "namespace": namespace }));
    }
    if let Some(deleting) = meta.deleting {
        merge(&mut all, &json!({ "deletionTimestamp": deleting.to_string() }));
    }
    all
}

fn condition(condition: &Condition) -> Value {
    json!({
        "type": condition.name,
        "status": condition.status.word(),
        "reason": condition.reason,
        "message": condition.message,
        "lastTransitionTime": condition.since.unwrap_or_default().to_string(),
    })
}

fn conditions(all: &[Condition]) -> Value {
    let all: Vec<Value> = all.iter().map(condition).collect();
    json!({ "conditions": all })
}

fn spec(spec: &Spec) -> Value {
    match spec {
        Spec::Client(spec) => json!({
            "subdomain": spec.subdomain,
            "projectId": spec.project,
            "tier": spec.tier,
            "odooVersion": spec.odoo_version,
            "ownerEmail": spec.owner_email,
            "ownerName": spec.owner_name,
        }),
        Spec::Upgrade(spec) => json!({
            "slug": spec.tenant,
            "fromVersion": spec.from,
            "toVersion": spec.to,
            "strategy": spec.strategy,
            "modules": spec.modules,
        }),
        Spec::Environment(spec) => fields(&spec.fields),
        Spec::Template(spec) => fields(&spec.fields),
        Spec::Restore(spec) => fields(&spec.fields),
    }
}

/// Fields with dotted paths as an object.
fn fields(fields: &[Field]) -> Value {
    let mut all = Value::Object(Map::new());
    for field in fields {
        let nested = field
            .path
            .as_str()
            .rsplit('.')
            .fold(json!(field.value), |value, name| json!({ name: value }));
        merge(&mut all, &nested);
    }
    all
}

fn deployment(engine: &Engine, object: &ClusterObject) -> (Value, Value) {
    let (ready, wanted) = object.ready.unwrap_or_default();
    let namespace = object.meta.namespace.as_ref().map_or("", Text::as_str);
    let restarted = engine.operations.restarted(namespace, object.meta.name.as_str());
    let updated = restarted
        .map_or(wanted, |since| crate::sim::cluster::rolled(since, engine.now()).min(wanted));
    let extra = u32::from(updated < wanted);
    let image = object.field(ClusterObject::IMAGE);
    let template = json!({
        "metadata": { "annotations": {} },
        "spec": { "containers": [{ "name": object.meta.name, "image": image }] },
    });
    let status = json!({
        "replicas": wanted + extra,
        "updatedReplicas": updated,
        "availableReplicas": ready,
    });
    (json!({ "replicas": wanted, "template": template }), status)
}

fn job(object: &ClusterObject) -> Value {
    let mut status = conditions(&object.conditions);
    let says = |name: &str| object.conditions.iter().any(|condition| condition.name == *name);
    let (active, succeeded, failed) = match (says("Complete"), says("Failed")) {
        (true, _) => (0, 1, 0),
        (_, true) => (0, 0, 1),
        _ => (1, 0, 0),
    };
    merge(&mut status, &json!({ "active": active, "succeeded": succeeded, "failed": failed }));
    status
}

/// The backup CronJob of a tenant, with what its Jobs are made from.
fn cron_job(object: &ClusterObject) -> Value {
    let tenant = object.tenant.as_ref().map_or("", Text::as_str);
    let host = format!("{tenant}.planapulse.app");
    let container = json!({
        "name": "backup",
        "image": "git.planapulse.com/plana-pulse/pulse-backup:61d0f2c8",
        "env": [
            { "name": "DATABASE", "value": host },
            { "name": "BUCKET", "value": "plana-pulse-backups" },
            { "name": "TENANT", "value": tenant },
        ],
    });
    let template = json!({
        "metadata": { "labels": { "app": "pulse-backup", "tenant": tenant } },
        "spec": { "restartPolicy": "Never", "containers": [container] },
    });
    json!({
        "schedule": "0 2 * * *",
        "timeZone": "Europe/Sofia",
        "suspend": false,
        "jobTemplate": { "spec": { "backoffLimit": 1, "template": template } },
    })
}

/// A quota: `16 of 24` becomes what is used and what there is.
fn quota(object: &ClusterObject) -> (Value, Value) {
    let (mut hard, mut used) = (Map::new(), Map::new());
    for field in &object.fields {
        let Some((is, most)) = field.value.as_str().split_once(" of ") else { continue };
        let unit = if most.ends_with(" GiB") { "Gi" } else { "" };
        let most = most.trim_end_matches(" GiB");
        hard.insert(field.path.to_string(), json!(format!("{most}{unit}")));
        used.insert(field.path.to_string(), json!(format!("{is}{unit}")));
    }
    (json!({ "hard": hard.clone() }), json!({ "hard": hard, "used": used }))
}

/// Merges `patch` into `target`, as a merge patch does: nothing takes a field away.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(into) = target else { return };
    for (name, value) in fields {
        if value.is_null() {
            into.remove(name);
        } else {
            merge(into.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
