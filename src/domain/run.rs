//! How a run stands: an upgrade, a restore or the build of a template.

use std::fmt;

use super::{Kind, Resource, Span, Spec, Status, Timestamp};

/// An upgrade within a major is watched for so long after it is done.
const SOAK_SAME_MAJOR: Span = Span::from_secs(48 * 3_600);

/// An upgrade to another major is watched for so long.
const SOAK_CROSS_MAJOR: Span = Span::from_secs(7 * 86_400);

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunPhase {
    /// Its controller can't do what is asked.
    Refused,
    /// It failed.
    Failed,
    /// It is under way.
    Running,
    /// It was asked for and has not begun.
    Waiting,
    /// It is being removed.
    Removing,
    /// Its controller has said nothing of it yet.
    Unseen,
    /// It is done.
    Done,
}

impl RunPhase {
    /// The words shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Removing => "being removed",
            Self::Unseen => "not seen yet",
            Self::Done => "done",
        }
    }
}

impl fmt::Display for RunPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Resource {
    /// How far the run is, from its conditions.
    #[must_use]
    pub fn run_phase(&self) -> RunPhase {
        if self.meta.deleting.is_some() {
            return RunPhase::Removing;
        }
        if self.condition("Synced").is_some_and(|synced| synced.status == Status::False) {
            return RunPhase::Refused;
        }
        let Some(ready) = self.condition("Ready") else { return RunPhase::Unseen };
        match (ready.status, ready.reason.as_str()) {
            (Status::True, _) => RunPhase::Done,
            (Status::False, "Creating" | "Pending") => RunPhase::Waiting,
            (Status::False, "Running" | "Progressing") => RunPhase::Running,
            (Status::False, _) => RunPhase::Failed,
            (Status::Unknown, _) => RunPhase::Unseen,
        }
    }

    /// Since when the run is in its phase, where that is known.
    #[must_use]
    pub fn run_since(&self) -> Option<Timestamp> {
        let since = |name: &str| self.condition(name)?.since;
        match self.run_phase() {
            RunPhase::Removing => self.meta.deleting,
            RunPhase::Refused => since("Synced"),
            RunPhase::Unseen => self.meta.created,
            _ => since("Ready"),
        }
    }

    /// For how long it is watched after it is done; none where nothing is: restores and templates.
    #[must_use]
    pub fn soak(&self) -> Option<Span> {
        let Spec::Upgrade(spec) = &self.spec else { return None };
        Some(if spec.from == spec.to { SOAK_SAME_MAJOR } else { SOAK_CROSS_MAJOR })
    }

    /// When its soak ends; none while it is not done.
    #[must_use]
    pub fn soak_ends(&self) -> Option<Timestamp> {
        let soak = self.soak().filter(|_| self.run_phase() == RunPhase::Done)?;
        Some(self.run_since()?.after(soak))
    }

    /// The Odoo major that a run works on.
    #[must_use]
    pub fn run_major(&self) -> Option<&str> {
        let field = |fields: &'_ [super::Field]| -> Option<usize> {
            fields.iter().position(|field| field.path == "odooVersion")
        };
        match &self.spec {
            Spec::Upgrade(spec) => Some(spec.to.as_str()),
            Spec::Template(spec) => {
                spec.fields.get(field(&spec.fields)?).map(|it| it.value.as_str())
            }
            Spec::Restore(_) | Spec::Client(_) | Spec::Environment(_) => None,
        }
    }
}

impl Kind {
    /// Whether its objects are runs: they begin, and are over.
    #[must_use]
    pub const fn is_run(self) -> bool {
        matches!(self, Self::Upgrade | Self::Restore | Self::Template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Condition, Meta, Text, Uid, UpgradeSpec};

    const AT: Timestamp = Timestamp::from_ms(1_000_000);

    fn upgrade(to: &str, conditions: &[(&str, Status, &str)]) -> Resource {
        let condition = |(name, status, reason): &(&str, Status, &str)| Condition {
            name: Text::clean(name),
            status: *status,
            reason: Text::clean(reason),
            message: Text::default(),
            since: Some(AT),
        };
        Resource {
            meta: Meta::named("acme-2026-05-29", Uid(Text::clean("uid"))),
            conditions: conditions.iter().map(condition).collect(),
            composed: Box::default(),
            spec: Spec::Upgrade(UpgradeSpec {
                from: Text::clean("18"),
                to: Text::clean(to),
                ..UpgradeSpec::default()
            }),
        }
    }

    #[test]
    fn phases_follow_from_conditions() {
        use Status::{False, True, Unknown};
        for (conditions, phase) in [
            (&[][..], RunPhase::Unseen),
            (&[("Ready", False, "Creating")], RunPhase::Waiting),
            (&[("Ready", False, "Running")], RunPhase::Running),
            (&[("Ready", False, "Failed")], RunPhase::Failed),
            (&[("Ready", False, "Unavailable")], RunPhase::Failed),
            (&[("Ready", True, "Available")], RunPhase::Done),
            (&[("Ready", Unknown, "")], RunPhase::Unseen),
            (&[("Synced", False, "ReconcileError"), ("Ready", True, "")], RunPhase::Refused),
        ] {
            assert_eq!(upgrade("18", conditions).run_phase(), phase, "{conditions:?}");
        }
    }

    #[test]
    fn a_soak_is_longer_across_majors_and_begins_when_the_run_is_done() {
        let done = [("Ready", Status::True, "Available")];
        let days = |days: u64| Some(AT.after(Span::from_secs(days * 86_400)));
        assert_eq!(upgrade("18", &done).soak_ends(), days(2));
        assert_eq!(upgrade("19", &done).soak_ends(), days(7));
        assert_eq!(upgrade("19", &[("Ready", Status::False, "Running")]).soak_ends(), None);
    }
}
