//! Who may do what in the cluster with the roles that are shipped, as a real API server decides.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, reason = "a test says what it expects")]

mod platform;

use std::collections::BTreeSet;

use platform::{ApiServer, Cluster, PlatformError, may, usual_moment};
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
