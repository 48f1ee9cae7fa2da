//! Operations that wait for the approval of a second person: whom that concerns, and what is said to them.
//!
//! Only what the cluster says counts: what this machine saw last, and what was known before a break, may be decided since.

use std::collections::HashMap;

use super::App;
use crate::domain::operation::{Operation, Phase};
use crate::domain::{Fact, FeedId, Object, Observation, Text, Uid};
use crate::store::Freshness;

/// Who was told of which operation that waits. There are no more than operations.
#[derive(Debug, Default)]
pub(super) struct Asked(HashMap<Uid, Text>);

impl App {
    /// How many operations wait for the approval of who is at the console.
    #[must_use]
    pub fn approvals(&self) -> usize {
        if !self.knows_operations() {
            return 0;
        }
        let operations = self.store.objects().operations.iter();
        operations.filter(|(_, held)| self.may_approve(&held.object)).count()
    }

    /// Whether who is at the console may approve of `operation`, which waits for it.
    fn may_approve(&self, operation: &Operation) -> bool {
        let (plan, standing) = (&operation.plan, &operation.standing);
        let may = !self.setting.read_only && self.presence.role() >= plan.role;
        standing.phase == Phase::Waiting && may && standing.by != self.operator()
    }

    /// Whether the cluster has said which operations there are, and can be heard.
    fn knows_operations(&self) -> bool {
        matches!(self.store.feeds().get(FeedId::Operations).freshness, Freshness::Live(_))
    }

    /// What there is to say of operations that wait for the approval of who is at the console, of each once. The first
    /// listing, and one after a break, count when they have ended.
    pub(super) fn approvals_asked(&mut self) -> Vec<String> {
        if !self.knows_operations() {
            return Vec::new();
        }
        let me = self.operator();
        let Asked(told) = std::mem::take(&mut self.asked);
        let (mut asked, mut said) = (HashMap::new(), Vec::new());
        for (_, held) in self.store.objects().operations.iter() {
            let operation = &held.object;
            let standing = &operation.standing;
            if standing.phase != Phase::Waiting {
                continue;
            }
            let before = told.get(&operation.uid);
            if before != Some(&me) && self.may_approve(operation) {
                let title = &operation.plan.title;
                said.push(format!("{} asks for your approval: {title}.", standing.by));
                asked.insert(operation.uid.clone(), me.clone());
            } else if let Some(before) = before {
                asked.insert(operation.uid.clone(), before.clone());
            }
        }
        self.asked = Asked(asked);
        said
    }

    /// What there is to say to who asked for an approval when `observation`, which is not taken in yet, answers it.
    pub(super) fn approval_noticed(&self, observation: &Observation) -> Option<String> {
        let Fact::Upsert(Object::Operation(operation)) = &observation.fact else { return None };
        let (title, standing) = (&operation.plan.title, &operation.standing);
        let operations = &self.store.objects().operations;
        let before = operations.find(&operation.uid).and_then(|slot| operations.get(slot));
        let waited = before.map(|held| held.object.standing.phase == Phase::Waiting);
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
