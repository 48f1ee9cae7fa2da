//! The card's story: the newest events, and what changed, merged by time.

use super::super::{DetailLine, Tone};
use super::{Item, Page, plain};
use crate::domain::{CloudEvent, FeedId, Kind, Resource, Status, StreamEntry, Timestamp};
use crate::store::{Held, Line};

/// How many events are shown.
const EVENTS: usize = 10;
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
        found.take(EVENTS)
    }

    pub(super) fn events(&self) -> Vec<DetailLine> {
        let items = self.newest().map(|(entry, event)| {
            let mut item: Item = vec![plain(Tone::Plain, event.kind.as_str())];
            item.push(self.when(entry.id.at()));
            item.push(plain(Tone::Muted, &format!("  {}", event.summary)));
            item
        });
        self.section("last events", &[FeedId::Events], items.collect())
    }

    /// What changed, newest first: objects as this console saw them change, events, runs, alerts.
    pub(super) fn changes(&self) -> Vec<DetailLine> {
        let mut all: Vec<Change> = Vec::new();
        all.extend(
            self.newest().map(|(entry, event)| (entry.id.at(), format!("event {}", event.kind))),
        );
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
