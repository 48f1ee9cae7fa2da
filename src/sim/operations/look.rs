//! Looks at the training world: every question, from its state.

use serde_json::Value;

use super::{alerting, at, bucket, contents, data, dry_run, json, oid, seen};
use crate::domain::operation::{DatabaseSeen, Query, Seen};
use crate::domain::{FeedId, Health, Object, SilenceState, Text};
use crate::sim::databases;
use crate::sim::engine::Engine;

/// The most objects of one answer.
const MOST: usize = 5_000;
/// The most backups of one answer.
const MOST_BACKUPS: usize = 2_000;
/// The version of the training world's server, as it tells it itself.
const VERSION: u32 = 150_014;

/// Answers `query`.
pub(super) fn look(engine: &Engine, query: &Query) -> Seen {
    match query {
        Query::Object(what) => json::find(engine, what)
            .map_or(Seen::Absent, |found| Seen::Object(json::json(engine, &found))),
        Query::Objects { kind, namespace, label, .. } => {
            let mut all = json::all(engine, kind, namespace.as_ref());
            all.retain(|object| label.as_ref().is_none_or(|label| has(object, label)));
            all.truncate(MOST);
            Seen::Objects(all)
        }
        Query::DryRun { what, manifest } => dry_run::run(engine, what, manifest),
        Query::Database { name } => database(engine, name),
        Query::Contents { database } => databases::named(engine, database.as_str())
            .map_or(Seen::Absent, |database| {
                Seen::Contents(seen(&contents::of(engine, &database)))
            }),
        Query::DatabaseServer => {
            let (used, all) = databases::disk(engine);
            Seen::Server { version: VERSION, free: Some(all.saturating_sub(used)) }
        }
        Query::Session(wanted) => {
            data::session(engine, wanted).map_or(Seen::Absent, |session| Seen::Session {
                state: Text::from(session.state.word()),
                database: session.database.clone(),
                user: session.user.clone(),
            })
        }
        Query::Pool { database } => pool(engine, database),
        Query::Backup { key } => {
            bucket::stored_of(engine, key).map_or(Seen::Absent, |it| Seen::Backup(it.seen(key)))
        }
        Query::Backups { prefix } => {
            let mut all = bucket::listing(engine, prefix.as_str());
            let more = all.len().saturating_sub(MOST_BACKUPS);
            Seen::Backups(all.split_off(more))
        }
        Query::Silence { mark } => {
            alerting::find(engine, mark).map_or(Seen::Absent, |silence| Seen::Silence {
                id: silence.uid.0.clone(),
                active: silence.state == SilenceState::Active && silence.ends > engine.now(),
                until: silence.ends,
            })
        }
        Query::WouldHide(new) => alerting::would_hide(engine, new),
        Query::Acknowledgement { fingerprint } => {
            alerting::ack(engine, fingerprint).map_or(Seen::Absent, |ack| Seen::Acknowledgement {
                by: ack.by.clone(),
                until: ack.until,
            })
        }
        Query::Health { host } => health(engine, host),
        // Whoever trains may do everything that their role lets them do.
        Query::Rights(_) => Seen::Lacking(Vec::new()),
    }
}

fn has(object: &Value, (name, value): &(Text, Text)) -> bool {
    let labels = object.pointer("/metadata/labels");
    let own = labels.and_then(|labels| labels.get(name.as_str())).and_then(Value::as_str);
    own == Some(value.as_str())
}

fn database(engine: &Engine, name: &Text) -> Seen {
    let Some(database) = databases::named(engine, name.as_str()) else { return Seen::Absent };
    let sessions = databases::sessions_of(engine, name).count();
    Seen::Database(DatabaseSeen {
        oid: oid(&database.uid),
        bytes: database.size.map_or(0, |size| size.bytes),
        sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
        open: database.open,
    })
}

fn pool(engine: &Engine, database: &Text) -> Seen {
    let found = engine.world.others(FeedId::Pools).find_map(|object| match object {
        Object::Pool(pool) if pool.database == *database => Some(pool),
        _ => None,
    });
    let paused = engine.operations.paused(database).is_some();
    match found {
        Some(pool) => {
            Seen::Pool { paused, active: pool.clients_active, waiting: pool.clients_waiting }
        }
        None if paused => Seen::Pool { paused, active: 0, waiting: 0 },
        None => Seen::Absent,
    }
}

/// Whether an address answers: its database is there, takes connections and is sound, its pool lets work through, and
/// its tenant is ready.
fn health(engine: &Engine, host: &Text) -> Seen {
    let says = |well, says: &str| Seen::Health { well, says: Text::clean(says) };
    let Some(database) = databases::named(engine, host.as_str()) else {
        return says(false, "404: no such database");
    };
    if !database.open {
        return says(false, "500: the database takes no connections");
    }
    if engine.operations.paused(host).is_some() {
        return says(false, "no answer within 10 s");
    }
    if contents::of(engine, &database).broken {
        return says(false, "500: Internal Server Error");
    }
    let tenant = database.tenant.as_ref().map_or("", Text::as_str);
    let objects = engine.world.client(tenant).into_iter().chain(engine.world.environments(tenant));
    let unwell = objects.filter(|object| object.health() != Health::Healthy).count();
    if unwell > 0 { says(false, "503: no ready endpoint") } else { says(true, "200") }
}

/// The text of a field, for the parts of this module that read manifests.
pub(super) fn named(manifest: &Value) -> Text {
    Text::bounded(at(manifest, "/metadata/name"), 253)
}
