//! What a platform is like, as far as plans go by it: names, places, limits, and how careful one is.

use regex::Regex;

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

impl Shape {
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
