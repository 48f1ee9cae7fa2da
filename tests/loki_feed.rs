//! The feed of the open log against a server that speaks Loki's protocol.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::needless_for_each,
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "a test says what it expects"
)]

mod journey;
mod live_watch;
mod platform;

use std::time::Duration;

use journey::Journey;
use live_watch::{Machine, Watch, settings, url};
use platform::{Answer, Loki, LokiOptions, PlatformError, Proxy, Scripted};
use pulse_console::config::Settings;
use pulse_console::domain::{Fact, FeedId, LogSource, Status, TroubleKind};
use pulse_console::platform::Clock as _;

const FEED: FeedId = FeedId::Audit;
const TOLD_WITHIN: Duration = Duration::from_secs(5);
const AUDIT: [(&str, &str); 1] = [("namespace", "audit-webhook")];

fn at(address: &str) -> Settings {
    let mut settings = settings();
    settings.loki.url.value = url(address);
    settings
}

/// The question of the settings, about one name.
fn audit(settings: &Settings, name: &str) -> LogSource {
    LogSource::loki(&settings.loki.audit.value, [name])
}

/// Lines of audit records, a microsecond apart, the last of them now.
fn records(name: &str, numbers: std::ops::Range<i64>) -> Vec<(i64, String)> {
    let now = Machine.now().ms() * 1_000_000;
    let end = numbers.end;
    let line = |number| {
        let record = format!(r#"{{"action":"UPDATE","name":"{name}","number":{number}}}"#);
        (now - (end - number) * 1_000, record)
    };
    numbers.map(line).collect()
}

fn words(records: &[(i64, String)]) -> Vec<String> {
    records.iter().map(|(_, line)| line.clone()).collect()
}

fn in_trouble(watch: &Watch, kind: TroubleKind) -> bool {
    watch.trouble(FEED).is_some_and(|why| why.kind == kind)
}

#[tokio::test]
async fn the_open_log_is_read_and_followed() -> Result<(), PlatformError> {
    let server = Loki::start().await?;
    let settings = at(&server.url());
    let acme = records("acme", 0..20);
    server.push(None, &AUDIT, acme.clone());
    server.push(None, &AUDIT, records("globex", 0..20));
    let mut watch = Watch::start(&settings, FEED);
    watch.until("a live feed", |watch| watch.is_live(FEED)).await;

    let source = audit(&settings, "acme");
    watch.open(Some(source.clone()));
    watch.until("the lines", |watch| watch.log(&source).len() >= 20).await;
    assert_eq!(watch.log(&source), words(&acme));

    let new = records("acme", 20..25);
    server.push(None, &[("namespace", "audit-webhook"), ("pod", "b")], new.clone());
    let took = watch.until("new lines", |watch| watch.log(&source).len() >= 25).await;
    println!("new lines after {} ms", took.as_millis());
    assert_eq!(watch.log(&source)[20..], words(&new));

    // Another log takes its place at once, and the first is told no more.
    let other = audit(&settings, "globex");
    watch.open(Some(other.clone()));
    watch.until("the other", |watch| watch.log(&other).len() >= 20).await;
    server.push(None, &AUDIT, records("acme", 25..26));
    watch.open(None);
    let alive = watch.count(FEED, |fact| *fact == Fact::Alive);
    watch
        .until("signs of life", |watch| watch.count(FEED, |fact| *fact == Fact::Alive) > alive + 1)
        .await;
    assert_eq!(watch.log(&source).len(), 25);
    Ok(())
}

#[tokio::test]
async fn the_key_for_the_records_of_a_row_asks_for_them() -> Result<(), PlatformError> {
    let server = Loki::start().await?;
    let settings = at(&server.url());
    let acme = records("acme", 0..4);
    server.push(None, &AUDIT, acme.clone());
    server.push(None, &AUDIT, records("acme-2", 0..4));
    let mut operator = Journey::on_nothing();
    operator.app.setting.audit.clone_from(&settings.loki.audit.value);
    operator.tenant("acme", Status::True).keys("A");
    let source = operator.app.attention().log.expect("a log is open");
    let mut watch = Watch::start(&settings, FEED);
    watch.open(Some(source.clone()));
    watch.until("the records", |watch| watch.log(&source).len() >= 4).await;
    assert_eq!(watch.log(&source), words(&acme));
    operator.tell(watch.all.clone()).sees("\"number\":3");
    Ok(())
}

#[tokio::test]
async fn what_the_limit_cuts_off_is_a_gap() -> Result<(), PlatformError> {
    let server = Loki::start().await?;
    let settings = at(&server.url());
    let all = records("acme", 0..2_400);
    server.push(None, &AUDIT, all.clone());
    let source = audit(&settings, "acme");
    let mut watch = Watch::start(&settings, FEED);
    watch.open(Some(source.clone()));
    watch.until("the lines", |watch| watch.log(&source).len() > 1_000).await;
    let log = watch.log(&source);
    assert!(log[0].starts_with("GAP: older lines of the last 24 h are left out"), "{}", log[0]);
    assert_eq!(log[1..], words(&all[1_400..]));

    // More at once than one answer holds is read in pages.
    let new = records("acme", 2_400..4_900);
    server.push(None, &AUDIT, new.clone());
    watch.until("the burst", |watch| watch.log(&source).len() >= 1_001 + 2_500).await;
    assert_eq!(watch.log(&source)[1_001..], words(&new));
    let largest = watch.all.iter().filter_map(|told| match &told.fact {
        Fact::Log(chunk) => match &chunk.told {
            pulse_console::domain::LogTold::Lines(lines) => Some(lines.len()),
            _ => None,
        },
        _ => None,
    });
    assert!(largest.max().is_some_and(|lines| lines <= 512));
    Ok(())
}

#[tokio::test]
async fn a_log_goes_on_where_the_link_broke() -> Result<(), PlatformError> {
    let mut server = Loki::start().await?;
    let settings = at(&server.url());
    let before = records("acme", 0..10);
    server.push(None, &AUDIT, before.clone());
    let source = audit(&settings, "acme");
    let mut watch = Watch::start(&settings, FEED);
    watch.open(Some(source.clone()));
    watch.until("the lines", |watch| watch.log(&source).len() >= 10).await;

    server.kill();
    let took =
        watch.until("the trouble", |watch| in_trouble(watch, TroubleKind::Unreachable)).await;
    assert!(took < TOLD_WITHIN, "{took:?}");
    let meanwhile = records("acme", 10..30);
    server.push(None, &AUDIT, meanwhile.clone());
    server.start_again().await?;
    watch.until("what came meanwhile", |watch| watch.log(&source).len() >= 30).await;
    assert_eq!(watch.log(&source), [words(&before), words(&meanwhile)].concat());
    assert!(watch.is_live(FEED));
    Ok(())
}

#[tokio::test]
async fn slow_and_frozen_servers_are_said_to_be_slow() -> Result<(), PlatformError> {
    let server = Loki::start().await?;
    let proxy = Proxy::start(server.port()).await?;
    let settings = at(&format!("http://127.0.0.1:{}", proxy.port()));
    let mut watch = Watch::start(&settings, FEED);
    watch.until("a live feed", |watch| watch.is_live(FEED)).await;
    proxy.hold(Duration::from_secs(5));
    let took = watch.until("the trouble", |watch| in_trouble(watch, TroubleKind::Slow)).await;
    assert!(took < TOLD_WITHIN, "{took:?}");
    proxy.mend();
    watch.until("the return", |watch| watch.is_live(FEED)).await;
    server.freeze();
    let took = watch.until("the trouble", |watch| in_trouble(watch, TroubleKind::Slow)).await;
    assert!(took < TOLD_WITHIN, "{took:?}");
    server.thaw();
    watch.until("the return", |watch| watch.is_live(FEED)).await;
    Ok(())
}

#[tokio::test]
async fn a_server_of_several_organisations_wants_to_know_which() -> Result<(), PlatformError> {
    let server = Loki::start_with(LokiOptions { organisations: true }).await?;
    let mut settings = at(&server.url());
    let mut watch = Watch::start(&settings, FEED);
    watch.until("the trouble", |watch| in_trouble(watch, TroubleKind::Config)).await;
    let why = watch.trouble(FEED).expect("trouble");
    assert!(why.to_string().contains("Set loki.organisation"), "{why}");

    settings.loki.organisation.value = Some("platform".into());
    let (own, foreign) = (records("acme", 0..3), records("acme", 3..9));
    server.push(Some("platform"), &AUDIT, own.clone());
    server.push(Some("other"), &AUDIT, foreign);
    let source = audit(&settings, "acme");
    let mut watch = Watch::start(&settings, FEED);
    watch.open(Some(source.clone()));
    watch.until("the lines", |watch| watch.log(&source).len() >= 3).await;
    assert_eq!(watch.log(&source), words(&own));
    Ok(())
}

#[tokio::test]
async fn what_is_no_loki_is_said_in_words() -> Result<(), PlatformError> {
    let server = Scripted::start(Answer::html()).await?;
    let mut watch = Watch::start(&at(&server.url()), FEED);
    for (answer, kind, said) in [
        (Answer::html(), TroubleKind::Protocol, "a web page instead of JSON"),
        (Answer::status(403), TroubleKind::Denied, "forbids it"),
        (Answer::status(401), TroubleKind::Unauthenticated, "Set loki.token"),
        (Answer::status(500), TroubleKind::Server, "answered 500"),
        (Answer::json("{\"version\":2}"), TroubleKind::Protocol, "does not answer as loki"),
        (Answer::Close, TroubleKind::Unreachable, "loki at"),
    ] {
        let name = format!("{answer:?}");
        server.say(answer, Duration::ZERO);
        let told = |watch: &Watch| {
            in_trouble(watch, kind)
                && watch.trouble(FEED).is_some_and(|why| why.to_string().contains(said))
        };
        let took = watch.until(&name, told).await;
        assert!(took < TOLD_WITHIN, "{name}: {took:?}");
        println!("{name}: {}", watch.trouble(FEED).expect("trouble"));
    }
    Ok(())
}

#[tokio::test]
async fn a_question_that_is_refused_ends_its_log_and_not_the_feed() -> Result<(), PlatformError> {
    let server = Loki::start().await?;
    server.push(None, &AUDIT, records("a\"b", 0..2));
    let settings = at(&server.url());
    let mut watch = Watch::start(&settings, FEED);
    let source = LogSource::loki("{namespace=", []);
    watch.open(Some(source.clone()));
    watch.until("the refusal", |watch| !watch.log(&source).is_empty()).await;
    let log = watch.log(&source);
    assert!(log[0].starts_with("END: loki refuses the question: parse error"), "{}", log[0]);
    assert!(watch.is_live(FEED));

    // Whatever a name holds, it stays a name.
    let source = audit(&settings, "a\"b");
    watch.open(Some(source.clone()));
    watch.until("the lines", |watch| watch.log(&source).len() >= 2).await;
    Ok(())
}

#[tokio::test]
async fn without_a_server_there_is_one_quiet_line() {
    let mut watch = Watch::start(&settings(), FEED);
    watch.until("it", |watch| in_trouble(watch, TroubleKind::NotConfigured)).await;
    assert_eq!(watch.all.len(), 1);
}
