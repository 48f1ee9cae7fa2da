//! Questions about the outside, and their answers: what a plan is made from, and what a step looks at.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Command, NewSilence, ObjectRef, Oid, SessionRef};
use crate::domain::{Text, Timestamp};

/// A question. Asking changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    /// An object of the cluster.
    Object(ObjectRef),
    /// The objects of a kind, at most 5000.
    Objects {
        /// The API group.
        group: Text,
        /// The kind.
        kind: Text,
        /// The namespace; none for all.
        namespace: Option<Text>,
        /// A label that they have.
        label: Option<(Text, Text)>,
    },
    /// What the cluster would make of a manifest: nothing is written.
    DryRun {
        /// The object.
        what: ObjectRef,
        /// The manifest.
        manifest: Value,
    },
    /// A database.
    Database {
        /// Its name.
        name: Text,
    },
    /// What is in a database, as far as a copy can be compared by it.
    Contents {
        /// Its name.
        database: Text,
    },
    /// The database server.
    DatabaseServer,
    /// A session of the database server.
    Session(SessionRef),
    /// A pool.
    Pool {
        /// Its database.
        database: Text,
    },
    /// An object of the bucket of backups.
    Backup {
        /// Its key.
        key: Text,
    },
    /// The keys below a prefix of the bucket of backups, newest last, at most 2000.
    Backups {
        /// The prefix.
        prefix: Text,
    },
    /// The silence in whose reason this mark stands, or that has this id.
    Silence {
        /// The mark, or the id.
        mark: Text,
    },
    /// What a silence would hide now.
    WouldHide(NewSilence),
    /// The acknowledgement of an alert.
    Acknowledgement {
        /// The alert's fingerprint.
        fingerprint: Text,
    },
    /// Whether a tenant's address answers.
    Health {
        /// The host.
        host: Text,
    },
    /// Which rights this console lacks to make a change, as far as the server tells beforehand.
    Rights(Box<Command>),
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It is not there.
    Absent,
    /// The object as the cluster has it, or would have it.
    Object(Value),
    /// Objects.
    Objects(Vec<Value>),
    /// A database.
    Database(DatabaseSeen),
    /// What is in a database.
    Contents(ContentsSeen),
    /// The database server.
    Server {
        /// Its version, such as `170004`.
        version: u32,
        /// The bytes of its disk that are free, where somebody knows.
        free: Option<u64>,
    },
    /// A session.
    Session {
        /// What it does.
        state: Text,
        /// Its database.
        database: Text,
        /// Its user.
        user: Text,
    },
    /// A pool.
    Pool {
        /// Whether it is paused.
        paused: bool,
        /// Clients that work.
        active: u32,
        /// Clients that wait.
        waiting: u32,
    },
    /// An object of the bucket.
    Backup(BackupSeen),
    /// Objects of the bucket.
    Backups(Vec<BackupSeen>),
    /// A silence.
    Silence {
        /// Its id.
        id: Text,
        /// Whether it hides now.
        active: bool,
        /// When it ends.
        until: Timestamp,
    },
    /// Names of alerts.
    Alerts(Vec<Text>),
    /// An acknowledgement.
    Acknowledgement {
        /// By whom.
        by: Text,
        /// Until when.
        until: Option<Timestamp>,
    },
    /// The answer of an address.
    Health {
        /// Whether it is well.
        well: bool,
        /// What it answered.
        says: Text,
    },
    /// What is lacking, each as a clause that says what to ask for; nothing when there is nothing.
    Lacking(Vec<Text>),
    /// The server refuses, in words.
    Refused(Text),
}

/// A database as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseSeen {
    /// Its identity.
    pub oid: Oid,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many are connected, this console not counted.
    pub sessions: u32,
    /// Whether one may connect.
    pub open: bool,
}

/// What is in a database, as far as copies are compared by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentsSeen {
    /// How many tables there are.
    pub tables: u32,
    /// How many modules are installed, where it is one of Odoo.
    pub modules: Option<u32>,
    /// How many people can sign in, where it is one of Odoo.
    pub users: Option<u32>,
    /// The last write that can be known cheaply.
    pub last_write: Option<Timestamp>,
    /// What Odoo calls the database, whatever its name is; a dump keeps it.
    #[serde(default)]
    pub uuid: Option<Text>,
}

/// An object of the bucket as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSeen {
    /// Its key.
    pub key: Text,
    /// The tag of its content.
    pub etag: Text,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was written.
    pub modified: Timestamp,
    /// The first bytes, where they were read: they tell what it is.
    pub head: Option<Vec<u8>>,
}
