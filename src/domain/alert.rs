//! Alerts, silences and acknowledgements.

use serde::{Deserialize, Serialize};

use super::{Severity, Text, Timestamp, Uid};

/// What keeps an alert from being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// Nothing: people are told of it.
    Firing,
    /// Another alert makes it needless.
    Inhibited,
    /// A silence.
    Silenced,
}

impl AlertState {
    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Inhibited => "inhibited",
            Self::Silenced => "silenced",
        }
    }
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its identity: the fingerprint of its labels.
    pub uid: Uid,
    /// Its name (`alertname`).
    pub name: Text,
    /// How bad it is, by its label.
    pub severity: Severity,
    /// The tenant that it speaks of.
    pub tenant: Option<Text>,
    /// Whether people are told of it.
    pub state: AlertState,
    /// Since when.
    pub since: Timestamp,
    /// When it was last confirmed.
    pub updated: Timestamp,
    /// When it will be taken for resolved unless it is confirmed.
    pub ends: Option<Timestamp>,
    /// Labels, in order of their names.
    pub labels: Box<[(Text, Text)]>,
    /// Annotations, in order of their names.
    pub annotations: Box<[(Text, Text)]>,
    /// The silences that keep it quiet.
    pub silenced_by: Box<[Uid]>,
    /// The alerts that make it needless.
    pub inhibited_by: Box<[Uid]>,
    /// Who is told.
    pub receivers: Box<[Text]>,
    /// Where its expression can be looked at.
    pub source: Text,
}

impl Alert {
    /// The label `name`.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&Text> {
        self.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value)
    }

    /// The annotation `name`.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&Text> {
        self.annotations.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }
}

/// A silence: alerts that match all of it are not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its identity, given by the server.
    pub uid: Uid,
    /// What it matches.
    pub matchers: Box<[Matcher]>,
    /// From when on.
    pub starts: Timestamp,
    /// Until when.
    pub ends: Timestamp,
    /// Who made it.
    pub by: Text,
    /// Why.
    pub comment: Text,
    /// Whether it holds.
    pub state: SilenceState,
}

/// Whether a silence holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    /// It holds now.
    Active,
    /// It will.
    Pending,
    /// It has ended.
    Expired,
}

impl SilenceState {
    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Expired => "expired",
        }
    }
}

/// One condition of a silence on a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// The label.
    pub name: Text,
    /// What it must be, or the expression that it must match.
    pub value: Text,
    /// Whether `value` is a regular expression.
    pub regex: bool,
    /// Whether it must match (`true`) or must not.
    pub equal: bool,
}

/// Somebody looks after an alert; it is told all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The alert's fingerprint.
    pub uid: Uid,
    /// Who.
    pub by: Text,
    /// Since when.
    pub at: Timestamp,
    /// Until when; then somebody must look again.
    pub until: Option<Timestamp>,
    /// What they say.
    pub note: Text,
}
