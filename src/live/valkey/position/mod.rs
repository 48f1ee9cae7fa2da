//! Where the reader is in the stream, and what it can prove to have missed.
//!
//! Pure. The tail tells it what it saw (snapshots of the stream, entries read), and it answers with gaps.
//!
//! # What the server says
//! A snapshot has `last`, the greatest id ever given out; `added`, how many entries there ever were
//! (servers since 7.0); `length`, how many there are; `first`, the oldest of them. The *rank* of an id is the number of
//! entries ever added up to it. So the rank of `last` is `added`, and where everything up to an id is gone, the
//! rank of what is gone is `added - length`. Both are exact, whatever was trimmed or deleted.
//!
//! # Rules
//! 1. The reader counts: its rank is that of the place where it began, and one more for each entry read.
//! 2. *Overtaken.* If a snapshot shows that everything up to the reader's place is gone (`first` is behind
//!    it, or nothing is left), then `added - length - rank` entries were missed right there: trimmed, or
//!    deleted, before they were read.
//! 3. *Checkpoint.* Else the snapshot is kept as a mark until reading has passed its `last`. Then `added` minus the
//!    reader's rank at the mark were missed since the last mark. They are told before the entries of the
//!    read that passed the mark, or, if those were read already, at the first entry read since the last mark:
//!    the number is exact, the place is within that range.
//! 4. Without `added` the number is [`Missed::Some`], told only when rule 2 sees the reader overtaken.
//! 5. *Reset.* The stream began anew if there is none any more, if its `last` is behind the reader, if its
//!    `first` is behind that of an earlier look, or if it had fewer entries than the reader counted. What
//!    the old stream still had is unknowable, so the gap has [`Missed::Some`]. A stream that began anew and in which, by the
//!    next look, as many entries came *and went* as the reader had ever counted, can't be told from a trimmed
//!    one, and is told as that. The same holds for a clock that went back while entries of the old or the
//!    new stream went unread: then entries with ids before the reader's place may stay untold. This is so
//!    rare (a reset, a clock that runs backwards, and equal counts) that no memory is spent on it.
//! 6. After a reset the new stream is read from its begin. Its ids are by the server's clock, so they are greater than
//!    those told before and simply follow. Where they aren't (the clock went back), the entries can't be
//!    told in order: the verdict is to list the stream anew.
//! 7. *Between runs.* The saved place is compared with the first snapshot by rules 2 and 5. If the
//!    stream still reaches back to it, the entries behind it are counted as history brings them, and compared
//!    by rule 3 when history reaches the place.

mod since;

use std::collections::VecDeque;

pub(super) use since::Since;

use crate::domain::{Gap, GapCause, Missed, StreamId};

/// The stream at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// The greatest id ever given out.
    pub last: StreamId,
    /// How many entries were ever added, if the server counts.
    pub added: Option<u64>,
    /// How many there are, if the server says.
    pub length: Option<u64>,
    /// The oldest of them.
    pub first: Option<StreamId>,
}

impl Snapshot {
    /// How many entries are gone, all of them from the front unless some were deleted.
    fn gone(&self) -> Option<u64> {
        Some(self.added?.saturating_sub(self.length?))
    }

    /// No entry is older than this, now or later: entries go from the front and come at the end.
    fn floor(&self) -> StreamId {
        self.first.unwrap_or(self.last)
    }

    /// Whether nothing up to `id` is left.
    fn is_past(&self, id: StreamId) -> bool {
        match self.first {
            Some(first) => first > id,
            None => self.length == Some(0),
        }
    }
}

/// What follows from what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Reading goes on; a gap is told before what follows.
    Go(Option<Gap>),
    /// The stream began anew with ids that don't follow those told: list it anew, with this gap.
    Relist(Gap),
}

/// How many ids told since the last mark are remembered, to place a reset that is noticed late.
const RECENT_MAX: usize = 8_192;

/// The reader's place in the stream.
#[derive(Clone, Debug)]
pub(super) struct Position {
    /// Everything up to here was read; the next read asks for what is after it.
    at: StreamId,
    /// The newest entry told.
    told: Option<StreamId>,
    /// How many entries there ever were up to `at`, less those missed and not yet noticed.
    rank: Option<u64>,
    /// The last snapshot, until reading has passed it.
    mark: Option<Snapshot>,
    /// No entry of this stream is older, by the last look.
    floor: StreamId,
    /// The newest entry told when the rank was last proved.
    proved: Option<StreamId>,
    /// What was told since then.
    recent: VecDeque<StreamId>,
}

impl Position {
    /// The place right at the end of the stream in `snapshot`, of which `told` is the newest entry told.
    /// Without a stream, the place before its first entry.
    pub(super) fn new(snapshot: Option<&Snapshot>, told: Option<StreamId>) -> Self {
        Self {
            at: snapshot.map_or_else(StreamId::default, |snapshot| snapshot.last),
            told,
            rank: snapshot.map_or(Some(0), |snapshot| snapshot.added),
            mark: None,
            floor: snapshot.map_or_else(StreamId::default, Snapshot::floor),
            proved: told,
            recent: VecDeque::new(),
        }
    }

    /// Where the next read begins.
    pub(super) fn at(&self) -> StreamId {
        self.at
    }

    /// How many entries there ever were up to that place, if known.
    pub(super) fn rank(&self) -> Option<u64> {
        self.rank
    }

    /// Compares a snapshot with what was read; none stands for a stream that does not exist.
    pub(super) fn look(&mut self, snapshot: Option<&Snapshot>) -> Verdict {
        let Some(seen) = snapshot else {
            return Verdict::Go(self.vanished());
        };
        if self.is_reset(seen) {
            return self.reset(seen);
        }
        let floor = std::mem::replace(&mut self.floor, seen.floor());
        if seen.is_past(self.at) {
            return Verdict::Go(self.overtaken(seen, floor));
        }
        if seen.last == self.at {
            let gap = self.checkpoint(seen, self.recent.front().copied());
            return Verdict::Go(gap);
        }
        self.mark = Some(*seen);
        Verdict::Go(None)
    }

    /// Takes in the ids of a read, ascending; `whole` if it returned all there was. The gap, if any, is before
    /// the first of them.
    pub(super) fn read(&mut self, ids: &[StreamId], whole: bool) -> Verdict {
        if let (Some(told), Some(&first)) = (self.told, ids.first())
            && first <= told
        {
            return Verdict::Relist(reset_gap(self.told, Some(first)));
        }
        let mut verdict = Verdict::Go(None);
        let mut uncounted = ids;
        if let Some(mark) = self.mark
            && (whole || ids.last().is_some_and(|last| *last >= mark.last))
        {
            let (before, after) = ids.split_at(ids.partition_point(|id| *id <= mark.last));
            self.count(before);
            self.at = self.at.max(mark.last);
            verdict = self.pass(&mark, before, ids.first().copied());
            uncounted = after;
        }
        self.count(uncounted);
        verdict
    }

    /// Counts entries as read and told.
    fn count(&mut self, ids: &[StreamId]) {
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
            return;
        };
        if self.at == StreamId::default() {
            self.floor = *first;
        }
        self.rank = self.rank.map(|rank| rank.saturating_add(ids.len() as u64));
        self.at = self.at.max(*last);
        self.told = Some(*last);
        self.recent.extend(ids);
        while self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
    }

    /// Reading has passed `mark`; `counted` are the ids of this read up to it, `next` is the first id of it.
    fn pass(&mut self, mark: &Snapshot, counted: &[StreamId], next: Option<StreamId>) -> Verdict {
        self.mark = None;
        if let (Some(added), Some(rank)) = (mark.added, self.rank)
            && added < rank
        {
            return self.reset(mark);
        }
        // Before this read, so after what was told before it.
        let earlier = self.recent.len().saturating_sub(counted.len());
        let after = match earlier.checked_sub(1) {
            Some(index) => self.recent.get(index).copied(),
            None => self.proved,
        };
        let missed = self.prove(mark);
        Verdict::Go(gap(after, next, missed, GapCause::Trimmed))
    }

    /// The place is that of `seen`: what was missed since the last proof is known now.
    fn checkpoint(&mut self, seen: &Snapshot, before: Option<StreamId>) -> Option<Gap> {
        self.mark = None;
        let after = self.proved;
        let missed = self.prove(seen);
        gap(after, before, missed, GapCause::Trimmed)
    }

    /// Sets the rank to that of `seen`, which the reader has just reached; says how many were missed.
    fn prove(&mut self, seen: &Snapshot) -> Option<Missed> {
        let missed = match (seen.added, self.rank) {
            (Some(added), Some(rank)) => Some(Missed::Exactly(added.saturating_sub(rank))),
            _ => None,
        };
        self.rank = seen.added;
        self.proved = self.told;
        self.recent.clear();
        missed
    }

    /// Nothing up to the place is left: what is gone beyond it was missed.
    fn overtaken(&mut self, seen: &Snapshot, floor: StreamId) -> Option<Gap> {
        self.mark = None;
        let missed = match (seen.gone(), self.rank) {
            (Some(gone), Some(rank)) => Some(Missed::Exactly(gone.saturating_sub(rank))),
            // A stream that was not there before may well have been whole until now, and one whose
            // front did not move lost nothing since the last look.
            _ if floor != StreamId::default() && seen.floor() > floor && seen.last > self.at => {
                Some(Missed::Some)
            }
            _ => None,
        };
        self.rank = seen.gone();
        if seen.first.is_none() {
            self.at = self.at.max(seen.last);
        }
        self.proved = self.told;
        self.recent.clear();
        gap(self.told, seen.first, missed, GapCause::Trimmed)
    }

    /// There is no stream. A gap, if there was one.
    fn vanished(&mut self) -> Option<Gap> {
        let had = self.at != StreamId::default() || self.rank.is_some_and(|rank| rank > 0);
        self.begin(StreamId::default(), Some(0), StreamId::default());
        had.then(|| reset_gap(self.told, None))
    }

    fn is_reset(&self, seen: &Snapshot) -> bool {
        let shrunk = |count: Option<u64>| match (count, self.rank) {
            (Some(count), Some(rank)) => count < rank,
            _ => false,
        };
        seen.last < self.at
            || seen.first.is_some_and(|first| first < self.floor)
            || shrunk(seen.added)
            || (seen.is_past(self.at) && shrunk(seen.gone()))
    }

    /// The stream began anew; `seen` is the new one.
    fn reset(&mut self, seen: &Snapshot) -> Verdict {
        let told = self.told;
        let Some(first) = seen.first else {
            self.begin(StreamId::default(), seen.added, seen.floor());
            return Verdict::Go(Some(reset_gap(told, None)));
        };
        if told.is_none_or(|told| first > told) {
            self.begin(told.unwrap_or_default(), seen.gone(), seen.floor());
            return Verdict::Go(Some(reset_gap(told, Some(first))));
        }
        // Perhaps some of the new stream was told already, as if it were the old one.
        let index = self.recent.iter().position(|id| *id == first);
        let Some(index) = index.filter(|_| seen.last >= self.at) else {
            return Verdict::Relist(reset_gap(told, Some(first)));
        };
        let after = match index.checked_sub(1) {
            Some(index) => self.recent.get(index).copied(),
            None => self.proved,
        };
        if self.at == seen.last {
            self.begin(seen.last, seen.added, seen.floor());
        } else {
            // How many of the new stream came before `first` is not known; the mark will tell the rank.
            self.rank = None;
            self.mark = Some(*seen);
            self.floor = seen.floor();
        }
        Verdict::Go(Some(reset_gap(after, Some(first))))
    }

    /// Reads on from `at`, which has `rank`, in a stream whose entries begin at `floor`.
    fn begin(&mut self, at: StreamId, rank: Option<u64>, floor: StreamId) {
        self.at = at;
        self.rank = rank;
        self.floor = floor;
        self.mark = None;
        self.proved = self.told;
        self.recent.clear();
    }
}

/// The greatest id before `id`.
pub(super) fn before(id: Option<StreamId>) -> Option<StreamId> {
    match id? {
        StreamId { ms: 0, seq: 0 } => None,
        StreamId { ms, seq: 0 } => Some(StreamId { ms: ms - 1, seq: u64::MAX }),
        StreamId { ms, seq } => Some(StreamId { ms, seq: seq - 1 }),
    }
}

fn gap(
    after: Option<StreamId>,
    before: Option<StreamId>,
    missed: Option<Missed>,
    cause: GapCause,
) -> Option<Gap> {
    let missed = missed.filter(|missed| *missed != Missed::Exactly(0))?;
    Some(Gap { after, before, missed, cause })
}

fn reset_gap(after: Option<StreamId>, before: Option<StreamId>) -> Gap {
    Gap { after, before, missed: Missed::Some, cause: GapCause::Reset }
}

#[cfg(test)]
mod tests;
