//! Operations of every kind on the training world, with everything that can befall them: consoles that die, records that
//! are torn, answers that are lost, colleagues who race.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod operated;

use operated::{Stage, paced};
use pulse_console::domain::Text;
use pulse_console::domain::operation::{Phase, Verb};
use pulse_console::operation::{Halt, Way};
use pulse_console::sim::{Break, Place, Planned};

/// A run that nothing befalls: how often each place was passed, what was done, and what the world is then.
struct Clean {
    appended: u64,
    acted: u64,
    deeds: Vec<String>,
    before: operated::Footprint,
    after: operated::Footprint,
}

async fn clean(verb: Verb) -> Clean {
    let stage = Stage::new();
    stage.prepare(verb).await;
    let faults = stage.sim.faults();
    let passed = |place| faults.passed(place);
    let (appended, acted) = (passed(Place::Append), passed(Place::Act));
    let before = stage.footprint();
    let plan = stage.plan(verb).await.unwrap_or_else(|why| panic!("{verb}: {why}"));
    let refusals: Vec<_> = plan.refusals().map(|check| check.what.clone()).collect();
    assert!(refusals.is_empty(), "{verb}: {refusals:?}");
    let done = stage.run(&stage.first(), plan).await.expect("it runs");
    assert_eq!(done.standing.phase, Phase::Done, "{verb}: {:?}", done.records);
    assert!(stage.is_free().await);
    Clean {
        appended: passed(Place::Append) - appended,
        acted: passed(Place::Act) - acted,
        deeds: stage.deeds(),
        before,
        after: stage.footprint(),
    }
}

#[test]
fn every_kind_runs_to_its_end() {
    for verb in Verb::ALL {
        let clean = paced(clean(*verb));
        assert!(clean.appended >= 3, "{verb}");
        assert!(clean.acted >= 1, "{verb}");
        assert_ne!(clean.before, clean.after, "{verb} is seen");
    }
}

/// Every point at which a console can die.
fn deaths(clean: &Clean) -> Vec<Planned> {
    let mut all = Vec::new();
    for what in [Break::CrashBefore, Break::CrashAfter] {
        all.push(Planned::once(Place::Open, what, 1));
        all.extend((1..=clean.appended).map(|nth| Planned::once(Place::Append, what, nth)));
        all.extend((1..=clean.acted).map(|nth| Planned::once(Place::Act, what, nth)));
    }
    all
}

async fn die_and_go_on(verb: Verb, clean: &Clean, death: Planned) {
    let what = format!("{verb}, {death:?}");
    let stage = Stage::new();
    stage.prepare(verb).await;
    let plan = stage.plan(verb).await.expect("a plan");
    let id = plan.id.clone();
    let ended = stage.run_until_it_dies(plan.clone(), death).await;
    assert!(ended.is_none(), "{what}: it did not die");
    match stage.take_over(&id, &Way::GoOn).await {
        Some(done) => {
            let done = done.unwrap_or_else(|halt| panic!("{what}: {halt}"));
            assert_eq!(done.standing.phase, Phase::Done, "{what}: {:?}", done.records);
            assert_eq!(stage.deeds(), clean.deeds, "{what}");
            assert_eq!(stage.footprint(), clean.after, "{what}");
        }
        // Nothing was written: then nothing was done.
        None => assert_eq!(stage.footprint(), clean.before, "{what}"),
    }
    assert!(stage.is_free().await, "{what}: a lease is left");
}

#[test]
fn a_colleague_goes_on_wherever_a_console_dies() {
    for verb in Verb::ALL {
        let clean = paced(clean(*verb));
        for death in deaths(&clean) {
            paced(die_and_go_on(*verb, &clean, death));
        }
    }
}

async fn die_and_turn_back(verb: Verb, clean: &Clean, death: Planned) -> bool {
    let what = format!("{verb}, {death:?}");
    let stage = Stage::new();
    stage.prepare(verb).await;
    let plan = stage.plan(verb).await.expect("a plan");
    let id = plan.id.clone();
    assert!(stage.run_until_it_dies(plan.clone(), death).await.is_none(), "{what}");
    let second = stage.second();
    let can = match second.journal.read(&id).await {
        Ok(read) => read.operation.standing.can_turn_back(&read.operation.plan),
        Err(_) => false,
    };
    let back = stage.take_over(&id, &Way::TurnBack(Text::from("a mistake"))).await;
    match back {
        Some(Ok(back)) => {
            assert!(can, "{what}");
            assert_eq!(back.standing.phase, Phase::Undone, "{what}: {:?}", back.records);
            assert_eq!(stage.footprint().lines, clean.before.lines, "{what}");
        }
        Some(Err(halt)) => {
            assert!(!can, "{what}: {halt}");
            assert!(matches!(halt, Halt::Standing(_)), "{what}: {halt}");
        }
        None => assert_eq!(stage.footprint(), clean.before, "{what}"),
    }
    assert!(stage.is_free().await, "{what}: a lease is left");
    can
}

#[test]
fn a_colleague_takes_everything_back_wherever_a_console_dies() {
    for verb in Verb::ALL {
        let clean = paced(clean(*verb));
        let mut back = 0;
        for death in deaths(&clean) {
            back += u32::from(paced(die_and_turn_back(*verb, &clean, death)));
        }
        assert!(back > 0, "{verb} was taken back at least once");
    }
}
