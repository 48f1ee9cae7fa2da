//! What a training world is made of and what happens in it, read from a TOML file.
//!
//! A scenario that is read is sound: every tenant it speaks of exists, every number is in bounds. What
//! is wrong in a file is said with its line.

mod builtin;
mod check;
mod people;
mod read;

pub use builtin::{NAMES, builtin};
pub(super) use check::generated;
pub(super) use people::Account;
pub use people::{OPERATORS, SENIORS, STAFF};

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::events::EventType;
use super::fault_plan::Planned;
use crate::domain::{FeedId, Severity, Span, Text, Timestamp, TroubleKind};
pub use read::Count;

/// A training world and its story.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    pub(super) name: Text,
    pub(super) title: Text,
    pub(super) seed: u64,
    #[serde(deserialize_with = "read::time")]
    pub(super) start: Timestamp,
    #[serde(default)]
    pub(super) tenants: Tenants,
    #[serde(default)]
    pub(super) churn: Churn,
    #[serde(default)]
    pub(super) stream: StreamPlan,
    #[serde(default)]
    pub(super) databases: DatabasesPlan,
    /// How operations go that the trainee begins.
    #[serde(default)]
    pub(super) operations: OperationsPlan,
    #[serde(default)]
    pub(super) hostile: Hostile,
    /// The cluster's own objects; none without it.
    pub(super) cluster: Option<ClusterPlan>,
    /// Feeds that are refused from the start.
    #[serde(default)]
    pub(super) denied: Vec<FeedId>,
    #[serde(default, rename = "tenant")]
    pub(super) named: Vec<Spanned<NamedTenant>>,
    #[serde(default, rename = "run")]
    pub(super) runs: Vec<Spanned<Run>>,
    #[serde(default, rename = "backup")]
    pub(super) backups: Vec<Spanned<BackupStory>>,
    #[serde(default, rename = "silence")]
    pub(super) silences: Vec<Spanned<SilencePlan>>,
    #[serde(default, rename = "ack")]
    pub(super) acks: Vec<Spanned<AckPlan>>,
    /// Who has an account; the usual people unless it names some.
    #[serde(default)]
    pub(super) people: Vec<Spanned<Account>>,
    #[serde(default, rename = "incident")]
    pub(super) incidents: Vec<Spanned<Incident>>,
    /// What breaks where operations pass.
    #[serde(default, rename = "fault")]
    pub(super) faults: Vec<Spanned<Planned>>,
}

impl Scenario {
    /// Reads the scenario in `text`; `name` is what the operator calls it, such as its file.
    ///
    /// # Errors
    /// [`ScenarioError`] when `text` is too long, isn't TOML, or says something that can't be.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        read::scenario(name, text)
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Text {
        &self.name
    }

    /// One line about it, for the trainee.
    #[must_use]
    pub const fn title(&self) -> &Text {
        &self.title
    }

    /// The seed of its chances unless the operator gives another.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether what is in the bucket for `tenant` is no dump.
    pub(super) fn is_no_dump(&self, tenant: &str) -> bool {
        let mut all = self.backups.iter().map(Spanned::get_ref);
        all.any(|story| story.tenant == *tenant && story.fault == BackupFault::NoDump)
    }

    /// What breaks where operations pass.
    pub(super) fn faults(&self) -> Vec<Planned> {
        self.faults.iter().map(|fault| fault.get_ref().clone()).collect()
    }

    /// When its night begins.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }
}

/// Why a scenario can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No built-in scenario has this name.
    #[error("There is no scenario “{name}”{}. The scenarios are {}.", hint(*.nearest), NAMES.join(", "))]
    Unknown {
        /// What was asked for.
        name: Text,
        /// The built-in scenario with the nearest name.
        nearest: Option<&'static str>,
    },
    /// The file is too long.
    #[error(
        "The scenario “{name}” is {bytes} bytes long and at most {max} are read. Make it shorter, then start again."
    )]
    TooLong {
        /// Which scenario.
        name: Text,
        /// Its length.
        bytes: usize,
        /// The most that is read.
        max: usize,
    },
    /// A line of the file is wrong.
    #[error(
        "The scenario “{name}” can't be used: line {line}: {what}. Correct that line, then start again."
    )]
    Wrong {
        /// Which scenario.
        name: Text,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it: a clause.
        what: Text,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; perhaps “{nearest}” is meant"))
}

/// Whether `tenant` is among those that the scenario names.
pub(super) fn names(all: &[Spanned<Text>], tenant: &Text) -> bool {
    all.iter().any(|named| named.get_ref() == tenant)
}

/// How many tenants there are, and how they differ.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Tenants {
    pub(super) count: Count<20_000>,
    /// Weight of each tier.
    pub(super) tier: BTreeMap<Tier, Count<1_000_000>>,
    /// Weight of each Odoo major.
    pub(super) version: BTreeMap<Text, Count<1_000_000>>,
    /// Weight of each health.
    pub(super) health: BTreeMap<Word, Count<1_000_000>>,
    /// How many in a hundred of those above starter have a staging environment too.
    pub(super) staging_percent: Count<100>,
}

/// What a customer pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Tier {
    #[default]
    Starter,
    Pro,
    Enterprise,
}

/// How something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Word {
    #[default]
    Healthy,
    Degraded,
    Failed,
    Creating,
    Unknown,
}

/// Changes that mean nothing: controllers at their work.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Churn {
    /// Changes of objects in a minute.
    pub(super) per_minute: Count<60_000>,
    /// How many in a hundred of them make an object unready for a while.
    pub(super) flap_percent: Count<100>,
}

impl Churn {
    /// Changes of objects in a second.
    pub(super) fn per_second(&self) -> f64 {
        // At most 60 000, which every f64 holds exactly.
        f64::from(u32::try_from(self.per_minute.get()).unwrap_or_default()) / 60.0
    }
}

/// One of the keys of `weights`, each as likely as its weight says.
pub(super) fn pick<'a, K, const MAX: u64>(
    weights: &'a BTreeMap<K, Count<MAX>>,
    rng: &mut fastrand::Rng,
) -> Option<&'a K> {
    let total: u64 = weights.values().map(|weight| weight.get()).sum();
    if total == 0 {
        return None;
    }
    let mut left = rng.u64(0..total);
    weights.iter().find_map(|(key, weight)| match left.checked_sub(weight.get()) {
        Some(rest) => {
            left = rest;
            None
        }
        None => Some(key),
    })
}

/// The event stream.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct StreamPlan {
    /// Events in a second.
    #[serde(deserialize_with = "read::rate")]
    pub(super) per_second: f64,
    /// Weight of each type.
    pub(super) mix: BTreeMap<EventType, Count<1_000_000>>,
    /// Events that are on the stream at the start.
    pub(super) history: Count<10_000>,
    /// How far back they go.
    #[serde(deserialize_with = "read::span")]
    pub(super) history_span: Span,
    /// When the operator's last run of the console left the stream, before the start.
    #[serde(deserialize_with = "read::maybe_span")]
    pub(super) left: Option<Span>,
    /// Groups of events on the stream at the start, each told of one tenant after the other.
    pub(super) past: Vec<Spanned<Past>>,
}

/// Events before the start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Past {
    #[serde(deserialize_with = "read::span")]
    pub(super) ago: Span,
    #[serde(rename = "type")]
    pub(super) kind: EventType,
    /// Of which tenant; else one of each tenant in turn.
    pub(super) tenant: Option<Text>,
    #[serde(default)]
    pub(super) count: Count<10_000>,
    /// Over which time they are spread.
    #[serde(default, deserialize_with = "read::span")]
    pub(super) over: Span,
}

/// The objects of the cluster beside the platform's own kinds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ClusterPlan {
    /// Whether each tenant has its route, its backup CronJob and the last Job of that.
    pub(super) tenants: bool,
    /// Whether some of it is unwell: a service that crashes, a worker killed for its memory, a certificate that ends.
    pub(super) troubles: bool,
}

/// PostgreSQL.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DatabasesPlan {
    /// Tenants whose database was never made.
    pub(super) missing: Vec<Text>,
    /// Tenants whose database is there, and of no use to Odoo.
    pub(super) broken: Vec<Spanned<Text>>,
    /// Databases that swaps kept, by their whole names.
    pub(super) kept: Vec<Text>,
    /// The server's disk, where it is told.
    pub(super) disk: Option<Disk>,
    /// Sessions that hold others up.
    pub(super) block: Vec<Spanned<Block>>,
}

/// The disk of the database server.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Disk {
    pub(super) gib: Count<1_000_000>,
    pub(super) used_percent: Count<100>,
}

/// What becomes of operations; what is not named goes well.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OperationsPlan {
    /// Tenants whose upgrades fail, and break their database.
    pub(super) upgrades_fail: Vec<Spanned<Text>>,
    /// Tenants whose restores fail.
    pub(super) restores_fail: Vec<Spanned<Text>>,
    /// Tenants whose backups that are taken now fail.
    pub(super) backups_fail: Vec<Spanned<Text>>,
    /// Tenants that never become ready when they are made; there is none of that name yet.
    pub(super) never_ready: Vec<Text>,
}

/// A session that sits in its transaction while others wait for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Block {
    #[serde(deserialize_with = "read::span")]
    pub(super) at: Span,
    #[serde(deserialize_with = "read::span")]
    pub(super) lasts: Span,
    pub(super) tenant: Text,
    /// How many wait; one unless told otherwise.
    #[serde(default)]
    pub(super) waiters: Count<90>,
}

/// Names, texts and events that try to break a console.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Hostile {
    /// How many tenants are hostile, after the ordinary ones.
    pub(super) tenants: Count<2_000>,
    /// How many in a hundred of the events are.
    pub(super) events_percent: Count<100>,
}

/// Which of a tenant's objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    #[default]
    Client,
    Environment,
}

/// A tenant that the story speaks of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NamedTenant {
    pub(super) name: Text,
    pub(super) owner: Option<Text>,
    #[serde(default)]
    pub(super) tier: Tier,
    pub(super) version: Option<Text>,
    #[serde(default, deserialize_with = "read::maybe_span")]
    pub(super) age: Option<Span>,
    #[serde(default)]
    pub(super) staging: bool,
    #[serde(default)]
    pub(super) health: Word,
    /// Which of its objects has that health.
    #[serde(default)]
    pub(super) on: Part,
    /// For how long it has had it.
    #[serde(default, deserialize_with = "read::maybe_span")]
    pub(super) since: Option<Span>,
    pub(super) reason: Option<Text>,
    pub(super) message: Option<Text>,
    /// After which time a tenant that is being made is ready.
    #[serde(default, deserialize_with = "read::maybe_span")]
    pub(super) ready_after: Option<Span>,
}

/// Something that runs for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RunKind {
    Upgrade,
    Restore,
    Template,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Phase {
    Pending,
    Running,
    Finished,
    Failed,
}

/// An upgrade, a restore or a template that exists at the start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Run {
    pub(super) kind: RunKind,
    /// The tenant; of a template, none.
    pub(super) tenant: Option<Text>,
    /// The name; else made from the tenant and the day.
    pub(super) name: Option<Text>,
    #[serde(deserialize_with = "read::span")]
    pub(super) age: Span,
    pub(super) phase: Phase,
    pub(super) from: Option<Text>,
    pub(super) to: Option<Text>,
    /// After which time a run that isn't over ends.
    #[serde(default, deserialize_with = "read::maybe_span")]
    pub(super) ends_after: Option<Span>,
    /// How it ends then.
    #[serde(default)]
    pub(super) fails: bool,
}

/// What is wrong with a tenant's backups at the start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BackupStory {
    pub(super) tenant: Text,
    pub(super) fault: BackupFault,
}

/// A fault of backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BackupFault {
    /// There is none.
    None,
    /// The last two nights have none.
    Late,
    /// The newest has no filestore.
    Half,
    /// The newest dump is far smaller than usual.
    Small,
    /// The newest dump has no bytes.
    Empty,
    /// The dumps are something else.
    NoDump,
}

/// A silence that holds at the start; it matches what is given of alert and tenant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SilencePlan {
    pub(super) alert: Option<Text>,
    pub(super) tenant: Option<Text>,
    pub(super) by: Text,
    pub(super) reason: Text,
    /// Since when it holds.
    #[serde(deserialize_with = "read::span")]
    pub(super) ago: Span,
    #[serde(deserialize_with = "read::span")]
    pub(super) lasts: Span,
}

/// Somebody looks after an alert at the start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AckPlan {
    pub(super) alert: Text,
    pub(super) tenant: Text,
    pub(super) by: Text,
    #[serde(default)]
    pub(super) note: Text,
    #[serde(deserialize_with = "read::span")]
    pub(super) ago: Span,
    #[serde(deserialize_with = "read::span")]
    pub(super) lasts: Span,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum What {
    ReadyFalse,
    SyncedFalse,
    Recover,
    Deleting,
    Provision,
    UpgradeStart,
    RestoreStart,
    FeedDown,
    FeedUp,
    FeedDenied,
    StreamGap,
    StreamReset,
    Event,
    Burst,
    Alert,
    Alerts,
    /// The identity provider is away.
    ProviderDown,
}

/// Something that happens at a time of the story.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Incident {
    /// When, from the start.
    #[serde(deserialize_with = "read::span")]
    pub(super) at: Span,
    pub(super) what: What,
    pub(super) tenant: Option<Text>,
    #[serde(default)]
    pub(super) on: Part,
    pub(super) feed: Option<FeedId>,
    pub(super) trouble: Option<TroubleKind>,
    #[serde(rename = "type")]
    pub(super) kind: Option<EventType>,
    pub(super) reason: Option<Text>,
    pub(super) message: Option<Text>,
    /// The name of an alert that fires.
    pub(super) alert: Option<Text>,
    /// How bad it is.
    pub(super) severity: Option<Severity>,
    #[serde(default)]
    pub(super) count: Count<10_000>,
    /// How long it lasts.
    #[serde(default, deserialize_with = "read::maybe_span")]
    pub(super) lasts: Option<Span>,
    /// Whether a run that starts fails.
    #[serde(default)]
    pub(super) fails: bool,
}
