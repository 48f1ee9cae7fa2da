//! Real servers with controllers at work, and the questions that tests ask of them.
#![allow(dead_code, unreachable_pub, reason = "not every test asks everything")]
#![allow(clippy::indexing_slicing, reason = "a field that is not there is null")]
#![allow(clippy::panic, reason = "a test may fail")]

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use kube::Client;
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row as _};

use crate::platform::{
    ApiServer, BACKUPS, Cluster, Controllers, ControllersOptions, EventStream, Kind, Kubelet,
    Objects, PlatformError, Postgres, Resource, Role, Valkey, backup_name,
};

/// A test ends with the servers' own words.
pub type Outcome = Result<(), PlatformError>;

/// Where the Jobs of tenants run.
pub const JOBS: &str = "crossplane-system";
/// Nothing here takes so long; it only keeps a broken test from hanging.
const HANG: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(25);

/// The servers, filled, with controllers.
pub struct World {
    pub api: ApiServer,
    pub postgres: Postgres,
    pub objects: Objects,
    pub valkey: Valkey,
    pub kubelet: Arc<Kubelet>,
    pub controllers: Option<Controllers>,
    pub client: Client,
}

impl World {
    /// So many tenants, all of them there.
    pub async fn start(tenants: usize) -> Result<Self, PlatformError> {
        let (api, postgres, objects, valkey) = tokio::try_join!(
            ApiServer::start(),
            Postgres::start(),
            Objects::start(),
            Valkey::start()
        )?;
        let kubelet = Arc::new(Kubelet::start(&api).await?);
        let now = now();
        let cluster = Cluster { kubelet: Some(kubelet.port()), ..Cluster::new(tenants, now) };
        let filled = async {
            api.create_clients_at(tenants, now).await?;
            api.fill_cluster(&cluster).await
        };
        tokio::try_join!(filled, postgres.fill(tenants))?;
        let client = api.client().await?;
        let mut world = Self { api, postgres, objects, valkey, kubelet, controllers: None, client };
        world.start_controllers().await?;
        Ok(world)
    }

    /// Starts controllers, in the place of those that there are.
    pub async fn start_controllers(&mut self) -> Outcome {
        self.controllers = None;
        let kubelet = Some(Arc::clone(&self.kubelet));
        let options = ControllersOptions { kubelet, ..ControllersOptions::default() };
        let Self { api, postgres, objects, valkey, .. } = self;
        self.controllers = Some(Controllers::start(api, postgres, objects, valkey, options).await?);
        Ok(())
    }

    pub fn controllers(&self) -> &Controllers {
        self.controllers.as_ref().expect("they were started")
    }

    /// How many rows a table has.
    pub async fn rows(&self, database: &str, table: &str) -> Result<i64, PlatformError> {
        self.ask(database, &format!("SELECT count(*) FROM {table}")).await
    }

    /// The number that a query gives.
    pub async fn ask(&self, database: &str, query: &str) -> Result<i64, PlatformError> {
        let mut session = self.postgres.connection(Role::Super, database).await?;
        let row = sqlx::query(AssertSqlSafe(query)).fetch_one(&mut session).await?;
        Ok(row.try_get(0)?)
    }

    pub async fn run(&self, database: &str, statement: &str) -> Outcome {
        self.postgres.run(database, &[statement.to_owned()]).await
    }

    /// Whether there is a database of this name.
    pub async fn has_database(&self, name: &str) -> Result<bool, PlatformError> {
        let query = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
        Ok(self.ask("postgres", &query).await? == 1)
    }

    pub async fn get(&self, path: &str) -> Result<Option<Value>, PlatformError> {
        let request = http::Request::get(path).body(Vec::new()).expect("a request");
        match self.client.request::<Value>(request).await {
            Ok(value) => Ok(Some(value)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn object(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, PlatformError> {
        self.get(&format!("{}/{name}", resource.path(namespace))).await
    }

    /// The objects of all namespaces that carry a label.
    pub async fn labelled(
        &self,
        resource: Resource,
        label: &str,
    ) -> Result<Vec<Value>, PlatformError> {
        let path = format!("{}?labelSelector={}", resource.path(""), label.replace('=', "%3D"));
        let list = self.get(&path).await?.unwrap_or_default();
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until what is at `path` is so.
    pub async fn until(
        &self,
        path: &str,
        holds: impl Fn(Option<&Value>) -> bool,
    ) -> Result<Option<Value>, PlatformError> {
        let last = std::cell::RefCell::new(None);
        let reached = tokio::time::timeout(HANG, async {
            loop {
                let seen = self.get(path).await?;
                if holds(seen.as_ref()) {
                    return Ok(seen);
                }
                last.replace(seen);
                tokio::time::sleep(POLL).await;
            }
        });
        reached.await.unwrap_or_else(|_| {
            panic!("{path} never becomes so: {:#}", last.take().unwrap_or_default())
        })
    }

    /// Waits until an object of a kind is done, or has failed.
    pub async fn until_settled(&self, kind: Kind, name: &str) -> Result<Value, PlatformError> {
        let path = format!("{}/{name}", kind.path());
        let settled = |seen: Option<&Value>| {
            seen.is_some_and(|seen| {
                let phase = &seen["status"]["phase"];
                let observed = &seen["status"]["observedGeneration"];
                (phase == "Succeeded" || phase == "Failed")
                    && *observed == seen["metadata"]["generation"]
            })
        };
        Ok(self.until(&path, settled).await?.unwrap_or_default())
    }

    /// Waits until a Job has ended; what its last pod said when it failed.
    pub async fn until_job(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<String>, PlatformError> {
        let path = format!("{}/{name}", Resource::JOB.path(namespace));
        let has = |seen: Option<&Value>, wanted: &str| {
            let conditions = seen.and_then(|job| job["status"]["conditions"].as_array());
            let mut all = conditions.into_iter().flatten();
            all.any(|one| one["type"] == wanted && one["status"] == "True")
        };
        let seen = self.until(&path, |job| has(job, "Complete") || has(job, "Failed")).await?;
        if has(seen.as_ref(), "Complete") {
            return Ok(None);
        }
        let pods = self.labelled(Resource::POD, &format!("job-name={name}")).await?;
        let said = |pod: &Value| {
            let state = &pod["status"]["containerStatuses"][0]["state"];
            state["terminated"]["message"].as_str().unwrap_or_default().to_owned()
        };
        Ok(Some(pods.last().map(said).unwrap_or_default()))
    }

    /// Makes a Job from the tenant's CronJob, as the console does.
    pub async fn back_up_job(&self, name: &str, tenant: &str, key: &str) -> Outcome {
        let cron = backup_name(tenant);
        let cron = self.object(Resource::CRON_JOB, JOBS, &cron).await?;
        let cron = cron.expect("the tenant has a CronJob");
        let mut spec = cron["spec"]["jobTemplate"]["spec"].clone();
        let env = &mut spec["template"]["spec"]["containers"][0]["env"];
        let env = env.as_array_mut().expect("the container is told something");
        env.push(json!({ "name": "BACKUP_KEY", "value": key }));
        let job = json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": name,
                "labels": { "app.kubernetes.io/created-by": "pulse-console" },
            },
            "spec": spec,
        });
        self.post(&Resource::JOB.path(JOBS), &job).await
    }

    pub async fn post(&self, path: &str, object: &Value) -> Outcome {
        let request = http::Request::post(path).header("content-type", "application/json");
        let request = request.body(object.to_string().into_bytes()).expect("a request");
        self.client.request::<Value>(request).await?;
        Ok(())
    }

    /// Makes a restore of `acme`, or of whoever the run is called after, and waits until it is done or has failed.
    pub async fn restore(
        &self,
        run: &str,
        mode: &str,
        key: &str,
        target: &str,
    ) -> Result<Value, PlatformError> {
        let slug = run.split('-').next().unwrap_or(run);
        let files = key.replace("backup-", "filestore-").replace(".dump.", ".tar.");
        let files =
            if self.fetch(&files).await.is_some() && files != key { files } else { String::new() };
        let spec = json!({
            "slug": slug, "mode": mode, "backup": key, "filestore": files, "targetDatabase": target,
        });
        self.api.create_spec(Kind::Restore, run, &spec).await?;
        self.until_settled(Kind::Restore, run).await
    }

    /// Whether a part of a tenant is there.
    pub async fn part(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
    ) -> Result<bool, PlatformError> {
        Ok(self.object(resource, namespace, name).await?.is_some())
    }

    /// Puts an object into the bucket of backups.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Outcome {
        let store = self.objects.store(BACKUPS)?;
        store.put(&Path::from(key), PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// An object of the bucket of backups; none when it is not there.
    pub async fn fetch(&self, key: &str) -> Option<Vec<u8>> {
        let store = self.objects.store(BACKUPS).ok()?;
        let found = store.get(&Path::from(key)).await.ok()?;
        Some(found.bytes().await.ok()?.to_vec())
    }

    /// Waits until the stream carries an event of this type under this id, and sees that it is there once.
    pub async fn until_told(&self, kind: &str, id: &str) -> Outcome {
        let stream = EventStream::default();
        let mut connection = self.valkey.connection().await?;
        let told = tokio::time::timeout(HANG, async {
            loop {
                let entries: redis::Value = redis::cmd("XRANGE")
                    .arg(&stream.key)
                    .arg("-")
                    .arg("+")
                    .query_async(&mut connection)
                    .await?;
                let text = format!("{entries:?}");
                if text.contains(kind) {
                    return Ok::<_, PlatformError>(text.matches(id).count());
                }
                tokio::time::sleep(POLL).await;
            }
        });
        assert_eq!(told.await.expect("it is told")?, 1, "{kind}");
        Ok(())
    }

    /// What a pod said, as the API server gives it.
    pub async fn log(&self, namespace: &str, pod: &Value) -> Result<String, PlatformError> {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("{}/{name}/log", Resource::POD.path(namespace));
        let request = http::Request::get(path).body(Vec::new()).expect("a request");
        Ok(self.client.request_text(request).await?)
    }
}

/// The same bytes, packed.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, bytes).expect("room for a file");
    let output = std::process::Command::new("gzip").arg("-c").arg(&file).output();
    output.expect("gzip is there").stdout
}

/// The present moment.
pub fn now() -> chrono::DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "real servers live in real time")]
    Utc::now()
}
