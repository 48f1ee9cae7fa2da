//! Pools of pgbouncer: paused and resumed by its admin console.
//!
//! A pause waits for the work under way, and a pool whose pause is being waited for lets nobody in. So it is waited for
//! a while only, and then the pool is let go on again.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::change::quoted;
use super::line::{Line, Stop};
use crate::domain::TroubleKind;
use crate::domain::operation::Seen;
use crate::live::postgres::connect::Target;
use crate::live::postgres::trouble::Failure;

/// How long the work under way is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

fn text<'r>(row: &'r PgRow, column: &'static str) -> Option<&'r str> {
    row.try_get_raw(column).ok()?.as_str().ok()
}

fn number(row: &PgRow, column: &'static str) -> u32 {
    text(row, column).and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// The pool of `database` as it is; absent when pgbouncer does not know it yet.
pub(super) async fn look(target: &Target, database: &str) -> Result<Seen, Stop> {
    const DOING: &str = "looking at the pool";
    let mut line = Line::open(target).await?;
    let mut databases = line.run_soon(DOING, "SHOW DATABASES".to_owned()).await?;
    let pools = line.run_soon(DOING, "SHOW POOLS".to_owned()).await?;
    let is_listed = |rows: &[PgRow]| rows.iter().any(|row| text(row, "name") == Some(database));
    if !is_listed(&databases) && pools.iter().any(|row| text(row, "database") == Some(database)) {
        // One that it made up by itself is not listed after its last client left, and sometimes not while one signs in.
        // It may be paused all the same, and would hold back whoever comes next. Whoever asks after it by its name has it
        // listed again; of what can be asked, this changes nothing. Who may only look can't, and pauses nothing either.
        let call = format!("WAIT_CLOSE {}", quoted(database)?);
        if line.run_soon(DOING, call).await.is_ok() {
            databases = line.run_soon(DOING, "SHOW DATABASES".to_owned()).await?;
        }
    }
    line.close().await;
    let Some(listed) = databases.iter().find(|row| text(row, "name") == Some(database)) else {
        return Ok(Seen::Absent);
    };
    let own = || pools.iter().filter(|row| text(row, "database") == Some(database));
    let sum = |column| own().map(|row| number(row, column)).fold(0, u32::saturating_add);
    Ok(Seen::Pool {
        paused: number(listed, "paused") > 0,
        active: sum("cl_active"),
        waiting: sum("cl_waiting"),
    })
}

/// Whether the role that asks may pause pools. Where everybody is let in, everybody may.
pub(super) async fn is_admin(target: &Target) -> Result<bool, Stop> {
    let mut line = Line::open(target).await?;
    let settings = line.run_soon("asking who may pause pools", "SHOW CONFIG".to_owned()).await?;
    line.close().await;
    let setting = |key: &str| {
        let row = settings.iter().find(|row| text(row, "key") == Some(key));
        row.and_then(|row| text(row, "value")).unwrap_or_default()
    };
    let named = setting("admin_users").split(',').any(|name| name.trim() == target.role);
    Ok(named || setting("auth_type") == "any")
}

/// Pauses the pool of `database`: it is done when no work is under way any more.
pub(super) async fn pause(target: &Target, database: &str) -> Result<(), Stop> {
    let statement = format!("PAUSE {}", quoted(database)?);
    let mut line = Line::open(target).await?;
    match line.run("pausing the pool", statement, PATIENCE).await {
        Ok(_) => {
            line.close().await;
            Ok(())
        }
        Err(stop) if is_unknown(&stop) || says(&stop, "already suspended/paused") => Ok(()),
        Err(Stop::Failed(Failure::Late { .. })) => {
            // The line still waits; another one lets the pool go on.
            drop(line);
            resume(target, database).await?;
            // To try it again and again would hold everybody up for long.
            Err(Stop::refused(
                TroubleKind::Slow,
                &format!(
                    "the pool of {database} was not quiet within {} s, and was let go on again",
                    PATIENCE.as_secs()
                ),
                "Some statement takes long: cancel it or wait until it is over, then go on.",
            ))
        }
        Err(stop) => Err(stop),
    }
}

/// Lets the pool of `database` go on.
pub(super) async fn resume(target: &Target, database: &str) -> Result<(), Stop> {
    let statement = format!("RESUME {}", quoted(database)?);
    let mut line = Line::open(target).await?;
    let done = line.run_soon("letting the pool go on", statement).await;
    match done {
        Ok(_) => {
            line.close().await;
            Ok(())
        }
        Err(stop) if is_unknown(&stop) || says(&stop, "is not paused") => Ok(()),
        Err(stop) => Err(stop),
    }
}

/// Whether nobody used the pool yet, so that there is none.
fn is_unknown(stop: &Stop) -> bool {
    says(stop, "no such database")
}

fn says(stop: &Stop, words: &str) -> bool {
    stop.said().contains(words)
}
