//! What was missed since the last run of the console.

use super::{Snapshot, gap, reset_gap};
use crate::domain::{Gap, GapCause, Missed, StreamId};
use crate::live::valkey::cursor::Cursor;

/// The comparison of a saved place with the stream as it is now.
#[derive(Clone, Debug)]
pub(in super::super) struct Since {
    left: StreamId,
    /// How many entries came after the place, while history has not shown whether all are still there.
    expected: Option<u64>,
    found: u64,
    earliest: Option<StreamId>,
}

impl Since {
    /// Compares `cursor` with the first snapshot. The gap is one that is certain at once. Without a `Since`
    /// the place says nothing: the stream began anew with ids up to which it would count as read.
    pub(in super::super) fn new(
        cursor: &Cursor,
        snapshot: Option<&Snapshot>,
    ) -> (Option<Self>, Option<Gap>) {
        let left = cursor.id;
        let mut since = Self { left, expected: None, found: 0, earliest: None };
        let Some(seen) = snapshot else {
            let had = left != StreamId::default();
            return (Some(since), had.then(|| reset_gap(Some(left), None)));
        };
        let after = Some(left).filter(|left| *left != StreamId::default());
        let shrunk = |count: Option<u64>| match (count, cursor.position) {
            (Some(count), Some(position)) => count < position,
            _ => false,
        };
        let past = seen.is_past(left);
        if seen.last < left || shrunk(seen.added) || (past && shrunk(seen.gone())) {
            let follows = seen.first.is_none_or(|first| first > left) && seen.last >= left;
            return (follows.then_some(since), Some(reset_gap(after, seen.first)));
        }
        let missed = match (seen.gone(), cursor.position) {
            (Some(gone), Some(position)) if past => {
                Some(Missed::Exactly(gone.saturating_sub(position)))
            }
            _ if past && seen.last > left => Some(Missed::Some),
            _ => None,
        };
        if !past {
            since.expected =
                seen.added.zip(cursor.position).map(|(added, position)| added - position);
        }
        (Some(since), gap(after, seen.first, missed, GapCause::Trimmed))
    }

    /// The place itself.
    pub(in super::super) fn left(&self) -> StreamId {
        self.left
    }

    /// Takes in a page of history, ascending; `last` if there is nothing before it. When history
    /// reaches the place, says how many of the entries after it are gone.
    pub(in super::super) fn page(&mut self, ids: &[StreamId], last: bool) -> Option<Gap> {
        let expected = self.expected?;
        let after = ids.get(ids.partition_point(|id| *id <= self.left)..).unwrap_or_default();
        self.found += after.len() as u64;
        self.earliest = after.first().copied().or(self.earliest);
        if after.len() == ids.len() && !last {
            return None;
        }
        self.expected = None;
        let missed = Missed::Exactly(expected.saturating_sub(self.found));
        gap(Some(self.left), self.earliest, Some(missed), GapCause::Trimmed)
    }
}
