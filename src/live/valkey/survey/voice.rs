//! What the survey has told: listings that begin once, changes after that, and troubles once each.

use std::collections::BTreeMap;

use crate::domain::{Fact, FeedId, Object, Span, Timestamp, Trouble, Uid};
use crate::platform::{Closed, Sink};

/// The feeds that the survey tells.
pub(super) const FEEDS: [FeedId; 4] =
    [FeedId::Streams, FeedId::Keys, FeedId::StreamServer, FeedId::Executions];

/// How often the feeds say that they are alive.
const ALIVE: Span = Span::from_secs(2);

/// What one feed has told.
#[derive(Default)]
struct Board {
    /// What the console knows; none until a listing was told since the last trouble.
    told: Option<BTreeMap<Uid, Object>>,
    /// The trouble that was told last, until something is told again.
    trouble: Option<Trouble>,
}

/// The feeds' way to the console.
pub(super) struct Voice {
    sink: Sink,
    boards: BTreeMap<FeedId, Board>,
    alive: Timestamp,
}

impl Voice {
    pub(super) fn new(sink: Sink) -> Self {
        let boards = FEEDS.into_iter().map(|feed| (feed, Board::default())).collect();
        Self { sink, boards, alive: Timestamp::default() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.sink.now()
    }

    /// The server has answered: says so from time to time.
    pub(super) async fn heard(&mut self) -> Result<(), Closed> {
        let now = self.now();
        if now.since(self.alive) < ALIVE {
            return Ok(());
        }
        self.alive = now;
        for (feed, board) in &self.boards {
            // A feed that is refused stays so, however well the server is.
            if board.trouble.is_none() {
                self.sink.tell(*feed, [Fact::Alive]).await?;
            }
        }
        Ok(())
    }

    /// Tells that `objects` is all there is of `feed`: as a listing, or as what changed since.
    pub(super) async fn publish(
        &mut self,
        feed: FeedId,
        objects: Vec<Object>,
    ) -> Result<(), Closed> {
        let Some(board) = self.boards.get_mut(&feed) else { return Ok(()) };
        board.trouble = None;
        let now: BTreeMap<Uid, Object> =
            objects.into_iter().map(|object| (object.uid().clone(), object)).collect();
        let facts = match &board.told {
            None => {
                let mut facts = vec![Fact::RelistBegun];
                facts.extend(now.values().cloned().map(Fact::Upsert));
                facts.push(Fact::RelistEnded);
                facts
            }
            Some(before) => changes(before, &now),
        };
        board.told = Some(now);
        self.sink.tell(feed, facts).await
    }

    /// Tells that `feed` can't be read; once for each reason.
    pub(super) async fn refuse(&mut self, feed: FeedId, why: &Trouble) -> Result<(), Closed> {
        let Some(board) = self.boards.get_mut(&feed) else { return Ok(()) };
        board.told = None;
        if board.trouble.as_ref() == Some(why) {
            return Ok(());
        }
        board.trouble = Some(why.clone());
        self.sink.tell(feed, [Fact::Unreachable(why.clone())]).await
    }

    /// Tells that nothing can be read; notices when nobody listens any more.
    pub(super) async fn lament(&mut self, why: &Trouble) -> Result<(), Closed> {
        for feed in FEEDS {
            self.refuse(feed, why).await?;
        }
        self.sink.send(Vec::new()).await
    }
}

fn changes(before: &BTreeMap<Uid, Object>, now: &BTreeMap<Uid, Object>) -> Vec<Fact> {
    let gone = before.keys().filter(|uid| !now.contains_key(*uid)).cloned().map(Fact::Remove);
    let new = now.iter().filter(|(uid, object)| before.get(*uid) != Some(*object));
    gone.chain(new.map(|(_, object)| Fact::Upsert(object.clone()))).collect()
}
