//! A stream as a server keeps it, and a reader as the tail is one.

mod properties;
mod rules;

use super::*;

fn id(ms: u64) -> StreamId {
    StreamId { ms, seq: 0 }
}

/// A stream as a server keeps it.
#[derive(Clone, Debug, Default)]
struct Stream {
    exists: bool,
    entries: Vec<StreamId>,
    last: StreamId,
    added: u64,
    /// The server's clock.
    now: u64,
    /// How often the data was lost. Each time entries come a little less densely, so that two streams are
    /// never alike to the last id.
    losses: u64,
    /// Whether the clock went back with a loss that the reader has not looked at since.
    unseen: bool,
}

impl Stream {
    fn add(&mut self, count: u64) {
        self.exists = true;
        for _ in 0..count {
            self.now += 1 + self.losses;
            self.last = StreamId { ms: self.now, seq: self.losses };
            self.entries.push(self.last);
            self.added += 1;
        }
    }

    fn trim(&mut self, keep: usize) {
        self.entries.drain(..self.entries.len().saturating_sub(keep));
    }

    fn delete(&mut self, index: usize) {
        if !self.entries.is_empty() {
            self.entries.remove(index % self.entries.len());
        }
    }

    fn lose(&mut self, now: u64) {
        *self = Self { now, losses: self.losses, ..Self::default() };
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.exists.then(|| Snapshot {
            last: self.last,
            added: Some(self.added),
            length: Some(self.entries.len() as u64),
            first: self.entries.first().copied(),
        })
    }

    fn read(&self, after: StreamId, count: usize) -> (Vec<StreamId>, bool) {
        let ids: Vec<_> =
            self.entries.iter().filter(|id| **id > after).take(count).copied().collect();
        let whole = ids.len() < count;
        (ids, whole)
    }
}

/// A reader that does with a [`Position`] what the tail does.
#[derive(Debug)]
struct Reader {
    position: Position,
    told: Vec<StreamId>,
    gaps: Vec<Gap>,
    listings: usize,
}

impl Reader {
    fn new(stream: &Stream) -> Self {
        let mut reader = Self {
            position: Position::new(None, None),
            told: Vec::new(),
            gaps: Vec::new(),
            listings: 0,
        };
        reader.list(stream);
        reader
    }

    fn list(&mut self, stream: &Stream) {
        self.listings += 1;
        self.told.clone_from(&stream.entries);
        self.position = Position::new(stream.snapshot().as_ref(), self.told.last().copied());
    }

    fn heed(&mut self, verdict: Verdict, stream: &Stream) -> bool {
        match verdict {
            Verdict::Go(gap) => self.gaps.extend(gap),
            Verdict::Relist(gap) => {
                self.gaps.push(gap);
                self.list(stream);
                return false;
            }
        }
        true
    }

    fn look(&mut self, stream: &Stream) {
        let verdict = self.position.look(stream.snapshot().as_ref());
        self.heed(verdict, stream);
    }

    /// Reads once; whether that was all.
    fn read(&mut self, stream: &Stream, count: usize) -> bool {
        let (ids, whole) = stream.read(self.position.at(), count);
        let verdict = self.position.read(&ids, whole);
        if self.heed(verdict, stream) {
            self.told.extend(&ids);
        }
        whole
    }

    fn settle(&mut self, stream: &Stream) {
        self.look(stream);
        while !self.read(stream, 5) {}
        self.look(stream);
    }

    fn missed(&self) -> u64 {
        let exact = |gap: &Gap| match gap.missed {
            Missed::Exactly(missed) => missed,
            Missed::Some => 0,
        };
        self.gaps.iter().map(exact).sum()
    }

    fn ascends(&self) -> bool {
        self.told.windows(2).all(|pair| pair[0] < pair[1])
    }
}
