//! What is judged anew because time goes on: the only change of the store that no feed tells.
//!
//! No fact comes in here. What is remembered of a moment (a backup that is late since now) is noted as changed only where
//! the judgement is another than before, so a quiet platform costs nothing to draw.

use super::Store;
use super::table::Slot;
use crate::domain::{FeedId, Operation, Timestamp};

impl Store {
    /// Takes in that it is `now`: judges anew what depends on the time. Called about once a second; after a longer
    /// time everything is judged, in between only a share of it.
    pub fn tick(&mut self, now: Timestamp) {
        self.tick_shelves(now);
        self.tick_findings(now);
        self.tick_history(now);
        self.tick_operations(now);
    }

    /// An operation soaks until the last thing of it is due.
    fn tick_operations(&mut self, now: Timestamp) {
        let before = std::mem::replace(&mut self.ticked, now);
        let passed = |at: Timestamp| (at > before) != (at > now);
        let held = self.objects.operations.iter();
        let ended = held.filter(|(_, held)| held.object.soaks_until().is_some_and(passed));
        let ended: Vec<Slot> = ended.map(|(slot, _)| slot).collect();
        for slot in ended {
            self.touch(FeedId::Operations, slot);
        }
    }

    /// The word for how `operation` stands, shown and filtered by.
    #[must_use]
    pub fn operation_word(&self, operation: &Operation) -> &'static str {
        match operation.soaks_until() {
            Some(until) if until > self.ticked => "soaking",
            _ => operation.standing.word(),
        }
    }
}
