//! Servers that go away in the middle of an operation: it is said who is waited for, and it goes on when they are back.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what it expects, and what it measured"
)]

mod controlled;
mod ground;
mod outages;
mod platform;

use controlled::Outcome;
use ground::Ground;
use outages::{Links, through_outages};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_waits_for_each_server_and_goes_on() -> Outcome {
    let ground = Ground::start(2).await?;
    let links = Links::to_servers_of(&ground).await?;
    let (file, _) = ground.plan(&["tier", "acme", "--tier", "enterprise"]).await;
    let waits = through_outages(&links, ("run", &file)).await;
    println!("tier: {waits:?}");
    Ok(())
}
