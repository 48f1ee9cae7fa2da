//! Flux Kustomizations: most are ready, one is suspended, one fails, one waits for it.

use chrono::Duration;
use serde_json::{Value, json};

use super::{Cluster, FLUX, Resource, condition};

const REVISION: &str = "main@sha1:3f9c1b7ad05e24c86b1f0d9e7a2c45b8e6d1f037";
const EARLIER: &str = "main@sha1:b20e7f41c9d35a68e0f7142d8c6b9a35f1e4d702";

/// What a Kustomization does now.
#[derive(Clone, Copy)]
enum State {
    Ready,
    Suspended,
    Failing,
    Waiting,
}

const KUSTOMIZATIONS: [(&str, State); 15] = [
    ("namespaces", State::Ready),
    ("rbac-system", State::Ready),
    ("network-policies", State::Ready),
    ("platform-routes", State::Ready),
    ("platform-certificates", State::Ready),
    ("crossplane", State::Ready),
    ("cert-manager", State::Ready),
    ("envoy-gateway", State::Ready),
    ("monitoring", State::Failing),
    ("docs", State::Suspended),
    ("odoo-workers", State::Ready),
    ("pulse-services", State::Waiting),
    ("redis", State::Ready),
    ("authentik", State::Ready),
    ("crowdsec", State::Ready),
];

impl Cluster {
    pub(super) fn kustomizations(&self) -> Vec<Value> {
        KUSTOMIZATIONS.iter().map(|(name, state)| self.kustomization(name, *state)).collect()
    }

    fn kustomization(&self, name: &str, state: State) -> Value {
        let ago = |minutes: i64| self.now - Duration::minutes(minutes);
        let (applied, ready) = match state {
            State::Ready => {
                let message = format!("Applied revision: {REVISION}");
                (REVISION, condition("Ready", "True", "ReconciliationSucceeded", &message, ago(1)))
            }
            State::Suspended => {
                let message = format!("Applied revision: {EARLIER}");
                (
                    EARLIER,
                    condition("Ready", "True", "ReconciliationSucceeded", &message, ago(8_700)),
                )
            }
            State::Failing => {
                let message = "PrometheusRule/monitoring/tenant-rules dry-run failed (Invalid): \
                               spec.groups[2].rules[0].expr: Invalid value: unclosed left parenthesis";
                (EARLIER, condition("Ready", "False", "ReconciliationFailed", message, ago(52)))
            }
            State::Waiting => {
                let message = "dependency 'flux-system/monitoring' is not ready";
                (EARLIER, condition("Ready", "False", "DependencyNotReady", message, ago(51)))
            }
        };
        let mut spec = json!({
            "interval": "1m0s",
            "path": format!("./infra/k8s/{name}"),
            "prune": true,
            "sourceRef": { "kind": "GitRepository", "name": "infra" },
        });
        match state {
            State::Suspended => spec["suspend"] = true.into(),
            State::Waiting => spec["dependsOn"] = json!([{ "name": "monitoring" }]),
            State::Ready | State::Failing => {}
        }
        let attempted = if matches!(state, State::Suspended) { EARLIER } else { REVISION };
        let rest = json!({
            "spec": spec,
            "status": {
                "observedGeneration": 1,
                "conditions": [ready],
                "lastAppliedRevision": applied,
                "lastAttemptedRevision": attempted,
            },
        });
        Resource::KUSTOMIZATION.object(FLUX, name, rest)
    }
}
