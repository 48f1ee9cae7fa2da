//! The feed of databases and sessions against a real PostgreSQL.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a test that finds less fails, and figures are printed"
)]

mod platform;
mod postgres_watch;

use std::time::Duration;

use platform::{
    ORPHAN, PLATFORM_DATABASES, PlatformError, Postgres, Role, WITHOUT_DATABASE, client_name,
    database_name,
};
use postgres_watch::{Watch, now};
use pulse_console::domain::{DatabaseClass, FeedId, Health, SessionState};
use pulse_console::live::postgres::{Options, feed};

/// What the console of `role` is told; each second, so that the tests are quick.
fn options(server: &Postgres, role: Role) -> Options {
    Options {
        refresh: Duration::from_secs(1),
        ..Options::new(server.url(role)).with_password(server.password(role))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_monitor_sees_databases_sizes_sessions_and_who_holds_up_whom() -> Result<(), PlatformError>
{
    let server = Postgres::start().await?;
    server.fill(16).await?;
    let _load = server.load(4);
    let mut watch = Watch::start(feed(options(&server, Role::Console)));
    watch.until("a listing", |watch| watch.is_live(FeedId::DatabaseServer)).await;

    let acme = database_name(0);
    let tenant = watch.database(&acme).expect("a tenant's database");
    assert_eq!(
        (tenant.class, tenant.tenant.as_ref()),
        (DatabaseClass::Tenant, Some(&client_name(0).as_str().into()))
    );
    assert_eq!((tenant.owner.as_str(), tenant.open), ("plana", true));
    assert!(tenant.frozen_age.is_some_and(|age| age < 1_000_000), "{tenant:?}");
    assert!(watch.database(&database_name(WITHOUT_DATABASE)).is_none());
    assert!(watch.database(ORPHAN).is_some());
    for (name, class) in [
        ("basic-template-18.planapulse.app", DatabaseClass::Template),
        (PLATFORM_DATABASES[0].0, DatabaseClass::Platform),
        ("postgres", DatabaseClass::Platform),
    ] {
        assert_eq!(watch.database(name).map(|database| database.class), Some(class), "{name}");
    }
    watch
        .until("the busy sessions", |watch| {
            watch.server().is_some_and(|server| server.connections >= 5)
        })
        .await;
    let about = watch.server().expect("the server").clone();
    assert_eq!((about.connections_max, about.standby), (200, false));
    assert!(about.version.as_str().starts_with(char::is_numeric));
    assert_eq!(about.hidden.len(), 0, "{:?}", about.hidden);
    assert!(about.wal_bytes.is_some_and(|bytes| bytes >= 16 << 20), "{about:?}");

    // Sizes: what is looked at comes first, then the others by themselves; and the last vacuum of what is looked at.
    server.run(&database_name(3), &["VACUUM res_partner".to_owned()]).await?;
    watch.look_at(&[database_name(3)]);
    let began = now();
    watch
        .until("the size looked at", |watch| {
            watch.database(&database_name(3)).is_some_and(|database| database.size.is_some())
        })
        .await;
    println!("the size looked at came after {}", now().since(began));
    watch
        .until("its last vacuum", |watch| {
            watch.database(&database_name(3)).is_some_and(|database| database.vacuumed.is_some())
        })
        .await;
    watch
        .until("a size not looked at", |watch| {
            watch.databases().iter().filter(|database| database.size.is_some()).count() > 2
        })
        .await;
    let size = watch.database(&database_name(3)).and_then(|database| database.size);
    assert!(size.is_some_and(|size| size.bytes > 5 << 20), "{size:?}");
    watch
        .until("a rate", |watch| {
            watch
                .database(&acme)
                .is_some_and(|database| database.figures.commits_per_minute.is_some())
        })
        .await;

    // A block is seen within one refresh.
    let block = server.block(&client_name(6)).await?;
    let began = now();
    watch
        .until("the block", |watch| {
            watch.session(block.waiter).is_some_and(|waiter| !waiter.blocked_by.is_empty())
        })
        .await;
    let seen = now().since(began);
    println!("the block was seen after {} ms, at a refresh each second", seen.ms());
    assert!(seen.ms() < 2_000, "{seen}");
    let holder = watch.session(block.holder).expect("the holder");
    assert_eq!((holder.blocks, holder.state), (1, SessionState::InTransaction));
    assert_eq!(
        (holder.health(), holder.tenant.as_ref()),
        (Health::Failed, Some(&client_name(6).as_str().into()))
    );
    let waiter = watch.session(block.waiter).expect("the waiter");
    assert_eq!(i64::from(waiter.blocked_by[0]), i64::from(block.holder));
    assert!(waiter.wait.as_ref().is_some_and(|wait| wait.as_str().starts_with("Lock: ")));
    assert!(waiter.statement.as_str().starts_with("UPDATE account_move"));
    watch
        .until("the count of its database", |watch| {
            watch.database(&block.database).is_some_and(|database| database.blocked == 1)
        })
        .await;
    watch
        .until("the count", |watch| watch.server().is_some_and(|server| server.blocked == 1))
        .await;
    block.release().await?;
    watch
        .until("that nobody waits", |watch| {
            watch.sessions().iter().all(|session| session.blocked_by.is_empty())
        })
        .await;

    assert!(watch.troubles.is_empty(), "{:?}", watch.troubles);
    assert!(watch.silence_ms < 3_000, "silent for {} ms", watch.silence_ms);
    watch.close().await;
    Ok(())
}
