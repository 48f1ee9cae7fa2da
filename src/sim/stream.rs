//! The event stream of the training world: what is on it, and how much of it was told.
//!
//! Ids are given as the real server gives them: they only ever grow, even when its clock does not. What
//! is kept is bounded in entries and bytes; what goes unread is counted, never forgotten.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::domain::{Gap, GapCause, Missed, StreamEntry, StreamId, Timestamp};

/// The most entries kept.
const KEPT_ENTRIES: usize = 10_000;
/// The most bytes of payload kept.
const KEPT_BYTES: usize = 32 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Stream {
    kept: VecDeque<Arc<StreamEntry>>,
    bytes: usize,
    /// The newest id ever given.
    last: Option<StreamId>,
    /// The newest id told.
    told: Option<StreamId>,
    /// The oldest id told.
    oldest_told: Option<StreamId>,
    /// Entries that went before they were told.
    lost: u64,
    /// Whether the stream began anew since the last entry told.
    reset: bool,
    /// Entries ever added since it began.
    added: u64,
    /// How often it began anew.
    resets: u64,
}

impl Stream {
    /// The id that an entry taken in at `at` gets.
    pub(super) fn next_id(&self, at: Timestamp) -> StreamId {
        let ms = u64::try_from(at.ms()).unwrap_or_default();
        match self.last {
            Some(last) if last.ms >= ms => {
                StreamId { ms: last.ms, seq: last.seq.saturating_add(1) }
            }
            Some(_) | None => StreamId { ms, seq: 0 },
        }
    }

    /// Puts `entry` on the stream; its id must come from [`Stream::next_id`].
    pub(super) fn push(&mut self, entry: StreamEntry) {
        self.last = Some(entry.id);
        self.added += 1;
        self.bytes += entry.raw.raw().len();
        self.kept.push_back(Arc::new(entry));
        while self.kept.len() > KEPT_ENTRIES || self.bytes > KEPT_BYTES {
            let Some(gone) = self.kept.pop_front() else {
                break;
            };
            self.bytes -= gone.raw.raw().len();
            if self.told.is_some_and(|told| gone.id > told) {
                self.lost += 1;
            }
        }
    }

    /// Takes `count` entries in at `at`, and trims them and all before them before anyone reads them.
    pub(super) fn lose(&mut self, count: u64, at: Timestamp) {
        if count == 0 {
            return;
        }
        let known = self.kept.partition_point(|entry| Some(entry.id) <= self.told);
        self.lost += self.kept.len().saturating_sub(known) as u64;
        self.kept.clear();
        self.bytes = 0;
        let first = self.next_id(at);
        self.last = Some(StreamId { ms: first.ms, seq: first.seq.saturating_add(count - 1) });
        self.lost += count;
        self.added += count;
    }

    /// Empties the stream, as a server does that keeps nothing on disk and starts again.
    pub(super) fn reset(&mut self) {
        self.kept.clear();
        self.bytes = 0;
        self.reset = true;
        self.added = 0;
        self.resets += 1;
    }

    /// How many entries it has.
    pub(super) fn len(&self) -> u64 {
        self.kept.len() as u64
    }

    /// The bytes of its payloads.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes as u64
    }

    /// The oldest and the newest entry.
    pub(super) fn ends(&self) -> (Option<StreamId>, Option<StreamId>) {
        (self.kept.front().map(|entry| entry.id), self.kept.back().map(|entry| entry.id))
    }

    /// Entries ever added since it began.
    pub(super) const fn added(&self) -> u64 {
        self.added
    }

    /// How often it began anew.
    pub(super) const fn resets(&self) -> u64 {
        self.resets
    }

    /// The newest entry but `back`.
    pub(super) fn before_newest(&self, back: u64) -> Option<StreamId> {
        let back = usize::try_from(back).ok()?;
        self.kept.iter().rev().nth(back).map(|entry| entry.id)
    }

    /// The newest `count` entries, for the first listing: they count as told.
    pub(super) fn newest(&mut self, count: usize) -> Vec<Arc<StreamEntry>> {
        let skipped = self.kept.len().saturating_sub(count);
        let entries: Vec<_> = self.kept.iter().skip(skipped).cloned().collect();
        self.oldest_told = entries.first().map(|entry| entry.id);
        self.told = entries.last().map(|entry| entry.id).or(self.last);
        (self.lost, self.reset) = (0, false);
        entries
    }

    /// What came since the last entry told, and the gap before it: they count as told.
    pub(super) fn untold(&mut self) -> (Option<Gap>, Vec<Arc<StreamEntry>>) {
        let known = self.kept.partition_point(|entry| Some(entry.id) <= self.told);
        let entries: Vec<_> = self.kept.iter().skip(known).cloned().collect();
        let gap = (self.lost > 0 || self.reset).then(|| Gap {
            after: self.told,
            before: entries.first().map(|entry| entry.id),
            missed: if self.reset { Missed::Some } else { Missed::Exactly(self.lost) },
            cause: if self.reset { GapCause::Reset } else { GapCause::Trimmed },
        });
        (self.lost, self.reset) = (0, false);
        self.told = entries.last().map(|entry| entry.id).or(self.told);
        self.oldest_told = self.oldest_told.or_else(|| entries.first().map(|entry| entry.id));
        (gap, entries)
    }

    /// The newest `count` entries that are older than all told: they count as told.
    pub(super) fn older(&mut self, count: usize) -> Vec<Arc<StreamEntry>> {
        let Some(oldest) = self.oldest_told else {
            return Vec::new();
        };
        let end = self.kept.partition_point(|entry| entry.id < oldest);
        let entries: Vec<_> =
            self.kept.iter().take(end).skip(end.saturating_sub(count)).cloned().collect();
        self.oldest_told = entries.first().map(|entry| entry.id).or(self.oldest_told);
        entries
    }

    /// The newest entry taken in not after `at`.
    pub(super) fn at(&self, at: Timestamp) -> Option<StreamId> {
        let end = self.kept.partition_point(|entry| entry.id.at() <= at);
        self.kept.get(end.checked_sub(1)?).map(|entry| entry.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::events::raw_entry;

    fn push(stream: &mut Stream, ms: i64) -> StreamId {
        let id = stream.next_id(Timestamp::from_ms(ms));
        stream.push(raw_entry("{}", id));
        id
    }

    fn ids(entries: &[Arc<StreamEntry>]) -> Vec<String> {
        entries.iter().map(|entry| entry.id.to_string()).collect()
    }

    #[test]
    fn ids_grow_when_the_clock_does_not() {
        let mut stream = Stream::default();
        for (ms, id) in [(5, "5-0"), (5, "5-1"), (3, "5-2"), (6, "6-0")] {
            assert_eq!(push(&mut stream, ms).to_string(), id);
        }
    }

    #[test]
    fn each_entry_is_told_once() {
        let mut stream = Stream::default();
        for ms in 1..=5 {
            push(&mut stream, ms);
        }
        assert_eq!(ids(&stream.newest(2)), ["4-0", "5-0"]);
        assert_eq!(ids(&stream.older(2)), ["2-0", "3-0"]);
        assert_eq!(ids(&stream.older(2)), ["1-0"]);
        assert_eq!(ids(&stream.older(2)), [""; 0]);
        push(&mut stream, 6);
        let (gap, entries) = stream.untold();
        assert_eq!((gap, ids(&entries)), (None, vec!["6-0".to_owned()]));
        assert_eq!(stream.untold(), (None, Vec::new()));
    }

    #[test]
    fn what_is_lost_is_counted() {
        let mut stream = Stream::default();
        let after = push(&mut stream, 1);
        stream.newest(10);
        stream.lose(3, Timestamp::from_ms(2));
        let before = push(&mut stream, 2);
        assert_eq!(before.to_string(), "2-3");
        let (gap, entries) = stream.untold();
        let wanted = Gap {
            after: Some(after),
            before: Some(before),
            missed: Missed::Exactly(3),
            cause: GapCause::Trimmed,
        };
        assert_eq!((gap, entries.len()), (Some(wanted), 1));
    }

    #[test]
    fn trimming_what_nobody_read_is_a_gap() {
        let mut stream = Stream::default();
        push(&mut stream, 1);
        stream.newest(10);
        for _ in 0..KEPT_ENTRIES + 7 {
            push(&mut stream, 2);
        }
        let (gap, entries) = stream.untold();
        assert_eq!(gap.map(|gap| gap.missed), Some(Missed::Exactly(7)));
        assert_eq!(entries.len(), KEPT_ENTRIES);
    }

    #[test]
    fn a_reset_is_told_before_anything_new_comes() {
        let mut stream = Stream::default();
        let after = push(&mut stream, 1);
        stream.newest(10);
        stream.reset();
        let (gap, entries) = stream.untold();
        let wanted =
            Gap { after: Some(after), before: None, missed: Missed::Some, cause: GapCause::Reset };
        assert_eq!((gap, entries.len()), (Some(wanted), 0));
    }
}
