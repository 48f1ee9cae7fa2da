//! What every controller works with: the API server, PostgreSQL, the buckets, the stream, the log of each pod.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use object_store::aws::AmazonS3;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};

use super::faults::{Fault, Faults};
use super::programs::Programs;
use crate::platform::{EventStream, Kubelet, PlatformError};

const MANAGER: &str = "crossplane";
/// What is slow takes so many times as long.
const SLOW: u32 = 100;

/// The servers, and how one works.
pub(super) struct Desk {
    pub(super) client: kube::Client,
    pub(super) programs: Programs,
    pub(super) database: PgConnectOptions,
    pub(super) backups: AmazonS3,
    pub(super) valkey: redis::Client,
    pub(super) kubelet: Option<Arc<Kubelet>>,
    pub(super) pace: Duration,
    pub(super) faults: Faults,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Desk").field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl Desk {
    /// The present moment: what the controllers write into objects happens now.
    pub(super) fn now() -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "real servers live in real time")]
        Utc::now()
    }

    /// Lets the time of one phase pass.
    pub(super) async fn phase(&self, fault: Option<Fault>) {
        let times = if fault == Some(Fault::Slow) { SLOW } else { 1 };
        tokio::time::sleep(self.pace * times).await;
    }

    /// The object at `path`; none when there is none.
    pub(super) async fn get(&self, path: &str) -> Result<Option<Value>, PlatformError> {
        some(self.ask("GET", path, "application/json", String::new()).await)
    }

    /// The objects of the collection at `path` that carry `label`.
    pub(super) async fn list(&self, path: &str, label: &str) -> Result<Vec<Value>, PlatformError> {
        let path = match label {
            "" => path.to_owned(),
            label => format!("{path}?labelSelector={}", label.replace('=', "%3D")),
        };
        let mut list = self.ask("GET", &path, "application/json", String::new()).await?;
        Ok(match list["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        })
    }

    /// Makes `object` in the collection at `path`; one that is there stays as it is.
    pub(super) async fn make(&self, path: &str, object: &Value) -> Result<(), PlatformError> {
        let path = format!("{path}?fieldManager={MANAGER}");
        match self.ask("POST", &path, "application/json", object.to_string()).await {
            Err(error) if code(&error) == Some(409) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Merges `change` into the object at `path`; one that is gone needs no change.
    pub(super) async fn merge(&self, path: &str, change: &Value) -> Result<(), PlatformError> {
        let path = format!("{path}?fieldManager={MANAGER}");
        let answer =
            self.ask("PATCH", &path, "application/merge-patch+json", change.to_string()).await;
        some(answer).map(drop)
    }

    /// Deletes the object at `path`, which may be gone.
    pub(super) async fn delete(&self, path: &str) -> Result<(), PlatformError> {
        let path = format!("{path}?gracePeriodSeconds=0&propagationPolicy=Background");
        some(self.ask("DELETE", &path, "application/json", String::new()).await).map(drop)
    }

    /// Lets a deleted object go.
    pub(super) async fn release(&self, path: &str) -> Result<(), PlatformError> {
        self.merge(path, &json!({ "metadata": { "finalizers": null } })).await
    }

    /// Deletes the object at `path`, whatever holds it; it may be gone.
    pub(super) async fn take_away(&self, path: &str) -> Result<(), PlatformError> {
        self.delete(path).await?;
        self.release(path).await
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: String,
    ) -> Result<Value, PlatformError> {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content_type)
            .body(body.into_bytes())
            .map_err(kube::Error::HttpError)?;
        Ok(self.client.request::<Value>(request).await?)
    }

    /// A session of the superuser on `database`.
    pub(super) async fn session(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        let options = self.database.clone().database(database);
        options.application_name("crossplane").connect().await
    }

    /// Runs statements on `database`, each by itself.
    pub(super) async fn run(
        &self,
        database: &str,
        statements: &[String],
    ) -> Result<(), sqlx::Error> {
        let mut session = self.session(database).await?;
        for statement in statements {
            sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut session).await?;
        }
        session.close().await
    }

    /// What is noted of the database `name`: none when it is not there, nothing when nothing is noted.
    pub(super) async fn note_of(&self, name: &str) -> Result<Option<String>, sqlx::Error> {
        let mut session = self.session("postgres").await?;
        let query = "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = $1";
        let row = sqlx::query(query).bind(name).fetch_optional(&mut session).await?;
        session.close().await?;
        row.map(|row| row.try_get(0)).transpose()
    }

    /// Publishes an event of the platform under an id of its own: told twice, it is known to be the same.
    pub(super) async fn publish(
        &self,
        kind: &str,
        id: &str,
        data: &Value,
    ) -> Result<(), PlatformError> {
        let event = json!({
            "specversion": "1.0",
            "id": id,
            "type": kind,
            "source": "//plana-pulse/crossplane/planaclient",
            "subject": data.get("subdomain"),
            "time": Self::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            "datacontenttype": "application/json",
            "data": data,
        });
        let stream = EventStream::default();
        let patient = super::super::patient();
        let mut connection =
            self.valkey.get_multiplexed_async_connection_with_config(&patient).await?;
        let mut command = redis::cmd("XADD");
        command.arg(&stream.key).arg("MAXLEN").arg("~").arg(stream.keep).arg("*");
        command.arg(stream.layout.fields(&event));
        Ok(command.query_async::<()>(&mut connection).await?)
    }
}

/// The code with which the API server refused.
pub(super) fn code(error: &PlatformError) -> Option<u16> {
    match error {
        PlatformError::Kubernetes(error) => match &**error {
            kube::Error::Api(status) => Some(status.code),
            _ => None,
        },
        _ => None,
    }
}

/// What the API server said when it refused.
pub(super) fn words(error: &PlatformError) -> String {
    match error {
        PlatformError::Kubernetes(error) => match &**error {
            kube::Error::Api(status) => status.message.clone(),
            error => error.to_string(),
        },
        error => error.to_string(),
    }
}

fn some(answer: Result<Value, PlatformError>) -> Result<Option<Value>, PlatformError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if code(&error) == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}
