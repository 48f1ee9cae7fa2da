//! Anything with an identity that a feed tells.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Access, Ack, Alert, Bucket, ClusterObject, Database, DatabaseServer, Execution, FeedId,
    KeyFamily, Operation, Pool, Probe, Resource, Series, Session, Shelf, Silence, StreamInfo,
    StreamServer, Text, Uid,
};

/// A thing with an identity, told by one feed and kept in one collection.
pub trait Record: Clone + PartialEq {
    /// The feed that tells it.
    fn feed(&self) -> FeedId;

    /// Its identity within that feed.
    fn uid(&self) -> &Uid;

    /// The tenant that it belongs to, where it says so.
    fn tenant(&self) -> Option<&Text>;
}

/// Declares [`Object`]: one variant for each type that feeds tell, and what they have in common.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        /// Any object that a feed tells. Cheap to clone.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Object {
            $($(#[$doc])* $name(Arc<$name>),)+
        }

        impl Object {
            /// The feed that tells it.
            #[must_use]
            pub fn feed(&self) -> FeedId {
                match self { $(Self::$name(object) => Record::feed(&**object),)+ }
            }

            /// Its identity within that feed.
            #[must_use]
            pub fn uid(&self) -> &Uid {
                match self { $(Self::$name(object) => Record::uid(&**object),)+ }
            }

            /// The tenant that it belongs to, where it says so.
            #[must_use]
            pub fn tenant(&self) -> Option<&Text> {
                match self { $(Self::$name(object) => Record::tenant(&**object),)+ }
            }
        }

        $(
            impl From<$name> for Object {
                fn from(object: $name) -> Self {
                    Self::$name(Arc::new(object))
                }
            }

            impl From<Arc<$name>> for Object {
                fn from(object: Arc<$name>) -> Self {
                    Self::$name(object)
                }
            }
        )+
    };
}

objects! {
    /// One of the platform's own kinds.
    Resource;
    /// A database.
    Database;
    /// A connection to a database.
    Session;
    /// The PostgreSQL server.
    DatabaseServer;
    /// A pool of pgbouncer.
    Pool;
    /// A stream.
    StreamInfo;
    /// A family of keys.
    KeyFamily;
    /// The Valkey server.
    StreamServer;
    /// A call of a tool by an agent.
    Execution;
    /// The backups under one prefix.
    Shelf;
    /// A bucket.
    Bucket;
    /// An alert.
    Alert;
    /// A silence.
    Silence;
    /// An acknowledgement of an alert.
    Ack;
    /// An object of the cluster.
    ClusterObject;
    /// A figure over time.
    Series;
    /// The result of a probe.
    Probe;
    /// A right of the operator in the cluster.
    Access;
    /// An operation.
    Operation;
}

impl Record for Resource {
    fn feed(&self) -> FeedId {
        FeedId::of(self.kind())
    }

    fn uid(&self) -> &Uid {
        &self.meta.uid
    }

    fn tenant(&self) -> Option<&Text> {
        self.tenant()
    }
}

impl Record for ClusterObject {
    fn feed(&self) -> FeedId {
        FeedId::of_cluster(self.kind)
    }

    fn uid(&self) -> &Uid {
        &self.meta.uid
    }

    fn tenant(&self) -> Option<&Text> {
        self.tenant.as_ref()
    }
}

/// Implements [`Record`] for a type with a field `uid`, told by one feed.
macro_rules! records {
    ($($name:ident: $feed:ident, |$it:ident| $tenant:expr;)+) => {
        $(
            impl Record for $name {
                fn feed(&self) -> FeedId {
                    FeedId::$feed
                }

                fn uid(&self) -> &Uid {
                    &self.uid
                }

                fn tenant(&self) -> Option<&Text> {
                    let $it = self;
                    $tenant
                }
            }
        )+
    };
}

records! {
    Database: Databases, |it| it.tenant.as_ref();
    Session: Sessions, |it| it.tenant.as_ref();
    DatabaseServer: DatabaseServer, |_it| None;
    Pool: Pools, |it| it.tenant.as_ref();
    StreamInfo: Streams, |it| it.tenant.as_ref();
    KeyFamily: Keys, |_it| None;
    StreamServer: StreamServer, |_it| None;
    Execution: Executions, |it| Some(&it.workspace);
    Shelf: Backups, |it| it.owner();
    Bucket: Buckets, |_it| None;
    Alert: Alerts, |it| it.tenant.as_ref();
    Silence: Silences, |_it| None;
    Ack: Acks, |_it| None;
    Series: Series, |it| it.tenant.as_ref();
    Probe: Probes, |it| it.tenant.as_ref();
    Access: Access, |_it| None;
    Operation: Operations, |it| it.plan.tenant.as_ref();
}
