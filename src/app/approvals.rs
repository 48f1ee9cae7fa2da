//! Operations that wait for the approval of a second person: whom that concerns, and what is said to them.

use super::App;
use crate::domain::operation::{Operation, Phase};
use crate::domain::{Fact, Object, Observation};

impl App {
    /// How many operations wait for the approval of who is at the console.
    #[must_use]
    pub fn approvals(&self) -> usize {
        let operations = self.store.objects().operations.iter();
        operations.filter(|(_, held)| self.may_approve(&held.object)).count()
    }

    /// Whether who is at the console may approve of `operation`, which waits for it.
    fn may_approve(&self, operation: &Operation) -> bool {
        let (plan, standing) = (&operation.plan, &operation.standing);
        let may = !self.setting.read_only && self.presence.role() >= plan.role;
        standing.phase == Phase::Waiting && may && standing.by != self.operator()
    }

    /// What there is to say of an approval when `observation`, which is not taken in yet, tells something new.
    pub(super) fn approval_noticed(&self, observation: &Observation) -> Option<String> {
        let Fact::Upsert(Object::Operation(operation)) = &observation.fact else { return None };
        let (title, standing) = (&operation.plan.title, &operation.standing);
        let operations = &self.store.objects().operations;
        let before = operations.find(&operation.uid).and_then(|slot| operations.get(slot));
        let waited = before.map(|held| held.object.standing.phase == Phase::Waiting);
        if waited.is_none() && self.may_approve(operation) {
            return Some(format!("{} asks for your approval: {title}.", standing.by));
        }
        if waited != Some(true) || standing.by != self.operator() {
            return None;
        }
        let last = operation.records.last().map(|record| &record.by)?;
        match (&standing.phase, &standing.approved_by) {
            (Phase::GivenUp { why }, _) if *last != standing.by => {
                Some(format!("{last} refused: {title}: {why}"))
            }
            (_, Some(by)) => Some(format!("{by} approved of it, and it begins there: {title}.")),
            _ => None,
        }
    }
}
