//! A view of a table: which rows, in which order.
//!
//! It keeps an index and follows the table's changes one by one; it reads the whole table only when the query
//! or the order changes, or when it is far behind. It never copies a row.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::filter::{Query, Scratch};
use super::table::{Column, Fold, RowId, Slot, Table, Value};
use crate::domain::{Span, Text, Timestamp};

/// The order of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// The number of the column that decides.
    pub column: usize,
    /// Whether the order is turned round.
    pub descending: bool,
}

/// What a row is ordered by: the decisive cell, then the row's name.
#[derive(Clone, Debug, PartialEq)]
struct SortKey {
    cell: Option<Cell>,
    name: Text,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Number(u64),
    Text(Box<str>),
}

/// How often a view whose query compares ages is redone.
const AGES_MOVE: Span = Span::from_secs(1);

/// What is seen of rows that are folded under others.
#[derive(Default)]
struct Folds {
    /// The rows that are opened.
    open: BTreeSet<RowId>,
    /// The row under the cursor, which is shown wherever it is.
    pinned: Option<RowId>,
}

impl Folds {
    /// Whether the row at `slot` is shown; `looks` when a filter looks into each row.
    fn show(&self, table: &dyn Table, slot: Slot, looks: bool) -> bool {
        match table.fold(slot) {
            Fold::Alone => true,
            Fold::Head => !looks,
            Fold::Under(_) if looks => true,
            Fold::Under(head) => {
                self.is_open(table, head)
                    || (self.pinned.is_some() && table.id(slot) == self.pinned)
            }
        }
    }

    fn is_open(&self, table: &dyn Table, head: Slot) -> bool {
        !self.open.is_empty() && table.id(head).is_some_and(|id| self.open.contains(&id))
    }

    /// Whether the row `id` is shown only because it is pinned.
    fn hides(&self, table: &dyn Table, id: &RowId) -> bool {
        let fold = table.find(id).map_or(Fold::Alone, |slot| table.fold(slot));
        matches!(fold, Fold::Under(head) if !self.is_open(table, head))
    }
}

/// Which rows of a table are shown, in which order.
pub struct View {
    order: VecDeque<Slot>,
    /// What each row of `order` was sorted by, when it is sorted: by its old key a changed row is found.
    keys: HashMap<Slot, SortKey>,
    sort: Option<Sort>,
    query: Query,
    folds: Folds,
    /// The revision of the table that the index stands for; none when it must be redone.
    revision: Option<u64>,
    redone: Timestamp,
    scratch: Scratch,
}

impl View {
    /// A view of every row of a table with `columns`, in the order `sort`, or in the table's own order.
    #[must_use]
    pub fn new(columns: &'static [Column], sort: Option<Sort>) -> Self {
        Self {
            order: VecDeque::new(),
            keys: HashMap::new(),
            sort,
            query: Query::all(columns),
            folds: Folds::default(),
            revision: None,
            redone: Timestamp::default(),
            scratch: Scratch::new(),
        }
    }

    /// How many rows it shows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether it shows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The slot of the row at `position`, counted from the top.
    #[must_use]
    pub fn slot(&self, position: usize) -> Option<Slot> {
        self.order.get(position).copied()
    }

    /// The slots from `position` on.
    pub fn slots_from(&self, position: usize) -> impl Iterator<Item = Slot> + '_ {
        self.order.range(position.min(self.order.len())..).copied()
    }

    /// Where the row at `slot` stands; looks around `guess` first.
    #[must_use]
    pub fn position(&self, slot: Slot, guess: usize) -> Option<usize> {
        if self.slot(guess) == Some(slot) {
            return Some(guess);
        }
        if self.revision.is_none() {
            // What is asked for was changed since, so the rows don't stand in the order of `sort`.
            return self.order.iter().position(|other| *other == slot);
        }
        let Some(sort) = self.sort else { return self.order.binary_search(&slot).ok() };
        let position = self.place(sort, self.keys.get(&slot)?, slot);
        (self.slot(position) == Some(slot)).then_some(position)
    }

    /// Where a row of this key belongs. Rows of equal keys stand in the order of their slots.
    fn place(&self, sort: Sort, key: &SortKey, slot: Slot) -> usize {
        self.order.partition_point(|other| {
            let keys = self.keys.get(other).map(|other| other.cmp(key, sort.descending));
            keys.unwrap_or(Ordering::Less).then_with(|| other.cmp(&slot)) == Ordering::Less
        })
    }

    /// Where the row `id` stands; looks around `guess` first.
    #[must_use]
    pub fn position_of(&self, table: &dyn Table, id: &RowId, guess: usize) -> Option<usize> {
        self.position(table.find(id)?, guess)
    }

    /// The order.
    #[must_use]
    pub const fn sort(&self) -> Option<Sort> {
        self.sort
    }

    /// The query that rows must match.
    #[must_use]
    pub const fn query(&self) -> &Query {
        &self.query
    }

    /// Changes the order.
    pub fn set_sort(&mut self, sort: Option<Sort>) {
        self.sort = sort;
        self.revision = None;
    }

    /// Changes the query.
    pub fn set_query(&mut self, query: Query) {
        self.query = query;
        self.revision = None;
    }

    /// Opens the rows folded under the row `id`, or folds them again; says whether they are open now.
    pub fn toggle(&mut self, id: &RowId) -> bool {
        self.revision = None;
        if self.folds.open.remove(id) {
            return false;
        }
        self.folds.open.insert(id.clone());
        true
    }

    /// Keeps the row `id` in sight though it may be folded under another.
    pub fn pin(&mut self, table: &dyn Table, id: Option<&RowId>) {
        if self.folds.pinned.as_ref() == id {
            return;
        }
        let before = std::mem::replace(&mut self.folds.pinned, id.cloned());
        if before.iter().chain(id).any(|id| self.folds.hides(table, id)) {
            self.revision = None;
        }
    }

    /// Whether another order or query was asked for since the last refresh.
    #[must_use]
    pub const fn is_asked_anew(&self) -> bool {
        self.revision.is_none()
    }

    /// Brings the view up to date with `table` at `now`; says whether anything may have moved.
    pub fn refresh(&mut self, table: &dyn Table, now: Timestamp) -> bool {
        // A clock may be set back.
        let long = now < self.redone || now.since(self.redone) >= AGES_MOVE;
        let ages_moved = self.query.depends_on_time() && long;
        let known = self.revision.filter(|_| !ages_moved);
        if known == Some(table.revision()) {
            return false;
        }
        match known.and_then(|revision| table.changes_since(revision)) {
            Some(changes) if changes.len() <= 64 + table.len() / 32 => {
                self.follow(table, changes, now);
            }
            _ => self.redo(table, now),
        }
        self.revision = Some(table.revision());
        true
    }

    fn redo(&mut self, table: &dyn Table, now: Timestamp) {
        self.redone = now;
        let Self { query, scratch, folds, .. } = self;
        let looks = !query.is_empty();
        // What is opened and is no row any more is forgotten.
        folds.open.retain(|id| table.find(id).is_some());
        let slots = table
            .slots()
            .filter(|slot| folds.show(table, *slot, looks))
            .filter(|slot| !looks || query.matches(table, *slot, now, scratch));
        let Some(sort) = self.sort else {
            self.order = slots.collect();
            self.keys.clear();
            return;
        };
        let mut rows: Vec<(Slot, SortKey)> =
            slots.map(|slot| (slot, SortKey::of(table, slot, sort.column))).collect();
        rows.sort_unstable_by(|a, b| a.1.cmp(&b.1, sort.descending).then(a.0.cmp(&b.0)));
        self.order = rows.iter().map(|(slot, _)| *slot).collect();
        self.keys.clear();
        self.keys.extend(rows);
    }

    fn follow(&mut self, table: &dyn Table, mut changes: Vec<Slot>, now: Timestamp) {
        changes.sort_unstable();
        changes.dedup();
        for slot in changes {
            self.take_out(slot);
            let shown = table.id(slot).is_some()
                && self.folds.show(table, slot, !self.query.is_empty())
                && (self.query.is_empty()
                    || self.query.matches(table, slot, now, &mut self.scratch));
            if shown {
                self.put_in(table, slot);
            }
        }
    }

    fn take_out(&mut self, slot: Slot) {
        let Some(position) = self.position(slot, usize::MAX) else { return };
        self.order.remove(position);
        self.keys.remove(&slot);
    }

    fn put_in(&mut self, table: &dyn Table, slot: Slot) {
        let Some(sort) = self.sort else {
            let position = self.order.partition_point(|other| *other < slot);
            self.order.insert(position, slot);
            return;
        };
        let key = SortKey::of(table, slot, sort.column);
        let position = self.place(sort, &key, slot);
        self.keys.insert(slot, key);
        self.order.insert(position, slot);
    }
}

impl SortKey {
    fn of(table: &dyn Table, slot: Slot, column: usize) -> Self {
        let cell = match table.value(slot, column) {
            Value::Nothing => None,
            Value::Text(text) => Some(Cell::Text(text.into())),
            Value::Number(number) | Value::Bytes(number) => Some(Cell::Number(number)),
            // By age: the newest first.
            Value::At(at) => Some(Cell::Number(u64::MAX - at.ms().unsigned_abs())),
            Value::Health(health) => Some(Cell::Number(health as u64)),
            Value::Severity(severity) => Some(Cell::Number(severity as u64)),
            Value::Span(span) => Some(Cell::Number(span.ms())),
            Value::Clock(at) | Value::Until(at) | Value::Ends(at) => {
                Some(Cell::Number(at.ms().unsigned_abs()))
            }
            Value::Ratio(part, _) => Some(Cell::Number(part)),
            Value::Permille(share) => Some(Cell::Number(u64::from(share))),
        };
        Self { cell, name: table.name(slot) }
    }

    /// Rows without a value come last in either order; equal values are ordered by name.
    fn cmp(&self, other: &Self, descending: bool) -> Ordering {
        let cells = match (&self.cell, &other.cell) {
            (Some(a), Some(b)) if descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        cells.then_with(|| self.name.cmp(&other.name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        ClientSpec, Condition, Fact, FeedId, Meta, Observation, Resource, Spec, Status, Uid,
    };
    use crate::store::table::TableId;
    use crate::store::{Store, columns};

    fn client(number: u8, is_ready: bool) -> Fact {
        let word = |text: &str| Text::from(text);
        let ready = Condition {
            name: word("Ready"),
            status: if is_ready { Status::True } else { Status::False },
            reason: word("Any"),
            message: Text::default(),
            since: None,
        };
        let name = word(["acme", "rila", "pirin"][usize::from(number) % 3]);
        let meta = Meta::named(name, Uid(word(&number.to_string())));
        let spec = Spec::Client(ClientSpec::default());
        let conditions = Box::new([ready]);
        Fact::Upsert(Resource { meta, conditions, composed: Box::default(), spec }.into())
    }

    fn check(view: &mut View, table: &dyn Table) {
        let mut anew = View::new(table.columns(), view.sort);
        anew.set_query(view.query.clone());
        for view in [&mut *view, &mut anew] {
            view.refresh(table, Timestamp::default());
        }
        let slots: Vec<Slot> = view.slots_from(0).collect();
        assert_eq!(slots, anew.slots_from(0).collect::<Vec<_>>());
        for (position, slot) in slots.into_iter().enumerate() {
            assert_eq!(view.position(slot, usize::MAX), Some(position));
        }
    }

    proptest! {
        #[test]
        fn following_changes_gives_what_reading_anew_gives(
            changes in prop::collection::vec((0_u8..60, 0_u8..4), 1..300),
            column in prop::option::of(0_usize..2),
            descending: bool,
            query in prop::sample::select(vec!["", "acme", "health:degraded"]),
        ) {
            let columns = columns(TableId::Tenants);
            let sort = column.map(|column| Sort { column, descending });
            let mut view = View::new(columns, sort);
            view.set_query(Query::parse(query, columns).expect("a query"));
            let mut store = Store::default();
            for (number, change) in changes {
                let fact = match change {
                    0 => Fact::Remove(Uid(Text::from(number.to_string()))),
                    other => client(number, other > 1),
                };
                let at = Timestamp::default();
                store.apply(Observation { feed: FeedId::Clients, at, fact });
                if number % 5 == 0 {
                    store.with_table(TableId::Tenants, |table| check(&mut view, table));
                }
            }
            view.set_sort(sort.map(|sort| Sort { descending: !sort.descending, ..sort }));
            store.with_table(TableId::Tenants, |table| check(&mut view, table));
        }
    }
}
