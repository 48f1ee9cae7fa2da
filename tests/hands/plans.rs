//! A plan, and records of it.

use pulse_console::domain::operation::{
    Asks, Entry, Expect, Goal, Plan, Query, Record, Step, Verb,
};
use pulse_console::domain::{Role, Span, Timestamp};

use super::text;

/// A plan of two steps that only look.
pub fn plan(id: &str) -> Plan {
    let settled = Goal::new(Query::DatabaseServer, Expect::Present);
    let step = Step {
        name: text("look"),
        act: None,
        begun: None,
        settled,
        limit: Span::from_secs(60),
        undo: None,
        log: None,
    };
    Plan {
        id: text(id),
        verb: Verb::Tier,
        scope: text("acme"),
        tenant: Some(text("acme")),
        title: text("Look twice at acme"),
        damage: text("nothing"),
        by: text("maria"),
        at: Timestamp::from_ms(1),
        asks: Asks::Yes,
        role: Role::Operator,
        word: text("acme"),
        pins: Vec::new(),
        checks: Vec::new(),
        notes: Vec::new(),
        steps: vec![step.clone(), step],
        no_return: None,
        back: None,
        due: Vec::new(),
    }
}

/// A record of the console of all these tests.
pub fn record(entry: Entry, fence: u64) -> Record {
    let (by, console) = (text("maria"), text("maria@laptop/1"));
    Record { at: Timestamp::from_ms(5), by, console, fence, entry }
}

/// The first record of a journal.
pub fn confirmed() -> Record {
    record(Entry::Confirmed { reason: text("why \u{1b} not"), stepped_up: false }, 1)
}
