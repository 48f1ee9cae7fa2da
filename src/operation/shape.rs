//! What a platform is like, as far as plans go by it: names, places, limits, and how careful one is.

use regex::Regex;

use crate::config::Settings;
use crate::domain::operation::{Asks, Verb};
use crate::domain::{Span, Text};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// What a platform is like.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The API group of the platform's own kinds.
    pub group: Text,
    /// The version of that group in which they are written.
    pub version: Text,
    /// The domain of tenants' addresses, which are the names of their databases too.
    pub domain: Text,
    /// The namespace of a version; `{major}` stands for it.
    pub namespace: Text,
    /// The Deployment of a version that serves its tenants.
    pub worker: Text,
    /// Where the Jobs of the platform's own kinds run.
    pub jobs: Text,
    /// The CronJob that backs a tenant up; `{tenant}` stands for it.
    pub backup_job: Text,
    /// The versions that tenants can have, oldest first.
    pub versions: Vec<Text>,
    /// How long insurance backups, and databases that were swapped out, are kept at least.
    pub floor: Span,
    /// How long an update within a version is watched.
    pub soak_same: Span,
    /// How long an upgrade to another version is watched.
    pub soak_cross: Span,
    /// Whether a second factor can be asked for.
    pub can_step_up: bool,
    /// Where one is more careful than elsewhere.
    pub guards: Vec<Guard>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            group: Text::from("planapulse.com"),
            version: Text::from("v1alpha1"),
            domain: Text::from("planapulse.app"),
            namespace: Text::from("plana-odoo-{major}"),
            worker: Text::from("worker-odoo"),
            jobs: Text::from("crossplane-system"),
            backup_job: Text::from("{tenant}-backup"),
            versions: ["17", "18", "19"].map(Text::from).to_vec(),
            floor: Span::from_secs(7 * DAY),
            soak_same: Span::from_secs(48 * HOUR),
            soak_cross: Span::from_secs(7 * DAY),
            can_step_up: false,
            guards: Vec::new(),
        }
    }
}

/// A rule of the profile: for these tenants and verbs one is more careful.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Which tenants, as a pattern with `*` and `?`.
    pub tenant: Text,
    /// Which tiers, as such a pattern.
    pub tier: Text,
    /// Which verbs, as such a pattern.
    pub verb: Text,
    /// How careful.
    pub caution: Caution,
}

/// How careful one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caution {
    /// It is not done from here; why.
    Deny(Text),
    /// At least this is asked.
    AtLeast(Asks),
}

/// A rule that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operations.guards: {rule:?} can't be read: {why}")]
pub struct GuardError {
    /// The rule.
    pub rule: String,
    /// What is wrong with it.
    pub why: String,
}

impl Guard {
    /// Reads rules such as `tenant=erp verb=deprovision deny=it is our own; tier=enterprise asks=second-person`.
    ///
    /// # Errors
    /// The first that can't be read.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, GuardError> {
        let rules = text.split(';').map(str::trim).filter(|rule| !rule.is_empty());
        let read = |rule: &str| {
            let error = |why: String| GuardError { rule: rule.to_owned(), why };
            Self::parse(rule).map_err(error)
        };
        rules.map(read).collect()
    }

    fn parse(rule: &str) -> Result<Self, String> {
        let any = Text::default;
        let mut guard =
            Self { tenant: any(), tier: any(), verb: any(), caution: Caution::AtLeast(Asks::Yes) };
        // A reason has blanks in it, so it stands last.
        let (rule, reason) = rule.split_once("deny").map_or((rule, None), |(rule, reason)| {
            let reason = reason.trim_start_matches('=').trim();
            (rule, Some(if reason.is_empty() { "it is not done from here" } else { reason }))
        });
        for part in rule.split_whitespace() {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("{part} has no ="))?;
            match name {
                "tenant" => guard.tenant = Text::clean(value),
                "tier" => guard.tier = Text::clean(value),
                "verb" => guard.verb = Text::clean(value),
                "asks" => guard.caution = Caution::AtLeast(asks(value)?),
                other => return Err(format!("{other} is none of tenant, tier, verb, asks, deny")),
            }
        }
        if let Some(reason) = reason {
            guard.caution = Caution::Deny(Text::clean(reason));
        }
        Ok(guard)
    }
}

fn asks(word: &str) -> Result<Asks, String> {
    match word {
        "yes" => Ok(Asks::Yes),
        "typed" => Ok(Asks::Typed),
        "step-up" => Ok(Asks::StepUp),
        "second-person" => Ok(Asks::SecondPerson),
        other => Err(format!("asks is {other}; it can be yes, typed, step-up, second-person")),
    }
}

impl Shape {
    /// The platform that `settings` describe.
    ///
    /// # Errors
    /// When a rule can't be read.
    pub fn of(settings: &Settings) -> Result<Self, GuardError> {
        let own = &settings.operations;
        let text = |value: &str| Text::clean(value);
        let hours = |hours: u32| Span::from_secs(u64::from(hours) * HOUR);
        let versions = own.versions.value.split(',').map(str::trim);
        Ok(Self {
            group: text(&settings.kubernetes.group.value),
            version: text(&own.version.value),
            domain: text(&settings.tenants.domain.value),
            namespace: text(&own.namespace.value),
            worker: text(&own.worker.value),
            jobs: text(&own.jobs_namespace.value),
            backup_job: text(&own.backup_job.value),
            versions: versions.filter(|version| !version.is_empty()).map(Text::clean).collect(),
            floor: Span::from_secs(u64::from(own.keeps.value) * DAY),
            soak_same: hours(own.soak.value),
            soak_cross: hours(own.soak_cross.value),
            can_step_up: settings.identity.issuer.value.is_some(),
            guards: Guard::parse_all(own.guards.value.as_deref().unwrap_or_default())?,
        })
    }

    /// The namespace of the version `major`.
    #[must_use]
    pub fn namespace_of(&self, major: &str) -> Text {
        Text::clean(&self.namespace.as_str().replace("{major}", major))
    }

    /// The address of `tenant`, and the name of its database.
    #[must_use]
    pub fn host_of(&self, tenant: &str) -> Text {
        Text::clean(&format!("{tenant}.{}", self.domain))
    }

    /// The CronJob that backs `tenant` up.
    #[must_use]
    pub fn backup_job_of(&self, tenant: &str) -> Text {
        Text::clean(&self.backup_job.as_str().replace("{tenant}", tenant))
    }

    /// What is asked before `verb` is done to a tenant, `asks` being what the verb itself asks.
    ///
    /// # Errors
    /// Why it is not done from here.
    pub fn careful(&self, verb: Verb, tenant: &str, tier: &str, asks: Asks) -> Result<Asks, Text> {
        let mut most = asks;
        for guard in &self.guards {
            let hit = matches(&guard.tenant, tenant)
                && matches(&guard.tier, tier)
                && matches(&guard.verb, verb.word());
            match &guard.caution {
                Caution::Deny(why) if hit => return Err(why.clone()),
                Caution::AtLeast(asks) if hit => most = most.max(*asks),
                _ => {}
            }
        }
        // Where nobody can give a second factor, what is typed must do.
        Ok(if most == Asks::StepUp && !self.can_step_up { Asks::Typed } else { most })
    }
}

/// Whether `text` is as the pattern says; an empty pattern says nothing.
fn matches(pattern: &Text, text: &str) -> bool {
    if pattern.is_empty() {
        return true;
    }
    let expression: String = pattern
        .as_str()
        .chars()
        .map(|c| match c {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            c => regex::escape(&c.to_string()),
        })
        .collect();
    Regex::new(&format!("^{expression}$")).is_ok_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_rule_that_fits_wins() {
        let text = "tenant=erp* verb=deprovision deny=it is our own; tier=enterprise verb=restore-* \
                    asks=second-person; tenant=a?me asks=typed";
        let guards = Guard::parse_all(text).expect("rules");
        let shape = Shape { guards, can_step_up: true, ..Shape::default() };
        let careful = |verb, tenant, tier| shape.careful(verb, tenant, tier, Asks::Yes);
        assert_eq!(careful(Verb::Deprovision, "erp2", "pro"), Err("it is our own".into()));
        assert_eq!(careful(Verb::Deprovision, "erq", "pro"), Ok(Asks::Yes));
        assert_eq!(careful(Verb::RestoreSwap, "x", "enterprise"), Ok(Asks::SecondPerson));
        assert_eq!(careful(Verb::RestoreSwap, "acme", "enterprise"), Ok(Asks::SecondPerson));
        assert_eq!(careful(Verb::Backup, "acme", "enterprise"), Ok(Asks::Typed));
        assert_eq!(careful(Verb::Backup, "aacme", "enterprise"), Ok(Asks::Yes));
    }

    #[test]
    fn a_rule_that_can_not_be_read_is_refused() {
        for rule in ["tenant", "who=me", "asks=nicely"] {
            let error = Guard::parse_all(rule).expect_err(rule);
            assert!(error.to_string().contains(rule), "{error}");
        }
        assert_eq!(Guard::parse_all(" ; ").expect("nothing").len(), 0);
    }

    #[test]
    fn where_nobody_can_step_up_the_word_must_do() {
        let shape = Shape::default();
        let careful = |asks| shape.careful(Verb::Backup, "acme", "pro", asks);
        assert_eq!(careful(Asks::StepUp), Ok(Asks::Typed));
        assert_eq!(careful(Asks::SecondPerson), Ok(Asks::SecondPerson));
    }
}
