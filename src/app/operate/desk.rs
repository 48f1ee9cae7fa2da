//! What this console can do, what it works on, and whether keys count now.

use std::collections::BTreeMap;

use crate::domain::{Span, Text, Timestamp};

/// Keys that confirm are dead for so long after something changed under the operator's hands.
const REST: Span = Span::from_ms(700);

/// Keys that come faster one after the other were not typed by hand.
const BURST: Span = Span::from_ms(5);

/// What this console can do, and what it does.
#[derive(Debug, Default)]
pub struct Desk {
    /// Whether the world lets itself be changed from here.
    pub able: bool,
    /// Who is at the console, where nobody signs in.
    pub opener: Text,
    /// The operations that this console works on, by their ids.
    pub here: BTreeMap<Text, Here>,
    /// How many plans were asked for.
    pub(super) asked: u64,
    rests_until: Timestamp,
    last_key: Option<Timestamp>,
}

/// An operation that this console works on.
#[derive(Debug)]
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
    pub fn rests(&self, now: Timestamp) -> bool {
        now < self.rests_until
    }

    pub(super) fn disturb(&mut self, now: Timestamp) {
        self.rests_until = now.after(REST);
    }

    /// A key came: one in a burst was pasted, whatever the terminal says.
    pub(in crate::app) fn key(&mut self, now: Timestamp) {
        let last = self.last_key.replace(now);
        if last.is_some_and(|last| now >= last && now.since(last) < BURST) {
            self.disturb(now);
        }
    }

    pub(super) fn begins(&mut self, id: Text, title: Text) {
        let words = Text::from("beginning");
        self.here.insert(id, Here { title, step: 0, words });
    }
}
