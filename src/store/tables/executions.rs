//! The calls of tools by agents: one row per call.

use super::record::Row;
use super::{column, text};
use crate::domain::{Execution, FeedId, Text};
use crate::store::table::{Column, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] =
    &[column("name", "NAME", "Its name.").flex(24, 4).rank(0).searched()];

impl Row for Execution {
    const FEED: FeedId = FeedId::Executions;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(_store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        match column {
            "name" => text(&held.object.tool),
            _ => Value::Nothing,
        }
    }

    fn name(&self) -> Text {
        self.tool.clone()
    }
}
