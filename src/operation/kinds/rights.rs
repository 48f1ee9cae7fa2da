//! The rights that a plan needs: what lacks is said in the plan, and not found out half-way.

use super::Ask;
use super::parts::{bad, doubtful};
use crate::domain::Text;
use crate::domain::operation::{Check, Command, Plan, Query, Seen};
use crate::operation::Unplanned;

/// `plan`, with what this console lacks to run it, or to take it back.
pub(super) fn judged(ask: &Ask<'_>, mut plan: Plan) -> Result<Plan, Unplanned> {
    let mut found = Vec::new();
    for act in plan.steps.iter().filter_map(|step| step.act.as_ref()) {
        let lacking = lacking(ask, act)?.iter();
        found.extend(lacking.map(|what| bad(what.as_str())));
    }
    for undo in plan.steps.iter().filter_map(|step| step.undo.as_ref()) {
        let lacking = lacking(ask, &undo.act)?.iter();
        found.extend(lacking.map(|what| doubtful(&format!("to take it back: {what}"))));
    }
    for check in found {
        if !is_said(&plan.checks, &check) {
            plan.checks.push(check);
        }
    }
    Ok(plan)
}

/// What is lacking for one change.
fn lacking<'a>(ask: &Ask<'a>, command: &Command) -> Result<&'a [Text], Unplanned> {
    match ask.look(&Query::Rights(Box::new(command.clone())))? {
        Seen::Lacking(lacking) => Ok(lacking),
        _ => Ok(&[]),
    }
}

/// Whether the checks say it already: what refuses the plan need not be said of taking it back too.
fn is_said(checks: &[Check], check: &Check) -> bool {
    let says = |known: &Check| check.what.as_str().ends_with(known.what.as_str());
    checks.iter().any(|known| says(known) && known.result >= check.result)
}
