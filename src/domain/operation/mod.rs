//! Operations: what is planned, what was done, and how that stands.

mod command;
mod goal;
mod plan;
mod query;
mod record;
mod standing;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use command::{Command, NewSilence, OPERATION_MARK, ObjectRef, Oid, SessionRef, Which};
pub use goal::{Expect, Goal, Reached};
pub use plan::{Asks, Check, CheckResult, Due, Pin, Plan, PodsOf, Step, Undo, Verb, WayBack};
pub use query::{BackupSeen, ContentsSeen, DatabaseSeen, Query, Seen};
pub use record::{Entry, Record};
pub use standing::{Broken, Phase, Standing};

use crate::domain::{Timestamp, Uid};

/// An operation as its journal tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its identity: the id of its plan.
    pub uid: Uid,
    /// The plan.
    pub plan: Arc<Plan>,
    /// The records, in their order.
    pub records: Vec<Record>,
    /// How it stands.
    pub standing: Standing,
}

impl Operation {
    /// The operation of `plan` with these records.
    ///
    /// # Errors
    /// When the records don't make sense together.
    pub fn new(plan: Arc<Plan>, records: Vec<Record>) -> Result<Self, Broken> {
        let standing = Standing::replay(&plan, &records)?;
        Ok(Self { uid: Uid(plan.id.clone()), plan, records, standing })
    }

    /// Until when something of it is due; none when nothing is, and when it is not done.
    #[must_use]
    pub fn soaks_until(&self) -> Option<Timestamp> {
        let is_done = self.standing.phase == Phase::Done;
        self.plan.due.iter().map(|due| due.at).max().filter(|_| is_done)
    }

    /// The one of `others` that was done on top of it, so that it can't be taken back any more; the numbers of leases
    /// tell what came later, whatever clocks say.
    pub fn covered_by<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        others.into_iter().find(|other| {
            other.plan.scope == self.plan.scope
                && other.plan.verb.makes_another()
                && other.standing.fence > self.standing.fence
                && other.standing.reached() > 0
                && other.standing.phase != Phase::Undone
        })
    }
}
