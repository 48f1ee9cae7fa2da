//! Rows from several collections of the cluster in one table.

use super::{column, optional, text};
use crate::domain::{ClusterKind, ClusterObject, FeedId, Text, Timestamp};
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, TableId, Value};
use crate::store::{Held, Store};

const NAME: Column = column("name", "NAME", "The object's name.").flex(16, 4).rank(0).searched();
const KIND: Column = column("kind", "KIND", "What it is.").fixed(11).rank(1);
const HEALTH: Column =
    column("health", "HEALTH", "How well it is.").kind(ColumnKind::Health).fixed(13).rank(0);
const STATE: Column =
    column("state", "STATE", "How it stands, in a few words.").flex(16, 3).rank(1).searched();
const READY: Column =
    column("ready", "READY", "How many are ready of those wanted; filters compare the first.")
        .kind(ColumnKind::Number)
        .fixed(5)
        .right()
        .rank(3);
const RESTARTS: Column = column("restarts", "RESTARTS", "Restarts of its containers.")
    .kind(ColumnKind::Number)
    .fixed(8)
    .right()
    .rank(1);
const LAST_END: Column = column("end", "LAST END", "How one of its containers ended last.")
    .flex(20, 2)
    .rank(2)
    .searched();
const LAST_ENDED: Column = column("ended", "ENDED", "How long ago that was.")
    .kind(ColumnKind::Time)
    .fixed(6)
    .right()
    .rank(2);
const NAMESPACE: Column =
    column("namespace", "NAMESPACE", "Its namespace.").flex(13, 2).rank(1).searched();
const TENANT: Column =
    column("tenant", "TENANT", "The tenant that it belongs to.").flex(10, 1).rank(4).searched();
const RUN: Column = column("run", "RUN", "The upgrade, restore or template that it belongs to.")
    .flex(10, 1)
    .rank(7)
    .searched()
    .hidden();
const NODE: Column =
    column("node", "NODE", "The node that it runs on.").flex(10, 1).rank(6).searched();
const GIT: Column = column("flux", "GIT", "The Flux Kustomization that owns it: change it in git.")
    .flex(10, 1)
    .rank(5)
    .searched();
const PATH: Column =
    column("path", "PATH", "The folder in git that it applies.").flex(14, 2).rank(2).searched();
const MESSAGE: Column = column("message", "MESSAGE", "What is wrong, or what was said last.")
    .flex(16, 4)
    .rank(3)
    .searched();
const AGE: Column = column("age", "AGE", "How long ago it was made.")
    .kind(ColumnKind::Time)
    .fixed(6)
    .right()
    .rank(6);

const fn at(title: &'static str, doc: &'static str) -> Column {
    column("at", title, doc).kind(ColumnKind::Time).fixed(8).right().rank(1)
}

const AT_END: Column = at("ENDS", "When a certificate ends.");
const AT_APPLIED: Column = at("APPLIED", "When it was applied last.");
const AT_RUN: Column = at("LAST", "Of a CronJob its last success, of a Job its end.");

/// The columns of Deployments, autoscalers and quotas, in the order shown.
pub(super) const WORKLOADS: &[Column] =
    &[NAME, KIND, HEALTH, STATE, NAMESPACE, READY, MESSAGE, GIT, AGE];

/// Those of pods.
pub(super) const PODS: &[Column] = &[
    NAME, HEALTH, STATE, RESTARTS, LAST_END, LAST_ENDED, NAMESPACE, READY, TENANT, RUN, NODE,
    MESSAGE, AGE,
];

/// Those of gateways, routes and certificates.
pub(super) const NETWORK: &[Column] =
    &[NAME, KIND, HEALTH, STATE, AT_END, MESSAGE, NAMESPACE.rank(3), TENANT, GIT, AGE];

/// Those of Kustomizations.
pub(super) const FLUX: &[Column] = &[NAME, HEALTH, STATE, AT_APPLIED, PATH, MESSAGE, AGE];

/// Those of `CronJob`s and Jobs.
pub(super) const JOBS: &[Column] =
    &[NAME, KIND.fixed(7), HEALTH, STATE, AT_RUN, TENANT, MESSAGE, NAMESPACE.rank(5), RUN, AGE];

/// Those of nodes and volume claims.
pub(super) const NODES: &[Column] =
    &[NAME, KIND.fixed(6), HEALTH, STATE, NAMESPACE, MESSAGE, GIT, AGE];

/// Objects of the cluster of some kinds.
pub struct ClusterTable<'a> {
    store: &'a Store,
    kinds: &'static [ClusterKind],
    columns: &'static [Column],
}

impl<'a> ClusterTable<'a> {
    /// The objects that are rows of the table `id` in `store`.
    #[must_use]
    pub const fn new(store: &'a Store, id: TableId) -> Self {
        Self { store, kinds: super::cluster_kinds(id), columns: super::columns(id) }
    }

    fn kind_of(&self, slot: Slot) -> Option<(ClusterKind, Slot)> {
        let kinds = self.kinds.len() as Slot;
        let kind = self.kinds.get(usize::try_from(slot.checked_rem(kinds)?).ok()?)?;
        Some((*kind, slot / kinds))
    }

    fn slot_of(&self, kind: ClusterKind, slot: Slot) -> Option<Slot> {
        let number = self.kinds.iter().position(|other| *other == kind)?;
        Some(slot * self.kinds.len() as Slot + number as Slot)
    }

    /// The object at `slot`.
    #[must_use]
    pub fn held(&self, slot: Slot) -> Option<&'a Held<ClusterObject>> {
        let (kind, slot) = self.kind_of(slot)?;
        self.store.cluster(kind).get(slot)
    }
}

impl Table for ClusterTable<'_> {
    fn columns(&self) -> &'static [Column] {
        self.columns
    }

    fn revision(&self) -> u64 {
        self.kinds.iter().map(|kind| self.store.cluster(*kind).revision()).sum()
    }

    /// Followed one by one while only one kind changed; else the table is read anew.
    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        if revision == self.revision() {
            return Some(Vec::new());
        }
        match self.kinds {
            [kind] => self.store.cluster(*kind).changes.since(revision),
            _ => None,
        }
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(self.kinds.iter().flat_map(move |kind| {
            let slots = self.store.cluster(*kind).iter();
            slots.filter_map(move |(slot, _)| self.slot_of(*kind, slot))
        }))
    }

    fn len(&self) -> usize {
        self.kinds.iter().map(|kind| self.store.cluster(*kind).len()).sum()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        let object = &self.held(slot)?.object;
        Some(RowId::Object(FeedId::of_cluster(object.kind), object.meta.uid.clone()))
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        let RowId::Object(feed, uid) = id else { return None };
        let kind = feed.cluster_kind().filter(|kind| self.kinds.contains(kind))?;
        self.slot_of(kind, self.store.cluster(kind).find(uid)?)
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some(held) = self.held(slot) else { return Value::Nothing };
        let object = &*held.object;
        match self.columns.get(column).map(|column| column.id) {
            Some("name") => text(&object.meta.name),
            Some("kind") => Value::Text(object.kind.word()),
            Some("health") => Value::Health(object.health),
            Some("state") => text(&object.state),
            Some("ready") => object.ready.map_or(Value::Nothing, |(ready, wanted)| {
                Value::Ratio(u64::from(ready), u64::from(wanted))
            }),
            Some("restarts") if object.restarts == 0 => Value::Nothing,
            Some("restarts") => Value::Number(u64::from(object.restarts)),
            Some("namespace") => optional(object.meta.namespace.as_ref()),
            Some("tenant") => optional(object.tenant.as_ref()),
            Some("run") => optional(object.run.as_ref()),
            Some("node") => optional(object.field("node")),
            Some("path") => optional(object.field("path")),
            Some("end") => optional(object.field(ClusterObject::LAST_END)),
            Some("ended") => object
                .field(ClusterObject::LAST_ENDED)
                .and_then(|at| Timestamp::parse(at.as_str()))
                .map_or(Value::Nothing, Value::At),
            Some("flux") => optional(object.flux.as_ref()),
            Some("message") => text(&object.message),
            Some("at") => match (object.kind, object.at) {
                (_, None) => Value::Nothing,
                (ClusterKind::Certificate, Some(at)) => Value::Until(at),
                (_, Some(at)) => Value::At(at),
            },
            Some("age") => object.meta.created.map_or(Value::Nothing, Value::At),
            _ => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        self.held(slot).map(|held| held.object.meta.name.clone()).unwrap_or_default()
    }
}
