//! What runs on the training platform's cluster.

/// A Deployment.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) struct Workload {
    pub(in crate::sim) namespace: &'static str,
    pub(in crate::sim) name: &'static str,
    /// The image without its registry.
    pub(in crate::sim) image: &'static str,
    /// How many pods are wanted.
    pub(in crate::sim) wanted: u32,
    /// The Kustomization that owns it.
    pub(in crate::sim) flux: &'static str,
}

/// All of them: the workers of each Odoo major, the platform's services, and the tools they stand on.
pub(in crate::sim) const WORKLOADS: [Workload; 24] = [
    worker("plana-odoo", "worker-odoo", "base-17:3be1907c", 0),
    worker("plana-odoo", "worker-odoo-test", "base-17:3be1907c", 0),
    worker("plana-odoo-18", "worker-odoo", "base-18:c41d20fa", 6),
    worker("plana-odoo-18", "worker-odoo-test", "base-18:c41d20fa", 1),
    worker("plana-odoo-19", "worker-odoo", "base-19:7ae05b13", 2),
    worker("plana-odoo-19", "worker-odoo-test", "base-19:7ae05b13", 1),
    service("pulse-account", "pulse-account", "pulse-account:80d1c2ee", 3),
    service("pulse-account", "pulse-account-api", "pulse-account-api:19bb4f60", 2),
    service("pulse-account", "bos-portal", "bos-portal:f20a7d55", 2),
    service("pulse-events", "pulse-events", "pulse-events:6c3e90b1", 2),
    service("pulse-banking", "pulse-banking", "pulse-banking:d77a018e", 2),
    service("ai-bos-agent", "ai-agents", "ai-agents:0e45ac92", 2),
    service("pulse-data", "pulse-data", "pulse-data:a1f6632b", 1),
    tool("authentik", "authentik-server", "authentik:2026.4.1", 2),
    tool("authentik", "authentik-worker", "authentik:2026.4.1", 1),
    tool("redis", "redis", "valkey:7.2.9", 1),
    tool("monitoring", "prometheus", "prometheus:v3.5.3", 1),
    tool("monitoring", "alertmanager", "alertmanager:v0.28.1", 1),
    tool("monitoring", "grafana", "grafana:12.0.1", 1),
    tool("monitoring", "loki", "loki:3.5.0", 1),
    tool("crossplane-system", "crossplane", "crossplane:v1.20.0", 1),
    tool("cert-manager", "cert-manager", "cert-manager:v1.18.2", 1),
    tool("envoy-gateway-system", "envoy-gateway", "gateway:v1.7.1", 2),
    tool("crowdsec", "crowdsec-lapi", "crowdsec:v1.7.0", 1),
];

const fn worker(
    namespace: &'static str,
    name: &'static str,
    image: &'static str,
    wanted: u32,
) -> Workload {
    Workload { namespace, name, image, wanted, flux: "odoo-workers" }
}

const fn service(
    namespace: &'static str,
    name: &'static str,
    image: &'static str,
    wanted: u32,
) -> Workload {
    Workload { namespace, name, image, wanted, flux: "pulse-services" }
}

const fn tool(
    namespace: &'static str,
    name: &'static str,
    image: &'static str,
    wanted: u32,
) -> Workload {
    Workload { namespace, name, image, wanted, flux: namespace }
}

impl Workload {
    pub(super) fn image(&self) -> String {
        format!("git.planapulse.com/plana-pulse/{}", self.image)
    }

    /// The name of the set that makes its pods.
    pub(super) fn replica_set(&self) -> String {
        let hash = super::making::number(&format!("{}/{}", self.namespace, self.image));
        format!("{}-{:010x}", self.name, hash >> 24)
    }

    /// The name of its pod `index`.
    pub(in crate::sim) fn pod(&self, index: u32) -> String {
        let set = self.replica_set();
        let suffix = super::making::suffix(&format!("{}/{set}/{index}", self.namespace));
        format!("{set}-{suffix}")
    }

    /// Whether it serves the tenants of one major.
    pub(in crate::sim) fn is_worker(&self) -> bool {
        self.name.starts_with("worker-odoo")
    }
}
