//! How an operation stands: the replay of its records.
//!
//! Invariants: a step begins only when the one before is done; nothing is done that did not begin; what is taken back is
//! taken back from the last step to the first; an operation that has ended stays so, but for a finished one that is taken
//! back. The number of the lease never goes down.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{Asks, Entry, Plan, Record};
use crate::domain::{Health, Text, Timestamp};

/// Where an operation is in its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It waits for the approval of a second person.
    Waiting,
    /// It may begin, or go on.
    Running,
    /// A step went wrong; a person must decide.
    Stopped {
        /// Why.
        why: Text,
    },
    /// It is being taken back.
    Undoing,
    /// Every step is done.
    Done,
    /// Everything that can be was taken back.
    Undone,
    /// It was left as it is.
    GivenUp {
        /// Why.
        why: Text,
    },
}

/// How an operation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Where it is in its life.
    pub phase: Phase,
    /// How many steps are done, from the first on.
    pub done: usize,
    /// Whether the step after those began, so that its change may have been made.
    pub begun: bool,
    /// While it is taken back: how many steps, from the first on, are still to be taken back.
    pub left: usize,
    /// How often the present step began.
    pub tries: u32,
    /// Who confirmed it.
    pub by: Text,
    /// Why it is done.
    pub reason: Text,
    /// Who approved of it.
    pub approved_by: Option<Text>,
    /// The console that held the lease last.
    pub console: Text,
    /// The number of its lease.
    pub fence: u64,
    /// When it was confirmed.
    pub confirmed: Timestamp,
    /// When the last record was written.
    pub last: Timestamp,
}

/// Records that don't make sense together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Record {at} of the journal can't follow those before it: {why}.")]
pub struct Broken {
    /// The number of the record.
    pub at: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Standing {
    /// Replays `records` of `plan`.
    ///
    /// # Errors
    /// When a record can't follow those before it.
    pub fn replay(plan: &Plan, records: &[Record]) -> Result<Self, Broken> {
        let broken = |at| move |why| Broken { at, why };
        let mut records = records.iter().enumerate();
        let first = records.next().ok_or("nothing is written").map_err(broken(0))?;
        let mut standing = Self::confirmed(plan, first.1).map_err(broken(0))?;
        for (at, record) in records {
            standing.take(plan, record).map_err(broken(at))?;
        }
        Ok(standing)
    }

    fn confirmed(plan: &Plan, record: &Record) -> Result<Self, &'static str> {
        let Entry::Confirmed { reason, .. } = &record.entry else {
            return Err("the plan was never confirmed");
        };
        let waits = plan.asks == Asks::SecondPerson;
        Ok(Self {
            phase: if waits { Phase::Waiting } else { Phase::Running },
            done: 0,
            begun: false,
            left: 0,
            tries: 0,
            by: record.by.clone(),
            reason: reason.clone(),
            approved_by: None,
            console: Text::default(),
            fence: 0,
            confirmed: record.at,
            last: record.at,
        })
    }

    /// Takes in the next record.
    ///
    /// # Errors
    /// Why it can't follow.
    pub fn take(&mut self, plan: &Plan, record: &Record) -> Result<(), &'static str> {
        if record.fence < self.fence {
            return Err("it is of a console that had lost its lease");
        }
        match &record.entry {
            Entry::Confirmed { .. } => return Err("it was confirmed already"),
            Entry::Approved => self.approved(record)?,
            Entry::Taken => {
                if self.is_over() || self.phase == Phase::Waiting {
                    return Err("nobody may work on it");
                }
                self.console = record.console.clone();
            }
            Entry::Began { step } => self.began(plan, *step)?,
            Entry::Done { step, .. } => self.step_done(plan, *step)?,
            Entry::Stopped { step, why } => self.stopped(*step, why)?,
            Entry::TurnedBack { .. } => self.turned_back(plan)?,
            Entry::Undoing { step } => self.undoing(*step)?,
            Entry::Undone { step, .. } => self.undone(*step)?,
            Entry::GivenUp { why } => {
                if self.is_over() {
                    return Err("it is over");
                }
                self.phase = Phase::GivenUp { why: why.clone() };
            }
        }
        self.fence = record.fence;
        self.last = record.at;
        Ok(())
    }

    fn approved(&mut self, record: &Record) -> Result<(), &'static str> {
        if self.phase != Phase::Waiting {
            return Err("it waits for no approval");
        }
        if record.by == self.by {
            return Err("nobody approves of what they confirmed themselves");
        }
        self.approved_by = Some(record.by.clone());
        self.phase = Phase::Running;
        Ok(())
    }

    fn began(&mut self, plan: &Plan, step: usize) -> Result<(), &'static str> {
        if !matches!(self.phase, Phase::Running | Phase::Stopped { .. }) || self.left > 0 {
            return Err("no step may begin");
        }
        if step != self.done || step >= plan.steps.len() {
            return Err("that step is not the next one");
        }
        self.phase = Phase::Running;
        self.begun = true;
        self.tries += 1;
        Ok(())
    }

    fn step_done(&mut self, plan: &Plan, step: usize) -> Result<(), &'static str> {
        if !matches!(self.phase, Phase::Running) || !self.begun || step != self.done {
            return Err("that step did not begin");
        }
        (self.done, self.begun, self.tries) = (step + 1, false, 0);
        if self.done == plan.steps.len() {
            self.phase = Phase::Done;
        }
        Ok(())
    }

    fn stopped(&mut self, step: usize, why: &Text) -> Result<(), &'static str> {
        let present = self.left.checked_sub(1).unwrap_or(self.done);
        if !matches!(self.phase, Phase::Running | Phase::Undoing) || step != present {
            return Err("that step is not under way");
        }
        self.phase = Phase::Stopped { why: why.clone() };
        Ok(())
    }

    fn turned_back(&mut self, plan: &Plan) -> Result<(), &'static str> {
        if !self.can_turn_back(plan) {
            return Err("it can't be taken back from there");
        }
        self.left = self.reached();
        (self.phase, self.tries) = (Phase::Undoing, 0);
        self.end_when_nothing_is_left();
        Ok(())
    }

    fn undoing(&mut self, step: usize) -> Result<(), &'static str> {
        let goes = matches!(self.phase, Phase::Undoing | Phase::Stopped { .. });
        if !goes || self.left.checked_sub(1) != Some(step) {
            return Err("that step is not the next one to be taken back");
        }
        self.phase = Phase::Undoing;
        self.tries += 1;
        Ok(())
    }

    fn undone(&mut self, step: usize) -> Result<(), &'static str> {
        if self.phase != Phase::Undoing || self.left.checked_sub(1) != Some(step) {
            return Err("that step was not being taken back");
        }
        (self.left, self.tries) = (step, 0);
        self.end_when_nothing_is_left();
        Ok(())
    }

    fn end_when_nothing_is_left(&mut self) {
        if self.left == 0 {
            self.phase = Phase::Undone;
        }
    }

    /// How many steps may have changed something.
    #[must_use]
    pub const fn reached(&self) -> usize {
        self.done + self.begun as usize
    }

    /// Whether everything that was done so far can be taken back.
    #[must_use]
    pub fn can_turn_back(&self, plan: &Plan) -> bool {
        let last = self.reached().saturating_sub(1);
        let phase = matches!(self.phase, Phase::Running | Phase::Stopped { .. } | Phase::Done);
        let can = self.reached() == 0 || plan.can_undo_at(last);
        phase && self.left == 0 && can
    }

    /// Whether it is being taken back, or was when it stopped.
    #[must_use]
    pub const fn is_turned_back(&self) -> bool {
        self.left > 0
    }

    /// Whether nothing is done any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Done | Phase::Undone | Phase::GivenUp { .. })
    }

    /// The word for its phase, shown and filtered by.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.phase {
            Phase::Waiting => "waiting",
            Phase::Running => "running",
            Phase::Stopped { .. } => "stopped",
            Phase::Undoing => "undoing",
            Phase::Done => "done",
            Phase::Undone => "undone",
            Phase::GivenUp { .. } => "given-up",
        }
    }

    /// How well that is.
    #[must_use]
    pub const fn health(&self) -> Health {
        match self.phase {
            Phase::Stopped { .. } => Health::Failed,
            Phase::GivenUp { .. } => Health::Degraded,
            Phase::Waiting | Phase::Running | Phase::Undoing => Health::Progressing,
            Phase::Done | Phase::Undone => Health::Healthy,
        }
    }
}
