//! Word of operations on a real event stream, and whether a tenant's address is well.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod hands;
mod platform;

use std::time::Duration;

use hands::{Console, guarded, mark, text};
use platform::{Answer, EventStream, PlatformError, Scripted, Valkey, usual_moment};
use pulse_console::domain::operation::{Query, Seen};
use pulse_console::platform::Word;
use serde_json::Value;

type Outcome = Result<(), PlatformError>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_hears_of_an_operation_once() -> Outcome {
    let server = Valkey::start().await?;
    let stream = EventStream::default();
    server.publish(&stream, 0..3, usual_moment()).await?;
    let console = Console::new([("valkey.url", server.url())]);
    let word = |happened| Word {
        mark: mark("op1"),
        happened,
        sentence: text("Silence DiskFull (maria)."),
        // No tenant, so nobody but the stream is told.
        tenant: None,
        verb: "silence",
    };
    for happened in ["begun", "begun", "done", "done"] {
        guarded(console.control.tell(&word(happened))).await.expect("told");
    }
    assert_eq!(server.length(&stream.key).await?, 5);
    let mut connection = server.connection().await?;
    let entries: Vec<(String, Vec<String>)> = redis::cmd("XREVRANGE")
        .arg(&stream.key)
        .arg("+")
        .arg("-")
        .arg("COUNT")
        .arg(2)
        .query_async(&mut connection)
        .await?;
    let event = |number: usize| -> Value {
        serde_json::from_str(&entries[number].1[1]).expect("an event as the others are")
    };
    let (done, begun) = (event(0), event(1));
    assert_eq!((&done["id"], &begun["id"]), (&"op1.done".into(), &"op1.begun".into()));
    assert_eq!(done["type"], "console.operation.done");
    assert_eq!(done["data"]["verb"], "silence");
    assert_eq!(
        (&done["data"]["by"], &done["data"]["reason"]),
        (&"maria".into(), &"the disk is full".into())
    );
    assert!(done.get("subject").is_none());
    let nowhere =
        Console::new([("valkey.stream", "nowhere".to_owned()), ("valkey.url", server.url())]);
    let untold = guarded(nowhere.control.tell(&word("begun"))).await;
    assert!(untold.expect_err("there is no such stream").to_string().contains("nowhere"));
    assert_eq!(server.length("nowhere").await?, 0, "it makes none");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_well_when_its_address_says_so() -> Outcome {
    let server = Scripted::start(Answer::json(r#"{"status": "pass"}"#)).await?;
    let url = format!("{}/{{host}}/web/health", server.url());
    let console = Console::new([("operations.health_url", url)]);
    let health = async |host: &str| match console.look(&Query::Health { host: text(host) }).await {
        Seen::Health { well, says } => (well, says.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        health("acme.planapulse.app").await,
        (true, "acme.planapulse.app answers 200".into())
    );
    for (answer, says) in [
        (Answer::status(503), "answers 503"),
        (Answer::Http(302, "text/plain", String::new()), "answers 302"),
        (Answer::Close, "can't be reached"),
    ] {
        server.say(answer, Duration::ZERO);
        let (well, said) = health("acme.planapulse.app").await;
        assert!(!well && said.contains(says), "{said}");
    }
    server.say(Answer::Silence, Duration::ZERO);
    let (well, said) = health("acme.planapulse.app").await;
    assert!(!well && said.contains("within 5 s"), "{said}");
    let odd = console.look(&Query::Health { host: text("evil.example/x?y=") }).await;
    assert!(matches!(odd, Seen::Refused(_)), "{odd:?}");
    Ok(())
}
