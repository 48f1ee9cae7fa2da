//! What is done before anything is taken back, on the training world: what it would be taken back by may be gone, something
//! may have been done on top of it, and who works on it may have lost its lease asleep.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test says what it expects"
)]
#![allow(dead_code, reason = "it uses a part of what such tests have in common")]

mod operated;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use operated::{Stage, paced, silent};
use pulse_console::app::OperateOrder;
use pulse_console::domain::operation::{Command, Entry, Operation, Phase, Query, Verb};
use pulse_console::domain::{Span, Text, Timestamp};
use pulse_console::operation::{Executor, Halt, Way, kept_aside};
use pulse_console::platform::{
    Call, Clock, Intercepted, Interceptor, Journal, Mark, Pass, Platform as _, Unwritten,
};
use pulse_console::runtime::operator::{Ground, Operator, Told};
use tokio::sync::mpsc;

async fn back(stage: &Stage, operation: &Operation) -> Result<Operation, Halt> {
    let way = Way::TurnBack("a mistake".into());
    stage.first().resume(&operation.plan.id, &way, &silent()).await
}

fn no_way_back(back: Result<Operation, Halt>) -> Text {
    match back {
        Err(Halt::NoWayBack(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_swap_whose_kept_database_is_gone_is_left_alone() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::RestoreSwap).await;
        let swap = stage.done(Verb::RestoreSwap).await;
        let kept = kept_aside(&swap);
        let [Query::Database { name }] = &kept[..] else { panic!("{kept:?}") };
        let mark = Mark { operation: "x".into(), by: "maria".into(), reason: "time is up".into() };
        let drop = Command::DropDatabase { name: name.clone(), oid: None };
        stage.first().control.act(&drop, &mark).await.expect("it is dropped");
        let before = stage.footprint();
        let why = no_way_back(back(&stage, &swap).await);
        assert_eq!(why, "the kept database has changed: the database is not there");
        assert_eq!(stage.footprint(), before, "nothing was touched");
        let read = stage.first().journal.read(&swap.plan.id).await.expect("a journal");
        assert_eq!(read.operation, swap, "and nothing was written");
        assert!(stage.is_free().await);
    });
}

#[test]
fn what_something_was_done_on_top_of_is_taken_back_after_that() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::RestoreSwap).await;
        let before = stage.footprint();
        let first = stage.done(Verb::RestoreSwap).await;
        tokio::time::sleep(Duration::from_mins(2)).await;
        let second = stage.done(Verb::RestoreSwap).await;
        // What harms nobody is no hindrance.
        let backup = stage.done(Verb::Backup).await;
        let after = stage.footprint();
        let why = no_way_back(back(&stage, &first).await);
        assert_eq!(why, format!("{} came after it", second.plan.title).as_str());
        assert_eq!(stage.footprint(), after);
        for swap in [second, first] {
            let undone = back(&stage, &swap).await.expect("it is taken back");
            assert_eq!(undone.standing.phase, Phase::Undone, "{:?}", undone.records);
        }
        assert_eq!(stage.footprint().lines, before.lines);
        assert!(stage.is_free().await);
        drop(backup);
    });
}

#[test]
fn a_tier_that_somebody_changed_since_is_not_put_back() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::Tier).await;
        let first = stage.done(Verb::Tier).await;
        let given = [("tenant", "acme"), ("tier", "starter")];
        let plan = stage.plan_with(Verb::Tier, &given).await.expect("a plan");
        stage.run(&stage.first(), plan).await.expect("it runs");
        let why = no_way_back(back(&stage, &first).await);
        assert!(why.as_str().starts_with("the tier has changed"), "{why}");
    });
}

/// Waits until the step `at` of the operation `id` has begun.
async fn begun(journal: &dyn Journal, id: &Text, at: usize) {
    loop {
        if let Ok(read) = journal.read(id).await
            && read.operation.standing.done >= at
            && read.operation.standing.begun
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[test]
fn what_was_stopped_to_be_taken_back_goes_on_where_it_is_too_late() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::RestoreInPlace).await;
        let plan = stage.plan(Verb::RestoreInPlace).await.expect("a plan");
        let (id, edge) = (plan.id.clone(), plan.no_return.expect("a point of no return"));
        let mut operator =
            Operator::new(&*stage.sim, false, Ground::default(), Text::from("console-a"));
        let (told, mut heard) = mpsc::channel(4096);
        let confirmed = Box::new(stage.confirmed(plan));
        let run = operator.order(OperateOrder::Run(confirmed), told.clone(), PathBuf::new());
        let running = tokio::spawn(run);
        let journal = stage.sim.journal().expect("a journal");
        begun(&*journal, &id, edge).await;
        let way = Way::TurnBack("a second thought".into());
        let order = OperateOrder::Resume { id: id.clone(), way, by: Text::from("maria") };
        operator.order(order, told, PathBuf::new()).await;
        running.await.expect("it was stopped");
        let read = journal.read(&id).await.expect("a journal");
        assert_eq!(read.operation.standing.phase, Phase::Done, "{:?}", read.operation.records);
        let mut said = Vec::new();
        while let Ok(told) = heard.try_recv() {
            if let Told::Say(_, words) = told {
                said.push(words);
            }
        }
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said.iter().all(|words| words.starts_with("The operation goes on:")), "{said:?}");
        assert!(stage.is_free().await);
    });
}

fn is_beginning(call: Call<'_>) -> bool {
    matches!(call, Call::Append(record) if matches!(record.entry, Entry::Began { .. }))
}

/// Before the first change: the machine sleeps for an hour, and a colleague has the lease meanwhile.
struct Asleep {
    journal: Arc<dyn Journal>,
    slept: AtomicBool,
    scope: Text,
}

impl Interceptor for Asleep {
    fn before<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Pass> {
        async move {
            if is_beginning(call) && !self.slept.swap(true, Ordering::SeqCst) {
                let (own, other) = (Text::from("console-a"), Text::from("console-b"));
                let term = Span::from_secs(15);
                let held = self.journal.lease(&self.scope, &own, term).await.expect("its own");
                self.journal.release(&held).await.expect("it runs out");
                let (journal, scope) = (Arc::clone(&self.journal), self.scope.clone());
                let taken = journal.lease(&scope, &other, term).await;
                taken.expect("it is taken over");
                tokio::spawn(async move {
                    loop {
                        tokio::time::sleep(Duration::from_secs(4)).await;
                        let kept = journal.lease(&scope, &other, term).await;
                        kept.expect("it is kept");
                    }
                });
            }
            Box::new(()) as Pass
        }
        .boxed()
    }
}

impl Clock for Asleep {
    fn now(&self) -> Timestamp {
        let slept = if self.slept.load(Ordering::SeqCst) { 3_600_000 } else { 0 };
        Timestamp::from_ms(1_760_000_000_000 + slept)
    }
}

#[test]
fn who_slept_looks_for_the_lease_before_anything_is_changed() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::Tier).await;
        let plan = stage.plan(Verb::Tier).await.expect("a plan");
        let first = stage.first();
        let asleep = Arc::new(Asleep {
            journal: Arc::clone(&first.journal),
            slept: AtomicBool::new(false),
            scope: plan.scope.clone(),
        });
        let interceptor = Arc::<Asleep>::clone(&asleep);
        let journal = Arc::new(Intercepted { door: Arc::clone(&first.journal), interceptor });
        let first = Executor { journal, clock: asleep, ..first };
        let halted = stage.run(&first, plan).await.expect_err("it lost its lease");
        assert!(matches!(halted, Halt::Journal(Unwritten::Held { .. })), "{halted:?}");
        assert_eq!(stage.deeds(), Vec::<String>::new(), "nothing was changed");
    });
}
