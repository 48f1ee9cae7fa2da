//! Who may do what in the cluster with the roles that are shipped, as a real API server decides.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, reason = "a test says what it expects")]

mod platform;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use platform::{
    ApiServer, ApiServerOptions, Cluster, Kind, PlatformError, TokenIssuer, may, usual_moment,
};
use pulse_console::operation::Manifests;
use serde_json::{Value, json};

const VIEWER: &[&str] = &["plana-staff"];
const OPERATOR: &[&str] = &["plana-staff", "plana-operators"];
const SENIOR: &[&str] = &["plana-staff", "plana-seniors"];
const STRANGER: &[&str] = &["tenant-users"];
/// Every verb that changes something.
const CHANGES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];
const KINDS: [&str; 5] = [
    "planaclients",
    "tenantenvironments",
    "tenantupgrades",
    "templatesnapshots",
    "environmentrestores",
];

/// What is asked for: group, resource, namespace, name; each may be empty.
type Thing = (&'static str, &'static str, &'static str, &'static str);

/// A thing, and the verbs that a viewer, an operator and a senior have on it, of those that are asked.
type Row = (Thing, [&'static str; 3]);

const OURS: &str = "pulse-console";
const JOBS: &str = "crossplane-system";
const RUN: [&str; 3] =
    ["list watch", "get list watch create patch delete", "get list watch create patch delete"];
const LASTING: [&str; 3] =
    ["list watch", "get list watch create patch", "get list watch create patch delete"];
const NOTHING: [&str; 3] = ["", "", ""];

const TABLE: [Row; 30] = [
    (("planapulse.com", "planaclients", "", ""), LASTING),
    (("planapulse.com", "tenantenvironments", "", ""), LASTING),
    (("planapulse.com", "tenantupgrades", "", ""), RUN),
    (("planapulse.com", "templatesnapshots", "", ""), RUN),
    (("planapulse.com", "environmentrestores", "", ""), RUN),
    (("planapulse.com", "planaclients/status", "", ""), NOTHING),
    (("batch", "jobs", JOBS, ""), RUN),
    (("batch", "jobs", "plana-odoo-18", ""), ["list watch", "list watch", RUN[1]]),
    (("batch", "jobs", "plana-odoo", ""), ["list watch", "list watch", RUN[1]]),
    (("batch", "jobs", "monitoring", ""), ["list watch"; 3]),
    (("batch", "cronjobs", JOBS, ""), ["list watch", "get list watch", "get list watch"]),
    (
        ("apps", "deployments", "plana-odoo-18", "worker-odoo"),
        ["list watch", "get list watch patch", "get list watch patch"],
    ),
    (
        ("apps", "deployments", "plana-odoo-19", "worker-odoo"),
        ["list watch", "get list watch patch", "get list watch patch"],
    ),
    (
        ("apps", "deployments", "plana-odoo-18", "worker-odoo-test"),
        ["list watch", "get list watch", "get list watch"],
    ),
    (
        ("apps", "deployments", "pulse-account", "worker-odoo"),
        ["list watch", "get list watch", "get list watch"],
    ),
    (("apps", "deployments/scale", "plana-odoo-18", "worker-odoo"), NOTHING),
    (
        ("", "configmaps", OURS, "operation-k3f9x2"),
        [
            "get list watch",
            "get list watch create patch delete",
            "get list watch create patch delete",
        ],
    ),
    (("", "configmaps", JOBS, ""), NOTHING),
    (
        ("coordination.k8s.io", "leases", OURS, "tenant-acme"),
        ["", "get create patch", "get create patch"],
    ),
    (("coordination.k8s.io", "leases", "kube-system", ""), NOTHING),
    (("", "events", "default", ""), ["list watch", "list watch create", "list watch create"]),
    (
        ("", "resourcequotas", "plana-odoo-18", ""),
        ["list watch", "get list watch", "get list watch"],
    ),
    (
        ("gateway.networking.k8s.io", "httproutes", "plana-odoo-18", ""),
        ["list watch", "get list watch", "get list watch"],
    ),
    (("", "pods", "plana-odoo-18", ""), ["get list watch"; 3]),
    (("", "pods/exec", "plana-odoo-18", ""), NOTHING),
    (("", "secrets", OURS, ""), NOTHING),
    (("rbac.authorization.k8s.io", "clusterroles", "", ""), NOTHING),
    (("rbac.authorization.k8s.io", "rolebindings", OURS, ""), NOTHING),
    (("apiextensions.k8s.io", "customresourcedefinitions", "", ""), NOTHING),
    (("", "namespaces", "", ""), NOTHING),
];

async fn server() -> Result<ApiServer, PlatformError> {
    let server = ApiServer::start().await?;
    server.fill_cluster(&Cluster::new(1, usual_moment())).await?;
    server.apply_packaging().await?;
    Ok(server)
}

fn attributes((group, resource, namespace, name): Thing) -> Value {
    let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
    json!({
        "group": group, "resource": resource, "subresource": part, "namespace": namespace, "name": name,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_may_do_what_the_table_says_and_no_more() -> Result<(), PlatformError> {
    let server = server().await?;
    let client = server.client().await?;
    let mut wrong = Vec::new();
    for (thing, allowed) in TABLE {
        for (groups, wanted) in
            [VIEWER, OPERATOR, SENIOR, STRANGER].into_iter().zip(allowed.into_iter().chain([""]))
        {
            let wanted: BTreeSet<&str> = wanted.split_whitespace().collect();
            let mut has = BTreeSet::new();
            for verb in ["get", "list", "watch"].into_iter().chain(CHANGES) {
                if may(&client, groups, verb, &attributes(thing)).await? {
                    has.insert(verb);
                }
            }
            if has != wanted {
                wrong.push(format!("{groups:?} {thing:?}: may {has:?}, should {wanted:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_everything_and_everybody_may_ask() -> Result<(), PlatformError> {
    let server = server().await?;
    let client = server.client().await?;
    for groups in [VIEWER, OPERATOR, SENIOR] {
        for verb in ["*", "impersonate", "escalate", "bind"] {
            let all = json!({ "group": "*", "resource": "*" });
            assert!(!may(&client, groups, verb, &all).await?, "{groups:?} {verb}");
        }
        let ask =
            json!({ "group": "authorization.k8s.io", "resource": "selfsubjectaccessreviews" });
        assert!(may(&client, groups, "create", &ask).await?, "{groups:?}");
    }
    // The rules are checked at their source too: no verb or resource stands for all.
    let shipped = include_str!("../packaging/kubernetes/changes.yaml");
    assert!(!shipped.contains('*') && !shipped.contains("update"), "least rights only");
    for kind in KINDS {
        assert!(shipped.contains(kind), "{kind}");
    }
    Ok(())
}

/// What is done in the test below: who does it is the token's.
struct Hand {
    client: kube::Client,
}

impl Hand {
    async fn of(
        server: &ApiServer,
        issuer: &TokenIssuer,
        groups: &[&str],
    ) -> Result<Self, PlatformError> {
        let token = issuer.token("somebody", groups, TimeDelta::hours(1))?;
        Ok(Self { client: server.client_by_token(&token).await? })
    }

    /// The code of the answer.
    async fn ask(&self, method: &str, path: &str, body: Option<(&str, Value)>) -> u16 {
        let request = http::Request::builder().method(method).uri(path);
        let (content, body) = body.unwrap_or(("application/json", Value::Null));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.header("content-type", content).body(body.into_bytes());
        match self.client.request_text(request.expect("a request")).await {
            Ok(_) => 200,
            Err(kube::Error::Api(status)) => status.code,
            Err(_) => 0,
        }
    }

    /// Server-side apply, as the console applies its manifests.
    async fn apply(&self, path: &str, object: Value) -> u16 {
        let path = format!("{path}?fieldManager=pulse-console&fieldValidation=Strict");
        self.ask("PATCH", &path, Some(("application/apply-patch+yaml", object))).await
    }

    async fn merge(&self, path: &str, change: Value) -> u16 {
        self.ask("PATCH", path, Some(("application/merge-patch+json", change))).await
    }

    async fn post(&self, path: &str, object: Value) -> u16 {
        self.ask("POST", path, Some(("application/json", object))).await
    }
}

/// The Job that carries files, from the template that the console fills in.
fn carrying(namespace: &str, name: &str) -> Value {
    let values = json!({
        "name": name, "namespace": namespace, "database": "acme.planapulse.app", "image": "busybox:1.37",
        "from_path": "/from", "to_path": "/to", "source_namespace": "plana-odoo-18",
        "labels": { "app.kubernetes.io/created-by": "pulse-console" }, "annotations": {},
        "volumes": [
            { "name": "from", "persistentVolumeClaim": { "claimName": "filestore-from" } },
            { "name": "to", "persistentVolumeClaim": { "claimName": "filestore-to" } },
        ],
    });
    Manifests::default().fill("filestore", values).expect("a manifest")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rights_are_enough_for_what_operations_do() -> Result<(), PlatformError> {
    let issuer = TokenIssuer::start().await?;
    let wanted = ApiServerOptions { issuer: Some(issuer.trusted()), ..Default::default() };
    let server = ApiServer::start_with(wanted).await?;
    server.fill_cluster(&Cluster::new(1, usual_moment())).await?;
    server.apply_packaging().await?;
    let [viewer, operator, senior] = [VIEWER, OPERATOR, SENIOR];
    let viewer = Hand::of(&server, &issuer, viewer).await?;
    let operator = Hand::of(&server, &issuer, operator).await?;
    let senior = Hand::of(&server, &issuer, senior).await?;

    let tenant = format!("{}/nova", Kind::Client.path());
    let spec = json!({ "subdomain": "nova", "tier": "pro", "odooVersion": "18" });
    let object = Kind::Client.object("nova", &spec);
    assert_eq!(viewer.apply(&tenant, object.clone()).await, 403);
    assert_eq!(operator.apply(&tenant, object).await, 200);
    assert_eq!(operator.merge(&tenant, json!({ "spec": { "tier": "starter" } })).await, 200);
    assert_eq!(operator.ask("DELETE", &tenant, None).await, 403);
    assert_eq!(senior.ask("DELETE", &tenant, None).await, 200);
    let run = format!("{}/acme-k3f9x2", Kind::Upgrade.path());
    let spec = json!({
        "slug": "acme", "fromVersion": "18", "toVersion": "18", "strategy": "same-major", "modules": "all",
    });
    let object = Kind::Upgrade.object("acme-k3f9x2", &spec);
    assert_eq!(operator.apply(&run, object).await, 200);
    assert_eq!(operator.ask("DELETE", &run, None).await, 200);

    let worker = "/apis/apps/v1/namespaces/plana-odoo-18/deployments/worker-odoo";
    let restart =
        json!({ "spec": { "template": { "metadata": { "annotations": { "x/y": "z" } } } } });
    assert_eq!(viewer.merge(worker, restart.clone()).await, 403);
    assert_eq!(operator.merge(worker, restart).await, 200);

    let files = "/apis/batch/v1/namespaces/plana-odoo-19/jobs/acme-files";
    let job = carrying("plana-odoo-19", "acme-files");
    assert_eq!(operator.apply(files, job.clone()).await, 403);
    assert_eq!(senior.apply(files, job).await, 200);
    let backup = "/apis/batch/v1/namespaces/crossplane-system/jobs/acme-insurance";
    assert_eq!(operator.apply(backup, carrying(JOBS, "acme-insurance")).await, 200);

    let journal = "/api/v1/namespaces/pulse-console/configmaps";
    let map =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "operation-1" } });
    assert_eq!(viewer.post(journal, map.clone()).await, 403);
    assert_eq!(operator.post(journal, map).await, 200);
    let entry = format!("{journal}/operation-1");
    assert_eq!(senior.merge(&entry, json!({ "data": { "1": "{}" } })).await, 200);
    assert_eq!(viewer.ask("GET", &entry, None).await, 200);
    assert_eq!(operator.ask("DELETE", &entry, None).await, 200);
    let leases = "/apis/coordination.k8s.io/v1/namespaces/pulse-console/leases";
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": "acme" },
    });
    assert_eq!(operator.post(leases, lease).await, 200);
    let taken = json!({ "spec": { "holderIdentity": "somebody" } });
    assert_eq!(senior.merge(&format!("{leases}/acme"), taken).await, 200);
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": { "name": "nova.1" },
        "involvedObject": { "kind": "PLANAClient", "name": "nova", "namespace": "default" },
        "reason": "Done", "type": "Normal",
    });
    assert_eq!(viewer.post("/api/v1/namespaces/default/events", event.clone()).await, 403);
    assert_eq!(operator.post("/api/v1/namespaces/default/events", event).await, 200);
    Ok(())
}
