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
    /// The one that stands in the footer until it is old or was seen.
    shown: Option<Notice>,
}

impl Default for Notices {
    fn default() -> Self {
        Self { kept: Ring::new(KEPT), shown: None }
    }
}

impl Notices {
    /// Says `text` at `at`.
    pub fn say(&mut self, level: Level, text: &str, at: Timestamp) {
        self.keep(level, text, at);
        self.shown = self.kept.newest().cloned();
    }

    /// Keeps `text`, said at `at`, to be read later: it is not for whoever sees the screen now.
    pub fn keep(&mut self, level: Level, text: &str, at: Timestamp) {
        self.kept.push(Notice { level, text: Text::bounded(text, 2048), at });
    }

    /// The notice to show at `now`, if one is new enough.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> Option<&Notice> {
        self.shown.as_ref().filter(|notice| now.since(notice.at) < notice.shown_for())
    }

    /// The operator pressed a key and has seen what is shown.
    pub fn seen(&mut self) {
        self.shown = None;
    }

    /// All that are kept, oldest first.
    #[must_use]
    pub const fn all(&self) -> &Ring<Notice> {
        &self.kept
    }
}
