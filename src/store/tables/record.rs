//! The shape that most tables have: one row per object of one collection.

use crate::domain::{FeedId, Record, Text};
use crate::store::table::{Column, RowId, Slot, Table, Value};
use crate::store::{Collection, Held, Store};

/// An object that is a row: its columns, and what it shows in each.
pub(in crate::store) trait Row: Record {
    /// The feed that tells all of them.
    const FEED: FeedId;

    /// The columns, in the order shown.
    const COLUMNS: &'static [Column];

    /// The cell in the column named `column`.
    fn value<'a>(store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a>;

    /// The name by which rows of equal sort keys are ordered.
    fn name(&self) -> Text;
}

/// The objects of one collection as rows.
pub(in crate::store) struct Records<'a, T> {
    store: &'a Store,
    held: &'a Collection<T>,
}

impl<'a, T> Records<'a, T> {
    /// `held`, which `store` holds, as rows.
    pub(in crate::store) const fn new(store: &'a Store, held: &'a Collection<T>) -> Self {
        Self { store, held }
    }
}

impl<T: Row> Table for Records<'_, T> {
    fn columns(&self) -> &'static [Column] {
        T::COLUMNS
    }

    fn revision(&self) -> u64 {
        self.held.revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        self.held.changes.since(revision)
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(self.held.iter().map(|(slot, _)| slot))
    }

    fn len(&self) -> usize {
        self.held.len()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        let held = self.held.get(slot)?;
        Some(RowId::Object(T::FEED, held.object.uid().clone()))
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        match id {
            RowId::Object(feed, uid) if *feed == T::FEED => self.held.find(uid),
            _ => None,
        }
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let column = T::COLUMNS.get(column).map(|column| column.id);
        match (self.held.get(slot), column) {
            (Some(held), Some(column)) => T::value(self.store, held, column),
            _ => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        self.held.get(slot).map(|held| held.object.name()).unwrap_or_default()
    }
}
