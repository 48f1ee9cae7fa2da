//! The walk over the keys: a step at a time, first for the streams and then to count families, and again after a rest.

use redis::cmd;

use super::ask::{Answer, Asker, End, odd};
use super::replies;
use crate::domain::{Span, Timestamp};

/// Keys that one step looks at, about.
const COUNT: u64 = 500;

/// How long it rests after a walk.
const REST: Span = Span::from_secs(60);

/// What a walk looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Streams.
    Streams,
    /// Every key, to be counted.
    Keys,
}

/// What one step of the walk met.
pub(super) enum Step {
    /// Nothing was asked: it rests.
    Rests,
    /// These keys.
    Keys {
        /// What was looked for.
        kind: For,
        keys: Vec<Vec<u8>>,
        /// Whether the walk is over.
        over: bool,
    },
    /// The operator's role may not walk over keys.
    Forbidden,
}

/// Where the walk is.
pub(super) struct Walk {
    kind: For,
    cursor: u64,
    /// Keys of the database when the walk began; none while nobody knows.
    total: Option<u64>,
    /// Whether it is under way.
    walking: bool,
    /// When it rested last.
    rested: Option<Timestamp>,
}

impl Walk {
    pub(super) const fn new() -> Self {
        Self { kind: For::Streams, cursor: 0, total: None, walking: false, rested: None }
    }

    /// Begins anew with the next step.
    pub(super) fn restart(&mut self) {
        *self = Self::new();
    }

    /// The keys of the database when the walk under way began.
    pub(super) const fn total(&self) -> Option<u64> {
        self.total
    }

    /// One step, or none while it rests.
    pub(super) async fn step(&mut self, asker: &mut Asker<'_>) -> Result<Step, End> {
        let now = asker.desk.voice.now();
        if !self.walking {
            if self.rested.is_some_and(|since| now.since(since) < REST) {
                return Ok(Step::Rests);
            }
            let size = asker.ask("DBSIZE", &cmd("DBSIZE")).await?.said();
            self.total = size.as_ref().and_then(replies::number);
            (self.walking, self.cursor) = (true, 0);
        }
        let mut command = cmd("SCAN");
        command.arg(self.cursor).arg("COUNT").arg(COUNT);
        if self.kind == For::Streams {
            command.arg("TYPE").arg("stream");
        }
        let Answer::Said(reply) = asker.ask("SCAN", &command).await? else {
            self.rest(now);
            return Ok(Step::Forbidden);
        };
        let (cursor, keys) = replies::page(reply).map_err(odd("SCAN"))?;
        self.cursor = cursor;
        let (kind, over) = (self.kind, cursor == 0);
        if over {
            self.next(now);
        }
        Ok(Step::Keys { kind, keys, over })
    }

    /// A walk is over: the count follows the search for streams at once, then it rests.
    fn next(&mut self, now: Timestamp) {
        match self.kind {
            For::Streams => (self.kind, self.walking, self.rested) = (For::Keys, false, None),
            For::Keys => self.rest(now),
        }
    }

    fn rest(&mut self, now: Timestamp) {
        (self.kind, self.walking, self.rested) = (For::Streams, false, Some(now));
    }
}
