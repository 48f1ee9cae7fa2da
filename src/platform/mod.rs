//! The doors between the console and a world: traits only.
//!
//! A world is the live platform or the embedded one. Nothing above this layer can tell which it is, but
//! for the word that the header shows.

pub mod contract;
mod control;
mod herald;
mod identity;
mod intercepted;
mod journal;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

pub use control::{Control, Inspect, Mark, Unacted, Word};
pub use herald::Herald;
pub use identity::{
    Answer, Challenge, Grant, Identity, IdentityEvent, Order, Prompt, Proof, Purpose, Secret,
    Teller, Way,
};
pub use intercepted::{Call, Intercepted, Interceptor, Pass};
pub use journal::{Journal, Journaled, Lease, Listing, Revision, Unwritten};

use crate::domain::{Attention, Fact, FeedId, Observation, Timestamp};

/// A world: what the console watches.
pub trait Platform: Send + Sync {
    /// Which sort of world it is, for the header.
    fn world(&self) -> World;

    /// Its feeds; each is run once.
    fn feeds(&self) -> Vec<Box<dyn Feed>>;

    /// Its identity provider; none where nobody needs to sign in. Taken once.
    fn identity(&self) -> Option<Box<dyn Identity>> {
        None
    }

    /// Who tells staff of a console that was opened without signing in.
    fn herald(&self) -> Option<Arc<dyn Herald>> {
        None
    }

    /// Where the outside is looked at and changed; none where nothing can be.
    fn control(&self) -> Option<Arc<dyn Control>> {
        None
    }

    /// Where operations are journaled.
    fn journal(&self) -> Option<Arc<dyn Journal>> {
        None
    }

    /// The time in that world.
    fn clock(&self) -> Arc<dyn Clock>;
}

/// Which sort of world it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// Real servers.
    Live,
    /// The embedded training world.
    Training,
}

/// A source of facts.
pub trait Feed: Send {
    /// The ids under which it tells facts.
    fn ids(&self) -> Vec<FeedId>;

    /// Tells facts for ever: it survives every trouble of its server, says it as
    /// [`Fact::Unreachable`], and tries again. It ends when the sink is closed.
    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()>;
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Nobody listens any more; the feed should end.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("The console is closing.")]
pub struct Closed;

/// Where a feed tells its facts: a bounded queue, so a fast feed waits for the console. And where it learns what
/// the operator looks at.
#[derive(Clone)]
pub struct Sink {
    queue: mpsc::Sender<Vec<Observation>>,
    clock: Arc<dyn Clock>,
    attention: watch::Receiver<Attention>,
}

impl Sink {
    /// The most observations in one batch; larger ones are split by [`Sink::tell`].
    pub const BATCH: usize = 512;

    /// A sink into `queue` which stamps facts with the time of `clock`. Nobody looks at anything.
    #[must_use]
    pub fn new(queue: mpsc::Sender<Vec<Observation>>, clock: Arc<dyn Clock>) -> Self {
        let (_, attention) = watch::channel(Attention::default());
        Self { queue, clock, attention }
    }

    /// The same, for an operator who looks at what `attention` says.
    #[must_use]
    pub fn watched(self, attention: watch::Receiver<Attention>) -> Self {
        Self { attention, ..self }
    }

    /// What the operator looks at, now and as it changes. The sender may be gone: then it changes no more.
    #[must_use]
    pub fn attention(&self) -> watch::Receiver<Attention> {
        self.attention.clone()
    }

    /// Now, in the world's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells `facts` of `feed`, all learnt now. Waits while the console is behind.
    ///
    /// # Errors
    /// [`Closed`] when the console is closing.
    pub async fn tell(
        &self,
        feed: FeedId,
        facts: impl IntoIterator<Item = Fact>,
    ) -> Result<(), Closed> {
        let at = self.now();
        let mut batch = Vec::new();
        for fact in facts {
            batch.push(Observation { feed, at, fact });
            if batch.len() == Self::BATCH {
                self.send(std::mem::take(&mut batch)).await?;
            }
        }
        if batch.is_empty() { Ok(()) } else { self.send(batch).await }
    }

    /// Sends one batch of observations as they are.
    ///
    /// # Errors
    /// [`Closed`] when the console is closing.
    pub async fn send(&self, batch: Vec<Observation>) -> Result<(), Closed> {
        self.queue.send(batch).await.map_err(|_| Closed)
    }
}
