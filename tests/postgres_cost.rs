//! What the console costs a PostgreSQL server with 60 databases and a load, by the server's own statistics.
//!
//! The figures are printed; only what must never be is judged.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that finds less fails, and figures are printed"
)]

mod platform;
mod postgres_watch;

use std::time::Duration;

use platform::{PlatformError, Postgres, PostgresOptions, Role, database_name};
use postgres_watch::{Watch, now};
use pulse_console::domain::FeedId;
use pulse_console::live::postgres::{Options, feed};
use sqlx::Row as _;

/// How long is measured; the figures are those of a minute.
const SAMPLE: Duration = Duration::from_secs(15);

/// What the server counted of the console's role: statements, and milliseconds in them.
async fn counted(server: &Postgres) -> Result<(f64, f64), PlatformError> {
    let mut link = server.connection(Role::Super, "postgres").await?;
    let row = sqlx::query(
        "SELECT coalesce(sum(calls), 0)::float8 AS calls, coalesce(sum(total_exec_time + total_plan_time), 0)::float8 AS ms
         FROM pg_stat_statements WHERE userid = (SELECT oid FROM pg_roles WHERE rolname = 'pulse_console')",
    )
    .fetch_one(&mut link)
    .await?;
    Ok((row.try_get("calls")?, row.try_get("ms")?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_costs_pg01_little() -> Result<(), PlatformError> {
    let settings = vec![
        ("shared_preload_libraries", "pg_stat_statements".to_owned()),
        ("pg_stat_statements.track_planning", "on".to_owned()),
    ];
    let server =
        Postgres::start_with(PostgresOptions { settings, ..PostgresOptions::default() }).await?;
    server.fill(38).await?;
    server.run("postgres", &["CREATE EXTENSION pg_stat_statements".to_owned()]).await?;
    let _load = server.load(6);
    let options =
        Options::new(server.url(Role::Console)).with_password(server.password(Role::Console));
    let mut watch = Watch::start(feed(options));
    watch.until("a listing", |watch| watch.is_live(FeedId::DatabaseServer)).await;
    let databases = watch.databases().len();
    assert!(databases >= 60, "{databases}");

    // At first every size is measured, one a second; then a screen of databases is looked at, as in use.
    for (what, looked_at) in [("at first", 0), ("a screen of 20 databases looked at", 20)] {
        watch.look_at(&(0..looked_at).map(database_name).collect::<Vec<_>>());
        let (calls, ms) = counted(&server).await?;
        let began = now();
        watch.listen(SAMPLE).await;
        let (calls_after, ms_after) = counted(&server).await?;
        let minutes = now().since(began).ms() as f64 / 60_000.0;
        let (calls, ms) = ((calls_after - calls) / minutes, (ms_after - ms) / minutes);
        println!(
            "{databases} databases, {what}: {calls:.0} statements and {ms:.0} ms a minute ({:.2} % of one core); the console says {:?}",
            ms / 600.0,
            watch.server().expect("the server").cost
        );
        assert!(ms < 1_500.0, "{ms} ms a minute");
    }
    let connections = sqlx::query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pulse-console'",
    )
    .fetch_one(&mut server.connection(Role::Super, "postgres").await?)
    .await?
    .try_get::<i64, _>(0)?;
    assert!((1..=2).contains(&connections), "{connections} connections");
    watch.close().await;
    Ok(())
}
