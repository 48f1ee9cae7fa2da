//! Tenants that operations make, change and delete.

use std::sync::Arc;

use serde_json::Value;

use super::cluster::{new_uid, take_own};
use super::{Next, Written, at, contents, data, later};
use crate::domain::Span;
use crate::domain::{ClientSpec, FeedId, MadeBy, Meta, Object, Resource, Spec, Text, Uid};
use crate::platform::Mark;
use crate::sim::cluster::number;
use crate::sim::databases::{self, DOMAIN};
use crate::sim::engine::{Engine, Task};
use crate::sim::objects::{Order, Standing};
use crate::sim::scenario::{Tier, Word};

/// What a tenant takes: until its controller has seen it, until its database is there, until it is ready.
const SYNCED: u64 = 2;
const CLONED: u64 = 8;
const READY: u64 = 20;
/// The same where no template is there to be cloned.
const INSTALLED: u64 = 75;
const READY_ANEW: u64 = 90;
/// Until everything that a tenant is made of is gone.
const GONE: u64 = 12;

/// Orders a tenant.
pub(super) fn order(engine: &mut Engine, fields: &Value, mark: &Mark) {
    let spec = client(fields);
    let tier = match spec.tier.as_str() {
        "pro" => Tier::Pro,
        "enterprise" => Tier::Enterprise,
        _ => Tier::Starter,
    };
    let order = Order {
        slug: spec.subdomain.clone(),
        owner: spec.owner_name.clone(),
        tier,
        version: spec.odoo_version.clone(),
        created: engine.now(),
    };
    let standing = Standing::plain(Word::Unknown, engine.now());
    let mut rng = fastrand::Rng::with_seed(number(spec.subdomain.as_str()));
    let made = engine.world.maker.client(&order, &standing, &mut rng);
    let uid = new_uid(engine, spec.subdomain.as_str());
    let by = Some(Box::new(MadeBy::Person(mark.by.clone())));
    let tenant = spec.subdomain.clone();
    let edition = if tier == Tier::Starter { "basic" } else { "pro" };
    let template = format!("{edition}-template-{}.{DOMAIN}", spec.odoo_version);
    let object = Resource {
        meta: Meta { uid: uid.clone(), by, ..made.meta },
        spec: Spec::Client(spec),
        ..made
    };
    let object = engine.world.put(object);
    engine.tell_object(Some(object));
    let written = Written { fields: fields.clone(), ..Written::default() };
    engine.operations.written.insert(uid.clone(), written);
    later(engine, SYNCED, Next::Synced(uid));
    let cloned = databases::named(engine, &template).is_some();
    later(engine, if cloned { CLONED } else { INSTALLED }, Next::Cloned(tenant.clone()));
    if !engine.scenario.operations.never_ready.contains(&tenant) {
        let ready = Span::from_secs(if cloned { READY } else { READY_ANEW });
        engine.queue(ready, Task::Ready(tenant));
    }
}

/// What a manifest orders.
fn client(fields: &Value) -> ClientSpec {
    let text = |name: &str| Text::bounded(at(fields, &format!("/spec/{name}")), 256);
    ClientSpec {
        subdomain: text("subdomain"),
        project: fields.pointer("/spec/projectId").and_then(Value::as_i64),
        tier: text("tier"),
        odoo_version: text("odooVersion"),
        owner_email: text("ownerEmail"),
        owner_name: text("ownerName"),
    }
}

/// The controller has seen the new tenant: it makes what it is composed of.
pub(super) fn synced(engine: &mut Engine, uid: &Uid) {
    let Some(object) = engine.world.object(uid).cloned() else { return };
    let (Spec::Client(spec), now) = (&object.spec, engine.now()) else { return };
    if object.meta.deleting.is_some() {
        return;
    }
    let standing = Standing::plain(Word::Creating, now);
    let conditions = engine.world.maker.conditions(&standing, now);
    let told = engine.world.set_conditions(uid, conditions);
    engine.tell_object(told);
    let order = Order {
        slug: spec.subdomain.clone(),
        owner: spec.owner_name.clone(),
        tier: Tier::Starter,
        version: spec.odoo_version.clone(),
        created: now,
    };
    let mut rng = fastrand::Rng::with_seed(number(spec.subdomain.as_str()));
    let made = engine.world.maker.environment(&order, "prod", &standing, &mut rng);
    let uid = new_uid(engine, made.meta.name.as_str());
    let object = engine.world.put(Resource { meta: Meta { uid, ..made.meta }, ..made });
    engine.tell_object(Some(object));
}

/// The database of the new tenant is there.
pub(super) fn cloned(engine: &mut Engine, tenant: &Text) {
    let host = format!("{tenant}.{DOMAIN}");
    let there = engine.world.client(tenant.as_str()).is_some_and(|it| it.meta.deleting.is_none());
    if !there || databases::named(engine, &host).is_some() {
        return;
    }
    let uid = databases::make(engine, &host, "plana");
    let inside = contents::sound(tenant, engine.now());
    engine.operations.contents.insert(uid, inside);
}

/// The controller has seen what was changed.
pub(super) fn observed(engine: &mut Engine, uid: &Uid) {
    if let Some(written) = engine.operations.written.get_mut(uid) {
        written.observed = written.generation;
    }
    // Another version of the object, so that it is told.
    if let Some(conditions) = engine.world.object(uid).map(|object| object.conditions.clone()) {
        let told = engine.world.set_conditions(uid, conditions);
        engine.tell_object(told);
    }
}

/// One of the platform's own objects was changed to `after`.
pub(super) fn changed(engine: &mut Engine, object: &Resource, after: &Value) {
    let Spec::Client(_) = &object.spec else { return };
    let mut next = object.clone();
    next.meta.version = engine.world.maker.version();
    next.spec = Spec::Client(client(after));
    let object = engine.world.put(next);
    engine.tell_object(Some(object));
}

/// The tenant is to go, with all that it is made of; whether that is news.
pub(super) fn leave(engine: &mut Engine, object: &Arc<Resource>) -> bool {
    if object.meta.deleting.is_some() {
        return false;
    }
    let now = engine.now();
    let tenant = object.tenant().cloned().unwrap_or_default();
    let parts: Vec<Uid> =
        engine.world.environments(tenant.as_str()).map(|it| it.meta.uid.clone()).collect();
    for uid in parts.iter().chain([&object.meta.uid]) {
        let told = engine.world.mark_deleting(uid, now);
        engine.tell_object(told);
    }
    later(engine, GONE, Next::Left(object.meta.uid.clone()));
    true
}

/// The tenant is gone.
pub(super) fn left(engine: &mut Engine, uid: &Uid) {
    let Some(object) = engine.world.object(uid).cloned() else { return };
    let tenant = object.tenant().cloned().unwrap_or_default();
    let parts: Vec<_> = engine.world.environments(tenant.as_str()).cloned().collect();
    for part in parts.iter().chain([&object]) {
        take_own(engine, part);
        engine.operations.written.remove(&part.meta.uid);
    }
    engine.operations.served.remove(&tenant);
    let mine = |object: &Object| match object {
        Object::Database(database) if database.tenant.as_ref() == Some(&tenant) => {
            Some((database.uid.clone(), database.name.clone()))
        }
        _ => None,
    };
    let databases: Vec<(Uid, Text)> =
        engine.world.others(FeedId::Databases).filter_map(mine).collect();
    for (uid, name) in databases {
        engine.operations.paused.remove(&name);
        let sessions: Vec<Uid> =
            databases::sessions_of(engine, &name).map(|it| it.uid.clone()).collect();
        for session in sessions {
            engine.take(FeedId::Sessions, &session);
        }
        data::remove(engine, &uid);
    }
    databases::settle(engine);
}
