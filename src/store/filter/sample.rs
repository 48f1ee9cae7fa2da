//! A small table to ask filters of.

use crate::domain::{Health, Span, Text, Timestamp};
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value, Width};

const fn column(id: &'static str, kind: ColumnKind, searched: bool) -> Column {
    let width = Width::Fixed(8);
    Column { id, title: id, doc: id, kind, width, rank: 0, searched, right: false, shown: true }
}

pub(super) const COLUMNS: &[Column] = &[
    column("name", ColumnKind::Text, true),
    column("owner", ColumnKind::Text, true),
    column("tier", ColumnKind::Text, false),
    column("version", ColumnKind::Text, false),
    column("health", ColumnKind::Health, true),
    column("restarts", ColumnKind::Number, false),
    column("size", ColumnKind::Bytes, false),
    column("age", ColumnKind::Time, false),
    column("backup", ColumnKind::Time, false),
    column("status", ColumnKind::Text, false),
];

pub(super) const NOW: Timestamp = Timestamp::from_ms(1_780_000_000_000);

#[derive(Clone, Default)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) owner: &'static str,
    pub(super) tier: &'static str,
    pub(super) version: &'static str,
    pub(super) health: Health,
    pub(super) restarts: u64,
    pub(super) bytes: u64,
    pub(super) age: Span,
    pub(super) backup: Option<Span>,
    pub(super) always: bool,
}

pub(super) struct Rows(pub Vec<Row>);

impl Table for Rows {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        1
    }

    fn changes_since(&self, _revision: u64) -> Option<Vec<Slot>> {
        None
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(0..self.0.len() as Slot)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        Some(RowId::Mark(slot))
    }

    fn find(&self, _id: &RowId) -> Option<Slot> {
        None
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let row = &self.0[usize::try_from(slot).expect("a small slot")];
        match COLUMNS[column].id {
            "name" => Value::Text(row.name),
            "owner" => Value::Text(row.owner),
            "tier" if row.tier.is_empty() => Value::Nothing,
            "tier" => Value::Text(row.tier),
            "version" => Value::Text(row.version),
            "health" => Value::Health(row.health),
            "restarts" => Value::Number(row.restarts),
            "size" => Value::Bytes(row.bytes),
            "age" => Value::At(NOW.before(row.age)),
            "backup" => row.backup.map_or(Value::Nothing, |age| Value::Clock(NOW.before(age))),
            _ => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        Text::clean(self.0[usize::try_from(slot).expect("a small slot")].name)
    }

    fn always_shown(&self, slot: Slot) -> bool {
        self.0[usize::try_from(slot).expect("a small slot")].always
    }
}
