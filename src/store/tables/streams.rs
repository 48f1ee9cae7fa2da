//! The streams: one row per stream, those that are badly read first.

use super::record::Row;
use super::{column, optional, text};
use crate::domain::{FeedId, StreamId, StreamInfo, Text};
use crate::store::table::{Column, ColumnKind, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("name", "STREAM", "Its key.").flex(20, 3).rank(0).searched(),
    column("health", "HEALTH", "How well its groups read it: the worst of them.")
        .kind(ColumnKind::Health)
        .fixed(13)
        .rank(0),
    column("lag", "LAG", "Entries that the group furthest behind has not been handed.")
        .kind(ColumnKind::Number)
        .fixed(7)
        .right()
        .rank(0),
    column("pending", "PENDING", "Entries handed out and not acknowledged, by all groups.")
        .kind(ColumnKind::Number)
        .fixed(7)
        .right()
        .rank(1),
    column("oldest", "OLDEST", "The age of the oldest entry that is not acknowledged.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(2),
    column("why", "WHY", "Which group reads badly, and how.").flex(20, 5).rank(1).searched(),
    column("groups", "GROUPS", "Its consumer groups.")
        .kind(ColumnKind::Number)
        .fixed(6)
        .right()
        .rank(5),
    column("length", "ENTRIES", "How many entries it has.")
        .kind(ColumnKind::Number)
        .fixed(8)
        .right()
        .rank(2),
    column("rate", "PER MIN", "Entries added in a minute, over the last minute.")
        .kind(ColumnKind::Number)
        .fixed(7)
        .right()
        .rank(3),
    column("last", "NEWEST", "The age of its newest entry.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(2),
    column("first", "FIRST", "The age of its oldest entry: how far it reaches back.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(5),
    column("bytes", "BYTES", "Its memory on the server, measured every few minutes.")
        .kind(ColumnKind::Bytes)
        .fixed(8)
        .right()
        .rank(4),
    column("tenant", "TENANT", "The tenant that it belongs to.").flex(12, 2).rank(6).searched(),
    column("added", "ADDED", "Entries ever added, by the server's count.")
        .kind(ColumnKind::Number)
        .fixed(9)
        .right()
        .rank(7)
        .hidden(),
];

impl Row for StreamInfo {
    const FEED: FeedId = FeedId::Streams;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(_store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        let stream = &held.object;
        let at = |id: Option<StreamId>| id.map_or(Value::Nothing, |id| Value::At(id.at()));
        let number = |n: Option<u64>| n.map_or(Value::Nothing, Value::Number);
        match column {
            "name" => text(&stream.key),
            "health" => Value::Health(stream.health),
            "why" => text(&stream.why),
            "tenant" => optional(stream.tenant.as_ref()),
            // Nothing is known of a stream that may not be looked into: no nought is shown for it.
            _ if stream.is_unseen() => Value::Nothing,
            "lag" => number(stream.lag()),
            "pending" if stream.groups.is_empty() => Value::Nothing,
            "pending" => Value::Number(stream.pending()),
            "oldest" => stream.oldest_pending().map_or(Value::Nothing, Value::At),
            "groups" => Value::Number(stream.groups.len() as u64),
            "length" => Value::Number(stream.length),
            "rate" => number(stream.per_minute),
            "last" => at(stream.last),
            "first" => at(stream.first),
            "bytes" => stream.bytes.map_or(Value::Nothing, Value::Bytes),
            "added" => Value::Number(stream.added),
            _ => Value::Nothing,
        }
    }

    fn name(&self) -> Text {
        self.key.clone()
    }
}
