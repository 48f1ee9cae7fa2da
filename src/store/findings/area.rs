//! What a finding is about, and where its own row stands.

use serde::{Deserialize, Serialize};

use crate::domain::{ClusterKind, FeedId};
use crate::store::table::TableId;

/// Declares [`Area`]: its word, the table that its things are rows of, and the feeds that it is judged by.
macro_rules! areas {
    ($($(#[$doc:meta])* $id:ident = $word:literal in $table:ident by $($feed:ident),*;)+) => {
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
        }
    };
}

areas! {
    /// Alerts that fire and that nobody looks after.
    Alerts = "alert" in Alerts by Alerts, Acks;
    /// Feeds that can't be read.
    Feeds = "feed" in Overview by;
    /// The PostgreSQL server and its databases.
    Databases = "database" in Databases by Databases, DatabaseServer, Clients;
    /// Sessions that block others, and transactions that are open too long.
    Sessions = "session" in Sessions by Sessions;
    /// Pools before which clients wait.
    Pools = "pool" in Pools by Pools;
    /// Addresses of tenants that don't answer.
    Probes = "probe" in Tenants by Probes;
    /// Tenants that are not ready.
    Tenants = "tenant" in Tenants by Clients, Environments;
    /// Backups that are late, missing, half or small.
    Backups = "backup" in Backups by Backups, Clients;
    /// Streams, their groups and their server.
    Streams = "stream" in Streams by Streams, StreamServer, Events;
    /// Upgrades, restores and template builds.
    Runs = "run" in Upgrades by Upgrades, Restores, Templates;
    /// Services and workloads that are not as they should be.
    Workloads = "workload" in Workloads by Deployments, Autoscalers, Quotas;
    /// Pods that don't run.
    Pods = "pod" in Pods by Pods;
    /// Gateways, routes and certificates.
    Network = "network" in Network by Routes, Gateways, Certificates;
    /// What Flux can't bring, or does not.
    Flux = "flux" in Flux by Kustomizations;
    /// Jobs that failed.
    Jobs = "job" in Jobs by CronJobs, Jobs;
    /// Nodes and volume claims.
    Nodes = "node" in Nodes by Nodes, Claims;
    /// Soaks that are due.
    Soaks = "soak" in Upgrades by Upgrades;
    /// Insurance backups whose floor ends.
    Insurance = "insurance" in Backups by Backups;
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
