//! Questions about databases and sessions.

use super::line::{Line, Stop};
use crate::domain::Text;
use crate::domain::operation::{ContentsSeen, DatabaseSeen, Oid, Seen, SessionRef};
use crate::live::postgres::columns::{Odd, cell, count, name, time};
use crate::live::postgres::connect::Target;
use crate::live::postgres::trouble::Failure;

/// A database. Consoles are not counted among its sessions: they go by themselves.
const DATABASE: &str = "\
SELECT d.oid::int8 AS id, d.datallowconn AS open, pg_database_size(d.oid) AS bytes,
       (SELECT count(*) FROM pg_stat_activity a
        WHERE a.datid = d.oid AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
          AND a.application_name IS DISTINCT FROM 'pulse-console') AS sessions
FROM pg_database d WHERE d.datname = $1";

/// A session by its process and its beginning.
const SESSION: &str = "\
SELECT state, datname::text AS database, usename::text AS role FROM pg_stat_activity
WHERE pid = $1 AND (extract(epoch FROM backend_start) * 1000)::int8 = $2";

/// The tables of the database that is connected to, and which of Odoo's are there.
const TABLES: &str = "\
SELECT count(*) AS tables,
       to_regclass('public.ir_module_module') IS NOT NULL AS modules,
       to_regclass('public.res_users') IS NOT NULL AS users,
       to_regclass('public.ir_config_parameter') IS NOT NULL AS parameters
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'";

/// Odoo's installed modules.
const MODULES: &str =
    "SELECT count(*) AS count FROM public.ir_module_module WHERE state = 'installed'";

/// The people who can sign in to Odoo.
const USERS: &str = "SELECT count(*) AS count FROM public.res_users WHERE active";

/// When somebody last signed in or was changed: a small table. Odoo writes its times in UTC.
const LAST_WRITE: &str = "\
SELECT (extract(epoch FROM max(write_date)) * 1000)::int8 AS at FROM public.res_users";

/// What Odoo calls the database.
const UUID: &str =
    "SELECT value::text AS uuid FROM public.ir_config_parameter WHERE key = 'database.uuid'";

/// The server refuses because there is no such database.
const NO_DATABASE: &str = "3D000";
/// The server refuses because nobody may connect to it.
const CLOSED: &str = "55000";

fn odd(doing: &'static str) -> impl Fn(Odd) -> Stop {
    move |odd| Stop::Failed(Failure::Odd { doing, odd })
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The identity of the database `wanted`, as `line` sees it now.
pub(super) async fn oid(line: &mut Line, wanted: &str) -> Result<Option<Oid>, Stop> {
    const DOING: &str = "looking at the database";
    let query = "SELECT oid::int8 AS id FROM pg_database WHERE datname = $1";
    let rows = line.ask(DOING, sqlx::query(query).bind(wanted)).await.map_err(Stop::before)?;
    let id = rows.first().map(|row| count(row, "id")).transpose().map_err(odd(DOING))?;
    Ok(id.map(|id| Oid(small(id))))
}

pub(super) async fn database(target: &Target, wanted: &str) -> Result<Seen, Stop> {
    const DOING: &str = "looking at the database";
    let mut line = Line::open(target).await?;
    let rows = line.ask(DOING, sqlx::query(DATABASE).bind(wanted)).await?;
    line.close().await;
    let Some(row) = rows.first() else { return Ok(Seen::Absent) };
    let read = || {
        Ok(Seen::Database(DatabaseSeen {
            oid: Oid(small(count(row, "id")?)),
            bytes: count(row, "bytes")?,
            sessions: small(count(row, "sessions")?),
            open: cell(row, "open")?.unwrap_or(false),
        }))
    };
    read().map_err(odd(DOING))
}

pub(super) async fn server(target: &Target) -> Result<Seen, Stop> {
    const DOING: &str = "asking for its version";
    let mut line = Line::open(target).await?;
    let query = "SELECT current_setting('server_version_num')::int8 AS version";
    let rows = line.ask(DOING, sqlx::query(query)).await?;
    line.close().await;
    let row = rows.first().ok_or(Odd { column: "version" }).map_err(odd(DOING))?;
    let version = small(count(row, "version").map_err(odd(DOING))?);
    Ok(Seen::Server { version, free: None })
}

pub(super) async fn session(target: &Target, session: &SessionRef) -> Result<Seen, Stop> {
    const DOING: &str = "looking at the session";
    let mut line = Line::open(target).await?;
    let query = sqlx::query(SESSION).bind(pid(session)).bind(session.began.ms());
    let rows = line.ask(DOING, query).await?;
    line.close().await;
    let Some(row) = rows.first() else { return Ok(Seen::Absent) };
    let read = || {
        Ok(Seen::Session {
            state: name(row, "state")?,
            database: name(row, "database")?,
            user: name(row, "role")?,
        })
    };
    read().map_err(odd(DOING))
}

/// The number of the process; none is so large.
pub(super) fn pid(session: &SessionRef) -> i32 {
    i32::try_from(session.pid).unwrap_or(-1)
}

/// What is in the database `wanted`, as far as the role may see it.
pub(super) async fn contents(target: &Target, wanted: &str) -> Result<Seen, Stop> {
    const DOING: &str = "looking into the database";
    let mut line = match Line::open(&target.to_database(wanted)).await {
        Ok(line) => line,
        Err(stop) if stop.code() == Some(NO_DATABASE) => return Ok(Seen::Absent),
        Err(stop) if stop.code() == Some(CLOSED) => {
            return Ok(Seen::Refused(Text::bounded(&stop.said(), 512)));
        }
        Err(stop) => return Err(stop),
    };
    let rows = line.ask(DOING, sqlx::query(TABLES)).await?;
    let row = rows.first().ok_or(Odd { column: "tables" }).map_err(odd(DOING))?;
    let has = |column| cell::<bool>(row, column).map(|has| has.unwrap_or(false));
    let (has_modules, has_users) =
        (has("modules").map_err(odd(DOING))?, has("users").map_err(odd(DOING))?);
    let has_parameters = has("parameters").map_err(odd(DOING))?;
    let tables = small(count(row, "tables").map_err(odd(DOING))?);
    let (mut modules, mut users, mut last_write, mut uuid) = (None, None, None, None);
    if has_modules {
        modules = counted(&mut line, MODULES).await?;
    }
    if has_users {
        users = counted(&mut line, USERS).await?;
        let row = allowed(line.ask(DOING, sqlx::query(LAST_WRITE)).await)?;
        last_write = row.and_then(|rows| time(rows.first()?, "at").ok().flatten());
    }
    if has_parameters {
        let rows = allowed(line.ask(DOING, sqlx::query(UUID)).await)?;
        uuid = rows.and_then(|rows| name(rows.first()?, "uuid").ok());
    }
    line.close().await;
    Ok(Seen::Contents(ContentsSeen { tables, modules, users, last_write, uuid }))
}

async fn counted(line: &mut Line, query: &'static str) -> Result<Option<u32>, Stop> {
    const DOING: &str = "counting what is in the database";
    let rows = allowed(line.ask(DOING, sqlx::query(query)).await)?;
    Ok(rows.and_then(|rows| count(rows.first()?, "count").ok()).map(small))
}

/// Nothing where the role may not look, or the table is another than Odoo's.
fn allowed<T>(answer: Result<T, Stop>) -> Result<Option<T>, Stop> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(stop) if matches!(stop.code(), Some("42501" | "42703" | "42P01" | "42883")) => Ok(None),
        Err(stop) => Err(stop),
    }
}
