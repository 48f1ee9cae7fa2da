//! The feeds: where facts come from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ClusterKind, Kind};

/// A server, or a group of them, that feeds read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// The API server.
    Kubernetes,
    /// The PostgreSQL server.
    Postgres,
    /// The pooler before it.
    Pgbouncer,
    /// The server of streams.
    Valkey,
    /// The object store.
    Objects,
    /// Alertmanager.
    Alertmanager,
    /// Prometheus.
    Prometheus,
    /// Loki.
    Loki,
}

impl System {
    /// All of them, in the order shown.
    pub const ALL: [Self; 8] = [
        Self::Kubernetes,
        Self::Postgres,
        Self::Pgbouncer,
        Self::Valkey,
        Self::Objects,
        Self::Alertmanager,
        Self::Prometheus,
        Self::Loki,
    ];

    /// Its name in words, as shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Postgres => "pg01",
            Self::Pgbouncer => "pgbouncer",
            Self::Valkey => "valkey",
            Self::Objects => "s3",
            Self::Alertmanager => "alertmanager",
            Self::Prometheus => "prometheus",
            Self::Loki => "loki",
        }
    }
}

impl System {
    /// Its name where there is little room.
    #[must_use]
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Kubernetes => "k8s",
            Self::Postgres => "pg01",
            Self::Pgbouncer => "pgb",
            Self::Valkey => "valkey",
            Self::Objects => "s3",
            Self::Alertmanager => "am",
            Self::Prometheus => "prom",
            Self::Loki => "loki",
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Declares [`FeedId`]: each feed with its word in files, its name as shown, and its system.
macro_rules! feeds {
    ($($(#[$doc:meta])* $id:ident = $name:literal of $system:ident;)+) => {
        /// A source of facts whose freshness is known and shown on its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum FeedId {
            $($(#[$doc])* $id,)+
        }

        impl FeedId {
            /// Every feed, in the order shown.
            pub const ALL: [Self; [$(Self::$id),+].len()] = [$(Self::$id),+];

            /// Its name in words, as shown.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$id => $name),+ }
            }

            /// The system that it reads.
            #[must_use]
            pub const fn system(self) -> System {
                match self { $(Self::$id => System::$system),+ }
            }
        }
    };
}

feeds! {
    /// `PLANAClient` objects.
    Clients = "tenants" of Kubernetes;
    /// `TenantEnvironment` objects.
    Environments = "environments" of Kubernetes;
    /// `TenantUpgrade` objects.
    Upgrades = "upgrades" of Kubernetes;
    /// `TemplateSnapshot` objects.
    Templates = "templates" of Kubernetes;
    /// `EnvironmentRestore` objects.
    Restores = "restores" of Kubernetes;
    /// Entries of the event stream.
    Events = "events" of Valkey;
    /// Databases.
    Databases = "databases" of Postgres;
    /// Connections to databases.
    Sessions = "sessions" of Postgres;
    /// The PostgreSQL server itself.
    DatabaseServer = "database server" of Postgres;
    /// Pools of pgbouncer.
    Pools = "pools" of Pgbouncer;
    /// Streams and their groups.
    Streams = "streams" of Valkey;
    /// Families of keys.
    Keys = "keys" of Valkey;
    /// The Valkey server itself.
    StreamServer = "stream server" of Valkey;
    /// Calls of tools by agents.
    Executions = "executions" of Valkey;
    /// Backups, by tenant.
    Backups = "backups" of Objects;
    /// Buckets as a whole.
    Buckets = "buckets" of Objects;
    /// Alerts.
    Alerts = "alerts" of Alertmanager;
    /// Silences.
    Silences = "silences" of Alertmanager;
    /// Acknowledgements of alerts.
    Acks = "acks" of Kubernetes;
    /// Deployments.
    Deployments = "deployments" of Kubernetes;
    /// `HorizontalPodAutoscaler` objects.
    Autoscalers = "autoscalers" of Kubernetes;
    /// `ResourceQuota` objects.
    Quotas = "quotas" of Kubernetes;
    /// Pods.
    Pods = "pods" of Kubernetes;
    /// Events about objects of the cluster.
    Occurrences = "cluster events" of Kubernetes;
    /// Gateways.
    Gateways = "gateways" of Kubernetes;
    /// `HTTPRoute` objects.
    Routes = "routes" of Kubernetes;
    /// Certificates.
    Certificates = "certificates" of Kubernetes;
    /// Kustomizations of Flux.
    Kustomizations = "kustomizations" of Kubernetes;
    /// CronJobs.
    CronJobs = "cronjobs" of Kubernetes;
    /// Jobs.
    Jobs = "jobs" of Kubernetes;
    /// Nodes.
    Nodes = "nodes" of Kubernetes;
    /// `PersistentVolumeClaim` objects.
    Claims = "claims" of Kubernetes;
    /// Figures over time.
    Series = "figures" of Prometheus;
    /// Results of probes.
    Probes = "probes" of Prometheus;
    /// Lines of the log that is open.
    Log = "log" of Kubernetes;
    /// What the operator may do in the cluster.
    Access = "rights" of Kubernetes;
    /// Operations, as their journals tell them.
    Operations = "operations" of Kubernetes;
    /// Lines of what is asked of Loki.
    Audit = "loki" of Loki;
}

impl FeedId {
    /// The feed that tells of `kind`.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Client => Self::Clients,
            Kind::Environment => Self::Environments,
            Kind::Upgrade => Self::Upgrades,
            Kind::Template => Self::Templates,
            Kind::Restore => Self::Restores,
        }
    }

    /// The kind that this feed tells of, if it is one of the platform's own.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Self::Clients => Some(Kind::Client),
            Self::Environments => Some(Kind::Environment),
            Self::Upgrades => Some(Kind::Upgrade),
            Self::Templates => Some(Kind::Template),
            Self::Restores => Some(Kind::Restore),
            _ => None,
        }
    }

    /// The feed that tells of objects of the cluster of `kind`.
    #[must_use]
    pub const fn of_cluster(kind: ClusterKind) -> Self {
        match kind {
            ClusterKind::Deployment => Self::Deployments,
            ClusterKind::Autoscaler => Self::Autoscalers,
            ClusterKind::Quota => Self::Quotas,
            ClusterKind::Pod => Self::Pods,
            ClusterKind::Occurrence => Self::Occurrences,
            ClusterKind::Gateway => Self::Gateways,
            ClusterKind::Route => Self::Routes,
            ClusterKind::Certificate => Self::Certificates,
            ClusterKind::Kustomization => Self::Kustomizations,
            ClusterKind::CronJob => Self::CronJobs,
            ClusterKind::Job => Self::Jobs,
            ClusterKind::Node => Self::Nodes,
            ClusterKind::Claim => Self::Claims,
        }
    }

    /// The kind of objects of the cluster that this feed tells of, if it does.
    #[must_use]
    pub fn cluster_kind(self) -> Option<ClusterKind> {
        ClusterKind::ALL.into_iter().find(|kind| Self::of_cluster(*kind) == self)
    }

    /// Whether it tells objects with identities, in complete listings: all but the event stream and logs.
    #[must_use]
    pub const fn tells_objects(self) -> bool {
        !matches!(self, Self::Events | Self::Log | Self::Audit)
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
