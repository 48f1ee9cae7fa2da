//! The real servers that tests and the development platform run against: a Kubernetes API server with etcd, Valkey,
//! PostgreSQL, pgbouncer, an S3 server, Alertmanager, Prometheus and an OpenID provider.
//!
//! Each server is the program itself, in a folder and on a loopback port of its own, seen only through the client crates
//! that the console uses too. It is not a mock and knows nothing of the console. Invariants: nothing listens beyond
//! loopback; a server never outlives the process that started it; a program that is not there is an error that says what
//! to run, never a test that passes without having tested.
//!
//! ```ignore
//! mod platform;
//! let server = platform::ApiServer::start().await?;
//! server.create_clients(40).await?;
//! let kubeconfig = server.kubeconfig(platform::User::Viewer);
//! ```
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "every test binary uses another part of this module"
)]
#![allow(clippy::indexing_slicing, reason = "fields are set in JSON objects made a line above")]

mod alertmanager;
mod api_server;
mod authentik;
mod backups;
mod blackbox;
mod certificates;
mod cluster;
mod controllers;
mod databases;
mod events;
mod folder;
mod groups;
mod holdings;
mod http;
mod issuer;
mod jwt;
mod kinds;
mod kubeconfig;
mod kubelet;
mod load;
mod loki;
mod matrix;
mod objects;
mod packaging;
mod pgbouncer;
mod ports;
mod postgres;
mod process;
mod prometheus;
mod provider;
mod queues;
mod seed;
mod series;
mod unprivileged;
mod valkey;
mod wrong;

pub use alertmanager::{Alertmanager, AlertmanagerOptions, alert, storm};
pub use api_server::{ApiServer, ApiServerOptions, Trusted};
pub use authentik::{
    Authentik, AuthentikDevice, CONSOLE_APP, Instead, LOGIN_FLOW, Manner, PASSWORD, STEP_UP_APP,
    ToDevice,
};
pub use backups::{
    EMPTY_BACKUP, HALF_BACKUP, LATE_BACKUP, PLATFORM_PREFIX, SMALL_BACKUP, WITHOUT_BACKUP,
};
pub use blackbox::{Blackbox, Target};
pub use certificates::Validity;
pub use cluster::{
    ACKS, Ack, CONSOLE, Cluster, FLUX, Incident, Link, Resource, RunJob, RunState, WORKLOADS,
    Workload, backup_name, flux_labels, pod_names, route_name,
};
pub use controllers::{Controllers, ControllersOptions, FAULT, Fault};
pub use databases::{ORPHAN, PLATFORM_DATABASES, WITHOUT_DATABASE, database_name};
pub use events::{EventLayout, EventStream, cloud_event};
pub use folder::write_private;
pub use holdings::OBSERVER_RULES;
pub use issuer::{CONSOLE as CONSOLE_APPLICATION, Issuer, SECRET, STEP_UP, Wrong, said_by};
pub use jwt::TokenIssuer;
pub use kinds::{
    Kind, client_name, client_object, client_tier, client_version, condition, usual_moment,
    version_namespace,
};
pub use kubeconfig::User;
pub use kubelet::{Kubelet, LINES_MAX, Speaker};
pub use load::{Block, Load};
pub use loki::{Loki, LokiOptions};
pub use matrix::{Matrix, Message};
pub use objects::{BACKUPS, Object, Objects, ObjectsOptions, REGION, TEMPLATES};
pub use packaging::may;
pub use pgbouncer::{PgBouncer, PgBouncerOptions};
pub use postgres::{Postgres, PostgresOptions, Role};
pub use prometheus::{DOWN, Prometheus, PrometheusOptions, SLOW};
pub use provider::{
    BASIC_CLIENT, CLIENT, Landing, OPERATOR, POST_CLIENT, PSS_CLIENT, Provider, ProviderOptions,
    SENIOR, STEP_UP_CLIENT, Shown, Someone, TENANT, VIEWER, accounts,
};
pub use valkey::{Valkey, ValkeyOptions, patient};
pub use wrong::{Answer, Proxy, Scripted};

/// Why a server could not be started, stopped or filled.
#[derive(thiserror::Error)]
pub enum PlatformError {
    /// A program is not on this machine.
    #[error(
        "{program} is not on this machine, so what needs it cannot run. Run `make test`, which {remedy}."
    )]
    Missing {
        /// What was looked for.
        program: &'static str,
        /// What `make test` does about it.
        remedy: &'static str,
    },
    /// A program ended, or did not answer in time.
    #[error("{program} {how}. Its log is {log} and ends with:\n{tail}")]
    NotReady {
        /// Which program.
        program: &'static str,
        /// Ended, or silent for too long.
        how: String,
        /// The whole log.
        log: String,
        /// The last lines of it.
        tail: String,
    },
    /// A port, a file or a process could not be had.
    #[error("could not {what}: {source}")]
    Io {
        /// What was tried, as a verb phrase.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The server is stopped.
    #[error("{0} is stopped; call start_again first.")]
    Stopped(&'static str),
    /// A certificate could not be made.
    #[error("could not make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The API server refused, or could not be reached.
    #[error("the API server: {0}")]
    Kubernetes(#[from] Box<kube::Error>),
    /// A kubeconfig could not be read back.
    #[error("the kubeconfig: {0}")]
    Kubeconfig(#[from] Box<kube::config::KubeconfigError>),
    /// Valkey refused, or could not be reached.
    #[error("Valkey: {0}")]
    Valkey(#[from] redis::RedisError),
    /// PostgreSQL or pgbouncer refused, or could not be reached.
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] sqlx::Error),
    /// The S3 server refused, or could not be reached.
    #[error("the S3 server: {0}")]
    Objects(#[from] object_store::Error),
    /// Alertmanager or Prometheus could not be reached.
    #[error("an HTTP server of the platform: {0}")]
    Http(#[from] reqwest::Error),
    /// Alertmanager or Prometheus said no, or what is no answer.
    #[error("{url} answers {answer}")]
    Refused {
        /// What was asked.
        url: String,
        /// What came.
        answer: String,
    },
}

/// A test that returns this error prints it with `Debug`: the sentence helps, the structure does not.
impl std::fmt::Debug for PlatformError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, out)
    }
}

impl From<kube::Error> for PlatformError {
    fn from(error: kube::Error) -> Self {
        Self::Kubernetes(Box::new(error))
    }
}

impl From<kube::config::KubeconfigError> for PlatformError {
    fn from(error: kube::config::KubeconfigError) -> Self {
        Self::Kubeconfig(Box::new(error))
    }
}

/// Names what was tried, for the system's bare errors.
trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, PlatformError>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, PlatformError> {
        self.map_err(|source| PlatformError::Io { what: what(), source })
    }
}
