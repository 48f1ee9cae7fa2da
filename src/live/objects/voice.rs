//! What is said of the two feeds as a whole: that they are alive, or why they can't be read.

use std::future::Future;
use std::time::Duration;

use super::FEEDS;
use crate::domain::{Fact, FeedId, Span, Timestamp, Trouble};
use crate::platform::{Closed, Sink};

/// Without an answer for so long, the operator is told.
pub(super) const PATIENCE: Duration = Duration::from_millis(2800);
/// Between two signs of life.
const BEAT: Span = Span::from_ms(2000);

/// The voice of both feeds. It says each trouble once, and that it is over.
pub(super) struct Voice {
    pub(super) sink: Sink,
    told: Option<Trouble>,
    /// Whether what was told of the backups is only remembered: no sign of life may make it look fresh.
    remembered: bool,
    beat: Option<Timestamp>,
}

impl Voice {
    pub(super) fn new(sink: Sink) -> Self {
        Self { sink, told: None, remembered: false, beat: None }
    }

    /// What is known of the backups is from the last run, until [`Voice::confirmed`].
    pub(super) fn remembers(&mut self) {
        self.remembered = true;
    }

    /// A complete listing was told.
    pub(super) fn confirmed(&mut self) {
        self.remembered = false;
    }

    /// Neither feed can be read.
    pub(super) async fn trouble(&mut self, trouble: Trouble) -> Result<(), Closed> {
        if self.told.as_ref() == Some(&trouble) {
            return Ok(());
        }
        for feed in FEEDS {
            self.sink.tell(feed, [Fact::Unreachable(trouble.clone())]).await?;
        }
        self.told = Some(trouble);
        Ok(())
    }

    /// Whether trouble was told that is not over.
    pub(super) fn in_trouble(&self) -> bool {
        self.told.is_some()
    }

    /// The server answered as it should.
    pub(super) async fn heard(&mut self) -> Result<(), Closed> {
        let over = self.told.take().is_some();
        let now = self.sink.now();
        // A clock may be set back.
        let due = self.beat.is_none_or(|beat| now.since(beat) >= BEAT || now < beat);
        if !over && !due {
            return Ok(());
        }
        self.beat = Some(now);
        for feed in FEEDS {
            if feed == FeedId::Buckets || !self.remembered {
                self.sink.tell(feed, [Fact::Alive]).await?;
            }
        }
        Ok(())
    }

    /// Waits for `work`, and says so when it takes long, with what `slow` makes of it.
    pub(super) async fn patiently<T>(
        &mut self,
        work: impl Future<Output = T>,
        slow: impl Fn() -> Trouble,
    ) -> Result<T, Closed> {
        let mut work = std::pin::pin!(work);
        if let Ok(done) = tokio::time::timeout(PATIENCE, &mut work).await {
            return Ok(done);
        }
        self.trouble(slow()).await?;
        Ok(work.await)
    }
}
