//! What we know: facts are written here by one writer, and read by reference.
//!
//! [`Store::apply`] is the only place where facts change; [`Store::tick`] judges anew what time makes of them. Everything kept is bounded, and what had to go
//! is counted. The store does no I/O and reads no clock: an observation says when it was made.

mod alerting;
mod causes;
mod changes;
mod collection;
pub mod filter;
pub mod findings;
mod freshness;
mod history;
mod joins;
mod log;
mod objects;
mod owners;
mod ring;
mod shelves;
mod stream;
pub mod table;
mod tables;
mod tally;
mod tick;
pub mod view;

use std::sync::Arc;

use chrono_tz::Tz;

pub use causes::{Causes, Counts, Group, MANY, tier_word};
pub use collection::{Collection, Held};
pub use findings::{Area, Finding, Findings, soak_ends};
pub use freshness::{FeedState, Feeds, Freshness};
pub use history::{Figure, History};
pub use joins::{Joined, Joins, LastEvent};
pub use log::{LogBook, LogEntry};
pub use objects::Objects;
pub use owners::Owners;
pub use ring::Ring;
pub use shelves::{Class, Shelves, Verdict};
pub use stream::{Line, Rate, Stream, StreamLimits};
pub use tables::{
    AlertsTable, BackupsTable, ClusterTable, DatabasesTable, DueTable, EventsTable, OverviewTable,
    ServicesTable, TenantsTable, UpgradesTable, cluster_kinds, columns, feeds_judging, feeds_of,
};
pub use tally::Tally;

use crate::domain::{
    ClusterKind, ClusterObject, Fact, FeedId, Kind, Object, Observation, StreamEntry, Timestamp,
    Uid,
};
use changes::Changes;
use collection::Listed;
use table::{Slot, Table, TableId};

/// Everything that the feeds told.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Objects,
    stream: Stream,
    log: LogBook,
    feeds: Feeds,
    joins: Joins,
    owners: Owners,
    tally: Tally,
    /// Changes of the runs, which live in three collections.
    runs: Changes,
    /// Changes of the services, which are Deployments with their pods.
    services: Changes,
    /// What is judged of the backups.
    shelves: Shelves,
    /// What is wrong now.
    findings: Findings,
    /// What a few figures were.
    history: History,
    /// Changes of the databases, and of the tenants that have none.
    databases: Changes,
    /// The alerts by cause.
    causes: Causes,
    /// The zone of business hours.
    zone: Tz,
    /// When time went on last.
    ticked: Timestamp,
}

impl Default for Store {
    fn default() -> Self {
        Self::new(StreamLimits::default())
    }
}

impl Store {
    /// An empty store that keeps so much of the stream.
    #[must_use]
    pub fn new(limits: StreamLimits) -> Self {
        Self {
            objects: Objects::default(),
            stream: Stream::new(limits),
            log: LogBook::default(),
            feeds: Feeds::default(),
            joins: Joins::default(),
            owners: Owners::default(),
            tally: Tally::default(),
            runs: Changes::default(),
            services: Changes::default(),
            shelves: Shelves::default(),
            findings: Findings::default(),
            history: History::default(),
            databases: Changes::default(),
            causes: Causes::default(),
            zone: Tz::UTC,
            ticked: Timestamp::default(),
        }
    }

    /// The same store, with business hours in `zone`.
    #[must_use]
    pub fn in_zone(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    /// Takes in what a feed told.
    pub fn apply(&mut self, observation: Observation) {
        let Observation { feed, at, fact } = observation;
        self.feeds.get_mut(feed).observe(&fact, at);
        self.shelves_heard(at);
        match (feed.tells_objects(), fact) {
            (true, Fact::RelistBegun) => {
                if let Some(listed) = self.objects.listed_mut(feed) {
                    listed.begin_listing();
                }
            }
            (true, Fact::RelistEnded) => self.end_listing(feed),
            (true, Fact::Upsert(object)) if object.feed() == feed => self.upsert(&object, at),
            (true, Fact::Remove(uid)) => self.remove(feed, &uid),
            (false, Fact::RelistBegun) if feed == FeedId::Events => {
                self.stream.clear();
                self.joins.forget_events();
                self.touch_all(FeedId::Clients);
            }
            (false, Fact::Entries(entries)) => entries.into_iter().for_each(|e| self.entry(e)),
            (false, Fact::Older(entries)) => {
                entries.into_iter().rev().for_each(|entry| {
                    self.note_event(&entry);
                    self.stream.push_older(entry);
                });
            }
            (false, Fact::Gap(gap)) => {
                self.findings.gap(at, &gap);
                self.stream.push_gap(gap);
            }
            (false, Fact::LeftAt(id)) => self.stream.mark_left(id),
            (false, Fact::Log(chunk)) => self.log.take(chunk),
            // Freshness has taken these in; a fact of the wrong sort for its feed changes nothing.
            (_, _) => {}
        }
    }

    /// Everything with an identity.
    #[must_use]
    pub const fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The objects of one of the platform's own kinds.
    #[must_use]
    pub const fn collection(&self, kind: Kind) -> &Collection {
        self.objects.of(kind)
    }

    /// The objects of the cluster of `kind`.
    #[must_use]
    pub const fn cluster(&self, kind: ClusterKind) -> &Collection<ClusterObject> {
        self.objects.of_cluster(kind)
    }

    /// The object `uid` that `feed` tells.
    #[must_use]
    pub fn object(&self, feed: FeedId, uid: &Uid) -> Option<Object> {
        self.objects.listed(feed)?.object(uid)
    }

    /// The revision of what `feed` tells; none for streams and logs.
    fn revision_of(&self, feed: FeedId) -> u64 {
        self.objects.listed(feed).map_or(0, Listed::revision)
    }

    /// The log that is open.
    #[must_use]
    pub const fn log(&self) -> &LogBook {
        &self.log
    }

    /// The alerts by cause.
    #[must_use]
    pub const fn causes(&self) -> &Causes {
        &self.causes
    }

    /// The event stream.
    #[must_use]
    pub const fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The state of the feeds.
    #[must_use]
    pub const fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    /// What belongs to which tenant.
    #[must_use]
    pub const fn joins(&self) -> &Joins {
        &self.joins
    }

    /// What belongs to what within the cluster.
    #[must_use]
    pub const fn owners(&self) -> &Owners {
        &self.owners
    }

    /// How many objects of the cluster there are.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Calls `read` with the table `id`.
    pub fn with_table<R>(&self, id: TableId, read: impl FnOnce(&dyn Table) -> R) -> R {
        tables::with(self, id, read)
    }

    /// Grows with every change of anything known.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.objects.revision()
            + self.stream.changes.revision()
            + self.log.revision()
            + self.shelves.revision()
            + self.findings.revision()
    }

    /// Everything known, as observations that rebuild it: what a recording begins with.
    #[must_use]
    pub fn export(&self, at: Timestamp) -> Vec<Observation> {
        let mut out = Vec::new();
        let mut tell = |feed, at, fact| out.push(Observation { feed, at, fact });
        for feed in FeedId::ALL {
            let Some(listed) = self.objects.listed(feed) else { continue };
            // What was seen to change is told before the listing, which then only confirms it.
            listed.each(&mut |changed, object| {
                if let Some(changed) = changed {
                    tell(feed, changed, Fact::Upsert(object));
                }
            });
            tell(feed, at, Fact::RelistBegun);
            listed.each(&mut |_, object| tell(feed, at, Fact::Upsert(object)));
        }
        tell(FeedId::Events, at, Fact::RelistBegun);
        for (_, line) in self.stream.iter() {
            match line {
                Line::Entry { entry, .. } => {
                    tell(FeedId::Events, at, Fact::Entries(vec![Arc::clone(entry)]));
                }
                Line::Gap(gap) => tell(FeedId::Events, at, Fact::Gap(gap.clone())),
                // Its place is only known once the entries after it are.
                Line::Left(_) => {}
            }
        }
        for (_, line) in self.stream.iter() {
            if let Line::Left(id) = line {
                tell(FeedId::Events, at, Fact::LeftAt(*id));
            }
        }
        for (feed, state) in self.feeds.iter() {
            match &state.freshness {
                Freshness::Syncing(_) => {}
                Freshness::Live(as_of) => tell(feed, *as_of, Fact::RelistEnded),
                Freshness::Stale(as_of, why) => {
                    tell(feed, *as_of, Fact::RelistEnded);
                    tell(feed, at, Fact::Unreachable(why.clone()));
                }
                Freshness::Down(why) => tell(feed, at, Fact::Unreachable(why.clone())),
            }
        }
        out
    }

    fn upsert(&mut self, object: &Object, at: Timestamp) {
        let put = self.objects.put(object.clone(), at);
        if !put.changed {
            return;
        }
        self.findings.counters(at, object);
        if let Some(before) = &put.before
            && before.tenant() != object.tenant()
        {
            self.joins.remove(before, put.slot);
            self.touch_tenant(before);
            self.note_databases(before, put.slot);
        }
        self.joins.insert(object, put.slot);
        if let Some(before) = &put.before {
            self.tally.take(before);
            if !owners::same_ties(before, object) {
                self.owners.remove(before, put.slot);
            }
        }
        self.tally.add(object);
        self.owners.insert(object, put.slot);
        if TenantsTable::shows(put.before.as_ref(), object) {
            self.touch_tenant(object);
        }
        self.touched(object, put.slot);
    }

    fn remove(&mut self, feed: FeedId, uid: &Uid) {
        let taken = self.objects.listed_mut(feed).and_then(|listed| listed.take(uid));
        if let Some((slot, object)) = taken {
            self.joins.remove(&object, slot);
            if TenantsTable::shows(None, &object) {
                self.touch_tenant(&object);
            }
            self.touched(&object, slot);
            self.owners.remove(&object, slot);
            self.tally.take(&object);
        }
    }

    fn end_listing(&mut self, feed: FeedId) {
        let gone = self.objects.listed_mut(feed).map(Listed::end_listing);
        for uid in gone.unwrap_or_default() {
            self.remove(feed, &uid);
        }
        if matches!(feed, FeedId::Backups | FeedId::Clients) {
            self.judge_shelves();
        }
        // With the first complete listing of both it becomes known what is missing and what belongs to nobody.
        let first = self.feeds.get(feed).listings == 1;
        if first && matches!(feed, FeedId::Databases | FeedId::Clients) {
            self.databases.note_all();
        }
    }

    /// Notes a change of the rows of databases that `object`, a database or a client at `slot`, is part of.
    fn note_databases(&mut self, object: &Object, slot: Slot) {
        let joined = object.tenant().and_then(|tenant| self.joins.of(tenant.as_str()));
        match object.feed() {
            FeedId::Databases => {
                self.databases.note(tables::database_slot(slot));
                if let Some(client) = joined.and_then(|joined| joined.client) {
                    self.databases.note(tables::missing_slot(client));
                }
            }
            FeedId::Clients => {
                self.databases.note(tables::missing_slot(slot));
                for database in joined.into_iter().flat_map(|joined| joined.of(FeedId::Databases)) {
                    self.databases.note(tables::database_slot(database));
                }
            }
            _ => {}
        }
    }

    /// Notes a change of a row wherever the object is part of one.
    fn touched(&mut self, object: &Object, slot: Slot) {
        self.note_databases(object, slot);
        match object.feed() {
            // What belongs to a tenant is judged by the tenant that was ordered.
            FeedId::Clients => {
                self.touch_belongings(object);
                self.judge_missing(slot);
            }
            FeedId::Backups => {
                self.judge_shelf(slot, true);
                self.touch_tenant(object);
                let tenant = object.tenant().and_then(|tenant| self.joins.of(tenant.as_str()));
                if let Some(client) = tenant.and_then(|joined| joined.client) {
                    self.judge_missing(client);
                }
            }
            FeedId::Alerts => {
                self.judge_alert(slot);
                self.touch_tenant(object);
            }
            FeedId::Acks => self.judge_ack(object.uid()),
            feed @ (FeedId::Upgrades | FeedId::Templates | FeedId::Restores) => {
                if let Some(kind) = feed.kind() {
                    self.runs.note(tables::run_slot(kind, slot));
                }
                self.touch_tenant(object);
            }
            FeedId::Deployments => self.services.note(slot),
            FeedId::Jobs | FeedId::Pods => self.touch_owners(object),
            _ => {}
        }
    }

    /// Notes a change of the run and of the service that a Job or a pod is part of.
    fn touch_owners(&mut self, object: &Object) {
        let Object::ClusterObject(object) = object else { return };
        for (kind, slot) in self.owners.runs_of(object) {
            self.runs.note(tables::run_slot(kind, slot));
        }
        if let Some(slot) = self.owners.deployment_of(object) {
            self.services.note(slot);
        }
    }

    fn touch_tenant(&mut self, object: &Object) {
        let client = object.tenant().and_then(|tenant| self.joins.of(tenant.as_str()));
        if let Some(slot) = client.and_then(|joined| joined.client) {
            self.touch(FeedId::Clients, slot);
        }
    }

    fn touch_belongings(&mut self, client: &Object) {
        let joined = client.tenant().and_then(|tenant| self.joins.of(tenant.as_str()));
        let others = joined.map(|joined| joined.others().to_vec()).unwrap_or_default();
        for (feed, slot) in others {
            self.touch(feed, slot);
            match feed {
                FeedId::Backups => self.judge_shelf(slot, true),
                FeedId::Alerts => self.judge_alert(slot),
                _ => {}
            }
        }
    }

    fn touch(&mut self, feed: FeedId, slot: Slot) {
        if let Some(listed) = self.objects.listed_mut(feed) {
            listed.touch(slot);
        }
    }

    fn touch_all(&mut self, feed: FeedId) {
        if let Some(listed) = self.objects.listed_mut(feed) {
            listed.touch_all();
        }
    }

    fn entry(&mut self, entry: Arc<StreamEntry>) {
        self.note_event(&entry);
        self.stream.push(entry);
    }

    fn note_event(&mut self, entry: &StreamEntry) {
        let Some(subject) = self.joins.event(entry) else { return };
        let joined = self.joins.of(subject.as_str());
        if let Some(slot) = joined.and_then(|joined| joined.client) {
            self.touch(FeedId::Clients, slot);
        }
    }
}
