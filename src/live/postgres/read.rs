//! Rows as the server gives them, read into plain values.

use sqlx::postgres::PgRow;
use sqlx::postgres::types::Oid;

use super::columns::{Odd, cell, count, name, needed, small, time};
use crate::domain::{DatabaseClass, Replica, Session, SessionState, Text, Timestamp, Uid};

/// The most of a statement that is kept, in bytes.
const STATEMENT: usize = 4 * 1024;

/// What the role may see, and what does not change while the server runs.
#[derive(Debug)]
pub(super) struct About {
    pub(super) version: Text,
    pub(super) connections_max: u32,
    pub(super) reserved: u32,
    pub(super) started: Option<Timestamp>,
    pub(super) sees_all: bool,
    pub(super) sees_wal: bool,
}

pub(super) fn about(row: &PgRow) -> Result<About, Odd> {
    Ok(About {
        version: name(row, "version")?,
        connections_max: small(row, "connections_max")?,
        reserved: small(row, "reserved")?,
        started: time(row, "started")?,
        sees_all: needed(row, "sees_all")?,
        sees_wal: needed(row, "sees_wal")?,
    })
}

/// A database as listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: u32,
    pub(super) name: Text,
    pub(super) owner: Text,
    pub(super) open: bool,
    pub(super) may_connect: bool,
    pub(super) frozen_age: Option<u64>,
    pub(super) commits: u64,
    pub(super) rollbacks: u64,
    pub(super) hits: u64,
    pub(super) reads: u64,
    pub(super) deadlocks: u64,
    pub(super) temp_files: u64,
    pub(super) temp_bytes: u64,
}

pub(super) fn listed(row: &PgRow) -> Result<Listed, Odd> {
    Ok(Listed {
        id: needed::<Oid>(row, "id")?.0,
        name: name(row, "name")?,
        owner: name(row, "owner")?,
        open: needed(row, "open")?,
        may_connect: needed(row, "may_connect")?,
        // A database that has no frozen transaction yet, such as one that is just being made.
        frozen_age: cell::<i64>(row, "frozen_age")?.and_then(|age| u64::try_from(age).ok()),
        commits: count(row, "commits")?,
        rollbacks: count(row, "rollbacks")?,
        hits: count(row, "hits")?,
        reads: count(row, "reads")?,
        deadlocks: count(row, "deadlocks")?,
        temp_files: count(row, "temp_files")?,
        temp_bytes: count(row, "temp_bytes")?,
    })
}

/// One session, whose blockers are not known yet; and whether it waits for a lock.
pub(super) fn session(row: &PgRow, domain: &str) -> Result<(Session, bool), Odd> {
    let pid = small(row, "pid")?;
    let connected = time(row, "connected")?;
    let state = SessionState::of(cell(row, "state")?);
    let kind: Option<&str> = cell(row, "backend_type")?;
    let database = name(row, "database")?;
    let (_, tenant) = DatabaseClass::of(database.as_str(), domain);
    let tenant = tenant.map(Text::clean);
    let wait_type: Option<&str> = cell(row, "wait_type")?;
    let wait_event: Option<&str> = cell(row, "wait_event")?;
    // A session that waits for its client waits for nothing that the server could give.
    let wait = match (wait_type, wait_event) {
        (Some("Client" | "Activity"), _) | (None, _) => None,
        (Some(kind), Some(event)) => Some(Text::bounded(&format!("{kind}: {event}"), 128)),
        (Some(kind), None) => Some(Text::bounded(kind, 128)),
    };
    let mut application = name(row, "application")?;
    if application.is_empty() && kind == Some("autovacuum worker") {
        application = Text::clean("automatic vacuum");
    }
    let statement: Option<&str> = cell(row, "statement")?;
    let uid = format!("{pid}-{}", connected.map_or(0, Timestamp::ms));
    let session = Session {
        uid: Uid(Text::from(uid)),
        pid,
        database,
        tenant,
        user: name(row, "role")?,
        application,
        client: name(row, "client")?,
        // Automatic vacuum is always at work, and says so in its statement.
        state,
        wait,
        connected,
        transaction: time(row, "transaction")?,
        statement_at: time(row, "statement_at")?,
        since: time(row, "since")?,
        statement: Text::bounded(statement.unwrap_or_default().trim(), STATEMENT),
        blocked_by: Box::default(),
        blocks: 0,
    };
    Ok((session, wait_type == Some("Lock")))
}

/// A session that waits, and the processes that hold it up.
pub(super) fn holders(row: &PgRow) -> Result<(u32, Box<[u32]>), Odd> {
    let holders: Vec<i32> = cell(row, "holders")?.unwrap_or_default();
    // One that waits for several locks of the same process names it several times.
    let mut holders: Vec<u32> =
        holders.into_iter().filter_map(|pid| u32::try_from(pid).ok()).collect();
    holders.sort_unstable();
    holders.dedup();
    Ok((small(row, "pid")?, holders.into()))
}

pub(super) fn replica(row: &PgRow) -> Result<Replica, Odd> {
    Ok(Replica {
        name: name(row, "name")?,
        state: name(row, "state")?,
        behind: cell::<i64>(row, "behind")?.map(|bytes| u64::try_from(bytes).unwrap_or(0)),
    })
}
