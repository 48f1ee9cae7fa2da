//! Everything with an identity that the feeds told: a collection for each sort of object.

use std::sync::Arc;

use super::collection::{Collection, Listed, Upserted};
use super::table::Slot;
use crate::domain::{
    Access, Ack, Alert, Bucket, ClusterKind, ClusterObject, Database, DatabaseServer, Execution,
    FeedId, KeyFamily, Kind, Object, Operation, Pool, Probe, Resource, Series, Session, Shelf,
    Silence, StreamInfo, StreamServer, Timestamp,
};

/// The collections, read by name. Only the store writes them.
#[derive(Clone, Debug)]
pub struct Objects {
    pub(super) resources: [Collection<Resource>; Kind::ALL.len()],
    pub(super) cluster: [Collection<ClusterObject>; ClusterKind::ALL.len()],
    /// Databases.
    pub databases: Collection<Database>,
    /// Connections to databases.
    pub sessions: Collection<Session>,
    /// The PostgreSQL server.
    pub database_server: Collection<DatabaseServer>,
    /// Pools of pgbouncer.
    pub pools: Collection<Pool>,
    /// Streams.
    pub streams: Collection<StreamInfo>,
    /// Families of keys.
    pub keys: Collection<KeyFamily>,
    /// The Valkey server.
    pub stream_server: Collection<StreamServer>,
    /// Calls of tools by agents.
    pub executions: Collection<Execution>,
    /// Backups, by prefix.
    pub shelves: Collection<Shelf>,
    /// Buckets.
    pub buckets: Collection<Bucket>,
    /// Alerts.
    pub alerts: Collection<Alert>,
    /// Silences.
    pub silences: Collection<Silence>,
    /// Acknowledgements of alerts.
    pub acks: Collection<Ack>,
    /// Figures over time.
    pub series: Collection<Series>,
    /// Results of probes.
    pub probes: Collection<Probe>,
    /// Rights of the operator in the cluster.
    pub access: Collection<Access>,
    /// Operations, as their journals tell them.
    pub operations: Collection<Operation>,
}

impl Default for Objects {
    fn default() -> Self {
        Self {
            resources: std::array::from_fn(|_| Collection::default()),
            cluster: std::array::from_fn(|_| Collection::default()),
            databases: Collection::default(),
            sessions: Collection::default(),
            database_server: Collection::default(),
            pools: Collection::default(),
            streams: Collection::default(),
            keys: Collection::default(),
            stream_server: Collection::default(),
            executions: Collection::default(),
            shelves: Collection::default(),
            buckets: Collection::default(),
            alerts: Collection::default(),
            silences: Collection::default(),
            acks: Collection::default(),
            series: Collection::default(),
            probes: Collection::default(),
            access: Collection::default(),
            operations: Collection::default(),
        }
    }
}

/// What taking in an object did.
pub(super) struct Put {
    pub(super) slot: Slot,
    /// The object's former state, when there was one.
    pub(super) before: Option<Object>,
    /// Whether it is another state than before.
    pub(super) changed: bool,
}

impl<T> From<Upserted<T>> for Put
where
    Object: From<Arc<T>>,
{
    fn from(upserted: Upserted<T>) -> Self {
        let Upserted { slot, before, changed } = upserted;
        Self { slot, before: before.map(Object::from), changed }
    }
}

/// The collection that `$feed` fills, borrowed as told; none where it fills none.
macro_rules! listed {
    ($self:expr, $feed:expr, ($($by:tt)+)) => {
        match $feed {
            FeedId::Databases => Some($($by)+ $self.databases),
            FeedId::Sessions => Some($($by)+ $self.sessions),
            FeedId::DatabaseServer => Some($($by)+ $self.database_server),
            FeedId::Pools => Some($($by)+ $self.pools),
            FeedId::Streams => Some($($by)+ $self.streams),
            FeedId::Keys => Some($($by)+ $self.keys),
            FeedId::StreamServer => Some($($by)+ $self.stream_server),
            FeedId::Executions => Some($($by)+ $self.executions),
            FeedId::Backups => Some($($by)+ $self.shelves),
            FeedId::Buckets => Some($($by)+ $self.buckets),
            FeedId::Alerts => Some($($by)+ $self.alerts),
            FeedId::Silences => Some($($by)+ $self.silences),
            FeedId::Acks => Some($($by)+ $self.acks),
            FeedId::Series => Some($($by)+ $self.series),
            FeedId::Probes => Some($($by)+ $self.probes),
            FeedId::Access => Some($($by)+ $self.access),
            FeedId::Operations => Some($($by)+ $self.operations),
            feed => match (feed.kind(), feed.cluster_kind()) {
                (Some(kind), _) => Some($($by)+ $self.resources[kind as usize]),
                (None, Some(kind)) => Some($($by)+ $self.cluster[kind as usize]),
                (None, None) => None,
            },
        }
    };
}

#[expect(clippy::indexing_slicing, reason = "there is a collection for every variant")]
impl Objects {
    /// The objects of one of the platform's own kinds.
    #[must_use]
    pub const fn of(&self, kind: Kind) -> &Collection<Resource> {
        &self.resources[kind as usize]
    }

    /// The objects of the cluster of `kind`.
    #[must_use]
    pub const fn of_cluster(&self, kind: ClusterKind) -> &Collection<ClusterObject> {
        &self.cluster[kind as usize]
    }

    /// The collection that `feed` fills; none for streams and logs.
    pub(super) fn listed(&self, feed: FeedId) -> Option<&dyn Listed> {
        listed!(self, feed, (&))
    }

    /// The collection that `feed` fills; none for streams and logs.
    pub(super) fn listed_mut(&mut self, feed: FeedId) -> Option<&mut dyn Listed> {
        listed!(self, feed, (&mut))
    }

    /// Takes in an object's state.
    pub(super) fn put(&mut self, object: Object, at: Timestamp) -> Put {
        match object {
            Object::Resource(it) => self.resources[it.kind() as usize].upsert(it, at).into(),
            Object::ClusterObject(it) => self.cluster[it.kind as usize].upsert(it, at).into(),
            Object::Database(it) => self.databases.upsert(it, at).into(),
            Object::Session(it) => self.sessions.upsert(it, at).into(),
            Object::DatabaseServer(it) => self.database_server.upsert(it, at).into(),
            Object::Pool(it) => self.pools.upsert(it, at).into(),
            Object::StreamInfo(it) => self.streams.upsert(it, at).into(),
            Object::KeyFamily(it) => self.keys.upsert(it, at).into(),
            Object::StreamServer(it) => self.stream_server.upsert(it, at).into(),
            Object::Execution(it) => self.executions.upsert(it, at).into(),
            Object::Shelf(it) => self.shelves.upsert(it, at).into(),
            Object::Bucket(it) => self.buckets.upsert(it, at).into(),
            Object::Alert(it) => self.alerts.upsert(it, at).into(),
            Object::Silence(it) => self.silences.upsert(it, at).into(),
            Object::Ack(it) => self.acks.upsert(it, at).into(),
            Object::Series(it) => self.series.upsert(it, at).into(),
            Object::Probe(it) => self.probes.upsert(it, at).into(),
            Object::Access(it) => self.access.upsert(it, at).into(),
            Object::Operation(it) => self.operations.upsert(it, at).into(),
        }
    }

    /// Grows with every change of any of them.
    pub(super) fn revision(&self) -> u64 {
        FeedId::ALL.into_iter().filter_map(|feed| self.listed(feed)).map(Listed::revision).sum()
    }
}
