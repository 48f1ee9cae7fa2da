//! The tables: how facts become rows.

mod events;
mod tenants;
mod upgrades;

pub use events::EventsTable;
pub use tenants::TenantsTable;
pub use upgrades::UpgradesTable;
pub(super) use upgrades::run_slot;

use super::table::{Column, ColumnKind, TableId, Value, Width};
use crate::domain::Text;

/// The columns of the table `id`.
#[must_use]
pub const fn columns(id: TableId) -> &'static [Column] {
    match id {
        TableId::Tenants => tenants::COLUMNS,
        TableId::Events => events::COLUMNS,
        TableId::Upgrades => upgrades::COLUMNS,
    }
}

fn text(text: &Text) -> Value<'_> {
    if text.is_empty() { Value::Nothing } else { Value::Text(text.as_str()) }
}

fn optional(value: Option<&Text>) -> Value<'_> {
    value.map_or(Value::Nothing, text)
}

const fn column(id: &'static str, title: &'static str, doc: &'static str) -> Column {
    Column {
        id,
        title,
        doc,
        kind: ColumnKind::Text,
        width: Width::Fixed(10),
        rank: 1,
        searched: false,
        shown: true,
        right: false,
    }
}

impl Column {
    const fn kind(self, kind: ColumnKind) -> Self {
        Self { kind, ..self }
    }

    const fn fixed(self, cells: u16) -> Self {
        Self { width: Width::Fixed(cells), ..self }
    }

    const fn flex(self, least: u16, weight: u16) -> Self {
        Self { width: Width::Flex { least, weight }, ..self }
    }

    const fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    const fn searched(self) -> Self {
        Self { searched: true, ..self }
    }

    const fn right(self) -> Self {
        Self { right: true, ..self }
    }

    const fn hidden(self) -> Self {
        Self { shown: false, ..self }
    }
}
