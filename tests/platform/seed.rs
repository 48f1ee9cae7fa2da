//! Fills and changes the API server: many objects at once, one condition, one deletion.

use base64::Engine as _;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kube::Client;
use serde_json::{Value, json};

use super::kinds::{self, GROUP, Kind, VERSION};
use super::{ApiServer, PlatformError};

/// Enough to keep etcd busy, few enough for its connections.
const PARALLEL: usize = 32;
const MANAGER: &str = "pulse-platform";

impl ApiServer {
    /// Makes clients `0..count`, with status, in parallel.
    pub async fn create_clients(&self, count: usize) -> Result<(), PlatformError> {
        self.create_clients_at(count, kinds::usual_moment()).await
    }

    /// Makes clients `0..count` whose conditions changed in the time before `now`.
    ///
    /// They are written into etcd as the API server itself would store them: ten thousand take seconds, where the
    /// API would take a minute of both cores. The server sees them come like any other change.
    pub async fn create_clients_at(
        &self,
        count: usize,
        now: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        let etcd = self.etcd_client()?;
        // One revision for each object, as the API server makes them.
        stream::iter(0..count)
            .map(Ok)
            .try_for_each_concurrent(PARALLEL, |index| {
                let etcd = etcd.clone();
                async move {
                    let body = stored(index, now).to_string();
                    send(&etcd, "POST", "/v3/kv/put", "application/json", body).await
                }
            })
            .await
    }

    /// Makes one object; a `status` in it is set too.
    pub async fn create(&self, kind: Kind, object: &Value) -> Result<(), PlatformError> {
        put(&self.client().await?, kind, object).await
    }

    /// Makes one object from its spec, without a status.
    pub async fn create_spec(
        &self,
        kind: Kind,
        name: &str,
        spec: &Value,
    ) -> Result<(), PlatformError> {
        self.create(kind, &kind.object(name, spec)).await
    }

    /// Makes a `TenantUpgrade` named `{slug}-{date}`, and gives its name.
    pub async fn create_upgrade(
        &self,
        slug: &str,
        date: &str,
        from: &str,
        to: &str,
    ) -> Result<String, PlatformError> {
        let name = format!("{slug}-{date}");
        let strategy = if from == to { "same-major" } else { "snapshot-then-upgrade" };
        let spec = json!({ "slug": slug, "fromVersion": from, "toVersion": to, "strategy": strategy, "modules": "all" });
        self.create_spec(Kind::Upgrade, &name, &spec).await?;
        Ok(name)
    }

    /// Sets one condition of one object and leaves the others.
    pub async fn set_condition(
        &self,
        kind: Kind,
        name: &str,
        condition: &Value,
    ) -> Result<(), PlatformError> {
        // Each condition has an owner of its own: applying one does not take another away.
        let owner = condition.get("type").and_then(Value::as_str).unwrap_or(MANAGER);
        let mut object = json!({
            "apiVersion": format!("{GROUP}/{VERSION}"),
            "kind": kind.name(),
            "metadata": { "name": name },
        });
        object["status"] = json!({ "conditions": [condition] });
        let path =
            format!("{}/{name}/status?fieldManager={MANAGER}-{owner}&force=true", kind.path());
        send(
            &self.client().await?,
            "PATCH",
            &path,
            "application/apply-patch+yaml",
            object.to_string(),
        )
        .await
    }

    /// Merges `status` into the status of one object.
    pub async fn merge_status(
        &self,
        kind: Kind,
        name: &str,
        status: &Value,
    ) -> Result<(), PlatformError> {
        merge(
            &self.client().await?,
            &format!("{}/{name}/status", kind.path()),
            &json!({ "status": status }),
        )
        .await
    }

    /// Merges `spec` into the spec of one object.
    pub async fn merge_spec(
        &self,
        kind: Kind,
        name: &str,
        spec: &Value,
    ) -> Result<(), PlatformError> {
        merge(&self.client().await?, &format!("{}/{name}", kind.path()), &json!({ "spec": spec }))
            .await
    }

    /// Deletes one object at once: no controller is there to take its finalizers away, so they are taken away first.
    pub async fn delete(&self, kind: Kind, name: &str) -> Result<(), PlatformError> {
        let client = self.client().await?;
        let path = format!("{}/{name}", kind.path());
        merge(&client, &path, &json!({ "metadata": { "finalizers": null } })).await?;
        send(&client, "DELETE", &path, "application/json", String::new()).await
    }

    /// Takes the finalizers of one object away: a deleted one then goes.
    pub async fn release(&self, kind: Kind, name: &str) -> Result<(), PlatformError> {
        let path = format!("{}/{name}", kind.path());
        merge(&self.client().await?, &path, &json!({ "metadata": { "finalizers": null } })).await
    }

    /// Asks for deletion and leaves the finalizers: the object stays, with a deletion timestamp.
    pub async fn begin_delete(&self, kind: Kind, name: &str) -> Result<(), PlatformError> {
        let path = format!("{}/{name}", kind.path());
        send(&self.client().await?, "DELETE", &path, "application/json", String::new()).await
    }

    /// How many objects of `kind` there are.
    pub async fn count(&self, kind: Kind) -> Result<usize, PlatformError> {
        let api =
            kube::Api::<kube::api::DynamicObject>::all_with(self.client().await?, &kind.resource());
        Ok(api.list_metadata(&kube::api::ListParams::default()).await?.items.len())
    }
}

/// The request that puts client `index` where the API server stores it.
fn stored(index: usize, now: DateTime<Utc>) -> Value {
    let mut object = kinds::client_object(index, now);
    let name = kinds::client_name(index);
    let age = chrono::Duration::hours(i64::try_from(index % 8_760).unwrap_or(0) + 1);
    object["metadata"]["uid"] = format!("5eed0000-0000-4000-8000-{index:012x}").into();
    object["metadata"]["generation"] = 1.into();
    object["metadata"]["creationTimestamp"] = kinds::stamp(now - age).into();
    object["metadata"]["managedFields"] = json!([{
        "manager": "crossplane",
        "operation": "Update",
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "time": kinds::stamp(now - age),
        "fieldsType": "FieldsV1",
        "fieldsV1": { "f:spec": { "f:subdomain": {}, "f:tier": {}, "f:odooVersion": {}, "f:resourceRefs": {} } },
    }]);
    let encode = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    let key = format!("/registry/{GROUP}/{}/{name}", Kind::Client.plural());
    json!({ "key": encode(key), "value": encode(object.to_string()) })
}

async fn put(client: &Client, kind: Kind, object: &Value) -> Result<(), PlatformError> {
    let path = kind.path();
    let created = format!("{path}?fieldManager={MANAGER}");
    send(client, "POST", &created, "application/json", object.to_string()).await?;
    let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    match object.get("status") {
        Some(status) => {
            merge(client, &format!("{path}/{name}/status"), &json!({ "status": status })).await
        }
        None => Ok(()),
    }
}

async fn merge(client: &Client, path: &str, change: &Value) -> Result<(), PlatformError> {
    let path = format!("{path}?fieldManager={MANAGER}");
    send(client, "PATCH", &path, "application/merge-patch+json", change.to_string()).await
}

/// Sends one request; an answer that is not a success is an error. Bodies go as text: thousands of answers need no parsing.
pub async fn send(
    client: &Client,
    method: &str,
    path: &str,
    content_type: &str,
    body: String,
) -> Result<(), PlatformError> {
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", content_type)
        .body(body.into_bytes())
        .map_err(kube::Error::HttpError)?;
    client.request_text(request).await?;
    Ok(())
}
