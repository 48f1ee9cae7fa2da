//! What the feed of databases says when its server is killed, frozen, slow, wrong or denies, and that it comes back.
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

use platform::{
    Answer, PlatformError, Postgres, PostgresOptions, Proxy, Role, Scripted, client_name,
    database_name,
};
use postgres_watch::{Watch, now};
use pulse_console::domain::{FeedId, SessionState, Trouble, TroubleKind};
use pulse_console::live::postgres::{Options, feed};

const FEEDS: [FeedId; 3] = [FeedId::Databases, FeedId::Sessions, FeedId::DatabaseServer];

/// Within this time trouble must be said.
const SAID_WITHIN: u64 = 5_000;

fn options(server: &Postgres, role: Role) -> Options {
    Options::new(server.url(role)).with_password(server.password(role))
}

async fn live(watch: &mut Watch) {
    watch.until("all feeds live", |watch| FEEDS.into_iter().all(|feed| watch.is_live(feed))).await;
}

/// Waits for the trouble that follows what was just done; says how long it took.
async fn lost(watch: &mut Watch, what: &str) -> Trouble {
    let began = now();
    watch.until(what, |watch| FEEDS.into_iter().all(|feed| watch.trouble(feed).is_some())).await;
    let took = now().since(began);
    let trouble = watch.trouble(FeedId::Databases).expect("trouble").clone();
    println!("{what}: said after {} ms: {trouble}", took.ms());
    assert!(took.ms() < SAID_WITHIN, "{what}: said after {took}");
    trouble
}

/// The first trouble of a feed that must not get in.
async fn first(options: Options) -> Trouble {
    let mut watch = Watch::start(feed(options));
    let trouble = lost(&mut watch, "the first trouble").await;
    assert!(!trouble.to_string().contains("hunter2"), "{trouble}");
    watch.close().await;
    trouble
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_or_frozen_is_missed_and_comes_back() -> Result<(), PlatformError> {
    let mut server = Postgres::start().await?;
    server.fill(3).await?;
    let mut watch = Watch::start(feed(options(&server, Role::Console)));
    live(&mut watch).await;
    let known = watch.databases().len();

    server.kill();
    let trouble = lost(&mut watch, "killed").await;
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    assert_eq!(watch.databases().len(), known, "what was known stays");
    server.start_again().await?;
    let began = now();
    live(&mut watch).await;
    println!("live again {} ms after the server was", now().since(began).ms());
    assert!(now().since(began).ms() < 3_000);

    server.freeze();
    let trouble = lost(&mut watch, "frozen").await;
    assert_eq!(trouble.kind, TroubleKind::Slow, "{trouble}");
    server.thaw();
    live(&mut watch).await;
    assert_eq!(watch.databases().len(), known);

    server.stop().await;
    let trouble = lost(&mut watch, "stopped").await;
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    watch.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_five_seconds_is_slow_and_a_cut_link_heals() -> Result<(), PlatformError>
{
    let server = Postgres::start().await?;
    let proxy = Proxy::start(server.port()).await?;
    let url =
        server.url(Role::Console).replace(&server.port().to_string(), &proxy.port().to_string());
    let mut watch = Watch::start(feed(Options { url, ..options(&server, Role::Console) }));
    live(&mut watch).await;
    proxy.hold(Duration::from_secs(5));
    let trouble = lost(&mut watch, "five seconds for an answer").await;
    assert_eq!(trouble.kind, TroubleKind::Slow, "{trouble}");
    proxy.mend();
    live(&mut watch).await;
    proxy.cut();
    let trouble = lost(&mut watch, "cut").await;
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    proxy.mend();
    let began = now();
    live(&mut watch).await;
    println!("live again {} ms after the link was", now().since(began).ms());
    assert!(now().since(began).ms() < 3_000);

    // Each answer takes a little: the server is asked less often, and lives.
    proxy.hold(Duration::from_millis(400));
    watch
        .until("fewer questions", |watch| {
            watch.server().is_some_and(|server| server.cost.took.ms() > 800)
        })
        .await;
    watch.silence_ms = 0;
    watch.listen(Duration::from_secs(8)).await;
    assert!(FEEDS.into_iter().all(|feed| watch.is_live(feed)), "{:?}", watch.troubles);
    println!("{:?}, silent for {} ms at most", watch.server().expect("it").cost, watch.silence_ms);
    assert!(watch.silence_ms < 7_000);
    watch.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_postgresql_is_said_to_be_none() -> Result<(), PlatformError> {
    for (answer, kind) in [
        (Answer::html(), TroubleKind::Protocol),
        (Answer::Bytes(b"N<html>502 Bad Gateway</html>".to_vec()), TroubleKind::Protocol),
        (Answer::Close, TroubleKind::Unreachable),
        (Answer::Silence, TroubleKind::Slow),
    ] {
        let wrong = Scripted::start(answer.clone()).await?;
        let url = format!("postgres://console@127.0.0.1:{}/postgres", wrong.port());
        let trouble = first(Options::new(url)).await;
        assert_eq!(trouble.kind, kind, "{answer:?}: {trouble}");
    }
    for (url, kind) in [
        ("postgres://console@127.0.0.1:1/postgres", TroubleKind::Unreachable),
        ("http://pg01", TroubleKind::Config),
        ("nothing", TroubleKind::Config),
    ] {
        let trouble = first(Options::new(url)).await;
        assert_eq!(trouble.kind, kind, "{url}: {trouble}");
        assert!(trouble.remedy.as_str().contains("postgres.url"), "{trouble}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_said_and_a_role_with_little_sees_little() -> Result<(), PlatformError> {
    let settings = vec![("max_connections", "12".to_owned())];
    let server =
        Postgres::start_with(PostgresOptions { settings, ..PostgresOptions::default() }).await?;
    server.fill(2).await?;
    let url = |role| server.url(role);
    let wrong = first(Options::new(url(Role::Console)).with_password("hunter2")).await;
    assert_eq!(wrong.kind, TroubleKind::Unauthenticated, "{wrong}");
    assert!(wrong.remedy.as_str().contains("postgres.password"), "{wrong}");
    let nowhere = url(Role::Console).replace("/postgres", "/nowhere").replace(":/nowhere", "://");
    let nowhere = nowhere.replace("nowhere://", "postgres://");
    let password = server.password(Role::Console);
    let trouble = first(Options::new(nowhere).with_password(password)).await;
    assert_eq!(trouble.kind, TroubleKind::Config, "{trouble}");

    // One who is no monitor sees names, and is told what he can't see.
    let _load = server.load(1);
    let mut watch = Watch::start(feed(options(&server, Role::Denied)));
    live(&mut watch).await;
    watch
        .until("what is hidden", |watch| {
            watch.server().is_some_and(|server| server.hidden.len() == 3)
        })
        .await;
    println!("hidden: {:?}", watch.server().expect("the server").hidden);
    watch
        .until("a session that is hidden", |watch| {
            watch.sessions().iter().any(|session| session.state == SessionState::Hidden)
        })
        .await;
    let database = watch.database(&database_name(0)).expect("a database");
    assert_eq!(
        (database.size, database.tenant.as_ref().map(pulse_console::domain::Text::as_str)),
        (None, Some(client_name(0).as_str()))
    );
    watch.close().await;

    // When no connection is left, that is what is said.
    let mut held = Vec::new();
    while let Ok(connection) = server.connection(Role::Owner, "postgres").await {
        held.push(connection);
        assert!(held.len() < 20);
    }
    let full = first(options(&server, Role::Console)).await;
    assert_eq!(full.kind, TroubleKind::Server, "{full}");
    assert!(full.what.as_str().contains("no connection left"), "{full}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_column_is_said_to_lack_it_until_it_has_it() -> Result<(), PlatformError>
{
    let server = Postgres::start().await?;
    server.fill(2).await?;
    let rename = async |view: &str, from: &str, to: &str| {
        let statement = format!("ALTER VIEW pg_catalog.{view} RENAME COLUMN {from} TO {to}");
        server.run("postgres", &["SET allow_system_table_mods = on".to_owned(), statement]).await
    };
    let mut watch = Watch::start(feed(options(&server, Role::Console)));
    live(&mut watch).await;
    let known = watch.databases().len();
    for (view, column) in
        [("pg_stat_activity", "wait_event_type"), ("pg_stat_replication", "state")]
    {
        rename(view, column, "of_another_version").await?;
        // Replicas are listed with each fourth refresh only: a console that begins meets it at once.
        let mut begins = Watch::start(feed(options(&server, Role::Console)));
        let trouble = lost(&mut begins, column).await;
        assert_eq!(trouble.kind, TroubleKind::Protocol, "{trouble}");
        assert!(trouble.what.as_str().contains(&format!("\"{column}\"")), "{trouble}");
        assert!(trouble.remedy.as_str().contains("PostgreSQL 10"), "{trouble}");
        if view == "pg_stat_activity" {
            let trouble = lost(&mut watch, "a column that is gone").await;
            assert_eq!(trouble.kind, TroubleKind::Protocol, "{trouble}");
            assert_eq!(watch.databases().len(), known, "what was known stays");
        }
        rename(view, "of_another_version", column).await?;
        live(&mut begins).await;
        live(&mut watch).await;
        begins.close().await;
    }

    // What stands before the catalogue in the role's search path is not read in its place.
    let hide = "CREATE SCHEMA before; CREATE VIEW before.pg_stat_activity AS SELECT 1 AS pid; \
                GRANT USAGE ON SCHEMA before TO pulse_console; \
                ALTER ROLE pulse_console SET search_path = before, pg_catalog";
    server.run("postgres", &[hide.to_owned()]).await?;
    let mut begins = Watch::start(feed(options(&server, Role::Console)));
    live(&mut begins).await;
    assert!(begins.troubles.is_empty(), "{:?}", begins.troubles);
    Ok(())
}
