//! Operations in the training world: what plans ask of it, what they change in it, and what comes of that.
//!
//! Everything that takes time is queued with the engine, so that it happens in the world's time. Nothing draws from the
//! engine's chances: the night's story is the same whatever the trainee does.

mod act;
mod alerting;
mod bucket;
mod cluster;
mod contents;
mod data;
mod desk;
mod dry_run;
mod jobs;
mod journal;
mod json;
mod look;
mod runs;
mod tenants;
mod word;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub(super) use self::bucket::{Stored, taken};
pub(super) use self::desk::Desk;
pub(super) use self::jobs::Order as JobOrder;
pub(super) use self::journal::MemoryJournal;
use super::engine::{Engine, Task};
use crate::domain::operation::{Command, ContentsSeen, Oid};
use crate::domain::{Span, Text, Timestamp, Trouble, TroubleKind, Uid};

/// Something that was changed for an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// What was asked for.
    pub command: Command,
    /// The operation for which it was.
    pub operation: Text,
}

/// What operations made of the world.
#[derive(Debug, Default)]
pub(super) struct Operations {
    deeds: Vec<Deed>,
    /// What was written to objects of the cluster beside what the world keeps of them, by identity.
    written: BTreeMap<Uid, Written>,
    /// Objects that nothing in the world speaks of, as they were applied.
    loose: BTreeMap<cluster::Key, Value>,
    /// Jobs that were ordered, by namespace and name.
    jobs: BTreeMap<(Text, Text), JobOrder>,
    /// When Deployments were restarted, by namespace and name.
    restarted: BTreeMap<(Text, Text), Timestamp>,
    /// What is in databases, where that does not follow from their names.
    contents: BTreeMap<Uid, contents::Contents>,
    /// Since when pools are paused, by their databases.
    paused: BTreeMap<Text, Timestamp>,
    /// Databases that operations made or renamed: the platform leaves them alone.
    own_databases: BTreeSet<Uid>,
    /// Tenants whose database changed hands: none is made for them anew.
    served: BTreeSet<Text>,
    /// Backups that were taken, by their keys.
    bucket: BTreeMap<Text, Stored>,
    /// How many databases of a name were made.
    names: BTreeMap<Text, u32>,
    /// Databases that restores made, which take room of their own.
    copies: BTreeSet<Uid>,
    /// The bytes of what was dropped and had been there from the start.
    freed: u64,
    /// Runs that were ordered.
    runs: BTreeSet<Uid>,
    /// Words that were left.
    left: BTreeSet<Text>,
    /// How many objects were made.
    made: u64,
}

/// What was written to an object.
#[derive(Clone, Debug, Default)]
struct Written {
    /// What was applied or patched, all of it.
    fields: Value,
    /// How often its specification was changed, and how often its controller has seen that.
    generation: u64,
    observed: u64,
}

/// What an operation began and the world goes on with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Next {
    /// The controller of a new tenant has seen it.
    Synced(Uid),
    /// The database of a new tenant is cloned.
    Cloned(Text),
    /// A controller has seen what was changed.
    Observed(Uid),
    /// A tenant is gone with all that it was made of.
    Left(Uid),
    /// A Job runs.
    JobRuns(Text, Text),
    /// A Job is over.
    JobEnds(Text, Text),
}

impl Operations {
    /// What was changed, in order.
    pub(super) fn deeds(&self) -> &[Deed] {
        &self.deeds
    }

    /// Since when the pool of `database` is paused.
    pub(super) fn paused(&self, database: &Text) -> Option<Timestamp> {
        self.paused.get(database).copied()
    }

    /// The databases whose pools are paused.
    pub(super) fn all_paused(&self) -> impl Iterator<Item = &Text> {
        self.paused.keys()
    }

    /// Whether operations made or renamed the database.
    pub(super) fn owns(&self, database: &Uid) -> bool {
        self.own_databases.contains(database)
    }

    /// Whether a restore made the database.
    pub(super) fn is_copy(&self, database: &Uid) -> bool {
        self.copies.contains(database)
    }

    /// The bytes of what was dropped and had been there from the start.
    pub(super) const fn freed(&self) -> u64 {
        self.freed
    }

    /// Another database of that name is made: how many were before.
    pub(super) fn count_name(&mut self, name: &str) -> u32 {
        let count = self.names.entry(Text::clean(name)).or_default();
        *count += 1;
        *count - 1
    }

    /// Whether the tenant's database is the operations' business.
    pub(super) fn serves(&self, tenant: &Text) -> bool {
        self.served.contains(tenant)
    }

    /// Whether an operation ordered the run.
    pub(super) fn ordered(&self, run: &Uid) -> bool {
        self.runs.contains(run)
    }

    /// When the Deployment was restarted.
    pub(super) fn restarted(&self, namespace: &str, name: &str) -> Option<Timestamp> {
        self.restarted.get(&(Text::from(namespace), Text::from(name))).copied()
    }

    /// The number of another object that is made.
    const fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}

impl Engine {
    /// Makes a database that the platform leaves alone: for tests and for a trainer.
    pub fn make_database(&mut self, name: &str) {
        let uid = super::databases::make(self, name, "plana");
        self.operations.own_databases.insert(uid);
    }

    /// Drops a database, whoever is connected to it.
    pub fn drop_database(&mut self, name: &str) {
        if let Some(database) = super::databases::named(self, name) {
            data::drop_anyway(self, &database);
        }
    }

    /// Writes a backup, over one that is there too.
    pub fn write_backup(&mut self, key: &str) {
        bucket::write(self, &Text::clean(key));
    }
}

/// The world goes on with what an operation began.
pub(super) fn go_on(engine: &mut Engine, next: Next) {
    match next {
        Next::Synced(uid) => tenants::synced(engine, &uid),
        Next::Cloned(tenant) => tenants::cloned(engine, &tenant),
        Next::Observed(uid) => tenants::observed(engine, &uid),
        Next::Left(uid) => tenants::left(engine, &uid),
        Next::JobRuns(namespace, name) => jobs::runs(engine, &(namespace, name)),
        Next::JobEnds(namespace, name) => jobs::ends(engine, &(namespace, name)),
    }
}

/// A run is over: what an ordered one does to the world. Whether it failed after all.
pub(super) fn run_ends(engine: &mut Engine, uid: &Uid, failed: bool) -> bool {
    if engine.operations.ordered(uid) { runs::ends(engine, uid) } else { failed }
}

fn later(engine: &mut Engine, secs: u64, next: Next) {
    engine.queue(Span::from_secs(secs), Task::Operation(next));
}

/// The server refuses.
fn refused(what: &str) -> Trouble {
    Trouble::new(TroubleKind::Denied, what, "")
}

/// What is to be changed is not there.
fn gone(what: &str) -> Trouble {
    Trouble::new(TroubleKind::Absent, what, "")
}

/// The text at `pointer` of `value`, or nothing.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn oid(uid: &Uid) -> Oid {
    Oid(uid.0.as_str().parse().unwrap_or_default())
}

fn seen(contents: &contents::Contents) -> ContentsSeen {
    contents.seen.clone()
}
