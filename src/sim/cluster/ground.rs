//! What everything stands on: nodes, volume claims, and what Flux brings from git.

use super::making::{Making, NODES, number};
use crate::domain::{ClusterKind, Health, Span, Status, Timestamp};
use crate::sim::engine::Engine;
use crate::sim::scenario::ClusterPlan;

const DAY: u64 = 86_400;

/// The Kustomizations.
const KUSTOMIZATIONS: [&str; 14] = [
    "rbac-system",
    "network-policies",
    "platform-routes",
    "crossplane",
    "crossplane-system",
    "odoo-workers",
    "pulse-services",
    "redis",
    "authentik",
    "cert-manager",
    "envoy-gateway-system",
    "crowdsec",
    "monitoring",
    "docs",
];

/// The commit that is on main.
const COMMIT: &str = "main@sha1:5d20e7c9";

/// Puts it into the world of `engine`.
pub(super) fn found(engine: &mut Engine, plan: ClusterPlan) {
    let start = engine.now();
    for name in NODES {
        nodes(engine, name, start);
    }
    for (namespace, capacity) in
        [("plana-odoo", "200Gi"), ("plana-odoo-18", "2Ti"), ("plana-odoo-19", "500Gi")]
    {
        let claim = Making::new(ClusterKind::Claim, Some(namespace), "odoo-filestore")
            .created(start.before(Span::from_secs(300 * DAY)))
            .flux("odoo-workers")
            .state(Health::Healthy, &format!("bound, {capacity}"))
            .fields(&[
                ("capacity", capacity.to_owned()),
                ("access", "ReadWriteMany".to_owned()),
                ("volume", format!("nfs01-{namespace}")),
            ]);
        engine.put(claim.done());
    }
    for name in KUSTOMIZATIONS {
        let suspended = plan.troubles && name == "docs";
        let applied = start.before(Span::from_secs(3_600 + number(name) % 5_400));
        let making = Making::new(ClusterKind::Kustomization, Some("flux-system"), name)
            .created(start.before(Span::from_secs(320 * DAY)))
            .at(applied)
            .fields(&[
                ("path", format!("infra/k8s/{name}/")),
                ("source", "GitRepository/infra".to_owned()),
                ("revision", COMMIT.to_owned()),
            ]);
        let making = if suspended {
            making
                .state(Health::Degraded, "suspended")
                .message("changes in git do not reach the cluster until it is resumed")
                .at(start.before(Span::from_secs(2 * DAY)))
        } else {
            making.state(Health::Healthy, &format!("applied {COMMIT}"))
        };
        let message = format!("Applied revision: {COMMIT}");
        let ready = ("Ready", Status::True, "ReconciliationSucceeded");
        engine.put(making.condition(ready, &message, applied).done());
    }
}

fn nodes(engine: &mut Engine, name: &str, start: Timestamp) {
    let since = start.before(Span::from_secs(63 * DAY));
    let address = 11 + number(name) % 200;
    let node = Making::new(ClusterKind::Node, None, name)
        .created(since)
        .state(Health::Healthy, "ready")
        .ready(1, 1)
        .fields(&[
            ("address", format!("10.20.0.{address}")),
            ("kubelet", "v1.35.3".to_owned()),
            ("cpu", "16".to_owned()),
            ("memory", "64Gi".to_owned()),
            ("zone", "bg-sof-1".to_owned()),
        ])
        .condition(
            ("Ready", Status::True, "KubeletReady"),
            "kubelet is posting ready status",
            since,
        );
    engine.put(node.done());
}
