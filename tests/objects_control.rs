//! Single backups of a real S3 server, looked at as operations ask for it.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod hands;
mod platform;

use chrono::{DateTime, TimeDelta, Utc};
use hands::{Console, guarded, text};
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};
use platform::{BACKUPS, Object, Objects, PlatformError, REGION, usual_moment};
use pulse_console::domain::TroubleKind;
use pulse_console::domain::operation::{BackupSeen, Query, Seen};

type Outcome = Result<(), PlatformError>;

fn console(server: &Objects, bucket: &str) -> Console {
    Console::new([
        ("objects.endpoint", server.url()),
        ("objects.region", REGION.to_owned()),
        ("objects.bucket", bucket.to_owned()),
        ("objects.access_key", server.access_key().to_owned()),
        ("objects.secret_key", server.secret_key().to_owned()),
    ])
}

fn of(key: &str) -> Query {
    Query::Backup { key: text(key) }
}

async fn backup(console: &Console, key: &str) -> BackupSeen {
    match console.look(&of(key)).await {
        Seen::Backup(seen) => seen,
        other => panic!("{key}: {other:?}"),
    }
}

async fn put(server: &Objects, key: &str, content: &'static [u8]) -> Outcome {
    let store = server.store(BACKUPS)?;
    store.put(&Path::from(key), PutPayload::from_static(content)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_known_by_its_tag_and_its_first_bytes() -> Outcome {
    let mut server = Objects::start().await?;
    let console = console(&server, BACKUPS);
    let key = "acme/2026-05-29T02:00:00Z/acme.planapulse.app.dump";
    assert_eq!(console.look(&of(key)).await, Seen::Absent);
    put(&server, key, b"PGDMP\x01\x0e\x00 and much more of it").await?;
    let first = backup(&console, key).await;
    assert_eq!((first.key.as_str(), first.bytes), (key, 28));
    assert_eq!(first.head.as_deref(), Some(b"PGDMP\x01\x0e\x00 and muc".as_slice()));
    assert!(!first.etag.is_empty() && !first.etag.as_str().contains('"'), "{first:?}");
    assert_eq!(backup(&console, key).await, first);
    // Another in its place is another.
    put(&server, key, b"PGDMP\x01\x0e\x00 and much more of it!").await?;
    let second = backup(&console, key).await;
    assert_ne!(second.etag, first.etag);
    put(&server, "acme/short", b"hi").await?;
    assert_eq!(backup(&console, "acme/short").await.head.as_deref(), Some(b"hi".as_slice()));
    put(&server, "acme/empty", b"").await?;
    assert_eq!(backup(&console, "acme/empty").await.head.as_deref(), Some([].as_slice()));
    assert_eq!(console.look(&of("acme/other")).await, Seen::Absent);
    assert_eq!(console.look(&of("../other/secret")).await, Seen::Absent);

    let elsewhere = self::console(&server, "no-such-bucket");
    let missing = guarded(elsewhere.control.look(&of(key))).await.expect_err("no bucket");
    assert!(missing.to_string().contains("no such bucket"), "{missing}");
    let wrong = Console::new([
        ("objects.endpoint", server.url()),
        ("objects.region", REGION.to_owned()),
        ("objects.bucket", BACKUPS.to_owned()),
        ("objects.access_key", server.access_key().to_owned()),
        ("objects.secret_key", "wrong".to_owned()),
    ]);
    let refused = guarded(wrong.control.look(&of(key))).await.expect_err("a wrong key");
    assert_eq!(refused.kind, TroubleKind::Unauthenticated, "{refused}");
    server.stop().await;
    let away = guarded(console.control.look(&of(key))).await.expect_err("it is away");
    assert_eq!(away.kind, TroubleKind::Unreachable, "{away}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_below_a_prefix_come_newest_last_and_bounded() -> Outcome {
    let server = Objects::start().await?;
    let console = console(&server, BACKUPS);
    let moment: DateTime<Utc> = usual_moment();
    let object = |number: i64| Object {
        // Their names say nothing of their order.
        key: format!("acme/{:04}.dump", (number * 7) % 2_500),
        size: 100,
        at: moment + TimeDelta::minutes(number),
    };
    let all: Vec<Object> = (0..2_500).map(object).collect();
    server.put_bare(BACKUPS, &all)?;
    server.put(BACKUPS, &Object { key: "rila/1.dump".into(), size: 5, at: moment })?;
    let below = |prefix: &str| Query::Backups { prefix: text(prefix) };
    let Seen::Backups(seen) = console.look(&below("acme/")).await else { panic!("a listing") };
    assert_eq!(seen.len(), 2_000);
    let keys: Vec<&str> = seen.iter().map(|backup| backup.key.as_str()).collect();
    let newest: Vec<&str> = all[500..].iter().map(|object| object.key.as_str()).collect();
    assert_eq!(keys, newest);
    assert!(seen.iter().all(|backup| backup.head.is_none() && backup.bytes == 100));
    assert_eq!(console.look(&below("nobody/")).await, Seen::Backups(Vec::new()));
    Ok(())
}
