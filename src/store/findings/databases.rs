//! The PostgreSQL server: its databases, who blocks whom, what is open too long, and clients that wait for a pool.

use std::collections::{BTreeMap, HashMap};

use super::{Found, Look};
use crate::domain::{
    Database, DatabaseClass, DatabaseServer, FeedId, Health, Pool, Session, SessionState, Span,
    Text, Timestamp,
};
use crate::store::DatabasesTable;
use crate::store::table::RowId;

/// A tenant has so long to get its database.
const BEING_MADE: Span = Span::from_secs(15 * 60);
/// From this share of the age at which a database stops on, in thousandths, its vacuum is far behind.
const NEAR_WRAPAROUND: u16 = 279;
/// A transaction that waits for its next statement so long holds rows and keeps vacuum away.
const IDLE_LONG: Span = Span::from_secs(10 * 60);
/// The same for one that works.
const ACTIVE_LONG: Span = Span::from_secs(60 * 60);
/// From here on it has failed its purpose.
const FAR_TOO_LONG: Span = Span::from_secs(6 * 60 * 60);
/// Sessions that are held up for longer are an outage for whoever waits.
const BLOCKED_LONG: Span = Span::from_secs(60);
/// The most steps from a waiter to who holds it up.
const STEPS: usize = 64;

/// Finds what is wrong with the server and with databases.
pub(super) fn judge(look: &Look<'_>, found: &mut Found) {
    for (_, held) in look.store.objects().database_server.iter() {
        server(look, found, &held.object);
    }
    let table = DatabasesTable::new(look.store);
    for (_, held) in look.store.objects().databases.iter() {
        database(look, found, &table, &held.object);
    }
    missing(look, found, &table);
}

fn server(look: &Look<'_>, found: &mut Found, server: &DatabaseServer) {
    let mut say = |key: &str, health, what: &str| {
        let mut finding = found.begin(health, &Text::clean(key), "server");
        finding.subject = Text::from("pg01");
        found.push(look, finding, what);
    };
    let most = server.connections_max.saturating_sub(server.reserved);
    if most > 0 && u64::from(server.connections) * 100 >= u64::from(most) * 80 {
        let all = u64::from(server.connections) * 100 >= u64::from(most) * 95;
        let health = if all { Health::Failed } else { Health::Degraded };
        say(
            "connections",
            health,
            &format!("{} of {most} connections are in use", server.connections),
        );
    }
    if let Some((used, all)) = server.disk.filter(|(_, all)| *all > 0) {
        let percent = u128::from(used) * 100 / u128::from(all);
        if percent >= 85 {
            let health = if percent >= 95 { Health::Failed } else { Health::Degraded };
            say("disk", health, &format!("its disk is {percent} % full"));
        }
    }
    for replica in &server.replicas {
        if replica.state != "streaming" {
            let what = format!("the replica {} is {}, not streaming", replica.name, replica.state);
            say(&format!("replica {}", replica.name), Health::Degraded, &what);
        }
    }
}

fn database(look: &Look<'_>, found: &mut Found, table: &DatabasesTable<'_>, database: &Database) {
    let mut health = table.health(database);
    let mut faults = Vec::new();
    let mut cause = "databases near wraparound";
    if database.frozen_permille().is_some_and(|share| share >= NEAR_WRAPAROUND) {
        let millions = database.frozen_age.unwrap_or_default() / 1_000_000;
        faults.push(format!("{millions} million transactions to vacuum: at 2147 million it stops"));
    }
    if !database.open && database.class == DatabaseClass::Tenant {
        cause = "databases that take no connections";
        faults.push("it takes no connections".to_owned());
    }
    if database.deadlock_seen.is_some() {
        cause = "deadlocks";
        faults.push("a deadlock was counted within ten minutes".to_owned());
    }
    if table.is_orphan(database) {
        cause = "databases of no tenant";
        faults.push("a database of no tenant: no PLANAClient has it".to_owned());
    }
    // Blocked sessions are findings of their own.
    if faults.is_empty() {
        return;
    }
    health = health.min(Health::Degraded);
    let mut finding = found.begin(health, &database.uid.0, cause);
    finding.subject = database.name.clone();
    finding.tenant.clone_from(&database.tenant);
    finding.at = database.deadlock_seen;
    finding.row = Some(RowId::Object(FeedId::Databases, database.uid.clone()));
    found.push(look, finding, &faults.join("; "));
}

/// Tenants without a database.
fn missing(look: &Look<'_>, found: &mut Found, table: &DatabasesTable<'_>) {
    for (_, client) in table.missing() {
        let Some(tenant) = client.tenant() else { continue };
        let young = client.meta.created.is_some_and(|at| look.now.since(at) < BEING_MADE);
        let health = DatabasesTable::missing_health(client);
        if young || client.meta.deleting.is_some() || health > Health::Degraded {
            continue;
        }
        let key = Text::clean(&format!("{tenant} has none"));
        let mut finding = found.begin(health, &key, "tenants without a database");
        finding.subject = tenant.clone();
        finding.tenant = Some(tenant.clone());
        finding.row = Some(RowId::Missing(tenant.clone()));
        found.push(look, finding, "the tenant has no database");
    }
}

/// Finds sessions that hold others up, and transactions that are open too long.
pub(super) fn sessions(look: &Look<'_>, found: &mut Found) {
    let sessions = &look.store.objects().sessions;
    let by_pid: HashMap<u32, &Session> =
        sessions.iter().map(|(_, held)| (held.object.pid, &*held.object)).collect();
    let mut holders: BTreeMap<u32, Vec<&Session>> = BTreeMap::new();
    for (_, held) in sessions.iter() {
        let waiter = &*held.object;
        if !waiter.blocked_by.is_empty() {
            holders.entry(root(waiter, &by_pid)).or_default().push(waiter);
        }
    }
    for (pid, waiters) in &holders {
        blocker(look, found, (*pid, by_pid.get(pid).copied()), waiters);
    }
    for (_, held) in sessions.iter() {
        let session = &*held.object;
        if !holders.contains_key(&session.pid) {
            open_long(look, found, session);
        }
    }
}

/// The process at the end of the chain that holds `waiter` up. In a ring it is any of it.
fn root(waiter: &Session, by_pid: &HashMap<u32, &Session>) -> u32 {
    let mut at = waiter;
    for _ in 0..STEPS {
        let Some(next) = at.blocked_by.first() else { break };
        match by_pid.get(next) {
            Some(session) => at = session,
            None => return *next,
        }
    }
    at.pid
}

fn blocker(
    look: &Look<'_>,
    found: &mut Found,
    (pid, holder): (u32, Option<&Session>),
    waiters: &[&Session],
) {
    let since: Option<Timestamp> = waiters.iter().filter_map(|waiter| waiter.statement_at).min();
    let long = look.age(since) >= BLOCKED_LONG;
    let health = if long { Health::Failed } else { Health::Degraded };
    let key = holder.map_or_else(|| Text::clean(&format!("pid {pid}")), |it| it.uid.0.clone());
    let mut finding = found.begin(health, &key, "blocked sessions");
    let first = holder.or_else(|| waiters.first().copied());
    finding.tenant = first.and_then(|session| session.tenant.clone());
    finding.subject = finding
        .tenant
        .clone()
        .or_else(|| first.map(|session| session.database.clone()))
        .unwrap_or_default();
    finding.at = since;
    finding.row = first.map(|session| RowId::Object(FeedId::Sessions, session.uid.clone()));
    let who = holder.map_or_else(String::new, |it| {
        let program = if it.application.is_empty() { &it.user } else { &it.application };
        format!(" ({program}, {})", it.state.word())
    });
    let held: Vec<String> = waiters
        .iter()
        .take(4)
        .map(|waiter| match &waiter.tenant {
            Some(tenant) if Some(tenant) != finding.tenant.as_ref() => {
                format!("{} of {tenant}", waiter.pid)
            }
            _ => waiter.pid.to_string(),
        })
        .collect();
    let more = waiters.len().saturating_sub(held.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    found.push(look, finding, &format!("pid {pid}{who} blocks {}{more}", held.join(", ")));
}

fn open_long(look: &Look<'_>, found: &mut Found, session: &Session) {
    let limit = match session.state {
        SessionState::InTransaction | SessionState::Aborted => IDLE_LONG,
        _ => ACTIVE_LONG,
    };
    let Some(began) = session.transaction.filter(|at| look.now.since(*at) >= limit) else { return };
    let far = look.now.since(began) >= FAR_TOO_LONG;
    let health = if far { Health::Failed } else { Health::Degraded };
    let mut finding = found.begin(health, &session.uid.0, "long transactions");
    finding.tenant.clone_from(&session.tenant);
    finding.subject = session.tenant.clone().unwrap_or_else(|| session.database.clone());
    finding.at = Some(began);
    finding.row = Some(RowId::Object(FeedId::Sessions, session.uid.clone()));
    let program = if session.application.is_empty() { &session.user } else { &session.application };
    let what = format!(
        "pid {} ({program}, {}) keeps a transaction open",
        session.pid,
        session.state.word()
    );
    found.push(look, finding, &what);
}

/// Finds pools before which clients wait, and paused ones.
pub(super) fn pools(look: &Look<'_>, found: &mut Found) {
    for (_, held) in look.store.objects().pools.iter() {
        let pool: &Pool = &held.object;
        let waits = pool.clients_waiting > 0;
        let health = pool.health();
        if !matches!(health, Health::Failed | Health::Degraded) {
            continue;
        }
        let cause = if waits { "waiting clients" } else { "paused pools" };
        let mut finding = found.begin(health, &pool.uid.0, cause);
        finding.tenant.clone_from(&pool.tenant);
        finding.subject = pool.tenant.clone().unwrap_or_else(|| pool.database.clone());
        finding.at = waits.then(|| look.now.before(pool.longest_wait));
        finding.row = Some(RowId::Object(FeedId::Pools, pool.uid.clone()));
        let paused = if pool.paused { "the pool is paused" } else { "" };
        let waiting = match pool.clients_waiting {
            0 => String::new(),
            1 => "1 client waits for a connection".to_owned(),
            n => format!("{n} clients wait for a connection"),
        };
        let both = if paused.is_empty() || waiting.is_empty() { "" } else { "; " };
        found.push(look, finding, &format!("{waiting}{both}{paused}"));
    }
}
