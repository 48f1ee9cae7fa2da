//! The runs: upgrades, restores and template builds, in one table.

use super::{column, optional, text};
use crate::domain::{
    ClusterKind, ClusterObject, FeedId, Kind, Resource, RunPhase, Spec, Status, Text, Timestamp,
};
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("run", "RUN", "The name of the run.").flex(16, 4).rank(0).searched(),
    column("kind", "KIND", "What it does: upgrade, restore or template.").fixed(8).rank(1),
    column("tenant", "TENANT", "The tenant it is for.").flex(10, 2).rank(5).searched(),
    column("health", "HEALTH", "How it goes.").kind(ColumnKind::Health).fixed(13).rank(0),
    column("phase", "PHASE", "How far it is: waiting, running, done, failed or refused.")
        .fixed(8)
        .rank(2)
        .searched(),
    column("since", "SINCE", "How long it has been in this phase.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(1),
    column(
        "soak",
        "SOAK ENDS",
        "How long an upgrade that is done is still watched: 48 h in all, 7 d to another major.",
    )
    .kind(ColumnKind::Time)
    .fixed(9)
    .right()
    .rank(1),
    column("job", "JOB", "How its Job stands.").flex(14, 3).rank(1).searched(),
    column("from", "FROM", "The Odoo major before.").fixed(4).rank(3),
    column("to", "TO", "The Odoo major after.").fixed(4).rank(3),
    column("strategy", "STRATEGY", "How an upgrade is done.").flex(12, 2).rank(3).searched(),
    column("message", "MESSAGE", "What its controller says of it.").flex(16, 3).rank(6).searched(),
    column("changed", "CHANGED", "How long ago this console saw the object change.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(7),
    column("age", "AGE", "How long ago the run was asked for.")
        .kind(ColumnKind::Time)
        .fixed(6)
        .right()
        .rank(4),
    column("reason", "REASON", "The reason word of the condition that decides the health.")
        .flex(12, 2)
        .rank(8)
        .searched()
        .hidden(),
    column("modules", "MODULES", "The modules that an upgrade updates.")
        .flex(12, 2)
        .rank(8)
        .hidden(),
    column("urgency", "URGENCY", "The usual order: failed first, then under way, then the newest.")
        .kind(ColumnKind::Number)
        .fixed(7)
        .right()
        .rank(9)
        .hidden(),
];

/// The kinds that are runs; their number goes into the slot.
const KINDS: [Kind; 3] = [Kind::Upgrade, Kind::Restore, Kind::Template];

/// The slot in the table of runs of the object of `kind` at `slot` of its collection.
pub(in crate::store) fn run_slot(kind: Kind, slot: Slot) -> Slot {
    let number = KINDS.iter().position(|other| *other == kind).unwrap_or_default();
    slot * KINDS.len() as Slot + number as Slot
}

/// The runs of a store.
pub struct UpgradesTable<'a> {
    store: &'a Store,
}

impl<'a> UpgradesTable<'a> {
    /// The runs of `store`.
    #[must_use]
    pub const fn new(store: &'a Store) -> Self {
        Self { store }
    }

    /// The run at `slot`.
    #[must_use]
    pub fn held(&self, slot: Slot) -> Option<&'a Held> {
        let kinds = KINDS.len() as Slot;
        let kind = KINDS.get(usize::try_from(slot % kinds).ok()?)?;
        self.store.collection(*kind).get(slot / kinds)
    }

    /// Since when `run` is in its phase. A condition that stays false keeps its time, so that of a run that failed its Job
    /// may know better.
    #[must_use]
    pub fn since(&self, run: &Resource) -> Option<Timestamp> {
        let since = run.run_since();
        match run.run_phase() {
            RunPhase::Failed => self.job(run).and_then(|job| job.at).max(since),
            _ => since,
        }
    }

    /// How far `run` is: it is under way too while its Job is, though its controller says only that it is not done.
    #[must_use]
    pub fn phase(&self, run: &Resource) -> RunPhase {
        let works = |job: &ClusterObject| job.state == "running";
        match run.run_phase() {
            RunPhase::Waiting if self.job(run).is_some_and(works) => RunPhase::Running,
            phase => phase,
        }
    }

    /// The newest Job of `run`.
    #[must_use]
    pub fn job(&self, run: &Resource) -> Option<&'a ClusterObject> {
        let jobs = self.store.cluster(ClusterKind::Job);
        let work = self.store.owners().work_of(run).into_iter();
        work.filter(|(kind, _)| *kind == ClusterKind::Job)
            .filter_map(|(_, slot)| jobs.get(slot).map(|held| &*held.object))
            .max_by_key(|job| job.meta.created)
    }
}

/// What the condition says that decides the health.
fn message(run: &Resource) -> Option<&Text> {
    let synced = run.condition("Synced").filter(|synced| synced.status == Status::False);
    synced.or_else(|| run.condition("Ready")).map(|condition| &condition.message)
}

/// More milliseconds than any run's age.
const AGES: u64 = 1 << 48;

/// The place of a run in the usual order, the first the least: by its phase, then the newest.
fn urgency(run: &Resource) -> u64 {
    let phase = match run.run_phase() {
        RunPhase::Failed | RunPhase::Refused => 0,
        RunPhase::Running | RunPhase::Waiting | RunPhase::Unseen => 1,
        RunPhase::Removing | RunPhase::Done => 2,
    };
    let made = run.meta.created.map_or(0, |at| at.ms().max(0).unsigned_abs());
    phase * AGES + AGES.saturating_sub(made.min(AGES))
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Upgrade => "upgrade",
        Kind::Restore => "restore",
        Kind::Template => "template",
        Kind::Client | Kind::Environment => "",
    }
}

fn upgrade_value<'v>(resource: &'v Resource, column: &str) -> Value<'v> {
    let Spec::Upgrade(spec) = &resource.spec else { return Value::Nothing };
    match column {
        "from" => text(&spec.from),
        "to" => text(&spec.to),
        "strategy" => text(&spec.strategy),
        _ => text(&spec.modules),
    }
}

impl Table for UpgradesTable<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        self.store.runs.revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        self.store.runs.since(revision)
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(KINDS.into_iter().flat_map(|kind| {
            self.store.collection(kind).iter().map(move |(slot, _)| run_slot(kind, slot))
        }))
    }

    fn len(&self) -> usize {
        KINDS.into_iter().map(|kind| self.store.collection(kind).len()).sum()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        self.held(slot)
            .map(|held| RowId::Object(FeedId::of(held.object.kind()), held.object.meta.uid.clone()))
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        let RowId::Object(feed, uid) = id else { return None };
        let kind = feed.kind().filter(|kind| KINDS.contains(kind))?;
        Some(run_slot(kind, self.store.collection(kind).find(uid)?))
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some(held) = self.held(slot) else { return Value::Nothing };
        let resource = &*held.object;
        match COLUMNS.get(column).map(|column| column.id) {
            Some("run") => text(&resource.meta.name),
            Some("kind") => Value::Text(kind_word(resource.kind())),
            Some("tenant") => optional(resource.tenant()),
            Some("health") => Value::Health(resource.health()),
            Some("reason") => optional(resource.reason()),
            Some("phase") => Value::Text(self.phase(resource).word()),
            Some("since") => self.since(resource).map_or(Value::Nothing, Value::At),
            Some("soak") => resource.soak_ends().map_or(Value::Nothing, Value::Ends),
            Some("job") => self.job(resource).map_or(Value::Nothing, |job| text(&job.state)),
            Some("message") => optional(message(resource)),
            Some("changed") => held.changed.map_or(Value::Nothing, Value::At),
            Some("urgency") => Value::Number(urgency(resource)),
            Some("age") => resource.meta.created.map_or(Value::Nothing, Value::At),
            Some(column) => upgrade_value(resource, column),
            None => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        self.held(slot).map(|held| held.object.meta.name.clone()).unwrap_or_default()
    }
}
