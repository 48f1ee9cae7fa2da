//! The operations: one row per operation of a console.

use super::record::Row;
use super::{column, optional, text};
use crate::domain::operation::{Phase, Plan, Standing};
use crate::domain::{FeedId, Operation, Text};
use crate::store::table::{Column, ColumnKind, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("title", "OPERATION", "What is done, in a line.").flex(20, 5).rank(0).searched(),
    column("health", "HEALTH", "How it goes.").kind(ColumnKind::Health).fixed(13).rank(2),
    column(
        "state",
        "STATE",
        "waiting, running, stopped, undoing, done, undone or given-up; soaking while something of it is due.",
    )
    .fixed(9)
    .rank(0)
    .searched(),
    column("verb", "VERB", "What sort of operation it is.").fixed(16).rank(3).searched(),
    column("tenant", "TENANT", "The tenant.").flex(10, 2).rank(1).searched(),
    column("step", "STEP", "How many steps are done, of how many.").fixed(5).right().rank(1),
    column("now", "NOW", "The step that is under way, or why it stopped.")
        .flex(12, 3)
        .rank(2)
        .searched(),
    column("by", "BY", "Who confirmed it.").flex(8, 1).rank(2).searched(),
    column("age", "AGE", "How long ago it was confirmed.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(3),
    column("changed", "CHANGED", "How long ago something was written into its journal.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(1),
    column("due", "DUE", "When the last thing of it is due.")
        .kind(ColumnKind::Time)
        .fixed(9)
        .right()
        .rank(4),
    column("console", "CONSOLE", "The console that worked on it last.").flex(10, 1).rank(5).searched(),
    column("reason", "REASON", "Why it is done.").flex(12, 2).rank(8).searched().hidden(),
    column("id", "ID", "Its id.").fixed(10).rank(8).searched().hidden(),
    column(
        "urgency",
        "URGENCY",
        "The usual order: what needs a person first, then what runs, soaks, and is over.",
    )
    .kind(ColumnKind::Number)
    .fixed(7)
    .right()
    .rank(9)
    .hidden(),
];

impl Row for Operation {
    const FEED: FeedId = FeedId::Operations;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        let Self { plan, standing, .. } = &*held.object;
        match column {
            "title" => text(&plan.title),
            "health" => Value::Health(standing.health()),
            "state" => Value::Text(store.operation_word(&held.object)),
            "verb" => Value::Text(plan.verb.word()),
            "tenant" => optional(plan.tenant.as_ref()),
            "step" => Value::Ratio(done(standing), plan.steps.len() as u64),
            "now" => now(plan, standing),
            "by" => text(&standing.by),
            "age" => Value::At(standing.confirmed),
            "changed" => Value::At(standing.last),
            "due" => held.object.soaks_until().map_or(Value::Nothing, Value::Ends),
            "console" => text(&standing.console),
            "reason" => text(&standing.reason),
            "id" => text(&plan.id),
            "urgency" => Value::Number(urgency(store, &held.object)),
            _ => Value::Nothing,
        }
    }

    fn name(&self) -> Text {
        self.plan.title.clone()
    }
}

/// How many steps stand done.
fn done(standing: &Standing) -> u64 {
    let steps = if standing.is_turned_back() { standing.left } else { standing.done };
    let undone = standing.phase == Phase::Undone;
    if undone { 0 } else { steps as u64 }
}

/// The step that is under way, or why it stopped.
fn now<'a>(plan: &'a Plan, standing: &'a Standing) -> Value<'a> {
    match &standing.phase {
        Phase::Stopped { why } | Phase::GivenUp { why } => text(why),
        Phase::Waiting => Value::Text("waits for the approval of a second person"),
        Phase::Running => plan.steps.get(standing.done).map_or(Value::Nothing, |s| text(&s.name)),
        Phase::Undoing => {
            let step = plan.steps.get(standing.left.saturating_sub(1));
            step.map_or(Value::Nothing, |step| text(&step.name))
        }
        Phase::Done | Phase::Undone => Value::Nothing,
    }
}

/// More milliseconds than any operation's age.
const AGES: u64 = 1 << 48;

/// The place in the usual order, the first the least: by what it needs, then the newest.
fn urgency(store: &Store, operation: &Operation) -> u64 {
    let rank = match operation.standing.phase {
        Phase::Stopped { .. } => 0,
        Phase::Waiting => 1,
        Phase::Running | Phase::Undoing => 2,
        Phase::Done if store.operation_word(operation) == "soaking" => 3,
        Phase::Done | Phase::Undone | Phase::GivenUp { .. } => 4,
    };
    let last = operation.standing.last.ms().max(0).unsigned_abs();
    rank * AGES + AGES.saturating_sub(last.min(AGES))
}
