//! The feed of pools against a real pgbouncer before a real PostgreSQL.
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
    Answer, PgBouncer, PgBouncerOptions, PlatformError, Postgres, Proxy, Role, Scripted,
    database_name,
};
use postgres_watch::{Watch, now};
use pulse_console::domain::{FeedId, Health, TroubleKind};
use pulse_console::live::postgres::{Options, feed, pools};

fn options(server: &PgBouncer) -> Options {
    Options {
        refresh: Duration::from_secs(1),
        ..Options::new(server.url()).with_password(server.password())
    }
}

async fn lost(watch: &mut Watch, what: &str) -> TroubleKind {
    let began = now();
    watch.until(what, |watch| watch.trouble(FeedId::Pools).is_some()).await;
    let trouble = watch.trouble(FeedId::Pools).expect("trouble");
    println!("{what}: said after {} ms: {trouble}", now().since(began).ms());
    assert!(now().since(began).ms() < 5_000, "{what}");
    trouble.kind
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pools_show_who_waits_and_what_is_paused() -> Result<(), PlatformError> {
    let server = Postgres::start().await?;
    server.fill(2).await?;
    let mut bouncer = PgBouncer::start_with(
        &server,
        PgBouncerOptions { pool_size: 2, ..PgBouncerOptions::default() },
    )
    .await?;
    let load = bouncer.load(8);
    let mut watch = Watch::start(pools(options(&bouncer)));
    watch
        .until("a client that waits", |watch| {
            watch.pools().iter().any(|pool| pool.clients_waiting > 0)
        })
        .await;
    watch.until("the size", |watch| watch.pools().iter().any(|pool| pool.size == Some(2))).await;
    let name = database_name(0);
    let pool =
        watch.pools().into_iter().find(|pool| pool.database == name.as_str()).expect("it").clone();
    println!("{pool:?}");
    assert_eq!(
        (pool.user.as_str(), pool.mode.as_str(), pool.size),
        ("plana", "transaction", Some(2))
    );
    assert!(pool.health() <= Health::Degraded && pool.tenant.is_some());
    watch
        .until("averages", |watch| {
            watch.pools().iter().any(|pool| pool.query_time.is_some_and(|time| time.ms() > 0))
        })
        .await;

    bouncer.admin(&format!("PAUSE \"{name}\"")).await?;
    watch.until("the pause", |watch| watch.pools().iter().any(|pool| pool.paused)).await;
    bouncer.admin(&format!("RESUME \"{name}\"")).await?;
    watch.until("the end of it", |watch| watch.pools().iter().all(|pool| !pool.paused)).await;
    drop(load);

    bouncer.kill();
    assert_eq!(lost(&mut watch, "killed").await, TroubleKind::Unreachable);
    bouncer.start_again().await?;
    watch.until("life again", |watch| watch.is_live(FeedId::Pools)).await;
    bouncer.freeze();
    assert_eq!(lost(&mut watch, "frozen").await, TroubleKind::Slow);
    bouncer.thaw();
    watch.until("life again", |watch| watch.is_live(FeedId::Pools)).await;
    watch.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_pooler_is_said() -> Result<(), PlatformError> {
    let server = Postgres::start().await?;
    let bouncer = PgBouncer::start(&server).await?;
    let mut watch = Watch::start(pools(Options::new(bouncer.url()).with_password("hunter2")));
    assert_eq!(lost(&mut watch, "a wrong password").await, TroubleKind::Unauthenticated);
    let wrong = Scripted::start(Answer::html()).await?;
    let url = format!("postgres://stats@127.0.0.1:{}/pgbouncer", wrong.port());
    let mut watch = Watch::start(pools(Options::new(url)));
    assert_eq!(lost(&mut watch, "a web server").await, TroubleKind::Protocol);

    // The server itself is no pooler, and the pooler no server.
    let server_as_pooler =
        Options::new(server.url(Role::Console)).with_password(server.password(Role::Console));
    let mut watch = Watch::start(pools(server_as_pooler));
    let kind = lost(&mut watch, "a server where a pooler should be").await;
    assert_eq!(kind, TroubleKind::Config);
    let mut watch = Watch::start(feed(options(&bouncer)));
    let began = now();
    watch.until("the trouble", |watch| watch.trouble(FeedId::Databases).is_some()).await;
    assert_eq!(
        watch.trouble(FeedId::Databases).map(|trouble| trouble.kind),
        Some(TroubleKind::Config)
    );
    println!(
        "a pooler where the server should be: {}",
        watch.trouble(FeedId::Databases).expect("it")
    );
    assert!(now().since(began).ms() < 5_000);

    let proxy = Proxy::start(bouncer.port()).await?;
    let url = bouncer.url().replace(&bouncer.port().to_string(), &proxy.port().to_string());
    let mut watch = Watch::start(pools(Options { url, ..options(&bouncer) }));
    watch.until("a listing", |watch| watch.is_live(FeedId::Pools)).await;
    proxy.hold(Duration::from_secs(5));
    assert_eq!(lost(&mut watch, "five seconds for an answer").await, TroubleKind::Slow);
    proxy.mend();
    watch.until("life again", |watch| watch.is_live(FeedId::Pools)).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_without_a_column_is_said_to_lack_it_until_it_has_it() -> Result<(), PlatformError>
{
    let server = Postgres::start().await?;
    server.fill(1).await?;
    let bouncer = PgBouncer::start(&server).await?;
    let _load = bouncer.load(1);
    let proxy = Proxy::start(bouncer.port()).await?;
    let url = bouncer.url().replace(&bouncer.port().to_string(), &proxy.port().to_string());
    let mut watch = Watch::start(pools(Options { url, ..options(&bouncer) }));
    watch.until("a pool", |watch| !watch.pools().is_empty()).await;
    let known = watch.pools().len();
    for (column, other) in [("cl_waiting\0", "cl_wanting\0"), ("sv_idle\0", "sv_lazy\0")] {
        proxy.reword(column, other);
        assert_eq!(lost(&mut watch, other.trim_end_matches('\0')).await, TroubleKind::Protocol);
        let trouble = watch.trouble(FeedId::Pools).expect("trouble");
        assert!(trouble.what.as_str().contains(column.trim_end_matches('\0')), "{trouble}");
        assert!(trouble.remedy.as_str().contains("pgbouncer 1.12"), "{trouble}");
        assert_eq!(watch.pools().len(), known, "what was known stays");
        proxy.mend();
        watch.until("life again", |watch| watch.is_live(FeedId::Pools)).await;
    }
    watch.close().await;
    Ok(())
}
