//! Where the person at the console stands.

use serde::{Deserialize, Serialize};

use super::Staff;
use crate::domain::{Role, Text, Timestamp};

/// Where the person at the console stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Nobody needs to sign in: whoever has the machine has this role.
    Unguarded(Role),
    /// The console was opened without the provider, for this reason; the role is what the profile allows then.
    BreakGlass {
        /// Why.
        reason: Text,
        /// As what.
        role: Role,
        /// Since when.
        since: Timestamp,
    },
    /// Nobody is signed in.
    SignedOut,
    /// Somebody is.
    SignedIn(Box<Staff>),
    /// Somebody is, and went away: the screen is hidden.
    Locked(Box<Staff>),
}

impl Standing {
    /// Who is signed in, whether or not the screen is hidden.
    #[must_use]
    pub fn staff(&self) -> Option<&Staff> {
        match self {
            Self::SignedIn(staff) | Self::Locked(staff) => Some(staff),
            Self::Unguarded(_) | Self::BreakGlass { .. } | Self::SignedOut => None,
        }
    }

    /// What the person may do; a viewer's part while nobody is there.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Unguarded(role) | Self::BreakGlass { role, .. } => *role,
            Self::SignedIn(staff) => staff.role,
            Self::SignedOut | Self::Locked(_) => Role::Viewer,
        }
    }
}
