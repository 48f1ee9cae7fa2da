//! What feeds of a server over HTTP have in common: being there, being gone, and coming back.
//!
//! A server is asked every few seconds whether it is there, beside whatever else is read of it: only that decides whether
//! its feeds are up, so a question that takes long holds up no word of its death.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::domain::{Fact, FeedId, Trouble, TroubleKind};
use crate::platform::{Closed, Sink};

/// How often a server is asked whether it is there.
const EVERY: Duration = Duration::from_millis(2_400);
/// The longest wait for its answer: with [`EVERY`], a server that is gone is known within five seconds.
pub(super) const THERE_WITHIN: Duration = Duration::from_secs(2);
/// The first wait after trouble; it doubles up to [`WAIT_MOST`].
const WAIT_FIRST: Duration = Duration::from_millis(400);
const WAIT_MOST: Duration = Duration::from_secs(3);

/// A feed of a server, and whether it is up to date.
pub(super) struct Told {
    feed: FeedId,
    well: AtomicBool,
}

impl Told {
    /// One of which nothing is known yet.
    pub(super) const fn new(feed: FeedId) -> Self {
        Self { feed, well: AtomicBool::new(false) }
    }

    /// Whether it is up to date.
    pub(super) fn is_well(&self) -> bool {
        self.well.load(Ordering::Relaxed)
    }

    /// Tells `facts`; the feed is up to date with them.
    pub(super) async fn well(
        &self,
        sink: &Sink,
        facts: impl IntoIterator<Item = Fact>,
    ) -> Result<(), Closed> {
        sink.tell(self.feed, facts).await?;
        self.well.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Tells that this feed can't be read, though the server may be there.
    pub(super) async fn unwell(&self, sink: &Sink, trouble: Trouble) -> Result<(), Closed> {
        self.well.store(false, Ordering::Relaxed);
        sink.tell(self.feed, [Fact::Unreachable(trouble)]).await
    }
}

/// A server whose feeds are kept up.
pub(super) trait Served: Sync {
    /// Its feeds.
    fn feeds(&self) -> &[Told];

    /// Asks whether it is there and lets us read, within [`THERE_WITHIN`].
    fn is_there(&self) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Reads until nobody listens. Dropped when the server is gone, and begun anew when it is back.
    fn read(&self, sink: &Sink) -> impl Future<Output = Closed> + Send;
}

/// Keeps the feeds of `server` up until nobody listens, or until there is nothing to read.
pub(super) async fn keep(server: &impl Served, sink: &Sink) -> Closed {
    let mut told: Option<Trouble> = None;
    let mut tries = 0_u32;
    loop {
        let trouble = match server.is_there().await {
            Ok(()) => {
                (told, tries) = (None, 0);
                let ended = tokio::select! {
                    closed = server.read(sink) => return closed,
                    ended = beat(server, sink) => ended,
                };
                match ended {
                    Ok(trouble) => trouble,
                    Err(closed) => return closed,
                }
            }
            Err(trouble) => trouble,
        };
        let is_final = trouble.kind == TroubleKind::NotConfigured;
        if told.as_ref() != Some(&trouble) {
            for feed in server.feeds() {
                if let Err(closed) = feed.unwell(sink, trouble.clone()).await {
                    return closed;
                }
            }
            told = Some(trouble);
        }
        if is_final {
            return Closed;
        }
        let full = WAIT_FIRST.saturating_mul(1 << tries.min(8)).min(WAIT_MOST);
        tries = tries.saturating_add(1);
        // Many consoles must not ask at once.
        tokio::time::sleep(full.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
    }
}

/// Asks until the server is gone, and says of each feed that is up to date that it is alive.
async fn beat(server: &impl Served, sink: &Sink) -> Result<Trouble, Closed> {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(trouble) = server.is_there().await {
            return Ok(trouble);
        }
        for told in server.feeds().iter().filter(|told| told.is_well()) {
            sink.tell(told.feed, [Fact::Alive]).await?;
        }
    }
}
