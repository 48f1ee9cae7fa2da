//! Notices: short sentences to the operator, newest shown, the rest kept to be read again.

use crate::domain::{Span, Text, Timestamp};
use crate::store::Ring;

/// How much a notice wants to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something was done.
    Info,
    /// Something is not as it should be.
    Warning,
    /// Something failed.
    Error,
}

/// A sentence to the operator.
#[derive(Clone, Debug)]
pub struct Notice {
    /// How much it wants to be seen.
    pub level: Level,
    /// The sentence.
    pub text: Text,
    /// When it was said.
    pub at: Timestamp,
}

/// How many notices are kept.
const KEPT: usize = 200;

impl Notice {
    /// How long it stays in the footer: long enough to be read at 3 a.m.
    const fn shown_for(&self) -> Span {
        match self.level {
            Level::Info => Span::from_secs(4),
            Level::Warning => Span::from_secs(8),
            Level::Error => Span::from_secs(12),
        }
    }
}

/// The notices of this run.
#[derive(Debug)]
pub struct Notices {
    kept: Ring<Notice>,
    shown: bool,
}

impl Default for Notices {
    fn default() -> Self {
        Self { kept: Ring::new(KEPT), shown: false }
    }
}

impl Notices {
    /// Says `text` at `at`.
    pub fn say(&mut self, level: Level, text: &str, at: Timestamp) {
        self.kept.push(Notice { level, text: Text::bounded(text, 2048), at });
        self.shown = true;
    }

    /// The notice to show at `now`, if one is new enough.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> Option<&Notice> {
        self.kept.newest().filter(|notice| self.shown && now.since(notice.at) < notice.shown_for())
    }

    /// The operator pressed a key and has seen what is shown.
    pub fn seen(&mut self) {
        self.shown = false;
    }

    /// All that are kept, oldest first.
    #[must_use]
    pub const fn all(&self) -> &Ring<Notice> {
        &self.kept
    }
}
