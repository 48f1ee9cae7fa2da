//! What operations do to the training world is told by its feeds, keeps their contract, and is the same each time.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod operated;

use std::time::Duration;

use operated::{Stage, paced};
use pulse_console::domain::operation::{Operation, Phase, Verb};
use pulse_console::domain::{Fact, FeedId, Object, Observation};
use pulse_console::platform::contract::Contract;
use pulse_console::platform::{Platform as _, Sink};
use tokio::sync::mpsc;

/// Runs `verb` while somebody watches; what was told, and what came of it.
async fn watched(verb: Verb) -> (Vec<Observation>, Operation) {
    let stage = Stage::new();
    let (queue, mut told) = mpsc::channel(64);
    let feed = stage.sim.feeds().pop().expect("a feed");
    let feed = feed.run(Sink::new(queue, stage.sim.clock()));
    let run = async {
        stage.prepare(verb).await;
        let plan = stage.plan(verb).await.expect("a plan");
        let done = stage.run(&stage.first(), plan).await.expect("it runs");
        tokio::time::sleep(Duration::from_secs(20)).await;
        done
    };
    let mut all = Vec::new();
    tokio::pin!(feed, run);
    let done = loop {
        tokio::select! {
            biased;
            Some(batch) = told.recv() => all.extend(batch),
            () = &mut feed => unreachable!("the feed ends though somebody listens"),
            done = &mut run => break done,
        }
    };
    while let Ok(batch) = told.try_recv() {
        all.extend(batch);
    }
    (all, done)
}

fn upserts(told: &[Observation], feed: FeedId) -> impl Iterator<Item = &Object> {
    told.iter().filter(move |it| it.feed == feed).filter_map(|it| match &it.fact {
        Fact::Upsert(object) => Some(object),
        _ => None,
    })
}

#[test]
fn every_kind_keeps_the_contract_and_is_told() {
    for verb in Verb::ALL {
        let (told, done) = paced(watched(*verb));
        assert_eq!(done.standing.phase, Phase::Done, "{verb}: {:?}", done.records);
        let mut contract = Contract::new();
        contract.observe_all(&told).expect("the contract");
        assert!(contract.is_listed(FeedId::Operations));
        let last = upserts(&told, FeedId::Operations).last().expect("the operation is told");
        assert_eq!(*last, Object::from(done), "{verb}");
    }
}

#[test]
fn a_restore_with_swap_is_seen_where_the_operator_looks() {
    let (told, done) = paced(watched(Verb::RestoreSwap));
    let pools = upserts(&told, FeedId::Pools);
    let acme = pools.filter_map(|object| match object {
        Object::Pool(pool) if pool.database == "acme.planapulse.app" => Some(pool.paused),
        _ => None,
    });
    let mut turns: Vec<bool> = acme.collect();
    turns.dedup();
    assert!(turns.windows(2).any(|turn| turn == [true, false]), "it was paused: {turns:?}");
    let kept = upserts(&told, FeedId::Databases).filter(|object| {
        matches!(object, Object::Database(it) if it.name.as_str().starts_with("acme-kept-") && it.name != operated::KEPT)
    });
    assert!(kept.count() > 0, "the kept database is told");
    assert!(upserts(&told, FeedId::Restores).count() > 1, "the run is told as it goes");
    let jobs = upserts(&told, FeedId::Jobs).filter(|object| {
        matches!(object, Object::ClusterObject(it) if it.meta.name.as_str().contains(done.plan.id.as_str()))
    });
    assert!(jobs.count() >= 4, "Jobs are told as they go");
    let said = told.iter().any(|it| match &it.fact {
        Fact::Entries(entries) => entries
            .iter()
            .any(|entry| format!("{:?}", entry.content).contains("console.operation.done")),
        _ => false,
    });
    assert!(said, "word of it is on the stream");
}

#[test]
fn the_same_seed_and_the_same_deeds_are_told_the_same() {
    let both = [(); 2].map(|()| paced(watched(Verb::UpgradeSame)));
    let [(one, done), (other, again)] = both;
    assert!(one.len() > 300);
    assert_eq!(done, again);
    assert!(one == other, "the same world, the same facts");
}
