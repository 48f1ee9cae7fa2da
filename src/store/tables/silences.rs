//! The silences: one row per silence.

use super::record::Row;
use super::{column, text};
use crate::domain::{FeedId, Silence, SilenceState, Text};
use crate::store::table::{Column, ColumnKind, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("says", "SILENCES", "The alerts that it matches, in words.")
        .flex(24, 5)
        .rank(0)
        .searched(),
    column("state", "STATE", "active: it holds now; pending: it will; expired: it has ended.")
        .fixed(8)
        .rank(0),
    column("hides", "HIDES", "How many alerts it hides now.")
        .kind(ColumnKind::Number)
        .fixed(6)
        .right()
        .rank(1),
    column("ends", "ENDS", "When it ends, or ended.")
        .kind(ColumnKind::Time)
        .fixed(10)
        .right()
        .rank(0),
    column("by", "BY", "Who made it.").flex(10, 2).rank(1).searched(),
    column("reason", "REASON", "Why.").flex(16, 4).rank(1).searched(),
    column("starts", "BEGAN", "When it began, or begins.")
        .kind(ColumnKind::Time)
        .fixed(8)
        .right()
        .rank(3),
];

impl Row for Silence {
    const FEED: FeedId = FeedId::Silences;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        let silence = &*held.object;
        match column {
            "says" => text(&silence.words),
            "state" => Value::Text(silence.state.word()),
            "hides" if silence.state == SilenceState::Active => {
                Value::Number(store.causes().hidden_by(&silence.uid))
            }
            "ends" if silence.state == SilenceState::Expired => Value::At(silence.ends),
            "ends" => Value::Until(silence.ends),
            "by" => text(&silence.by),
            "reason" => text(&silence.comment),
            "starts" => Value::At(silence.starts),
            _ => Value::Nothing,
        }
    }

    fn name(&self) -> Text {
        self.words.clone()
    }
}
