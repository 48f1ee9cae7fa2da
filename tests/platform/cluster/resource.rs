//! The resources beside PLANA's own kinds: where the API serves each, where etcd keeps it, and what `kube` must know.

use serde_json::{Value, json};

/// One resource of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// `v1`, `apps/v1` …
    pub version: &'static str,
    /// The name in `kind:`.
    pub kind: &'static str,
    /// The name in paths.
    pub plural: &'static str,
    /// Below `/registry/` in etcd.
    stored: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// `Namespace`.
    pub const NAMESPACE: Self = whole("v1", "Namespace", "namespaces", "namespaces");
    /// `Node`.
    pub const NODE: Self = whole("v1", "Node", "nodes", "minions");
    /// `PersistentVolume`.
    pub const VOLUME: Self =
        whole("v1", "PersistentVolume", "persistentvolumes", "persistentvolumes");
    /// `PersistentVolumeClaim`.
    pub const CLAIM: Self =
        within("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaims");
    /// `Pod`.
    pub const POD: Self = within("v1", "Pod", "pods", "pods");
    /// `Service`.
    pub const SERVICE: Self = within("v1", "Service", "services", "services/specs");
    /// `ConfigMap`.
    pub const CONFIG_MAP: Self = within("v1", "ConfigMap", "configmaps", "configmaps");
    /// `ResourceQuota`.
    pub const QUOTA: Self = within("v1", "ResourceQuota", "resourcequotas", "resourcequotas");
    /// The core `Event`, about another object.
    pub const EVENT: Self = within("v1", "Event", "events", "events");
    /// `Deployment`.
    pub const DEPLOYMENT: Self = within("apps/v1", "Deployment", "deployments", "deployments");
    /// `ReplicaSet`.
    pub const REPLICA_SET: Self = within("apps/v1", "ReplicaSet", "replicasets", "replicasets");
    /// `HorizontalPodAutoscaler`.
    pub const AUTOSCALER: Self = within(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        "horizontalpodautoscalers",
    );
    /// `Job`.
    pub const JOB: Self = within("batch/v1", "Job", "jobs", "jobs");
    /// `CronJob`.
    pub const CRON_JOB: Self = within("batch/v1", "CronJob", "cronjobs", "cronjobs");
    /// Gateway API's `Gateway`.
    pub const GATEWAY: Self = within(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        "gateways",
        "gateway.networking.k8s.io/gateways",
    );
    /// Gateway API's `HTTPRoute`.
    pub const ROUTE: Self = within(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        "httproutes",
        "gateway.networking.k8s.io/httproutes",
    );
    /// cert-manager's `Certificate`.
    pub const CERTIFICATE: Self =
        within("cert-manager.io/v1", "Certificate", "certificates", "cert-manager.io/certificates");
    /// Flux's `Kustomization`.
    pub const KUSTOMIZATION: Self = within(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        "kustomizations",
        "kustomize.toolkit.fluxcd.io/kustomizations",
    );

    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::NAMESPACE,
        Self::NODE,
        Self::VOLUME,
        Self::CLAIM,
        Self::POD,
        Self::SERVICE,
        Self::CONFIG_MAP,
        Self::QUOTA,
        Self::EVENT,
        Self::DEPLOYMENT,
        Self::REPLICA_SET,
        Self::AUTOSCALER,
        Self::JOB,
        Self::CRON_JOB,
        Self::GATEWAY,
        Self::ROUTE,
        Self::CERTIFICATE,
        Self::KUSTOMIZATION,
    ];

    /// The resource of an object, by its `apiVersion` and `kind`.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        Self::ALL.into_iter().find(|known| known.version == version && known.kind == kind)
    }

    /// The API group; empty for the core.
    pub fn group(self) -> &'static str {
        self.version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The definition to install, a YAML document; `None` for what every API server has.
    pub fn definition(self) -> Option<&'static str> {
        Some(match self.kind {
            "Gateway" => include_str!("../crds/gateways.yaml"),
            "HTTPRoute" => include_str!("../crds/httproutes.yaml"),
            "Certificate" => include_str!("../crds/certificates.yaml"),
            "Kustomization" => include_str!("../crds/kustomizations.yaml"),
            _ => return None,
        })
    }

    /// The path of the collection, in `namespace` where the resource has one.
    pub fn path(self, namespace: &str) -> String {
        let base = if self.version == "v1" { "/api" } else { "/apis" };
        let (version, plural) = (self.version, self.plural);
        if self.namespaced && !namespace.is_empty() {
            format!("{base}/{version}/namespaces/{namespace}/{plural}")
        } else {
            format!("{base}/{version}/{plural}")
        }
    }

    /// What the `kube` crate needs to know.
    pub fn resource(self) -> kube::discovery::ApiResource {
        let version = self.version.rsplit('/').next().unwrap_or(self.version);
        let kind = kube::api::GroupVersionKind::gvk(self.group(), version, self.kind);
        kube::discovery::ApiResource::from_gvk_with_plural(&kind, self.plural)
    }

    /// Where etcd keeps the object.
    pub(super) fn key(self, namespace: &str, name: &str) -> String {
        if self.namespaced {
            format!("/registry/{}/{namespace}/{name}", self.stored)
        } else {
            format!("/registry/{}/{name}", self.stored)
        }
    }

    /// An object of this resource: `rest` holds everything but its name, and may add to the metadata.
    pub(super) fn object(self, namespace: &str, name: &str, rest: Value) -> Value {
        let mut object = json!({
            "apiVersion": self.version,
            "kind": self.kind,
            "metadata": { "name": name, "uid": identity(&self.key(namespace, name)) },
        });
        if self.namespaced {
            object["metadata"]["namespace"] = namespace.into();
        }
        merge(&mut object, rest);
        object
    }
}

const fn whole(
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    stored: &'static str,
) -> Resource {
    Resource { version, kind, plural, stored, namespaced: false }
}

const fn within(
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    stored: &'static str,
) -> Resource {
    Resource { version, kind, plural, stored, namespaced: true }
}

/// A `uid` that is the same in every run.
pub(super) fn identity(of: &str) -> String {
    let [high, low] = [0, 1].map(|salt| number(of, salt));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// A number that looks drawn and is the same in every run.
pub fn number(of: &str, salt: u64) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    (of, salt).hash(&mut hasher);
    hasher.finish()
}

/// Puts the fields of `from` into `into`, objects within objects.
pub(super) fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
