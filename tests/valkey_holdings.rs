//! The harness itself: Valkey holds what the platform's services and workers keep there, and it moves.
#![cfg(feature = "real-servers")]

mod platform;

use platform::{EventStream, OBSERVER_RULES, PlatformError, Valkey, usual_moment};
use redis::AsyncCommands as _;
use redis::streams::{StreamInfoGroupsReply, StreamPendingCountReply};

type Outcome = Result<(), PlatformError>;

async fn filled() -> Result<Valkey, PlatformError> {
    let valkey = Valkey::start().await?;
    valkey.publish(&EventStream::default(), 0..1_000, usual_moment()).await?;
    valkey.fill(40, usual_moment()).await?;
    Ok(valkey)
}

#[tokio::test]
async fn groups_lag_and_wait_as_told_and_then_move() -> Outcome {
    let valkey = filled().await?;
    let mut connection = valkey.connection().await?;
    let stream = EventStream::default();
    let groups: StreamInfoGroupsReply = connection.xinfo_groups(&stream.key).await?;
    let seen: Vec<_> = groups
        .groups
        .iter()
        .map(|group| (group.name.as_str(), group.consumers, group.pending, group.lag))
        .collect();
    let wanted = [
        ("audit-archive", 0, 0, Some(1_000)),
        ("billing", 1, 3, Some(120)),
        ("bos-notify", 2, 24, Some(0)),
        ("portal", 2, 0, Some(0)),
    ];
    assert_eq!(seen, wanted);
    let pending: StreamPendingCountReply =
        connection.xpending_count(&stream.key, "bos-notify", "-", "+", 100).await?;
    let old = pending.ids.iter().filter(|entry| entry.last_delivered_ms > 5_000_000).count();
    assert_eq!(old, 12, "half of what is pending is old");

    // The billing group sleeps at first, and catches up in its turn.
    valkey.publish(&stream, 1_000..1_100, usual_moment()).await?;
    for (step, lag) in [(0, 220), (40, 0)] {
        valkey.churn(40, step, usual_moment()).await?;
        let groups: StreamInfoGroupsReply = connection.xinfo_groups(&stream.key).await?;
        let billing = groups.groups.iter().find(|group| group.name == "billing");
        assert_eq!(billing.and_then(|group| group.lag), Some(lag), "at step {step}");
    }
    Ok(())
}

#[tokio::test]
async fn groups_are_made_anew_on_a_stream_that_was_deleted() -> Outcome {
    let valkey = filled().await?;
    let mut connection = valkey.connection().await?;
    let stream = EventStream::default();
    connection.del::<_, ()>(&stream.key).await?;
    valkey.publish(&stream, 0..10, usual_moment()).await?;
    for step in 40..42 {
        valkey.churn(40, step, usual_moment()).await?;
    }
    let groups: StreamInfoGroupsReply = connection.xinfo_groups(&stream.key).await?;
    assert_eq!(groups.groups.len(), 3);
    assert!(groups.groups.iter().all(|group| group.lag == Some(0)));
    Ok(())
}

#[tokio::test]
async fn every_family_of_keys_is_there() -> Outcome {
    let valkey = filled().await?;
    let mut connection = valkey.connection().await?;
    for (pattern, least, mortal) in [
        ("odoo:session:*", 100, true),
        ("odoo:bus:*", 40, true),
        ("PLANA:sessions:*", 10, true),
        ("coraza:*", 30, true),
        ("PLANA:executions:*", 13, false),
        ("bull:*", 60, false),
    ] {
        let keys: Vec<String> = connection.keys(pattern).await?;
        assert!(keys.len() >= least, "{pattern}: {}", keys.len());
        for key in &keys {
            let life: i64 = redis::cmd("TTL").arg(key).query_async(&mut connection).await?;
            assert_eq!(life > 0, mortal, "{key} lives {life} s");
        }
    }
    let depths: (usize, usize, usize, usize) = redis::pipe()
        .llen("bull:billing:wait")
        .llen("bull:billing:active")
        .zcard("bull:billing:delayed")
        .zcard("bull:billing:failed")
        .query_async(&mut connection)
        .await?;
    assert_eq!(depths, (14, 2, 6, 3));
    let slow: usize = redis::cmd("SLOWLOG").arg("LEN").query_async(&mut connection).await?;
    assert!(slow >= 3, "{slow} entries in the slow log");
    let entries: redis::streams::StreamRangeReply =
        connection.xrange_all("PLANA:executions:acme").await?;
    let shadows = entries
        .ids
        .iter()
        .filter(|entry| entry.get::<String>("status").is_some_and(|text| text == "would_execute"));
    assert!(shadows.count() >= 4);
    Ok(())
}

#[tokio::test]
async fn queues_move_and_stay_bounded() -> Outcome {
    let valkey = filled().await?;
    let mut connection = valkey.connection().await?;
    let mut depths = std::collections::BTreeSet::new();
    for step in 0..240 {
        valkey.churn(40, step, usual_moment()).await?;
        depths.insert(connection.llen::<_, usize>("bull:billing:wait").await?);
    }
    assert!(depths.len() > 10, "the queue hardly moves: {depths:?}");
    assert!(depths.last() <= Some(&400));
    let done: usize = connection.zcard("bull:billing:completed").await?;
    assert_eq!(done, 100);
    Ok(())
}

#[tokio::test]
async fn an_observer_sees_the_slow_log_and_writes_nothing() -> Outcome {
    let valkey = filled().await?;
    valkey.add_user("console", "look-only", OBSERVER_RULES).await?;
    let url = format!("redis://console:look-only@127.0.0.1:{}", valkey.port());
    let client = redis::Client::open(url)?;
    let mut connection =
        client.get_multiplexed_async_connection_with_config(&platform::patient()).await?;
    for allowed in
        [&["SLOWLOG", "GET"][..], &["CLIENT", "LIST"], &["MEMORY", "STATS"], &["SCAN", "0"]]
    {
        let mut command = redis::cmd(allowed[0]);
        command.arg(&allowed[1..]).exec_async(&mut connection).await?;
    }
    let written = connection.set::<_, _, ()>("x", 1).await;
    assert!(format!("{written:?}").contains("NoPerm"), "{written:?}");
    Ok(())
}
