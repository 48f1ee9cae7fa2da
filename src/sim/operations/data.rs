//! Changes of the training world's database server and its pooler.

use std::sync::Arc;

use super::{contents, gone, oid, refused};
use crate::domain::operation::{Oid, SessionRef};
use crate::domain::{
    Database, DatabaseClass, FeedId, Object, Session, SessionState, Text, Trouble, Uid,
};
use crate::sim::databases::{self, DOMAIN};
use crate::sim::engine::Engine;

/// The database `name`, which must have that identity where one is given, and nobody connected to it.
fn unused(engine: &Engine, name: &Text, wanted: Option<Oid>) -> Result<Arc<Database>, Trouble> {
    let database = databases::named(engine, name.as_str())
        .ok_or_else(|| gone(&format!("there is no database {name}")))?;
    if wanted.is_some_and(|wanted| wanted != oid(&database.uid)) {
        return Err(gone(&format!("{name} is another database by now")));
    }
    let sessions = databases::sessions_of(engine, name).count();
    if sessions > 0 {
        return Err(refused(&format!(
            "the database {name} is being accessed by {sessions} sessions"
        )));
    }
    Ok(database)
}

pub(super) fn rename(
    engine: &mut Engine,
    from: &Text,
    to: &Text,
    wanted: Option<Oid>,
) -> Result<bool, Trouble> {
    let database = unused(engine, from, wanted)?;
    if databases::named(engine, to.as_str()).is_some() {
        return Err(refused(&format!("the database {to} is there already")));
    }
    let inside = contents::of(engine, &database);
    let uid = database.uid.clone();
    let (class, tenant) = DatabaseClass::of(to.as_str(), DOMAIN);
    let renamed = Database {
        name: to.clone(),
        class,
        tenant: tenant.map(Text::clean),
        ..Database::clone(&database)
    };
    let operations = &mut engine.operations;
    operations.contents.insert(uid.clone(), inside);
    operations.own_databases.insert(uid);
    operations
        .served
        .extend([database.tenant.clone(), renamed.tenant.clone()].into_iter().flatten());
    let tenant = renamed.tenant.clone();
    engine.put(renamed);
    if let Some(tenant) = &tenant {
        contents::serve(engine, tenant);
    }
    databases::settle(engine);
    Ok(true)
}

pub(super) fn drop(engine: &mut Engine, name: &Text, wanted: Option<Oid>) -> Result<bool, Trouble> {
    let database = unused(engine, name, wanted)?;
    engine.operations.served.extend(database.tenant.clone());
    let freed = database.size.map_or(0, |size| size.bytes);
    if !engine.operations.is_copy(&database.uid) {
        engine.operations.freed += freed;
    }
    remove(engine, &database.uid);
    databases::settle(engine);
    Ok(true)
}

/// Drops the database, whoever is connected to it.
pub(super) fn drop_anyway(engine: &mut Engine, database: &Database) {
    let sessions: Vec<Uid> =
        databases::sessions_of(engine, &database.name).map(|it| it.uid.clone()).collect();
    for uid in sessions {
        engine.take(FeedId::Sessions, &uid);
    }
    engine.operations.served.extend(database.tenant.clone());
    remove(engine, &database.uid);
    databases::settle(engine);
}

/// Takes the database out of the world.
pub(super) fn remove(engine: &mut Engine, uid: &Uid) {
    engine.operations.contents.remove(uid);
    engine.operations.own_databases.remove(uid);
    engine.take(FeedId::Databases, uid);
}

pub(super) fn allow(engine: &mut Engine, name: &Text, allow: bool) -> Result<bool, Trouble> {
    let database = databases::named(engine, name.as_str())
        .ok_or_else(|| gone(&format!("there is no database {name}")))?;
    let changed = database.open != allow;
    engine.put(Database { open: allow, ..Database::clone(&database) });
    Ok(changed)
}

pub(super) fn end_all(engine: &mut Engine, name: &Text) -> bool {
    let sessions: Vec<Uid> =
        databases::sessions_of(engine, name).map(|session| session.uid.clone()).collect();
    for uid in &sessions {
        engine.take(FeedId::Sessions, uid);
    }
    databases::settle(engine);
    !sessions.is_empty()
}

/// The session, when it is that very one.
pub(super) fn session(engine: &Engine, wanted: &SessionRef) -> Option<Arc<Session>> {
    engine.world.others(FeedId::Sessions).find_map(|object| match object {
        Object::Session(session)
            if session.pid == wanted.pid && session.connected == Some(wanted.began) =>
        {
            Some(Arc::clone(session))
        }
        _ => None,
    })
}

pub(super) fn cancel(engine: &mut Engine, wanted: &SessionRef) -> Result<bool, Trouble> {
    let session = session(engine, wanted)
        .ok_or_else(|| gone(&format!("the session {} is over", wanted.pid)))?;
    let works = session.state != SessionState::Idle;
    let now = engine.now();
    engine.put(Session {
        state: SessionState::Idle,
        wait: None,
        transaction: None,
        since: Some(now),
        blocked_by: Box::default(),
        blocks: 0,
        ..Session::clone(&session)
    });
    databases::settle(engine);
    Ok(works)
}

pub(super) fn end(engine: &mut Engine, wanted: &SessionRef) -> Result<bool, Trouble> {
    let session = session(engine, wanted)
        .ok_or_else(|| gone(&format!("the session {} is over", wanted.pid)))?;
    engine.take(FeedId::Sessions, &session.uid);
    databases::settle(engine);
    Ok(true)
}

/// Holds new work back. What is under way comes to its end at once: transactions of the training world are short.
pub(super) fn pause(engine: &mut Engine, database: &Text) -> bool {
    let now = engine.now();
    let workers: Vec<Uid> = databases::sessions_of(engine, database)
        .filter(|session| databases::is_worker(session))
        .map(|session| session.uid.clone())
        .collect();
    let changed = engine.operations.paused.insert(database.clone(), now).is_none();
    for uid in workers {
        engine.take(FeedId::Sessions, &uid);
    }
    databases::settle(engine);
    changed
}

pub(super) fn resume(engine: &mut Engine, database: &Text) -> bool {
    let changed = engine.operations.paused.remove(database).is_some();
    if changed {
        databases::let_in(engine, database);
        databases::settle(engine);
    }
    changed
}
