//! The tenants: one row per customer object, joined with what belongs to it.

use super::{column, optional, text};
use crate::domain::{
    Alert, AlertState, ClientSpec, ClusterKind, DatabaseClass, FeedId, Health, Kind, Object,
    Resource, Spec, Text,
};
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value};
use crate::store::{Collection, Freshness, Held, Joined, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("tenant", "TENANT", "The tenant's subdomain, which is its name everywhere.")
        .flex(18, 5)
        .rank(0)
        .searched(),
    column(
        "health",
        "HEALTH",
        "How well the tenant is: the worst of its customer object and its environments.",
    )
    .kind(ColumnKind::Health)
    .fixed(13)
    .rank(0),
    column("alert", "ALERT", "The worst of its alerts that fire.").fixed(10).rank(1),
    column("tier", "TIER", "The tier: starter, pro or enterprise.").fixed(10).rank(2),
    column("backup", "BACKUP", "How long ago its newest daily dump was made.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(1),
    column("size", "SIZE", "The size of its database, where it was measured.")
        .kind(ColumnKind::Bytes)
        .fixed(8)
        .right()
        .rank(2),
    column("odoo", "ODOO", "The Odoo major.").fixed(4).rank(3),
    column("route", "ROUTE", "How well its routes are: the worst of them.")
        .kind(ColumnKind::Health)
        .fixed(10)
        .rank(5),
    column("probe", "PROBE", "Whether its addresses answer from outside: up or down.")
        .fixed(5)
        .rank(5),
    column("reason", "REASON", "The reason word of the condition that decides the health.")
        .flex(14, 2)
        .rank(4)
        .searched(),
    column("envs", "ENVS", "How many environments the tenant has.")
        .kind(ColumnKind::Number)
        .fixed(4)
        .right()
        .rank(6),
    column("alerts", "ALERTS", "How many of its alerts fire.")
        .kind(ColumnKind::Number)
        .fixed(6)
        .right()
        .rank(6),
    column("run", "RUNNING", "The upgrade or restore under way.").flex(12, 2).rank(4).searched(),
    column("event", "LAST EVENT", "The type of the newest event about the tenant.")
        .flex(16, 2)
        .rank(6)
        .searched(),
    column("event-age", "EVENT AGE", "How long ago the newest event about the tenant came.")
        .kind(ColumnKind::Time)
        .fixed(9)
        .right()
        .rank(6),
    column("owner", "OWNER", "The owner's name.").flex(12, 3).rank(7).searched(),
    column("changed", "CHANGED", "How long ago this console saw the object change.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(5),
    column("age", "AGE", "How long ago the object was made.")
        .kind(ColumnKind::Time)
        .fixed(6)
        .right()
        .rank(3),
    column("email", "EMAIL", "The owner's address.").flex(20, 3).rank(8).searched().hidden(),
    column("project", "PROJECT", "The id of the customer's project in the ERP.")
        .kind(ColumnKind::Number)
        .fixed(7)
        .right()
        .rank(8)
        .hidden(),
    column("composed", "COMPOSED", "How many objects the tenant is composed of.")
        .kind(ColumnKind::Number)
        .fixed(8)
        .right()
        .rank(8)
        .hidden(),
];

/// The tenants of a store.
pub struct TenantsTable<'a> {
    store: &'a Store,
}

impl<'a> TenantsTable<'a> {
    /// The feeds whose objects are part of a tenant's row, beside its own and the runs.
    const SHOWS: [FeedId; 5] =
        [FeedId::Environments, FeedId::Databases, FeedId::Alerts, FeedId::Routes, FeedId::Probes];

    /// Whether the tenant's row is another one because what was `before` is `now`. Much of what is polled changes with
    /// every look and is not part of the row.
    pub(in crate::store) fn shows(before: Option<&Object>, now: &Object) -> bool {
        if !Self::SHOWS.contains(&now.feed()) {
            return false;
        }
        match (before, now) {
            (Some(Object::Database(a)), Object::Database(b)) => {
                (a.size.map(|size| size.bytes), &a.tenant)
                    != (b.size.map(|size| size.bytes), &b.tenant)
            }
            (Some(Object::Alert(a)), Object::Alert(b)) => {
                (a.state, a.severity, &a.tenant) != (b.state, b.severity, &b.tenant)
            }
            (Some(Object::Probe(a)), Object::Probe(b)) => (a.up, &a.tenant) != (b.up, &b.tenant),
            (Some(Object::ClusterObject(a)), Object::ClusterObject(b)) => {
                (a.health, &a.tenant) != (b.health, &b.tenant)
            }
            _ => true,
        }
    }

    /// The tenants of `store`.
    #[must_use]
    pub const fn new(store: &'a Store) -> Self {
        Self { store }
    }

    fn clients(&self) -> &'a Collection {
        self.store.collection(Kind::Client)
    }

    fn held(&self, slot: Slot) -> Option<(&'a Held, &'a ClientSpec)> {
        let held = self.clients().get(slot)?;
        match &held.object.spec {
            Spec::Client(spec) => Some((held, spec)),
            _ => None,
        }
    }

    fn joined(&self, resource: &Resource) -> Option<&'a Joined> {
        self.store.joins().of(resource.tenant()?.as_str())
    }

    /// How many environments the tenant has; nothing while that is not known.
    fn environments(&self, client: &Resource) -> Value<'static> {
        let known = matches!(
            self.store.feeds().get(FeedId::Environments).freshness,
            Freshness::Live(_) | Freshness::Stale(..)
        );
        let count = self.joined(client).map_or(0, |joined| joined.environments.len());
        if known || count > 0 { Value::Number(count as u64) } else { Value::Nothing }
    }

    /// What decides the tenant's health: its customer object, or the environment that is worse off.
    #[must_use]
    pub fn worst(&self, client: &'a Resource) -> &'a Resource {
        let environments = self.store.collection(Kind::Environment);
        self.joined(client)
            .into_iter()
            .flat_map(|joined| &joined.environments)
            .filter_map(|slot| environments.get(*slot).map(|held| &*held.object))
            .filter(|environment| environment.health() != Health::Unknown)
            .fold(
                client,
                |worst, other| if other.health() < worst.health() { other } else { worst },
            )
    }

    /// What `feed` tells of the tenant, read from `held`.
    fn own<T>(
        &self,
        resource: &Resource,
        feed: FeedId,
        held: &'a Collection<T>,
    ) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let slots = self.joined(resource).into_iter().flat_map(move |joined| joined.of(feed));
        slots.filter_map(move |slot| held.get(slot).map(|held| &*held.object))
    }

    /// Its alerts that fire.
    fn firing(&self, resource: &Resource) -> impl Iterator<Item = &'a Alert> + use<'a> {
        let alerts = &self.store.objects().alerts;
        self.own(resource, FeedId::Alerts, alerts).filter(|it| it.state == AlertState::Firing)
    }

    /// When its newest backup was made; `none` when it is certain that there is none.
    fn backup(&self, slot: Slot, resource: &Resource) -> Value<'static> {
        let shelves = self.store.shelves();
        let mut own = self.joined(resource).into_iter().flat_map(|it| it.of(FeedId::Backups));
        let newest = own.find_map(|slot| shelves.of(slot)?.newest);
        match newest {
            Some(at) => Value::At(at),
            None if shelves.missing(slot).is_some() => Value::Text("none"),
            None => Value::Nothing,
        }
    }

    /// The bytes of its database, when they were measured. Copies are not counted.
    fn size(&self, resource: &Resource) -> Value<'static> {
        let databases = &self.store.objects().databases;
        let own = self.own(resource, FeedId::Databases, databases);
        let sizes = own.filter(|it| it.class == DatabaseClass::Tenant).filter_map(|it| it.size);
        let bytes = sizes.map(|size| size.bytes).reduce(u64::saturating_add);
        bytes.map_or(Value::Nothing, Value::Bytes)
    }

    /// The worst of its routes.
    fn route(&self, resource: &Resource) -> Value<'static> {
        let routes = self.store.cluster(ClusterKind::Route);
        let worst = self.own(resource, FeedId::Routes, routes).map(|route| route.health).min();
        worst.map_or(Value::Nothing, Value::Health)
    }

    /// Whether its addresses answer.
    fn probe(&self, resource: &Resource) -> Value<'static> {
        let probes = &self.store.objects().probes;
        let all = self.own(resource, FeedId::Probes, probes).map(|probe| probe.up);
        match all.reduce(|a, b| a && b) {
            Some(true) => Value::Text("up"),
            Some(false) => Value::Text("down"),
            None => Value::Nothing,
        }
    }

    /// The upgrade or restore under way, and whether it is known that there is none.
    fn running(&self, resource: &Resource) -> Value<'a> {
        let known = [FeedId::Upgrades, FeedId::Restores].into_iter().all(|feed| {
            let freshness = &self.store.feeds().get(feed).freshness;
            matches!(freshness, Freshness::Live(_) | Freshness::Stale(..))
        });
        let unknown = if known { Value::Nothing } else { Value::Text("?") };
        self.run(resource).map_or(unknown, Value::Text)
    }

    /// The upgrade or restore under way.
    fn run(&self, resource: &Resource) -> Option<&'a str> {
        let joined = self.joined(resource)?;
        let running = |kind: Kind, slots: &[Slot]| {
            let collection = self.store.collection(kind);
            slots
                .iter()
                .filter_map(|slot| collection.get(*slot))
                .find(|held| held.object.health() == Health::Progressing)
        };
        running(Kind::Restore, &joined.restores)
            .or_else(|| running(Kind::Upgrade, &joined.upgrades))
            .map(|held| held.object.meta.name.as_str())
    }
}

impl Table for TenantsTable<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        self.clients().changes.revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        self.clients().changes.since(revision)
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(self.clients().iter().map(|(slot, _)| slot))
    }

    fn len(&self) -> usize {
        self.clients().len()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        self.clients()
            .get(slot)
            .map(|held| RowId::Object(FeedId::Clients, held.object.meta.uid.clone()))
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        match id {
            RowId::Object(FeedId::Clients, uid) => self.clients().find(uid),
            _ => None,
        }
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some((held, spec)) = self.held(slot) else { return Value::Nothing };
        let resource = &*held.object;
        let last_event = || self.store.joins().last_event(resource.tenant()?.as_str());
        match COLUMNS.get(column).map(|column| column.id) {
            Some("tenant") => optional(resource.tenant()),
            Some("health") => Value::Health(self.worst(resource).health()),
            Some("alert") => {
                let worst = self.firing(resource).map(|alert| alert.severity).min();
                worst.map_or(Value::Nothing, Value::Severity)
            }
            Some("alerts") => match self.firing(resource).count() {
                0 => Value::Nothing,
                count => Value::Number(count as u64),
            },
            Some("backup") => self.backup(slot, resource),
            Some("size") => self.size(resource),
            Some("route") => self.route(resource),
            Some("probe") => self.probe(resource),
            Some("tier") => text(&spec.tier),
            Some("odoo") => text(&spec.odoo_version),
            Some("reason") => optional(self.worst(resource).reason()),
            Some("envs") => self.environments(resource),
            Some("run") => self.running(resource),
            Some("event") => optional(last_event().map(|event| &event.kind)),
            Some("event-age") => last_event().map_or(Value::Nothing, |event| Value::At(event.at)),
            Some("owner") => text(&spec.owner_name),
            Some("changed") => held.changed.map_or(Value::Nothing, Value::At),
            Some("age") => resource.meta.created.map_or(Value::Nothing, Value::At),
            Some("email") => text(&spec.owner_email),
            Some("project") => spec
                .project
                .and_then(|project| u64::try_from(project).ok())
                .map_or(Value::Nothing, Value::Number),
            Some("composed") => Value::Number(resource.composed.len() as u64),
            _ => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        let held = self.clients().get(slot);
        held.and_then(|held| held.object.tenant().cloned()).unwrap_or_default()
    }
}
