//! Feeds of servers that the profile does not have.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::domain::{Fact, FeedId, Trouble, TroubleKind};
use crate::platform::{Closed, Feed, Sink};

/// Says once of each of its feeds that no server is set, which is no error.
pub(super) struct Absent {
    /// The feeds.
    pub(super) feeds: Vec<FeedId>,
    /// The setting that would give them one.
    pub(super) setting: &'static str,
}

impl Feed for Absent {
    fn ids(&self) -> Vec<FeedId> {
        self.feeds.clone()
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        async move { self.tell(&sink).await.unwrap_or(()) }.boxed()
    }
}

impl Absent {
    async fn tell(&self, sink: &Sink) -> Result<(), Closed> {
        for feed in &self.feeds {
            let what = format!("no {} is set for this profile", feed.system());
            let remedy = format!("Set {} in the profile to see the {feed}.", self.setting);
            let trouble = Trouble::new(TroubleKind::NotConfigured, &what, &remedy);
            sink.tell(*feed, [Fact::Unreachable(trouble)]).await?;
        }
        Ok(())
    }
}
