//! The bucket of 2 000 tenants with 90 nights: how long listing it takes, how much memory, and how a start from what was
//! kept is.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, reason = "a test says what it expects")]

mod objects;
mod platform;

use std::fs;
use std::path::Path;

use chrono::Utc;
use objects::{Machine, Watch, options};
use platform::{Objects, PlatformError, client_name};
use pulse_console::domain::{Fact, FeedId, Health};
use pulse_console::live::objects::Options;
use pulse_console::platform::Clock as _;
use pulse_console::store::Freshness;

const MIB: u64 = 1 << 20;

/// Bytes of this process in memory; none where the system doesn't say.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

async fn filled(tenants: usize, days: u32) -> Result<Objects, PlatformError> {
    let server = Objects::start().await?;
    #[expect(clippy::disallowed_methods, reason = "the server's files are as old as they say")]
    server.fill_many(tenants, days, Utc::now())?;
    Ok(server)
}

fn kept(server: &Objects, path: &Path) -> Options {
    Options { kept: Some(path.to_owned()), ..options(server) }
}

#[tokio::test]
async fn what_was_seen_is_kept_warm_and_dated() -> Result<(), PlatformError> {
    let mut server = filled(40, 12).await?;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("backups").join("kept.jsonl");
    let mut watch = Watch::start(kept(&server, &path));
    watch.until("a listing", Watch::is_listed).await;
    while !path.exists() {
        tokio::task::yield_now().await;
    }
    watch.close();

    // The server is away: what was seen is there with its age, and judged as of then.
    server.kill();
    let mut watch = Watch::start(kept(&server, &path));
    watch.clients(40);
    watch
        .until("trouble", |watch| {
            watch.trouble().is_some_and(|why| why.what.as_str().contains("refused"))
        })
        .await;
    assert_eq!(watch.store.objects().shelves.len(), 40);
    let freshness = &watch.store.feeds().get(FeedId::Backups).freshness;
    assert!(matches!(freshness, Freshness::Stale(..)), "{freshness:?}");
    let verdict = watch.verdict(&client_name(3)).expect("a verdict");
    assert_eq!(verdict.health, Health::Healthy);

    // It is back: what is gone goes, and only then is it fresh.
    server.start_again().await?;
    watch.until("a listing", Watch::is_listed).await;
    let ends = watch
        .told
        .iter()
        .filter(|(feed, _, fact)| *feed == FeedId::Backups && *fact == Fact::RelistEnded);
    assert_eq!(ends.count(), 2, "one remembered, one read");
    let fresh_early = watch.told.iter().take_while(|(_, _, fact)| *fact != Fact::RelistEnded);
    assert!(
        !fresh_early
            .into_iter()
            .any(|(feed, _, fact)| { *feed == FeedId::Backups && *fact == Fact::Alive })
    );
    watch.close();

    // A file that is broken, cut, of another bucket or no file of ours is read as nothing.
    let whole = fs::read_to_string(&path).expect("the file");
    let cut = whole.lines().take(20).collect::<Vec<_>>().join("\n");
    let broken = [
        whole.replace("\"version\":1", "\"version\":9"),
        cut,
        "\u{1b}[2J{".to_owned(),
        String::new(),
    ];
    for (number, broken) in broken.into_iter().enumerate() {
        let path = folder.path().join(format!("broken-{number}.jsonl"));
        fs::write(&path, broken).expect("the file");
        let mut watch = Watch::start(kept(&server, &path));
        watch.until("a listing", Watch::is_listed).await;
        let (_, _, first) =
            watch.told.iter().find(|(feed, ..)| *feed == FeedId::Backups).expect("a word");
        assert_eq!(*first, Fact::Alive, "nothing was remembered");
        watch.close();
    }
    Ok(())
}

#[tokio::test]
async fn three_hundred_and_sixty_thousand_objects() -> Result<(), PlatformError> {
    let server = filled(2_000, 90).await?;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kept.jsonl");
    let before = resident();
    let begun = Machine.now();
    let mut watch = Watch::start(kept(&server, &path));
    watch.clients(2_000);
    watch.until("the first shelf", |watch| !watch.shelves.is_empty()).await;
    let first = Machine.now().since(begun);
    watch.until("a listing", Watch::is_listed).await;
    let listed = Machine.now().since(begun);
    let grown = resident().zip(before).map(|(now, before)| now.saturating_sub(before));
    let bucket =
        watch.store.objects().buckets.iter().find_map(|(_, held)| {
            (held.object.name == platform::BACKUPS).then(|| held.object.clone())
        });
    let bucket = bucket.expect("the bucket");
    assert_eq!((bucket.objects, bucket.progress), (360_000, None));
    assert!(watch.missing().is_empty());
    while !path.exists() {
        tokio::task::yield_now().await;
    }
    let size = fs::metadata(&path).expect("the file").len();
    watch.close();

    let begun = Machine.now();
    let mut watch = Watch::start(kept(&server, &path));
    watch.until("what was kept", |watch| watch.shelves.len() >= 2_000).await;
    let warm = Machine.now().since(begun);
    println!(
        "360 000 objects: first {first}, all {listed} ({} ms); memory grew by {:?} MiB to {:?} MiB; kept in {} KiB, \
         warm again after {} ms",
        listed.ms(),
        grown.map(|bytes| bytes / MIB),
        resident().map(|bytes| bytes / MIB),
        size >> 10,
        warm.ms()
    );
    assert!(resident().is_none_or(|bytes| bytes < 150 * MIB), "{:?}", resident());
    Ok(())
}
