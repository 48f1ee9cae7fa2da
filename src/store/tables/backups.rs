//! The backups: one row per folder of the bucket, and one per tenant that has none.

use super::{column, text};
use crate::domain::{FeedId, Kind, Shelf, Text};
use crate::store::shelves::{missing_row, shelf_row};
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value};
use crate::store::{Held, Store, Verdict};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("tenant", "TENANT", "The folder in the bucket, which is the tenant's name.")
        .flex(20, 3)
        .rank(0)
        .searched(),
    column("health", "HEALTH", "How well the backups are.")
        .kind(ColumnKind::Health)
        .fixed(10)
        .rank(0),
    column("fault", "WHAT IS WRONG", "What is wrong in words, worst first.")
        .flex(24, 5)
        .rank(0)
        .searched(),
    column("newest", "NEWEST", "How long ago the newest daily dump was made.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(1),
    column("dump", "DUMP", "Bytes of the newest daily dump.")
        .kind(ColumnKind::Bytes)
        .fixed(8)
        .right()
        .rank(1),
    column("filestore", "FILES", "Bytes of the filestore that belongs to it.")
        .kind(ColumnKind::Bytes)
        .fixed(8)
        .right()
        .rank(2),
    column("usual", "USUAL", "The newest dump in percent of the median of those before it.")
        .kind(ColumnKind::Number)
        .fixed(7)
        .right()
        .rank(3),
    column("copies", "COPIES", "How many daily backups there are.")
        .kind(ColumnKind::Number)
        .fixed(6)
        .right()
        .rank(4),
    column("since", "SINCE", "How old the oldest daily backup is.")
        .kind(ColumnKind::Time)
        .fixed(6)
        .right()
        .rank(5),
    column("expires", "NEXT GONE", "When the oldest goes, by the tier's retention.")
        .kind(ColumnKind::Time)
        .fixed(9)
        .right()
        .rank(6),
    column("insurance", "INSUR", "How many backups were taken before destructive work.")
        .kind(ColumnKind::Number)
        .fixed(5)
        .right()
        .rank(4),
    column("protected", "PROTECTED", "Until when the newest of those is certainly kept.")
        .kind(ColumnKind::Time)
        .fixed(9)
        .right()
        .rank(5),
    column("tier", "TIER", "The tenant's tier, which decides how long backups are kept.")
        .fixed(10)
        .rank(3),
    column("class", "CLASS", "Whose they are: tenant, platform, orphan (of no tenant), or unsure.")
        .fixed(8)
        .rank(4)
        .searched(),
    column("bytes", "BYTES", "Bytes of everything in the folder.")
        .kind(ColumnKind::Bytes)
        .fixed(8)
        .right()
        .rank(6),
    column("strays", "STRAYS", "Objects in the folder whose names say nothing.")
        .kind(ColumnKind::Number)
        .fixed(6)
        .right()
        .rank(8)
        .hidden(),
    column(
        "urgency",
        "URGENCY",
        "0 no backup, 1 empty, 2 late, 3 half, 4 small, 5 of no tenant, 6 nothing wrong.",
    )
    .kind(ColumnKind::Number)
    .fixed(7)
    .right()
    .rank(8)
    .hidden(),
];

/// The backups of a store.
pub struct BackupsTable<'a> {
    store: &'a Store,
}

/// What a row is of.
enum Row<'a> {
    /// A folder of the bucket.
    Shelf(&'a Held<Shelf>, Option<&'a Verdict>),
    /// A tenant without one, by its name.
    Missing(&'a Text, &'a Verdict),
}

impl<'a> BackupsTable<'a> {
    /// The backups of `store`.
    #[must_use]
    pub const fn new(store: &'a Store) -> Self {
        Self { store }
    }

    fn row(&self, slot: Slot) -> Option<Row<'a>> {
        let (of, shelves) = (slot / 2, self.store.shelves());
        if slot.is_multiple_of(2) {
            let held = self.store.objects().shelves.get(of)?;
            return Some(Row::Shelf(held, shelves.of(of)));
        }
        let verdict = shelves.missing(of)?;
        let client = self.store.collection(Kind::Client).get(of)?;
        Some(Row::Missing(client.object.tenant()?, verdict))
    }
}

impl Table for BackupsTable<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        self.store.shelves().revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        self.store.shelves().changes.since(revision)
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        // Both ascend; so must the rows.
        let shelves = self.store.objects().shelves.iter().map(|(slot, _)| shelf_row(slot));
        let missing = self.store.shelves().all_missing().map(missing_row);
        let mut slots: Vec<Slot> = shelves.chain(missing).collect();
        slots.sort_unstable();
        Box::new(slots.into_iter())
    }

    fn len(&self) -> usize {
        self.store.objects().shelves.len() + self.store.shelves().all_missing().count()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        Some(match self.row(slot)? {
            Row::Shelf(held, _) => RowId::Object(FeedId::Backups, held.object.uid.clone()),
            Row::Missing(tenant, _) => RowId::Missing(tenant.clone()),
        })
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        match id {
            RowId::Object(FeedId::Backups, uid) => {
                self.store.objects().shelves.find(uid).map(shelf_row)
            }
            RowId::Missing(tenant) => {
                let client = self.store.joins().of(tenant.as_str())?.client?;
                self.store.shelves().missing(client).map(|_| missing_row(client))
            }
            _ => None,
        }
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some(column) = COLUMNS.get(column).map(|column| column.id) else {
            return Value::Nothing;
        };
        match (self.row(slot), column) {
            (Some(Row::Shelf(held, _)), "tenant") => text(&held.object.uid.0),
            (Some(Row::Missing(tenant, _)), "tenant") => text(tenant),
            (Some(Row::Shelf(held, _)), "bytes") => Value::Bytes(held.object.bytes()),
            (Some(Row::Shelf(held, _)), "strays") => count(held.object.stray()),
            (Some(Row::Shelf(_, Some(verdict)) | Row::Missing(_, verdict)), column) => {
                judged(verdict, column)
            }
            (Some(Row::Shelf(_, None)) | None, _) => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        match self.row(slot) {
            Some(Row::Shelf(held, _)) => held.object.uid.0.clone(),
            Some(Row::Missing(tenant, _)) => tenant.clone(),
            None => Text::default(),
        }
    }
}

fn judged<'v>(verdict: &'v Verdict, column: &str) -> Value<'v> {
    let at = |at: Option<_>| at.map_or(Value::Nothing, Value::At);
    let until = |at: Option<_>| at.map_or(Value::Nothing, Value::Until);
    let bytes = |bytes: Option<u64>| bytes.map_or(Value::Nothing, Value::Bytes);
    match column {
        "health" => Value::Health(verdict.health),
        "fault" => text(&verdict.says),
        "newest" => at(verdict.newest),
        "dump" => bytes(verdict.sizes.0),
        "filestore" => bytes(verdict.sizes.1),
        "usual" => verdict.of_usual.map_or(Value::Nothing, Value::Permille),
        "copies" => count(verdict.copies.0),
        "since" => at(verdict.since),
        "expires" => until(verdict.expires),
        "insurance" if verdict.copies.1 > 0 => count(verdict.copies.1),
        "protected" => until(verdict.protected),
        "tier" => text(&verdict.tier),
        "class" => Value::Text(verdict.class.word()),
        "urgency" => Value::Number(verdict.urgency()),
        _ => Value::Nothing,
    }
}

fn count(number: u32) -> Value<'static> {
    Value::Number(u64::from(number))
}
