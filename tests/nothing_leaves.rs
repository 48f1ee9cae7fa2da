//! Who may only look changes nothing: every action, wherever it means something, with every form filled in and every question
//! answered as far as it gets.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

#[path = "operate/bench.rs"]
mod bench;
#[path = "operate/console.rs"]
mod console;
#[path = "operate/counted.rs"]
mod counted;
mod journey;
mod operated;
#[path = "operate/plans.rs"]
mod plans;
#[path = "operate/walk.rs"]
mod walk;

use std::collections::BTreeSet;

use pulse_console::app::OperateOrder;
use pulse_console::app::action::{Danger, REGISTRY};
use pulse_console::domain::Role;
use pulse_console::domain::operation::Verb;
use pulse_console::operation::Way;
use pulse_console::session::Presence;
use walk::Walk;

/// Every action that changes something was tried.
fn assert_tried(walk: &Walk) {
    let untried: Vec<&str> = REGISTRY
        .iter()
        .filter(|spec| spec.danger > Danger::None && !walk.tried.contains(spec.verb.id))
        .map(|spec| spec.verb.id)
        .collect();
    assert!(untried.is_empty(), "nobody tried {untried:?}");
}

#[test]
fn nothing_leaves_a_console_that_may_only_look() {
    let mut walk = Walk::new();
    walk.console.app.setting.read_only = true;
    walk.everywhere();
    assert_tried(&walk);
    assert_eq!(walk.console.left, []);
    assert!(walk.console.calls.all().is_empty(), "{:?}", walk.console.calls.all());
}

#[test]
fn nothing_leaves_a_console_of_a_viewer() {
    let mut walk = Walk::new();
    walk.console.app.presence = Presence::unguarded(Role::Viewer);
    walk.everywhere();
    assert_tried(&walk);
    assert_eq!(walk.console.left, []);
    assert!(walk.console.calls.all().is_empty(), "{:?}", walk.console.calls.all());
}

/// The same walk, by who may change things: else the tests above could not fail.
#[test]
fn everything_leaves_a_console_of_a_senior() {
    let mut walk = Walk::new();
    // What is ordered is only noted, so that everything is there still for the next one.
    walk.console.obeys = false;
    walk.everywhere();
    assert_tried(&walk);
    let (mut verbs, mut ways) = (BTreeSet::new(), BTreeSet::new());
    for order in &walk.console.left {
        match order {
            OperateOrder::Run(confirmed) => {
                verbs.insert(confirmed.plan().verb);
            }
            OperateOrder::Resume { way, .. } => {
                ways.insert(match way {
                    Way::GoOn => "go on",
                    Way::TurnBack(_) => "turn back",
                    Way::GiveUp(_) => "give up",
                    Way::Approve => "approve",
                });
            }
            OperateOrder::Plan(_) | OperateOrder::Export(_) => panic!("{order:?} changes nothing"),
        }
    }
    let all: BTreeSet<Verb> = Verb::ALL.iter().copied().collect();
    let missing: Vec<&Verb> = all.difference(&verbs).collect();
    assert!(missing.is_empty(), "{missing:?} never left");
    // To approve, a factor is wanted, which nobody can give here.
    assert_eq!(ways, BTreeSet::from(["give up", "go on", "turn back"]));
}

#[test]
fn what_a_senior_orders_goes_through_the_doors() {
    let mut walk = Walk::new();
    walk.takes_a_backup();
    let calls = walk.console.calls.all();
    for call in ["act", "append", "lease", "open", "release", "tell"] {
        assert!(calls.contains_key(call), "{call}: {calls:?}");
    }
}
