//! The families of keys: one row each, and one for every queue; queues that stand still first.

use super::record::Row;
use super::{column, text};
use crate::domain::{FeedId, KeyFamily, Text};
use crate::store::table::{Column, ColumnKind, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("name", "KEYS", "How the keys begin, or the queue.").flex(18, 3).rank(0).searched(),
    column("health", "HEALTH", "Of a queue, whether it is worked on.")
        .kind(ColumnKind::Health)
        .fixed(13)
        .rank(0),
    column("count", "COUNT", "How many keys there were at the last count.")
        .kind(ColumnKind::Number)
        .fixed(8)
        .right()
        .rank(0),
    column("waiting", "WAITING", "Of a queue, jobs that are due and that nobody works on yet.")
        .kind(ColumnKind::Number)
        .fixed(7)
        .right()
        .rank(1),
    column("note", "STATE", "Of queues, how many jobs are in which state.")
        .flex(18, 4)
        .rank(1)
        .searched(),
    column("largest", "LARGEST", "The largest part of the family: a database, tenant or queue.")
        .flex(14, 3)
        .rank(2)
        .searched(),
    column("of-largest", "KEYS OF IT", "How many keys that part has.")
        .kind(ColumnKind::Number)
        .fixed(10)
        .right()
        .rank(3),
    column("counted", "COUNTED", "How long ago the last count was complete.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(2),
    column("progress", "COUNTING", "How far the count under way is.")
        .kind(ColumnKind::Number)
        .fixed(8)
        .right()
        .rank(4),
    column("what", "WHAT", "What the keys are for.").flex(20, 3).rank(5).searched(),
];

impl Row for KeyFamily {
    const FEED: FeedId = FeedId::Keys;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(_store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        let family = &held.object;
        let number = |n: Option<u64>| n.map_or(Value::Nothing, Value::Number);
        match column {
            "name" => text(&family.pattern),
            "health" if family.queue().is_some() => Value::Health(family.health),
            "count" => number(family.count),
            "waiting" => number(family.waiting()),
            "note" => text(&family.note),
            "largest" => family.largest().map_or(Value::Nothing, |part| text(&part.name)),
            "of-largest" => number(family.largest().map(|part| part.count)),
            "counted" => family.counted.map_or(Value::Nothing, Value::At),
            "progress" => family
                .progress
                .map_or(Value::Nothing, |percent| Value::Permille(u16::from(percent) * 10)),
            "what" => text(&family.what),
            _ => Value::Nothing,
        }
    }

    fn name(&self) -> Text {
        self.pattern.clone()
    }
}
