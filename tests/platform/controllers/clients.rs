//! Tenants: a database cloned from the template, a claim, a route, a backup CronJob, and word of it on the stream.

use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _};

use super::desk::Desk;
use super::keeper::Next;
use super::key::{Key, is_leaving, number, text};
use super::runs::FINALIZER;
use super::states::{State, is_ready, tell};
use super::{Fault, keeper};
use crate::platform::databases::{SCHEMA, rights};
use crate::platform::{
    Cluster, PlatformError, Resource, Role, backup_name, route_name, version_namespace,
};

/// Without a template everything is installed: that takes so many phases.
const INSTALLING: u32 = 8;
const LATER: u32 = 10;
const VERSIONS: [&str; 3] = ["17", "18", "19"];

/// A tenant as its object wants it.
#[derive(Debug, Clone, Copy)]
struct Tenant<'a> {
    slug: &'a str,
    tier: &'a str,
    version: &'a str,
    fault: Option<Fault>,
}

impl Tenant<'_> {
    fn database(self) -> String {
        format!("{}.planapulse.app", self.slug)
    }

    fn template(self) -> String {
        let edition = if self.tier == "starter" { "basic" } else { "pro" };
        format!("{edition}-template-{}.planapulse.app", self.version)
    }
}

/// Brings a tenant a step further.
pub(super) async fn reconcile(
    desk: &Desk,
    key: &Key,
    client: &Value,
) -> Result<Next, PlatformError> {
    let tenant = Tenant {
        slug: text(client, "/spec/subdomain"),
        tier: text(client, "/spec/tier"),
        version: text(client, "/spec/odooVersion"),
        fault: desk.faults.of(client),
    };
    if is_leaving(client) {
        return leave(desk, key, client, tenant).await;
    }
    if is_settled(client) {
        announce(desk, key, client).await?;
        return Ok(Next::Changed);
    }
    let observed = client.pointer("/status/observedGeneration");
    if observed.is_none() && client.pointer("/status/conditions").is_some() {
        // It was there before the controllers: nobody is to be told that it is new.
        note(desk, key).await?;
    }
    if client.pointer("/metadata/finalizers").is_none() {
        desk.merge(&key.path(), &json!({ "metadata": { "finalizers": [FINALIZER] } })).await?;
    }
    match compose(desk, key, client, tenant).await {
        Ok(next) => Ok(next),
        Err(error @ PlatformError::Kubernetes(_)) => Err(error),
        Err(error) => {
            let words = format!(
                "cannot compose resources: cannot apply composed resource \"database\": {error}"
            );
            tell(desk, key, client, State::Hindered(&words)).await?;
            Ok(Next::In(keeper::RETRY))
        }
    }
}

/// Whether its parts are as its specification says.
pub(super) fn is_settled(client: &Value) -> bool {
    let generation = number(client, "/metadata/generation");
    is_ready(client) && number(client, "/status/observedGeneration") == generation
}

/// Makes part after part, and says each time what is still missing.
async fn compose(
    desk: &Desk,
    key: &Key,
    client: &Value,
    tenant: Tenant<'_>,
) -> Result<Next, PlatformError> {
    let missing = |parts: &str| format!("Unready resources: {parts}");
    let creating = async |parts: &str| {
        let words = missing(parts);
        tell(desk, key, client, State::Creating("", &words)).await?;
        desk.phase(tenant.fault).await;
        Ok::<_, PlatformError>(())
    };
    match tenant.fault {
        Some(Fault::NeverReady | Fault::PodDies) => {
            creating("database, filestore, route, backup-cronjob").await?;
            return Ok(Next::In(desk.pace * LATER));
        }
        Some(fault @ (Fault::JobFails | Fault::NoSpace)) => {
            let refused = match fault {
                Fault::NoSpace => "could not create directory: No space left on device",
                _ => "permission denied to create database",
            };
            return Err(std::io::Error::other(refused)).map_err(|source| PlatformError::Io {
                what: format!("create {}", tenant.database()),
                source,
            });
        }
        _ => {}
    }
    if has_references(client, tenant) {
        creating("database, filestore, route, backup-cronjob").await?;
    } else {
        // That is a change of the specification, and so the beginning of another look.
        refer(desk, key, client, tenant).await?;
        return Ok(Next::In(std::time::Duration::ZERO));
    }
    database(desk, tenant).await?;
    creating("filestore, route, backup-cronjob").await?;
    if tenant.fault == Some(Fault::QuotaExceeded) {
        let words = "cannot compose resources: cannot apply composed resource \"filestore\": persistentvolumeclaims is \
                     forbidden: exceeded quota: odoo-quota, requested: requests.storage=500Gi, used: requests.storage=2Ti, \
                     limited: requests.storage=2Ti";
        tell(desk, key, client, State::Hindered(words)).await?;
        return Ok(Next::In(desk.pace * LATER));
    }
    let cluster = Cluster::new(0, Desk::now());
    let [claim, route, cron] = cluster.tenant_parts(tenant.slug, tenant.version);
    place(desk, Resource::CLAIM, &claim).await?;
    for version in VERSIONS.into_iter().filter(|version| *version != tenant.version) {
        desk.take_away(&route_path(tenant.slug, version)).await?;
    }
    creating("route, backup-cronjob").await?;
    place(desk, Resource::ROUTE, &route).await?;
    place(desk, Resource::CRON_JOB, &cron).await?;
    tell(desk, key, client, State::Ready).await?;
    Ok(Next::In(std::time::Duration::ZERO))
}

/// The database: cloned where there is a template, else made from nothing. One that is there is taken as it is.
async fn database(desk: &Desk, tenant: Tenant<'_>) -> Result<(), PlatformError> {
    let (name, template, owner) = (tenant.database(), tenant.template(), Role::Owner);
    let has_template = desk.note_of(&template).await?.is_some();
    if desk.note_of(&name).await?.is_none() {
        let source = if has_template { template.as_str() } else { "template0" };
        let create = format!("CREATE DATABASE \"{name}\" OWNER {owner} TEMPLATE \"{source}\"");
        desk.run("postgres", &[create]).await?;
    }
    desk.run("postgres", &rights(&name)).await?;
    if !has_template && is_empty(desk, &name).await? {
        tokio::time::sleep(desk.pace * INSTALLING).await;
        // One message is one transaction: it is all there, or nothing.
        desk.run(&name, &[format!("SET ROLE {owner}; {SCHEMA}")]).await?;
    }
    Ok(())
}

/// Whether nobody has made a table in the database yet.
pub(super) async fn is_empty(desk: &Desk, name: &str) -> Result<bool, sqlx::Error> {
    let mut session = desk.session(name).await?;
    let query = "SELECT count(*) = 0 FROM pg_tables WHERE schemaname = 'public'";
    let row = sqlx::query(query).fetch_one(&mut session).await?;
    session.close().await?;
    row.try_get(0)
}

/// Puts a part there, with the status that its own controller would write.
async fn place(desk: &Desk, resource: Resource, object: &Value) -> Result<(), PlatformError> {
    let path = resource.path(text(object, "/metadata/namespace"));
    desk.make(&path, object).await?;
    let Some(status) = object.get("status") else { return Ok(()) };
    let path = format!("{path}/{}/status", text(object, "/metadata/name"));
    desk.merge(&path, &json!({ "status": status })).await
}

/// Takes away all that was made for the tenant, and lets the object go.
async fn leave(
    desk: &Desk,
    key: &Key,
    client: &Value,
    tenant: Tenant<'_>,
) -> Result<Next, PlatformError> {
    tell(desk, key, client, State::Deleting).await?;
    if tenant.fault == Some(Fault::NeverReady) {
        return Ok(Next::In(desk.pace * LATER));
    }
    desk.phase(tenant.fault).await;
    for version in VERSIONS {
        desk.take_away(&route_path(tenant.slug, version)).await?;
        let claims = Resource::CLAIM.path(version_namespace(version));
        desk.take_away(&format!("{claims}/{}-filestore", tenant.slug)).await?;
    }
    let crons = Resource::CRON_JOB.path(crate::platform::cluster::SIDE_EFFECTS);
    desk.take_away(&format!("{crons}/{}", backup_name(tenant.slug))).await?;
    let drop = format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", tenant.database());
    desk.run("postgres", &[drop]).await?;
    let id = format!("{}-deprovisioned", text(client, "/metadata/uid"));
    // The tenant is gone, whether the stream takes the word of it or not.
    let _ = desk.publish("client.deprovisioned", &id, &data(client)).await;
    desk.release(&key.path()).await?;
    Ok(Next::Changed)
}

fn route_path(slug: &str, version: &str) -> String {
    format!("{}/{}", Resource::ROUTE.path(version_namespace(version)), route_name(slug))
}

/// Where the object names what was composed: both generations of Crossplane are met.
fn references_at(client: &Value) -> &'static str {
    if client.pointer("/spec/resourceRefs").is_some() {
        "/spec/resourceRefs"
    } else {
        "/spec/crossplane/resourceRefs"
    }
}

fn references(tenant: Tenant<'_>) -> Value {
    let namespace = version_namespace(tenant.version);
    let slug = tenant.slug;
    json!([
        { "apiVersion": "postgresql.sql.crossplane.io/v1alpha1", "kind": "Database", "name": tenant.database() },
        { "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": format!("{slug}-filestore"), "namespace": namespace },
        { "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "name": route_name(slug), "namespace": namespace },
        { "apiVersion": "batch/v1", "kind": "CronJob", "name": backup_name(slug), "namespace": "crossplane-system" },
    ])
}

/// Whether the object names the route where it is to be.
fn has_references(client: &Value, tenant: Tenant<'_>) -> bool {
    let named = client.pointer(references_at(client)).and_then(Value::as_array);
    let namespace = version_namespace(tenant.version);
    named
        .into_iter()
        .flatten()
        .any(|one| text(one, "/kind") == "HTTPRoute" && text(one, "/namespace") == namespace)
}

async fn refer(
    desk: &Desk,
    key: &Key,
    client: &Value,
    tenant: Tenant<'_>,
) -> Result<(), PlatformError> {
    let spec = match references_at(client) {
        "/spec/resourceRefs" => json!({ "resourceRefs": references(tenant) }),
        _ => json!({ "crossplane": { "resourceRefs": references(tenant) } }),
    };
    desk.merge(&key.path(), &json!({ "spec": spec })).await
}

/// Tells the platform of a new tenant, once.
async fn announce(desk: &Desk, key: &Key, client: &Value) -> Result<(), PlatformError> {
    if is_announced(client) {
        return Ok(());
    }
    let id = format!("{}-provisioned", text(client, "/metadata/uid"));
    desk.publish("client.provisioned", &id, &data(client)).await?;
    note(desk, key).await
}

/// Whether the platform knows of it.
pub(super) fn is_announced(client: &Value) -> bool {
    client.pointer("/status/announced") == Some(&Value::Bool(true))
}

async fn note(desk: &Desk, key: &Key) -> Result<(), PlatformError> {
    let path = format!("{}/status", key.path());
    desk.merge(&path, &json!({ "status": { "announced": true } })).await
}

fn data(client: &Value) -> Value {
    let spec = |name: &str| client.pointer(&format!("/spec/{name}")).cloned();
    json!({
        "subdomain": spec("subdomain"),
        "projectId": spec("projectId"),
        "tier": spec("tier"),
        "odooVersion": spec("odooVersion"),
        "ownerEmail": spec("ownerEmail"),
    })
}
