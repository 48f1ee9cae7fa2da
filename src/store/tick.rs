//! What is judged anew because time goes on: the only change of the store that no feed tells.
//!
//! No fact comes in here. What is remembered of a moment (a backup that is late since now) is noted as changed only where
//! the judgement is another than before, so a quiet platform costs nothing to draw.

use super::Store;
use crate::domain::Timestamp;

impl Store {
    /// Takes in that it is `now`: judges anew what depends on the time. Called about once a second; after a longer
    /// time everything is judged, in between only a share of it.
    pub fn tick(&mut self, now: Timestamp) {
        self.tick_shelves(now);
        self.tick_findings(now);
        self.tick_history(now);
    }
}
