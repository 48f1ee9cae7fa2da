//! What is due: one row per thing that is due after an operation that is done.

use super::{column, optional, text};
use crate::domain::operation::{Due, Phase};
use crate::domain::{Operation, Text};
use crate::store::Store;
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("what", "DUE", "What is due.").flex(24, 5).rank(0).searched(),
    column("at", "WHEN", "When it is due.").kind(ColumnKind::Time).fixed(10).right().rank(0),
    column("tenant", "TENANT", "The tenant.").flex(10, 2).rank(1).searched(),
    column("verb", "VERB", "After what sort of operation.").fixed(16).rank(3).searched(),
    column("operation", "OPERATION", "After which operation.").flex(16, 4).rank(2).searched(),
    column("by", "BY", "Who confirmed that.").flex(8, 1).rank(3).searched(),
];

/// The most things that are shown of one operation.
const EACH: Slot = 16;

/// What is due, of a store.
pub struct DueTable<'a> {
    store: &'a Store,
}

impl<'a> DueTable<'a> {
    /// What is due, as `store` knows it.
    #[must_use]
    pub const fn new(store: &'a Store) -> Self {
        Self { store }
    }

    /// What is due at `slot`, and after which operation. What was taken back leaves nothing due.
    #[must_use]
    pub fn due(&self, slot: Slot) -> Option<(&'a Operation, &'a Due)> {
        let operation = &*self.store.objects().operations.get(slot / EACH)?.object;
        let number = usize::try_from(slot % EACH).ok()?;
        let is_done = operation.standing.phase == Phase::Done;
        operation.plan.due.get(number).filter(|_| is_done).map(|due| (operation, due))
    }
}

impl Table for DueTable<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        self.store.objects().operations.revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        let changed = self.store.objects().operations.changes.since(revision)?;
        Some(changed.into_iter().flat_map(|slot| slot * EACH..(slot + 1) * EACH).collect())
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        let held = self.store.objects().operations.iter();
        let all = held.flat_map(|(slot, _)| slot * EACH..(slot + 1) * EACH);
        Box::new(all.filter(|slot| self.due(*slot).is_some()))
    }

    fn len(&self) -> usize {
        self.slots().count()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        let (operation, _) = self.due(slot)?;
        Some(RowId::Due(operation.plan.id.clone(), u8::try_from(slot % EACH).ok()?))
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        let RowId::Due(operation, number) = id else { return None };
        let uid = crate::domain::Uid(operation.clone());
        let slot = self.store.objects().operations.find(&uid)? * EACH + Slot::from(*number);
        self.due(slot).map(|_| slot)
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some((operation, due)) = self.due(slot) else { return Value::Nothing };
        match COLUMNS.get(column).map(|column| column.id) {
            Some("what") => text(&due.what),
            Some("at") => Value::Until(due.at),
            Some("tenant") => optional(operation.plan.tenant.as_ref()),
            Some("verb") => Value::Text(operation.plan.verb.word()),
            Some("operation") => text(&operation.plan.title),
            Some("by") => text(&operation.standing.by),
            _ => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        self.due(slot).map(|(_, due)| due.what.clone()).unwrap_or_default()
    }
}
