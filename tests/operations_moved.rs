//! What a plan was made from is looked at again before anything begins: whatever has changed, nothing is done.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod operated;

use std::time::Duration;

use operated::{Stage, paced, silent};
use proptest::prelude::*;
use pulse_console::domain::operation::{
    Asks, Command, Expect, ObjectRef, Pin, Plan, Query, SessionRef, Verb, Which,
};
use pulse_console::domain::{Text, Uid};
use pulse_console::operation::{Halt, Way};
use pulse_console::platform::{Mark, Platform as _, Unwritten};
use pulse_console::sim::{Break, Place, Planned};
use serde_json::json;

/// How somebody else changes a fact.
#[derive(Clone, Debug)]
struct Change {
    /// Which field of an object, where it is an object.
    field: usize,
    /// What is written there.
    value: String,
    /// Whether the thing goes altogether, where it can.
    goes: bool,
}

fn change() -> impl Strategy<Value = Change> {
    (0..6_usize, "[a-z0-9]{1,12}", any::<bool>()).prop_map(|(field, value, goes)| Change {
        field,
        value: format!("{value}!"),
        goes,
    })
}

const FIELDS: [&str; 6] =
    ["subdomain", "projectId", "tier", "odooVersion", "ownerEmail", "ownerName"];

/// Somebody else makes of the fact `pin` something else.
async fn move_it(stage: &Stage, pin: &Pin, change: &Change) {
    let name = |name: &Text| name.as_str().to_owned();
    match (&pin.goal.query, &pin.goal.expect) {
        (Query::Object(what), Expect::Unchanged { uid, .. } | Expect::Uid(uid)) => {
            move_object(stage, what, uid, change).await;
        }
        (Query::Object(what), Expect::Absent) => {
            let manifest = json!({
                "apiVersion": "planapulse.com/v1alpha1",
                "kind": what.kind,
                "metadata": { "name": what.name },
                "spec": { "subdomain": what.name, "tier": "pro", "odooVersion": "18", "ownerEmail": change.value },
            });
            act(stage, Command::Apply { what: what.clone(), manifest }).await;
        }
        (Query::Database { name: database }, Expect::Absent) => {
            stage.sim.with(|engine| engine.make_database(&name(database)));
        }
        (Query::Database { name: database }, _) => stage.sim.with(|engine| {
            engine.drop_database(&name(database));
            if !change.goes {
                engine.make_database(&name(database));
            }
        }),
        (Query::Backup { key }, _) => {
            // Written anew: another time, and so another tag.
            tokio::time::sleep(Duration::from_secs(2)).await;
            stage.sim.with(|engine| engine.write_backup(&name(key)));
        }
        (Query::Session(session), _) => {
            let SessionRef { pid, began } = session.clone();
            act(stage, Command::EndSession(SessionRef { pid, began })).await;
        }
        (Query::Silence { mark }, _) => {
            act(stage, Command::ExpireSilence { id: mark.clone() }).await;
        }
        (query, expect) => panic!("nobody knows how to change {query:?} {expect:?}"),
    }
}

async fn move_object(stage: &Stage, what: &ObjectRef, uid: &Uid, change: &Change) {
    let (what, which) = (what.clone(), Which::Uid(uid.clone()));
    if change.goes {
        act(stage, Command::Delete { what, which }).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        return;
    }
    let field = FIELDS.get(change.field).copied().unwrap_or("tier");
    let value = match field {
        "projectId" => json!(900_000 + change.value.len()),
        _ => json!(change.value),
    };
    act(stage, Command::Patch { what, which, patch: json!({ "spec": { field: value } }) }).await;
}

async fn act(stage: &Stage, command: Command) {
    let control = stage.sim.control().expect("a control");
    let [operation, by, reason] = ["other", "kolev", "a mistake"].map(Text::from);
    control.act(&command, &Mark { operation, by, reason }).await.expect("somebody else may");
}

/// The plans that stand on something.
fn pinned() -> impl Strategy<Value = (Verb, prop::sample::Index, Change)> {
    let verbs = Verb::ALL.iter().copied().filter(|verb| {
        let plan = paced(async {
            let stage = Stage::new();
            stage.prepare(*verb).await;
            stage.plan(*verb).await.expect("a plan")
        });
        !plan.pins.is_empty()
    });
    let verbs: Vec<Verb> = verbs.collect();
    assert!(verbs.len() > 12, "{verbs:?}");
    (prop::sample::select(verbs), any::<prop::sample::Index>(), change())
}

/// What was done for the operation, and what there is of it.
fn nothing_of(stage: &Stage, plan: &Plan, before: usize) {
    assert_eq!(stage.deeds().len(), before, "{}: something was done", plan.verb);
    assert!(stage.sim.is_free(), "{}: a lease is left", plan.verb);
}

async fn moved_before_it_begins(verb: Verb, which: prop::sample::Index, change: Change) {
    let stage = Stage::new();
    stage.prepare(verb).await;
    let plan = stage.plan(verb).await.expect("a plan");
    let pin = which.get(&plan.pins).clone();
    move_it(&stage, &pin, &change).await;
    let deeds = stage.deeds().len();
    let halt = stage.run(&stage.first(), plan.clone()).await.expect_err("it may not run");
    assert!(matches!(halt, Halt::Moved { .. }), "{verb}, {}: {halt}", pin.what);
    nothing_of(&stage, &plan, deeds);
    let missing = stage.first().journal.read(&plan.id).await.expect_err("nothing is written");
    assert_eq!(missing, Unwritten::Missing);
}

/// The console died when the plan was confirmed and nothing begun; then the fact changes, and a colleague goes on.
async fn moved_before_it_is_gone_on_with(verb: Verb, which: prop::sample::Index, change: Change) {
    let stage = Stage::new();
    stage.prepare(verb).await;
    let plan = stage.plan(verb).await.expect("a plan");
    let pin = which.get(&plan.pins).clone();
    let death = Planned::once(Place::Open, Break::CrashAfter, 1);
    assert!(stage.run_until_it_dies(plan.clone(), death).await.is_none());
    move_it(&stage, &pin, &change).await;
    let deeds = stage.deeds().len();
    let second = stage.second();
    let halt = second.resume(&plan.id, &Way::GoOn, &silent()).await.expect_err("it may not run");
    assert!(matches!(halt, Halt::Moved { .. }), "{verb}, {}: {halt}", pin.what);
    nothing_of(&stage, &plan, deeds);
    // It can be put away.
    let why = Text::from("it was overtaken");
    let back =
        second.resume(&plan.id, &Way::TurnBack(why), &silent()).await.expect("nothing began");
    assert!(back.standing.is_over());
    nothing_of(&stage, &plan, deeds);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_plan_whose_facts_moved_does_nothing((verb, which, change) in pinned()) {
        paced(moved_before_it_begins(verb, which, change.clone()));
        paced(moved_before_it_is_gone_on_with(verb, which, change));
    }
}

#[test]
fn what_is_approved_later_is_looked_at_again() {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::RestoreSwap).await;
        let plan = stage.plan(Verb::RestoreSwap).await.expect("a plan");
        let plan = Plan { asks: Asks::SecondPerson, ..plan };
        let waits = stage.run(&stage.first(), plan.clone()).await.expect("it waits");
        assert_eq!(waits.standing.word(), "waiting");
        assert!(stage.sim.is_free() && stage.deeds().is_empty());
        let own = stage.first().resume(&plan.id, &Way::Approve, &silent()).await;
        assert_eq!(own.expect_err("nobody approves of their own"), Halt::Standing("waiting"));
        stage.sim.with(|engine| {
            engine.drop_database("acme.planapulse.app");
            engine.make_database("acme.planapulse.app");
        });
        let second = stage.second();
        let halt = second.resume(&plan.id, &Way::Approve, &silent()).await.expect_err("it moved");
        assert!(matches!(halt, Halt::Moved { .. }), "{halt}");
        assert!(stage.sim.is_free() && stage.deeds().is_empty());
    });
}
