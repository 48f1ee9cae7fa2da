//! The feed of the event stream against a real Valkey.
#![cfg(feature = "real-servers")]

mod platform;
mod valkey_watch;

use platform::{PlatformError, Valkey};
use pulse_console::domain::{Fact, Gap, GapCause, Missed, TroubleKind};
use pulse_console::live::valkey::Options;
use redis::aio::MultiplexedConnection;
use valkey_watch::{Watch, add, ascends, now, numbers, run, subject};

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

#[tokio::test]
async fn a_restart_that_loses_all_is_a_reset_and_the_feed_goes_on() -> Result<(), PlatformError> {
    let mut server = Valkey::start().await?;
    add(&mut server.connection().await?, STREAM, 0..50).await;
    let mut watch = Watch::start(Options::new(server.url()));
    watch.until("a sign of life", Watch::is_alive).await;

    server.kill();
    watch.until("the trouble", |watch| !watch.troubles().is_empty()).await;
    let attempts = watch.facts.len();
    server.start_again().await?;
    let up = now();
    watch.until("the reset", |watch| !watch.gaps().is_empty()).await;
    println!("recovered {} ms after the server answered again", now() - up);
    let last = watch.entries().last().map(|entry| entry.id);
    let gap = Gap { after: last, before: None, missed: Missed::Some, cause: GapCause::Reset };
    assert_eq!(watch.gaps(), [gap]);
    assert!(watch.facts.len() - attempts <= 4, "each reason is told once: {:?}", watch.troubles());

    add(&mut server.connection().await?, STREAM, 50..60).await;
    watch.until("the new events", |watch| watch.entries().len() == 60).await;
    assert_eq!(numbers(&watch.entries()), (0..60).collect::<Vec<_>>());
    assert!(ascends(&watch.entries()));
    assert_eq!(watch.gaps().len(), 1);
    assert_eq!(watch.count(|fact| *fact == Fact::RelistBegun), 1);
    Ok(())
}

#[tokio::test]
async fn what_is_trimmed_between_two_runs_is_counted() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        cursor_file: Some(folder.path().join("cursor.json")),
        ..Options::new(server.url())
    };
    let mut connection = server.connection().await?;
    add(&mut connection, STREAM, 0..100).await;
    let mut watch = Watch::start(options.clone());
    watch.until("a sign of life", Watch::is_alive).await;
    assert_eq!(watch.left_at(), None);
    let left = watch.entries().last().expect("entries").id;
    watch.close().await;

    // Nothing happened: the place is told, and nothing is missing.
    let mut watch = Watch::start(options.clone());
    watch.until("a sign of life", Watch::is_alive).await;
    assert_eq!((watch.left_at(), watch.gaps()), (Some(left), vec![]));
    watch.close().await;

    add(&mut connection, STREAM, 100..1_100).await;
    run(&mut connection, "XTRIM PLANA:events MAXLEN = 300").await;
    let mut watch = Watch::start(options.clone());
    watch
        .until("all that is there", |watch| watch.entries().len() + watch.older().len() == 300)
        .await;
    assert_eq!(watch.left_at(), Some(left));
    let gaps = watch.gaps();
    let first = watch.older().iter().map(|entry| entry.id).min();
    let gap = Gap {
        after: Some(left),
        before: first,
        missed: Missed::Exactly(700),
        cause: GapCause::Trimmed,
    };
    assert_eq!(gaps, [gap]);
    watch.until("a sign of life", Watch::is_alive).await;
    watch.close().await;

    // Deleted in the middle: found when history reaches the place.
    add(&mut connection, STREAM, 1_100..1_300).await;
    let ids: Vec<String> = redis::cmd("XREVRANGE")
        .arg(&[STREAM, "+", "-", "COUNT", "150"])
        .query_async::<Vec<(String, Vec<String>)>>(&mut connection)
        .await?
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    redis::cmd("XDEL").arg(STREAM).arg(&ids[100..107]).query_async::<()>(&mut connection).await?;
    let mut watch = Watch::start(options);
    watch.until("the gap", |watch| !watch.gaps().is_empty()).await;
    assert_eq!(watch.gaps()[0].missed, Missed::Exactly(7));
    assert_eq!(watch.gaps()[0].after, watch.left_at());
    Ok(())
}

#[tokio::test]
async fn what_is_trimmed_while_the_link_is_cut_is_counted() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    add(&mut connection, STREAM, 0..10).await;
    let mut watch = Watch::start(Options::new(server.url()));
    watch.until("a sign of life", Watch::is_alive).await;

    // One transaction: the feed is thrown out, and the stream has moved on before it is back.
    let mut pipe = redis::pipe();
    pipe.atomic().cmd("CLIENT").arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"]).ignore();
    for number in 0..1_000 {
        let json = format!(r#"{{"type":"t","subject":"{number}"}}"#);
        pipe.cmd("XADD").arg(STREAM).arg(&["MAXLEN", "=", "40", "*", "event"]).arg(json).ignore();
    }
    pipe.query_async::<()>(&mut connection).await?;
    watch.until("what is left", |watch| watch.entries().len() == 50).await;
    let entries = watch.entries();
    let gap = Gap {
        after: Some(entries[9].id),
        before: Some(entries[10].id),
        missed: Missed::Exactly(960),
        cause: GapCause::Trimmed,
    };
    assert_eq!(watch.gaps(), [gap]);
    let at = watch.facts.iter().position(|fact| matches!(fact, Fact::Gap(_)));
    assert!(
        at.is_some_and(
            |at| matches!(&watch.facts[at + 1], Fact::Entries(e) if e[0] == entries[10])
        )
    );
    Ok(())
}

#[tokio::test]
async fn a_stream_that_is_removed_and_made_again_on_the_same_link_is_a_reset()
-> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    add(&mut connection, STREAM, 0..30).await;
    let mut watch = Watch::start(Options::new(server.url()));
    watch.until("a sign of life", Watch::is_alive).await;
    run(&mut connection, "DEL PLANA:events").await;
    add(&mut connection, STREAM, 30..35).await;
    let is_told = |watch: &Watch| !watch.gaps().is_empty() && watch.entries().len() == 35;
    watch.until("the reset", is_told).await;
    let entries = watch.entries();
    let gap = Gap {
        after: Some(entries[29].id),
        before: Some(entries[30].id),
        missed: Missed::Some,
        cause: GapCause::Reset,
    };
    assert_eq!(watch.gaps(), [gap]);
    assert_eq!(numbers(&entries), (0..35).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn ids_that_went_back_are_listed_anew() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    add(&mut connection, STREAM, 0..30).await;
    let mut watch = Watch::start(Options::new(server.url()));
    watch.until("a sign of life", Watch::is_alive).await;
    run(&mut connection, "DEL PLANA:events").await;
    run(&mut connection, r#"XADD PLANA:events 5-0 event {"type":"t","subject":"77"}"#).await;
    watch.until("a new listing", |watch| watch.count(|fact| *fact == Fact::RelistEnded) == 2).await;
    let begun = watch.facts.iter().rposition(|fact| *fact == Fact::RelistBegun).expect("a listing");
    assert!(matches!(&watch.facts[begun + 1], Fact::Gap(gap) if gap.cause == GapCause::Reset));
    assert!(matches!(&watch.facts[begun + 2], Fact::Entries(entries) if numbers(entries) == [77]));
    Ok(())
}

/// A server that takes what it is sent and answers nothing.
#[tokio::test]
async fn a_link_that_hangs_is_noticed_and_made_anew() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    add(&mut server.connection().await?, STREAM, 0..5).await;
    let mut watch = Watch::start(Options::new(server.url()));
    watch.until("a sign of life", Watch::is_alive).await;
    server.freeze();
    let frozen = now();
    watch.until("the trouble", |watch| !watch.troubles().is_empty()).await;
    println!("noticed {} ms after the server hung", now() - frozen);
    assert_eq!(watch.troubles()[0].kind, TroubleKind::Slow);
    server.thaw();
    let thawed = now();
    add(&mut server.connection().await?, STREAM, 5..8).await;
    watch.until("the new events", |watch| watch.entries().len() == 8).await;
    println!("recovered {} ms after it went on", now() - thawed);
    assert_eq!(watch.gaps(), []);
    Ok(())
}

/// Adds an event as it is.
async fn add_raw(
    connection: &mut MultiplexedConnection,
    value: &[u8],
) -> Result<(), PlatformError> {
    let mut command = redis::cmd("XADD");
    command.arg(STREAM).arg("*").arg("event").arg(value);
    Ok(command.query_async(connection).await?)
}

/// An event with `megabytes` of data.
fn large(subject: &str, megabytes: usize) -> Vec<u8> {
    let data = "y".repeat(megabytes * 1024 * 1024);
    format!(r#"{{"type":"t","subject":"{subject}","data":{{"x":"{data}"}}}}"#).into_bytes()
}

#[tokio::test]
async fn any_event_is_told_whatever_it_holds() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    let deep = format!(r#"{{"type":"t","subject":"deep","data":{}}}"#, "[".repeat(100_000));
    let hostile = br#"{"type":"t","subject":"\u001b[2Jacme\u202e"}"#;
    let no_json = b"not json at all \x1b]52;c;AAAA\x07";
    let no_text = b"{\"type\":\"t\",\"subject\":\"\xff\xfe\"}";
    let whole = large("large", 1);
    for value in [&hostile[..], no_json, no_text, &whole, deep.as_bytes(), b""] {
        add_raw(&mut connection, value).await?;
    }
    let mut watch = Watch::start(Options::new(server.url()));
    watch.until("all of them", |watch| watch.entries().len() == 6).await;
    let entries = watch.entries();
    for (entry, expected) in entries.iter().zip([
        "␛[2Jacme<U+202E>",
        "The event is not valid JSON",
        "\u{fffd}\u{fffd}",
        "large",
        "The event is not valid JSON",
        "The event is not valid JSON",
    ]) {
        assert!(subject(entry).starts_with(expected), "{} for {expected}", subject(entry));
    }
    assert_eq!(entries[3].bytes, whole.len() as u64 + 5);
    assert_eq!(entries[3].raw.raw().len(), 1024 * 1024);
    Ok(())
}

#[tokio::test]
async fn large_events_are_read_in_small_answers() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    for number in 0..100 {
        add_raw(&mut connection, &large(&number.to_string(), 1)).await?;
    }
    let mut watch = Watch::start(Options::new(server.url()));
    watch.until("the history", |watch| watch.entries().len() + watch.older().len() == 100).await;
    for number in 100..120 {
        add_raw(&mut connection, &large(&number.to_string(), 1)).await?;
    }
    watch.until("the tail", |watch| watch.entries().len() == 64 + 20).await;
    let pages = watch.facts.iter().filter_map(|fact| match fact {
        Fact::Older(page) => Some(page.len()),
        _ => None,
    });
    assert_eq!(pages.max(), Some(7), "after the first answer, at most 8 MiB");
    assert_eq!(numbers(&watch.entries()), (36..120).collect::<Vec<_>>());
    assert_eq!((watch.gaps(), watch.troubles()), (vec![], vec![]));
    Ok(())
}
