//! The tables: how facts become rows.

mod alerts;
mod backups;
mod cluster;
mod databases;
mod due;
mod events;
mod executions;
mod keys;
mod operations;
mod overview;
mod pools;
mod record;
mod services;
mod sessions;
mod silences;
mod streams;
mod tenants;
mod upgrades;

pub use alerts::AlertsTable;
pub use backups::BackupsTable;
pub use cluster::ClusterTable;
pub use databases::DatabasesTable;
pub(super) use databases::{database_slot, missing_slot};
pub use due::DueTable;
pub use events::EventsTable;
pub use overview::OverviewTable;
pub(super) use record::Records;
pub use services::ServicesTable;
pub use tenants::TenantsTable;
pub use upgrades::UpgradesTable;
pub(super) use upgrades::run_slot;

use super::Store;
use super::table::{Column, ColumnKind, Table, TableId, Value, Width};
use crate::domain::{ClusterKind, FeedId, Text};

/// The columns of the table `id`.
#[must_use]
pub const fn columns(id: TableId) -> &'static [Column] {
    match id {
        TableId::Tenants => tenants::COLUMNS,
        TableId::Events => events::COLUMNS,
        TableId::Databases => databases::COLUMNS,
        TableId::Sessions => sessions::COLUMNS,
        TableId::Pools => pools::COLUMNS,
        TableId::Streams => streams::COLUMNS,
        TableId::Keys => keys::COLUMNS,
        TableId::Backups => backups::COLUMNS,
        TableId::Upgrades => upgrades::COLUMNS,
        TableId::Alerts => alerts::COLUMNS,
        TableId::Silences => silences::COLUMNS,
        TableId::Executions => executions::COLUMNS,
        TableId::Operations => operations::COLUMNS,
        TableId::Due => due::COLUMNS,
        TableId::Overview => overview::COLUMNS,
        TableId::Workloads => cluster::WORKLOADS,
        TableId::Pods => cluster::PODS,
        TableId::Network => cluster::NETWORK,
        TableId::Flux => cluster::FLUX,
        TableId::Jobs => cluster::JOBS,
        TableId::Nodes => cluster::NODES,
        TableId::Services => services::COLUMNS,
    }
}

/// The kinds of objects of the cluster that are rows of the table `id`.
#[must_use]
pub const fn cluster_kinds(id: TableId) -> &'static [ClusterKind] {
    match id {
        TableId::Workloads => {
            &[ClusterKind::Deployment, ClusterKind::Autoscaler, ClusterKind::Quota]
        }
        TableId::Pods => &[ClusterKind::Pod],
        TableId::Network => &[ClusterKind::Gateway, ClusterKind::Route, ClusterKind::Certificate],
        TableId::Flux => &[ClusterKind::Kustomization],
        TableId::Jobs => &[ClusterKind::CronJob, ClusterKind::Job],
        TableId::Nodes => &[ClusterKind::Node, ClusterKind::Claim],
        _ => &[],
    }
}

/// Calls `read` with the table `id` of `store`.
pub(super) fn with<R>(store: &Store, id: TableId, read: impl FnOnce(&dyn Table) -> R) -> R {
    let objects = store.objects();
    match id {
        TableId::Tenants => read(&TenantsTable::new(store)),
        TableId::Events => read(&EventsTable::new(store)),
        TableId::Upgrades => read(&UpgradesTable::new(store)),
        TableId::Databases => read(&DatabasesTable::new(store)),
        TableId::Sessions => read(&Records::new(store, &objects.sessions)),
        TableId::Pools => read(&Records::new(store, &objects.pools)),
        TableId::Streams => read(&Records::new(store, &objects.streams)),
        TableId::Keys => read(&Records::new(store, &objects.keys)),
        TableId::Backups => read(&BackupsTable::new(store)),
        TableId::Alerts => read(&AlertsTable::new(store)),
        TableId::Silences => read(&Records::new(store, &objects.silences)),
        TableId::Executions => read(&Records::new(store, &objects.executions)),
        TableId::Operations => read(&Records::new(store, &objects.operations)),
        TableId::Due => read(&DueTable::new(store)),
        TableId::Overview => read(&OverviewTable::new(store)),
        TableId::Workloads
        | TableId::Pods
        | TableId::Network
        | TableId::Flux
        | TableId::Jobs
        | TableId::Nodes => read(&ClusterTable::new(store, id)),
        TableId::Services => read(&ServicesTable::new(store)),
    }
}

/// The feeds that say whether something is wrong.
const OVERVIEW: &[FeedId] = &[
    FeedId::Clients,
    FeedId::Environments,
    FeedId::Upgrades,
    FeedId::Restores,
    FeedId::Templates,
    FeedId::Alerts,
    FeedId::Databases,
    FeedId::Sessions,
    FeedId::DatabaseServer,
    FeedId::Pools,
    FeedId::Streams,
    FeedId::StreamServer,
    FeedId::Events,
    FeedId::Backups,
    FeedId::Probes,
    FeedId::Deployments,
    FeedId::Pods,
    FeedId::Routes,
    FeedId::Gateways,
    FeedId::Certificates,
    FeedId::Kustomizations,
    FeedId::CronJobs,
    FeedId::Jobs,
    FeedId::Nodes,
    FeedId::Claims,
    FeedId::Operations,
];

/// The feeds that the table `id` is made of, the one that makes its rows first.
#[must_use]
pub const fn feeds_of(id: TableId) -> &'static [FeedId] {
    match id {
        TableId::Overview => OVERVIEW,
        TableId::Tenants => &[FeedId::Clients],
        TableId::Events => &[FeedId::Events],
        TableId::Databases => &[FeedId::Databases],
        TableId::Sessions => &[FeedId::Sessions],
        TableId::Pools => &[FeedId::Pools],
        TableId::Streams => &[FeedId::Streams],
        TableId::Keys => &[FeedId::Keys],
        TableId::Backups => &[FeedId::Backups],
        TableId::Upgrades => &[FeedId::Upgrades, FeedId::Restores, FeedId::Templates],
        TableId::Alerts => &[FeedId::Alerts],
        TableId::Silences => &[FeedId::Silences],
        TableId::Workloads => &[FeedId::Deployments, FeedId::Autoscalers, FeedId::Quotas],
        TableId::Pods => &[FeedId::Pods],
        TableId::Network => &[FeedId::Routes, FeedId::Gateways, FeedId::Certificates],
        TableId::Flux => &[FeedId::Kustomizations],
        TableId::Jobs => &[FeedId::CronJobs, FeedId::Jobs],
        TableId::Nodes => &[FeedId::Nodes, FeedId::Claims],
        TableId::Services => &[FeedId::Deployments, FeedId::Pods],
        TableId::Executions => &[FeedId::Executions],
        TableId::Operations | TableId::Due => &[FeedId::Operations],
    }
}

/// The feeds whose trouble makes the rows of the table `id` doubtful: those of its rows, and those that
/// its judgements rest on.
#[must_use]
pub const fn feeds_judging(id: TableId) -> &'static [FeedId] {
    match id {
        // Each feed in trouble is a row of its own there.
        TableId::Overview => &[],
        TableId::Tenants => &[FeedId::Clients, FeedId::Environments],
        TableId::Databases => &[FeedId::Databases, FeedId::Clients],
        TableId::Backups => &[FeedId::Backups, FeedId::Clients],
        _ => feeds_of(id),
    }
}

fn text(text: &Text) -> Value<'_> {
    if text.is_empty() { Value::Nothing } else { Value::Text(text.as_str()) }
}

fn optional(value: Option<&Text>) -> Value<'_> {
    value.map_or(Value::Nothing, text)
}

const fn column(id: &'static str, title: &'static str, doc: &'static str) -> Column {
    Column {
        id,
        title,
        doc,
        kind: ColumnKind::Text,
        width: Width::Fixed(10),
        rank: 1,
        searched: false,
        shown: true,
        right: false,
    }
}

impl Column {
    const fn kind(self, kind: ColumnKind) -> Self {
        Self { kind, ..self }
    }

    const fn fixed(self, cells: u16) -> Self {
        Self { width: Width::Fixed(cells), ..self }
    }

    const fn flex(self, least: u16, weight: u16) -> Self {
        Self { width: Width::Flex { least, weight }, ..self }
    }

    const fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    const fn searched(self) -> Self {
        Self { searched: true, ..self }
    }

    const fn right(self) -> Self {
        Self { right: true, ..self }
    }

    const fn hidden(self) -> Self {
        Self { shown: false, ..self }
    }
}
