//! Objects of the training world's cluster that are applied, patched and deleted.

use serde_json::{Value, json};

use super::json::{Found, find, json, merge, own};
use super::{Next, dry_run, gone, jobs, later, refused, runs, tenants};
use crate::domain::operation::{OPERATION_MARK, ObjectRef, Which};
use crate::domain::{ClusterKind, ClusterObject, Fact, FeedId, Kind, Resource, Text, Trouble, Uid};
use crate::platform::Mark;
use crate::sim::cluster::{follow, number};
use crate::sim::engine::Engine;

/// An object by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    group: Text,
    pub(super) kind: Text,
    pub(super) namespace: Option<Text>,
    name: Text,
}

impl Key {
    pub(super) fn of(what: &ObjectRef) -> Self {
        Self {
            group: what.group.clone(),
            kind: what.kind.clone(),
            namespace: what.namespace.clone(),
            name: what.name.clone(),
        }
    }
}

/// Another identity than all that were given.
pub(super) fn new_uid(engine: &mut Engine, what: &str) -> Uid {
    let count = engine.operations.number();
    let (high, low) = (number(&format!("{what}/{count}")), number(&format!("{count}/{what}")));
    Uid(Text::from(format!(
        "{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )))
}

/// `fields` with the mark of the operation.
fn marked(fields: &Value, mark: &Mark) -> Value {
    let mut fields = fields.clone();
    merge(
        &mut fields,
        &json!({ "metadata": { "annotations": { OPERATION_MARK: mark.operation } } }),
    );
    fields
}

/// Brings the object into that state; whether that changed anything.
pub(super) fn apply(
    engine: &mut Engine,
    what: &ObjectRef,
    manifest: &Value,
    mark: &Mark,
) -> Result<bool, Trouble> {
    dry_run::check(what, manifest).map_err(|why| refused(&why))?;
    let fields = marked(manifest, mark);
    if let Some(found) = find(engine, what) {
        return Ok(write(engine, &found, &fields));
    }
    match own(&what.kind) {
        Some(Kind::Client) => tenants::order(engine, &fields, mark),
        Some(kind) => runs::order(engine, kind, &fields, mark),
        None if what.kind == "Job" => jobs::order(engine, what, &fields),
        None => {
            let mut object = fields;
            let uid = new_uid(engine, what.name.as_str());
            let made = json!({ "metadata": { "uid": uid.0, "creationTimestamp": engine.now().to_string() } });
            merge(&mut object, &made);
            engine.operations.loose.insert(Key::of(what), object);
        }
    }
    Ok(true)
}

/// Changes fields of the object; whether that changed anything.
pub(super) fn patch(
    engine: &mut Engine,
    (what, which): (&ObjectRef, &Which),
    patch: &Value,
    mark: &Mark,
) -> Result<bool, Trouble> {
    let found = meant(engine, what, which)?;
    Ok(write(engine, &found, &marked(patch, mark)))
}

/// The object that is meant: of that name, and that very one.
fn meant(engine: &Engine, what: &ObjectRef, which: &Which) -> Result<Found, Trouble> {
    let found = find(engine, what).ok_or_else(|| gone(&format!("there is no {what}")))?;
    let object = json(engine, &found);
    let mark = object.pointer("/metadata/annotations").and_then(|all| all.get(OPERATION_MARK));
    let is = match which {
        Which::Uid(uid) => found.uid() == *uid,
        Which::MadeBy(operation) => mark.and_then(Value::as_str) == Some(operation.as_str()),
    };
    if is { Ok(found) } else { Err(gone(&format!("{what} is another one by now"))) }
}

/// Writes `fields` to the object; whether that changed anything.
fn write(engine: &mut Engine, found: &Found, fields: &Value) -> bool {
    let before = json(engine, found);
    let uid = found.uid();
    if let Found::Loose(object) = found {
        let mut after = object.clone();
        merge(&mut after, fields);
        let what = engine.operations.loose.iter().find(|(_, it)| *it == object);
        let key = what.map(|(key, _)| key.clone());
        let changed = after != *object;
        if let Some(key) = key {
            engine.operations.loose.insert(key, after);
        }
        return changed;
    }
    merge(&mut engine.operations.written.entry(uid.clone()).or_default().fields, fields);
    let after = json(engine, found);
    if after == before {
        return false;
    }
    if after.get("spec") == before.get("spec") {
        return true;
    }
    if let Some(written) = engine.operations.written.get_mut(&uid) {
        written.generation += 1;
    }
    later(engine, 3, Next::Observed(uid));
    match found {
        Found::Own(object) => tenants::changed(engine, object, &after),
        Found::Cluster(object) => restarted(engine, object, (&before, &after)),
        Found::Loose(_) => {}
    }
    true
}

/// A Deployment whose template changed rolls out.
fn restarted(engine: &mut Engine, object: &ClusterObject, (before, after): (&Value, &Value)) {
    let template = |value: &Value| value.pointer("/spec/template").cloned();
    if object.kind != ClusterKind::Deployment || template(before) == template(after) {
        return;
    }
    let namespace = object.meta.namespace.clone().unwrap_or_default();
    let now = engine.now();
    engine.operations.restarted.insert((namespace, object.meta.name.clone()), now);
    follow(engine);
}

/// Deletes the object and what hangs on it; whether that changed anything.
pub(super) fn delete(
    engine: &mut Engine,
    what: &ObjectRef,
    which: &Which,
) -> Result<bool, Trouble> {
    let found = meant(engine, what, which)?;
    let uid = found.uid();
    match &found {
        Found::Own(object) if object.kind() == Kind::Client => {
            return Ok(tenants::leave(engine, object));
        }
        Found::Own(object) => {
            take_own(engine, object);
            engine.operations.runs.remove(&uid);
            jobs::remove_of(engine, object);
        }
        Found::Cluster(object) if object.kind == ClusterKind::Job => jobs::remove(engine, object),
        Found::Cluster(object) => engine.take(FeedId::of_cluster(object.kind), &uid),
        Found::Loose(_) => {
            engine.operations.loose.remove(&Key::of(what));
        }
    }
    engine.operations.written.remove(&uid);
    Ok(true)
}

/// Takes one of the platform's own objects out of the world, and tells that.
pub(super) fn take_own(engine: &mut Engine, object: &Resource) {
    if engine.world.take(&object.meta.uid).is_some() {
        engine.tell(FeedId::of(object.kind()), Fact::Remove(object.meta.uid.clone()));
    }
}
