//! The training world keeps the contract of facts, in every scenario, for ten minutes of its time, and passes the
//! checks that the live world passes in `kubernetes_contract.rs`.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod world;

use std::fmt::Write as _;
use std::sync::Arc;

use pulse_console::domain::{FeedId, Kind, Observation, Span, Trouble, TroubleKind};
use pulse_console::platform::Platform;
use pulse_console::platform::contract::Contract;
use pulse_console::sim::{Engine, Fault, NAMES, Scenario, Sim, scenario};
use world::{What, World};

/// Ten minutes.
const LONG: u64 = 600;

fn engine(name: &str) -> Engine {
    Engine::new(&scenario::builtin(name).expect("a scenario"), None)
}

/// Watches what is told, and says what rule it breaks.
fn watch(contract: &mut Contract, name: &str, secs: u64, told: &[Observation]) {
    if let Err(why) = contract.observe_all(told) {
        panic!("{name}, after {secs} s: {why}");
    }
}

/// What is known of objects at the end is what exists.
fn agree(contract: &Contract, engine: &Engine, but: &[FeedId]) {
    for kind in Kind::ALL.into_iter().filter(|kind| !but.contains(&FeedId::of(*kind))) {
        let feed = FeedId::of(kind);
        assert!(contract.is_listed(feed), "{feed} was listed");
        assert_eq!(contract.known(feed), engine.world().objects(kind).count(), "{feed}");
    }
}

#[test]
fn every_scenario_keeps_the_contract_for_ten_minutes() {
    assert!(NAMES.len() >= 3);
    for name in NAMES {
        let (mut engine, mut contract) = (engine(name), Contract::new());
        watch(&mut contract, name, 0, &engine.start());
        let mut told = 0;
        for secs in 0..LONG {
            let observations = engine.advance(Span::from_secs(1));
            told += observations.len();
            watch(&mut contract, name, secs, &observations);
        }
        assert!(told > 1_000, "{name} told {told} facts");
        assert!(contract.newest().is_some(), "{name} told of events");
        let refused: &[FeedId] = if name == "hostile-data" { &[FeedId::Restores] } else { &[] };
        agree(&contract, &engine, refused);
    }
}

#[test]
fn the_contract_holds_whatever_breaks() {
    for name in NAMES {
        let (mut engine, mut contract) = (engine(name), Contract::new());
        watch(&mut contract, name, 0, &engine.start());
        for (secs, fault) in faults().into_iter().enumerate() {
            let secs = secs as u64;
            watch(&mut contract, name, secs, &engine.fault(fault));
            watch(&mut contract, name, secs, &engine.advance(Span::from_ms(2_300)));
        }
        agree(&contract, &engine, &[]);
    }
}

/// Everything that can break, each feed in turn, and mended at the end.
fn faults() -> Vec<Fault> {
    let cut = || Trouble::new(TroubleKind::Unreachable, "the link is cut", "Wait.");
    let mut faults = vec![Fault::Gap(3), Fault::Reset, Fault::Gap(1), Fault::Reset, Fault::Reset];
    for feed in FeedId::ALL {
        faults.extend([
            Fault::FeedDown(feed, cut()),
            Fault::Gap(7),
            Fault::Denied(feed),
            Fault::FeedUp(feed),
            Fault::FeedUp(feed),
            Fault::FeedDown(feed, cut()),
            Fault::Reset,
            Fault::FeedUp(feed),
        ]);
    }
    faults
}

/// A training world that goes through by itself what the checks ask for.
struct Training(Arc<dyn Platform>);

impl World for Training {
    fn platform(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.0)
    }

    fn tenant(&self) -> String {
        "lunen-far".to_owned()
    }

    fn holds(&self) -> Vec<FeedId> {
        HELD.to_vec()
    }

    /// Nothing to do: the scenario has its own times.
    async fn happen(&mut self, _: What) {}
}

/// What the training world has something of.
const HELD: [FeedId; 20] = [
    FeedId::Databases,
    FeedId::Sessions,
    FeedId::DatabaseServer,
    FeedId::Pools,
    FeedId::Streams,
    FeedId::Keys,
    FeedId::StreamServer,
    FeedId::Backups,
    FeedId::Buckets,
    FeedId::Alerts,
    FeedId::Deployments,
    FeedId::Pods,
    FeedId::Routes,
    FeedId::Certificates,
    FeedId::Kustomizations,
    FeedId::CronJobs,
    FeedId::Jobs,
    FeedId::Nodes,
    FeedId::Series,
    FeedId::Probes,
];

/// The scenario, with every server away for a while.
fn short_life() -> String {
    let mut text = SHORT_LIFE.to_owned();
    for feed in FeedId::ALL {
        let name = serde_json::to_string(&feed).expect("a name");
        for (at, what) in [("12s", "feed-down"), ("20s", "feed-up")] {
            let _ =
                write!(text, "\n[[incident]]\nat = \"{at}\"\nwhat = \"{what}\"\nfeed = {name}\n");
        }
    }
    text
}

const SHORT_LIFE: &str = r#"
name = "short-life"
title = "What every world must do, in half a minute."
seed = 1
start = "2026-11-21T00:47:00Z"

[tenants]
count = 12
tier = { starter = 12 }
version = { "18" = 12 }
health = { healthy = 1 }

[cluster]
tenants = true
troubles = true

[stream]
per-second = 5
history = 40
history-span = "1h"

[stream.mix]
"agent.report" = 1

[[tenant]]
name = "lunen-far"
owner = "Lunen far"
tier = "pro"

[[incident]]
at = "4s"
what = "synced-false"
tenant = "lunen-far"
message = "cannot compose resources"
lasts = "10m"

[[incident]]
at = "18s"
what = "stream-reset"
"#;

#[tokio::test(start_paused = true)]
async fn the_training_world_passes_the_checks_of_both_worlds() {
    let scenario = Scenario::parse("short-life", &short_life()).expect("a scenario");
    let sim = Sim::new(Engine::new(&scenario, None), 10.0);
    world::passes_the_checks(Training(Arc::new(sim))).await;
}
