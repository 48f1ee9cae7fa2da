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
#[derive(Clone, Debug)]
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

    /// Adds an entry older than all known, unless there is no room for it.
    pub(super) fn push_older(&mut self, entry: Arc<StreamEntry>) {
        let room =
            self.entries < self.limits.entries && self.bytes + weight(&entry) <= self.limits.bytes;
        if !room {
            self.dropped += 1;
            return;
        }
        // A gap at the front speaks of what was before all that the server still has.
        let gap = self.lines.pop_front_if(
            |line| matches!(line, Line::Gap(gap) if gap.after.is_none_or(|after| after < entry.id)),
        );
        let line = self.line(entry);
        self.first += Slot::from(gap.is_some());
        for line in [Some(line), gap].into_iter().flatten() {
            self.first -= 1;
            self.lines.push_front(line);
            self.changes.note(self.first);
        }
    }

    /// Adds a gap: after the entries known so far, or before them all when it speaks of what was before.
    pub(super) fn push_gap(&mut self, gap: Gap) {
        let oldest = self.lines.iter().find_map(|line| match line {
            Line::Entry { entry, .. } => Some(entry.id),
            Line::Gap(_) | Line::Left(_) => None,
        });
        if gap.before.zip(oldest).is_some_and(|(before, oldest)| before <= oldest) {
            self.first -= 1;
            self.lines.push_front(Line::Gap(gap));
            self.changes.note(self.first);
        } else {
            self.push_line(Line::Gap(gap));
        }
    }

    /// Marks where the operator left, when entries came after it.
    pub(super) fn mark_left(&mut self, left: StreamId) {
        let at = self.lines.partition_point(|line| match line {
            Line::Entry { entry, .. } => entry.id <= left,
            Line::Gap(gap) => gap.after.is_some_and(|after| after < left),
            Line::Left(_) => true,
        });
        if at > 0 && at < self.lines.len() {
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

    fn push_line(&mut self, line: Line) {
        let slot = self.first + self.lines.len() as Slot;
        self.lines.push_back(line);
        self.changes.note(slot);
    }

    fn keep_within_limits(&mut self) {
        while self.entries > self.limits.entries || self.bytes > self.limits.bytes {
            let Some(line) = self.lines.pop_front() else { return };
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
