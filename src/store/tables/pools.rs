//! The pools of pgbouncer: one row per database and role, those with waiting clients first.

use super::record::Row;
use super::{column, optional, text};
use crate::domain::{FeedId, Pool, Text};
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
    column("database", "DATABASE", "The database, as clients call it.").flex(24, 4).rank(0).searched(),
    column(
        "health",
        "HEALTH",
        "Clients that wait five seconds, or at a paused pool, are failed; a client that waits, or a pause, degraded.",
    )
    .kind(ColumnKind::Health)
    .fixed(13)
    .rank(0),
    number("waiting", "WAITING", "Clients that wait for a server connection.").fixed(7).rank(0),
    time("longest-wait", "LONGEST", "How long the client that waits longest has waited.")
        .fixed(7)
        .rank(0),
    number("clients", "CLIENTS", "Clients that are served, or have nothing to ask.").fixed(7).rank(1),
    number("servers", "SERVERS", "Server connections, of so many that the pool may have.")
        .fixed(8)
        .rank(1),
    number("busy", "BUSY", "Server connections that serve a client.").fixed(4).rank(2),
    number("idle", "IDLE", "Server connections that are ready for a client.").fixed(4).rank(3),
    column("paused", "PAUSED", "Whether it is paused: clients wait until it is resumed.")
        .fixed(6)
        .rank(1),
    number("queries", "STMT/S", "Statements in a second, on average.").fixed(6).rank(2),
    time("query-time", "STMT TIME", "The time of a statement, on average.").fixed(9).rank(3),
    time("wait-time", "WAIT TIME", "The time that a client waits, on average.").fixed(9).rank(4),
    column("user", "ROLE", "The role of its clients.").flex(8, 1).rank(4).searched(),
    column("mode", "MODE", "When a server connection goes back: after the session, transaction or statement.")
        .fixed(11)
        .rank(5),
    column("tenant", "TENANT", "The tenant of the database.").flex(12, 2).rank(8).searched().hidden(),
];

impl Row for Pool {
    const FEED: FeedId = FeedId::Pools;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(_store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        let pool = &*held.object;
        let count = |count: u32| Value::Number(u64::from(count));
        let span = |span: Option<_>| span.map_or(Value::Nothing, Value::Span);
        match column {
            "database" => text(&pool.database),
            "health" => Value::Health(pool.health()),
            "waiting" => count(pool.clients_waiting),
            "longest-wait" if pool.clients_waiting > 0 => Value::Span(pool.longest_wait),
            "clients" => count(pool.clients_active),
            "servers" => match pool.size {
                Some(size) => Value::Ratio(u64::from(pool.servers()), u64::from(size)),
                None => count(pool.servers()),
            },
            "busy" => count(pool.servers_active),
            "idle" => count(pool.servers_idle),
            "paused" if pool.paused => Value::Text("paused"),
            "queries" => pool.queries_per_second.map_or(Value::Nothing, Value::Number),
            "query-time" => span(pool.query_time),
            "wait-time" => span(pool.wait_time),
            "user" => text(&pool.user),
            "mode" => text(&pool.mode),
            "tenant" => optional(pool.tenant.as_ref()),
            _ => Value::Nothing,
        }
    }

    /// Of equal health the pool with most waiting clients comes first, then by name.
    fn name(&self) -> Text {
        let waiting = u32::MAX - self.clients_waiting;
        Text::from(format!("{waiting:010}{}/{}", self.database, self.user))
    }
}
