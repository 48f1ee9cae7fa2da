//! One pane: a table with its view, cursor, marks, filter, columns and drawer.

use std::collections::BTreeSet;

use super::action::Motion;
use super::detail::Detail;
use super::line::Line;
use crate::domain::Timestamp;
use crate::store::filter::{Query, QueryError};
use crate::store::table::{Column, RowId, Slot, Table, TableId, Value};
use crate::store::view::{Sort, View};
use crate::store::{Ring, Store, columns};

/// How many filters are remembered.
const FILTERS_KEPT: usize = 50;

/// Where the cursor is. It belongs to a row's identity; the position only says where that row stands.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    /// The row it is on; none when that row is gone, or when there never was one.
    pub id: Option<RowId>,
    /// Where that row stands, or stood.
    pub position: usize,
    /// Whether the row it was on is gone, and it was not moved since.
    pub lost: bool,
    /// Whether the operator ever moved it. Until then it stays on the first row while a listing comes in.
    pub moved: bool,
}

/// The filter of a pane.
#[derive(Debug)]
pub struct Filter {
    /// The line being typed, while it is.
    pub typing: Option<Line>,
    /// What was applied when typing began, to go back to.
    before: String,
    /// The text of the query that is applied.
    pub text: String,
    /// Why the text typed is no query; the last good one stays applied.
    pub error: Option<QueryError>,
    /// Filters taken before, oldest first.
    pub taken: Ring<String>,
    /// How far back in `taken` the line is.
    back: usize,
    /// The row under the cursor when typing began.
    home: Option<RowId>,
}

/// The drawer with the details of the row under the cursor.
#[derive(Debug, Default)]
pub struct Drawer {
    /// Whether it is open.
    pub open: bool,
    /// Whether keys go to it.
    pub focused: bool,
    /// The first line shown.
    pub top: usize,
    /// What it shows; none while there is no row.
    pub detail: Option<Detail>,
}

/// Which columns are shown, and from which on.
#[derive(Clone, Debug)]
pub struct Columns {
    /// Whether each column is shown.
    pub shown: Vec<bool>,
    /// How many shown columns are scrolled past, after the first.
    pub scrolled: usize,
}

/// A pane.
pub struct Pane {
    /// Its table.
    pub table: TableId,
    /// Which rows are shown, in which order.
    pub view: View,
    /// The cursor.
    pub cursor: Cursor,
    /// The first row shown.
    pub top: usize,
    /// The marked rows.
    pub marks: BTreeSet<RowId>,
    /// The filter.
    pub filter: Filter,
    /// The columns.
    pub columns: Columns,
    /// The drawer.
    pub drawer: Drawer,
    /// Whether the cursor stays on the newest row.
    pub follow: bool,
    /// Since when the list is held still, and how many changes the table had then.
    pub held: Option<Held>,
    /// The time that is being typed, to go to it.
    pub jump: Option<Jump>,
    /// Whether its rows were complete once.
    pub settled: bool,
    /// The row to go to: the operator asked for another query since the last refresh.
    sought: Sought,
}

/// The row that the cursor goes to at the next refresh.
#[derive(Clone, Debug, Default)]
enum Sought {
    /// None: it keeps its row.
    #[default]
    Nothing,
    /// The first row, or the newest when following.
    End,
    /// This one, if it is shown.
    Row(RowId),
}

/// A list held still.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Since when.
    pub since: Timestamp,
    /// The table's revision then.
    pub revision: u64,
    /// How many events had been taken in then.
    pub received: u64,
}

/// A time that is being typed.
#[derive(Debug, Default)]
pub struct Jump {
    /// The line.
    pub line: Line,
    /// Why what was typed is no time.
    pub error: Option<String>,
}

impl Pane {
    /// The pane of `table`, as it is at start.
    #[must_use]
    pub fn new(table: TableId) -> Self {
        let sort = table.sorted_by().and_then(|(id, descending)| {
            let column = columns(table).iter().position(|column| column.id == id)?;
            Some(Sort { column, descending })
        });
        Self {
            table,
            view: View::new(columns(table), sort),
            cursor: Cursor::default(),
            top: 0,
            marks: BTreeSet::new(),
            filter: Filter {
                typing: None,
                before: String::new(),
                text: String::new(),
                error: None,
                taken: Ring::new(FILTERS_KEPT),
                back: 0,
                home: None,
            },
            columns: Columns {
                shown: columns(table).iter().map(|column| column.shown).collect(),
                scrolled: 0,
            },
            drawer: Drawer::default(),
            follow: table == TableId::Events,
            held: None,
            jump: None,
            settled: false,
            sought: Sought::Nothing,
        }
    }

    /// Changes which rows are shown. The cursor stays on its row, or goes back to the one it was on when typing
    /// began, or else to the first row.
    pub fn set_query(&mut self, query: Query) {
        self.view.set_query(query);
        let home = self.filter.home.clone().filter(|_| self.filter.typing.is_some());
        self.sought = home.or_else(|| self.cursor.id.clone()).map_or(Sought::End, Sought::Row);
    }

    /// The columns shown, with their numbers, in order.
    pub fn shown_columns(&self) -> impl Iterator<Item = (usize, &'static Column)> {
        columns(self.table)
            .iter()
            .enumerate()
            .filter(|(number, _)| self.columns.shown.get(*number) == Some(&true))
    }

    /// The slot of the row under the cursor, if that row still exists.
    #[must_use]
    pub fn cursor_slot(&self, table: &dyn Table) -> Option<Slot> {
        table.find(self.cursor.id.as_ref()?)
    }

    /// Brings the view up to date, and keeps cursor, marks and screen with their rows.
    ///
    /// The row under the cursor keeps its line on the screen when rows come or go above it. When that row is
    /// gone the cursor is on nothing until it is moved: it never slips to another row.
    pub fn refresh(&mut self, table: &dyn Table, now: Timestamp, rows: usize) {
        let first_listing = !self.cursor.moved && !self.settled;
        self.view.pin(table, self.cursor.id.as_ref());
        if (self.view.is_asked_anew() || self.held.is_none()) && self.view.refresh(table, now) {
            self.marks.retain(|id| table.find(id).is_some());
            match std::mem::take(&mut self.sought) {
                Sought::Nothing => self.keep_cursor(table, rows),
                Sought::End => self.seek(table, None),
                Sought::Row(id) => self.seek(table, Some(&id)),
            }
        } else if self.cursor.id.as_ref().is_some_and(|id| table.find(id).is_none()) {
            self.lose_cursor();
        }
        if (first_listing || (self.cursor.id.is_none() && !self.cursor.lost))
            && !self.view.is_empty()
        {
            // Nothing was ever chosen: begin on the first row, or the newest when following.
            self.put_cursor(table, if self.follow { self.view.len() - 1 } else { 0 });
        }
        self.keep_in_sight(rows);
    }

    /// Puts the cursor where the operator expects it after another query.
    fn seek(&mut self, table: &dyn Table, sought: Option<&RowId>) {
        let found = sought.and_then(|id| self.view.position_of(table, id, self.cursor.position));
        let end = if self.follow { self.view.len().saturating_sub(1) } else { 0 };
        self.put_cursor(table, found.filter(|_| !self.follow).unwrap_or(end));
    }

    fn keep_cursor(&mut self, table: &dyn Table, rows: usize) {
        if self.follow && !self.view.is_empty() {
            self.put_cursor(table, self.view.len() - 1);
            return;
        }
        let Some(id) = &self.cursor.id else { return };
        match self.view.position_of(table, id, self.cursor.position) {
            Some(position) => {
                let line = self.cursor.position.saturating_sub(self.top).min(rows);
                self.top = position.saturating_sub(line);
                self.cursor.position = position;
            }
            None => self.lose_cursor(),
        }
    }

    fn lose_cursor(&mut self) {
        self.cursor.id = None;
        self.cursor.lost = true;
        self.drawer.detail = None;
    }

    /// Moves `top` as little as needed for the cursor to be seen and the screen to be full.
    fn keep_in_sight(&mut self, rows: usize) {
        let last_top = self.view.len().saturating_sub(rows);
        let position = self.cursor.position.min(self.view.len().saturating_sub(1));
        if position < self.top {
            self.top = position;
        } else if rows > 0 && position >= self.top + rows {
            self.top = position + 1 - rows;
        }
        self.top = self.top.min(last_top);
    }

    fn put_cursor(&mut self, table: &dyn Table, position: usize) {
        let position = position.min(self.view.len().saturating_sub(1));
        let id = self.view.slot(position).and_then(|slot| table.id(slot));
        if id != self.cursor.id {
            self.drawer.top = 0;
        }
        let lost = id.is_none() && !self.view.is_empty();
        self.cursor = Cursor { id, position, lost, moved: self.cursor.moved };
    }

    /// Moves the cursor.
    pub fn step(&mut self, table: &dyn Table, motion: Motion, rows: usize) {
        let last = self.view.len().saturating_sub(1);
        let page = rows.saturating_sub(1).max(1);
        let at = self.cursor.position.min(last);
        // From a row that is gone the first step goes to what took its place.
        let lost = self.cursor.id.is_none()
            && self.view.slot(at).is_some_and(|slot| table.id(slot).is_some());
        let position = match motion {
            Motion::Down if lost => at,
            Motion::Down => at + 1,
            Motion::Up => at.saturating_sub(1),
            Motion::PageDown => at + page,
            Motion::PageUp => at.saturating_sub(page),
            Motion::First => 0,
            Motion::Last => last,
        };
        self.follow =
            self.table == TableId::Events && motion == Motion::Last && self.view.sort().is_none();
        self.cursor.moved = true;
        self.put_cursor(table, position);
        self.keep_in_sight(rows);
    }

    /// Puts the cursor on the row at `position`, as a click does.
    pub fn point(&mut self, table: &dyn Table, position: usize, rows: usize) {
        if position < self.view.len() {
            self.follow = false;
            self.cursor.moved = true;
            self.put_cursor(table, position);
            self.keep_in_sight(rows);
        }
    }

    /// Puts the cursor on the row `id`, if it is shown.
    pub fn choose(&mut self, table: &dyn Table, id: &RowId, rows: usize) -> bool {
        let Some(position) = self.view.position_of(table, id, self.cursor.position) else {
            return false;
        };
        self.point(table, position, rows);
        true
    }

    /// Scrolls the screen by `lines`, taking the cursor along only when it would leave it.
    pub fn wheel(&mut self, table: &dyn Table, down: bool, lines: usize, rows: usize) {
        let last_top = self.view.len().saturating_sub(rows);
        let top =
            if down { (self.top + lines).min(last_top) } else { self.top.saturating_sub(lines) };
        self.top = top;
        let seen = self.cursor.position.clamp(top, (top + rows.max(1)).saturating_sub(1));
        self.follow &= top == last_top;
        if seen != self.cursor.position && !self.view.is_empty() {
            self.put_cursor(table, seen);
        }
    }

    /// Goes to the next row, or the one before, that is always shown: a gap.
    pub fn to_gap(&mut self, table: &dyn Table, forward: bool, rows: usize) -> bool {
        let at = self.cursor.position;
        let is_gap = |n: &usize| self.view.slot(*n).is_some_and(|slot| table.always_shown(slot));
        let found = if forward {
            (at + 1..self.view.len()).find(is_gap)
        } else {
            (0..at.min(self.view.len())).rev().find(is_gap)
        };
        found.is_some_and(|position| {
            self.point(table, position, rows);
            true
        })
    }

    /// Goes to the row whose first column is the time nearest to `wanted`; says which time that is.
    pub fn to_time(
        &mut self,
        table: &dyn Table,
        wanted: Timestamp,
        rows: usize,
    ) -> Option<Timestamp> {
        let near = (0..self.view.len()).filter_map(|position| {
            match table.value(self.view.slot(position)?, 0) {
                Value::Clock(at) => Some((at.ms().abs_diff(wanted.ms()), position, at)),
                _ => None,
            }
        });
        let (_, position, at) = near.min_by_key(|(far, position, _)| (*far, *position))?;
        self.point(table, position, rows);
        Some(at)
    }

    /// Brings the drawer up to date with the row under the cursor, on lines of `width` cells.
    pub fn refresh_detail(&mut self, store: &Store, width: usize) {
        if !self.drawer.open {
            self.drawer.detail = None;
            return;
        }
        self.drawer.detail = match (&self.cursor.id, self.drawer.detail.take()) {
            (Some(id), Some(known)) if known.is_current(id, store, width) => Some(known),
            (Some(id), _) => Detail::of(store, id, width),
            (None, _) => None,
        };
    }
}

impl Filter {
    /// Begins to type, with the cursor on the row `home`.
    pub fn open(&mut self, home: Option<RowId>) {
        self.home = home;
        self.error = None;
        self.before.clone_from(&self.text);
        self.typing = Some(Line::new(&self.text));
        self.back = 0;
    }

    /// The text changed: gives the query to apply; none while the text is no query.
    pub fn typed(&mut self, table: TableId) -> Option<Query> {
        let text = self.typing.as_ref()?.text().to_owned();
        self.apply(table, &text)
    }

    /// Makes `text` the filter: gives the query to apply; none when it is no query.
    pub fn apply(&mut self, table: TableId, text: &str) -> Option<Query> {
        match Query::parse(text, columns(table)) {
            Ok(query) => {
                text.clone_into(&mut self.text);
                self.error = None;
                Some(query)
            }
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// The line is taken, unless it is no query.
    pub fn accept(&mut self) {
        if self.error.is_some() {
            return;
        }
        self.typing = None;
        if !self.text.is_empty() && self.taken.newest() != Some(&self.text) {
            self.taken.push(self.text.clone());
        }
    }

    /// The line is left: gives the query that was applied before it.
    pub fn restore(&mut self, table: TableId) -> Option<Query> {
        let before = std::mem::take(&mut self.before);
        self.apply(table, &before)
    }

    /// Recalls the filter taken before, or after.
    pub fn recall(&mut self, back: bool) {
        let most = self.taken.len();
        self.back = if back { (self.back + 1).min(most) } else { self.back.saturating_sub(1) };
        let text = match self.back {
            0 => String::new(),
            n => self.taken.iter().rev().nth(n - 1).cloned().unwrap_or_default(),
        };
        self.typing = Some(Line::new(&text));
    }
}
