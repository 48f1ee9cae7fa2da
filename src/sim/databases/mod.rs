//! The training platform's PostgreSQL and pgbouncer.
//!
//! Every tenant has a database, but one that was never made; one database belongs to nobody. Sessions come and go, and now
//! and then one of them holds others up. Chances are drawn from a source of their own, made of the scenario's seed and the
//! time, so the rest of the story does not depend on them.

mod sessions;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::engine::Engine;
use crate::domain::{
    Connections, Cost, Database, DatabaseClass, DatabaseFigures, DatabaseServer, FeedId, Health,
    Kind, Measured, Object, Pool, Resource, Session, Span, Text, Timestamp, Uid,
};

/// The domain of the training platform's tenants.
pub(super) const DOMAIN: &str = "planapulse.app";

/// A database of nobody: its tenant left long ago.
const ORPHAN: &str = "zabravena-furna.planapulse.app";

/// The platform's own databases and their owners.
const PLATFORM: [(&str, &str); 10] = [
    ("postgres", "postgres"),
    ("template1", "postgres"),
    ("plana_pulse_account", "plana"),
    ("pulse_account", "plana"),
    ("pulse_banking", "plana"),
    ("authentik", "authentik"),
    ("forgejo", "forgejo"),
    ("nextcloud", "nextcloud"),
    ("vaultwarden", "vaultwarden"),
    ("openphysica_website", "openphysica"),
];

const MIB: u64 = 1 << 20;

/// The most pools: pgbouncer forgets those that nobody uses.
const POOLS: usize = 300;

/// New tenants get their database, and databases go with theirs, each so often.
const RECONCILED_EACH: u64 = 15;

/// Puts it into the world of `engine`.
pub(super) fn found(engine: &mut Engine) {
    for (name, owner) in PLATFORM {
        make(engine, name, owner);
    }
    for major in ["17", "18", "19"] {
        for edition in ["basic", "pro"] {
            make(engine, &format!("{edition}-template-{major}.{DOMAIN}"), "plana");
        }
    }
    make(engine, ORPHAN, "plana");
    for name in engine.scenario.databases.kept.clone() {
        engine.make_database(name.as_str());
    }
    reconcile(engine);
    sessions::found(engine);
    settle(engine);
}

/// It goes on.
pub(super) fn beat(engine: &mut Engine) {
    if elapsed(engine).secs() % RECONCILED_EACH < 3 {
        reconcile(engine);
    }
    sessions::beat(engine);
    settle(engine);
}

/// The time since the scenario began.
fn elapsed(engine: &Engine) -> Span {
    engine.now().since(engine.scenario.start)
}

/// Chances of this moment.
fn chances(engine: &Engine) -> fastrand::Rng {
    let now = engine.now().ms().unsigned_abs();
    fastrand::Rng::with_seed(engine.scenario.seed.rotate_left(17) ^ now)
}

/// The database `name`.
pub(super) fn named(engine: &Engine, name: &str) -> Option<Arc<Database>> {
    let fits = |object: &Object| match object {
        Object::Database(database) if database.name == *name => Some(Arc::clone(database)),
        _ => None,
    };
    // Nearly always it has the identity that its name gives it.
    let usual = engine.world.other(FeedId::Databases, &uid(name)).and_then(fits);
    usual.or_else(|| engine.world.others(FeedId::Databases).find_map(fits))
}

/// The sessions of the database `name`.
pub(super) fn sessions_of<'e>(
    engine: &'e Engine,
    name: &'e Text,
) -> impl Iterator<Item = &'e Session> {
    all_sessions(engine).filter(move |session| session.database == *name)
}

/// Whether the session comes through the pooler.
pub(super) fn is_worker(session: &Session) -> bool {
    session.application == sessions::WORKER
}

/// Those who waited for the pool of `database` come in.
pub(super) fn let_in(engine: &mut Engine, database: &Text) {
    sessions::let_in(engine, database);
}

/// Whether nobody gets into the database `name`: it takes no connections, or its pool is paused, or it is not there.
fn is_shut(engine: &Engine, name: &Text) -> bool {
    let open = named(engine, name.as_str()).is_some_and(|database| database.open);
    !open || engine.operations.paused(name).is_some()
}

/// The bytes of the server's disk, used and in all.
pub(super) fn disk(engine: &Engine) -> (u64, u64) {
    let (gib, percent) = match engine.scenario.databases.disk {
        Some(disk) => (disk.gib.get(), disk.used_percent.get()),
        None => (1_024, 63),
    };
    let all = gib * 1_024 * MIB;
    let more = engine.world.others(FeedId::Databases).filter_map(|object| match object {
        Object::Database(database) if engine.operations.is_copy(&database.uid) => database.size,
        _ => None,
    });
    let used = all / 100 * percent + more.map(|size| size.bytes).sum::<u64>();
    (used.saturating_sub(engine.operations.freed()).min(all), all)
}

/// The identity of the database `name`: a number, as the server gives one.
fn uid(name: &str) -> Uid {
    let number = name
        .bytes()
        .fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
    Uid(Text::from(number.to_string()))
}

/// The databases of those who should have one are there, and no others.
fn reconcile(engine: &mut Engine) {
    let mut wanted = Vec::new();
    let mut tenants = BTreeSet::new();
    let there: BTreeSet<&str> = engine
        .world
        .others(FeedId::Databases)
        .filter_map(|object| match object {
            Object::Database(database) => Some(database.name.as_str()),
            _ => None,
        })
        .collect();
    for client in engine.world.objects(Kind::Client) {
        let Some(tenant) = client.tenant() else { continue };
        tenants.insert(tenant.clone());
        let name = format!("{tenant}.{DOMAIN}");
        let known = engine.operations.serves(tenant) || there.contains(&*name);
        if !known && is_made(engine, client, tenant) {
            wanted.push(name);
        }
    }
    for environment in engine.world.objects(Kind::Environment) {
        let Some(tenant) = environment.tenant() else { continue };
        if environment.meta.name.as_str().ends_with("-staging") {
            let name = format!("{tenant}-staging.planapulse.dev");
            if !there.contains(&*name) {
                wanted.push(name);
            }
        }
    }
    for name in wanted {
        make(engine, &name, "plana");
    }
    let gone: Vec<Uid> = engine
        .world
        .others(FeedId::Databases)
        .filter_map(|object| match object {
            Object::Database(database) => Some(database),
            _ => None,
        })
        .filter(|database| database.name != ORPHAN && !engine.operations.owns(&database.uid))
        .filter(|database| database.tenant.as_ref().is_some_and(|name| !tenants.contains(name)))
        .map(|database| database.uid.clone())
        .collect();
    for uid in gone {
        engine.take(FeedId::Databases, &uid);
    }
}

/// Whether the client's database was made: not while the client itself is, and one never was.
fn is_made(engine: &Engine, client: &Resource, tenant: &Text) -> bool {
    let missing = &engine.scenario.databases.missing;
    client.health() != Health::Progressing && !missing.contains(tenant)
}

/// Makes the database `name`; its identity.
pub(super) fn make(engine: &mut Engine, name: &str, owner: &str) -> Uid {
    let (class, tenant) = DatabaseClass::of(name, DOMAIN);
    let now = engine.now();
    let uid = free_uid(engine, name);
    // What a database is like hangs on its name alone, so it is the same after it was gone.
    let seed = uid.0.as_str().parse().unwrap_or(7);
    let mut rng = fastrand::Rng::with_seed(seed);
    let busy = matches!(class, DatabaseClass::Tenant | DatabaseClass::Copy);
    let bytes = match class {
        DatabaseClass::Tenant | DatabaseClass::Copy => 180 + rng.u64(0..40).pow(2) * 8,
        DatabaseClass::Template => 45 + rng.u64(0..20),
        DatabaseClass::Platform => 8 + rng.u64(0..600),
    } * MIB
        + rng.u64(0..MIB);
    let commits = if busy { rng.u64(10_000..9_000_000) } else { rng.u64(500..90_000) };
    engine.put(Database {
        uid: uid.clone(),
        name: Text::clean(name),
        class,
        tenant: tenant.map(Text::clean),
        owner: Text::clean(owner),
        open: true,
        size: Some(Measured { bytes, at: now.before(Span::from_secs(rng.u64(20..3000))) }),
        connections: Connections::default(),
        figures: DatabaseFigures {
            commits,
            rollbacks: commits / rng.u64(300..3000),
            commits_per_minute: Some(if busy { rng.u64(0..90) } else { rng.u64(0..3) }),
            hit_permille: Some(rng.u16(981..=999)),
            deadlocks: if busy { rng.u64(0..40) / 13 } else { 0 },
            temp_files: rng.u64(0..60),
            temp_bytes: rng.u64(0..900) * MIB,
        },
        oldest_transaction: None,
        vacuumed: Some(now.before(Span::from_secs(rng.u64(60..90_000)))),
        frozen_age: Some(rng.u64(3_000_000..190_000_000)),
        blocked: 0,
        deadlock_seen: None,
    });
    uid
}

/// An identity for a new database `name`: one that no other ever had.
fn free_uid(engine: &mut Engine, name: &str) -> Uid {
    let made = engine.operations.count_name(name);
    if made == 0 { uid(name) } else { uid(&format!("{name}/{made}")) }
}

/// All sessions that there are.
fn all_sessions(engine: &Engine) -> impl Iterator<Item = &Session> {
    engine.world.others(FeedId::Sessions).filter_map(|object| match object {
        Object::Session(session) => Some(&**session),
        _ => None,
    })
}

/// What follows from the sessions: databases, pools and the server.
pub(super) fn settle(engine: &mut Engine) {
    let mut changed = Vec::new();
    let now = engine.now();
    let mut rng = chances(engine);
    let mut pools: BTreeSet<Text> = BTreeSet::new();
    let mut seen = std::collections::BTreeMap::<Text, (Connections, Option<Timestamp>, u32)>::new();
    let (mut count, mut blocked) = (1, 0);
    for session in all_sessions(engine) {
        count += 1;
        blocked += u32::from(!session.blocked_by.is_empty());
        let (connections, oldest, waiting) = seen.entry(session.database.clone()).or_default();
        connections.count(session.state);
        *waiting += u32::from(!session.blocked_by.is_empty());
        *oldest = [*oldest, session.transaction].into_iter().flatten().min();
        if session.application == sessions::WORKER && pools.len() < POOLS {
            pools.insert(session.database.clone());
        }
    }
    for object in engine.world.others(FeedId::Databases) {
        let Object::Database(database) = object else { continue };
        let (connections, oldest, waiting) = seen.remove(&database.name).unwrap_or_default();
        let same = database.connections == connections
            && database.oldest_transaction == oldest
            && database.blocked == waiting;
        let works = connections.active > 0;
        if same && !works {
            continue;
        }
        let mut next = Database::clone(database);
        (next.connections, next.oldest_transaction, next.blocked) = (connections, oldest, waiting);
        if works {
            let rate = rng.u64(20..400);
            next.figures.commits += rate / 20;
            next.figures.commits_per_minute = Some(rate);
        }
        changed.push((next, waiting));
    }
    for (database, _) in changed {
        engine.put(database);
    }
    pools.extend(engine.operations.all_paused().cloned());
    settle_pools(engine, pools, &mut rng);
    engine.put(server(engine, (count, blocked), now, &mut rng));
}

fn settle_pools(engine: &mut Engine, wanted: BTreeSet<Text>, rng: &mut fastrand::Rng) {
    let gone: Vec<Uid> = engine
        .world
        .others(FeedId::Pools)
        .filter_map(|object| match object {
            Object::Pool(pool) if !wanted.contains(&pool.database) => Some(pool.uid.clone()),
            _ => None,
        })
        .collect();
    for uid in gone {
        engine.take(FeedId::Pools, &uid);
    }
    // Now and then a burst of clients has to wait a little.
    let burst = rng.usize(0..wanted.len().max(1) * 8);
    let pools: Vec<Pool> = wanted
        .into_iter()
        .enumerate()
        .map(|(index, database)| held_back(engine, pool(engine, database, index == burst, rng)))
        .collect();
    for pool in pools {
        engine.put(pool);
    }
}

/// A pool that is paused: who comes waits.
fn held_back(engine: &Engine, pool: Pool) -> Pool {
    let Some(since) = engine.operations.paused(&pool.database) else { return pool };
    let wait = engine.now().since(since);
    let waiting = u32::try_from(wait.secs() / 2).unwrap_or(u32::MAX).min(40);
    Pool {
        clients_active: 0,
        clients_waiting: waiting,
        servers_active: 0,
        servers_idle: 0,
        longest_wait: if waiting > 0 { wait } else { Span::default() },
        paused: true,
        queries_per_second: Some(0),
        ..pool
    }
}

fn pool(engine: &Engine, database: Text, burst: bool, rng: &mut fastrand::Rng) -> Pool {
    let here = || all_sessions(engine).filter(|session| session.database == database);
    let held_up = here().filter(|session| !session.blocked_by.is_empty()).count();
    let held_since =
        here().filter(|session| session.blocks > 0).filter_map(|s| s.transaction).min();
    let servers = u32::try_from(here().count()).unwrap_or(0);
    let waiting = if held_up > 1 { rng.u32(3..9) } else { u32::from(burst) * 2 };
    let longest_wait = match (waiting, held_since) {
        (0, _) => Span::default(),
        (_, Some(since)) if held_up > 1 => engine.now().since(since),
        _ => Span::from_ms(rng.u64(200..2_400)),
    };
    let active = here().filter(|session| session.transaction.is_some()).count();
    let servers_active = u32::try_from(active).unwrap_or(0).min(servers);
    let (_, tenant) = DatabaseClass::of(database.as_str(), DOMAIN);
    Pool {
        uid: Uid(Text::from(format!("{database}/plana"))),
        tenant: tenant.map(Text::clean),
        database,
        user: Text::clean("plana"),
        clients_active: servers * 3 + 1,
        clients_waiting: waiting,
        servers_active,
        servers_idle: servers - servers_active,
        servers_other: 0,
        longest_wait,
        mode: Text::clean("transaction"),
        paused: false,
        size: Some(8),
        queries_per_second: Some(u64::from(servers) * 4),
        query_time: Some(Span::from_ms(4)),
        wait_time: Some(Span::from_ms(u64::from(waiting) * 7)),
    }
}

fn server(
    engine: &Engine,
    (connections, blocked): (u32, u32),
    now: Timestamp,
    rng: &mut fastrand::Rng,
) -> DatabaseServer {
    // As on the real one: two statements each refresh, some every fourth, and a size now and then.
    let asked = 51 + rng.u64(0..6);
    DatabaseServer {
        uid: Uid(Text::clean("server")),
        version: Text::clean("15.14"),
        started: Some(engine.scenario.start.before(Span::from_secs(47 * 86_400))),
        connections: connections + 9,
        connections_max: 200,
        reserved: 3,
        standby: false,
        wal_per_minute: Some(rng.u64(3..22) * MIB + rng.u64(0..MIB)),
        wal_bytes: Some((1_024 + now.ms().unsigned_abs() / 60_000 % 64 * 16) * MIB),
        blocked,
        disk: engine.scenario.databases.disk.is_some().then(|| disk(engine)),
        replicas: Box::default(),
        hidden: Box::default(),
        cost: Cost {
            asked,
            took: Span::from_ms(asked * 3 + rng.u64(0..40)),
            every: Span::from_secs(3),
        },
    }
}
