//! Namespaces, Deployments with their `ReplicaSets` and Services, autoscalers and quotas.

use serde_json::{Value, json};

use super::resource::number;
use super::{Cluster, Resource, condition, flux_labels};

/// A Deployment and how it does.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// Its namespace.
    pub namespace: &'static str,
    /// Its name, also the label `app` of its pods and the name of their container.
    pub name: &'static str,
    /// The image without registry.
    image: &'static str,
    /// Where it listens.
    port: u16,
    /// How many replicas are wanted.
    pub desired: usize,
    /// How many are ready.
    pub ready: usize,
    /// The Flux Kustomization that owns it.
    pub kustomization: &'static str,
}

/// Every Deployment: Odoo 18 is degraded, the banking service is down, all others are well.
pub const WORKLOADS: [Workload; 27] = [
    worker("plana-odoo", "worker-odoo", "base-17:4c1d9e07", 1, 1),
    worker("plana-odoo", "worker-odoo-test", "base-17:4c1d9e07", 0, 0),
    worker("plana-odoo-18", "worker-odoo", "base-18:9f3ab21c", 6, 4),
    worker("plana-odoo-18", "worker-odoo-test", "base-18:9f3ab21c", 1, 1),
    worker("plana-odoo-19", "worker-odoo", "base-19:07bd55e2", 2, 2),
    worker("plana-odoo-19", "worker-odoo-test", "base-19:07bd55e2", 1, 1),
    service("pulse-account", "pulse-account", "pulse-account:1d20c4fa", 3000, 3, 3),
    service("pulse-account", "pulse-account-api", "pulse-account-api:77e0b3d1", 3000, 2, 2),
    service("pulse-account", "bos-portal", "bos-portal:c05fe118", 8080, 2, 2),
    service("pulse-events", "pulse-events", "pulse-events:5a9d0027", 3001, 2, 2),
    service("pulse-banking", "pulse-banking", "pulse-banking:e41b6c90", 3200, 1, 0),
    service("ai-bos-agent", "ai-agents", "ai-agents:b8c2f6aa", 8000, 2, 2),
    service("pulse-data", "pulse-data", "pulse-data:20e7d9c3", 8000, 1, 1),
    tool("redis", "redis", "valkey:7.2", 6379, "redis"),
    tool("crossplane-system", "crossplane", "crossplane:v1.20.0", 8080, "crossplane"),
    tool("cert-manager", "cert-manager", "cert-manager:v1.18.2", 9402, "cert-manager"),
    tool("envoy-gateway-system", "envoy-gateway", "gateway:v1.7.1", 18000, "envoy-gateway"),
    tool("authentik", "authentik-server", "authentik:2026.4.1", 9000, "authentik"),
    tool("authentik", "authentik-worker", "authentik:2026.4.1", 9000, "authentik"),
    tool("crowdsec", "crowdsec-lapi", "crowdsec:v1.7.0", 8080, "crowdsec"),
    tool("crowdsec", "crowdsec-bouncer", "envoy-bouncer:v0.4.0", 8080, "crowdsec"),
    tool("monitoring", "prometheus", "prometheus:v3.5.3", 9090, "monitoring"),
    tool("monitoring", "alertmanager", "alertmanager:v0.28.1", 9093, "monitoring"),
    tool("monitoring", "grafana", "grafana:12.0.1", 3000, "monitoring"),
    tool("monitoring", "loki", "loki:3.5.0", 3100, "monitoring"),
    tool("monitoring", "blackbox-exporter", "blackbox-exporter:v0.27.0", 9115, "monitoring"),
    tool("audit-webhook", "audit-webhook", "audit-webhook:0c9917be", 8443, "audit-webhook"),
];

/// Namespaces in which no Deployment runs.
const OTHER_NAMESPACES: [&str; 3] = [super::FLUX, super::CONSOLE, "bos-demo"];

const fn worker(
    namespace: &'static str,
    name: &'static str,
    image: &'static str,
    desired: usize,
    ready: usize,
) -> Workload {
    Workload { namespace, name, image, port: 8069, desired, ready, kustomization: "odoo-workers" }
}

const fn service(
    namespace: &'static str,
    name: &'static str,
    image: &'static str,
    port: u16,
    desired: usize,
    ready: usize,
) -> Workload {
    Workload { namespace, name, image, port, desired, ready, kustomization: "pulse-services" }
}

const fn tool(
    namespace: &'static str,
    name: &'static str,
    image: &'static str,
    port: u16,
    kustomization: &'static str,
) -> Workload {
    Workload { namespace, name, image, port, desired: 1, ready: 1, kustomization }
}

impl Workload {
    /// The image with its registry.
    pub fn image(&self) -> String {
        format!("git.planapulse.com/plana-pulse/{}", self.image)
    }

    /// The hash that its `ReplicaSet` and its pods carry.
    pub fn hash(&self) -> String {
        format!("{:010x}", number(&format!("{}/{}", self.namespace, self.image), 7) >> 24)
    }

    /// The name of its `ReplicaSet`.
    pub fn replica_set(&self) -> String {
        format!("{}-{}", self.name, self.hash())
    }

    /// Whether it serves tenants of one major.
    pub fn is_worker(&self) -> bool {
        self.name == "worker-odoo"
    }

    /// What a pod of it is made from.
    pub(super) fn pod_spec(&self) -> Value {
        let (cpu, memory) =
            if self.name.starts_with("worker") { ("2", "4Gi") } else { ("500m", "512Mi") };
        json!({
            "containers": [{
                "name": self.name,
                "image": self.image(),
                "imagePullPolicy": "IfNotPresent",
                "ports": [{ "containerPort": self.port, "protocol": "TCP" }],
                "resources": {
                    "limits": { "cpu": cpu, "memory": memory },
                    "requests": { "cpu": "250m", "memory": "256Mi" },
                },
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "terminationGracePeriodSeconds": 30,
        })
    }
}

impl Cluster {
    pub(super) fn namespaces() -> Vec<Value> {
        let mut names: Vec<&str> = WORKLOADS.iter().map(|workload| workload.namespace).collect();
        names.extend(OTHER_NAMESPACES);
        names.dedup();
        names
            .into_iter()
            .map(|name| {
                let mut labels = flux_labels("namespaces");
                labels["kubernetes.io/metadata.name"] = name.into();
                let rest = json!({
                    "metadata": { "labels": labels },
                    "spec": { "finalizers": ["kubernetes"] },
                    "status": { "phase": "Active" },
                });
                Resource::NAMESPACE.object("", name, rest)
            })
            .collect()
    }

    pub(super) fn workloads(&self) -> Vec<Value> {
        let mut objects = Vec::new();
        for workload in &WORKLOADS {
            objects.push(self.deployment(workload));
            objects.push(replica_set(workload));
            objects.push(port_service(workload));
            if workload.is_worker() {
                objects.push(self.autoscaler(workload, 1, 12));
                objects.push(quota(workload));
            }
        }
        let scaled = WORKLOADS.iter().find(|workload| workload.name == "pulse-account");
        objects.extend(scaled.map(|workload| self.autoscaler(workload, 3, 6)));
        objects
    }

    pub(super) fn deployment(&self, workload: &Workload) -> Value {
        let Workload { name, desired, ready, .. } = *workload;
        let at = self.now - chrono::Duration::minutes(if ready < desired { 23 } else { 4_000 });
        let available = if ready < desired {
            let message = "Deployment does not have minimum availability.";
            condition("Available", "False", "MinimumReplicasUnavailable", message, at)
        } else {
            let message = "Deployment has minimum availability.";
            condition("Available", "True", "MinimumReplicasAvailable", message, at)
        };
        let message =
            format!("ReplicaSet \"{}\" has successfully progressed.", workload.replica_set());
        let mut conditions = vec![
            available,
            condition("Progressing", "True", "NewReplicaSetAvailable", &message, at),
        ];
        for condition in &mut conditions {
            condition["lastUpdateTime"] = condition["lastTransitionTime"].clone();
        }
        let mut status = json!({
            "observedGeneration": 1,
            "replicas": desired,
            "updatedReplicas": desired,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": conditions,
        });
        if ready < desired {
            status["unavailableReplicas"] = (desired - ready).into();
        }
        let mut labels = flux_labels(workload.kustomization);
        labels["app"] = name.into();
        let rest = json!({
            "metadata": {
                "labels": labels,
                "annotations": { "deployment.kubernetes.io/revision": "14" },
            },
            "spec": {
                "replicas": desired,
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
                "selector": { "matchLabels": { "app": name } },
                "strategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" },
                },
                "template": {
                    "metadata": { "labels": { "app": name } },
                    "spec": workload.pod_spec(),
                },
            },
            "status": status,
        });
        Resource::DEPLOYMENT.object(workload.namespace, name, rest)
    }

    fn autoscaler(&self, workload: &Workload, least: usize, most: usize) -> Value {
        let at = self.now - chrono::Duration::minutes(190);
        let replicas = workload.desired.clamp(least, most);
        let percent = if workload.ready < workload.desired { 93 } else { 48 };
        let target = |metric: Value| json!([{ "type": "Resource", "resource": metric }]);
        let rest = json!({
            "metadata": { "labels": flux_labels(workload.kustomization) },
            "spec": {
                "minReplicas": least,
                "maxReplicas": most,
                "scaleTargetRef": {
                    "apiVersion": "apps/v1", "kind": "Deployment", "name": workload.name,
                },
                "metrics": target(json!({
                    "name": "cpu",
                    "target": { "type": "Utilization", "averageUtilization": 70 },
                })),
            },
            "status": {
                "observedGeneration": 1,
                "currentReplicas": replicas,
                "desiredReplicas": (replicas + usize::from(percent > 70)).min(most),
                "lastScaleTime": self.ago(190),
                "currentMetrics": target(json!({
                    "name": "cpu",
                    "current": {
                        "averageUtilization": percent,
                        "averageValue": format!("{}m", percent * 20),
                    },
                })),
                "conditions": [
                    condition("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size", at),
                    condition("ScalingActive", "True", "ValidMetricFound", "the HPA was able to compute the replica count", at),
                    condition("ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the acceptable range", at),
                ],
            },
        });
        Resource::AUTOSCALER.object(workload.namespace, workload.name, rest)
    }
}

fn replica_set(workload: &Workload) -> Value {
    let Workload { namespace, name, desired, ready, .. } = *workload;
    let labels = json!({ "app": name, "pod-template-hash": workload.hash() });
    let rest = json!({
        "metadata": {
            "labels": labels,
            "ownerReferences": [owner(&Resource::DEPLOYMENT, namespace, name)],
        },
        "spec": {
            "replicas": desired,
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": workload.pod_spec() },
        },
        "status": {
            "observedGeneration": 1,
            "replicas": desired,
            "fullyLabeledReplicas": desired,
            "readyReplicas": ready,
            "availableReplicas": ready,
        },
    });
    Resource::REPLICA_SET.object(namespace, &workload.replica_set(), rest)
}

fn port_service(workload: &Workload) -> Value {
    let mut labels = flux_labels(workload.kustomization);
    labels["app"] = workload.name.into();
    let rest = json!({
        "metadata": { "labels": labels },
        "spec": {
            "type": "ClusterIP",
            // No address: the allocator of the API server knows nothing of these.
            "clusterIP": "None",
            "clusterIPs": ["None"],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
            "selector": { "app": workload.name },
            "ports": [{
                "name": "http", "port": workload.port, "protocol": "TCP", "targetPort": workload.port,
            }],
        },
        "status": { "loadBalancer": {} },
    });
    Resource::SERVICE.object(workload.namespace, workload.name, rest)
}

/// Odoo 18 has room for one more Job of 2 CPU and 4 GiB, Odoo 19 has not.
fn quota(workload: &Workload) -> Value {
    let (hard, used) = match workload.namespace {
        "plana-odoo-18" => (["24", "48Gi", "40"], ["18", "36Gi", "11"]),
        "plana-odoo-19" => (["8", "16Gi", "12"], ["7", "14Gi", "4"]),
        _ => (["4", "8Gi", "8"], ["2", "4Gi", "1"]),
    };
    let list = |[cpu, memory, pods]: [&str; 3]| json!({ "limits.cpu": cpu, "limits.memory": memory, "pods": pods });
    let rest = json!({
        "metadata": { "labels": flux_labels(workload.kustomization) },
        "spec": { "hard": list(hard) },
        "status": { "hard": list(hard), "used": list(used) },
    });
    Resource::QUOTA.object(workload.namespace, "odoo-quota", rest)
}

/// The reference by which an object says that another made it.
pub(super) fn owner(resource: &Resource, namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": resource.version,
        "kind": resource.kind,
        "name": name,
        "uid": super::resource::identity(&resource.key(namespace, name)),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}
