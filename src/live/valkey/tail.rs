//! The loop that follows the stream, for ever.
//!
//! One session is one connection: sign in, look at the stream, then take turns between the tail (which waits
//! for new entries once history is told) and one page of history. Reads begin at least [`PACE`] apart, so a
//! busy stream is read in batches while a lone event is told the moment it comes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Options;
use super::appetite::Appetite;
use super::cloudevent;
use super::connect::{Link, Target, Wait};
use super::cursor::{Cursor, CursorFile};
use super::position::{self, Position, Since, Snapshot, Verdict};
use super::trouble::{self, Failure};
use super::wire::RawEntry;
use crate::domain::{Fact, FeedId, Gap, Span, StreamEntry, StreamId, Trouble};
use crate::platform::{Closed, Sink};

/// The least time between two reads.
const PACE: Duration = Duration::from_millis(16);

/// How often the count of the server is compared with ours.
const LOOK: Duration = Duration::from_secs(5);

/// A console that takes longer than this to take facts in is behind.
const HELD_UP: Span = Span::from_ms(250);

/// How often the place in the stream is written down.
const KEEP: Duration = Duration::from_secs(2);

/// The shortest and the longest wait before the next attempt, in milliseconds.
const WAIT_MS: (u64, u64) = (200, 2_000);

/// Reads the stream until nobody listens.
pub(super) async fn run(options: Options, sink: Sink) {
    let closed = match Target::new(&options) {
        Ok(target) => Tail::new(options, target, sink).follow().await,
        Err(failure) => lament(trouble::address(&failure), &sink).await,
    };
    if let Err(Closed) = closed {
        tracing::debug!("The feed of the event stream ends.");
    }
}

/// Tells a trouble that trying again won't heal, and waits until nobody listens.
async fn lament(trouble: Trouble, sink: &Sink) -> Result<(), Closed> {
    sink.tell(FeedId::Events, [Fact::Unreachable(trouble)]).await?;
    loop {
        tokio::time::sleep(KEEP).await;
        sink.send(Vec::new()).await?;
    }
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Failed(#[from] Failure),
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Pages of the past that are still to be told.
#[derive(Debug)]
struct History {
    /// The oldest entry told; older ones are wanted.
    oldest: StreamId,
    /// How many more.
    wanted: usize,
    appetite: Appetite,
}

struct Tail {
    options: Options,
    target: Target,
    sink: Sink,
    cursor: CursorFile,
    /// Where the last run ended, until the first listing is told.
    saved: Option<Cursor>,
    position: Option<Position>,
    history: Option<History>,
    since: Option<Since>,
    appetite: Appetite,
    look: Interval,
    keep: Interval,
}

impl Tail {
    fn new(options: Options, target: Target, sink: Sink) -> Self {
        Self {
            cursor: CursorFile::new(options.cursor_file.clone()),
            options,
            target,
            sink,
            saved: None,
            position: None,
            history: None,
            since: None,
            appetite: Appetite::default(),
            look: every(LOOK),
            keep: every(KEEP),
        }
    }

    /// Session after session; each trouble is told when its reason changes.
    async fn follow(&mut self) -> Result<(), Closed> {
        self.saved = self.cursor.load(&self.options.stream).await;
        let mut told: Option<Trouble> = None;
        let mut attempt = 0;
        loop {
            let mut live = false;
            let failure = match self.session(&mut live).await {
                End::Failed(failure) => failure,
                End::Closed(closed) => {
                    self.keep_place().await;
                    return Err(closed);
                }
            };
            self.learn(&failure);
            if live {
                (told, attempt) = (None, 0);
            }
            let trouble = trouble::explain(&failure, &self.target);
            tracing::debug!(%failure, "The event stream can't be read.");
            if told.as_ref() == Some(&trouble) {
                // Says nothing, but notices when nobody listens any more.
                self.sink.send(Vec::new()).await?;
            } else {
                self.tell([Fact::Unreachable(trouble.clone())]).await?;
                told = Some(trouble);
            }
            tokio::time::sleep(wait(attempt)).await;
            attempt += 1;
        }
    }

    /// Reads on one connection until it breaks. `live` is set once the stream was read.
    async fn session(&mut self, live: &mut bool) -> End {
        let mut link = match self.begin().await {
            Ok(link) => link,
            Err(end) => return end,
        };
        *live = true;
        let mut pace = every(PACE);
        loop {
            pace.tick().await;
            if let Err(end) = self.turn(&mut link).await {
                return end;
            }
        }
    }

    /// Connects, tells a listing or goes on where the last session ended, and reads once.
    async fn begin(&mut self) -> Result<Link, End> {
        let mut link = Link::open(&self.target).await?;
        let snapshot = link.snapshot().await?;
        self.look.reset();
        if self.position.is_some() {
            self.look_at(&mut link, snapshot).await?;
        } else {
            self.list(&mut link, snapshot, None).await?;
        }
        self.read(&mut link, Wait::No).await?;
        self.tell([Fact::Alive]).await?;
        Ok(link)
    }

    /// A look at the stream if it is time, a read, a page of history if one is wanted.
    async fn turn(&mut self, link: &mut Link) -> Result<(), End> {
        if self.look.tick().now_or_never().is_some() {
            let snapshot = link.snapshot().await?;
            self.look_at(link, snapshot).await?;
        }
        let wait = if self.history.is_none() { Wait::ForEntries } else { Wait::No };
        self.read(link, wait).await?;
        self.page(link).await?;
        if self.keep.tick().now_or_never().is_some() {
            self.keep_place().await;
        }
        Ok(())
    }

    /// Tells the newest page as a listing, and what is known of the time since the last run.
    async fn list(
        &mut self,
        link: &mut Link,
        snapshot: Option<Snapshot>,
        gap: Option<Gap>,
    ) -> Result<(), End> {
        let mut appetite = Appetite::default();
        let count = appetite.count().min(self.options.history.max(1) as u64);
        let page = match snapshot {
            Some(seen) if self.options.history > 0 => link.page(seen.last, count).await?,
            _ => Vec::new(),
        };
        eat(&mut appetite, &page);
        let newest = page.last().map(|entry| entry.id);
        self.position = Some(Position::new(snapshot.as_ref(), newest));
        let (ids, entries) = self.parse(page);
        let whole = (ids.len() as u64) < count;
        self.history = ids.first().filter(|_| !whole).map(|oldest| History {
            oldest: *oldest,
            wanted: self.options.history.saturating_sub(ids.len()),
            appetite,
        });
        let mut facts = vec![Fact::RelistBegun];
        facts.extend(gap.map(Fact::Gap));
        if !entries.is_empty() {
            facts.push(Fact::Entries(entries));
        }
        facts.push(Fact::RelistEnded);
        self.since = None;
        if let Some(saved) = self.saved.take() {
            let (since, gap) = Since::new(&saved, snapshot.as_ref());
            facts.extend(since.as_ref().map(|since| Fact::LeftAt(since.left())));
            facts.extend(gap.map(Fact::Gap));
            self.since = since;
        }
        let gap = self.since.as_mut().and_then(|since| since.page(&ids, whole));
        facts.extend(gap.map(Fact::Gap));
        Ok(self.tell(facts).await?)
    }

    /// Compares the stream with what was read of it.
    async fn look_at(&mut self, link: &mut Link, snapshot: Option<Snapshot>) -> Result<(), End> {
        let Some(position) = &mut self.position else {
            return Ok(());
        };
        match position.look(snapshot.as_ref()) {
            Verdict::Go(gap) => Ok(self.tell(gap.map(Fact::Gap)).await?),
            Verdict::Relist(gap) => self.list(link, snapshot, Some(gap)).await,
        }
    }

    /// One read of the tail.
    async fn read(&mut self, link: &mut Link, wait: Wait) -> Result<(), End> {
        let Some(position) = &mut self.position else {
            return Ok(());
        };
        let count = self.appetite.count();
        let read = link.read(position.at(), count, wait).await?;
        eat(&mut self.appetite, &read);
        let ids: Vec<_> = read.iter().map(|entry| entry.id).collect();
        let whole = (ids.len() as u64) < count;
        let gap = match position.read(&ids, whole) {
            Verdict::Go(gap) => gap,
            Verdict::Relist(gap) => {
                let snapshot = link.snapshot().await?;
                return self.list(link, snapshot, Some(gap)).await;
            }
        };
        let mut facts: Vec<_> = gap.map(Fact::Gap).into_iter().collect();
        if !ids.is_empty() {
            facts.push(Fact::Entries(self.parse(read).1));
        } else if wait == Wait::ForEntries {
            facts.push(Fact::Alive);
        }
        if !whole {
            // More is waiting, so trimming may overtake us: look before the next read.
            self.look.reset_immediately();
        }
        Ok(self.tell(facts).await?)
    }

    /// One page of history, if more is wanted.
    async fn page(&mut self, link: &mut Link) -> Result<(), End> {
        let Some(history) = &mut self.history else {
            return Ok(());
        };
        let upto = position::before(Some(history.oldest)).filter(|_| history.wanted > 0);
        let Some(upto) = upto else {
            self.history = None;
            return Ok(());
        };
        let count = history.appetite.count().min(history.wanted as u64);
        let page = link.page(upto, count).await?;
        eat(&mut history.appetite, &page);
        history.wanted = history.wanted.saturating_sub(page.len());
        let whole = (page.len() as u64) < count;
        if let Some(first) = page.first() {
            history.oldest = first.id;
        }
        if whole {
            self.history = None;
        }
        let (ids, entries) = self.parse(page);
        let mut facts = Vec::new();
        if !entries.is_empty() {
            facts.push(Fact::Older(entries));
        }
        let gap = self.since.as_mut().and_then(|since| since.page(&ids, whole));
        facts.extend(gap.map(Fact::Gap));
        Ok(self.tell(facts).await?)
    }

    fn parse(&self, read: Vec<RawEntry>) -> (Vec<StreamId>, Vec<Arc<StreamEntry>>) {
        let field = self.options.field.as_deref();
        // Each is let go before the next is read, so that a large page is not held twice.
        read.into_iter().map(|entry| (entry.id, Arc::new(cloudevent::read(&entry, field)))).unzip()
    }

    /// A link that is too slow for an answer in time gets smaller ones.
    fn learn(&mut self, failure: &Failure) {
        if failure.is_timeout() {
            self.appetite.choked();
            if let Some(history) = &mut self.history {
                history.appetite.choked();
            }
        }
    }

    async fn keep_place(&mut self) {
        let Some(position) = &self.position else {
            return;
        };
        let cursor = Cursor {
            stream: self.options.stream.clone(),
            id: position.at(),
            position: position.rank(),
            run_id: None,
        };
        self.cursor.save(cursor).await;
    }

    async fn tell(&mut self, facts: impl IntoIterator<Item = Fact>) -> Result<(), Closed> {
        let begun = self.sink.now();
        self.sink.tell(FeedId::Events, facts).await?;
        if self.sink.now().since(begun) > HELD_UP {
            // The console is behind, so trimming may overtake us: look before the next read.
            self.look.reset_immediately();
        }
        Ok(())
    }
}

fn eat(appetite: &mut Appetite, read: &[RawEntry]) {
    let largest = read.iter().map(RawEntry::bytes).max().unwrap_or(0);
    appetite.ate(read.len() as u64, largest);
}

/// A clock that ticks at once, and then no sooner than `period` after the tick before.
fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// How long to wait after `attempt` failures in a row: longer each time, never the same for two consoles.
fn wait(attempt: u32) -> Duration {
    let (least, most) = WAIT_MS;
    let full = least.saturating_mul(1 << attempt.min(8)).min(most);
    Duration::from_millis(full - fastrand::u64(0..=full / 4))
}
