//! What we know: facts are written here by one writer, and read by reference.
//!
//! [`Store::apply`] is the only place where facts change. Everything kept is bounded, and what had to go
//! is counted. The store does no I/O and reads no clock: an observation says when it was made.

mod changes;
mod collection;
pub mod filter;
mod freshness;
mod joins;
mod ring;
mod stream;
pub mod table;
mod tables;
pub mod view;

use std::sync::Arc;

pub use collection::{Collection, Held};
pub use freshness::{FeedState, Feeds, Freshness};
pub use joins::{Joined, Joins, LastEvent};
pub use ring::Ring;
pub use stream::{Line, Rate, Stream, StreamLimits};
pub use tables::{EventsTable, TenantsTable, UpgradesTable, columns};

use crate::domain::{Fact, FeedId, Kind, Observation, Resource, StreamEntry, Timestamp, Uid};
use changes::Changes;
use table::{Slot, Table, TableId};

/// Everything that the feeds told.
#[derive(Clone, Debug)]
pub struct Store {
    collections: [Collection; Kind::ALL.len()],
    stream: Stream,
    feeds: Feeds,
    joins: Joins,
    /// Changes of the runs, which live in three collections.
    runs: Changes,
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
            collections: std::array::from_fn(|_| Collection::default()),
            stream: Stream::new(limits),
            feeds: Feeds::default(),
            joins: Joins::default(),
            runs: Changes::default(),
        }
    }

    /// Takes in what a feed told.
    pub fn apply(&mut self, observation: Observation) {
        let Observation { feed, at, fact } = observation;
        self.feeds.get_mut(feed).observe(&fact, at);
        match (feed.kind(), fact) {
            (Some(kind), Fact::RelistBegun) => self.collection_mut(kind).begin_listing(),
            (Some(kind), Fact::RelistEnded) => self.end_listing(kind),
            (Some(_), Fact::Upsert(resource)) => self.upsert(&resource, at),
            (Some(kind), Fact::Remove(uid)) => self.remove(kind, &uid),
            (None, Fact::RelistBegun) => {
                self.stream.clear();
                self.joins.forget_events();
                self.collection_mut(Kind::Client).changes.note_all();
            }
            (None, Fact::Entries(entries)) => entries.into_iter().for_each(|e| self.entry(e)),
            (None, Fact::Older(entries)) => {
                entries.into_iter().rev().for_each(|entry| {
                    self.note_event(&entry);
                    self.stream.push_older(entry);
                });
            }
            (None, Fact::Gap(gap)) => self.stream.push_gap(gap),
            (None, Fact::LeftAt(id)) => self.stream.mark_left(id),
            // Freshness has taken these in; a fact of the wrong sort for its feed changes nothing.
            (_, _) => {}
        }
    }

    /// The objects of `kind`.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "there is a collection for every variant")]
    pub fn collection(&self, kind: Kind) -> &Collection {
        &self.collections[kind as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "there is a collection for every variant")]
    fn collection_mut(&mut self, kind: Kind) -> &mut Collection {
        &mut self.collections[kind as usize]
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

    /// Calls `read` with the table `id`.
    pub fn with_table<R>(&self, id: TableId, read: impl FnOnce(&dyn Table) -> R) -> R {
        match id {
            TableId::Tenants => read(&TenantsTable::new(self)),
            TableId::Events => read(&EventsTable::new(self)),
            TableId::Upgrades => read(&UpgradesTable::new(self)),
        }
    }

    /// Grows with every change of anything known.
    #[must_use]
    pub fn revision(&self) -> u64 {
        let objects: u64 = self.collections.iter().map(|all| all.changes.revision()).sum();
        objects + self.stream.changes.revision()
    }

    /// The feeds that the table `id` is made of, the one that makes its rows first.
    #[must_use]
    pub const fn feeds_of(id: TableId) -> &'static [FeedId] {
        match id {
            TableId::Tenants => &[FeedId::Clients],
            TableId::Events => &[FeedId::Events],
            TableId::Upgrades => &[FeedId::Upgrades, FeedId::Restores, FeedId::Templates],
        }
    }

    /// The feeds whose trouble makes the rows of the table `id` doubtful: those of its rows, and those that
    /// its judgements rest on.
    #[must_use]
    pub const fn feeds_judging(id: TableId) -> &'static [FeedId] {
        match id {
            TableId::Tenants => &[FeedId::Clients, FeedId::Environments],
            TableId::Events | TableId::Upgrades => Self::feeds_of(id),
        }
    }

    /// Everything known, as observations that rebuild it: what a recording begins with.
    #[must_use]
    pub fn export(&self, at: Timestamp) -> Vec<Observation> {
        let mut out = Vec::new();
        let mut tell = |feed, at, fact| out.push(Observation { feed, at, fact });
        for kind in Kind::ALL {
            let feed = FeedId::of(kind);
            // What was seen to change is told before the listing, which then only confirms it.
            for (_, held) in self.collection(kind).iter() {
                if let Some(changed) = held.changed {
                    tell(feed, changed, Fact::Upsert(Arc::clone(&held.resource)));
                }
            }
            tell(feed, at, Fact::RelistBegun);
            for (_, held) in self.collection(kind).iter() {
                tell(feed, at, Fact::Upsert(Arc::clone(&held.resource)));
            }
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

    fn upsert(&mut self, resource: &Arc<Resource>, at: Timestamp) {
        let kind = resource.kind();
        let upserted = self.collection_mut(kind).upsert(Arc::clone(resource), at);
        if let Some(before) = upserted.before {
            if before == *resource {
                return;
            }
            if before.tenant() != resource.tenant() {
                self.joins.remove(&before, upserted.slot);
                self.touch_tenant(&before);
            }
        }
        self.joins.insert(resource, upserted.slot);
        self.touched(resource, upserted.slot);
    }

    fn remove(&mut self, kind: Kind, uid: &Uid) {
        let Some(slot) = self.collection(kind).find(uid) else { return };
        if let Some(resource) = self.collection_mut(kind).remove(uid) {
            self.joins.remove(&resource, slot);
            self.touched(&resource, slot);
        }
    }

    fn end_listing(&mut self, kind: Kind) {
        for uid in self.collection_mut(kind).end_listing() {
            self.remove(kind, &uid);
        }
    }

    /// Notes a change of a row wherever the object is part of one.
    fn touched(&mut self, resource: &Resource, slot: Slot) {
        match resource.kind() {
            Kind::Client => {}
            Kind::Environment => self.touch_tenant(resource),
            Kind::Upgrade | Kind::Template | Kind::Restore => {
                self.runs.note(tables::run_slot(resource.kind(), slot));
                self.touch_tenant(resource);
            }
        }
    }

    fn touch_tenant(&mut self, resource: &Resource) {
        let client = resource.tenant().and_then(|tenant| self.joins.of(tenant.as_str()));
        if let Some(slot) = client.and_then(|joined| joined.client) {
            self.collection_mut(Kind::Client).changes.note(slot);
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
            self.collection_mut(Kind::Client).changes.note(slot);
        }
    }
}
