//! The databases: one row per database, and one per tenant that should have one and has none.
//!
//! What belongs to nobody and what is missing is only said once both the databases and the tenants were listed whole:
//! before that nothing is known to be missing.

use super::{column, optional, text};
use crate::domain::{Connections, Database, DatabaseClass, FeedId, Health, Kind, Resource, Text};
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value};
use crate::store::{Collection, Held, Store};

const fn number(id: &'static str, title: &'static str, doc: &'static str) -> Column {
    column(id, title, doc).kind(ColumnKind::Number).right()
}

const fn time(id: &'static str, title: &'static str, doc: &'static str) -> Column {
    column(id, title, doc).kind(ColumnKind::Time).right()
}

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("name", "DATABASE", "Its name; of one that is missing, the tenant's.")
        .flex(26, 4)
        .rank(0)
        .searched(),
    column(
        "kind",
        "KIND",
        "What it is for: tenant, copy, template, platform; an orphan's tenant does not exist, and missing is what a tenant should have.",
    )
    .fixed(8)
    .rank(0)
    .searched(),
    column(
        "health",
        "HEALTH",
        "How well it is: missing, closed or near wraparound is failed; blocked, deadlocked or without a tenant degraded.",
    )
    .kind(ColumnKind::Health)
    .fixed(13)
    .rank(0),
    column("size", "SIZE", "Its size as last measured; what is on the screen is measured first.")
        .kind(ColumnKind::Bytes)
        .fixed(8)
        .right()
        .rank(1),
    number("connections", "CONN", "How many sessions are connected to it.").fixed(4).rank(1),
    number("active", "ACT", "Sessions that run a statement.").fixed(3).rank(3),
    number("in-transaction", "TXN", "Sessions that sit idle in an open transaction.").fixed(3).rank(2),
    number("blocked", "BLKD", "Sessions that wait for a lock that another one holds.").fixed(4).rank(1),
    time("oldest", "OLDEST TXN", "How long its oldest open transaction is open.").fixed(10).rank(2),
    number("commits", "TX/MIN", "Transactions committed in a minute, of late.").fixed(7).rank(2),
    number("hit", "HIT", "How much of what is read was found in memory, in percent.").fixed(6).rank(4),
    number("deadlocks", "DEADLK", "Deadlocks since its statistics began.").fixed(6).rank(4),
    column("temp", "TEMP", "Bytes of temporary files since its statistics began.")
        .kind(ColumnKind::Bytes)
        .fixed(8)
        .right()
        .rank(5),
    number("wrap", "WRAP", "How near it is to the wraparound of transaction ids, in percent.")
        .fixed(6)
        .rank(3),
    time("vacuumed", "VACUUM", "How long ago one of its tables was vacuumed; asked only of what is on the screen.")
        .fixed(7)
        .rank(6),
    column("owner", "OWNER", "The role that owns it.").flex(8, 1).rank(5).searched(),
    column("tenant", "TENANT", "The tenant whose data it holds, by its name.")
        .flex(12, 2)
        .rank(8)
        .searched()
        .hidden(),
    number("idle", "IDLE", "Sessions that wait for a statement.").fixed(4).rank(8).hidden(),
    number("rollbacks", "ROLLBACKS", "Transactions rolled back since its statistics began.")
        .fixed(9)
        .rank(8)
        .hidden(),
    number("temp-files", "TEMPFILES", "Temporary files since its statistics began.")
        .fixed(9)
        .rank(8)
        .hidden(),
    number("frozen-age", "FROZENAGE", "Transactions since its oldest one that is not frozen.")
        .fixed(10)
        .rank(8)
        .hidden(),
    time("measured", "MEASURED", "How long ago its size was measured.").fixed(8).rank(8).hidden(),
];

/// The slot of the database at `slot` of its collection.
pub(in crate::store) const fn database_slot(slot: Slot) -> Slot {
    slot * 2
}

/// The slot of what the client at `slot` of its collection should have and has not.
pub(in crate::store) const fn missing_slot(slot: Slot) -> Slot {
    slot * 2 + 1
}

/// What a row is.
#[derive(Clone, Copy, Debug)]
pub enum DatabaseRow<'a> {
    /// A database that is there.
    There(&'a Held<Database>),
    /// The client whose database is not.
    Missing(&'a Resource),
}

/// The databases of a store.
pub struct DatabasesTable<'a> {
    store: &'a Store,
}

impl<'a> DatabasesTable<'a> {
    /// The databases of `store`.
    #[must_use]
    pub const fn new(store: &'a Store) -> Self {
        Self { store }
    }

    fn databases(&self) -> &'a Collection<Database> {
        &self.store.objects().databases
    }

    fn clients(&self) -> &'a Collection {
        self.store.collection(Kind::Client)
    }

    /// Whether both sides of the join were ever known whole.
    fn may_join(&self) -> bool {
        [FeedId::Databases, FeedId::Clients]
            .into_iter()
            .all(|feed| self.store.feeds().get(feed).listings > 0)
    }

    /// The row at `slot`.
    #[must_use]
    pub fn row(&self, slot: Slot) -> Option<DatabaseRow<'a>> {
        if slot.is_multiple_of(2) {
            return self.databases().get(slot / 2).map(DatabaseRow::There);
        }
        let client = &*self.clients().get(slot / 2)?.object;
        (self.may_join() && !self.has_database(client)).then_some(DatabaseRow::Missing(client))
    }

    fn has_database(&self, client: &Resource) -> bool {
        let joined = client.tenant().and_then(|tenant| self.store.joins().of(tenant.as_str()));
        joined.into_iter().flat_map(|joined| joined.of(FeedId::Databases)).any(|slot| {
            let held = self.databases().get(slot);
            held.is_some_and(|held| held.object.class == DatabaseClass::Tenant)
        })
    }

    /// Whether the database looks like a tenant's, or a copy of one, and there is no such tenant.
    #[must_use]
    pub fn is_orphan(&self, database: &Database) -> bool {
        let tenant = database.tenant.as_ref().filter(|_| self.may_join());
        tenant.is_some_and(|tenant| {
            self.store.joins().of(tenant.as_str()).is_none_or(|joined| joined.client.is_none())
        })
    }

    /// How well the database is, with or without a tenant.
    #[must_use]
    pub fn health(&self, database: &Database) -> Health {
        let own = database.health();
        if self.is_orphan(database) { own.min(Health::Degraded) } else { own }
    }

    /// How bad it is that the client has no database: one that is being made or removed has none yet, or no longer.
    #[must_use]
    pub fn missing_health(client: &Resource) -> Health {
        let passing = client.meta.deleting.is_some() || client.health() == Health::Progressing;
        if passing { Health::Progressing } else { Health::Failed }
    }

    /// The clients without a database, with their slots.
    pub fn missing(&self) -> impl Iterator<Item = (Slot, &'a Resource)> + '_ {
        let joins = self.may_join();
        self.clients()
            .iter()
            .filter(move |(_, held)| joins && !self.has_database(&held.object))
            .map(|(slot, held)| (missing_slot(slot), &*held.object))
    }

    fn there(&self, database: &'a Database, column: &str) -> Value<'a> {
        let Connections { active, idle, in_transaction, .. } = database.connections;
        let figures = &database.figures;
        let at = |at: Option<_>| at.map_or(Value::Nothing, Value::At);
        match column {
            "name" => text(&database.name),
            "kind" if self.is_orphan(database) => Value::Text("orphan"),
            "kind" => Value::Text(database.class.word()),
            "health" => Value::Health(self.health(database)),
            "size" => database.size.map_or(Value::Nothing, |size| Value::Bytes(size.bytes)),
            "measured" => at(database.size.map(|size| size.at)),
            "connections" => Value::Number(u64::from(database.connections.all())),
            "active" => some(active),
            "idle" => some(idle),
            "in-transaction" => some(in_transaction),
            "blocked" => some(database.blocked),
            "oldest" => at(database.oldest_transaction),
            "commits" => figures.commits_per_minute.map_or(Value::Nothing, Value::Number),
            "rollbacks" => Value::Number(figures.rollbacks),
            "hit" => figures.hit_permille.map_or(Value::Nothing, Value::Permille),
            "deadlocks" => Value::Number(figures.deadlocks),
            "temp" => Value::Bytes(figures.temp_bytes),
            "temp-files" => Value::Number(figures.temp_files),
            "wrap" => database.frozen_permille().map_or(Value::Nothing, Value::Permille),
            "frozen-age" => database.frozen_age.map_or(Value::Nothing, Value::Number),
            "vacuumed" => at(database.vacuumed),
            "owner" => text(&database.owner),
            "tenant" => optional(database.tenant.as_ref()),
            _ => Value::Nothing,
        }
    }
}

/// A count of which none is nothing to look at.
fn some(count: u32) -> Value<'static> {
    if count == 0 { Value::Nothing } else { Value::Number(u64::from(count)) }
}

fn missing<'a>(client: &'a Resource, column: &str) -> Value<'a> {
    match column {
        "name" | "tenant" => optional(client.tenant()),
        "kind" => Value::Text("missing"),
        "health" => Value::Health(DatabasesTable::missing_health(client)),
        _ => Value::Nothing,
    }
}

impl Table for DatabasesTable<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        self.store.databases.revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        self.store.databases.since(revision)
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        let mut slots: Vec<Slot> =
            self.databases().iter().map(|(slot, _)| database_slot(slot)).collect();
        slots.extend(self.missing().map(|(slot, _)| slot));
        slots.sort_unstable();
        Box::new(slots.into_iter())
    }

    fn len(&self) -> usize {
        self.databases().len() + self.missing().count()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        Some(match self.row(slot)? {
            DatabaseRow::There(held) => RowId::Object(FeedId::Databases, held.object.uid.clone()),
            DatabaseRow::Missing(client) => RowId::Missing(client.tenant()?.clone()),
        })
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        match id {
            RowId::Object(FeedId::Databases, uid) => self.databases().find(uid).map(database_slot),
            RowId::Missing(tenant) => {
                let slot = missing_slot(self.store.joins().of(tenant.as_str())?.client?);
                self.row(slot).map(|_| slot)
            }
            _ => None,
        }
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some(column) = COLUMNS.get(column).map(|column| column.id) else {
            return Value::Nothing;
        };
        match self.row(slot) {
            Some(DatabaseRow::There(held)) => self.there(&held.object, column),
            Some(DatabaseRow::Missing(client)) => missing(client, column),
            None => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        match self.row(slot) {
            Some(DatabaseRow::There(held)) => held.object.name.clone(),
            Some(DatabaseRow::Missing(client)) => client.tenant().cloned().unwrap_or_default(),
            None => Text::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ClientSpec, Condition, DatabaseFigures, Fact, Meta, Observation, Spec, Status, Timestamp,
        Uid,
    };
    use crate::store::table::TableId;

    fn tell(store: &mut Store, feed: FeedId, fact: Fact) {
        store.apply(Observation { feed, at: Timestamp::default(), fact });
    }

    fn client(name: &str, ready: Status) -> Resource {
        let text = Text::clean(name);
        let meta = Meta::named(text.clone(), Uid(text.clone()));
        let condition = |name: &str, status| Condition {
            name: Text::clean(name),
            status,
            reason: Text::clean("Creating"),
            message: Text::default(),
            since: None,
        };
        Resource {
            meta,
            conditions: [condition("Synced", Status::True), condition("Ready", ready)].into(),
            composed: Box::default(),
            spec: Spec::Client(ClientSpec { subdomain: text, ..ClientSpec::default() }),
        }
    }

    fn database(id: &str, name: &str) -> Database {
        let (class, tenant) = DatabaseClass::of(name, "planapulse.app");
        Database {
            uid: Uid(Text::clean(id)),
            name: Text::clean(name),
            class,
            tenant: tenant.map(Text::clean),
            owner: Text::clean("plana"),
            open: true,
            size: None,
            connections: Connections::default(),
            figures: DatabaseFigures::default(),
            oldest_transaction: None,
            vacuumed: None,
            frozen_age: Some(1),
            blocked: 0,
            deadlock_seen: None,
        }
    }

    fn list(store: &mut Store, feed: FeedId, facts: Vec<Fact>) {
        tell(store, feed, Fact::RelistBegun);
        for fact in facts {
            tell(store, feed, fact);
        }
        tell(store, feed, Fact::RelistEnded);
    }

    /// Every row: name, kind and health.
    fn rows(store: &Store) -> Vec<String> {
        store.with_table(TableId::Databases, |table| {
            let at = |slot, id| {
                let column = COLUMNS.iter().position(|column| column.id == id).unwrap_or_default();
                match table.value(slot, column) {
                    Value::Text(text) => text.to_owned(),
                    Value::Health(health) => health.word().to_owned(),
                    other => format!("{other:?}"),
                }
            };
            let mut rows: Vec<String> = table
                .slots()
                .map(|slot| {
                    assert_eq!(table.find(&table.id(slot).expect("an id")), Some(slot));
                    ["name", "kind", "health"].map(|id| at(slot, id)).join(" ")
                })
                .collect();
            assert_eq!(rows.len(), table.len());
            rows.sort();
            rows
        })
    }

    /// What changed since `revision`, as rows that are there now.
    fn changed(store: &Store, revision: u64) -> Option<usize> {
        store.with_table(TableId::Databases, |table| Some(table.changes_since(revision)?.len()))
    }

    #[test]
    fn what_is_missing_and_what_is_of_nobody_is_said_once_both_are_known() {
        let mut store = Store::default();
        let named = |id, name| Fact::Upsert(database(id, name).into());
        let acme = || named("1", "acme.planapulse.app");
        list(&mut store, FeedId::Databases, vec![acme(), named("2", "left.planapulse.app")]);
        let unknown = ["acme.planapulse.app tenant healthy", "left.planapulse.app tenant healthy"];
        assert_eq!(rows(&store), unknown);
        tell(&mut store, FeedId::Clients, Fact::RelistBegun);
        for (name, ready) in
            [("acme", Status::True), ("bare", Status::True), ("new", Status::False)]
        {
            tell(&mut store, FeedId::Clients, Fact::Upsert(client(name, ready).into()));
        }
        assert_eq!(rows(&store).len(), 2, "nothing is missing while the tenants are being listed");
        let before = store.with_table(TableId::Databases, |table| table.revision());
        tell(&mut store, FeedId::Clients, Fact::RelistEnded);
        assert_eq!(changed(&store, before), None, "everything may have changed");
        assert_eq!(
            rows(&store),
            [
                "acme.planapulse.app tenant healthy",
                "bare missing failed",
                "left.planapulse.app orphan degraded",
                "new missing progressing",
            ]
        );

        // A copy is no database of its own; a rename changes whose it is.
        let before = store.with_table(TableId::Databases, |table| table.revision());
        tell(&mut store, FeedId::Databases, named("3", "bare-restored.planapulse.dev"));
        assert!(changed(&store, before).is_some_and(|rows| rows > 0));
        assert!(rows(&store).contains(&"bare missing failed".to_owned()));
        assert!(rows(&store).contains(&"bare-restored.planapulse.dev copy healthy".to_owned()));
        tell(&mut store, FeedId::Databases, named("2", "bare.planapulse.app"));
        assert!(
            !rows(&store)
                .iter()
                .any(|row| row.contains("missing failed") || row.contains("orphan"))
        );
        tell(&mut store, FeedId::Clients, Fact::Remove(Uid(Text::clean("acme"))));
        assert!(rows(&store).contains(&"acme.planapulse.app orphan degraded".to_owned()));
        tell(&mut store, FeedId::Databases, Fact::Remove(Uid(Text::clean("2"))));
        assert!(rows(&store).contains(&"bare missing failed".to_owned()));
    }
}
