//! The roles that are shipped, on a real API server.

use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};

use super::{ApiServer, PlatformError, seed};

/// What is shipped, in the order in which it is applied.
const SHIPPED: [&str; 4] = [
    include_str!("../../packaging/kubernetes/namespace.yaml"),
    include_str!("../../packaging/kubernetes/roles.yaml"),
    include_str!("../../packaging/kubernetes/changes.yaml"),
    include_str!("../../packaging/kubernetes/bindings.yaml"),
];
/// How often it is asked whether the server decides by new rules, and the time between.
const TRIES: usize = 500;
const PAUSE: Duration = Duration::from_millis(20);
const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

impl ApiServer {
    /// Applies the namespace, the roles and the bindings that are shipped; the namespaces that they name must be there
    /// ([`ApiServer::fill_cluster`]). Roles that gather others are filled, as the cluster's own controller does.
    pub async fn apply_packaging(&self) -> Result<(), PlatformError> {
        for manifest in SHIPPED {
            self.apply_manifest(manifest).await?;
        }
        let client = self.client().await?;
        let roles = get(&client, ROLES).await?;
        let roles = roles["items"].as_array().cloned().unwrap_or_default();
        for role in &roles {
            let selectors = role.pointer("/aggregationRule/clusterRoleSelectors");
            let Some(selectors) = selectors.and_then(Value::as_array) else { continue };
            // The server's own roles gather others too, in a cluster that has the controller.
            let name = role["metadata"]["name"].as_str().unwrap_or_default();
            if !name.starts_with("pulse-console") {
                continue;
            }
            let gathered = roles.iter().filter(|one| is_selected(one, selectors));
            let rules: Vec<&Value> =
                gathered.filter_map(|one| one["rules"].as_array()).flatten().collect();
            let change = json!({ "rules": rules }).to_string();
            let path = format!("{ROLES}/{name}?fieldManager=clusterrole-aggregation-controller");
            seed::send(&client, "PATCH", &path, "application/merge-patch+json", change).await?;
        }
        decided(&client).await
    }
}

/// Waits until the server decides by the last of the rules: by what its own watches have brought, a moment after it took
/// them. Rules that say otherwise are waited for a while only.
async fn decided(client: &Client) -> Result<(), PlatformError> {
    for (verb, group, resource, namespace) in [
        ("delete", "planapulse.com", "planaclients", ""),
        ("create", "batch", "jobs", "plana-odoo-19"),
        ("create", "coordination.k8s.io", "leases", "pulse-console"),
    ] {
        let asked = json!({ "group": group, "resource": resource, "namespace": namespace });
        for _ in 0..TRIES {
            if may(client, &["plana-staff", "plana-seniors"], verb, &asked).await? {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Whether a member of `groups` may `verb` what `attributes` name, as the API server itself decides. It tells an
/// administrator.
pub async fn may(
    administrator: &Client,
    groups: &[&str],
    verb: &str,
    attributes: &Value,
) -> Result<bool, PlatformError> {
    let mut attributes = attributes.clone();
    attributes["verb"] = verb.into();
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": { "user": "somebody", "groups": groups, "resourceAttributes": attributes },
    });
    let request = http::Request::post(REVIEWS)
        .header("content-type", "application/json")
        .body(review.to_string().into_bytes())
        .map_err(kube::Error::HttpError)?;
    let answer = administrator.request::<Value>(request).await?;
    Ok(answer["status"]["allowed"] == true)
}

/// Whether a role carries the labels of one of the selectors.
fn is_selected(role: &Value, selectors: &[Value]) -> bool {
    let has =
        |(name, value): (&String, &Value)| role["metadata"]["labels"].get(name) == Some(value);
    selectors
        .iter()
        .filter_map(|selector| selector["matchLabels"].as_object())
        .any(|labels| labels.iter().all(has))
}

async fn get(client: &Client, path: &str) -> Result<Value, PlatformError> {
    let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
    Ok(client.request::<Value>(request).await?)
}
