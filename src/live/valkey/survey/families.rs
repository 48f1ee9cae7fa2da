//! Families of keys: counted by name as the walk meets them, with their largest parts.
//!
//! Pure. A walk may meet a key twice while the server makes room for more of them, so a count is as good as
//! the server's promise: about right. Names are bounded, and so is how many parts are told apart.

use std::collections::{BTreeSet, HashMap};

use super::replies::NAME_BYTES;
use crate::domain::{Health, KeyFamily, KeyPart, Text, Timestamp, Uid};

/// The most parts of a family that are told apart while counting.
const PARTS_COUNTED: usize = 20_000;
/// The most parts of a family that are shown.
const PARTS: usize = 100;
/// The most queues that are known.
const QUEUES: usize = 100;

/// A family: how its keys begin, its pattern, and what it is for.
struct Kind {
    prefix: &'static str,
    pattern: &'static str,
    what: &'static str,
}

/// The families, in the order of their trial; what fits none is counted apart.
const KINDS: [Kind; 6] = [
    Kind {
        prefix: "odoo:session:",
        pattern: "odoo:session:*",
        what: "sessions of people in Odoo, by database",
    },
    Kind { prefix: "odoo:bus:", pattern: "odoo:bus:*", what: "Odoo's messages, by database" },
    Kind { prefix: QUEUE, pattern: "bull:*", what: "queues and their jobs, by queue" },
    Kind {
        prefix: "PLANA:executions:",
        pattern: "PLANA:executions:*",
        what: "the audit of agents, a stream for each workspace",
    },
    Kind {
        prefix: "PLANA:sessions:",
        pattern: "PLANA:sessions:*",
        what: "chats with agents, by tenant",
    },
    Kind { prefix: "coraza:", pattern: "coraza:*", what: "the firewall's cache, by kind" },
];

/// How the keys of queues begin.
pub(super) const QUEUE: &str = KeyFamily::QUEUE;

/// The family of what fits no other.
const OTHERS: Kind =
    Kind { prefix: "", pattern: "other keys", what: "keys of no family known, by how they begin" };

/// How many keys of a family were met.
#[derive(Clone, Debug, Default)]
struct Tally {
    count: u64,
    parts: HashMap<Text, u64>,
}

/// The families, over all connections.
#[derive(Default)]
pub(super) struct Families {
    counted: Option<(Timestamp, Vec<Tally>)>,
    /// The count under way.
    counting: Vec<Tally>,
    seen: u64,
    queues: BTreeSet<Text>,
}

impl Families {
    /// The server began anew: no count holds.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// A count begins again from nothing.
    pub(super) fn begin(&mut self) {
        self.counting = vec![Tally::default(); KINDS.len() + 1];
        self.seen = 0;
    }

    /// Counts keys that the walk met; at the end of the walk the count takes the place of the last.
    pub(super) fn count(&mut self, keys: &[Vec<u8>], over: bool, now: Timestamp) {
        if self.counting.is_empty() {
            self.begin();
        }
        for key in keys {
            self.seen += 1;
            self.count_one(&String::from_utf8_lossy(key));
        }
        if over {
            let tallies = std::mem::take(&mut self.counting);
            self.counted = Some((now, tallies));
            self.seen = 0;
        }
    }

    fn count_one(&mut self, key: &str) {
        let kind = KINDS.iter().position(|kind| key.starts_with(kind.prefix));
        let prefix = kind.and_then(|kind| KINDS.get(kind)).map_or("", |kind| kind.prefix);
        let rest = key.get(prefix.len()..).unwrap_or_default();
        let part = rest.split(':').next().unwrap_or_default();
        let part = Text::bounded(part, NAME_BYTES);
        if prefix == QUEUE && self.queues.len() < QUEUES && !self.queues.contains(&part) {
            self.queues.insert(part.clone());
        }
        let Some(tally) = self.counting.get_mut(kind.unwrap_or(KINDS.len())) else { return };
        tally.count += 1;
        if let Some(count) = tally.parts.get_mut(&part) {
            *count += 1;
            return;
        }
        let told_apart = tally.parts.len() < PARTS_COUNTED;
        let part = if told_apart { part } else { Text::clean("all others") };
        *tally.parts.entry(part).or_default() += 1;
    }

    /// The queues that were met.
    pub(super) const fn queues(&self) -> &BTreeSet<Text> {
        &self.queues
    }

    /// Every family as the console shows it; `total` is how many keys there are, for the progress.
    pub(super) fn told(&self, total: Option<u64>) -> Vec<KeyFamily> {
        let progress = (!self.counting.is_empty()).then_some(total).flatten().map(|total| {
            let percent = self.seen.saturating_mul(100) / total.max(1);
            u8::try_from(percent.min(99)).unwrap_or(99)
        });
        let families = KINDS.iter().chain([&OTHERS]).enumerate().map(|(number, kind)| {
            let counted = self.counted.as_ref();
            let tally = counted.and_then(|(_, tallies)| tallies.get(number));
            KeyFamily {
                uid: Uid(Text::clean(kind.pattern)),
                pattern: Text::clean(kind.pattern),
                what: Text::clean(kind.what),
                count: tally.map(|tally| tally.count),
                counted: counted.map(|(at, _)| *at),
                progress,
                parts: tally.map(Tally::largest).unwrap_or_default(),
                health: Health::Unknown,
                note: Text::default(),
            }
        });
        families.collect()
    }
}

impl Tally {
    fn largest(&self) -> Box<[KeyPart]> {
        let mut parts: Vec<_> = self.parts.iter().collect();
        parts.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        let part = |(name, count): (&Text, &u64)| KeyPart {
            name: name.clone(),
            count: *count,
            note: Text::default(),
        };
        parts.into_iter().take(PARTS).map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }

    #[test]
    fn keys_are_counted_by_family_and_part() {
        let mut families = Families::default();
        let now = Timestamp::from_ms(5);
        families.count(
            &keys(&["odoo:session:a.example:1", "odoo:session:a.example:2", "bull:mail:wait"]),
            false,
            now,
        );
        let under_way = families.told(Some(6));
        assert_eq!((under_way[0].count, under_way[0].progress), (None, Some(50)));
        families.count(&keys(&["odoo:session:b.example:1", "PLANA:events", "стая:1"]), true, now);
        let told = families.told(Some(6));
        let sessions = &told[0];
        assert_eq!((sessions.count, sessions.counted), (Some(3), Some(now)));
        assert_eq!(sessions.progress, None);
        assert_eq!((sessions.parts[0].name.as_str(), sessions.parts[0].count), ("a.example", 2));
        let others = told.last().expect("others");
        assert_eq!((others.pattern.as_str(), others.count), ("other keys", Some(2)));
        assert_eq!(families.queues().iter().map(Text::as_str).collect::<Vec<_>>(), ["mail"]);
    }

    #[test]
    fn parts_and_queues_are_bounded() {
        let mut families = Families::default();
        let many: Vec<_> = (0..30_000).map(|n| format!("bull:q{n}:id").into_bytes()).collect();
        families.count(&many, true, Timestamp::default());
        assert_eq!(families.queues().len(), QUEUES);
        let told = families.told(None);
        let queues = told.iter().find(|family| family.pattern == "bull:*").expect("queues");
        assert_eq!(queues.parts.len(), PARTS);
        assert_eq!((queues.parts[0].name.as_str(), queues.parts[0].count), ("all others", 10_000));
    }
}
