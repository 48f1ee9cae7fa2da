//! How the lines of a log fall into rows of the screen.

use std::ops::Range;

use unicode_width::UnicodeWidthChar as _;

use super::{LogPage, Place, Style, text_of};
use crate::domain::Timestamp;
use crate::store::{LogBook, LogEntry};

/// Cells that a line's time takes, with the space after it.
const TIME: usize = 9;

/// Cells that the cursor's sign takes.
const GUTTER: usize = 2;

/// The narrowest that a line's text gets.
const LEAST: usize = 20;

/// One row of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The line that it is of.
    pub line: u64,
    /// Whether it is the first of the line's rows.
    pub first: bool,
    /// The line's time, on the first of its rows.
    pub at: Option<Timestamp>,
    /// What stands on the row.
    pub text: &'a str,
    /// Whether it says that lines may be missing.
    pub gap: bool,
    /// The cells before the text.
    pub indent: usize,
}

fn indent(style: Style) -> usize {
    GUTTER + if style.times { TIME } else { 0 }
}

/// The parts of `text` that stand on one row each, of `width` cells.
fn cut(text: &str, style: Style, width: usize) -> Vec<Range<usize>> {
    let room = width.saturating_sub(indent(style)).max(LEAST);
    if text.len() <= room && style.left == 0 {
        return std::iter::once(0..text.len()).collect();
    }
    if !style.wrap {
        let start = text.char_indices().nth(style.left).map_or(text.len(), |(at, _)| at);
        return std::iter::once(start..text.len()).collect();
    }
    let mut rows = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, c) in text.char_indices() {
        let cells = c.width().unwrap_or(0);
        if used + cells > room {
            rows.push(start..at);
            (start, used) = (at, 0);
        }
        used += cells;
    }
    rows.push(start..text.len());
    rows
}

/// How many rows the line `number` takes.
pub(super) fn count(book: &LogBook, style: Style, number: u64, width: usize) -> usize {
    let entry = book.entries().numbered(number);
    entry.map_or(0, |entry| cut(text_of(entry), style, width).len())
}

/// The place from which on `height` rows end right before `end`.
pub(super) fn above(
    book: &LogBook,
    style: Style,
    end: Place,
    (width, height): (usize, usize),
) -> Place {
    let (first, _) = super::span(book);
    if end.row >= height {
        return Place { line: end.line, row: end.row - height };
    }
    let mut left = height - end.row;
    let mut line = end.line;
    while line > first {
        line -= 1;
        let rows = count(book, style, line, width);
        if rows >= left {
            return Place { line, row: rows - left };
        }
        left -= rows;
    }
    Place { line: first, row: 0 }
}

/// The place `height` rows after `from`, at most the end of the last line.
pub(super) fn below(
    book: &LogBook,
    style: Style,
    from: Place,
    (width, height): (usize, usize),
) -> Place {
    let (_, end) = super::span(book);
    let mut left = height + from.row;
    let mut line = from.line;
    while line < end {
        let rows = count(book, style, line, width);
        if rows > left {
            return Place { line, row: left };
        }
        left -= rows;
        line += 1;
    }
    Place { line: end, row: 0 }
}

/// The rows of `page` on `width` cells and `height` rows.
#[must_use]
pub fn shown<'a>(page: &LogPage, book: &'a LogBook, width: usize, height: usize) -> Vec<Shown<'a>> {
    let mut rows = Vec::with_capacity(height);
    let indent = indent(page.style);
    let mut number = page.top.line;
    while let Some(entry) = book.entries().numbered(number) {
        let text = text_of(entry);
        let at = match entry {
            LogEntry::Line(line) => line.at.filter(|_| page.style.times),
            LogEntry::Gap(_) => None,
        };
        let skipped = if number == page.top.line { page.top.row } else { 0 };
        for (row, part) in cut(text, page.style, width).into_iter().enumerate().skip(skipped) {
            if rows.len() == height {
                return rows;
            }
            let text = text.get(part).unwrap_or_default();
            let gap = matches!(entry, LogEntry::Gap(_));
            let first = row == 0;
            let at = at.filter(|_| first);
            rows.push(Shown { line: number, first, at, text, gap, indent });
        }
        number += 1;
    }
    rows
}
