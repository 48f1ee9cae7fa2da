//! The services of the platform: the Deployments beside the workers that serve tenants, each with what its pods say.

use super::{column, optional, text};
use crate::domain::{ClusterKind, ClusterObject, FeedId, Text, Timestamp};
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value};
use crate::store::{Collection, Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("service", "SERVICE", "The service's name.").flex(18, 3).rank(0).searched(),
    column("health", "HEALTH", "How well it is.").kind(ColumnKind::Health).fixed(13).rank(0),
    column("ready", "READY", "How many pods answer of those wanted; filters compare the first.")
        .kind(ColumnKind::Number)
        .fixed(5)
        .right()
        .rank(0),
    column("restarts", "RESTARTS", "Restarts of the containers of its pods.")
        .kind(ColumnKind::Number)
        .fixed(8)
        .right()
        .rank(1),
    column("end", "LAST END", "How a container of its pods ended last.")
        .flex(14, 2)
        .rank(1)
        .searched(),
    column("ended", "ENDED", "How long ago that was.")
        .kind(ColumnKind::Time)
        .fixed(6)
        .right()
        .rank(1),
    column("namespace", "NAMESPACE", "Its namespace.").flex(14, 1).rank(3).searched(),
    column("image", "IMAGE", "The image that it runs, without the registry.")
        .flex(16, 2)
        .rank(2)
        .searched(),
    column("message", "MESSAGE", "What is wrong with it.").flex(16, 3).rank(4).searched(),
    column("flux", "GIT", "The Flux Kustomization that owns it: change it in git.")
        .flex(10, 1)
        .rank(6)
        .searched(),
    column("age", "AGE", "How long ago it was made.")
        .kind(ColumnKind::Time)
        .fixed(6)
        .right()
        .rank(5),
];

/// The namespaces whose Deployments are no services: those of the workers of each Odoo major, and the cluster's own.
const NOT_SERVICES: [&str; 3] = ["plana-odoo", "kube-", "instance-"];

/// The services of a store.
pub struct ServicesTable<'a> {
    store: &'a Store,
}

impl<'a> ServicesTable<'a> {
    /// The services of `store`.
    #[must_use]
    pub const fn new(store: &'a Store) -> Self {
        Self { store }
    }

    fn deployments(&self) -> &'a Collection<ClusterObject> {
        self.store.cluster(ClusterKind::Deployment)
    }

    /// The service at `slot`.
    #[must_use]
    pub fn held(&self, slot: Slot) -> Option<&'a Held<ClusterObject>> {
        self.deployments().get(slot).filter(|held| is_service(&held.object))
    }

    /// Every service.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &'a ClusterObject)> {
        let all = self.deployments().iter().map(|(slot, held)| (slot, &*held.object));
        all.filter(|(_, object)| is_service(object))
    }

    /// The pods of `service`.
    pub fn pods(&self, service: &ClusterObject) -> impl Iterator<Item = &'a ClusterObject> {
        let namespace = service.meta.namespace.as_ref().map(Text::as_str);
        let of = self.store.owners().of(namespace, "Deployment", service.meta.name.as_str());
        let pods = self.store.cluster(ClusterKind::Pod);
        let slots = of.iter().filter(|(kind, _)| *kind == ClusterKind::Pod);
        slots.filter_map(|(_, slot)| pods.get(*slot).map(|held| &*held.object))
    }

    /// The pod whose container ended last, and when.
    fn last_end(&self, service: &ClusterObject) -> Option<(Timestamp, &'a ClusterObject)> {
        let ended = |pod: &'a ClusterObject| {
            let at = pod.field(ClusterObject::LAST_ENDED)?;
            Some((Timestamp::parse(at.as_str())?, pod))
        };
        self.pods(service).filter_map(ended).max_by_key(|(at, _)| *at)
    }
}

fn is_service(object: &ClusterObject) -> bool {
    let namespace = object.meta.namespace.as_ref().map_or("", Text::as_str);
    !NOT_SERVICES.iter().any(|prefix| namespace.starts_with(prefix))
}

/// `image` without its registry and folders.
fn short(image: &Text) -> Value<'_> {
    let image = image.as_str();
    Value::Text(image.rsplit_once('/').map_or(image, |(_, name)| name))
}

impl Table for ServicesTable<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        self.store.services.revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        self.store.services.since(revision)
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(self.iter().map(|(slot, _)| slot))
    }

    fn len(&self) -> usize {
        self.iter().count()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        let held = self.held(slot)?;
        Some(RowId::Object(FeedId::Deployments, held.object.meta.uid.clone()))
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        match id {
            RowId::Object(FeedId::Deployments, uid) => {
                self.deployments().find(uid).filter(|slot| self.held(*slot).is_some())
            }
            _ => None,
        }
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some(held) = self.held(slot) else { return Value::Nothing };
        let object = &*held.object;
        match COLUMNS.get(column).map(|column| column.id) {
            Some("service") => text(&object.meta.name),
            Some("health") => Value::Health(object.health),
            Some("ready") => object.ready.map_or(Value::Nothing, |(ready, wanted)| {
                Value::Ratio(u64::from(ready), u64::from(wanted))
            }),
            Some("restarts") => {
                let restarts: u64 = self.pods(object).map(|pod| u64::from(pod.restarts)).sum();
                if restarts == 0 { Value::Nothing } else { Value::Number(restarts) }
            }
            Some("end") => optional(
                self.last_end(object).and_then(|(_, pod)| pod.field(ClusterObject::LAST_END)),
            ),
            Some("ended") => self.last_end(object).map_or(Value::Nothing, |(at, _)| Value::At(at)),
            Some("namespace") => optional(object.meta.namespace.as_ref()),
            Some("image") => object.field(ClusterObject::IMAGE).map_or(Value::Nothing, short),
            Some("message") => text(&object.message),
            Some("flux") => optional(object.flux.as_ref()),
            Some("age") => object.meta.created.map_or(Value::Nothing, Value::At),
            _ => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        self.held(slot).map(|held| held.object.meta.name.clone()).unwrap_or_default()
    }
}
