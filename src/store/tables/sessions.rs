//! The sessions: one row per connection to a database.

use super::record::Row;
use super::{column, text};
use crate::domain::{FeedId, Session, Text};
use crate::store::table::{Column, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] =
    &[column("name", "NAME", "Its name.").flex(24, 4).rank(0).searched()];

impl Row for Session {
    const FEED: FeedId = FeedId::Sessions;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(_store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        match column {
            "name" => text(&held.object.uid.0),
            _ => Value::Nothing,
        }
    }

    fn name(&self) -> Text {
        self.uid.0.clone()
    }
}
