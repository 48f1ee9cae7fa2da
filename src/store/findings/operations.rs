//! Operations that need a person: stopped ones, those that wait for an approval, and what is due of those that are done.

use super::{Found, Look};
use crate::domain::operation::Phase;
use crate::domain::{FeedId, Health, Operation, Span};
use crate::store::table::RowId;

/// So long after it was due a thing is said still.
const DUE: Span = Span::from_secs(3 * 24 * 60 * 60);

/// Finds operations that need a person.
pub(super) fn judge(look: &Look<'_>, found: &mut Found) {
    for (_, held) in look.store.objects().operations.iter() {
        let operation = &*held.object;
        let title = &operation.plan.title;
        match &operation.standing.phase {
            Phase::Stopped { why } => {
                let finding = begin(found, operation, Health::Failed, "operations that stopped");
                found.push(look, finding, &format!("stopped: {title}: {why}"));
            }
            Phase::Waiting => {
                let cause = "operations that wait for approval";
                let finding = begin(found, operation, Health::Degraded, cause);
                let by = &operation.standing.by;
                found.push(look, finding, &format!("waits for a second person: {title} (by {by})"));
            }
            Phase::Done => due(look, found, operation),
            Phase::Running | Phase::Undoing | Phase::Undone | Phase::GivenUp { .. } => {}
        }
    }
}

fn due(look: &Look<'_>, found: &mut Found, operation: &Operation) {
    let is_due = |at| at <= look.now && look.now.since(at) <= DUE;
    for due in operation.plan.due.iter().filter(|due| is_due(due.at)) {
        let mut finding = begin(found, operation, Health::Progressing, "things due");
        finding.at = Some(due.at);
        found.push(look, finding, &format!("due: {} ({})", due.what, operation.plan.title));
    }
}

fn begin(
    found: &Found,
    operation: &Operation,
    health: Health,
    cause: &'static str,
) -> super::Finding {
    let mut finding = found.begin(health, &operation.plan.id, cause);
    let tenant = operation.plan.tenant.clone();
    finding.subject = tenant.clone().unwrap_or_else(|| operation.plan.scope.clone());
    finding.tenant = tenant;
    finding.at = Some(operation.standing.last);
    finding.row = Some(RowId::Object(FeedId::Operations, operation.uid.clone()));
    finding
}
