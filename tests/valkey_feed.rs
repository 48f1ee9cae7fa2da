//! The feed of the event stream against a real Valkey.
#![cfg(feature = "real-servers")]

mod platform;
mod valkey_watch;

use platform::{PlatformError, Valkey};
use pulse_console::domain::Fact;
use pulse_console::live::valkey::Options;
use valkey_watch::{Watch, add, ascends, numbers};

const STREAM: &str = "PLANA:events";

#[tokio::test]
async fn history_and_the_tail_meet_without_a_seam() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    add(&mut connection, STREAM, 0..3_000).await;

    let mut watch = Watch::start(Options { history: 2_000, ..Options::new(server.url()) });
    watch.until("a listing", Watch::is_listed).await;
    add(&mut connection, STREAM, 3_000..3_700).await;
    watch.until("the tail", |watch| watch.entries().len() == 64 + 700).await;
    watch.until("the history", |watch| watch.older().len() == 2_000 - 64).await;

    assert_eq!(numbers(&watch.entries()), (2_936..3_700).collect::<Vec<_>>());
    let mut older = watch.older();
    older.sort_by_key(|entry| entry.id);
    assert_eq!(numbers(&older), (1_000..2_936).collect::<Vec<_>>());
    for fact in &watch.facts {
        if let Fact::Older(page) = fact {
            assert!(ascends(page));
        }
    }
    assert_eq!(watch.gaps(), []);
    watch.close().await;
    Ok(())
}

#[tokio::test]
async fn a_stream_that_does_not_exist_yet_is_followed_when_it_does() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut watch = Watch::start(Options::new(server.url()));
    watch.until("a sign of life", Watch::is_alive).await;
    assert_eq!(watch.facts[..2], [Fact::RelistBegun, Fact::RelistEnded]);

    add(&mut server.connection().await?, STREAM, 0..10).await;
    watch.until("the events", |watch| watch.entries().len() == 10).await;
    watch.until("another sign of life", |watch| watch.count(|fact| *fact == Fact::Alive) > 1).await;
    assert_eq!(numbers(&watch.entries()), (0..10).collect::<Vec<_>>());
    assert_eq!(watch.gaps(), []);
    Ok(())
}
