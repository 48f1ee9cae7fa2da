//! How bad an alert is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad an alert is. Sorting puts the worst first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Production is down.
    Critical,
    /// A major feature is broken.
    High,
    /// Something wants a look.
    Normal,
    /// Good to know.
    Info,
    /// Its label says nothing that is known.
    #[default]
    Unknown,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Self; 5] =
        [Self::Critical, Self::High, Self::Normal, Self::Info, Self::Unknown];

    /// What the label `severity` of an alert means.
    #[must_use]
    pub fn of_label(label: &str) -> Self {
        match label.to_ascii_lowercase().as_str() {
            "critical" | "page" | "emergency" | "p0" => Self::Critical,
            "high" | "major" | "error" | "p1" => Self::High,
            "warning" | "warn" | "normal" | "minor" | "p2" => Self::Normal,
            "info" | "informational" | "none" | "p3" => Self::Info,
            _ => Self::Unknown,
        }
    }

    /// The word shown, sorted and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Info => "info",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
