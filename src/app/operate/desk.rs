//! What this console can do, what it works on, and whether keys count now.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Text;

/// What this console can do, and what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// Whether the world lets itself be changed from here.
    pub able: bool,
    /// Who is at the console, where nobody signs in.
    pub opener: Text,
    /// The operations that this console works on, by their ids.
    pub here: BTreeMap<Text, Here>,
    /// How many plans were asked for.
    pub(super) asked: u64,
    /// How often something came between the operator and what is asked.
    disturbed: u64,
    /// The last of those after which keys count again.
    rested: u64,
    /// The last of those of which the runtime was told.
    told: u64,
}

/// An operation that this console works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Here {
    /// What is done.
    pub title: Text,
    /// The number of the step.
    pub step: usize,
    /// What is seen there, or waited for.
    pub words: Text,
}

impl Desk {
    /// Whether keys that confirm something are dead.
    #[must_use]
    pub const fn rests(&self) -> bool {
        self.rested < self.disturbed
    }

    /// Something happened after which a key may be meant for what was there before.
    pub(in crate::app) const fn disturb(&mut self) {
        self.disturbed += 1;
    }

    /// It is a while since the disturbance of this number.
    pub(in crate::app) fn rested(&mut self, number: u64) {
        self.rested = self.rested.max(number);
    }

    /// The disturbance whose end is to be told, if there is a new one.
    pub(in crate::app) fn next_rest(&mut self) -> Option<u64> {
        (std::mem::replace(&mut self.told, self.disturbed) < self.disturbed)
            .then_some(self.disturbed)
    }

    pub(super) fn begins(&mut self, id: Text, title: Text) {
        let words = Text::from("beginning");
        self.here.insert(id, Here { title, step: 0, words });
    }
}
