//! The log that the operator has open: the newest lines, and where lines may be missing.

use super::Ring;
use crate::domain::{LogChunk, LogLine, LogSource, LogTold, Text};

/// How many lines of a log are kept.
const LINES: usize = 20_000;

/// A line of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEntry {
    /// A line of the log.
    Line(LogLine),
    /// Lines may be missing here, and why.
    Gap(Text),
}

/// What is known of the log that is open.
#[derive(Clone, Debug)]
pub struct LogBook {
    source: Option<LogSource>,
    entries: Ring<LogEntry>,
    end: Option<Text>,
    revision: u64,
}

impl Default for LogBook {
    fn default() -> Self {
        Self { source: None, entries: Ring::new(LINES), end: None, revision: 0 }
    }
}

impl LogBook {
    /// Whose lines these are.
    #[must_use]
    pub const fn source(&self) -> Option<&LogSource> {
        self.source.as_ref()
    }

    /// The lines that are kept, oldest first.
    #[must_use]
    pub const fn entries(&self) -> &Ring<LogEntry> {
        &self.entries
    }

    /// Why there will be no more lines, when there won't.
    #[must_use]
    pub const fn end(&self) -> Option<&Text> {
        self.end.as_ref()
    }

    /// How many older lines had to go.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.entries.dropped()
    }

    /// Grows with every change.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes in what was read. Lines of another log than before begin the book anew.
    pub(super) fn take(&mut self, chunk: LogChunk) {
        self.revision += 1;
        if self.source.as_ref() != Some(&chunk.source) {
            *self = Self { source: Some(chunk.source), revision: self.revision, ..Self::default() };
        }
        match chunk.told {
            LogTold::Lines(lines) => {
                self.end = None;
                lines.into_iter().for_each(|line| self.push(LogEntry::Line(line)));
            }
            LogTold::Gap(why) => self.push(LogEntry::Gap(why)),
            LogTold::End(why) => self.end = Some(why),
        }
    }

    fn push(&mut self, entry: LogEntry) {
        self.entries.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(pod: &str) -> LogSource {
        LogSource::Pod {
            namespace: Text::clean("ns"),
            pod: Text::clean(pod),
            container: None,
            previous: false,
        }
    }

    fn lines(pod: &str, count: usize) -> LogChunk {
        let line = |n: usize| LogLine { at: None, text: Text::from(n.to_string()) };
        LogChunk { source: source(pod), told: LogTold::Lines((0..count).map(line).collect()) }
    }

    #[test]
    fn another_log_begins_anew_and_old_lines_are_counted_when_they_go() {
        let mut book = LogBook::default();
        book.take(lines("a", 3));
        book.take(LogChunk { source: source("a"), told: LogTold::Gap(Text::clean("cut")) });
        assert_eq!(book.entries().len(), 4);
        book.take(lines("b", LINES + 5));
        assert_eq!((book.entries().len(), book.dropped()), (LINES, 5));
        assert_eq!(book.source(), Some(&source("b")));
        book.take(LogChunk { source: source("b"), told: LogTold::End(Text::clean("ended")) });
        assert!(book.end().is_some());
        let before = book.revision();
        book.take(lines("a", 1));
        assert_eq!((book.entries().len(), book.dropped(), book.end()), (1, 0, None));
        assert!(book.revision() > before);
    }
}
