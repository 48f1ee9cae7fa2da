//! Changes of the outside: what an operation's step asks for.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{Matcher, Text, Timestamp, Uid};

/// An object of the cluster by its name. Its plural, version and scope are discovered where it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The API group; empty for the core one.
    pub group: Text,
    /// The kind, such as `PLANAClient`.
    pub kind: Text,
    /// The namespace; none for what has none, or for the place where the cluster keeps this kind.
    pub namespace: Option<Text>,
    /// The name.
    pub name: Text,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(out, "{} {namespace}/{}", self.kind, self.name),
            None => write!(out, "{} {}", self.kind, self.name),
        }
    }
}

/// A silence to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSilence {
    /// What it hides.
    pub matchers: Vec<Matcher>,
    /// When it ends.
    pub until: Timestamp,
    /// Who makes it.
    pub by: Text,
    /// Why. The mark of the operation is added to it, by which it is found again.
    pub reason: Text,
}

/// One change. Each names exactly what it changes, so that it can't hit what took its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Brings an object into this state by server-side apply; never takes over fields of others.
    Apply {
        /// The object.
        what: ObjectRef,
        /// The whole manifest.
        manifest: Value,
    },
    /// Changes fields of an object that is there.
    Patch {
        /// The object.
        what: ObjectRef,
        /// Which one of that name.
        which: Which,
        /// The fields, as a merge patch.
        patch: Value,
    },
    /// Deletes an object, and what depends on it.
    Delete {
        /// The object.
        what: ObjectRef,
        /// Which one of that name.
        which: Which,
    },
    /// Gives a database another name.
    RenameDatabase {
        /// Its name.
        from: Text,
        /// Its name from then on.
        to: Text,
        /// Its identity in the server; none where the name holds the operation's id, and so is nobody else's.
        oid: Option<Oid>,
    },
    /// Drops a database.
    DropDatabase {
        /// Its name.
        name: Text,
        /// Its identity in the server; none where the name holds the operation's id, and so is nobody else's.
        oid: Option<Oid>,
    },
    /// Lets nobody connect to a database any more, or lets them again.
    AllowConnections {
        /// The database.
        database: Text,
        /// Whether they may.
        allow: bool,
    },
    /// Ends every session of a database.
    EndSessions {
        /// The database.
        database: Text,
    },
    /// Cancels the statement of a session.
    CancelStatement(SessionRef),
    /// Ends a session.
    EndSession(SessionRef),
    /// Holds new work of a database back in the pooler, and waits for what is under way.
    PausePool {
        /// The database.
        database: Text,
    },
    /// Lets the pooler go on.
    ResumePool {
        /// The database.
        database: Text,
    },
    /// Makes a silence.
    Silence(NewSilence),
    /// Ends a silence.
    ExpireSilence {
        /// Its id.
        id: Text,
    },
    /// Says who looks after an alert.
    Acknowledge {
        /// The alert's fingerprint.
        fingerprint: Text,
        /// Its name.
        name: Text,
        /// Who looks after it; none takes the acknowledgement off.
        by: Option<Text>,
        /// Until when.
        until: Timestamp,
    },
}

/// Which object of a name is meant: another one is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// The one with this identity.
    Uid(Uid),
    /// The one that the operation of this id made, as its annotation says.
    MadeBy(Text),
}

/// The annotation that says which operation made or changed an object last.
pub const OPERATION_MARK: &str = "console.planapulse.com/operation";

/// A database's identity in its server. A database in the place of another has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Oid(pub u32);

impl fmt::Display for Oid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A session of the database server. Process ids are given anew, so its beginning is part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRef {
    /// The process.
    pub pid: u32,
    /// When it began.
    pub began: Timestamp,
}
