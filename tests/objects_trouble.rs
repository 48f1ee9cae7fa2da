//! The feed of the object store when the server is away, slow, wrong or says no: it says so in time, and goes on by itself.
#![cfg(feature = "real-servers")]
#![expect(clippy::expect_used, reason = "a test says what it expects")]
#![expect(clippy::print_stdout, reason = "how long it took is a figure for the documents")]

mod objects;
mod platform;

use std::time::Duration;

use chrono::Utc;
use objects::{Machine, Watch, options};
use platform::{Answer, BACKUPS, Objects, PlatformError, Proxy, Scripted, client_name};
use pulse_console::domain::{Span, Timestamp, TroubleKind};
use pulse_console::live::objects::{Keys, Options};
use pulse_console::platform::Clock as _;

const TENANTS: usize = 12;
/// The operator must know by then.
const KNOWN_WITHIN: Span = Span::from_secs(5);

async fn filled() -> Result<Objects, PlatformError> {
    let server = Objects::start().await?;
    #[expect(clippy::disallowed_methods, reason = "the server's files are as old as they say")]
    server.fill(TENANTS, Utc::now())?;
    Ok(server)
}

/// The address of `proxy`.
fn through(proxy: &Proxy) -> String {
    format!("http://127.0.0.1:{}", proxy.port())
}

/// Waits for trouble of `kind` whose sentence has `words`; prints how long that took since `since`, and checks it.
async fn trouble(watch: &mut Watch, since: Timestamp, kind: TroubleKind, words: &str) {
    let is = |watch: &Watch| watch.trouble().is_some_and(|why| why.kind == kind);
    watch.until(&format!("trouble {kind:?}"), is).await;
    let took = Machine.now().since(since);
    let why = watch.trouble().expect("trouble");
    println!("{} ms: {why}", took.ms());
    assert!(why.to_string().contains(words), "{why}");
    assert!(!why.remedy.is_empty(), "{why}");
    assert!(took <= KNOWN_WITHIN, "said after {took}");
}

#[tokio::test]
async fn a_server_that_is_killed_is_missed_and_found_again() -> Result<(), PlatformError> {
    let mut server = filled().await?;
    let mut watch = Watch::start(options(&server));
    watch.until("a listing", Watch::is_listed).await;
    let killed = Machine.now();
    server.kill();
    trouble(&mut watch, killed, TroubleKind::Unreachable, "refused").await;
    let shelves = watch.store.objects().shelves.len();
    server.start_again().await?;
    let up = Machine.now();
    watch.until("it is back", Watch::is_live).await;
    println!("back after {} ms", Machine.now().since(up).ms());
    assert_eq!(watch.store.objects().shelves.len(), shelves);
    assert!(Machine.now().since(up) <= KNOWN_WITHIN);
    Ok(())
}

#[tokio::test]
async fn a_server_that_hangs_is_said_to_be_slow_and_waited_for() -> Result<(), PlatformError> {
    let server = filled().await?;
    let proxy = Proxy::start(server.port()).await?;
    let mut watch = Watch::start(Options { endpoint: through(&proxy), ..options(&server) });
    watch.until("a listing", Watch::is_listed).await;
    let slow = Machine.now();
    proxy.hold(Duration::from_secs(5));
    trouble(&mut watch, slow, TroubleKind::Slow, "no answer").await;
    // Answers of five seconds are answers.
    watch.until("an answer", Watch::is_live).await;
    proxy.mend();
    watch.close();

    // From the start on, and everything is listed in the end.
    proxy.hold(Duration::from_secs(5));
    let begun = Machine.now();
    let mut watch = Watch::start(Options { endpoint: through(&proxy), ..options(&server) });
    trouble(&mut watch, begun, TroubleKind::Slow, "no answer").await;
    proxy.mend();
    watch.until("a listing", Watch::is_listed).await;
    assert!(watch.verdict(&client_name(0)).is_some());
    Ok(())
}

#[tokio::test]
async fn a_listing_that_is_cut_goes_on() -> Result<(), PlatformError> {
    let mut server = filled().await?;
    let proxy = Proxy::start(server.port()).await?;
    proxy.hold(Duration::from_millis(300));
    let mut watch = Watch::start(Options { endpoint: through(&proxy), ..options(&server) });
    watch.until("some of it", |watch| watch.shelves.len() >= 3).await;
    server.kill();
    watch.until("trouble", |watch| watch.trouble().is_some()).await;
    let before = watch.shelves.len();
    server.start_again().await?;
    proxy.mend();
    watch.until("a listing", Watch::is_listed).await;
    let told = watch.shelves.len();
    let there = watch.store.objects().shelves.len();
    assert!(told >= there && told <= there + before.min(2), "{told} told of {there}");
    Ok(())
}

#[tokio::test]
async fn every_refusal_is_a_sentence_of_its_own() -> Result<(), PlatformError> {
    let server = filled().await?;
    let keys = |access: &str, secret: &str| {
        let (access, secret) = (access.to_owned().into(), secret.to_owned().into());
        Some(Keys { access, secret })
    };
    let good = options(&server);
    let cases = [
        (
            Options { keys: keys("nobody", server.secret_key()), ..good.clone() },
            [TroubleKind::Unauthenticated, TroubleKind::Denied],
            "key",
        ),
        (
            Options { keys: keys(server.access_key(), "wrong"), ..good.clone() },
            [TroubleKind::Unauthenticated; 2],
            "objects.secret_key",
        ),
        (
            Options { keys: None, ..good.clone() },
            [TroubleKind::Denied, TroubleKind::Unauthenticated],
            "key",
        ),
        (
            Options { bucket: "plana-pulse-backup".to_owned(), ..good.clone() },
            [TroubleKind::Config; 2],
            "objects.bucket",
        ),
    ];
    for (options, kinds, words) in cases {
        let begun = Machine.now();
        let mut watch = Watch::start(options);
        watch.until("trouble", |watch| watch.trouble().is_some()).await;
        let why = watch.trouble().expect("trouble").clone();
        println!("{} ms: {why}", Machine.now().since(begun).ms());
        assert!(kinds.contains(&why.kind), "{why:?}");
        assert!(why.to_string().contains(words), "{why}");
        assert!(Machine.now().since(begun) <= KNOWN_WITHIN);
        watch.close();
    }
    Ok(())
}

#[tokio::test]
async fn what_is_no_listing_is_never_an_empty_bucket() -> Result<(), PlatformError> {
    let server = filled().await?;
    let wrong = Scripted::start(Answer::html()).await?;
    let xml = |status, code: &str| {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
        Answer::Http(status, "application/xml", body)
    };
    let cases = [
        (Answer::html(), TroubleKind::Protocol, "text/html"),
        (Answer::json("{}"), TroubleKind::Protocol, "application/json"),
        (Answer::status(403), TroubleKind::Denied, "s3:ListBucket"),
        (xml(403, "AccessDenied"), TroubleKind::Denied, "s3:ListBucket"),
        (xml(403, "RequestTimeTooSkewed"), TroubleKind::Config, "clock"),
        (xml(503, "SlowDown"), TroubleKind::Server, "patience"),
        (Answer::status(500), TroubleKind::Server, "500"),
        (Answer::Bytes(b"SSH-2.0-x\r\n".to_vec()), TroubleKind::Unreachable, ""),
        (Answer::Close, TroubleKind::Unreachable, ""),
        (Answer::Silence, TroubleKind::Slow, "no answer"),
    ];
    for (answer, kind, words) in cases {
        wrong.say(answer, Duration::ZERO);
        let begun = Machine.now();
        let mut watch = Watch::start(Options { endpoint: wrong.url(), ..options(&server) });
        trouble(&mut watch, begun, kind, words).await;
        assert!(!watch.is_live() && watch.store.objects().shelves.is_empty());
        watch.close();
    }
    Ok(())
}

#[tokio::test]
async fn templates_that_are_not_there_hide_no_backup() -> Result<(), PlatformError> {
    let server = filled().await?;
    let templates_bucket = Some("no-such-bucket".to_owned());
    let mut watch = Watch::start(Options { templates_bucket, ..options(&server) });
    watch.until("a listing", Watch::is_listed).await;
    let buckets = &watch.store.objects().buckets;
    let (_, held) = buckets
        .iter()
        .find(|(_, held)| held.object.name != BACKUPS)
        .expect("the bucket of templates");
    let why = held.object.trouble.clone().expect("trouble");
    assert!(why.to_string().contains("objects.templates_bucket"), "{why}");
    Ok(())
}

#[tokio::test]
async fn a_listing_without_a_field_is_no_listing_until_it_has_it() -> Result<(), PlatformError> {
    let server = filled().await?;
    let proxy = Proxy::start(server.port()).await?;
    let mut watch = Watch::start(Options { endpoint: through(&proxy), ..options(&server) });
    watch.until("a listing", Watch::is_listed).await;
    let shelves = watch.store.objects().shelves.len();
    proxy.reword("LastModified>", "LastModifiez>");
    let mut begins = Watch::start(Options { endpoint: through(&proxy), ..options(&server) });
    trouble(&mut begins, Machine.now(), TroubleKind::Protocol, "LastModified").await;
    assert!(begins.store.objects().shelves.is_empty());
    proxy.mend();
    begins.until("a listing", Watch::is_listed).await;
    assert_eq!(begins.store.objects().shelves.len(), shelves);
    Ok(())
}
