//! The training world keeps the contract of facts, in every scenario, for ten minutes of its time.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

use pulse_console::domain::{FeedId, Kind, Observation, Span, Trouble, TroubleKind};
use pulse_console::platform::contract::Contract;
use pulse_console::sim::{Engine, Fault, NAMES, scenario};

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
