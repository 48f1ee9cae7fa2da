//! The event stream as far as it is kept: entries, and the marks between them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::changes::Changes;
use super::ring::Ring;
use super::table::Slot;
use crate::domain::{Gap, StreamEntry, StreamId, Text, Timestamp};

/// How much of the stream is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// The most entries.
    pub entries: usize,
    /// The most bytes of their payloads.
    pub bytes: u64,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self { entries: 50_000, bytes: 64 * 1024 * 1024 }
    }
}

/// One line of the stream as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// An entry.
    Entry {
        /// The entry.
        entry: Arc<StreamEntry>,
        /// Whether an entry before it had the same CloudEvents id.
        duplicate: bool,
    },
    /// Entries that could not be seen.
    Gap(Gap),
    /// Where the operator left last time: everything below came since.
    Left(StreamId),
}

/// The number of entries that came within one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The second, since the epoch.
    pub second: i64,
    /// The entries.
    pub entries: u32,
}

/// The slot of the first line ever; older lines go below it.
const FIRST: Slot = 1 << 48;

/// Seconds of history of the rate.
const RATE_SECONDS: usize = 120;

/// The event stream as far as it is kept, oldest first.
#[derive(Clone, Debug)]
pub struct Stream {
    lines: VecDeque<Line>,
    first: Slot,
    limits: StreamLimits,
    bytes: u64,
    entries: usize,
    dropped: u64,
    ids: HashMap<Text, u32>,
    rates: Ring<Rate>,
    received: u64,
    /// Whether something had to go at the old end.
    closed: bool,
    /// Where the operator left, while that place is older than all that was read.
    left: Option<StreamId>,
    pub(super) changes: Changes,
}

impl Stream {
    pub(super) fn new(limits: StreamLimits) -> Self {
        Self {
            lines: VecDeque::new(),
            first: FIRST,
            limits,
            bytes: 0,
            entries: 0,
            dropped: 0,
            ids: HashMap::new(),
            rates: Ring::new(RATE_SECONDS),
            received: 0,
            closed: false,
            left: None,
            changes: Changes::default(),
        }
    }

    /// The line at `slot`.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Line> {
        self.lines.get(usize::try_from(slot.checked_sub(self.first)?).ok()?)
    }

    /// Every line with its slot, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Slot, &Line)> + ExactSizeIterator {
        let first = self.first;
        self.lines.iter().enumerate().map(move |(n, line)| (first + n as Slot, line))
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many entries had to go to keep within the limits.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many entries were ever taken in.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Entries per second, by the server's clock, oldest first.
    #[must_use]
    pub const fn rates(&self) -> &Ring<Rate> {
        &self.rates
    }

    /// Entries per second over the ten seconds before `now`.
    #[must_use]
    pub fn rate(&self, now: Timestamp) -> f64 {
        let since = now.ms() / 1000 - 10;
        let recent = self.rates.iter().rev().take_while(|rate| rate.second >= since);
        f64::from(recent.map(|rate| rate.entries).sum::<u32>()) / 10.0
    }

    /// Where the entry `id` is.
    #[must_use]
    pub fn find(&self, id: StreamId) -> Option<Slot> {
        let at = self.lines.partition_point(|line| match line {
            Line::Entry { entry, .. } => entry.id < id,
            Line::Gap(gap) => gap.before.or(gap.after).is_none_or(|other| other < id),
            Line::Left(left) => *left < id,
        });
        // Marks stand beside the entries that they speak of, so a mark may be in between.
        (at..self.lines.len().min(at + 4)).find_map(|n| match self.lines.get(n) {
            Some(Line::Entry { entry, .. }) if entry.id == id => Some(self.first + n as Slot),
            _ => None,
        })
    }

    /// The newest entry's id.
    #[must_use]
    pub fn newest(&self) -> Option<StreamId> {
        self.lines.iter().rev().find_map(|line| match line {
            Line::Entry { entry, .. } => Some(entry.id),
            Line::Gap(_) | Line::Left(_) => None,
        })
    }

    /// Adds a new entry; not when it is not newer than all before.
    pub(super) fn push(&mut self, entry: Arc<StreamEntry>) {
        if self.newest().is_some_and(|newest| entry.id <= newest) {
            return;
        }
        self.received += 1;
        self.count(entry.id.at());
        let line = self.line(entry);
        self.push_line(line);
        self.keep_within_limits();
    }

    /// Adds an entry older than all known, unless there is no room for it. Once something had to go at the old end,
    /// nothing is added there any more: what is kept has no holes.
    pub(super) fn push_older(&mut self, entry: Arc<StreamEntry>) {
        self.closed |=
            self.entries >= self.limits.entries || self.bytes + weight(&entry) > self.limits.bytes;
        if self.closed {
            self.dropped += 1;
            return;
        }
        // A gap at the front speaks of what was before all that the server still has.
        let gap = self.lines.pop_front_if(
            |line| matches!(line, Line::Gap(gap) if gap.after.is_none_or(|after| after < entry.id)),
        );
        self.first += Slot::from(gap.is_some());
        if let Some(left) = self.left.take_if(|left| entry.id <= *left) {
            self.push_front(Line::Left(left));
        }
        let line = self.line(entry);
        self.push_front(line);
        if let Some(gap) = gap {
            self.push_front(gap);
        }
    }

    /// Adds a gap behind the entries that came before it: mostly the newest, but a gap may be found late.
    pub(super) fn push_gap(&mut self, gap: Gap) {
        let older = |id: StreamId| match (gap.before, gap.after) {
            (Some(before), _) => id < before,
            (None, Some(after)) => id <= after,
            (None, None) => true,
        };
        let behind = self
            .lines
            .iter()
            .rposition(|line| matches!(line, Line::Entry { entry, .. } if older(entry.id)));
        let at = behind.map_or(0, |at| at + 1);
        if at == self.lines.len() {
            self.push_line(Line::Gap(gap));
        } else if at == 0 {
            self.push_front(Line::Gap(gap));
        } else {
            self.lines.insert(at, Line::Gap(gap));
            self.changes.note_all();
        }
    }

    /// Marks where the operator left, when entries came after it; later, when that place is not read yet.
    pub(super) fn mark_left(&mut self, left: StreamId) {
        let at = self.lines.partition_point(|line| match line {
            Line::Entry { entry, .. } => entry.id <= left,
            Line::Gap(gap) => gap.after.is_some_and(|after| after < left),
            Line::Left(_) => true,
        });
        if at == 0 && !self.lines.is_empty() {
            self.left = Some(left);
        } else if at < self.lines.len() {
            self.lines.insert(at, Line::Left(left));
            self.changes.note_all();
        }
    }

    /// The stream begins anew; nothing known stays.
    pub(super) fn clear(&mut self) {
        self.first += self.lines.len() as Slot;
        self.lines.clear();
        self.ids.clear();
        self.bytes = 0;
        self.entries = 0;
        self.closed = false;
        self.left = None;
        self.changes.note_all();
    }

    fn line(&mut self, entry: Arc<StreamEntry>) -> Line {
        self.entries += 1;
        self.bytes += weight(&entry);
        let duplicate = entry.event().filter(|event| !event.id.is_empty()).is_some_and(|event| {
            let seen = self.ids.entry(event.id.clone()).or_default();
            *seen += 1;
            *seen > 1
        });
        Line::Entry { entry, duplicate }
    }

    fn push_front(&mut self, line: Line) {
        self.first -= 1;
        self.lines.push_front(line);
        self.changes.note(self.first);
    }

    fn push_line(&mut self, line: Line) {
        let slot = self.first + self.lines.len() as Slot;
        self.lines.push_back(line);
        self.changes.note(slot);
    }

    fn keep_within_limits(&mut self) {
        while self.entries > self.limits.entries || self.bytes > self.limits.bytes {
            let Some(line) = self.lines.pop_front() else { return };
            self.closed = true;
            self.changes.note(self.first);
            self.first += 1;
            if let Line::Entry { entry, .. } = line {
                self.forget(&entry);
            }
        }
    }

    fn forget(&mut self, entry: &StreamEntry) {
        self.entries -= 1;
        self.bytes -= weight(entry);
        self.dropped += 1;
        let Some(event) = entry.event() else { return };
        if let Some(seen) = self.ids.get_mut(&event.id) {
            *seen -= 1;
            if *seen == 0 {
                self.ids.remove(&event.id);
            }
        }
    }

    fn count(&mut self, at: Timestamp) {
        let second = at.ms() / 1000;
        match self.rates.newest_mut() {
            Some(rate) if rate.second >= second => rate.entries = rate.entries.saturating_add(1),
            _ => self.rates.push(Rate { second, entries: 1 }),
        }
    }
}

/// What an entry counts against the limit of bytes: its payload and its envelope.
fn weight(entry: &StreamEntry) -> u64 {
    let envelope = entry.event().map_or(0, |event| {
        [&event.id, &event.kind, &event.source, &event.subject, &event.summary]
            .iter()
            .map(|text| text.as_str().len())
            .sum()
    });
    (entry.raw.raw().len() + envelope + size_of::<StreamEntry>()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CloudEvent, Content, GapCause, Missed, Payload};

    fn id(ms: u64) -> StreamId {
        StreamId { ms, seq: 0 }
    }

    fn entry(ms: u64, size: usize) -> Arc<StreamEntry> {
        Arc::new(StreamEntry {
            id: id(ms),
            bytes: size as u64,
            content: Content::Event(CloudEvent::default()),
            raw: Payload::new(&"x".repeat(size)),
        })
    }

    fn stream(limits: StreamLimits, ids: &[u64]) -> Stream {
        let mut stream = Stream::new(limits);
        for ms in ids {
            stream.push(entry(*ms, 10));
        }
        stream
    }

    fn gap(after: u64, before: u64) -> Gap {
        let missed = Missed::Exactly(3);
        Gap { after: Some(id(after)), before: Some(id(before)), missed, cause: GapCause::Trimmed }
    }

    /// The lines from the oldest: entries by their time, `g` a gap, `l` where the operator left.
    fn shown(stream: &Stream) -> String {
        let line = |line: &Line| match line {
            Line::Entry { entry, .. } => entry.id.ms.to_string(),
            Line::Gap(_) => "g".to_owned(),
            Line::Left(_) => "l".to_owned(),
        };
        stream.iter().map(|(_, it)| line(it)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_gap_stands_between_the_entries_it_lies_between() {
        for (after, before, lines) in
            [(3, 7, "1 2 3 g 7 8"), (8, 9, "1 2 3 7 8 g"), (0, 1, "g 1 2 3 7 8")]
        {
            let mut stream = stream(StreamLimits::default(), &[1, 2, 3, 7, 8]);
            stream.push_gap(gap(after, before));
            assert_eq!(shown(&stream), lines);
            for ms in [1, 2, 3, 7, 8] {
                let slot = stream.find(id(ms)).expect("it is kept");
                assert!(
                    matches!(stream.get(slot), Some(Line::Entry { entry, .. }) if entry.id == id(ms))
                );
            }
        }
    }

    #[test]
    fn where_the_operator_left_is_marked_even_when_it_is_read_late() {
        let mut stream = stream(StreamLimits::default(), &[8, 9]);
        stream.mark_left(id(5));
        for ms in [7, 6, 5, 4] {
            stream.push_older(entry(ms, 10));
        }
        assert_eq!(shown(&stream), "4 5 l 6 7 8 9");
    }

    #[test]
    fn what_is_kept_has_no_holes() {
        let one = weight(&entry(1, 10));
        let limits = StreamLimits { entries: 100, bytes: 4 * one };
        let mut stream = stream(limits, &[8, 9]);
        stream.push_older(entry(7, 10));
        stream.push_older(entry(6, 4000));
        stream.push_older(entry(5, 10));
        assert_eq!((shown(&stream).as_str(), stream.dropped()), ("7 8 9", 2));
        stream.push(entry(10, 10));
        stream.push(entry(11, 10));
        stream.push_older(entry(4, 1));
        assert_eq!(shown(&stream), "8 9 10 11");
    }
}
