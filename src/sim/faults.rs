//! What can break, on command: for tests and for a trainer.

use super::engine::Engine;
use super::events::EventType;
use super::founding;
use crate::domain::{Fact, FeedId, Observation, Timestamp, Trouble};

/// Something that breaks, or is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The feed can't be read until it is up again; the world goes on.
    FeedDown(FeedId, Trouble),
    /// The feed can be read again: objects are listed anew, the stream goes on where it stopped.
    FeedUp(FeedId),
    /// The operator has no right to the feed until it is up again.
    Denied(FeedId),
    /// So many events are taken in and trimmed before anyone reads them; one more follows.
    Gap(u64),
    /// The stream's server loses what it holds and begins anew.
    Reset,
}

impl Engine {
    /// Makes `fault` happen, now.
    pub fn fault(&mut self, fault: Fault) -> Vec<Observation> {
        self.apply(fault);
        self.told()
    }

    pub(super) fn apply(&mut self, fault: Fault) {
        match fault {
            Fault::FeedDown(feed, trouble) => self.feed_down(feed, trouble),
            Fault::Denied(feed) => self.feed_down(feed, founding::denied(feed)),
            Fault::FeedUp(feed) => self.feed_up(feed),
            Fault::Gap(count) => {
                let now: Timestamp = self.now();
                self.world.stream.lose(count, now);
                self.emit_about(EventType::AgentReport, None);
                // In a world without tenants no event follows that would tell of the gap.
                self.tell_stream();
            }
            Fault::Reset => {
                self.world.stream.reset();
                self.tell_stream();
            }
        }
    }

    fn feed_down(&mut self, feed: FeedId, trouble: Trouble) {
        if let Some(link) = self.links.get_mut(&feed) {
            link.trouble = Some(trouble.clone());
            self.tell_anyway(feed, Fact::Unreachable(trouble));
        }
    }

    /// Connects the feed again; one that is up stays as it is.
    pub(super) fn feed_up(&mut self, feed: FeedId) {
        let was_down = self.links.get_mut(&feed).and_then(|link| link.trouble.take()).is_some();
        if was_down && self.has_started() {
            self.connect(feed);
        }
    }
}
