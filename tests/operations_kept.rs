//! How long journals are kept, on the training world: what goes, what stays, and consoles that tidy up at once.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test says what it expects")]

mod operated;

use std::sync::Arc;
use std::time::Duration;

use operated::{Stage, paced, silent};
use pulse_console::domain::operation::{Asks, Command, Operation, Phase, Plan, Verb};
use pulse_console::domain::{FeedId, Object, Span, Text, Timestamp};
use pulse_console::operation::{Retention, Sweeper, Swept, Way, kept_aside};
use pulse_console::platform::{Clock, Control, Feed, Journal, Mark, Platform, Unwritten, World};
use pulse_console::runtime::operator::{Ground, Operator};
use pulse_console::sim::{Break, Place, Planned, Sim};
use tokio::sync::mpsc;

const DAY: u64 = 24 * 60 * 60;

/// The world's clock, so many days later.
struct Later {
    world: Arc<dyn Clock>,
    days: u64,
}

impl Clock for Later {
    fn now(&self) -> Timestamp {
        self.world.now().after(Span::from_secs(self.days * DAY))
    }
}

/// Somebody who tidies up so many days from now.
fn sweeper(stage: &Stage, days: u64, most: usize) -> Sweeper {
    Sweeper {
        journal: stage.sim.journal().expect("a journal"),
        inspect: stage.sim.control().expect("a control"),
        clock: Arc::new(Later { world: stage.sim.clock(), days }),
        retention: Retention { keeps: Span::from_secs(90 * DAY), most },
        most: 100,
        pause: Duration::from_secs(1),
    }
}

async fn listed(stage: &Stage) -> Vec<Operation> {
    let journal = stage.sim.journal().expect("a journal");
    journal.list().await.expect("a listing").operations
}

async fn sweep(stage: &Stage, days: u64, most: usize) -> Swept {
    sweeper(stage, days, most).sweep(&listed(stage).await).await
}

/// The operations that the world tells of.
fn told_ids(stage: &Stage) -> Vec<Text> {
    stage.sim.with(|engine| {
        let all = engine.world().others(FeedId::Operations);
        let mut ids: Vec<Text> = all
            .filter_map(|object| match object {
                Object::Operation(operation) => Some(operation.plan.id.clone()),
                _ => None,
            })
            .collect();
        ids.sort();
        ids
    })
}

#[test]
fn a_journal_goes_when_nothing_of_it_is_due_any_more() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::Tier).await;
        let paused = stage.done(Verb::PausePool).await;
        let resumed = stage.plan(Verb::ResumePool).await.expect("a plan");
        stage.run(&stage.first(), resumed.clone()).await.expect("it runs");
        let undone = stage.done(Verb::Tier).await;
        let back = Way::TurnBack("the wrong one".into());
        let undone = stage.first().resume(&undone.plan.id, &back, &silent()).await.expect("undone");
        assert_eq!(undone.standing.phase, Phase::Undone);
        // A backup is insurance for a week.
        let backup = stage.done(Verb::Backup).await;
        assert!(backup.soaks_until().is_some());
        let swap = stage.done(Verb::RestoreSwap).await;
        let waits = stage.plan(Verb::Tier).await.expect("a plan");
        let waits = Plan { asks: Asks::SecondPerson, ..waits };
        stage.run(&stage.first(), waits.clone()).await.expect("it waits");

        assert_eq!(sweep(&stage, 89, 100).await, Swept::default());
        let gone = [&paused.plan.id, &resumed.id, &undone.plan.id].map(Text::clone);
        let swept = sweep(&stage, 91, 100).await;
        assert_eq!((swept.removed, swept.stay.len(), swept.left_off), (gone.to_vec(), 0, None));
        let swept = sweep(&stage, 98, 100).await;
        assert_eq!(swept.removed, std::slice::from_ref(&backup.plan.id));
        // As long as what the swap kept is there, its journal is too.
        assert_eq!(swept.stay.len(), 1, "{:?}", swept.stay);
        assert_eq!(swept.stay[0].0, swap.plan.id);
        assert!(swept.stay[0].1.as_str().contains("-kept-"), "{}", swept.stay[0].1);
        let both = || {
            let mut both = vec![swap.plan.id.clone(), waits.id.clone()];
            both.sort();
            both
        };
        assert_eq!(told_ids(&stage), both(), "the others are gone from the screen too");
        let read = stage.first().journal.read(&backup.plan.id).await;
        assert_eq!(read.map(|read| read.revision), Err(Unwritten::Missing));

        drop_kept(&stage, &swap).await;
        let swept = sweep(&stage, 98, 100).await;
        assert_eq!((swept.removed, swept.stay.len()), (vec![swap.plan.id.clone()], 0));
        // What waits for somebody waits, however long that takes.
        assert_eq!(sweep(&stage, 5000, 1).await, Swept::default());
        assert_eq!(told_ids(&stage), [waits.id]);
    });
}

/// Somebody drops what `swap` kept.
async fn drop_kept(stage: &Stage, swap: &Operation) {
    let kept = kept_aside(swap);
    let [pulse_console::domain::operation::Query::Database { name }] = &kept[..] else {
        unreachable!("{kept:?}")
    };
    let mark = Mark { operation: "x".into(), by: "maria".into(), reason: "its time is up".into() };
    let command = Command::DropDatabase { name: name.clone(), oid: None };
    stage.first().control.act(&command, &mark).await.expect("it is dropped");
}

#[test]
fn of_too_many_the_first_go_and_two_who_tidy_at_once_do_no_harm() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::Tier).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            for verb in [Verb::PausePool, Verb::ResumePool] {
                ids.push(stage.done(verb).await.plan.id.clone());
            }
        }
        assert_eq!(sweep(&stage, 0, 1).await, Swept::default(), "what just ended stays");
        let all = listed(&stage).await;
        let (one, other) = (sweeper(&stage, 2, 2), sweeper(&stage, 2, 2));
        let (one, other) = tokio::join!(one.sweep(&all), other.sweep(&all));
        assert_eq!((&one.left_off, &other.left_off), (&None, &None));
        let mut removed = [one.removed, other.removed].concat();
        removed.sort();
        let mut first = ids[..4].to_vec();
        first.sort();
        assert_eq!(removed, first, "each by one of them");
        assert_eq!(sweep(&stage, 2, 2).await, Swept::default());
        let calm = Sweeper { most: 1, ..sweeper(&stage, 100, 2) };
        assert_eq!(calm.sweep(&listed(&stage).await).await.removed, ids[4..5]);
    });
}

#[test]
fn what_a_colleague_goes_on_with_stays() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::Tier).await;
        let tier = stage.done(Verb::Tier).await;
        let seen = listed(&stage).await;
        let back = Way::TurnBack("the wrong one".into());
        stage.second().resume(&tier.plan.id, &back, &silent()).await.expect("undone");
        // Who reads what is old does not remove what is new.
        stage.sim.faults().add(Planned::once(Place::Read, Break::Stale, 1));
        let swept = sweeper(&stage, 100, 100).sweep(&seen).await;
        assert!(swept.removed.is_empty() && swept.left_off.is_none(), "{swept:?}");
        // Who can't read removes nothing, and says why.
        stage.sim.faults().add(Planned::once(Place::Read, Break::Error, 1));
        let swept = sweeper(&stage, 100, 100).sweep(&seen).await;
        assert!(swept.removed.is_empty() && swept.left_off.is_some(), "{swept:?}");
        assert_eq!(sweep(&stage, 100, 100).await.removed, std::slice::from_ref(&tier.plan.id));
    });
}

/// The training world two days from now.
struct Ahead(Arc<Sim>);

impl Platform for Ahead {
    fn world(&self) -> World {
        self.0.world()
    }

    fn feeds(&self) -> Vec<Box<dyn Feed>> {
        self.0.feeds()
    }

    fn control(&self) -> Option<Arc<dyn Control>> {
        self.0.control()
    }

    fn journal(&self) -> Option<Arc<dyn Journal>> {
        self.0.journal()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(Later { world: self.0.clock(), days: 2 })
    }
}

#[test]
fn only_a_console_that_may_change_something_tidies_up() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::Tier).await;
        let first = stage.done(Verb::PausePool).await;
        let second = stage.done(Verb::ResumePool).await;
        let all: Vec<Arc<Operation>> = listed(&stage).await.into_iter().map(Arc::new).collect();
        let retention = Retention { keeps: Span::from_secs(90 * DAY), most: 1 };
        let sweep = async |read_only| {
            let ground = Ground { retention, ..Ground::default() };
            let world = Ahead(Arc::clone(&stage.sim));
            let operator = Operator::new(&world, read_only, ground, "here".into());
            let (told, _said) = mpsc::channel(4);
            operator.sweep(all.clone(), told).await;
            told_ids(&stage)
        };
        let mut both = vec![first.plan.id.clone(), second.plan.id.clone()];
        both.sort();
        assert_eq!(sweep(true).await, both);
        assert_eq!(sweep(false).await, std::slice::from_ref(&second.plan.id));
    });
}
