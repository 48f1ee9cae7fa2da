//! What is known of a PostgreSQL server: its databases, who is connected, and the server itself.

use serde::{Deserialize, Serialize};

use super::{Span, Text, Timestamp, Uid};

/// What a database is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseClass {
    /// One tenant's data.
    Tenant,
    /// What tenants are cloned from.
    Template,
    /// The platform's own.
    Platform,
}

impl DatabaseClass {
    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Template => "template",
            Self::Platform => "platform",
        }
    }
}

/// One database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Its identity: a database that is dropped and made anew is another one.
    pub uid: Uid,
    /// Its name.
    pub name: Text,
    /// What it is for, by its name.
    pub class: DatabaseClass,
    /// The tenant whose data it holds, by its name.
    pub tenant: Option<Text>,
    /// The role that owns it.
    pub owner: Text,
    /// Whether it takes connections.
    pub open: bool,
    /// Its size, and when it was measured; none while it was not, or may not be.
    pub size: Option<Measured>,
    /// Who is connected.
    pub connections: Connections,
    /// What it did since its statistics began.
    pub figures: DatabaseFigures,
    /// When the oldest transaction that is open in it began.
    pub oldest_transaction: Option<Timestamp>,
    /// When one of its tables was last vacuumed, by hand or by itself.
    pub vacuumed: Option<Timestamp>,
    /// Transactions since the oldest one that is not frozen; at two thousand million it stops.
    pub frozen_age: Option<u64>,
}

/// A size that is dear to find out, and when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Bytes.
    pub bytes: u64,
    /// When they were counted.
    pub at: Timestamp,
}

/// Connections by what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// Running a statement.
    pub active: u32,
    /// Waiting for one.
    pub idle: u32,
    /// Waiting for one while a transaction is open.
    pub in_transaction: u32,
    /// Anything else, and those whose state may not be seen.
    pub other: u32,
}

impl Connections {
    /// All of them.
    #[must_use]
    pub const fn all(self) -> u32 {
        self.active + self.idle + self.in_transaction + self.other
    }
}

/// What a database did since its statistics began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseFigures {
    /// Transactions that were committed.
    pub commits: u64,
    /// Transactions that were rolled back.
    pub rollbacks: u64,
    /// Commits in a minute, over the last refresh; none before the second one.
    pub commits_per_minute: Option<u64>,
    /// How many in a thousand blocks were found in memory; none when none was asked for.
    pub hit_permille: Option<u16>,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Temporary files that were written.
    pub temp_files: u64,
    /// Their bytes.
    pub temp_bytes: u64,
}

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionState {
    /// Running a statement.
    Active,
    /// A transaction is open, and it waits for the next statement.
    InTransaction,
    /// The same, after an error.
    Aborted,
    /// Waiting for a statement.
    Idle,
    /// Anything else.
    Other,
    /// The operator's role may not see it.
    Hidden,
}

impl SessionState {
    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::InTransaction => "in transaction",
            Self::Aborted => "aborted",
            Self::Idle => "idle",
            Self::Other => "other",
            Self::Hidden => "hidden",
        }
    }
}

/// One connection to a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its identity: a process id is used again, so its start is part of it.
    pub uid: Uid,
    /// The id of its process on the server.
    pub pid: u32,
    /// The database.
    pub database: Text,
    /// The tenant of that database.
    pub tenant: Option<Text>,
    /// The role.
    pub user: Text,
    /// What the program calls itself.
    pub application: Text,
    /// Where it comes from; empty for a local socket.
    pub client: Text,
    /// What it does.
    pub state: SessionState,
    /// What it waits for, such as `Lock: transactionid`.
    pub wait: Option<Text>,
    /// When it connected.
    pub connected: Option<Timestamp>,
    /// When its transaction began.
    pub transaction: Option<Timestamp>,
    /// When its current or last statement began.
    pub statement_at: Option<Timestamp>,
    /// When it came to this state.
    pub since: Option<Timestamp>,
    /// Its current or last statement, bounded.
    pub statement: Text,
    /// The processes that hold what it waits for.
    pub blocked_by: Box<[u32]>,
}

/// The PostgreSQL server itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseServer {
    /// Its identity: there is one.
    pub uid: Uid,
    /// Its version.
    pub version: Text,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// Connections of clients.
    pub connections: u32,
    /// The most it takes.
    pub connections_max: u32,
    /// Of these, kept for superusers.
    pub reserved: u32,
    /// Whether it follows another server.
    pub standby: bool,
    /// Bytes of write-ahead log written in a minute, over the last refresh.
    pub wal_per_minute: Option<u64>,
    /// Bytes of write-ahead log kept, where it may be seen.
    pub wal_bytes: Option<u64>,
    /// Bytes of its disk, used and in all, where something tells them.
    pub disk: Option<(u64, u64)>,
    /// The servers that follow it.
    pub replicas: Box<[Replica]>,
    /// What the operator's role may not see, as clauses.
    pub hidden: Box<[Text]>,
    /// What this console costs it.
    pub cost: Cost,
}

/// A server that follows another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// What it calls itself.
    pub name: Text,
    /// How it follows, such as `streaming`.
    pub state: Text,
    /// Bytes that it is behind, where known.
    pub behind: Option<u64>,
}

/// What this console costs a server, by its own count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Statements or commands in the last minute.
    pub asked: u64,
    /// The time that they took, together.
    pub took: Span,
    /// The time between two refreshes now: it grows when the server is slow.
    pub every: Span,
}

/// One pool of pgbouncer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Its identity: database and role.
    pub uid: Uid,
    /// The database, as clients call it.
    pub database: Text,
    /// The tenant of that database.
    pub tenant: Option<Text>,
    /// The role.
    pub user: Text,
    /// Clients linked to a server connection, or that have nothing to ask.
    pub clients_active: u32,
    /// Clients that wait for a server connection.
    pub clients_waiting: u32,
    /// Server connections linked to a client.
    pub servers_active: u32,
    /// Server connections ready for a client.
    pub servers_idle: u32,
    /// Server connections that are being opened, tested or reset.
    pub servers_other: u32,
    /// How long the client that waits longest has waited.
    pub longest_wait: Span,
    /// `session`, `transaction` or `statement`.
    pub mode: Text,
    /// Whether it is paused.
    pub paused: bool,
    /// The most server connections; none where it is not told.
    pub size: Option<u32>,
    /// Statements in a second, on average.
    pub queries_per_second: Option<u64>,
    /// The time of a statement, on average.
    pub query_time: Option<Span>,
    /// The time that a client waits, on average.
    pub wait_time: Option<Span>,
}
