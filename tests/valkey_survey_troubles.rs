//! The survey of a Valkey that is away, slow, wrong or refuses, and what it costs one that is well.
#![cfg(feature = "real-servers")]

mod platform;
mod valkey_surveyed;

use std::collections::BTreeMap;
use std::time::Duration;

use platform::{Answer, EventStream, OBSERVER_RULES, PlatformError, Proxy, Scripted, Valkey};
use pulse_console::domain::{FeedId, Health, TroubleKind};
use pulse_console::live::valkey::Options;
use pulse_console::store::Freshness;
use redis::aio::MultiplexedConnection;
use valkey_surveyed::{Surveyed, now};

const STREAM: &str = "PLANA:events";

/// The longest silence before a trouble is said, in milliseconds.
const SAID_WITHIN: u64 = 5_000;

async fn filled(tenants: usize) -> Result<Valkey, PlatformError> {
    let server = Valkey::start().await?;
    server.publish(&EventStream::default(), 0..1_000, now().utc()).await?;
    server.fill(tenants, now().utc()).await?;
    Ok(server)
}

fn signed_in(server: &Valkey) -> Options {
    Options {
        username: Some("console".to_owned()),
        password: Some("look-only".to_owned().into()),
        ..Options::new(server.url())
    }
}

/// How often each command was run since the statistics began, by the server's own count.
async fn commands(
    connection: &mut MultiplexedConnection,
) -> Result<BTreeMap<String, u64>, PlatformError> {
    let stats: String = redis::cmd("INFO").arg("commandstats").query_async(connection).await?;
    let calls = stats.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
    });
    Ok(calls.collect())
}

#[tokio::test]
async fn two_hundred_thousand_keys_are_counted_at_a_bounded_pace() -> Result<(), PlatformError> {
    let server = filled(30).await?;
    let mut connection = server.connection().await?;
    for part in 0..20 {
        let script = format!(
            "for i = 1, 10000 do redis.call('SET', 'odoo:session:db' .. (i % 700) .. '.planapulse.app:{part}:' .. i, 'x') end"
        );
        redis::cmd("EVAL").arg(script).arg(0).exec_async(&mut connection).await?;
    }
    redis::cmd("CONFIG").arg("RESETSTAT").exec_async(&mut connection).await?;
    let begun = now();
    let mut seen = Surveyed::start(Options::new(server.url()));
    seen.until("progress", |seen| {
        seen.family("odoo:session:*").is_some_and(|it| it.progress.is_some_and(|n| n > 20))
    })
    .await;
    seen.until("the count", |seen| {
        seen.family("odoo:session:*").is_some_and(|it| it.count.is_some_and(|n| n >= 200_000))
    })
    .await;
    let took = now().since(begun);
    let asked = commands(&mut connection).await?;
    let all: u64 = asked.values().sum();
    let rate = all as f64 * 1_000.0 / took.ms() as f64;
    println!(
        "200 000 keys were walked twice in {} ms with {all} commands: {rate:.1} a second",
        took.ms()
    );
    println!("{asked:?}; {:?}", seen.server().expect("the server").cost);
    assert!(rate <= 41.0, "{rate} commands a second");
    let sessions = seen.family("odoo:session:*").expect("sessions");
    assert_eq!(sessions.parts.len(), 100, "the largest parts only");
    assert!(seen.told.len() < 3_000, "{} observations", seen.told.len());
    let walked = asked.get("scan").copied().unwrap_or(0);
    assert!(walked <= 2 * (200_000 / 500 + 40), "{walked} steps");
    Ok(())
}

#[tokio::test]
async fn nothing_but_reads_is_ever_sent_and_an_observer_sees_all() -> Result<(), PlatformError> {
    let server = filled(12).await?;
    server.add_user("console", "look-only", OBSERVER_RULES).await?;
    let mut connection = server.connection().await?;
    redis::cmd("CONFIG").arg("RESETSTAT").exec_async(&mut connection).await?;
    let mut seen = Surveyed::start(signed_in(&server));
    seen.until("everything", |seen| {
        seen.is_live()
            && seen.family("bull:webhooks").is_some()
            && seen.server().is_some_and(|it| !it.slow.is_empty())
            && seen.stream(STREAM).is_some_and(|it| it.bytes.is_some())
    })
    .await;
    assert!(seen.server().is_some_and(|it| it.hidden.is_empty()));
    let reading = [
        "auth",
        "select",
        "client|setname",
        "ping",
        "info",
        "slowlog|get",
        "config|get",
        "xinfo|stream",
        "xinfo|groups",
        "xinfo|consumers",
        "xpending",
        "xrevrange",
        "memory|usage",
        "scan",
        "dbsize",
        "llen",
        "zcard",
        "hexists",
    ];
    let asked = commands(&mut connection).await?;
    let other: Vec<_> = asked
        .keys()
        .filter(|name| !reading.contains(&name.as_str()) && *name != "config|resetstat")
        .collect();
    assert!(other.is_empty(), "{other:?}");
    let refused: Vec<redis::Value> =
        redis::cmd("ACL").arg("LOG").query_async(&mut connection).await?;
    assert!(refused.is_empty(), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn what_is_forbidden_is_named_and_the_rest_works() -> Result<(), PlatformError> {
    let server = filled(6).await?;
    let rules = "~* +@read +@connection +info -xpending -xinfo|consumers -memory";
    server.add_user("console", "look-only", rules).await?;
    let mut seen = Surveyed::start(signed_in(&server));
    seen.until("the hidden", |seen| seen.server().is_some_and(|it| it.hidden.len() >= 5)).await;
    let hidden = seen.server().expect("the server").hidden.clone();
    let said =
        hidden.iter().map(pulse_console::domain::Text::as_str).collect::<Vec<_>>().join("; ");
    for name in ["SLOWLOG GET", "XPENDING", "XINFO CONSUMERS", "MEMORY USAGE", "CONFIG GET"] {
        assert!(said.contains(name), "{said} lacks {name}");
    }
    seen.until("the rest", |seen| {
        seen.is_live() && seen.family("bull:webhooks").is_some() && !seen.executions().is_empty()
    })
    .await;
    let stream = seen.stream(STREAM).expect("the event stream");
    assert_eq!((stream.groups.len(), stream.bytes), (4, None));

    // The rights of the tail alone: the event stream, and nothing else.
    server
        .add_user("console", "look-only", "~PLANA:events +xread +xrevrange +xrange +xinfo|stream")
        .await?;
    let mut seen = Surveyed::start(signed_in(&server));
    seen.until("the refusals", |seen| {
        [FeedId::Keys, FeedId::Executions, FeedId::StreamServer]
            .iter()
            .all(|feed| seen.trouble(*feed).is_some_and(|why| why.kind == TroubleKind::Denied))
            && seen.stream(STREAM).is_some()
    })
    .await;
    assert!(seen.trouble(FeedId::Keys).is_some_and(|why| why.remedy.as_str().contains("+scan")));
    let stream = seen.stream(STREAM).expect("the event stream");
    assert_eq!((stream.length, stream.health), (1_000, Health::Unknown));
    assert_eq!(stream.why, "you may not see its groups");
    let troubles = seen.told.len();
    seen.listen(Duration::from_secs(6)).await;
    assert!(
        matches!(seen.freshness(FeedId::Streams), Freshness::Live(at) if now().since(*at).secs() < 3)
    );
    assert!(seen.told.len() - troubles < 20, "a refusal is told once");

    // Keys that may be seen and not looked into.
    server.add_user("console", "look-only", "~PLANA:events +@read +@connection +info").await?;
    let mut seen = Surveyed::start(signed_in(&server));
    seen.until("the unseen", |seen| seen.streams().len() > 1).await;
    let unseen = seen.streams().into_iter().find(|it| it.key != STREAM).expect("a stream");
    assert_eq!((unseen.health, unseen.is_unseen()), (Health::Unknown, true));
    assert_eq!(unseen.why, "you may not look into it");
    Ok(())
}

#[tokio::test]
async fn a_restart_is_noticed_and_nothing_known_before_stays() -> Result<(), PlatformError> {
    let mut server = filled(12).await?;
    let mut seen = Surveyed::start(Options::new(server.url()));
    seen.until("everything", |seen| {
        seen.is_live() && seen.family("bull:webhooks").is_some() && !seen.executions().is_empty()
    })
    .await;
    let before = seen.server().expect("the server");
    let killed = now();
    server.kill();
    seen.until("the trouble", Surveyed::is_down).await;
    let said = now().since(killed).ms();
    println!("said {said} ms after the server was killed");
    assert!(said <= SAID_WITHIN);
    assert_eq!(seen.trouble(FeedId::Keys).map(|why| why.kind), Some(TroubleKind::Unreachable));
    assert!(seen.stream(STREAM).is_some(), "what was known stays to be seen");

    server.start_again().await?;
    let up = now();
    seen.until("the restart", |seen| {
        seen.server().is_some_and(|it| it.restarted.is_some())
            && seen.is_live()
            && seen.streams().is_empty()
            && seen.family("odoo:session:*").is_some_and(|it| it.count == Some(0))
    })
    .await;
    println!("all is known anew {} ms after the server answered", now().since(up).ms());
    let after = seen.server().expect("the server");
    assert_ne!(after.run, before.run);
    assert!(after.slow.is_empty() && !after.persistent);
    assert!(seen.executions().is_empty() && seen.family("bull:webhooks").is_none());
    server.publish(&EventStream::default(), 0..10, now().utc()).await?;
    seen.until("the stream", |seen| seen.stream(STREAM).is_some_and(|it| it.length == 10)).await;
    Ok(())
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_said_to_be_slow() -> Result<(), PlatformError> {
    let server = filled(6).await?;
    let mut seen = Surveyed::start(Options::new(server.url()));
    seen.until("all feeds", Surveyed::is_live).await;
    let run = seen.server().expect("the server").run.clone();
    let frozen = now();
    server.freeze();
    seen.until("the trouble", Surveyed::is_down).await;
    let said = now().since(frozen).ms();
    println!("said {said} ms after the server froze");
    assert!(said <= SAID_WITHIN);
    assert_eq!(seen.trouble(FeedId::Streams).map(|why| why.kind), Some(TroubleKind::Slow));
    server.thaw();
    let thawed = now();
    seen.until("all feeds again", Surveyed::is_live).await;
    println!("recovered {} ms after it thawed", now().since(thawed).ms());
    let after = seen.server().expect("the server");
    assert_eq!((after.run.clone(), after.restarted), (run, None), "that was no restart");

    let proxy = Proxy::start(server.port()).await?;
    proxy.hold(Duration::from_secs(5));
    let begun = now();
    let mut seen = Surveyed::start(Options::new(format!("redis://127.0.0.1:{}", proxy.port())));
    seen.until("the trouble", Surveyed::is_down).await;
    println!("said {} ms after the first question", now().since(begun).ms());
    assert!(now().since(begun).ms() <= SAID_WITHIN);
    proxy.hold(Duration::ZERO);
    seen.until("all feeds", Surveyed::is_live).await;
    Ok(())
}

#[tokio::test]
async fn what_is_no_valkey_is_said_to_be_none() -> Result<(), PlatformError> {
    let wrong = Scripted::start(Answer::html()).await?;
    let url = format!("redis://127.0.0.1:{}", wrong.port());
    let mut seen = Surveyed::start(Options::new(url));
    seen.until("the trouble", Surveyed::is_down).await;
    for feed in [FeedId::Streams, FeedId::Keys, FeedId::StreamServer, FeedId::Executions] {
        let why = seen.trouble(feed).expect("a trouble");
        assert!(
            matches!(
                why.kind,
                TroubleKind::Protocol | TroubleKind::Unreachable | TroubleKind::Slow
            ),
            "{why}"
        );
        assert!(!why.remedy.is_empty());
        println!("{why}");
    }
    seen.close().await;

    let mut seen = Surveyed::start(Options::new("http://127.0.0.1"));
    seen.until("the trouble", Surveyed::is_down).await;
    assert_eq!(seen.trouble(FeedId::Keys).map(|why| why.kind), Some(TroubleKind::Config));
    Ok(())
}

#[tokio::test]
async fn figures_that_lack_what_is_needed_are_said_to() -> Result<(), PlatformError> {
    let server = filled(3).await?;
    let proxy = Proxy::start(server.port()).await?;
    let mut seen = Surveyed::start(Options::new(format!("redis://127.0.0.1:{}", proxy.port())));
    seen.until("all feeds", Surveyed::is_live).await;
    for (field, other) in [("run_id:", "run_no:"), ("used_memory:", "used_jewels:")] {
        proxy.reword(field, other);
        let begun = now();
        seen.until("the trouble", Surveyed::is_down).await;
        let took = now().since(begun).ms();
        let why = seen.trouble(FeedId::StreamServer).expect("a trouble").clone();
        println!("said after {took} ms: {why}");
        assert!(took <= SAID_WITHIN, "{took} ms");
        assert_eq!(why.kind, TroubleKind::Protocol, "{why}");
        assert!(why.what.as_str().contains(field.trim_end_matches(':')), "{why}");
        proxy.mend();
        seen.until("all feeds again", Surveyed::is_live).await;
    }
    Ok(())
}
