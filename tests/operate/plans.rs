//! Plans and operations that a test shows, of the tenant acme.

#![allow(dead_code, reason = "each test uses a part of it")]

use pulse_console::domain::operation::{
    Asks, Check, CheckResult, Due, Entry, Expect, Goal, Plan, Query, Record, Step, Verb,
};
use pulse_console::domain::{Role, Span, Status, Timestamp};

use crate::bench::Bench;

/// Before a still world with the tenant acme.
pub(crate) fn before_acme() -> Bench {
    let mut bench = Bench::on_nothing();
    bench.journey.tenant("acme", Status::True).keys("2").on_row("acme");
    bench
}

pub(crate) fn step(name: &str) -> Step {
    Step {
        name: name.into(),
        act: None,
        begun: None,
        settled: Goal::new(Query::DatabaseServer, Expect::Present),
        limit: Span::from_secs(60),
        undo: None,
        log: None,
    }
}

/// A plan that damages acme, and asks for this.
pub(crate) fn harmful(bench: &Bench, asks: Asks) -> Plan {
    harm(bench.journey.engine.now(), asks)
}

/// The same, made at that time.
pub(crate) fn harm(at: Timestamp, asks: Asks) -> Plan {
    Plan {
        id: "harmful1".into(),
        verb: Verb::Deprovision,
        scope: "acme".into(),
        tenant: Some("acme".into()),
        title: "Delete acme with everything it has".into(),
        damage: "acme: 34 people connected, 12.4 GB, everything after 02:00 is lost".into(),
        by: "maria".into(),
        at,
        asks,
        role: Role::Senior,
        word: "acme".into(),
        pins: Vec::new(),
        checks: vec![
            Check { what: "there is a backup of an hour ago".into(), result: CheckResult::Good },
            Check { what: "nobody knows who pays".into(), result: CheckResult::Doubtful },
        ],
        notes: vec!["34 people lose their work.".into()],
        steps: vec![step("look twice"), step("delete the tenant"), step("see it gone")],
        no_return: Some(1),
        back: None,
        due: vec![Due { what: "its backups may go".into(), at: at.after(Span::from_secs(86_400)) }],
    }
}

pub(crate) fn record(at: Timestamp, entry: Entry) -> Record {
    Record { at, by: "ivan".into(), console: "ivan@there#7".into(), fence: 1, entry }
}

/// An operation of ivan that stopped at its second step.
pub(crate) fn stopped(bench: &mut Bench, asks: Asks) {
    let mut plan = harmful(bench, asks);
    plan.no_return = Some(2);
    let at = bench.journey.engine.now();
    let mut records =
        vec![record(at, Entry::Confirmed { reason: "they left".into(), stepped_up: true })];
    if asks != Asks::SecondPerson {
        records.push(record(at, Entry::Taken));
        records.push(record(at, Entry::Began { step: 0 }));
        records.push(record(at, Entry::Done { step: 0, saw: "looked".into() }));
        records.push(record(at, Entry::Began { step: 1 }));
        records.push(record(at, Entry::Stopped { step: 1, why: "no rights".into() }));
    }
    bench.finds(plan, records);
}
