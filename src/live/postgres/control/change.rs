//! Changes of databases and sessions.

use std::time::Duration;

use super::line::{Line, Stop};
use super::look::{oid, pid};
use super::rights::in_the_way;
use crate::domain::operation::{Oid, SessionRef};
use crate::domain::{Text, TroubleKind};
use crate::live::postgres::columns::{count, name as text};
use crate::live::postgres::connect::Target;
use crate::live::postgres::trouble::Failure;

/// How often a database is tried that somebody keeps connecting to. The server itself waits five seconds each time.
const TRIES: usize = 3;
/// The pause before the next try.
const PAUSE: Duration = Duration::from_millis(300);
/// The longest name that the server keeps; it would cut off the rest in silence, and hit another one.
const NAME: usize = 63;
/// The server refuses because somebody is connected.
const IN_USE: &str = "55006";

/// Ends everybody's session but the one that asks. One that the role may not end would keep the others from being ended too:
/// that of a superuser, and the server's own workers, who go by themselves.
const END_ALL: &str = "\
SELECT count(pg_terminate_backend(a.pid)) AS ended
FROM pg_roles me, pg_stat_activity a LEFT JOIN pg_roles r ON r.oid = a.usesysid
WHERE me.rolname = current_user AND a.datname = $1 AND a.pid <> pg_backend_pid()
  AND a.backend_type <> 'walsender' AND (me.rolsuper OR NOT coalesce(r.rolsuper, true))";

/// Who is left that the role may not end.
const LEFT: &str = "\
SELECT me.rolname::text AS me, count(*) AS above
FROM pg_roles me, pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
WHERE me.rolname = current_user AND NOT me.rolsuper AND a.datname = $1 AND r.rolsuper
  AND a.backend_type = 'client backend'
GROUP BY me.rolname";

/// `name` as it stands in a statement.
pub(super) fn quoted(name: &str) -> Result<String, Stop> {
    if name.is_empty() || name.len() > NAME || name.contains('\0') {
        let what = format!("{} is no name of a database", Text::bounded(name, 200));
        return Err(Stop::refused(TroubleKind::Config, &what, ""));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

/// Whether the database `name` is there and is the one that is meant.
async fn is_meant(line: &mut Line, name: &str, meant: Option<Oid>) -> Result<bool, Stop> {
    match (oid(line, name).await?, meant) {
        (Some(is), Some(meant)) if is != meant => {
            let what =
                format!("{name} is database {is} now, not {meant}: another was put in its place");
            Err(Stop::refused(TroubleKind::Denied, &what, "Make the plan anew."))
        }
        (is, _) => Ok(is.is_some()),
    }
}

fn gone(name: &str) -> Stop {
    let what = format!("there is no database {}", Text::bounded(name, 200));
    Stop::refused(TroubleKind::Absent, &what, "")
}

pub(super) async fn rename(
    target: &Target,
    (from, to): (&str, &str),
    meant: Option<Oid>,
) -> Result<(), Stop> {
    let statement = format!("ALTER DATABASE {} RENAME TO {}", quoted(from)?, quoted(to)?);
    let mut line = Line::open(target).await?;
    let done = if is_meant(&mut line, from, meant).await? {
        alone(&mut line, from, meant, ("renaming the database", &statement)).await
    } else if meant.is_some() && oid(&mut line, to).await? == meant {
        // It was done before.
        Ok(())
    } else {
        Err(gone(from))
    };
    line.close().await;
    done
}

pub(super) async fn drop_database(
    target: &Target,
    name: &str,
    meant: Option<Oid>,
) -> Result<(), Stop> {
    let statement = format!("DROP DATABASE {}", quoted(name)?);
    let mut line = Line::open(target).await?;
    let done = if is_meant(&mut line, name, meant).await? {
        alone(&mut line, name, meant, ("dropping the database", &statement)).await
    } else {
        Err(gone(name))
    };
    line.close().await;
    done
}

/// Runs a statement that nobody may be connected for: who is, is put out, a few times. Each time it is looked first
/// whether the database is still the one that is meant.
async fn alone(
    line: &mut Line,
    name: &str,
    meant: Option<Oid>,
    (doing, statement): (&'static str, &str),
) -> Result<(), Stop> {
    let mut tries = 1;
    loop {
        put_out(line, name).await?;
        if !is_meant(line, name, meant).await? {
            return Err(gone(name));
        }
        match line.run_soon(doing, statement.to_owned()).await {
            Ok(_) => return Ok(()),
            Err(stop) if stop.code() == Some(IN_USE) && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(stop) if stop.code() == Some(IN_USE) => {
                let what =
                    format!("{doing} {name}: somebody connects again at once ({})", stop.said());
                let remedy = "Pause its pool, or let nobody connect to it, and try again.";
                return Err(Stop::refused(TroubleKind::Denied, &what, remedy));
            }
            Err(stop) => return Err(stop),
        }
    }
}

/// Ends everybody's session. Whom the role may not end is waited for a little: who measures comes and goes.
async fn put_out(line: &mut Line, name: &str) -> Result<(), Stop> {
    const DOING: &str = "ending the sessions";
    let mut tries = 1;
    loop {
        line.ask(DOING, sqlx::query(END_ALL).bind(name)).await?;
        let left = line.ask(DOING, sqlx::query(LEFT).bind(name)).await?;
        let Some(row) = left.first() else { return Ok(()) };
        if tries == TRIES {
            let odd = |odd| Stop::Failed(Failure::Odd { doing: DOING, odd });
            let (me, above) = (text(row, "me").map_err(odd)?, count(row, "above").map_err(odd)?);
            let what = in_the_way(&Text::bounded(name, 200), above, &me);
            return Err(Stop::refused(TroubleKind::Denied, &what, "Then go on."));
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) async fn allow(target: &Target, name: &str, allow: bool) -> Result<(), Stop> {
    let statement = format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {allow}", quoted(name)?);
    let doing = if allow { "opening the database" } else { "closing the database" };
    let mut line = Line::open(target).await?;
    let done = line.run_soon(doing, statement).await;
    line.close().await;
    done.map(drop)
}

pub(super) async fn end_sessions(target: &Target, name: &str) -> Result<(), Stop> {
    let mut line = Line::open(target).await?;
    let done = if oid(&mut line, name).await?.is_some() {
        put_out(&mut line, name).await
    } else {
        Err(gone(name))
    };
    line.close().await;
    done
}

pub(super) async fn cancel(target: &Target, session: &SessionRef) -> Result<(), Stop> {
    let query = "\
        SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity
        WHERE pid = $1 AND (extract(epoch FROM backend_start) * 1000)::int8 = $2";
    signal(target, session, ("cancelling the statement", query)).await
}

pub(super) async fn end(target: &Target, session: &SessionRef) -> Result<(), Stop> {
    let query = "\
        SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
        WHERE pid = $1 AND (extract(epoch FROM backend_start) * 1000)::int8 = $2";
    signal(target, session, ("ending the session", query)).await
}

async fn signal(
    target: &Target,
    session: &SessionRef,
    (doing, query): (&'static str, &'static str),
) -> Result<(), Stop> {
    let mut line = Line::open(target).await?;
    let query = sqlx::query(query).bind(pid(session)).bind(session.began.ms());
    let rows = line.ask(doing, query).await?;
    line.close().await;
    if rows.is_empty() {
        let what = format!("session {} of {} has ended", session.pid, session.began);
        return Err(Stop::refused(TroubleKind::Absent, &what, ""));
    }
    Ok(())
}
