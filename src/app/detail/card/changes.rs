//! The card's story: the newest events, and what changed, merged by time.

use super::super::{DetailLine, Tone};
use super::{Item, Page, plain};
use crate::domain::{CloudEvent, FeedId, Kind, Resource, Status, StreamEntry, Timestamp};
use crate::store::{Held, Line};

/// How many events are shown; those alike count as one.
const EVENTS: usize = 10;
/// How many of the newest are looked at.
const LOOKED_AT: usize = 60;
/// How far back in the stream they are sought.
const SOUGHT: usize = 20_000;
/// How many changes are shown.
const CHANGES: usize = 20;

/// Something that happened, and when.
type Change = (Timestamp, String);

impl Page<'_> {
    /// The newest entries of the stream about the tenant, newest first.
    fn newest(&self) -> impl Iterator<Item = (&StreamEntry, &CloudEvent)> {
        let lines = self.store.stream().iter().rev().take(SOUGHT);
        let found = lines.filter_map(|(_, line)| match line {
            Line::Entry { entry, .. } => {
                let event = entry.event().filter(|event| event.subject == *self.tenant)?;
                Some((entry.as_ref(), event))
            }
            Line::Gap(_) | Line::Left(_) => None,
        });
        found.take(LOOKED_AT)
    }

    pub(super) fn events(&self) -> Vec<DetailLine> {
        let told =
            self.newest().map(|(entry, event)| ((&event.kind, &event.summary), entry.id.at()));
        let items = alike(told).into_iter().take(EVENTS).map(|((kind, summary), at, count)| {
            let mut item: Item = vec![plain(Tone::Plain, kind.as_str()), self.when(at)];
            item.push(plain(Tone::Muted, &format!("{}  {summary}", times(count))));
            item
        });
        self.section("last events", &[FeedId::Events], items.collect())
    }

    /// What changed, newest first: objects as this console saw them change, events, runs, alerts.
    pub(super) fn changes(&self) -> Vec<DetailLine> {
        let mut all: Vec<Change> = Vec::new();
        let told = self.newest().map(|(entry, event)| (&event.kind, entry.id.at()));
        let told = alike(told).into_iter().take(EVENTS);
        all.extend(told.map(|(kind, at, count)| (at, format!("event {kind}{}", times(count)))));
        self.resources(&mut all);
        self.cluster_changes(&mut all);
        let objects = self.store.objects();
        for slot in self.joined.of(FeedId::Alerts) {
            if let Some(held) = objects.alerts.get(slot) {
                let alert = &held.object;
                let says = format!("alert {} began ({})", alert.name, alert.severity.word());
                all.push((alert.since, says));
            }
        }
        for slot in self.joined.of(FeedId::Probes) {
            if let Some(held) = objects.probes.get(slot)
                && let Some(at) = held.changed.filter(|_| !held.object.up)
            {
                all.push((at, format!("{} is down", held.object.target)));
            }
        }
        all.sort_by(|a, b| b.cmp(a));
        all.dedup();
        let items = all.into_iter().take(CHANGES);
        let items = items.map(|(at, says)| {
            let ago = format!("{:>7} ", self.now.since(at).to_string());
            vec![plain(Tone::Muted, &ago), plain(Tone::Plain, &says)]
        });
        let mut items: Vec<Item> = items.collect();
        if items.is_empty() {
            items.push(vec![plain(Tone::Muted, "nothing was seen to change")]);
        }
        super::listed("what changed", items)
    }

    fn resources(&self, all: &mut Vec<Change>) {
        let client = self.joined.client.as_slice();
        for (kind, slots) in [
            (Kind::Client, client),
            (Kind::Environment, &self.joined.environments),
            (Kind::Upgrade, &self.joined.upgrades),
            (Kind::Restore, &self.joined.restores),
        ] {
            for held in self.of_kind(kind, slots) {
                resource(held, all);
            }
        }
    }

    fn cluster_changes(&self, all: &mut Vec<Change>) {
        for (feed, slot) in self.joined.others() {
            let Some(kind) = feed.cluster_kind() else { continue };
            let Some(held) = self.store.cluster(kind).get(*slot) else { continue };
            if let Some(at) = held.changed {
                let object = &held.object;
                let says = format!("{} {} {}", kind.word(), object.meta.name, object.state);
                all.push((at, says));
            }
        }
    }
}

/// `newest`, with those alike as one: when it came last, and how often.
fn alike<K: PartialEq>(newest: impl Iterator<Item = (K, Timestamp)>) -> Vec<(K, Timestamp, usize)> {
    let mut told: Vec<(K, Timestamp, usize)> = Vec::new();
    for (what, at) in newest {
        match told.iter_mut().find(|(known, ..)| *known == what) {
            Some((.., count)) => *count += 1,
            None => told.push((what, at, 1)),
        }
    }
    told
}

fn times(count: usize) -> String {
    if count > 1 { format!(" ×{count}") } else { String::new() }
}

fn resource(held: &Held, all: &mut Vec<Change>) {
    let it: &Resource = &held.object;
    let (kind, name) = (it.kind(), &it.meta.name);
    all.extend(it.meta.created.map(|at| (at, format!("{kind} {name} was made"))));
    all.extend(it.meta.deleting.map(|at| (at, format!("{kind} {name} is being removed"))));
    for condition in &it.conditions {
        let word = if condition.status == Status::True { "is" } else { "is not" };
        let says = format!("{kind} {name} {word} {}: {}", condition.name, condition.reason);
        all.extend(condition.since.map(|at| (at, says)));
    }
    // A change that a condition tells is said once.
    let told = it.conditions.iter().filter_map(|condition| condition.since).max();
    let changed = held.changed.filter(|at| told.is_none_or(|told| at.since(told).secs() > 5));
    all.extend(changed.map(|at| (at, format!("{kind} {name} changed"))));
}
