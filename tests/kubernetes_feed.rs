//! The feed of the five kinds against a real API server.
#![cfg(feature = "real-servers")]

mod kubernetes;
mod platform;

use std::time::{Duration, Instant};

use kubernetes::Seen;
use platform::{ApiServer, ApiServerOptions, Kind, PlatformError, User, client_name, condition, usual_moment};
use pulse_console::domain::{Fact, FeedId, TroubleKind};
use pulse_console::live::kubernetes::{Options, Streaming};
use serde_json::json;

type Outcome = Result<(), PlatformError>;

fn options(server: &ApiServer, user: User) -> Options {
    Options { kubeconfig: Some(server.kubeconfig(user)), ..Options::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_clients_come_by_stream_and_by_pages_and_change() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(500).await?;
    for (streaming_lists, page_size) in [(Streaming::On, 500), (Streaming::Off, 500), (Streaming::Off, 60)] {
        let began = Instant::now();
        let mut seen = Seen::of(Options { streaming_lists, page_size, ..options(&server, User::Viewer) });
        seen.until(|seen| !seen.rows(FeedId::Clients).is_empty()).await;
        let first = began.elapsed();
        seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
        println!("{streaming_lists:?} {page_size}: first row {first:?}, all 500 {:?}", began.elapsed());
        assert_eq!(seen.rows(FeedId::Clients).len(), 500);
        seen.until(|seen| FeedId::ALL.into_iter().take(5).all(|feed| seen.is_listed(feed))).await;

        let began = Instant::now();
        let change = condition("Ready", "False", "Unavailable", "the pod is gone", usual_moment());
        server.set_condition(Kind::Client, "acme", &change).await?;
        seen.until(|seen| seen.condition(FeedId::Clients, "acme", "Ready") == Some("Unavailable".to_owned())).await;
        println!("{streaming_lists:?}: a patch of the status is seen after {:?}", began.elapsed());
        let change = condition("Ready", "True", "Available", "", usual_moment());
        server.set_condition(Kind::Client, "acme", &change).await?;
        seen.until(|seen| seen.condition(FeedId::Clients, "acme", "Ready") == Some("Available".to_owned())).await;
    }
    let mut seen = Seen::of(options(&server, User::Viewer));
    seen.until(|seen| seen.rows(FeedId::Clients).len() == 500).await;
    server.delete(Kind::Client, &client_name(3)).await?;
    seen.until(|seen| seen.rows(FeedId::Clients).len() == 499).await;
    assert!(!seen.rows(FeedId::Clients).contains_key(&client_name(3)));
    Ok(())
}
