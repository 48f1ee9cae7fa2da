//! What is judged of the backups, shelf by shelf, and which tenants have none.
//!
//! A verdict is made when a shelf or its tenant changes, and from time to time as the clock goes on. Invariants: a shelf
//! that was not listed lately is judged as of the time when it was, never later, so what is merely unknown is not called
//! late; a tenant is said to have no backup only once both the tenants and the backups were listed completely.

use std::collections::BTreeMap;

use super::changes::Changes;
use super::table::Slot;
use super::{Freshness, Store};
use crate::domain::backup::{Backup, Fault, Owner, Rules, ShelfBuilder};
use crate::domain::{FeedId, Health, Kind, Resource, Shelf, Span, Spec, Text, Timestamp};

/// Within this time every shelf is judged again.
const ROUND_SECS: u64 = 15;
/// A feed that says nothing for longer knows only how it was then.
const SILENT: Span = Span::from_secs(30);

/// Whose backups they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A tenant's.
    Tenant,
    /// The platform's own.
    Platform,
    /// Of no tenant that there is.
    Orphan,
    /// The tenants aren't known yet.
    Unsure,
}

impl Class {
    /// The word shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Platform => "platform",
            Self::Orphan => "orphan",
            Self::Unsure => "unsure",
        }
    }
}

/// What is judged of one shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whose it is.
    pub class: Class,
    /// The tier that decides how long it is kept; empty when there is none.
    pub tier: Text,
    /// How well it is.
    pub health: Health,
    /// What is wrong, worst first.
    pub faults: Box<[Fault]>,
    /// The same in words.
    pub says: Text,
    /// When the newest daily dump was made.
    pub newest: Option<Timestamp>,
    /// Bytes of the dump and of the filestore of the newest daily backup that has a dump.
    pub sizes: (Option<u64>, Option<u64>),
    /// The newest dump in thousandths of its usual size.
    pub of_usual: Option<u16>,
    /// Daily and insurance backups.
    pub copies: (u32, u32),
    /// When the oldest daily backup was made.
    pub since: Option<Timestamp>,
    /// When the next one goes.
    pub expires: Option<Timestamp>,
    /// Until when the newest insurance backup is certainly kept.
    pub protected: Option<Timestamp>,
}

impl Verdict {
    /// The place in the order of urgency, 0 first: no backup, empty, late, half, small, nobody's, and nothing wrong.
    #[must_use]
    pub fn urgency(&self) -> u64 {
        match self.faults.first() {
            Some(Fault::Missing) => 0,
            Some(Fault::Empty(_)) => 1,
            Some(Fault::Late(_)) => 2,
            Some(Fault::Half(_)) => 3,
            Some(Fault::Small { .. }) => 4,
            None if self.class == Class::Orphan => 5,
            None => 6,
        }
    }
}

/// The verdicts.
#[derive(Clone, Debug, Default)]
pub struct Shelves {
    rules: Rules,
    /// By the slot of the shelf.
    verdicts: Vec<Option<Verdict>>,
    /// Tenants without a shelf, by the slot of the client.
    missing: BTreeMap<Slot, Verdict>,
    /// By the slots of the table: shelves are even, missing ones odd.
    pub(super) changes: Changes,
    /// The newest moment that is known of.
    now: Timestamp,
    /// When a share was judged last.
    ticked: Timestamp,
}

/// The slot in the table of the shelf at `slot`.
pub(super) const fn shelf_row(slot: Slot) -> Slot {
    slot * 2
}

/// The slot in the table of the client at `slot`, which has no shelf.
pub(super) const fn missing_row(slot: Slot) -> Slot {
    slot * 2 + 1
}

impl Shelves {
    /// By which they are judged.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The verdict on the shelf at `slot`.
    #[must_use]
    pub fn of(&self, slot: Slot) -> Option<&Verdict> {
        self.verdicts.get(usize::try_from(slot).ok()?)?.as_ref()
    }

    /// The verdict on the client at `slot`, when it has no shelf.
    #[must_use]
    pub fn missing(&self, slot: Slot) -> Option<&Verdict> {
        self.missing.get(&slot)
    }

    /// The slots of the clients that have no shelf, ascending.
    pub fn all_missing(&self) -> impl Iterator<Item = Slot> + '_ {
        self.missing.keys().copied()
    }

    /// Every verdict.
    pub fn iter(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().flatten().chain(self.missing.values())
    }

    /// Grows with every change of a row.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.changes.revision()
    }

    /// Takes `verdict` on the shelf at `slot`; `told`: the shelf itself is another than before.
    fn set(&mut self, slot: Slot, verdict: Option<Verdict>, told: bool) {
        let Ok(index) = usize::try_from(slot) else { return };
        if self.verdicts.len() <= index {
            self.verdicts.resize(index + 1, None);
        }
        let Some(place) = self.verdicts.get_mut(index) else { return };
        if told || *place != verdict {
            *place = verdict;
            self.changes.note(shelf_row(slot));
        }
    }

    fn set_missing(&mut self, slot: Slot, verdict: Option<Verdict>) {
        if self.missing.get(&slot) == verdict.as_ref() {
            return;
        }
        match verdict {
            Some(verdict) => drop(self.missing.insert(slot, verdict)),
            None => drop(self.missing.remove(&slot)),
        }
        self.changes.note(missing_row(slot));
    }
}

impl Store {
    /// What is judged of the backups.
    #[must_use]
    pub const fn shelves(&self) -> &Shelves {
        &self.shelves
    }

    /// A fact came in that was learnt at `at`.
    pub(super) fn shelves_heard(&mut self, at: Timestamp) {
        self.shelves.now = self.shelves.now.max(at);
    }

    /// It is `now`: a share of the shelves is judged again, or all when it was too long ago.
    pub(super) fn tick_shelves(&mut self, now: Timestamp) {
        self.shelves.now = now;
        let before = std::mem::replace(&mut self.shelves.ticked, now);
        let (from, to) = (before.ms().div_euclid(1000), now.ms().div_euclid(1000));
        if to < from || to - from >= ROUND_SECS.cast_signed() {
            return self.judge_shelves();
        }
        for second in from + 1..=to {
            let share = second.rem_euclid(ROUND_SECS.cast_signed()).cast_unsigned();
            let shelves = self.objects.shelves.iter().map(|(slot, _)| slot);
            let clients = self.collection(Kind::Client).iter().map(|(slot, _)| slot);
            let due = |slot: &Slot| slot % ROUND_SECS == share;
            let (shelves, clients): (Vec<Slot>, Vec<Slot>) =
                (shelves.filter(due).collect(), clients.filter(due).collect());
            for slot in shelves {
                self.judge_shelf(slot, false);
            }
            for slot in clients {
                self.judge_missing(slot);
            }
        }
    }

    /// Judges every shelf and every tenant without one.
    pub(super) fn judge_shelves(&mut self) {
        let shelves: Vec<Slot> = self.objects.shelves.iter().map(|(slot, _)| slot).collect();
        let mut clients: Vec<Slot> =
            self.collection(Kind::Client).iter().map(|(slot, _)| slot).collect();
        clients.extend(self.shelves.all_missing());
        for slot in shelves {
            self.judge_shelf(slot, false);
        }
        for slot in clients {
            self.judge_missing(slot);
        }
    }

    /// Judges the shelf at `slot`; `told`: it is another than before, or gone.
    pub(super) fn judge_shelf(&mut self, slot: Slot, told: bool) {
        let verdict = self.objects.shelves.get(slot).map(|held| {
            let listed = self.objects.shelves.is_confirmed(slot);
            self.verdict(&held.object, self.judged_at(listed))
        });
        self.shelves.set(slot, verdict, told);
    }

    /// Judges whether the client at `slot` has no shelf though it is certain that it would be known.
    pub(super) fn judge_missing(&mut self, slot: Slot) {
        let certain =
            [FeedId::Backups, FeedId::Clients].into_iter().all(|feed| self.was_complete(feed));
        let client = self.collection(Kind::Client).get(slot);
        let verdict = client.filter(|_| certain).and_then(|held| {
            let tenant = held.object.tenant()?;
            let joined = self.joins.of(tenant.as_str())?;
            if joined.of(FeedId::Backups).next().is_some() {
                return None;
            }
            let empty = ShelfBuilder::new(tenant.as_str(), self.shelves.rules.drift).build();
            Some(self.verdict(&empty, self.judged_at(false)))
        });
        self.shelves.set_missing(slot, verdict);
    }

    fn was_complete(&self, feed: FeedId) -> bool {
        matches!(self.feeds.get(feed).freshness, Freshness::Live(_) | Freshness::Stale(..))
    }

    /// The moment as of which a shelf is judged; `listed`: the listing under way has told it.
    fn judged_at(&self, listed: bool) -> Timestamp {
        let now = self.shelves.now;
        match &self.feeds.get(FeedId::Backups).freshness {
            Freshness::Stale(as_of, _) if !(listed && self.objects.shelves.is_listing()) => *as_of,
            Freshness::Live(heard) if now.since(*heard) > SILENT => *heard,
            Freshness::Syncing(_)
            | Freshness::Live(_)
            | Freshness::Stale(..)
            | Freshness::Down(_) => now,
        }
    }

    /// The customer object of the tenant that `shelf` belongs to.
    fn client_of(&self, shelf: &Shelf) -> Option<&Resource> {
        let slot = self.joins.of(shelf.owner()?.as_str())?.client?;
        Some(&*self.collection(Kind::Client).get(slot)?.object)
    }

    fn verdict(&self, shelf: &Shelf, now: Timestamp) -> Verdict {
        let client = self.client_of(shelf);
        let class = match client {
            _ if shelf.is_platform() => Class::Platform,
            Some(_) => Class::Tenant,
            None if self.was_complete(FeedId::Clients) => Class::Orphan,
            None => Class::Unsure,
        };
        let tier = match client.map(|client| &client.spec) {
            Some(Spec::Client(spec)) => spec.tier.clone(),
            _ => Text::default(),
        };
        let since = client.and_then(|client| client.meta.created);
        let owner = match class {
            Class::Platform => Owner::Platform,
            Class::Tenant => Owner::Tenant { tier: tier.as_str(), since },
            Class::Orphan | Class::Unsure => Owner::Unknown,
        };
        judged(shelf, now, &owner, class, &tier, &self.shelves.rules)
    }
}

/// Judges `shelf` at `now`.
fn judged(
    shelf: &Shelf,
    now: Timestamp,
    owner: &Owner<'_>,
    class: Class,
    tier: &Text,
    rules: &Rules,
) -> Verdict {
    let orphan = class == Class::Orphan;
    let mut faults = if orphan { Vec::new() } else { shelf.faults(now, owner, rules) };
    for fault in &mut faults {
        if let Fault::Late(age) = fault {
            // By the hour, as it is shown: a row that is late would change with every look.
            *age = Span::from_secs(age.secs() / 3_600 * 3_600);
        }
    }
    let says = match faults.as_slice() {
        _ if shelf.unreadable().is_some() => {
            Text::clean("its folder can't be listed, so nothing is known of it")
        }
        [] if orphan => Text::clean("of no tenant: nobody makes new ones"),
        [] if shelf.daily().next().is_none() && class == Class::Tenant => {
            Text::clean("new: its first backup is still to come")
        }
        faults => {
            let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Text::clean(&words.join("; "))
        }
    };
    let newest = shelf.daily().find(|copy| copy.dump.is_some());
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Verdict {
        class,
        tier: tier.clone(),
        health: if orphan { Health::Unknown } else { shelf.health(now, owner, rules) },
        faults: faults.into_boxed_slice(),
        says,
        newest: newest.map(Backup::taken),
        sizes: (newest.and_then(|copy| copy.dump), newest.and_then(|copy| copy.filestore)),
        of_usual: shelf.of_usual(rules),
        copies: (count(shelf.daily().count()), count(shelf.insurance().count())),
        since: shelf.daily().last().map(Backup::taken),
        expires: shelf.next_expiry(now, owner, rules),
        protected: shelf.protected(now, rules).next().and_then(|copy| rules.protected_until(copy)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::backup::{Part, Stamp};
    use crate::domain::{ClientSpec, Fact, Meta, Object, Observation, Trouble, TroubleKind, Uid};
    use crate::store::table::{RowId, Table as _};
    use crate::store::{BackupsTable, StreamLimits};

    const HOUR: i64 = 3_600_000;

    fn hour(hours: i64) -> Timestamp {
        Timestamp::from_ms(1_790_000_000_000 + hours * HOUR)
    }

    fn client(name: &str, age: i64) -> Object {
        let named = Meta::named(name, Uid(Text::from(format!("uid-{name}"))));
        let meta = Meta { created: Some(hour(-age)), ..named };
        let spec = ClientSpec {
            subdomain: Text::from(name),
            tier: Text::from("starter"),
            ..ClientSpec::default()
        };
        let spec = Spec::Client(spec);
        Resource { meta, conditions: Box::default(), composed: Box::default(), spec }.into()
    }

    /// A shelf with a whole backup made so many hours before the start.
    fn shelf(name: &str, ages: &[i64]) -> Object {
        let mut builder = ShelfBuilder::new(name, Rules::default().drift);
        for age in ages {
            builder.put(Part::Dump, Stamp::of(hour(-age)), 100, hour(-age));
            builder.put(Part::Filestore, Stamp::of(hour(-age)), 300, hour(-age));
        }
        builder.build().into()
    }

    fn tell(store: &mut Store, feed: FeedId, at: i64, facts: impl IntoIterator<Item = Fact>) {
        for fact in facts {
            store.apply(Observation { feed, at: hour(at), fact });
        }
    }

    fn list(store: &mut Store, feed: FeedId, objects: impl IntoIterator<Item = Object>) {
        let upserts: Vec<Fact> = objects.into_iter().map(Fact::Upsert).collect();
        let facts = [Fact::RelistBegun].into_iter().chain(upserts).chain([Fact::RelistEnded]);
        tell(store, feed, 0, facts);
    }

    fn rows(store: &Store) -> Vec<(RowId, Health)> {
        let table = BackupsTable::new(store);
        let health = table.columns().iter().position(|column| column.id == "health");
        let health = health.expect("a column");
        table
            .slots()
            .filter_map(|slot| match table.value(slot, health) {
                crate::store::table::Value::Health(health) => Some((table.id(slot)?, health)),
                _ => None,
            })
            .collect()
    }

    fn of(store: &Store, name: &str) -> Verdict {
        let slot = store.objects().shelves.find(&Uid(Text::from(name))).expect("a shelf");
        store.shelves().of(slot).expect("a verdict").clone()
    }

    #[test]
    fn who_has_none_is_known_once_both_are_complete() {
        let mut store = Store::new(StreamLimits::default());
        let clients = [client("acme", 99), client("rila", 99), client("new", 2)];
        tell(&mut store, FeedId::Clients, 0, [Fact::RelistBegun]);
        tell(&mut store, FeedId::Clients, 0, clients.clone().map(Fact::Upsert));
        list(&mut store, FeedId::Backups, [shelf("acme", &[3]), shelf("gone", &[3])]);
        assert_eq!(store.shelves().all_missing().count(), 0, "the tenants aren't complete");
        assert_eq!(of(&store, "gone").class, Class::Unsure);

        tell(&mut store, FeedId::Clients, 0, [Fact::RelistEnded]);
        assert_eq!(of(&store, "gone").class, Class::Orphan);
        let missing = |name: &str| RowId::Missing(Text::from(name));
        let found = rows(&store);
        assert!(found.contains(&(missing("rila"), Health::Failed)), "{found:?}");
        assert!(found.contains(&(missing("new"), Health::Unknown)), "{found:?}");
        assert_eq!(found.len(), 4);
        let table = BackupsTable::new(&store);
        for slot in table.slots() {
            assert_eq!(table.id(slot).and_then(|id| table.find(&id)), Some(slot));
        }

        // The first backup takes the row's place, and a tenant that goes takes its row along.
        tell(&mut store, FeedId::Backups, 0, [Fact::Upsert(shelf("rila", &[1]))]);
        tell(&mut store, FeedId::Clients, 0, [Fact::Remove(Uid(Text::from("uid-new")))]);
        assert_eq!(store.shelves().all_missing().count(), 0);
        assert_eq!(of(&store, "rila").health, Health::Healthy);
    }

    #[test]
    fn a_backup_becomes_late_as_time_goes_on_and_only_that_is_a_change() {
        let mut store = Store::new(StreamLimits::default());
        list(&mut store, FeedId::Clients, [client("acme", 99), client("rila", 99)]);
        list(&mut store, FeedId::Backups, [shelf("acme", &[25]), shelf("rila", &[3])]);
        store.tick(hour(0));
        let before = store.shelves().revision();
        let mut late = None;
        for minute in 1..=61 {
            let now = hour(0).after(Span::from_secs(minute * 60 + 1));
            let feed = FeedId::Backups;
            store.apply(Observation { feed, at: now, fact: Fact::Alive });
            store.tick(now);
            let is_late = !of(&store, "acme").faults.is_empty();
            late = late.or(is_late.then_some(minute));
        }
        assert_eq!(late, Some(60));
        assert_eq!(store.shelves().revision(), before + 1, "one row changed, once");
        assert_eq!(of(&store, "acme").says, "late: 1d2h old");
        store.tick(hour(0));
        assert!(of(&store, "acme").faults.is_empty(), "a clock that is set back");
    }

    #[test]
    fn what_is_not_seen_is_not_called_late() {
        let mut store = Store::new(StreamLimits::default());
        list(&mut store, FeedId::Clients, [client("acme", 99)]);
        list(&mut store, FeedId::Backups, [shelf("acme", &[3])]);
        let cut = Trouble::new(TroubleKind::Unreachable, "it is cut", "Wait.");
        tell(&mut store, FeedId::Backups, 1, [Fact::Unreachable(cut)]);
        store.tick(hour(72));
        assert!(of(&store, "acme").faults.is_empty());
        // Listed again and unchanged, it is late.
        list_at(&mut store, 72, [shelf("acme", &[3])]);
        assert!(matches!(&*of(&store, "acme").faults, [Fault::Late(_)]));
    }

    fn list_at(store: &mut Store, at: i64, objects: impl IntoIterator<Item = Object>) {
        let upserts: Vec<Fact> = objects.into_iter().map(Fact::Upsert).collect();
        let facts = [Fact::RelistBegun].into_iter().chain(upserts).chain([Fact::RelistEnded]);
        tell(store, FeedId::Backups, at, facts);
    }
}
