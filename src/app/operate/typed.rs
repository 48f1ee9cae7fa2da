//! What is typed to confirm something: the word that names what is damaged, and a reason.

use crossterm::event::KeyEvent;

use crate::app::line::Line;
use crate::domain::Text;

/// What is typed to confirm something.
#[derive(Debug, Default)]
pub struct Typed {
    /// The word that must be typed; none where none is wanted.
    wanted: Option<Text>,
    /// Whether a reason is wanted.
    reasoned: bool,
    /// The word that is typed.
    pub word: Line,
    /// The reason that is typed.
    pub reason: Line,
    /// Whether the reason is typed now.
    pub at_reason: bool,
    /// What lacks, or was wrong.
    pub wrong: Option<String>,
}

impl Typed {
    pub(super) fn new(wanted: Option<&Text>, reasoned: bool) -> Self {
        let at_reason = wanted.is_none() && reasoned;
        Self { wanted: wanted.cloned(), reasoned, at_reason, ..Self::default() }
    }

    /// Whether anything is typed at all; else a key answers.
    #[must_use]
    pub const fn types(&self) -> bool {
        self.wanted.is_some() || self.reasoned
    }

    /// The word that must be typed, where one is wanted.
    #[must_use]
    pub const fn wanted(&self) -> Option<&Text> {
        self.wanted.as_ref()
    }

    /// Whether a reason is wanted.
    #[must_use]
    pub const fn is_reasoned(&self) -> bool {
        self.reasoned
    }

    /// The line that is typed into.
    #[must_use]
    pub const fn line(&self) -> &Line {
        if self.at_reason { &self.reason } else { &self.word }
    }

    /// The reason, as it is kept.
    pub(super) fn why(&self) -> Text {
        Text::clean(self.reason.text().trim())
    }

    pub(super) fn key(&mut self, key: KeyEvent) {
        self.wrong = None;
        let line = if self.at_reason { &mut self.reason } else { &mut self.word };
        line.key(key);
    }

    /// To the other line, where there are two.
    pub(super) const fn other(&mut self) {
        if self.wanted.is_some() && self.reasoned {
            self.at_reason = !self.at_reason;
        }
    }

    /// Goes on from the line that is typed into; says whether everything is there.
    pub(super) fn accept(&mut self) -> bool {
        if let Some(wanted) =
            self.wanted.as_ref().filter(|it| self.word.text().trim() != it.as_str())
        {
            self.wrong = Some(format!("Type {wanted} to go on."));
            self.at_reason = false;
            return false;
        }
        if self.reasoned && !self.at_reason {
            self.at_reason = true;
            return false;
        }
        if self.reasoned && self.reason.text().trim().is_empty() {
            self.wrong = Some("Say why, in a few words: it is kept with the operation.".to_owned());
            return false;
        }
        true
    }
}
