//! The objects of the cluster as the feed tells them, from a real API server.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::excessive_nesting,
    clippy::disallowed_methods,
    reason = "a test may fail, and measures time"
)]

mod kubernetes;
mod platform;

use std::time::{Duration, Instant};

use kubernetes::Seen;
use platform::{ApiServer, Cluster, PlatformError, Resource, User, WORKLOADS, route_name};
use pulse_console::domain::{ClusterKind, ClusterObject, FeedId, Health, TroubleKind};
use pulse_console::live::kubernetes::{Options, Streaming};

type Outcome = Result<(), PlatformError>;

fn options(server: &ApiServer, user: User) -> Options {
    Options { kubeconfig: Some(server.kubeconfig(user)), ..Options::default() }
}

fn feeds() -> impl Iterator<Item = FeedId> {
    ClusterKind::ALL.into_iter().map(FeedId::of_cluster)
}

fn all_listed(seen: &Seen) -> bool {
    feeds().all(|feed| seen.is_listed(feed))
}

/// `health: state: message` of one object.
fn said(object: &ClusterObject) -> String {
    let message = if object.message.is_empty() { "" } else { ": " };
    format!("{}: {}{message}{}", object.health.word(), object.state, object.message)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_is_listed_judged_and_followed() -> Outcome {
    let server = ApiServer::start().await?;
    let now = chrono::Utc::now();
    server.create_clients(40).await?;
    server.fill_cluster(&Cluster::new(40, now)).await?;
    for streaming_lists in [Streaming::On, Streaming::Off] {
        let mut seen = Seen::of(Options { streaming_lists, ..options(&server, User::Viewer) });
        let began = Instant::now();
        seen.until(all_listed).await;
        println!("{streaming_lists:?}: all 13 kinds after {:?}", began.elapsed());
        for feed in feeds() {
            for (name, object) in seen.objects(feed) {
                if object.health != Health::Healthy || feed == FeedId::Quotas {
                    println!("{feed}: {name}: {}", said(&object));
                }
            }
        }
    }
    Ok(())
}
