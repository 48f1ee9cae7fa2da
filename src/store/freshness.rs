//! How fresh what a feed told is.

use crate::domain::{Fact, FeedId, Span, Timestamp, Trouble};

/// How fresh the facts of one feed are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The first listing is under way; so many things were told.
    Syncing(u64),
    /// Complete, and confirmed at this time.
    Live(Timestamp),
    /// Complete as of this time; the feed can't be read since, and why.
    Stale(Timestamp, Trouble),
    /// Never complete, and why.
    Down(Trouble),
}

/// After this time without a word a feed that should be live is shown with its age: feeds confirm every two
/// to three seconds.
const SILENT_AFTER: Span = Span::from_secs(7);

impl Freshness {
    /// The age of the facts, where they are complete.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<Span> {
        match self {
            Self::Live(as_of) | Self::Stale(as_of, _) => Some(now.since(*as_of)),
            Self::Syncing(_) | Self::Down(_) => None,
        }
    }

    /// Whether what is shown may no longer be true.
    #[must_use]
    pub fn is_old(&self, now: Timestamp) -> bool {
        match self {
            Self::Live(as_of) => now.since(*as_of) > SILENT_AFTER,
            Self::Stale(..) => true,
            Self::Syncing(_) | Self::Down(_) => false,
        }
    }

    /// Why the feed can't be read, if it can't.
    #[must_use]
    pub const fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Stale(_, why) | Self::Down(why) => Some(why),
            Self::Syncing(_) | Self::Live(_) => None,
        }
    }
}

/// What is known about one feed itself.
#[derive(Clone, Debug)]
pub struct FeedState {
    /// How fresh its facts are.
    pub freshness: Freshness,
    /// How many complete listings it told.
    pub listings: u64,
    /// How often it could not be read.
    pub troubles: u64,
}

impl Default for FeedState {
    fn default() -> Self {
        Self { freshness: Freshness::Syncing(0), listings: 0, troubles: 0 }
    }
}

impl FeedState {
    /// Takes in what the feed told at `at`.
    pub(super) fn observe(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::Unreachable(why) => {
                self.troubles += 1;
                self.freshness = match &self.freshness {
                    Freshness::Live(as_of) | Freshness::Stale(as_of, _) => {
                        Freshness::Stale(*as_of, why.clone())
                    }
                    Freshness::Syncing(_) | Freshness::Down(_) => Freshness::Down(why.clone()),
                };
            }
            Fact::RelistEnded => {
                self.listings += 1;
                self.freshness = Freshness::Live(at);
            }
            Fact::LeftAt(_) => {}
            Fact::RelistBegun
            | Fact::Alive
            | Fact::Upsert(_)
            | Fact::Remove(_)
            | Fact::Entries(_)
            | Fact::Older(_)
            | Fact::Gap(_)
            | Fact::Log(_) => self.heard(fact, at),
        }
    }

    /// A word from a feed: it is live if it was ever complete, else it is syncing.
    fn heard(&mut self, fact: &Fact, at: Timestamp) {
        let told = u64::from(matches!(fact, Fact::Upsert(_)));
        self.freshness = match &self.freshness {
            Freshness::Syncing(seen) => Freshness::Syncing(seen + told),
            Freshness::Down(_) => Freshness::Syncing(told),
            // A new listing after a break: what is shown is as old as it was until the listing ends.
            Freshness::Stale(as_of, why) if !matches!(fact, Fact::Alive) => {
                Freshness::Stale(*as_of, why.clone())
            }
            Freshness::Live(_) | Freshness::Stale(..) => Freshness::Live(at),
        };
    }
}

/// The state of every feed.
#[derive(Clone, Debug)]
pub struct Feeds([FeedState; FeedId::ALL.len()]);

impl Default for Feeds {
    fn default() -> Self {
        Self(std::array::from_fn(|_| FeedState::default()))
    }
}

impl Feeds {
    /// The state of `feed`.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "there is a state for every variant")]
    pub fn get(&self, feed: FeedId) -> &FeedState {
        &self.0[feed as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "there is a state for every variant")]
    pub(super) fn get_mut(&mut self, feed: FeedId) -> &mut FeedState {
        &mut self.0[feed as usize]
    }

    /// Every feed with its state, in the order shown.
    pub fn iter(&self) -> impl Iterator<Item = (FeedId, &FeedState)> {
        FeedId::ALL.into_iter().zip(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TroubleKind;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_ms(secs * 1000)
    }

    fn cut() -> Trouble {
        Trouble::new(TroubleKind::Unreachable, "the link is cut", "")
    }

    #[test]
    fn a_feed_goes_from_syncing_to_live_to_stale_and_back() {
        let mut feed = FeedState::default();
        feed.observe(&Fact::RelistBegun, at(1));
        assert_eq!(feed.freshness, Freshness::Syncing(0));
        feed.observe(&Fact::RelistEnded, at(2));
        assert_eq!(feed.freshness, Freshness::Live(at(2)));
        feed.observe(&Fact::Alive, at(4));
        feed.observe(&Fact::Unreachable(cut()), at(9));
        assert_eq!(feed.freshness, Freshness::Stale(at(4), cut()));
        assert_eq!(feed.freshness.age(at(10)), Some(Span::from_secs(6)));
        feed.observe(&Fact::RelistBegun, at(11));
        assert_eq!(feed.freshness, Freshness::Stale(at(4), cut()), "old until the listing ends");
        feed.observe(&Fact::RelistEnded, at(12));
        assert_eq!(feed.freshness, Freshness::Live(at(12)));
    }

    #[test]
    fn a_feed_that_never_was_complete_is_down() {
        let mut feed = FeedState::default();
        feed.observe(&Fact::Unreachable(cut()), at(1));
        assert_eq!(feed.freshness, Freshness::Down(cut()));
        feed.observe(&Fact::RelistBegun, at(2));
        assert_eq!(feed.freshness, Freshness::Syncing(0));
    }

    #[test]
    fn silence_makes_live_facts_old() {
        let live = Freshness::Live(at(10));
        assert!(!live.is_old(at(17)));
        assert!(live.is_old(at(18)));
    }
}
