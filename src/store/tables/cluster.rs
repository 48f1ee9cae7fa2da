//! Rows from several collections of the cluster in one table.

use super::{column, optional, text};
use crate::domain::{ClusterKind, ClusterObject, FeedId, Text};
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown; the same for every table of objects of the cluster.
pub(super) const COLUMNS: &[Column] = &[
    column("name", "NAME", "The object's name.").flex(22, 4).rank(0).searched(),
    column("kind", "KIND", "What it is.").fixed(13).rank(1),
    column("health", "HEALTH", "How well it is.").kind(ColumnKind::Health).fixed(13).rank(0),
    column("state", "STATE", "How it stands, in a few words.").flex(16, 3).rank(1).searched(),
    column("ready", "READY", "How many are ready of those wanted; filters compare the first.")
        .kind(ColumnKind::Number)
        .fixed(7)
        .right()
        .rank(3),
    column("restarts", "RESTARTS", "Restarts of its containers.")
        .kind(ColumnKind::Number)
        .fixed(8)
        .right()
        .rank(4),
    column("namespace", "NAMESPACE", "Its namespace.").flex(14, 2).rank(2).searched(),
    column("tenant", "TENANT", "The tenant that it belongs to.").flex(10, 1).rank(5).searched(),
    column("flux", "GIT", "The Flux Kustomization that owns it: change it in git.")
        .flex(10, 1)
        .rank(6)
        .searched(),
    column("message", "MESSAGE", "What is wrong, or what was said last.")
        .flex(16, 4)
        .rank(7)
        .searched(),
    column("at", "LAST", "When it last succeeded, ended or was seen; of a certificate, its end.")
        .kind(ColumnKind::Time)
        .fixed(9)
        .right()
        .rank(4),
    column("age", "AGE", "How long ago it was made.")
        .kind(ColumnKind::Time)
        .fixed(6)
        .right()
        .rank(3),
];

/// Objects of the cluster of some kinds.
pub struct ClusterTable<'a> {
    store: &'a Store,
    kinds: &'static [ClusterKind],
}

impl<'a> ClusterTable<'a> {
    /// The objects of `kinds` in `store`.
    #[must_use]
    pub const fn new(store: &'a Store, kinds: &'static [ClusterKind]) -> Self {
        Self { store, kinds }
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
        COLUMNS
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
        match COLUMNS.get(column).map(|column| column.id) {
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
