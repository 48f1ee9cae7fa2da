//! The feeds: where facts come from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Kind;

/// A source of facts whose freshness is known and shown on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedId {
    /// `PLANAClient` objects.
    Clients,
    /// `TenantEnvironment` objects.
    Environments,
    /// `TenantUpgrade` objects.
    Upgrades,
    /// `TemplateSnapshot` objects.
    Templates,
    /// `EnvironmentRestore` objects.
    Restores,
    /// Entries of the event stream.
    Events,
}

impl FeedId {
    /// Every feed, in the order shown.
    pub const ALL: [Self; 6] = [
        Self::Clients,
        Self::Environments,
        Self::Upgrades,
        Self::Templates,
        Self::Restores,
        Self::Events,
    ];

    /// The feed that tells of `kind`.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Client => Self::Clients,
            Kind::Environment => Self::Environments,
            Kind::Upgrade => Self::Upgrades,
            Kind::Template => Self::Templates,
            Kind::Restore => Self::Restores,
        }
    }

    /// The kind that this feed tells of; none for the event stream.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Self::Clients => Some(Kind::Client),
            Self::Environments => Some(Kind::Environment),
            Self::Upgrades => Some(Kind::Upgrade),
            Self::Templates => Some(Kind::Template),
            Self::Restores => Some(Kind::Restore),
            Self::Events => None,
        }
    }

    /// Its name in words, as shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clients => "tenants",
            Self::Environments => "environments",
            Self::Upgrades => "upgrades",
            Self::Templates => "templates",
            Self::Restores => "restores",
            Self::Events => "events",
        }
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
