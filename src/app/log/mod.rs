//! The page that shows a log in place of the pane's table, and follows it.
//!
//! What it shows is the store's book of the log that is open; the page only knows where the reader is in it. Lines are
//! numbered from the first that was ever read, so that the place stays while old lines go and new ones come. While
//! the page is open the feeds are told which log it is of; once it is closed they stop reading.

mod action;
mod rows;
mod search;
mod target;

pub use rows::{Shown, shown};
pub use search::{Search, ranges};

use super::action::Motion;
use crate::domain::{FeedId, LogSource, Text};
use crate::store::{LogBook, LogEntry};

/// Cells that one step to the side goes.
const SIDEWAYS: usize = 20;

/// How a log is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether long lines go on in the next row.
    pub wrap: bool,
    /// Whether each line's time is shown.
    pub times: bool,
    /// Cells that long lines are scrolled past, where they do not wrap.
    pub left: usize,
}

/// The number of a line, and a row of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, counted from the first that was ever read.
    pub line: u64,
    /// The row of it, where it takes several.
    pub row: usize,
}

/// A log that is open.
#[derive(Debug)]
pub struct LogPage {
    /// What was opened.
    pub title: Text,
    /// The logs to choose from.
    sources: Vec<LogSource>,
    /// Which of them is shown.
    chosen: usize,
    /// Whether the run of the container before its last restart is shown.
    previous: bool,
    /// Whether the newest line is kept in sight.
    pub follow: bool,
    /// How it is shown.
    pub style: Style,
    /// The first row shown.
    pub top: Place,
    /// The line that the cursor is on.
    pub cursor: u64,
    /// What is looked for.
    pub search: Search,
    /// Whether it stands beside the page of an operation, and goes with it.
    pub(in crate::app) of_run: bool,
    /// The state of what is known that its sources were looked for in last, where they are looked for again.
    as_of: Option<u64>,
}

/// The numbers of the first line that is kept, and of the one that will come next.
#[must_use]
pub fn span(book: &LogBook) -> (u64, u64) {
    let first = book.dropped();
    (first, first + book.entries().len() as u64)
}

impl LogPage {
    fn new(title: Text, sources: Vec<LogSource>) -> Self {
        Self {
            title,
            sources,
            chosen: 0,
            previous: false,
            follow: true,
            style: Style { wrap: true, times: true, left: 0 },
            top: Place::default(),
            cursor: 0,
            search: Search::default(),
            of_run: false,
            as_of: None,
        }
    }

    /// The log that is shown.
    #[must_use]
    pub fn source(&self) -> Option<LogSource> {
        let mut source = self.sources.get(self.chosen)?.clone();
        if let LogSource::Pod { previous, .. } = &mut source {
            *previous = self.previous;
        }
        Some(source)
    }

    /// The feed that reads it.
    #[must_use]
    pub fn feed(&self) -> FeedId {
        match self.sources.get(self.chosen) {
            Some(LogSource::Loki { .. }) => FeedId::Audit,
            Some(LogSource::Pod { .. }) | None => FeedId::Log,
        }
    }

    /// Whether the run of the container before its last restart is shown.
    #[must_use]
    pub const fn shows_run_before(&self) -> bool {
        self.previous
    }

    /// Which log of how many is shown, counted from 1.
    #[must_use]
    pub const fn place(&self) -> (usize, usize) {
        (self.chosen + 1, self.sources.len())
    }

    /// The book, where it is of the log that is shown; none while nothing was read of it.
    #[must_use]
    pub fn book<'a>(&self, book: &'a LogBook) -> Option<&'a LogBook> {
        (book.source().is_some() && book.source() == self.source().as_ref()).then_some(book)
    }

    /// Goes to the next log to choose from.
    fn next(&mut self) {
        self.chosen = (self.chosen + 1) % self.sources.len().max(1);
        self.begin_anew();
    }

    /// Goes to the run of the container before its last restart, or back.
    fn other_run(&mut self) {
        self.previous = !self.previous;
        self.begin_anew();
    }

    /// Whether somebody reads in it, and does not only look on.
    fn is_read(&self) -> bool {
        let searches = self.search.typing.is_some() || !self.search.needle.is_empty();
        !self.follow || self.previous || searches
    }

    /// Takes in that these are the logs to choose from now. One that is new is shown, for it is of the pod that took over;
    /// else the one that was shown, if it is still there.
    fn renew(&mut self, sources: Vec<LogSource>) {
        let shown = self.sources.get(self.chosen);
        let same = sources.iter().position(|source| Some(source) == shown);
        let new = sources.iter().position(|source| !self.sources.contains(source));
        let chosen = new.or(same).unwrap_or_default();
        (self.sources, self.chosen) = (sources, chosen);
        if same != Some(chosen) {
            self.begin_anew();
        }
    }

    fn begin_anew(&mut self) {
        self.follow = true;
        (self.top, self.cursor) = (Place::default(), 0);
        self.search.begin_anew();
    }

    /// Brings the page up to date with what is known of the log, on `width` cells and `height` rows.
    pub(super) fn refresh(&mut self, book: &LogBook, width: usize, height: usize) {
        let Some(book) = self.book(book) else {
            self.begin_anew();
            return;
        };
        let (first, end) = span(book);
        self.search.refresh(book);
        let last = end.saturating_sub(1).max(first);
        self.cursor = if self.follow { last } else { self.cursor.clamp(first, last) };
        let lowest = rows::above(book, self.style, Place { line: end, row: 0 }, (width, height));
        self.top = if self.follow {
            lowest
        } else {
            self.top.clamp(Place { line: first, row: 0 }, lowest.max(Place { line: first, row: 0 }))
        };
        if !self.follow {
            self.keep_in_sight(book, width, height);
        }
    }

    /// Moves the page as little as needed for some of the cursor's line to be seen.
    fn keep_in_sight(&mut self, book: &LogBook, width: usize, height: usize) {
        if self.cursor < self.top.line {
            self.top = Place { line: self.cursor, row: 0 };
            return;
        }
        let after = Place { line: self.cursor + 1, row: 0 };
        let highest = rows::above(book, self.style, after, (width, height));
        let tall = rows::count(book, self.style, self.cursor, width) > height;
        // A line longer than the page is read from its begin on, row by row.
        if self.top < highest && !(tall && self.top.line == self.cursor) {
            self.top = if tall { Place { line: self.cursor, row: 0 } } else { highest };
        }
    }

    /// Moves the cursor.
    fn step(&mut self, book: &LogBook, motion: Motion, width: usize, height: usize) {
        let Some(book) = self.book(book) else { return };
        let (first, end) = span(book);
        let last = end.saturating_sub(1).max(first);
        let page = (width, height.saturating_sub(1).max(1));
        let lowest = rows::above(book, self.style, Place { line: end, row: 0 }, (width, height));
        let tall = rows::count(book, self.style, self.cursor, width);
        let hidden = self.top.line == self.cursor && tall.saturating_sub(self.top.row) > height;
        self.follow = motion == Motion::Last || (self.follow && motion == Motion::Down);
        self.cursor = match motion {
            Motion::Down if hidden => {
                self.top.row = (self.top.row + 1).min(tall.saturating_sub(height));
                return;
            }
            Motion::Up if self.top.line == self.cursor && self.top.row > 0 => {
                self.top.row -= 1;
                return;
            }
            Motion::Down => self.cursor.saturating_add(1),
            Motion::Up => self.cursor.saturating_sub(1),
            // By rows of the screen, for lines that wrap take several and none must be skipped.
            Motion::PageDown if self.top >= lowest => last,
            Motion::PageDown => {
                self.top = rows::below(book, self.style, self.top, page).min(lowest);
                self.top.line.max(self.cursor)
            }
            Motion::PageUp if self.top == (Place { line: first, row: 0 }) => first,
            Motion::PageUp => {
                self.top = rows::above(book, self.style, self.top, page);
                self.top.line
            }
            Motion::First => first,
            Motion::Last => last,
        }
        .clamp(first, last);
    }

    /// Goes to the next line that holds what is looked for, or to the one before; says whether there is one.
    fn go_to_match(&mut self, forward: bool) -> bool {
        let found = self.search.beside(self.cursor, forward);
        self.cursor = found.unwrap_or(self.cursor);
        self.follow &= found.is_none();
        found.is_some()
    }

    /// Goes to the line nearest to the cursor that holds what is typed.
    fn search_typed(&mut self, book: &LogBook) {
        self.search.typed();
        let Some(book) = self.book(book) else { return };
        self.search.refresh(book);
        if let Some(found) = self.search.nearest(self.cursor) {
            self.cursor = found;
            self.follow = false;
        }
    }

    /// The line under the cursor, or all lines.
    fn copied(&self, book: &LogBook, all: bool) -> Option<String> {
        let book = self.book(book)?;
        if all {
            let lines: Vec<&str> = book.entries().iter().map(text_of).collect();
            return (!lines.is_empty()).then(|| lines.join("\n"));
        }
        book.entries().numbered(self.cursor).map(|entry| text_of(entry).to_owned())
    }
}

fn text_of(entry: &LogEntry) -> &str {
    match entry {
        LogEntry::Line(line) => line.text.as_str(),
        LogEntry::Gap(why) => why.as_str(),
    }
}
