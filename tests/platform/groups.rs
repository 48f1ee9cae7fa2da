//! Consumer groups on the event stream: one that keeps up, one that lags, one that forgets to acknowledge, one that nobody
//! reads.

use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamReadOptions, StreamReadReply};

use super::PlatformError;

/// How a group treats the entries that were there before it.
struct Group {
    name: &'static str,
    consumers: &'static [&'static str],
    /// Entries at the end of the stream that it has not read.
    lag: usize,
    /// Entries that it has read and not acknowledged.
    pending: usize,
    /// For how long the oldest half of those has been idle, in milliseconds.
    idle: u64,
}

const GROUPS: [Group; 4] = [
    Group {
        name: "portal",
        consumers: &["pulse-account-api-1", "pulse-account-api-2"],
        lag: 0,
        pending: 0,
        idle: 0,
    },
    Group { name: "billing", consumers: &["pulse-billing-1"], lag: 120, pending: 3, idle: 40_000 },
    Group {
        name: "bos-notify",
        consumers: &["bos-notify-1", "bos-notify-2"],
        lag: 0,
        pending: 24,
        idle: 5_400_000,
    },
    Group { name: "audit-archive", consumers: &[], lag: usize::MAX, pending: 0, idle: 0 },
];

/// Makes the groups on a stream that has entries.
pub(super) async fn fill(
    connection: &mut MultiplexedConnection,
    stream: &str,
) -> Result<(), PlatformError> {
    let length: usize = connection.xlen(stream).await?;
    for group in &GROUPS {
        make(connection, stream, group.name).await?;
        if group.consumers.is_empty() {
            continue;
        }
        let wanted = length.saturating_sub(group.lag);
        let share = wanted.div_ceil(group.consumers.len()).max(1);
        let mut ids = Vec::new();
        for consumer in group.consumers {
            let count = share.min(wanted.saturating_sub(ids.len()));
            if count > 0 {
                ids.extend(read(connection, stream, (group.name, consumer), count).await?);
            }
        }
        let done = ids.len().saturating_sub(group.pending);
        let (done, pending) = ids.split_at(done);
        acknowledge(connection, stream, group.name, done).await?;
        let (old, _) = pending.split_at(pending.len() / 2);
        age(connection, stream, group, old).await?;
    }
    Ok(())
}

/// One step of the consumers' life: some read, some lag for ten seconds and then catch up.
pub(super) async fn step(
    connection: &mut MultiplexedConnection,
    stream: &str,
    step: u64,
) -> Result<(), PlatformError> {
    for group in GROUPS.iter().filter(|group| !group.consumers.is_empty()) {
        let late = group.name == "billing" && (step / 40).is_multiple_of(2);
        if late {
            continue;
        }
        let turn = usize::try_from(step).unwrap_or(0) % group.consumers.len();
        let Some(consumer) = group.consumers.get(turn) else { continue };
        let ids = read(connection, stream, (group.name, consumer), 500).await?;
        // One in a while is never acknowledged, as far as the group is one that forgets.
        let kept = usize::from(group.name == "bos-notify" && step.is_multiple_of(80));
        let done = ids.len().saturating_sub(kept);
        let (done, _) = ids.split_at(done);
        acknowledge(connection, stream, group.name, done).await?;
    }
    Ok(())
}

async fn read(
    connection: &mut MultiplexedConnection,
    stream: &str,
    (group, consumer): (&str, &str),
    count: usize,
) -> Result<Vec<String>, PlatformError> {
    let options = StreamReadOptions::default().group(group, consumer).count(count);
    let answer = connection.xread_options(&[stream], &[">"], &options).await;
    let reply: Option<StreamReadReply> = match answer {
        // Someone has emptied the stream: as services do, the group is made anew.
        Err(error) if error.code() == Some("NOGROUP") => {
            make(connection, stream, group).await?;
            None
        }
        answer => answer?,
    };
    let keys = reply.map(|reply| reply.keys).unwrap_or_default();
    Ok(keys.into_iter().flat_map(|key| key.ids).map(|entry| entry.id).collect())
}

async fn acknowledge(
    connection: &mut MultiplexedConnection,
    stream: &str,
    group: &str,
    ids: &[String],
) -> Result<(), PlatformError> {
    for some in ids.chunks(500) {
        connection.xack::<_, _, _, ()>(stream, group, some).await?;
    }
    Ok(())
}

/// Makes pending entries look as if they were delivered long ago, and often.
async fn age(
    connection: &mut MultiplexedConnection,
    stream: &str,
    group: &Group,
    ids: &[String],
) -> Result<(), PlatformError> {
    let (Some(consumer), false) = (group.consumers.last(), ids.is_empty()) else {
        return Ok(());
    };
    let mut claim = redis::cmd("XCLAIM");
    claim.arg(stream).arg(group.name).arg(consumer).arg(0).arg(ids);
    claim.arg("IDLE").arg(group.idle).arg("RETRYCOUNT").arg(4).arg("JUSTID");
    claim.exec_async(connection).await?;
    Ok(())
}

/// Makes a group that begins with the stream; one that is there already stays as it is.
async fn make(
    connection: &mut MultiplexedConnection,
    stream: &str,
    group: &str,
) -> Result<(), PlatformError> {
    match connection.xgroup_create_mkstream::<_, _, _, ()>(stream, group, "0").await {
        Err(error) if error.code() != Some("BUSYGROUP") => Err(error.into()),
        _ => Ok(()),
    }
}
