//! Finding words in a log: plain text, without regard to case.

use std::collections::VecDeque;
use std::ops::Range;

use crate::app::line::Line;
use crate::store::{LogBook, LogEntry};

/// A search in a log.
#[derive(Debug, Default)]
pub struct Search {
    /// The line being typed, while it is.
    pub typing: Option<Line>,
    /// What is looked for; empty when nothing is.
    pub needle: String,
    /// What was looked for before typing began.
    before: String,
    /// The lines that hold it, by number, ascending.
    found: VecDeque<u64>,
    /// Lines before this number were looked into.
    seen: u64,
}

impl Search {
    /// Begins to type.
    pub(super) fn open(&mut self) {
        self.before.clone_from(&self.needle);
        self.typing = Some(Line::default());
    }

    /// Looks for what is typed.
    pub(super) fn typed(&mut self) {
        let text = self.typing.as_ref().map(|line| line.text().to_owned()).unwrap_or_default();
        self.look_for(text);
    }

    /// Ends typing. Left, what was looked for before is looked for again.
    pub(in crate::app) fn close(&mut self, taken: bool) {
        if self.typing.take().is_some() && !taken {
            let before = std::mem::take(&mut self.before);
            self.look_for(before);
        }
    }

    fn look_for(&mut self, needle: String) {
        if needle != self.needle {
            self.needle = needle;
            self.begin_anew();
        }
    }

    /// Another log is read, or another word looked for.
    pub(super) fn begin_anew(&mut self) {
        self.found.clear();
        self.seen = 0;
    }

    /// Looks into the lines that came since the last time, and forgets those that are gone.
    pub(super) fn refresh(&mut self, book: &LogBook) {
        let (first, end) = super::span(book);
        while self.found.front().is_some_and(|number| *number < first) {
            self.found.pop_front();
        }
        if self.needle.is_empty() {
            self.seen = end;
            return;
        }
        for number in self.seen.max(first)..end {
            let Some(LogEntry::Line(line)) = book.entries().numbered(number) else { continue };
            if !ranges(line.text.as_str(), &self.needle, 1).is_empty() {
                self.found.push_back(number);
            }
        }
        self.seen = end;
    }

    /// How many lines hold it, and the place among them of the line `number`, counted from 1.
    #[must_use]
    pub fn count(&self, number: u64) -> (usize, Option<usize>) {
        (self.found.len(), self.found.binary_search(&number).ok().map(|place| place + 1))
    }

    /// The next line after the line `number` that holds it, or the one before.
    pub(super) fn beside(&self, number: u64, forward: bool) -> Option<u64> {
        let after = self.found.partition_point(|found| *found <= number);
        let before = self.found.partition_point(|found| *found < number);
        if forward { self.found.get(after) } else { self.found.get(before.checked_sub(1)?) }
            .copied()
    }

    /// The line nearest to the line `number` that holds it: that line itself, else one before it, else one after.
    pub(super) fn nearest(&self, number: u64) -> Option<u64> {
        let at = self.found.partition_point(|found| *found <= number);
        self.found.get(at.saturating_sub(1)).copied()
    }
}

/// Where `needle` stands in `text`, without regard to case, at most `most` times.
#[must_use]
pub fn ranges(text: &str, needle: &str, most: usize) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    if needle.is_empty() {
        return found;
    }
    let wanted: Vec<char> = needle.chars().flat_map(char::to_lowercase).collect();
    for (at, _) in text.char_indices() {
        if found.len() == most {
            break;
        }
        if found.last().is_some_and(|last| at < last.end) {
            continue;
        }
        if let Some(end) = text.get(at..).and_then(|rest| prefix(rest, &wanted)) {
            found.push(at..at + end);
        }
    }
    found
}

/// The bytes of `text` that `wanted`, which is in lower case, stands in at its start.
fn prefix(text: &str, wanted: &[char]) -> Option<usize> {
    let mut left = wanted;
    for (at, c) in text.char_indices() {
        for lower in c.to_lowercase() {
            let (first, rest) = left.split_first()?;
            if *first != lower {
                return None;
            }
            left = rest;
        }
        if left.is_empty() {
            return Some(at + c.len_utf8());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_without_regard_to_case() {
        for (text, needle, found) in [
            ("An ERROR, an Error", "error", vec![3..8, 13..18]),
            ("грешка Грешка", "ГРЕШКА", vec![0..12, 13..25]),
            ("aaaa", "aa", vec![0..2, 2..4]),
            ("nothing", "x", vec![]),
            ("short", "shorter", vec![]),
            ("", "a", vec![]),
            ("anything", "", vec![]),
        ] {
            assert_eq!(ranges(text, needle, 9), found, "{text} {needle}");
        }
        assert_eq!(ranges("xxx", "x", 2).len(), 2);
    }
}
