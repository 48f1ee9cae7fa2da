//! What belongs to which tenant, across kinds.

use std::collections::HashMap;

use super::table::Slot;
use crate::domain::{FeedId, Kind, Object, StreamEntry, Text, Timestamp};

/// Everything known about one tenant, as slots of the collections.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// Its customer object.
    pub client: Option<Slot>,
    /// Its environments.
    pub environments: Vec<Slot>,
    /// Its upgrade runs.
    pub upgrades: Vec<Slot>,
    /// Its restore runs.
    pub restores: Vec<Slot>,
    /// Everything else: the feed that tells it, and where its collection holds it.
    others: Vec<(FeedId, Slot)>,
}

impl Joined {
    /// What belongs to a tenant of which nothing is known.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            client: None,
            environments: Vec::new(),
            upgrades: Vec::new(),
            restores: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Where the collection that `feed` fills holds what belongs to the tenant.
    pub fn of(&self, feed: FeedId) -> impl Iterator<Item = Slot> + '_ {
        self.others.iter().filter(move |(other, _)| *other == feed).map(|(_, slot)| *slot)
    }

    /// Everything beside the platform's own kinds.
    pub fn others(&self) -> &[(FeedId, Slot)] {
        &self.others
    }

    fn insert(&mut self, feed: FeedId, slot: Slot) {
        let list = match feed.kind() {
            Some(Kind::Client) => {
                self.client = Some(slot);
                return;
            }
            Some(Kind::Environment) => &mut self.environments,
            Some(Kind::Upgrade) => &mut self.upgrades,
            Some(Kind::Restore) => &mut self.restores,
            Some(Kind::Template) => return,
            None => {
                if !self.others.contains(&(feed, slot)) {
                    self.others.push((feed, slot));
                }
                return;
            }
        };
        if !list.contains(&slot) {
            list.push(slot);
        }
    }

    fn remove(&mut self, feed: FeedId, slot: Slot) {
        match feed.kind() {
            Some(Kind::Client) if self.client == Some(slot) => self.client = None,
            Some(Kind::Environment) => self.environments.retain(|other| *other != slot),
            Some(Kind::Upgrade) => self.upgrades.retain(|other| *other != slot),
            Some(Kind::Restore) => self.restores.retain(|other| *other != slot),
            Some(Kind::Client | Kind::Template) => {}
            None => self.others.retain(|other| *other != (feed, slot)),
        }
    }

    fn is_empty(&self) -> bool {
        self.client.is_none()
            && self.environments.is_empty()
            && self.upgrades.is_empty()
            && self.restores.is_empty()
            && self.others.is_empty()
    }
}

/// The newest event that speaks of a tenant.
#[derive(Clone, Debug)]
pub struct LastEvent {
    /// Its type.
    pub kind: Text,
    /// When the stream took it in.
    pub at: Timestamp,
}

/// The joins of all tenants.
#[derive(Clone, Debug, Default)]
pub struct Joins {
    tenants: HashMap<Text, Joined>,
    events: HashMap<Text, LastEvent>,
}

/// The most event subjects that are remembered: anybody who may publish can invent them.
const SUBJECTS_MAX: usize = 65_536;

impl Joins {
    /// What belongs to `tenant`.
    #[must_use]
    pub fn of(&self, tenant: &str) -> Option<&Joined> {
        self.tenants.get(tenant)
    }

    /// The newest event about `tenant`.
    #[must_use]
    pub fn last_event(&self, tenant: &str) -> Option<&LastEvent> {
        self.events.get(tenant)
    }

    /// Notes that `object` is at `slot`.
    pub(super) fn insert(&mut self, object: &Object, slot: Slot) {
        let Some(tenant) = object.tenant() else { return };
        self.tenants.entry(tenant.clone()).or_default().insert(object.feed(), slot);
    }

    /// Notes that `object` is no longer at `slot`.
    pub(super) fn remove(&mut self, object: &Object, slot: Slot) {
        let Some(tenant) = object.tenant() else { return };
        let Some(joined) = self.tenants.get_mut(tenant) else { return };
        joined.remove(object.feed(), slot);
        if joined.is_empty() {
            self.tenants.remove(tenant);
        }
    }

    /// The stream begins anew: its times are no longer comparable with those before.
    pub(super) fn forget_events(&mut self) {
        self.events.clear();
    }

    /// Notes that `entry` speaks of its subject; gives the subject when it did.
    pub(super) fn event<'a>(&mut self, entry: &'a StreamEntry) -> Option<&'a Text> {
        let event = entry.event().filter(|event| !event.subject.is_empty())?;
        let last = LastEvent { kind: event.kind.clone(), at: entry.id.at() };
        if self.events.len() >= SUBJECTS_MAX {
            // Invented subjects give way to tenants.
            let tenants = &self.tenants;
            self.events.retain(|subject, _| tenants.contains_key(subject));
        }
        let room = self.events.len() < SUBJECTS_MAX;
        match self.events.get_mut(&event.subject) {
            Some(known) if known.at > last.at => return None,
            Some(known) => *known = last,
            None if room => {
                self.events.insert(event.subject.clone(), last);
            }
            None => return None,
        }
        Some(&event.subject)
    }
}
