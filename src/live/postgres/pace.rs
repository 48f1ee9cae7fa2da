//! How often a server is asked, and what it costs: the slower it answers, the longer it is left alone.

use std::collections::VecDeque;
use std::time::Duration;

use super::connect::Spent;
use crate::domain::{Cost, Span, Timestamp};

/// The console may take one part in so many of a server's time.
const SHARE: u64 = 40;

/// However slow it is, it is asked so often.
const LONGEST: Span = Span::from_secs(60);

/// The time over which the cost is counted.
const COUNTED: Span = Span::from_secs(60);

/// The cost of the last minute, and what follows from the last refresh.
#[derive(Debug)]
pub(super) struct Ledger {
    refresh: Span,
    every: Span,
    /// The least time that the link itself takes there and back.
    way: Option<Span>,
    /// At most one entry for each refresh and measurement of the last minute.
    spent: VecDeque<(Timestamp, Spent)>,
}

impl Ledger {
    /// A ledger of a server that is asked each `refresh` while it is quick.
    pub(super) fn new(refresh: Duration) -> Self {
        let refresh =
            Span::from_ms(u64::try_from(refresh.as_millis()).unwrap_or(u64::MAX).max(200));
        Self { refresh, every: refresh, way: None, spent: VecDeque::new() }
    }

    /// The link took so long for a word that is no statement.
    pub(super) fn way(&mut self, took: Span) {
        self.way = Some(self.way.map_or(took, |way| way.min(took)));
    }

    /// Notes what a refresh cost; the wait until the next one follows from it.
    pub(super) fn refreshed(&mut self, at: Timestamp, spent: Spent) {
        let on_the_way = self.way.unwrap_or_default().ms().saturating_mul(spent.asked);
        let busy = spent.took.ms().saturating_sub(on_the_way);
        let fair = Span::from_ms(busy.saturating_mul(SHARE)).min(LONGEST);
        self.every = fair.max(self.refresh);
        self.note(at, spent);
    }

    /// Notes what was spent beside the refreshes.
    pub(super) fn note(&mut self, at: Timestamp, spent: Spent) {
        if spent.asked > 0 {
            self.spent.push_back((at, spent));
        }
        while self.spent.front().is_some_and(|(then, _)| at.since(*then) >= COUNTED)
            || self.spent.len() > 4096
        {
            self.spent.pop_front();
        }
    }

    /// The time until the next refresh.
    pub(super) const fn every(&self) -> Span {
        self.every
    }

    /// The cost as told.
    pub(super) fn cost(&self) -> Cost {
        let sum = |of: fn(&Spent) -> u64| self.spent.iter().map(|(_, spent)| of(spent)).sum();
        Cost {
            asked: sum(|spent| spent.asked),
            took: Span::from_ms(sum(|spent| spent.took.ms())),
            every: self.every,
        }
    }
}

/// Waits between tries to connect: doubling, with jitter, so that many consoles don't ask at once.
#[derive(Debug, Default)]
pub(super) struct Retry {
    tries: u32,
}

impl Retry {
    const FIRST: Duration = Duration::from_millis(250);

    /// The limit while a server that was there comes back.
    const LINK: Duration = Duration::from_millis(1500);

    /// The limit where the server answers, and refuses.
    const REFUSED: Duration = Duration::from_secs(10);

    /// The next wait; `refused` when the server is there and says no.
    pub(super) fn next(&mut self, refused: bool) -> Duration {
        let limit = if refused { Self::REFUSED } else { Self::LINK };
        let full = Self::FIRST.saturating_mul(1 << self.tries.min(16)).min(limit);
        self.tries = self.tries.saturating_add(1);
        full.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_ms(secs * 1000)
    }

    fn spent(asked: u64, ms: u64) -> Spent {
        Spent { asked, took: Span::from_ms(ms) }
    }

    #[test]
    fn a_slow_server_is_asked_less_often_but_not_for_the_way_there() {
        let mut ledger = Ledger::new(Duration::from_secs(3));
        for (way, refresh, every) in [
            (None, spent(3, 20), 3_000),
            (None, spent(3, 200), 8_000),
            (None, spent(3, 9_000), 60_000),
            (Some(60), spent(3, 200), 3_000),
            (Some(90), spent(3, 300), 4_800),
            (None, spent(3, 0), 3_000),
        ] {
            way.into_iter().for_each(|ms| ledger.way(Span::from_ms(ms)));
            ledger.refreshed(at(1), refresh);
            assert_eq!(ledger.every(), Span::from_ms(every), "{refresh:?}");
        }
    }

    #[test]
    fn the_cost_is_that_of_the_last_minute() {
        let mut ledger = Ledger::new(Duration::from_secs(3));
        for secs in 0..100 {
            ledger.refreshed(at(secs), spent(2, 5));
        }
        ledger.note(at(99), spent(1, 40));
        ledger.note(at(99), spent(0, 0));
        let cost = ledger.cost();
        assert_eq!((cost.asked, cost.took), (121, Span::from_ms(340)));
        assert_eq!(cost.every, Span::from_secs(3));
    }
}
