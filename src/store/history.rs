//! What the console itself saw of a few figures: their last hour, for sparklines where no Prometheus is set.
//!
//! A figure whose feed could not be read at a sample has no value there: a gap is never drawn as zero.

use super::findings::Area;
use super::{Freshness, Ring, Store};
use crate::domain::{AlertState, FeedId, Span, Timestamp, Unit};

/// The time between two samples.
const EVERY: Span = Span::from_secs(10);
/// How many samples are kept: an hour.
const KEPT: usize = 360;

/// A figure that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Alerts that fire.
    Firing,
    /// Tenants that are not ready.
    NotReady,
    /// Connections of the PostgreSQL server.
    Connections,
    /// Clients that wait for a connection.
    Waiting,
    /// Events in a second, in thousandths.
    Events,
    /// Entries that groups of streams are behind.
    Lag,
}

impl Figure {
    /// All of them, in the order shown.
    pub const ALL: [Self; 6] =
        [Self::Firing, Self::NotReady, Self::Connections, Self::Waiting, Self::Events, Self::Lag];

    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Firing => "alerts firing",
            Self::NotReady => "tenants not ready",
            Self::Connections => "pg01 connections",
            Self::Waiting => "clients waiting",
            Self::Events => "events",
            Self::Lag => "streams behind by",
        }
    }

    /// What it counts.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Events => Unit::PerSecond,
            _ => Unit::Count,
        }
    }

    const fn feed(self) -> FeedId {
        match self {
            Self::Firing => FeedId::Alerts,
            Self::NotReady => FeedId::Clients,
            Self::Connections => FeedId::DatabaseServer,
            Self::Waiting => FeedId::Pools,
            Self::Events => FeedId::Events,
            Self::Lag => FeedId::Streams,
        }
    }

    /// Its value in thousandths; none while its feed can't be read.
    fn now(self, store: &Store, now: Timestamp) -> Option<u64> {
        if !matches!(store.feeds().get(self.feed()).freshness, Freshness::Live(_)) {
            return None;
        }
        let objects = store.objects();
        let whole = match self {
            Self::Firing => {
                let fires = |state| state == AlertState::Firing;
                objects.alerts.iter().filter(|(_, held)| fires(held.object.state)).count() as u64
            }
            Self::NotReady => store.findings().count(Area::Tenants) as u64,
            Self::Connections => {
                let servers = objects.database_server.iter();
                servers.map(|(_, held)| u64::from(held.object.connections)).sum()
            }
            Self::Waiting => {
                objects.pools.iter().map(|(_, held)| u64::from(held.object.clients_waiting)).sum()
            }
            Self::Lag => {
                let groups = objects.streams.iter().flat_map(|(_, held)| &held.object.groups);
                groups.filter_map(|group| group.lag).fold(0, u64::saturating_add)
            }
            Self::Events => {
                let recent = now.ms() / 1000 - 10;
                let rates = store.stream().rates().iter().rev();
                let recent = rates.take_while(|rate| rate.second >= recent);
                return Some(recent.map(|rate| u64::from(rate.entries)).sum::<u64>() * 100);
            }
        };
        Some(whole.saturating_mul(1000))
    }
}

/// The samples of every figure, oldest first.
#[derive(Clone, Debug)]
pub struct History {
    samples: Ring<[Option<u64>; Figure::ALL.len()]>,
    last: Option<Timestamp>,
}

impl Default for History {
    fn default() -> Self {
        Self { samples: Ring::new(KEPT), last: None }
    }
}

impl History {
    /// The samples of `figure` in thousandths, oldest first; none where it wasn't known.
    pub fn of(&self, figure: Figure) -> impl DoubleEndedIterator<Item = Option<u64>> + '_ {
        self.samples.iter().map(move |sample| sample.get(figure as usize).copied().flatten())
    }

    /// How many samples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }
}

impl Store {
    /// What the console saw of a few figures.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// It is `now`: takes a sample when one is due.
    pub(super) fn tick_history(&mut self, now: Timestamp) {
        let due = self.history.last.is_none_or(|last| now < last || now.since(last) >= EVERY);
        // Before the first listing there is nothing to remember.
        let known = self.feeds.iter().any(|(_, state)| state.listings > 0);
        if due && known {
            let sample = Figure::ALL.map(|figure| figure.now(self, now));
            self.history.samples.push(sample);
            self.history.last = Some(now);
        }
    }
}
