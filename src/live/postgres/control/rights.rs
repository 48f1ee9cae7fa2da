//! Which rights the roles lack for a change, as the servers tell beforehand.

use sqlx::postgres::PgRow;

use super::line::{Line, Stop};
use super::look::pid;
use super::pooler;
use crate::domain::Text;
use crate::domain::operation::{Command, Seen, SessionRef};
use crate::live::postgres::columns::{Odd, cell, count, name};
use crate::live::postgres::connect::Target;
use crate::live::postgres::trouble::Failure;

/// What the role has that asks: of the server, and of a database, whose owner is unknown where there is none.
const DATABASE: &str = "\
SELECT me.rolname::text AS me, me.rolsuper AS super, me.rolcreatedb AS creates,
       pg_has_role(me.oid, 'pg_signal_backend'::name, 'USAGE') AS signals,
       d.oid IS NULL OR pg_has_role(me.oid, d.datdba, 'USAGE') AS owns,
       coalesce(pg_get_userbyid(d.datdba), '')::text AS owner,
       (SELECT count(*) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
        WHERE a.datid = d.oid AND r.rolsuper AND a.backend_type = 'client backend') AS above
FROM pg_roles me LEFT JOIN pg_database d ON d.datname = $1
WHERE me.rolname = current_user";

/// The same of a session: whether it is the role's own, or one of a superuser.
const SESSION: &str = "\
SELECT me.rolname::text AS me, me.rolsuper AS super,
       pg_has_role(me.oid, 'pg_signal_backend'::name, 'USAGE')
           OR pg_has_role(me.oid, a.usesysid, 'USAGE') AS signals,
       coalesce(r.rolsuper, true) AS above
FROM pg_roles me, pg_stat_activity a LEFT JOIN pg_roles r ON r.oid = a.usesysid
WHERE me.rolname = current_user AND a.pid = $1
  AND (extract(epoch FROM a.backend_start) * 1000)::int8 = $2";

const DOING: &str = "asking for the role's rights";

/// What a change of a database needs.
struct Needs<'a> {
    database: &'a Text,
    /// To be its owner.
    owner: bool,
    /// To be one who creates databases.
    creates: bool,
    /// To put out who is connected.
    signals: bool,
}

impl<'a> Needs<'a> {
    fn of(command: &'a Command) -> Option<Self> {
        let (database, owner, creates, signals) = match command {
            Command::RenameDatabase { from, .. } => (from, true, true, true),
            Command::DropDatabase { name, .. } => (name, true, false, true),
            Command::AllowConnections { database, .. } => (database, true, false, false),
            Command::EndSessions { database } => (database, false, false, true),
            _ => return None,
        };
        Some(Self { database, owner, creates, signals })
    }
}

/// What lacks to change a database.
pub(super) async fn database(target: &Target, command: &Command) -> Result<Seen, Stop> {
    let Some(needs) = Needs::of(command) else { return Ok(Seen::Lacking(Vec::new())) };
    let mut line = Line::open(target).await?;
    let rows = line.ask(DOING, sqlx::query(DATABASE).bind(needs.database.as_str())).await?;
    line.close().await;
    let Some(row) = rows.first() else { return Ok(Seen::Lacking(Vec::new())) };
    if is(row, "super")? {
        return Ok(Seen::Lacking(Vec::new()));
    }
    let (me, owner) = (text(row, "me")?, text(row, "owner")?);
    let database = needs.database;
    let mut lacking = Vec::new();
    if needs.owner && !is(row, "owns")? {
        lacking.push(format!("{database} belongs to {owner}, and {me} may not change it: ask for GRANT {owner} TO {me}"));
    }
    if needs.creates && !is(row, "creates")? {
        lacking.push(format!("{me} may not rename databases: ask for ALTER ROLE {me} CREATEDB"));
    }
    if needs.signals && !is(row, "signals")? {
        lacking.push(no_signals(&me));
    }
    let above = count(row, "above").map_err(odd)?;
    if needs.signals && above > 0 {
        lacking.push(in_the_way(database, above, &me));
    }
    Ok(said(&lacking))
}

fn no_signals(me: &Text) -> String {
    format!("{me} may not end the sessions of others: ask for GRANT pg_signal_backend TO {me}")
}

/// That superusers, whom the role can't put out, are connected.
pub(super) fn in_the_way(database: &Text, above: u64, me: &Text) -> String {
    let sessions = if above == 1 { "session" } else { "sessions" };
    format!(
        "{above} {sessions} of a superuser in {database} can't be ended by {me}: have them leave first"
    )
}

/// What lacks to cancel or end a session.
pub(super) async fn session(target: &Target, session: &SessionRef) -> Result<Seen, Stop> {
    let mut line = Line::open(target).await?;
    let query = sqlx::query(SESSION).bind(pid(session)).bind(session.began.ms());
    let rows = line.ask(DOING, query).await?;
    line.close().await;
    let Some(row) = rows.first() else { return Ok(Seen::Lacking(Vec::new())) };
    let (me, mighty) = (text(row, "me")?, is(row, "super")?);
    let mut lacking = Vec::new();
    if !mighty && is(row, "above")? {
        let pid = session.pid;
        lacking.push(format!(
            "session {pid} is a superuser's, and {me} may not end it: have them do so"
        ));
    } else if !mighty && !is(row, "signals")? {
        lacking.push(no_signals(&me));
    }
    Ok(said(&lacking))
}

/// What lacks to pause pools and let them go on.
pub(super) async fn pool(target: &Target) -> Result<Seen, Stop> {
    let role = &target.role;
    let lacking = if pooler::is_admin(target).await? {
        Vec::new()
    } else {
        vec![format!(
            "{role} may not pause pools: ask for it to be named in admin_users of pgbouncer.ini"
        )]
    };
    Ok(said(&lacking))
}

fn odd(odd: Odd) -> Stop {
    Stop::Failed(Failure::Odd { doing: DOING, odd })
}

fn said(lacking: &[String]) -> Seen {
    Seen::Lacking(lacking.iter().map(|what| Text::bounded(what, 512)).collect())
}

fn is(row: &PgRow, column: &'static str) -> Result<bool, Stop> {
    let is = cell::<bool>(row, column).map_err(odd)?;
    Ok(is.unwrap_or(false))
}

fn text(row: &PgRow, column: &'static str) -> Result<Text, Stop> {
    name(row, column).map_err(odd)
}
