//! Plans and operations as text for a terminal.

use std::fmt::Write as _;

use super::CliError;
use crate::domain::operation::{Asks, CheckResult, Operation, Phase, Plan};
use crate::operation::{Way, changes};

/// A plan: what it damages first.
pub(super) fn plan(plan: &Plan) -> String {
    let mut page = format!("{}\n\n{}\n", plan.damage, plan.title);
    // Writing to a string can't fail.
    let _ = writeln!(page, "\nLooked at:");
    for check in &plan.checks {
        let sign = match check.result {
            CheckResult::Good => "ok",
            CheckResult::Doubtful => "?",
            CheckResult::Bad => "NO",
        };
        let _ = writeln!(page, "  {sign:>2}  {}", check.what);
    }
    for note in &plan.notes {
        let _ = writeln!(page, "      {note}");
    }
    let _ = writeln!(page, "\nSteps:");
    for (at, step) in plan.steps.iter().enumerate() {
        if plan.no_return == Some(at) {
            let _ = writeln!(page, "  --- from here on it can't be taken back ---");
        }
        let _ = writeln!(page, "  {:>2}. {}", at + 1, step.name);
    }
    for change in changes(plan) {
        let _ = writeln!(page, "\nStep {} writes: {}", change.step + 1, change.what);
        for line in &change.lines {
            let _ = writeln!(page, "  {line}");
        }
    }
    for due in &plan.due {
        let _ = writeln!(page, "\nDue {}: {}", due.at, due.what);
    }
    let asks = match plan.asks {
        Asks::Yes => "yes or no".to_owned(),
        Asks::Typed => format!("the word {} and a reason", plan.word),
        Asks::StepUp => format!("the word {}, a reason and a second factor", plan.word),
        Asks::SecondPerson => {
            format!("the word {}, a reason, a second factor and a second person", plan.word)
        }
    };
    let _ = write!(page, "\nIt asks for {asks}.");
    if let Some(refusal) = plan.refusals().next() {
        let _ = write!(page, " It can't be run: {}.", refusal.what);
    }
    page
}

/// An operation in a line.
pub(super) fn line(operation: &Operation) -> String {
    let (plan, standing) = (&operation.plan, &operation.standing);
    format!(
        "{}  {:<8}  {}  {}/{}  {}  ({})",
        plan.id,
        standing.word(),
        standing.confirmed,
        standing.done,
        plan.steps.len(),
        plan.title,
        standing.by
    )
}

/// What is read before `operation` is dealt with in this `way`: what it is, who wants it, and why. To approve is to confirm
/// it, so the whole plan is read; to take it back may damage something in its turn.
pub(super) fn before(operation: &Operation, way: &Way) -> String {
    let title = &operation.plan.title;
    let head = match (way, way.back_of(operation)) {
        (Way::Approve, _) => plan(&operation.plan),
        (_, Some(back)) => format!("{}\n\n{title}", back.damage),
        (_, None) => title.to_string(),
    };
    format!("{head}\n{}", asked_for(operation))
}

/// Who wants an operation, and why.
fn asked_for(operation: &Operation) -> String {
    let standing = &operation.standing;
    format!(
        "{} confirmed it at {}: {}.",
        standing.by,
        standing.confirmed,
        standing.reason.as_str().trim_end_matches('.')
    )
}

/// An operation as JSON.
pub(super) fn json(operation: &Operation) -> Result<String, CliError> {
    serde_json::to_string(operation).map_err(CliError::of)
}

/// What came of the work, and what can be done next.
pub(super) fn end(operation: &Operation) -> String {
    let (id, standing) = (&operation.plan.id, &operation.standing);
    match &standing.phase {
        Phase::Done if standing.can_turn_back(&operation.plan) => {
            format!("Done. It can be taken back with: pulse-console ops undo {id}")
        }
        Phase::Done => "Done.".to_owned(),
        Phase::Undone => "Everything was taken back.".to_owned(),
        Phase::Stopped { why } => {
            let step = standing.left.checked_sub(1).unwrap_or(standing.done);
            let name = operation.plan.steps.get(step).map_or("?", |step| step.name.as_str());
            let undo = if standing.can_turn_back(&operation.plan) {
                format!(", or take it back with: pulse-console ops undo {id}")
            } else {
                String::new()
            };
            format!(
                "Stopped at step {} ({name}): {}. Try again with: pulse-console ops resume {id}{undo}",
                step + 1,
                why.as_str().trim_end_matches('.')
            )
        }
        Phase::Waiting => format!(
            "It waits for the approval of a second person: they see it on their console, or approve of it with: \
             pulse-console ops approve {id}"
        ),
        Phase::GivenUp { why } => {
            format!("It stays as it is: {}.", why.as_str().trim_end_matches('.'))
        }
        Phase::Running | Phase::Undoing => {
            format!("It is under way. Go on with: pulse-console ops resume {id}")
        }
    }
}
