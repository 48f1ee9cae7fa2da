//! The survey of streams, keys and queues against a real Valkey.
#![cfg(feature = "real-servers")]
#![allow(clippy::too_many_lines, reason = "a survey is one story")]

mod platform;
mod valkey_surveyed;

use platform::{EventStream, PlatformError, Valkey};
use pulse_console::domain::{Health, Text};
use pulse_console::live::valkey::Options;
use valkey_surveyed::{Surveyed, now};

const STREAM: &str = "PLANA:events";

/// A server with all that the platform keeps there, as of now.
async fn filled(tenants: usize) -> Result<Valkey, PlatformError> {
    let server = Valkey::start().await?;
    server.publish(&EventStream::default(), 0..1_000, now().utc()).await?;
    server.fill(tenants, now().utc()).await?;
    Ok(server)
}

#[tokio::test]
async fn everything_that_the_server_holds_is_told() -> Result<(), PlatformError> {
    let server = filled(40).await?;
    let mut seen = Surveyed::start(Options::new(server.url()));
    let begun = now();
    seen.until("all feeds", Surveyed::is_live).await;
    println!("all four feeds were live after {}", now().since(begun).ms());
    seen.until("the groups", |seen| {
        seen.stream(STREAM).is_some_and(|it| it.groups.len() == 4 && it.bytes.is_some())
    })
    .await;

    let stream = seen.stream(STREAM).expect("the event stream");
    assert_eq!((stream.length, stream.added, stream.lag()), (1_000, 1_000, Some(1_000)));
    assert_eq!(stream.pending(), 27);
    let groups: Vec<_> = stream
        .groups
        .iter()
        .map(|group| (group.name.as_str(), group.members, group.pending, group.lag))
        .collect();
    assert!(groups.contains(&("billing", 1, 3, Some(120))), "{groups:?}");
    assert_eq!(stream.groups[0].name, "audit-archive", "the worst first");
    assert_eq!(stream.health, Health::Degraded);
    assert_eq!(stream.why, "audit-archive: nobody reads, 1000 behind");
    let notify = stream.groups.iter().find(|group| group.name == "bos-notify").expect("a group");
    assert_eq!(notify.consumers.len(), 2);
    assert!(notify.oldest_pending.is_some());

    seen.until("the count", |seen| {
        seen.family("odoo:session:*").is_some_and(|it| it.count.is_some())
            && seen.family("bull:webhooks").is_some()
    })
    .await;
    let sessions = seen.family("odoo:session:*").expect("sessions");
    let wanted: u64 = (0..40_u64).map(|index| 2 + index % 9).sum();
    assert_eq!(sessions.count, Some(wanted));
    assert_eq!(sessions.parts.len(), 40);
    assert_eq!(seen.family("coraza:*").and_then(|it| it.count), Some(30));
    let webhooks = seen.family("bull:webhooks").expect("a queue");
    assert_eq!(
        (webhooks.health, webhooks.note.as_str()),
        (Health::Degraded, "paused: 41 held, 2 delayed, 9 failed")
    );
    let billing = seen.family("bull:billing").expect("a queue");
    assert_eq!(billing.note, "14 wait, 2 active, 6 delayed, 3 failed");

    let executions = seen.executions();
    assert!(executions.len() > 100, "{}", executions.len());
    assert!(executions.iter().all(|call| !call.tool.is_empty() && call.took.is_some()));
    let shadow = executions.iter().filter(|call| call.shadow).count();
    assert!(shadow > 0 && shadow < executions.len());
    assert!(
        executions
            .iter()
            .all(|call| seen.stream(&format!("PLANA:executions:{}", call.workspace)).is_some())
    );

    let figures = seen.server().expect("the server");
    assert!(
        figures.version.as_str().starts_with("valkey")
            || figures.version.as_str().starts_with("redis")
    );
    assert!(!figures.persistent && figures.memory > 0 && figures.keys > 100, "{figures:?}");
    seen.until("the slow log", |seen| seen.server().is_some_and(|it| !it.slow.is_empty())).await;
    let figures = seen.server().expect("the server");
    assert!(figures.slow.iter().any(|slow| slow.command.as_str().contains("KEYS")), "{figures:?}");
    assert_eq!(figures.hidden, Box::<[Text]>::default());
    println!("{:?}", figures.cost);
    seen.close().await;
    Ok(())
}
