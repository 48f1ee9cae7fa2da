//! An upgrade: every module that is named gets its new version, in one transaction that is noted in the database.

use sqlx::{Connection as _, Row as _};

use super::said;
use crate::platform::controllers::pods::Pod;

/// What an upgrade leaves behind, and what it is known by when it is tried again.
const LOG: &str = "
CREATE TABLE IF NOT EXISTS plana_upgrade_log (
    run text PRIMARY KEY, from_version text NOT NULL, to_version text NOT NULL, modules integer NOT NULL,
    finished timestamptz NOT NULL DEFAULT now());
ALTER TABLE plana_upgrade_log OWNER TO plana";
const UPDATE: &str = "
UPDATE ir_module_module SET latest_version = $1, write_date = now()
WHERE state = 'installed' AND ($2 = 'all' OR name = ANY (string_to_array($2, ',')))";

pub(super) async fn run(pod: &Pod<'_>) -> Result<(), String> {
    let (database, name) = (pod.need("DATABASE")?, pod.need("RUN")?);
    let (from, to) = (pod.need("FROM")?, pod.need("TO")?);
    let modules = pod.value("MODULES").unwrap_or("all");
    let mut session = pod.desk.session(database).await.map_err(said)?;
    pod.say(&format!("INFO odoo.modules.registry: updating {modules} of {database}"));
    let mut transaction = session.begin().await.map_err(said)?;
    sqlx::raw_sql(LOG).execute(&mut *transaction).await.map_err(said)?;
    let known = sqlx::query("SELECT 1 FROM plana_upgrade_log WHERE run = $1").bind(name);
    if known.fetch_optional(&mut *transaction).await.map_err(said)?.is_some() {
        pod.say("this run has updated the database already");
        return Ok(());
    }
    // One more patch level of the wanted major.
    let row = sqlx::query("SELECT count(*) FROM plana_upgrade_log");
    let row = row.fetch_one(&mut *transaction).await.map_err(said)?;
    let level: i64 = row.try_get(0).map_err(said)?;
    let version = format!("{to}.0.1.{}", level + 1);
    let update = sqlx::query(UPDATE).bind(&version).bind(modules);
    let changed = update.execute(&mut *transaction).await.map_err(said)?.rows_affected();
    let wanted = if modules == "all" { 1 } else { modules.split(',').count() as u64 };
    if changed < wanted {
        return Err(format!(
            "invalid module names, ignored: of {modules}, {changed} are installed"
        ));
    }
    pod.half_way().await?;
    let note = "INSERT INTO plana_upgrade_log (run, from_version, to_version, modules) VALUES ($1, $2, $3, $4)";
    let note = sqlx::query(note).bind(name).bind(from).bind(to);
    let count = i32::try_from(changed).unwrap_or(i32::MAX);
    note.bind(count).execute(&mut *transaction).await.map_err(said)?;
    transaction.commit().await.map_err(said)?;
    pod.say(&format!("INFO odoo.modules.loading: {changed} modules are at {version}"));
    session.close().await.map_err(said)
}
