//! The one order of health, worst first.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How well something is. Sorting puts the worst first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It does not do its work.
    Failed,
    /// It works, but not as it should.
    Degraded,
    /// It is on its way: being made, changed or removed.
    Progressing,
    /// Nothing is known that says either way.
    #[default]
    Unknown,
    /// It does its work.
    Healthy,
}

impl Health {
    /// All of them, worst first.
    pub const ALL: [Self; 5] =
        [Self::Failed, Self::Degraded, Self::Progressing, Self::Unknown, Self::Healthy];

    /// The word shown, sorted and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Degraded => "degraded",
            Self::Progressing => "progressing",
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
        }
    }

    /// A sign of one cell, so that meaning never hangs on colour alone.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Failed => "✗",
            Self::Degraded => "▲",
            Self::Progressing => "◌",
            Self::Unknown => "?",
            Self::Healthy => "●",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
