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
use futures_util::future::try_join_all;
use ground::Ground;
use outages::{Deed, Links, Server, Waiter, through_outages, through_stops};
use platform::PlatformError;

/// Every kind, one after the other in each lane; the lanes go side by side, each with its own tenants.
const LANES: [&[Deed]; 4] = [
    &[Deed::new("restore-in-place", "acme"), Deed::new("restore-swap", "acme")],
    &[
        Deed::new("restore-beside", "rila"),
        Deed::new("backup", "rila"),
        Deed::new("tier", "rila"),
        Deed::new("deprovision", "rila"),
    ],
    &[
        Deed::new("drop-kept", "pirin"),
        Deed::new("cancel", "pirin"),
        Deed::new("terminate", "pirin"),
        Deed::new("pause-pool", "pirin"),
        Deed::new("resume-pool", "pirin"),
        Deed::new("upgrade-cross", "pirin"),
        Deed::new("upgrade-same", "vitosha"),
    ],
    &[
        Deed::new("provision", "nova"),
        Deed::new("template", ""),
        Deed::new("silence", ""),
        Deed::new("expire-silence", ""),
        Deed::new("ack", ""),
        Deed::new("unack", ""),
    ],
];

/// Plans `deed`; the file of the plan, and its id.
async fn planned(ground: &Ground, deed: Deed) -> Result<(String, String), PlatformError> {
    let words = deed.prepare(ground).await?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(ground.plan(&words).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_waits_for_each_server_and_goes_on() -> Outcome {
    let ground = &Ground::start(4).await?;
    let lane = async |deeds: &[Deed]| -> Outcome {
        let mut links = Links::to_servers_of(ground).await?;
        // Nobody is told meanwhile: operations end without that.
        links.cut(Server::Valkey);
        for deed in deeds {
            let (file, id) = planned(ground, *deed).await?;
            let waits = through_outages(&links, ("run", &file)).await;
            println!("{}: waited {waits:?}", deed.verb);
            assert!(waits.keys().eq(deed.servers()), "{}: {waits:?}", deed.verb);
            deed.assert_done(ground, &id).await?;
            if deed.is_taken_back() {
                let waits = through_outages(&links, ("undo", &id)).await;
                println!("{}, taken back: waited {waits:?}", deed.verb);
                let asked: Vec<Server> = waits.into_keys().collect();
                let others = deed.servers().iter().filter(|server| **server != Server::Bucket);
                assert!(asked.iter().eq(others), "{}: {asked:?}", deed.verb);
                deed.assert_undone(ground, &id).await?;
            }
        }
        Ok(())
    };
    try_join_all(LANES.map(lane)).await?;
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_stops_when_a_server_stays_away_and_is_gone_on_with() -> Outcome {
    let ground = &Ground::start(4).await?;
    let lane = async |deeds: &[Deed]| -> Outcome {
        let links = Links::to_servers_of(ground).await?;
        for deed in deeds {
            let (file, id) = planned(ground, *deed).await?;
            let stops = through_stops(&links, (&file, &id)).await;
            println!("{}: stopped {stops:?}", deed.verb);
            for server in deed.servers() {
                assert!(stops.iter().any(|(of, _)| of == server), "{}: {stops:?}", deed.verb);
            }
            deed.assert_done(ground, &id).await?;
        }
        Ok(())
    };
    try_join_all(LANES.map(lane)).await?;
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_killed_are_waited_for_until_they_are_started_again() -> Outcome {
    let mut ground = Ground::start(2).await?;
    let config = ground.config();
    let refused = "refused";
    for (deed, act, server) in [
        (Deed::new("backup", "acme"), "look", Server::Bucket),
        (Deed::new("tier", "acme"), "act", Server::Cluster),
        (Deed::new("pause-pool", "acme"), "act", Server::Pooler),
        (Deed::new("drop-kept", "acme"), "act", Server::Pg01),
    ] {
        let (file, id) = planned(&ground, deed).await?;
        let mut waiter = Waiter::start(&config, &["run", &file]);
        waiter.until_at(act, server).await;
        match server {
            Server::Cluster => ground.world.api.kill(),
            Server::Pooler => ground.bouncer.kill(),
            Server::Bucket => ground.world.objects.kill(),
            _ => ground.world.postgres.kill(),
        }
        let said = waiter.until_says("Waiting: ").await;
        match server {
            Server::Cluster => ground.world.api.start_again().await?,
            Server::Pooler => ground.bouncer.start_again().await?,
            Server::Bucket => ground.world.objects.start_again().await?,
            _ => ground.world.postgres.start_again().await?,
        }
        assert_eq!(waiter.until_ended().await, "done", "{}", waiter.all());
        println!("{}: {said}", deed.verb);
        assert!(said.to_lowercase().contains(refused), "{said}");
        deed.assert_done(&ground, &id).await?;
    }
    ground.assert_no_lease().await
}
