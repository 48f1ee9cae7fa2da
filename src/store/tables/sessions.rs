//! The sessions: one row per connection to a database, those that hold others up first.

use super::record::Row;
use super::{column, optional, text};
use crate::domain::{FeedId, Session, Text, Timestamp};
use crate::store::table::{Column, ColumnKind, Value};
use crate::store::{Held, Store};

const fn number(id: &'static str, title: &'static str, doc: &'static str) -> Column {
    column(id, title, doc).kind(ColumnKind::Number).right()
}

const fn time(id: &'static str, title: &'static str, doc: &'static str) -> Column {
    column(id, title, doc).kind(ColumnKind::Time).right()
}

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    number("pid", "PID", "The id of its process on the server.").fixed(7).rank(0),
    column(
        "health",
        "HEALTH",
        "What holds others up is failed, what waits for another degraded, what has a transaction open progressing.",
    )
    .kind(ColumnKind::Health)
    .fixed(13)
    .rank(0),
    column("database", "DATABASE", "The database that it is connected to.")
        .flex(20, 3)
        .rank(0)
        .searched(),
    column("state", "STATE", "What it does.").fixed(14).rank(1).searched(),
    number("blocks", "BLOCKS", "How many sessions wait for it, directly or behind others.")
        .fixed(6)
        .rank(0),
    number("blocked-by", "BEHIND", "The process that it waits for; the first, where there are several.")
        .fixed(7)
        .rank(1),
    time("transaction", "TXN AGE", "How long its transaction is open.").fixed(7).rank(0),
    time("statement-age", "STMT AGE", "How long ago its current or last statement began.")
        .fixed(8)
        .rank(2),
    column("wait", "WAITS FOR", "What it waits for, by the server's own words.")
        .flex(12, 1)
        .rank(3)
        .searched(),
    column("user", "ROLE", "The role that it logged in as.").flex(8, 1).rank(4).searched(),
    column("application", "PROGRAM", "What the program calls itself.").flex(10, 1).rank(5).searched(),
    column("statement", "STATEMENT", "Its current or last statement.").flex(16, 5).rank(4).searched(),
    column("client", "FROM", "The address that it comes from.").flex(12, 1).rank(7).searched(),
    column("tenant", "TENANT", "The tenant of its database.").flex(12, 2).rank(8).searched().hidden(),
    time("since", "SINCE", "How long it does what it does.").fixed(7).rank(8).hidden(),
    time("connected", "CONNECTED", "How long it is connected.").fixed(9).rank(8).hidden(),
];

impl Row for Session {
    const FEED: FeedId = FeedId::Sessions;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(_store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        let session = &*held.object;
        let at = |at: Option<_>| at.map_or(Value::Nothing, Value::At);
        match column {
            "pid" => Value::Number(u64::from(session.pid)),
            "health" => Value::Health(session.health()),
            "database" => text(&session.database),
            "state" => Value::Text(session.state.word()),
            "blocks" if session.blocks > 0 => Value::Number(u64::from(session.blocks)),
            "blocked-by" => session
                .blocked_by
                .first()
                .map_or(Value::Nothing, |pid| Value::Number(u64::from(*pid))),
            "transaction" => at(session.transaction),
            "statement-age" => at(session.statement_at),
            "wait" => optional(session.wait.as_ref()),
            "user" => text(&session.user),
            "application" => text(&session.application),
            "statement" => text(&session.statement),
            "client" => text(&session.client),
            "tenant" => optional(session.tenant.as_ref()),
            "since" => at(session.since),
            "connected" => at(session.connected),
            _ => Value::Nothing,
        }
    }

    /// Of equal health the oldest transaction comes first, then who is connected longest.
    fn name(&self) -> Text {
        let ms = |at: Option<Timestamp>| at.map_or(i64::MAX, Timestamp::ms);
        let (transaction, connected) = (ms(self.transaction), ms(self.connected));
        Text::from(format!("{transaction:020}{connected:020}{:010}", self.pid))
    }
}
