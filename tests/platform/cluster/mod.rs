//! A whole PLANA Pulse cluster in the API server: what Crossplane, Flux, cert-manager, Envoy Gateway, the scheduler and the
//! controllers would have made, with the status that they would have written.
//!
//! Objects are pure functions of [`Cluster`], and lie in etcd as the API server itself would store them. Nothing runs: a
//! test, or the stand-in of the development platform, changes what is to change.

mod acks;
mod changes;
mod flux;
mod jobs;
mod nodes;
mod pods;
mod resource;
mod routes;
mod runs;
mod workloads;

use base64::Engine as _;
use chrono::{DateTime, Duration, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kube::Api;
use kube::api::{DynamicObject, ListParams};
use serde_json::{Value, json};

use super::kinds::{self, stamp};
use super::seed;
use super::{ApiServer, PlatformError};

pub use acks::{ACKS, Ack, CONSOLE};
pub use jobs::backup_name;
pub(super) use jobs::{SIDE_EFFECTS, failed_status, running_status, succeeded_status};
pub(super) use nodes::NODES;
pub use pods::{Incident, pod_names};
pub use resource::Resource;
pub(super) use resource::number;
pub use routes::route_name;
pub use runs::{Link, RunJob, RunState};
pub use workloads::{WORKLOADS, Workload};

/// The Flux namespace.
pub const FLUX: &str = "flux-system";
const PARALLEL: usize = 32;
const MANAGER: &str = "pulse-platform";

/// How large a cluster is, and when it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Cluster {
    /// Tenants `0..tenants` have a route, a claim and a backup `CronJob` each.
    pub tenants: usize,
    /// At least so many pods there are; workers of Odoo 18 make up what is missing.
    pub pods: usize,
    /// The moment around which everything happened.
    pub now: DateTime<Utc>,
    /// Where the nodes' kubelet answers; without it no log can be read.
    pub kubelet: Option<u16>,
}

impl Cluster {
    /// A cluster of these tenants with the usual pods, and without a kubelet.
    pub fn new(tenants: usize, now: DateTime<Utc>) -> Self {
        Self { tenants, pods: 0, now, kubelet: None }
    }

    /// Everything in it.
    pub fn objects(&self) -> Vec<Value> {
        let mut objects = Self::namespaces();
        objects.extend(self.nodes());
        objects.extend(self.storage());
        objects.extend(self.kustomizations());
        objects.extend(self.workloads());
        objects.extend(self.pods());
        objects.extend(self.gateway());
        objects.extend(self.routes());
        objects.extend(self.certificates());
        objects.extend(self.backups());
        objects.push(self.acks());
        objects
    }

    /// What the cluster holds of one tenant: its claim, its route and its backup `CronJob`.
    pub fn tenant_parts(&self, slug: &str, version: &str) -> [Value; 3] {
        let namespace = kinds::version_namespace(version);
        let labels = json!({ "crossplane.io/composite": slug });
        let volume = format!("{namespace}-filestore");
        [
            nodes::claim(namespace, &format!("{slug}-filestore"), &volume, &labels),
            self.tenant_route(slug, version, "worker-odoo"),
            jobs::tenant_cron_job(slug),
        ]
    }

    /// So many minutes before now, as Kubernetes writes it.
    fn ago(&self, minutes: i64) -> String {
        stamp(self.now - Duration::minutes(minutes))
    }
}

/// The labels by which Flux marks what it owns.
pub fn flux_labels(kustomization: &str) -> Value {
    json!({
        "kustomize.toolkit.fluxcd.io/name": kustomization,
        "kustomize.toolkit.fluxcd.io/namespace": FLUX,
    })
}

/// One condition, with the generation it speaks of where the kind says it.
fn condition(kind: &str, status: &str, reason: &str, message: &str, at: DateTime<Utc>) -> Value {
    let mut condition = kinds::condition(kind, status, reason, message, at);
    // Most kinds outside Crossplane insist on the field.
    condition["message"] = message.into();
    condition
}

impl ApiServer {
    /// Installs the definitions of Gateway API, cert-manager and Flux, and waits until they are served.
    pub async fn install_foreign(&self) -> Result<(), PlatformError> {
        let client = self.client().await?;
        let foreign = Resource::ALL
            .into_iter()
            .filter_map(|resource| Some((resource, resource.definition()?)));
        for (resource, definition) in foreign.clone() {
            let name = format!("{}.{}", resource.plural, resource.group());
            self.define(&client, &name, definition).await?;
        }
        for (resource, _) in foreign {
            self.wait_until_served(&client, &resource.resource()).await?;
        }
        Ok(())
    }

    /// Fills the server with the cluster, the definitions it needs included.
    pub async fn fill_cluster(&self, cluster: &Cluster) -> Result<(), PlatformError> {
        self.install_foreign().await?;
        self.store(cluster.objects(), cluster.now).await
    }

    /// Puts objects where the API server keeps them, whatever it would have said of them; an object that is there already
    /// is replaced. The server tells its watchers.
    pub async fn store(
        &self,
        objects: Vec<Value>,
        now: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        let etcd = self.etcd_client()?;
        stream::iter(objects.into_iter().filter_map(|object| put(object, now)))
            .map(Ok)
            .try_for_each_concurrent(PARALLEL, |body| {
                let etcd = etcd.clone();
                async move {
                    seed::send(&etcd, "POST", "/v3/kv/put", "application/json", body).await
                }
            })
            .await
    }

    /// Merges `change` into an object, or into its status when `part` is `status`.
    pub async fn change(
        &self,
        resource: Resource,
        place: (&str, &str),
        part: &str,
        change: &Value,
    ) -> Result<(), PlatformError> {
        let (namespace, name) = place;
        let tail = if part.is_empty() { String::new() } else { format!("/{part}") };
        let path = format!("{}/{name}{tail}?fieldManager={MANAGER}", resource.path(namespace));
        let client = self.client().await?;
        seed::send(&client, "PATCH", &path, "application/merge-patch+json", change.to_string())
            .await
    }

    /// Deletes one object at once.
    pub async fn remove(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
    ) -> Result<(), PlatformError> {
        let path = format!(
            "{}/{name}?gracePeriodSeconds=0&propagationPolicy=Background",
            resource.path(namespace)
        );
        let client = self.client().await?;
        seed::send(&client, "DELETE", &path, "application/json", String::new()).await
    }

    /// Every object of a resource, in all namespaces.
    pub async fn all(&self, resource: Resource) -> Result<Vec<DynamicObject>, PlatformError> {
        let api = Api::<DynamicObject>::all_with(self.client().await?, &resource.resource());
        Ok(api.list(&ListParams::default()).await?.items)
    }
}

/// The request that puts the object into etcd; `None` for an object of no known resource.
fn put(mut object: Value, now: DateTime<Utc>) -> Option<String> {
    let resource = Resource::of(&object)?;
    let text = |pointer: &str| {
        object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let key = resource.key(&text("/metadata/namespace"), &text("/metadata/name"));
    let metadata = object.get_mut("metadata")?.as_object_mut()?;
    metadata.entry("creationTimestamp").or_insert_with(|| stamp(now - Duration::days(30)).into());
    if resource != Resource::EVENT && resource != Resource::CONFIG_MAP {
        metadata.entry("generation").or_insert_with(|| 1.into());
    }
    let encode = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    Some(json!({ "key": encode(key), "value": encode(object.to_string()) }).to_string())
}
