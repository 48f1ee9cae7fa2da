//! The databases: one row per database.

use super::record::Row;
use super::{column, text};
use crate::domain::{Database, FeedId, Text};
use crate::store::table::{Column, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] =
    &[column("name", "NAME", "Its name.").flex(24, 4).rank(0).searched()];

impl Row for Database {
    const FEED: FeedId = FeedId::Databases;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(_store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        match column {
            "name" => text(&held.object.name),
            _ => Value::Nothing,
        }
    }

    fn name(&self) -> Text {
        self.name.clone()
    }
}
