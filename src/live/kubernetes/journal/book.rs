//! A journal as a `ConfigMap`: the plan under one key, and each record under a key of its own, so that an append touches
//! nothing that was written before.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::domain::Text;
use crate::domain::operation::{Broken, Operation, Plan, Record};
use crate::platform::{Journaled, Revision, Unwritten};

/// The label by which journals are found, and its value.
pub(super) const LABEL: (&str, &str) = ("console.planapulse.com/journal", "operation");
/// The key of the plan.
const PLAN: &str = "plan";
/// The most bytes of a journal: the server takes 1 MiB of data, and its own words come on top.
pub(super) const LARGEST: usize = 900 * 1024;
/// The most records of a journal.
const RECORDS: usize = 10_000;

/// The name of the `ConfigMap` of the operation `id`; none when that can be no name.
pub(super) fn name(id: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = !id.is_empty() && id.len() <= 200 && id.chars().all(fits) && !id.ends_with('-');
    good.then(|| format!("operation-{id}"))
}

fn key(number: usize) -> String {
    format!("r{number:04}")
}

/// Where a journal stands: the state of its object, how many records it has, and how large it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) version: String,
    pub(super) records: usize,
    pub(super) bytes: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", self.version, self.records, self.bytes)
    }
}

impl Place {
    /// The place that `revision` names.
    pub(super) fn of(revision: &Revision) -> Option<Self> {
        let mut parts = revision.0.as_str().split('/');
        let version = parts.next()?.to_owned();
        let mut number = || parts.next()?.parse().ok();
        Some(Self { version, records: number()?, bytes: number()? })
    }

    pub(super) fn revision(&self) -> Revision {
        Revision(Text::from(self.to_string()))
    }
}

/// The `ConfigMap` of a journal that begins.
pub(super) fn begun(name: &str, plan: &Plan, first: &Record) -> Result<Value, Unwritten> {
    let (plan_text, first) = (written(plan)?, written(first)?);
    if plan_text.len() + first.len() > LARGEST {
        return Err(Unwritten::Full);
    }
    Ok(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "labels": { "app.kubernetes.io/managed-by": "pulse-console", LABEL.0: LABEL.1 },
            "annotations": { "console.planapulse.com/title": plan.title },
        },
        "data": { PLAN: plan_text, key(0): first },
    }))
}

/// What is changed to append `record` at `place`.
pub(super) fn appended(place: &Place, record: &Record) -> Result<Value, Unwritten> {
    let text = written(record)?;
    if place.bytes + text.len() > LARGEST || place.records >= RECORDS {
        return Err(Unwritten::Full);
    }
    Ok(json!({
        "metadata": { "resourceVersion": place.version },
        "data": { key(place.records): text },
    }))
}

fn written(what: &impl serde::Serialize) -> Result<String, Unwritten> {
    // What is planned and recorded can always be written; if ever not, nothing must begin.
    serde_json::to_string(what)
        .map_err(|_| Unwritten::Broken(Broken { at: 0, why: "it can't be written as JSON" }))
}

/// The place of a journal that `object` is.
pub(super) fn place(object: &Value) -> Place {
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    let data = data(object);
    let texts = data.into_iter().flatten();
    let (mut records, mut bytes) = (0, 0);
    for (key, value) in texts {
        records += usize::from(key != PLAN);
        bytes += value.as_str().map_or(0, str::len);
    }
    Place { version: version.unwrap_or_default().to_owned(), records, bytes }
}

fn data(object: &Value) -> Option<&Map<String, Value>> {
    object.get("data").and_then(Value::as_object)
}

/// The name of `object`.
pub(super) fn called(object: &Value) -> Text {
    let name = object.pointer("/metadata/name").and_then(Value::as_str);
    Text::bounded(name.unwrap_or_default(), 256)
}

/// The operation that `object` tells.
pub(super) fn read(object: &Value) -> Result<Journaled, Broken> {
    let broken = |at, why| Broken { at, why };
    let data = data(object).ok_or(broken(0, "there is nothing in it"))?;
    let text = |key: &str| data.get(key).and_then(Value::as_str);
    let plan = text(PLAN).ok_or(broken(0, "there is no plan in it"))?;
    let plan: Plan =
        serde_json::from_str(plan).map_err(|_| broken(0, "its plan can't be read here"))?;
    let place = place(object);
    let mut records = Vec::with_capacity(place.records.min(RECORDS));
    for at in 0..place.records {
        let text = text(&key(at)).ok_or(broken(at, "it is missing"))?;
        let record: Record =
            serde_json::from_str(text).map_err(|_| broken(at, "it can't be read here"))?;
        records.push(record);
    }
    let operation = Operation::new(Arc::new(plan), records)?;
    Ok(Journaled { operation, revision: place.revision() })
}
