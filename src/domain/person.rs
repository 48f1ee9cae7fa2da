//! People: who is at the console, and what they may do.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Text;

/// What somebody may do, the least first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    #[default]
    Viewer,
    /// Does the daily work.
    Operator,
    /// Does what can't be taken back, and approves it for others.
    Senior,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Senior];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Senior => "senior",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// Somebody, as the identity provider knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// What the provider never gives to another person (`sub`).
    pub subject: Text,
    /// What they sign in as.
    pub user: Text,
    /// What they are called; empty when the provider does not say.
    pub name: Text,
    /// The groups they are in.
    pub groups: Vec<Text>,
}

impl Person {
    /// Whether they are in the group of this name.
    #[must_use]
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|of| of.as_str() == group)
    }
}

/// The hash of a plan: what a proof of presence is bound to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlanHash(Text);

impl PlanHash {
    /// The hash that is written `digest`, such as the hexadecimal digits of a SHA-256.
    #[must_use]
    pub fn new(digest: &str) -> Self {
        Self(Text::bounded(digest, 128))
    }

    /// How it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
