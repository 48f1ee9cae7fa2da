//! The harness itself: each server beside the API server and Valkey starts, is filled, is killed and comes back.
#![cfg(feature = "real-servers")]
#![allow(clippy::indexing_slicing, reason = "a test that finds less fails")]

mod platform;

use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore as _, ObjectStoreExt as _};
use platform::{
    BACKUPS, EMPTY_BACKUP, HALF_BACKUP, LATE_BACKUP, Load, ORPHAN, Objects, PLATFORM_DATABASES,
    PgBouncer, PgBouncerOptions, PlatformError, Postgres, Role, SMALL_BACKUP, TEMPLATES,
    WITHOUT_BACKUP, WITHOUT_DATABASE, client_name, database_name, usual_moment,
};
use sqlx::{ConnectOptions as _, Row as _};

type Outcome = Result<(), PlatformError>;

async fn databases(postgres: &Postgres, role: Role) -> Result<Vec<(String, i64)>, PlatformError> {
    let mut connection = postgres.connection(role, "postgres").await?;
    let rows = sqlx::query("SELECT datname::text, pg_database_size(oid) FROM pg_database")
        .fetch_all(&mut connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_holds_the_fleet_and_outlives_a_power_cut() -> Outcome {
    let mut postgres = Postgres::start().await?;
    postgres.fill(32).await?;
    let port = postgres.port();
    let all = databases(&postgres, Role::Console).await?;
    for index in 0..32 {
        let there = all.iter().any(|(name, _)| *name == database_name(index));
        assert_eq!(there, index != WITHOUT_DATABASE, "{}", database_name(index));
    }
    for name in PLATFORM_DATABASES.iter().map(|(name, _)| *name).chain([ORPHAN]) {
        assert!(all.iter().any(|(there, _)| there == name), "{name} is not there");
    }
    let size = |name: String| all.iter().find(|(there, _)| *there == name).map(|(_, size)| *size);
    assert!(size(database_name(9)) > size(database_name(8)), "all are of one size");
    let refused = databases(&postgres, Role::Denied).await.err().map(|error| error.to_string());
    assert!(refused.is_some_and(|why| why.contains("permission denied")), "denied may look");

    let _load = postgres.load(4);
    let block = postgres.block(&client_name(1)).await?;
    let mut watcher = postgres.connection(Role::Console, "postgres").await?;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'odoo-worker'";
    let sessions: i64 = sqlx::query(count).fetch_one(&mut watcher).await?.try_get(0)?;
    assert!(sessions >= 2, "{sessions}");
    block.release().await?;

    postgres.kill();
    assert!(postgres.connection(Role::Super, "postgres").await.is_err(), "killed, and answers");
    postgres.start_again().await?;
    assert_eq!(
        (postgres.port(), databases(&postgres, Role::Console).await?.len()),
        (port, all.len())
    );

    postgres.freeze();
    let silence =
        tokio::time::timeout(Duration::from_millis(300), databases(&postgres, Role::Console)).await;
    assert!(silence.is_err(), "a frozen server may not answer");
    postgres.thaw();
    databases(&postgres, Role::Console).await?;
    postgres.stop().await;
    assert!(postgres.connection(Role::Super, "postgres").await.is_err(), "stopped, and answers");
    postgres.start_again().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pgbouncer_pools_lets_look_and_comes_back() -> Outcome {
    let postgres = Postgres::start().await?;
    postgres.fill(2).await?;
    let options = PgBouncerOptions { pool_size: 1, ..PgBouncerOptions::default() };
    let mut pgbouncer = PgBouncer::start_with(&postgres, options).await?;
    let _load: Load = pgbouncer.load(5);
    let queue = tokio::time::timeout(Duration::from_secs(10), async {
        while waiting(&pgbouncer).await.unwrap_or(0) == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(queue.await.is_ok(), "nobody waits for the only connection");

    let look: sqlx::postgres::PgConnectOptions = pgbouncer.url().parse()?;
    let mut look = look.password(&pgbouncer.password()).connect().await?;
    let pause = sqlx::raw_sql("PAUSE").execute(&mut look).await;
    assert!(pause.is_err(), "one who may look may pause");
    pgbouncer.admin(&format!("PAUSE \"{}\"", database_name(1))).await?;
    pgbouncer.admin(&format!("RESUME \"{}\"", database_name(1))).await?;

    pgbouncer.kill();
    assert!(waiting(&pgbouncer).await.is_err(), "killed, and answers");
    pgbouncer.start_again().await?;
    waiting(&pgbouncer).await?;
    pgbouncer.stop().await;
    Ok(())
}

/// Clients that wait, over all pools.
async fn waiting(pgbouncer: &PgBouncer) -> Result<i64, PlatformError> {
    let look: sqlx::postgres::PgConnectOptions = pgbouncer.url().parse()?;
    let mut look = look.password(&pgbouncer.password()).connect().await?;
    let rows = sqlx::raw_sql("SHOW POOLS").fetch_all(&mut look).await?;
    let mut sum = 0;
    for row in rows {
        sum += row.try_get_unchecked::<i32, _>("cl_waiting").map_or(0, i64::from);
    }
    Ok(sum)
}

/// The dumps and filestores of one tenant, the newest first, without the insurance.
async fn backups(objects: &Objects, index: usize) -> Result<Vec<ObjectMeta>, PlatformError> {
    let prefix = Path::from(client_name(index));
    let listed = objects.store(BACKUPS)?.list_with_delimiter(Some(&prefix)).await?;
    let mut found = listed.objects;
    found.sort_by_key(|object| std::cmp::Reverse(object.last_modified));
    Ok(found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buckets_hold_ninety_days_and_every_defect() -> Outcome {
    let mut objects = Objects::start().await?;
    let now = usual_moment();
    objects.fill(20, now)?;
    let dumps = |all: &[ObjectMeta]| -> Vec<ObjectMeta> {
        all.iter().filter(|one| one.location.as_ref().contains("/backup-")).cloned().collect()
    };

    let pro = backups(&objects, 6).await?;
    assert_eq!((pro.len(), backups(&objects, 0).await?.len()), (180, 60), "by the tier");
    let newest = dumps(&pro)[0].clone();
    assert!(now - newest.last_modified < chrono::Duration::hours(26), "{newest:?}");
    let head = objects.store(BACKUPS)?.head(&newest.location).await?;
    assert_eq!((head.size, head.last_modified), (newest.size, newest.last_modified));

    let late = dumps(&backups(&objects, LATE_BACKUP).await?)[0].last_modified;
    assert_eq!((now - late).num_hours(), 31);
    let half = backups(&objects, HALF_BACKUP).await?;
    assert_eq!(half.len() % 2, 1, "the newest has its filestore");
    let small = dumps(&backups(&objects, SMALL_BACKUP).await?);
    assert!(small[0].size * 20 < small[1].size);
    assert_eq!(dumps(&backups(&objects, EMPTY_BACKUP).await?)[0].size, 0);
    for index in WITHOUT_BACKUP {
        assert!(backups(&objects, index).await?.is_empty(), "{index}");
    }
    let prefixes = objects.store(BACKUPS)?.list_with_delimiter(None).await?.common_prefixes;
    for folder in ["perelik", "platform"] {
        assert!(prefixes.iter().any(|prefix| prefix.as_ref() == folder), "{folder}");
    }
    // More than a thousand come in pages.
    let all: Vec<ObjectMeta> = objects.store(BACKUPS)?.list(None).try_collect().await?;
    assert!(all.len() > 1_500, "{}", all.len());
    assert!(all.iter().any(|one| one.location.as_ref().contains("/insurance/")));
    let seeds: Vec<ObjectMeta> = objects.store(TEMPLATES)?.list(None).try_collect().await?;
    assert_eq!(seeds.len(), 18);

    objects.kill();
    assert!(backups(&objects, 0).await.is_err(), "killed, and answers");
    objects.start_again().await?;
    assert_eq!(backups(&objects, 0).await?.len(), 60);
    objects.stop().await;
    Ok(())
}
