//! What reading the API server's answers costs.

use pulse_console::live::kubernetes::Bench;
use serde_json::{Value, json};

use super::facts::tenant;
use super::timing::{Effort, Samples};

const PAGE: usize = 500;

/// A page of a list, and one line of a watch.
pub fn all(effort: Effort) -> Value {
    let items: Vec<Value> = (0..PAGE).map(object).collect();
    let page = json!({
        "apiVersion": "planapulse.com/v1alpha1",
        "kind": "PLANAClientList",
        "metadata": { "resourceVersion": "1234567", "continue": "" },
        "items": items,
    })
    .to_string();
    let lines: Vec<String> =
        (0..PAGE).map(|n| json!({ "type": "MODIFIED", "object": object(n) }).to_string()).collect();
    let mut reading = Bench::default();
    let pages = Samples::of(effort.samples(300), |_| {
        assert_eq!(reading.page(&page).len(), PAGE, "every object of the page is read");
    });
    let single = Samples::of(effort.samples(20_000), |round| {
        assert_eq!(reading.line(lines[round % PAGE].as_bytes()).len(), 1, "a line tells one fact");
    });
    json!({
        "page_of_500_clients": pages.told(),
        "page_kib": page.len() / 1024,
        "watch_line": single.told(),
        "watch_line_bytes": lines[0].len(),
    })
}

/// A client about as large as the platform's own.
fn object(n: usize) -> Value {
    let name = tenant(n);
    let refs: Vec<Value> =
        ["Database", "PersistentVolumeClaim", "HTTPRoute", "CronJob", "Job", "Job"]
            .iter()
            .map(|kind| {
                json!({
                    "apiVersion": "batch/v1",
                    "kind": kind,
                    "name": format!("{name}-{}", kind.to_lowercase()),
                    "namespace": "crossplane-system",
                })
            })
            .collect();
    let condition = |kind: &str, reason: &str| json!({ "type": kind, "status": "True", "reason": reason, "lastTransitionTime": "2026-11-20T08:00:00Z" });
    json!({
        "apiVersion": "planapulse.com/v1alpha1",
        "kind": "PLANAClient",
        "metadata": {
            "name": name,
            "uid": format!("5eed0000-0000-4000-8000-{n:012x}"),
            "resourceVersion": (1000 + n).to_string(),
            "generation": 1,
            "creationTimestamp": "2026-05-29T02:00:00Z",
            "labels": { "crossplane.io/composite": name, "planapulse.com/tier": "pro" },
            "finalizers": ["composite.apiextensions.crossplane.io"],
            "managedFields": [{
                "manager": "crossplane", "operation": "Update", "apiVersion": "planapulse.com/v1alpha1",
                "time": "2026-05-29T02:00:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": { "f:spec": { "f:subdomain": {}, "f:tier": {}, "f:odooVersion": {}, "f:resourceRefs": {} } },
            }],
        },
        "spec": {
            "subdomain": name, "projectId": 23 + n, "tier": "pro", "odooVersion": "18",
            "ownerEmail": format!("owner@{name}.example.bg"), "ownerName": format!("{name} OOD"),
            "compositionRef": { "name": "planaclient" }, "compositionUpdatePolicy": "Automatic",
            "resourceRefs": refs,
        },
        "status": { "conditions": [condition("Synced", "ReconcileSuccess"), condition("Ready", "Available")] },
    })
}
