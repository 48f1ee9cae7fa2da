//! The databases as told: what was listed, what sessions and sizes say of it, and what changed since the last listing.

use std::collections::HashMap;

use super::read::Listed;
use super::sizes::Sizes;
use crate::domain::{
    Connections, Database, DatabaseClass, DatabaseFigures, Session, Span, Text, Timestamp, Uid,
};

/// A deadlock is shown for so long after it was seen.
const DEADLOCK_SHOWN: Span = Span::from_secs(10 * 60);

/// The last listing, and what the ones before it said.
#[derive(Debug, Default)]
pub(super) struct Listing {
    listed: Vec<Listed>,
    history: HashMap<u32, History>,
}

#[derive(Clone, Copy, Debug)]
struct History {
    at: Timestamp,
    commits: u64,
    per_minute: Option<u64>,
    deadlocks: u64,
    deadlock_seen: Option<Timestamp>,
}

/// What the sessions of one database say of it.
#[derive(Clone, Copy, Debug, Default)]
struct Sitting {
    connections: Connections,
    oldest: Option<Timestamp>,
    blocked: u32,
}

impl Listing {
    /// Takes in a new listing.
    pub(super) fn take(&mut self, listed: Vec<Listed>, now: Timestamp) {
        let before = std::mem::take(&mut self.history);
        for database in &listed {
            let known = before.get(&database.id);
            self.history.insert(database.id, History::after(known, database, now));
        }
        self.listed = listed;
    }

    /// The databases that were listed: id, name, and whether the role may connect.
    pub(super) fn names(&self) -> impl Iterator<Item = (u32, &Text, bool)> {
        self.listed
            .iter()
            .map(|listed| (listed.id, &listed.name, listed.may_connect && listed.open))
    }

    /// The databases as they are told now.
    pub(super) fn databases(
        &self,
        sessions: &[Session],
        sizes: &Sizes,
        domain: &str,
    ) -> Vec<Database> {
        let mut sitting: HashMap<&str, Sitting> = HashMap::new();
        for session in sessions {
            let at = sitting.entry(session.database.as_str()).or_default();
            at.connections.count(session.state);
            at.blocked += u32::from(!session.blocked_by.is_empty());
            at.oldest = match (at.oldest, session.transaction) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        let of = |listed: &Listed| {
            let here = sitting.get(listed.name.as_str()).copied().unwrap_or_default();
            self.database(listed, here, (sizes, domain))
        };
        self.listed.iter().map(of).collect()
    }

    fn database(
        &self,
        listed: &Listed,
        here: Sitting,
        (sizes, domain): (&Sizes, &str),
    ) -> Database {
        let (class, tenant) = DatabaseClass::of(listed.name.as_str(), domain);
        let (size, vacuumed) = sizes.of(listed.id);
        let history = self.history.get(&listed.id);
        Database {
            uid: Uid(Text::from(listed.id.to_string())),
            name: listed.name.clone(),
            class,
            tenant: tenant.map(Text::clean),
            owner: listed.owner.clone(),
            open: listed.open,
            size,
            connections: here.connections,
            figures: DatabaseFigures {
                commits: listed.commits,
                rollbacks: listed.rollbacks,
                commits_per_minute: history.and_then(|history| history.per_minute),
                hit_permille: permille(listed.hits, listed.reads),
                deadlocks: listed.deadlocks,
                temp_files: listed.temp_files,
                temp_bytes: listed.temp_bytes,
            },
            oldest_transaction: here.oldest,
            vacuumed,
            frozen_age: listed.frozen_age,
            blocked: here.blocked,
            deadlock_seen: history.and_then(|history| history.deadlock_seen),
        }
    }
}

impl History {
    fn after(known: Option<&Self>, listed: &Listed, now: Timestamp) -> Self {
        let grown = known.filter(|known| listed.deadlocks > known.deadlocks);
        let seen = known
            .and_then(|known| known.deadlock_seen)
            .filter(|seen| now.since(*seen) < DEADLOCK_SHOWN);
        let rate = known.and_then(|known| {
            let ms = now.since(known.at).ms();
            // Statistics that were reset begin anew.
            let more = listed.commits.checked_sub(known.commits)?;
            more.saturating_mul(60_000).checked_div(ms)
        });
        Self {
            at: now,
            commits: listed.commits,
            per_minute: rate,
            deadlocks: listed.deadlocks,
            deadlock_seen: grown.map(|_| now).or(seen),
        }
    }
}

fn permille(hits: u64, reads: u64) -> Option<u16> {
    let all = u128::from(hits) + u128::from(reads);
    u16::try_from((u128::from(hits) * 1000).checked_div(all)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_ms(secs * 1000)
    }

    fn acme(commits: u64, deadlocks: u64) -> Vec<Listed> {
        let name = Text::clean("acme.planapulse.app");
        vec![Listed {
            id: 7,
            name,
            open: true,
            commits,
            deadlocks,
            hits: 997,
            reads: 3,
            ..Listed::default()
        }]
    }

    fn told(listing: &Listing) -> Database {
        let mut all = listing.databases(&[], &Sizes::default(), "planapulse.app");
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn rates_follow_from_two_listings_and_a_reset_gives_none() {
        let mut listing = Listing::default();
        let mut rates = Vec::new();
        for (secs, commits) in [(0, 100), (12, 160), (24, 160), (36, 5), (36, 9)] {
            listing.take(acme(commits, 0), at(secs));
            rates.push(told(&listing).figures.commits_per_minute);
        }
        assert_eq!(rates, [None, Some(300), Some(0), None, None]);
        let acme = told(&listing);
        assert_eq!(acme.figures.hit_permille, Some(997));
        assert_eq!((acme.class, acme.tenant), (DatabaseClass::Tenant, Some(Text::clean("acme"))));
    }

    #[test]
    fn a_deadlock_is_shown_for_ten_minutes() {
        let mut listing = Listing::default();
        let mut seen = Vec::new();
        for (secs, deadlocks) in [(0, 3), (12, 3), (24, 4), (500, 4), (624, 4)] {
            listing.take(acme(0, deadlocks), at(secs));
            seen.push(told(&listing).deadlock_seen);
        }
        assert_eq!(seen, [None, None, Some(at(24)), Some(at(24)), None]);
    }
}
