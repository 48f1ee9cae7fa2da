//! Operations of every kind on the training world, with everything that can befall them: consoles that die, records that
//! are torn, answers that are lost, colleagues who race.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod operated;

use std::time::Duration;

use operated::{Stage, paced, silent};
use pulse_console::domain::Text;
use pulse_console::domain::operation::{Command, Goal, Phase, Reached, Verb};
use pulse_console::operation::{Halt, Way};
use pulse_console::platform::{Mark, Platform as _, Unwritten};
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

#[test]
fn a_torn_record_was_never_written_wherever_it_is_torn() {
    let bytes = paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::PausePool).await;
        let plan = stage.plan(Verb::PausePool).await.expect("a plan");
        let id = plan.id.clone();
        stage.run(&stage.first(), plan).await.expect("it runs");
        stage.sim.record_bytes(&id)
    });
    let clean = paced(clean(Verb::PausePool));
    assert_eq!(bytes.len() as u64, clean.appended + 1);
    for (number, bytes) in (0..).zip(bytes) {
        for cut in 0..=bytes as u64 {
            let torn = match number {
                0 => Planned::once(Place::Open, Break::Torn, 1),
                nth => Planned::once(Place::Append, Break::Torn, nth),
            };
            paced(die_and_go_on(Verb::PausePool, &clean, torn.bytes(cut)));
        }
    }
}

#[test]
fn a_torn_record_is_no_record_in_any_kind() {
    for verb in Verb::ALL {
        let clean = paced(clean(*verb));
        for nth in 1..=clean.appended {
            let torn = Planned::once(Place::Append, Break::Torn, nth).bytes(nth * 17 % 140);
            paced(die_and_go_on(*verb, &clean, torn.clone()));
            paced(die_and_turn_back(*verb, &clean, torn));
        }
    }
}

/// Whatever breaks for a while: the operation waits, and comes to the same end.
async fn break_and_go_on(verb: Verb, clean: &Clean, broken: Planned) {
    let what = format!("{verb}, {broken:?}");
    let stage = Stage::new();
    stage.prepare(verb).await;
    let plan = stage.plan(verb).await.expect("a plan");
    stage.sim.faults().add(broken);
    let done =
        stage.run(&stage.first(), plan).await.unwrap_or_else(|halt| panic!("{what}: {halt}"));
    assert_eq!(done.standing.phase, Phase::Done, "{what}: {:?}", done.records);
    assert_eq!(stage.deeds(), clean.deeds, "{what}");
    assert_eq!(stage.footprint(), clean.after, "{what}");
    assert!(stage.is_free().await, "{what}: a lease is left");
}

#[test]
fn what_breaks_for_a_while_is_waited_out() {
    for verb in Verb::ALL {
        let clean = paced(clean(*verb));
        let every = [
            (Break::Error, 7),
            (Break::Timeout, 3),
            (Break::LostReply, 1),
            (Break::TokenExpired, 20),
        ];
        for (what, times) in every {
            for nth in 1..=clean.acted {
                let broken = Planned::once(Place::Act, what, nth).times(times);
                paced(break_and_go_on(*verb, &clean, broken));
            }
            for nth in 1..=clean.appended {
                let broken = Planned::once(Place::Append, what, nth).times(times);
                paced(break_and_go_on(*verb, &clean, broken));
            }
            let broken = Planned::once(Place::Read, what, 2);
            paced(break_and_go_on(*verb, &clean, broken));
        }
    }
}

#[test]
fn a_lease_that_is_lost_is_taken_again_and_nothing_is_done_twice() {
    for verb in Verb::ALL {
        let clean = paced(clean(*verb));
        for nth in 1..=clean.acted {
            let lost = Planned::once(Place::Act, Break::LeaseLost, nth);
            paced(break_and_go_on(*verb, &clean, lost));
        }
        for nth in 1..=clean.appended {
            let lost = Planned::once(Place::Append, Break::LeaseLost, nth);
            paced(break_and_go_on(*verb, &clean, lost));
        }
        for what in [Break::Error, Break::Timeout, Break::TokenExpired] {
            let lost = Planned::once(Place::Lease, what, 3).times(9);
            paced(break_and_go_on(*verb, &clean, lost));
        }
    }
}

/// Makes `act` twice before it is looked for, and once more after.
async fn thrice(stage: &Stage, act: Option<&Command>, settled: &Goal, what: &str) {
    let control = stage.sim.control().expect("a control");
    let mark =
        Mark { operation: Text::from(what), by: Text::from("maria"), reason: Text::from("a test") };
    let reached = async || {
        let seen = stage.look(settled.query.clone()).await;
        matches!(settled.expect.judge(&seen), Reached::Yes(_))
    };
    let again = async || {
        if let Some(act) = act {
            // The second one may be refused: what it would hit is not there any more.
            let _ = control.act(act, &mark).await;
        }
    };
    if !reached().await
        && let Some(act) = act
    {
        control.act(act, &mark).await.unwrap_or_else(|why| panic!("{what}: {why}"));
        again().await;
    }
    while !reached().await {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    again().await;
    while !reached().await {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn everything_thrice(verb: Verb, clean: &Clean) {
    let stage = Stage::new();
    stage.prepare(verb).await;
    let plan = stage.plan(verb).await.expect("a plan");
    let id = plan.id.to_string();
    for step in &plan.steps {
        thrice(&stage, step.act.as_ref(), &step.settled, &id).await;
    }
    assert_eq!(stage.deeds(), clean.deeds, "{verb}");
    assert_eq!(stage.footprint(), clean.after, "{verb}");
    if plan.no_return.is_some() {
        return;
    }
    for undo in plan.steps.iter().rev().filter_map(|step| step.undo.as_ref()) {
        thrice(&stage, Some(&undo.act), &undo.settled, &id).await;
    }
    assert_eq!(stage.footprint().lines, clean.before.lines, "{verb}");
}

#[test]
fn every_step_and_every_undo_done_thrice_is_done_once() {
    for verb in Verb::ALL {
        paced(async { everything_thrice(*verb, &clean(*verb).await).await });
    }
}

#[test]
fn of_two_consoles_one_wins_and_the_other_says_who() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::Backup).await;
        let (one, other) = (stage.plan(Verb::Backup).await, stage.plan(Verb::RestoreSwap).await);
        let (one, other) = (one.expect("a plan"), other.expect("a plan"));
        assert_eq!(one.scope, other.scope);
        let again = one.clone();
        let (first, second) = (stage.first(), stage.second());
        let (won, lost) = tokio::join!(stage.run(&first, one), stage.run(&second, other.clone()));
        assert_eq!(won.expect("it runs").standing.phase, Phase::Done);
        let held =
            Unwritten::Held { scope: Text::from("acme"), by: Text::from("console-a"), lives: true };
        assert_eq!(lost.expect_err("it is held"), Halt::Journal(held));
        assert_eq!(second.journal.read(&other.id).await.expect_err("nothing"), Unwritten::Missing);
        assert!(stage.sim.is_free());
        // And a plan runs once.
        let twice = stage.run(&second, again).await.expect_err("it ran");
        assert_eq!(twice, Halt::Journal(Unwritten::Exists));
        assert!(stage.sim.is_free());
    });
}

#[test]
fn nobody_takes_over_what_a_console_works_on() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::RestoreSwap).await;
        let plan = stage.plan(Verb::RestoreSwap).await.expect("a plan");
        let id = plan.id.clone();
        let (first, second) = (stage.first(), stage.second());
        let meddle = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            second.resume(&id, &Way::TurnBack(Text::from("a mistake")), &silent()).await
        };
        let (done, meddled) = tokio::join!(stage.run(&first, plan), meddle);
        assert_eq!(done.expect("it runs").standing.phase, Phase::Done);
        let held =
            Unwritten::Held { scope: Text::from("acme"), by: Text::from("console-a"), lives: true };
        assert_eq!(meddled.expect_err("it is held"), Halt::Journal(held));
    });
}

#[test]
fn the_way_that_was_meant_is_gone_though_the_lease_is_lost_before_it_is_written() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::Tier).await;
        let before = stage.footprint();
        let plan = stage.plan(Verb::Tier).await.expect("a plan");
        let id = plan.id.clone();
        let death = Planned::once(Place::Append, Break::CrashAfter, 3);
        assert!(stage.run_until_it_dies(plan, death).await.is_none());
        tokio::time::sleep(Duration::from_secs(20)).await;
        // Nobody answers to the record that it is taken back, and meanwhile the lease runs out.
        let faults = stage.sim.faults();
        faults.add(Planned::once(Place::Append, Break::Timeout, 1).on("turned-back"));
        faults.add(Planned::once(Place::Lease, Break::LeaseLost, 2));
        let way = Way::TurnBack(Text::from("a mistake"));
        let back = stage.second().resume(&id, &way, &silent()).await.expect("it is taken back");
        assert_eq!(back.standing.phase, Phase::Undone, "{:?}", back.records);
        assert_eq!(stage.footprint(), before);
    });
}

#[test]
fn a_console_that_can_not_keep_its_lease_stops_before_another_gets_it() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::RestoreSwap).await;
        let plan = stage.plan(Verb::RestoreSwap).await.expect("a plan");
        let id = plan.id.clone();
        // From its second call on, the first console hears nothing of its lease.
        let deaf = Planned::once(Place::Lease, Break::Timeout, 3).times(60);
        stage.sim.faults().add(deaf.on("console-a"));
        let (first, second) = (stage.first(), stage.second());
        let meddle = async {
            tokio::time::sleep(Duration::from_secs(6)).await;
            second.resume(&id, &Way::GoOn, &silent()).await
        };
        let (lost, done) = tokio::join!(stage.run(&first, plan), meddle);
        let done = done.expect("it goes on");
        assert_eq!(done.standing.phase, Phase::Done, "{:?}", done.records);
        assert_eq!(stage.deeds(), clean_deeds(Verb::RestoreSwap).await);
        // Once a colleague has it, nothing more is of the first console.
        let taken = done.records.iter().position(|record| record.console == "console-b");
        let after = done.records.iter().skip(taken.expect("it was taken"));
        assert!(
            after.into_iter().all(|record| record.console == "console-b"),
            "{:?}",
            done.records
        );
        assert!(
            lost.is_ok() || matches!(lost, Err(Halt::Journal(_) | Halt::Trouble(_))),
            "{lost:?}"
        );
    });
}

async fn clean_deeds(verb: Verb) -> Vec<String> {
    let stage = Stage::new();
    stage.prepare(verb).await;
    let plan = stage.plan(verb).await.expect("a plan");
    stage.run(&stage.first(), plan).await.expect("it runs");
    stage.deeds()
}
