//! How fast ten thousand clients come, next to a client that only receives them, and what they cost.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::excessive_nesting,
    clippy::disallowed_methods,
    reason = "a test may fail, and measures time"
)]

mod kubernetes;
mod platform;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use kube::api::WatchEvent;
use kubernetes::Wall;
use platform::{ApiServer, PlatformError, User};
use pulse_console::domain::{Fact, FeedId, Resource};
use pulse_console::live::kubernetes::{Options, Streaming, feed};
use pulse_console::platform::{Feed, Sink};
use serde::de::IgnoredAny;
use tokio::sync::mpsc;

const CLIENTS: usize = 10_000;
const LISTING: &str = "/apis/planapulse.com/v1alpha1/planaclients?watch=1&sendInitialEvents=true\
    &resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: run it by hand in release mode, with --nocapture"]
async fn ten_thousand_clients_next_to_a_bare_stream() -> Result<(), PlatformError> {
    let server = ApiServer::start().await?;
    let began = Instant::now();
    server.create_clients(CLIENTS).await?;
    println!("{CLIENTS} clients made in {:?}", began.elapsed());
    for round in 0..4 {
        let client = server.client_of(User::Viewer).await?;
        let began = Instant::now();
        let (first, count) = bare(&client, began).await?;
        println!("{round} bare stream: first {first:?}, all {count} {:?}", began.elapsed());
        for streaming_lists in [Streaming::On, Streaming::Off] {
            let options = Options {
                kubeconfig: Some(server.kubeconfig(User::Viewer)),
                streaming_lists,
                ..Options::default()
            };
            let before = resident();
            let began = Instant::now();
            let mut rows = Vec::new();
            let (first, batches, idle) = run(options, began, &mut rows, round == 3).await;
            println!(
                "{round} feed {streaming_lists:?}: first {first:?}, all {} in {batches} batches {:?}; resident {before} -> {} KiB{}",
                rows.len(),
                idle.0,
                idle.1,
                if round == 3 { " with the rows kept" } else { "" },
            );
        }
    }
    Ok(())
}

async fn bare(client: &kube::Client, began: Instant) -> Result<(Duration, usize), PlatformError> {
    let request = http::Request::get(LISTING).body(Vec::new()).expect("a request");
    let stream = client.request_events::<IgnoredAny>(request).await?;
    let mut stream = std::pin::pin!(stream);
    let (mut first, mut count) = (Duration::ZERO, 0);
    while let Some(event) = stream.next().await {
        match event? {
            WatchEvent::Added(_) => {
                if count == 0 {
                    first = began.elapsed();
                }
                count += 1;
            }
            WatchEvent::Bookmark(_) => break,
            _ => {}
        }
    }
    Ok((first, count))
}

async fn run(
    options: Options,
    began: Instant,
    rows: &mut Vec<Option<Arc<Resource>>>,
    keep: bool,
) -> (Duration, usize, (Duration, u64)) {
    let (sender, mut queue) = mpsc::channel(64);
    let running = tokio::spawn(Box::new(feed(options)).run(Sink::new(sender, Arc::new(Wall))));
    let (mut first, mut batches) = (Duration::ZERO, 0);
    let all = 'all: loop {
        for observation in queue.recv().await.expect("the feed runs") {
            if observation.feed != FeedId::Clients {
                continue;
            }
            batches += 1;
            match observation.fact {
                Fact::Upsert(row) => {
                    if rows.is_empty() {
                        first = began.elapsed();
                    }
                    rows.push(keep.then_some(row));
                }
                Fact::RelistEnded => break 'all began.elapsed(),
                _ => {}
            }
        }
    };
    let resident = resident();
    running.abort();
    (first, batches, (all, resident))
}

/// Resident memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}
