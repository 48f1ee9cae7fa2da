//! Upgrades, restores and template builds that operations order, and what comes of them.

use serde_json::Value;

use super::cluster::new_uid;
use super::{Written, at, bucket, contents, data};
use crate::domain::{
    Field, Kind, MadeBy, Measured, Meta, Resource, RestoreSpec, Span, Spec, TemplateSpec, Text,
    Uid, UpgradeSpec,
};
use crate::platform::Mark;
use crate::sim::cluster::number;
use crate::sim::databases::{self, DOMAIN};
use crate::sim::engine::{Engine, Task};
use crate::sim::objects::RunOrder;
use crate::sim::scenario::{Phase, names};

/// Until a run's Job begins.
const BEGINS: Span = Span::from_secs(4);

/// How long a run takes.
fn lasts(kind: Kind, fields: &Value) -> Span {
    let secs = match kind {
        Kind::Upgrade if at(fields, "/spec/fromVersion") == at(fields, "/spec/toVersion") => 25,
        Kind::Upgrade => 60,
        Kind::Template => 45,
        Kind::Restore | Kind::Client | Kind::Environment => 35,
    };
    Span::from_secs(secs)
}

/// Orders a run.
pub(super) fn order(engine: &mut Engine, kind: Kind, fields: &Value, mark: &Mark) {
    let text = |pointer: &str| Text::bounded(at(fields, pointer), 1024);
    let name = text("/metadata/name");
    let version = text("/spec/odooVersion");
    let to = text("/spec/toVersion");
    let run = RunOrder {
        name: name.clone(),
        tenant: text("/spec/slug"),
        from: text("/spec/fromVersion"),
        to: if to.is_empty() { version } else { to },
        created: engine.now(),
    };
    let mut rng = fastrand::Rng::with_seed(number(name.as_str()));
    let maker = &mut engine.world.maker;
    let mut object = match kind {
        Kind::Upgrade => maker.upgrade(&run, &mut rng),
        Kind::Template => maker.template(&run, &mut rng),
        Kind::Restore | Kind::Client | Kind::Environment => maker.restore(&run, &mut rng),
    };
    object.conditions = maker.phase(&name, Phase::Pending, run.created);
    object.spec = spec(kind, fields, &run);
    let uid = new_uid(engine, name.as_str());
    let by = Some(Box::new(MadeBy::Person(mark.by.clone())));
    let object = Resource { meta: Meta { uid: uid.clone(), by, ..object.meta }, ..object };
    let object = engine.world.put(object);
    engine.tell_object(Some(object));
    let written = Written { fields: fields.clone(), ..Written::default() };
    engine.operations.written.insert(uid.clone(), written);
    engine.operations.runs.insert(uid.clone());
    engine.queue(BEGINS, Task::Runs(uid.clone()));
    engine.queue(lasts(kind, fields), Task::Ends(uid, false));
}

fn spec(kind: Kind, fields: &Value, run: &RunOrder) -> Spec {
    let scalars = || -> Box<[Field]> {
        let all = fields.get("spec").and_then(Value::as_object).into_iter().flatten();
        let text = |value: &Value| value.as_str().map(|text| Text::bounded(text, 1024));
        let field = |(name, value): (&String, &Value)| {
            Some(Field { path: Text::clean(name), value: text(value)? })
        };
        all.filter_map(field).collect()
    };
    match kind {
        Kind::Upgrade => Spec::Upgrade(UpgradeSpec {
            tenant: run.tenant.clone(),
            from: run.from.clone(),
            to: run.to.clone(),
            strategy: Text::clean(at(fields, "/spec/strategy")),
            modules: Text::bounded(at(fields, "/spec/modules"), 1024),
        }),
        Kind::Template => Spec::Template(TemplateSpec { fields: scalars() }),
        Kind::Restore | Kind::Client | Kind::Environment => {
            Spec::Restore(RestoreSpec { tenant: Some(run.tenant.clone()), fields: scalars() })
        }
    }
}

/// The run is over: what comes of it. Whether it failed.
pub(super) fn ends(engine: &mut Engine, uid: &Uid) -> bool {
    let Some(run) = engine.world.object(uid).cloned() else { return true };
    let fields = engine.operations.written.get(uid).map(|it| it.fields.clone()).unwrap_or_default();
    let done = match run.kind() {
        Kind::Upgrade => upgraded(engine, &run),
        Kind::Template => {
            built(engine, &fields);
            Some(())
        }
        Kind::Restore | Kind::Client | Kind::Environment => restored(engine, &run, &fields),
    };
    databases::settle(engine);
    done.is_none()
}

/// What an upgrade leaves: a sound database, or one that is broken.
fn upgraded(engine: &mut Engine, run: &Resource) -> Option<()> {
    let tenant = run.tenant()?.clone();
    let database = databases::named(engine, &format!("{tenant}.{DOMAIN}"))?;
    let fails = names(&engine.scenario.operations.upgrades_fail, &tenant);
    let mut inside = contents::of(engine, &database);
    inside.broken = fails;
    inside.seen.last_write = Some(engine.now());
    engine.operations.contents.insert(database.uid.clone(), inside);
    contents::serve(engine, &tenant);
    (!fails).then_some(())
}

/// A template that is built takes the place of the one before.
fn built(engine: &mut Engine, fields: &Value) {
    let (edition, version) = (at(fields, "/spec/edition"), at(fields, "/spec/odooVersion"));
    let name = format!("{edition}-template-{version}.{DOMAIN}");
    if let Some(before) = databases::named(engine, &name) {
        data::remove(engine, &before.uid);
    }
    let uid = databases::make(engine, &name, "plana");
    engine.operations.own_databases.insert(uid);
}

/// What a restore leaves: the contents of the backup, in a new database or in the live one.
fn restored(engine: &mut Engine, run: &Resource, fields: &Value) -> Option<()> {
    let tenant = run.tenant()?.clone();
    if names(&engine.scenario.operations.restores_fail, &tenant) {
        return None;
    }
    let key = Text::clean(at(fields, "/spec/backup"));
    let dump = bucket::stored_of(engine, &key).filter(bucket::Stored::is_dump)?;
    let live = databases::named(engine, &format!("{tenant}.{DOMAIN}"));
    let bytes = live.as_ref().and_then(|live| live.size).map_or(dump.bytes, |size| size.bytes);
    let target = at(fields, "/spec/targetDatabase");
    let inside = contents::sound(&tenant, dump.at);
    if let Some(there) = databases::named(engine, target) {
        // Only a restore in place goes over what is there.
        (at(fields, "/spec/mode") == "in-place").then_some(())?;
        engine.operations.contents.insert(there.uid.clone(), inside);
        contents::serve(engine, &tenant);
        return Some(());
    }
    let (used, all) = databases::disk(engine);
    (all.saturating_sub(used) > bytes).then_some(())?;
    let uid = databases::make(engine, target, "plana");
    let made = databases::named(engine, target)?;
    let size = Some(Measured { bytes: bytes - bytes / 50, at: engine.now() });
    engine.put(crate::domain::Database { size, ..crate::domain::Database::clone(&made) });
    engine.operations.own_databases.insert(uid.clone());
    engine.operations.copies.insert(uid.clone());
    engine.operations.contents.insert(uid, inside);
    Some(())
}
