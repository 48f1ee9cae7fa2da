//! What a finding is about, and where its own row stands.

use serde::{Deserialize, Serialize};

use crate::domain::{ClusterKind, FeedId, Span};
use crate::store::table::TableId;

/// Declares [`Area`]: its word, the table that its things are rows of, after how many
/// seconds it is judged again because of the time alone, and the feeds that it is judged by.
macro_rules! areas {
    ($($(#[$doc:meta])* $id:ident = $word:literal in $table:ident every $ages:literal by $($feed:ident),*;)+) => {
        /// What a finding is about; the order decides between equally bad ones.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Area {
            $($(#[$doc])* $id,)+
        }

        impl Area {
            /// All of them, in their order.
            pub const ALL: [Self; [$(Self::$id),+].len()] = [$(Self::$id),+];

            /// The word shown and filtered by.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$id => $word),+ }
            }

            /// The table that its things are rows of.
            #[must_use]
            pub const fn table(self) -> TableId {
                match self { $(Self::$id => TableId::$table),+ }
            }

            /// The feeds that it is judged by, the one that tells its things first.
            #[must_use]
            pub const fn feeds(self) -> &'static [FeedId] {
                match self { $(Self::$id => &[$(FeedId::$feed),*]),+ }
            }

            /// After this time it is judged again though nothing was told: ages grow. Short where a minute counts
            /// and the things are few; what takes long to become wrong, or does so only by what is told, can wait.
            #[must_use]
            pub(super) const fn ages(self) -> Span {
                match self { $(Self::$id => Span::from_secs($ages)),+ }
            }
        }
    };
}

areas! {
    /// Alerts that fire and that nobody looks after.
    Alerts = "alert" in Alerts every 10 by Alerts, Acks;
    /// Feeds that can't be read.
    Feeds = "feed" in Overview every 1 by;
    /// The PostgreSQL server and its databases.
    Databases = "database" in Databases every 60 by Databases, DatabaseServer, Clients;
    /// Sessions that block others, and transactions that are open too long.
    Sessions = "session" in Sessions every 10 by Sessions;
    /// Pools before which clients wait.
    Pools = "pool" in Pools every 60 by Pools;
    /// Addresses of tenants that don't answer.
    Probes = "probe" in Tenants every 60 by Probes, Clients;
    /// Tenants that are not ready.
    Tenants = "tenant" in Tenants every 60 by Clients, Environments;
    /// Backups that are late, missing, half or small.
    Backups = "backup" in Backups every 60 by Backups, Clients;
    /// Streams, their groups and their server.
    Streams = "stream" in Streams every 10 by Streams, StreamServer, Events;
    /// Upgrades, restores and template builds.
    Runs = "run" in Upgrades every 60 by Upgrades, Restores, Templates;
    /// Services and workloads that are not as they should be.
    Workloads = "workload" in Workloads every 60 by Deployments, Autoscalers, Quotas;
    /// Pods that don't run.
    Pods = "pod" in Pods every 60 by Pods, Jobs;
    /// Gateways, routes and certificates.
    Network = "network" in Network every 60 by Routes, Gateways, Certificates;
    /// What Flux can't bring, or does not.
    Flux = "flux" in Flux every 60 by Kustomizations;
    /// Jobs that failed.
    Jobs = "job" in Jobs every 60 by CronJobs, Jobs;
    /// Operations that need a person.
    Operations = "operation" in Operations every 60 by Operations;
    /// Nodes and volume claims.
    Nodes = "node" in Nodes every 60 by Nodes, Claims;
    /// Soaks that are due.
    Soaks = "soak" in Upgrades every 60 by Upgrades;
    /// Insurance backups whose floor ends.
    Insurance = "insurance" in Backups every 60 by Backups;
}

impl Area {
    /// The kinds of objects of the cluster that it is judged by.
    pub(super) const fn kinds(self) -> &'static [ClusterKind] {
        match self {
            Self::Workloads => {
                &[ClusterKind::Deployment, ClusterKind::Autoscaler, ClusterKind::Quota]
            }
            Self::Pods => &[ClusterKind::Pod],
            Self::Network => &[ClusterKind::Gateway, ClusterKind::Route, ClusterKind::Certificate],
            Self::Flux => &[ClusterKind::Kustomization],
            Self::Jobs => &[ClusterKind::CronJob, ClusterKind::Job],
            Self::Nodes => &[ClusterKind::Node, ClusterKind::Claim],
            _ => &[],
        }
    }
}
