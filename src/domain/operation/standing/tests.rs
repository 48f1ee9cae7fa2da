//! Whatever is replayed: it is refused, or it keeps the invariants.

use proptest::prelude::*;

use super::*;
use crate::domain::operation::{Expect, Goal, Query, Step, Verb};
use crate::domain::{Role, Span};

fn plan(steps: usize, no_return: Option<usize>, asks: Asks) -> Plan {
    let step = |number| Step {
        name: Text::from(format!("step {number}")),
        act: None,
        begun: None,
        settled: Goal::new(Query::DatabaseServer, Expect::Present),
        limit: Span::from_secs(1),
        undo: None,
        log: None,
    };
    Plan {
        id: Text::from("k3f9x2"),
        verb: Verb::Backup,
        scope: Text::from("acme"),
        tenant: None,
        title: Text::default(),
        damage: Text::default(),
        by: Text::from("maria"),
        at: Timestamp::default(),
        asks,
        role: Role::Operator,
        word: Text::default(),
        pins: Vec::new(),
        checks: Vec::new(),
        notes: Vec::new(),
        steps: (0..steps).map(step).collect(),
        no_return,
        back: None,
        due: Vec::new(),
    }
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let asks = prop_oneof![3 => Just(Asks::Yes), 1 => Just(Asks::SecondPerson)];
    (1..4_usize, prop::option::of(0..4_usize), asks)
        .prop_map(|(steps, no_return, asks)| plan(steps, no_return, asks))
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let step = || prop_oneof![30 => 0..4_usize, 1 => Just(usize::MAX)];
    let text = || Just(Text::from("so"));
    prop_oneof![
        1 => Just(Entry::Confirmed { reason: Text::default(), stepped_up: true }),
        2 => Just(Entry::Approved),
        2 => Just(Entry::Taken),
        9 => step().prop_map(|step| Entry::Began { step }),
        9 => (step(), text()).prop_map(|(step, saw)| Entry::Done { step, saw }),
        3 => (step(), text()).prop_map(|(step, why)| Entry::Stopped { step, why }),
        2 => text().prop_map(|why| Entry::TurnedBack { why }),
        6 => step().prop_map(|step| Entry::Undoing { step }),
        6 => (step(), text()).prop_map(|(step, saw)| Entry::Undone { step, saw }),
        1 => text().prop_map(|why| Entry::GivenUp { why }),
    ]
}

fn any_record() -> impl Strategy<Value = Record> {
    (any_entry(), 0..3_u64, any::<bool>(), any::<i64>()).prop_map(|(entry, fence, own, ms)| {
        Record {
            at: Timestamp::from_ms(ms),
            by: Text::from(if own { "maria" } else { "ivan" }),
            console: Text::from("console-a"),
            fence,
            entry,
        }
    })
}

fn first() -> Record {
    let entry = Entry::Confirmed { reason: Text::from("why"), stepped_up: false };
    let (by, console) = (Text::from("maria"), Text::from("console-a"));
    Record { at: Timestamp::default(), by, console, fence: 0, entry }
}

/// What must be so after `entry` took `before` to `after`.
fn follows(plan: &Plan, before: &Standing, entry: &Entry, after: &Standing) -> Result<(), String> {
    let rule = |holds: bool, what: &str| {
        if holds { Ok(()) } else { Err(format!("{what}: {before:?} {entry:?} {after:?}")) }
    };
    rule(after.fence >= before.fence, "a fence goes down")?;
    rule(after.done <= plan.steps.len(), "more is done than there is")?;
    rule(after.reached() <= plan.steps.len(), "more began than there is")?;
    rule(after.left <= after.reached(), "more is to be taken back than began")?;
    let stays = matches!(entry, Entry::TurnedBack { .. }) && before.phase == Phase::Done;
    rule(!before.is_over() || stays, "what is over goes on")?;
    let waits = matches!(entry, Entry::Approved | Entry::GivenUp { .. });
    rule(before.phase != Phase::Waiting || waits, "what waits for approval goes on")?;
    rule(after.done <= before.done + 1, "two steps at once are done")?;
    rule(after.done == before.done || before.begun, "a step is done that did not begin")?;
    rule(before.left == 0 || after.done == before.done, "it goes on while it is taken back")?;
    let back = after.left == before.left || before.left == 0 || after.left + 1 == before.left;
    rule(back, "it is not taken back from the last step to the first")?;
    let turned = matches!(entry, Entry::TurnedBack { .. });
    let may = before.reached() == 0 || plan.can_undo_at(before.reached() - 1);
    rule(!turned || may, "it is taken back from beyond the point of no return")?;
    let all = after.done == plan.steps.len() && !after.is_turned_back();
    rule(after.phase != Phase::Done || all, "not everything is done")?;
    rule(after.phase != Phase::Undone || after.left == 0, "not everything is taken back")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_records_are_refused_or_keep_the_invariants(
        plan in any_plan(),
        records in prop::collection::vec(any_record(), 0..40),
    ) {
        let mut accepted = vec![first()];
        let mut standing = Standing::replay(&plan, &accepted).expect("it was confirmed");
        for record in records {
            let mut next = standing.clone();
            if next.take(&plan, &record).is_err() {
                let mut with = accepted.clone();
                with.push(record);
                let broken = Standing::replay(&plan, &with).expect_err("it is refused in a replay too");
                prop_assert_eq!(broken.at, accepted.len());
                continue;
            }
            follows(&plan, &standing, &record.entry, &next).map_err(TestCaseError::fail)?;
            accepted.push(record);
            prop_assert_eq!(&Standing::replay(&plan, &accepted).expect("a replay"), &next);
            standing = next;
        }
    }

    #[test]
    fn a_replay_of_anything_never_panics(
        plan in any_plan(),
        records in prop::collection::vec(any_record(), 0..12),
    ) {
        if let Ok(standing) = Standing::replay(&plan, &records) {
            let confirmed = matches!(records[0].entry, Entry::Confirmed { .. });
            prop_assert!(confirmed);
            prop_assert!(standing.reached() <= plan.steps.len());
        }
    }
}

#[test]
fn each_wrong_record_is_refused_with_its_number() {
    let plan = plan(2, Some(1), Asks::Yes);
    let told = |entries: &[Entry]| {
        let record = |entry: &Entry| Record { entry: entry.clone(), ..first() };
        let records: Vec<Record> =
            [first()].into_iter().chain(entries.iter().map(record)).collect();
        Standing::replay(&plan, &records)
            .map(|it| it.phase)
            .map_err(|broken| (broken.at, broken.why))
    };
    let text = || Text::from("so");
    let (began, done) =
        (|step| Entry::Began { step }, |step| Entry::Done { step, saw: Text::from("so") });
    let back = || Entry::TurnedBack { why: text() };
    assert_eq!(told(&[]), Ok(Phase::Running));
    assert_eq!(told(&[done(0)]), Err((1, "that step did not begin")));
    assert_eq!(told(&[began(1)]), Err((1, "that step is not the next one")));
    assert_eq!(told(&[began(0), done(1)]), Err((2, "that step did not begin")));
    assert_eq!(told(&[began(0), done(0), began(1), done(1)]), Ok(Phase::Done));
    assert_eq!(told(&[began(0), done(0), began(2)]), Err((3, "that step is not the next one")));
    let beyond = [began(0), done(0), began(1), back()];
    assert_eq!(told(&beyond), Err((4, "it can't be taken back from there")));
    let again = [back(), began(0)];
    assert_eq!(told(&again), Err((2, "no step may begin")));
    assert_eq!(told(&[began(0), back(), Entry::Undoing { step: 0 }]), Ok(Phase::Undoing));
    let elsewhere = Entry::Stopped { step: 1, why: text() };
    assert_eq!(told(&[began(0), elsewhere]), Err((2, "that step is not under way")));
}
