//! What a plan is about, as the store knows it: when that changes, the plan is not to be confirmed any more.

use serde_json::Value;

use crate::domain::operation::Verb;
use crate::domain::{FeedId, Kind, Object, Text, Uid};
use crate::operation::kinds::Inputs;
use crate::store::Store;

/// What a plan is about, as it was when the plan was made.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    what: String,
    feed: FeedId,
    uid: Uid,
    was: Value,
}

impl Watch {
    /// What `verb` with `inputs` is about; none where the store knows nothing of it.
    pub(super) fn of(store: &Store, verb: Verb, inputs: &Inputs) -> Option<Self> {
        let (what, feed, uid) = subject(store, verb, inputs)?;
        let was = state(store, feed, &uid)?;
        Some(Self { what, feed, uid, was })
    }

    /// What happened to it since, in words; none when nothing did.
    pub(super) fn moved(&self, store: &Store) -> Option<String> {
        let Some(is) = state(store, self.feed, &self.uid) else {
            return Some(format!("{} is gone", self.what));
        };
        if is == self.was {
            return None;
        }
        let named: Vec<String> = differences(&self.was, &is);
        Some(format!("{} was changed ({})", self.what, named.join(", ")))
    }
}

fn subject(store: &Store, verb: Verb, inputs: &Inputs) -> Option<(String, FeedId, Uid)> {
    let input = |name: &str| inputs.get(name).filter(|value| !value.is_empty());
    match verb {
        Verb::Provision | Verb::Template | Verb::Silence => None,
        Verb::Cancel | Verb::Terminate => {
            let (pid, began) = (input("pid")?.as_str(), input("began")?.as_str());
            let mut sessions = store.objects().sessions.iter().map(|(_, held)| &held.object);
            let session = sessions.find(|session| {
                let connected = session.connected.map(|at| at.to_string());
                session.pid.to_string() == pid && connected.as_deref() == Some(began)
            })?;
            Some((format!("The session {pid}"), FeedId::Sessions, session.uid.clone()))
        }
        Verb::Ack | Verb::Unack => {
            let what = format!("The alert {}", input("name")?);
            Some((what, FeedId::Alerts, Uid(input("alert")?.clone())))
        }
        Verb::ExpireSilence => {
            Some(("The silence".to_owned(), FeedId::Silences, Uid(input("silence")?.clone())))
        }
        Verb::DropKept => {
            let name = input("database")?;
            let mut databases = store.objects().databases.iter().map(|(_, held)| &held.object);
            let database = databases.find(|database| database.name == *name)?;
            Some((format!("The database {name}"), FeedId::Databases, database.uid.clone()))
        }
        _ => {
            let tenant = input("tenant")?;
            let slot = store.joins().of(tenant.as_str())?.client?;
            let client = store.collection(Kind::Client).get(slot)?;
            Some((format!("The tenant {tenant}"), FeedId::Clients, client.object.meta.uid.clone()))
        }
    }
}

/// What must stay as it is.
fn state(store: &Store, feed: FeedId, uid: &Uid) -> Option<Value> {
    let object = store.object(feed, uid)?;
    Some(match &object {
        // What its controller says of it may change; what was ordered may not.
        Object::Resource(client) => {
            let spec = serde_json::to_value(&client.spec).unwrap_or_default();
            let spec = spec.as_object().and_then(|spec| spec.values().next()).cloned();
            let mut state = spec.unwrap_or_default();
            if let Some(fields) = state.as_object_mut() {
                fields.insert("deletion".to_owned(), Value::from(client.meta.deleting.is_some()));
            }
            state
        }
        Object::Alert(_) => {
            let acks = &store.objects().acks;
            let ack = acks.find(uid).and_then(|slot| acks.get(slot));
            let by = ack.map_or_else(Text::default, |ack| ack.object.by.clone());
            serde_json::json!({ "who looks after it": by })
        }
        Object::Silence(silence) => serde_json::json!({ "state": silence.state.word() }),
        _ => Value::Null,
    })
}

/// The names of the fields that differ.
fn differences(before: &Value, after: &Value) -> Vec<String> {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return Vec::new();
    };
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let differs = |name: &&String| before.get(*name) != after.get(*name);
    names.filter(differs).map(|name| name.replace('_', " ")).collect()
}
