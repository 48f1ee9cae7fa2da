//! `BullMQ`'s queues as its library lays them out: lists of what waits and runs, sorted sets of what is due, done and failed,
//! and a hash for each job.

use chrono::{DateTime, Utc};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Pipeline};
use serde_json::json;

use super::PlatformError;
use super::kinds::client_name;

/// A queue of a fresh platform.
struct Queue {
    name: &'static str,
    job: &'static str,
    wait: usize,
    active: usize,
    delayed: usize,
    failed: usize,
    paused: bool,
}

const QUEUES: [Queue; 3] = [
    Queue {
        name: "billing",
        job: "charge",
        wait: 14,
        active: 2,
        delayed: 6,
        failed: 3,
        paused: false,
    },
    Queue {
        name: "portal-mail",
        job: "send",
        wait: 3,
        active: 1,
        delayed: 0,
        failed: 0,
        paused: false,
    },
    Queue {
        name: "webhooks",
        job: "deliver",
        wait: 41,
        active: 0,
        delayed: 2,
        failed: 9,
        paused: true,
    },
];
/// A job's place in a sorted set is its moment in milliseconds, shifted by twelve bits.
const SHIFT: i64 = 4_096;
/// No queue waits longer than this, however long the platform runs.
const WAIT_MAX: usize = 400;

/// Makes the queues.
pub(super) async fn fill(
    connection: &mut MultiplexedConnection,
    now: DateTime<Utc>,
) -> Result<(), PlatformError> {
    let mut pipe = redis::pipe();
    for queue in &QUEUES {
        let key = |part: &str| format!("bull:{}:{part}", queue.name);
        pipe.hset(key("meta"), "opts.maxLenEvents", 10_000).ignore();
        pipe.hset(key("meta"), "version", "bullmq:5.56.0").ignore();
        if queue.paused {
            pipe.hset(key("meta"), "paused", 1).ignore();
        }
        let mut id = 0;
        // A paused queue keeps what waits under another name.
        let waiting = if queue.paused { "paused" } else { "wait" };
        for (part, count) in [(waiting, queue.wait), ("active", queue.active)] {
            for _ in 0..count {
                id += 1;
                job(&mut pipe, queue, id, now, "");
                pipe.lpush(key(part), id).ignore();
            }
        }
        for (part, count, minutes) in [("delayed", queue.delayed, 5), ("failed", queue.failed, -30)]
        {
            for index in 0..count {
                id += 1;
                let at =
                    now + chrono::Duration::minutes(minutes + i64::try_from(index).unwrap_or(0));
                let reason =
                    if part == "failed" { "connect ETIMEDOUT 10.10.0.11:6432" } else { "" };
                job(&mut pipe, queue, id, now, reason);
                let shift = if part == "delayed" { SHIFT } else { 1 };
                pipe.zadd(key(part), id, at.timestamp_millis() * shift).ignore();
            }
        }
        pipe.set(key("id"), id).ignore();
    }
    pipe.exec_async(connection).await?;
    Ok(())
}

/// One step: work arrives in waves, and is done at a steady pace; now and then a job fails.
pub(super) async fn step(
    connection: &mut MultiplexedConnection,
    step: u64,
    now: DateTime<Utc>,
) -> Result<(), PlatformError> {
    for queue in &QUEUES {
        let key = |part: &str| format!("bull:{}:{part}", queue.name);
        let waiting = if queue.paused { "paused" } else { "wait" };
        let depth: usize = connection.llen(key(waiting)).await?;
        let arriving =
            usize::from((step / 60).is_multiple_of(2)) + usize::from(step.is_multiple_of(3));
        let mut pipe = redis::pipe();
        for _ in 0..arriving.min(WAIT_MAX.saturating_sub(depth)) {
            let id: u64 = connection.incr(key("id"), 1).await?;
            job(&mut pipe, queue, id, now, "");
            pipe.lpush(key(waiting), id).ignore();
        }
        if !pipe.is_empty() {
            pipe.exec_async(connection).await?;
        }
        if queue.paused {
            continue;
        }
        let done: Option<u64> = connection.rpop(key("active"), None).await?;
        let moved = redis::cmd("RPOPLPUSH").arg(key("wait")).arg(key("active")).to_owned();
        moved.exec_async(connection).await?;
        if let Some(id) = done {
            finish(connection, queue, id, step, now).await?;
        }
    }
    Ok(())
}

async fn finish(
    connection: &mut MultiplexedConnection,
    queue: &Queue,
    id: u64,
    step: u64,
    now: DateTime<Utc>,
) -> Result<(), PlatformError> {
    let key = |part: &str| format!("bull:{}:{part}", queue.name);
    let hash = key(&id.to_string());
    let mut pipe = redis::pipe();
    if step.is_multiple_of(97) {
        pipe.hset(&hash, "failedReason", "connect ETIMEDOUT 10.10.0.11:6432").ignore();
        pipe.zadd(key("failed"), id, now.timestamp_millis()).ignore();
    } else {
        // `removeOnComplete`: only the last hundred are kept, and no hash of them.
        pipe.zadd(key("completed"), id, now.timestamp_millis()).ignore();
        pipe.zremrangebyrank(key("completed"), 0, -101).ignore();
        pipe.del(&hash).ignore();
    }
    pipe.exec_async(connection).await?;
    Ok(())
}

fn job(pipe: &mut Pipeline, queue: &Queue, id: u64, now: DateTime<Utc>, failed: &str) {
    let key = format!("bull:{}:{id}", queue.name);
    let tenant = client_name(usize::try_from(id % 40).unwrap_or(0));
    let fields = [
        ("name", queue.job.to_owned()),
        ("data", json!({ "tenant": tenant }).to_string()),
        ("opts", json!({ "attempts": 3, "delay": 0 }).to_string()),
        ("timestamp", now.timestamp_millis().to_string()),
        ("delay", "0".into()),
        ("priority", "0".into()),
    ];
    pipe.hset_multiple(&key, &fields).ignore();
    if !failed.is_empty() {
        pipe.hset(&key, "failedReason", failed).ignore();
        pipe.hset(&key, "attemptsMade", 3).ignore();
    }
}
