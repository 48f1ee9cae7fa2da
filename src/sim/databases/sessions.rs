//! The sessions of the training world: workers that come, work, sit and go, and those that hold others up.

use std::sync::Arc;

use super::{DOMAIN, all_sessions, chances, elapsed, is_shut};
use crate::domain::{
    DatabaseClass, FeedId, Kind, Session, SessionState, Span, Text, Timestamp, Uid,
};
use crate::sim::engine::Engine;

/// What Odoo's workers call themselves.
pub(super) const WORKER: &str = "odoo-worker";

/// The most sessions: the pooler keeps them few.
const MOST: usize = 120;

/// What workers run, and whether it writes.
const STATEMENTS: [(&str, bool); 7] = [
    (
        "SELECT id, name, state FROM account_move WHERE company_id = $1 ORDER BY date DESC LIMIT 80",
        false,
    ),
    ("UPDATE account_move SET state = $1, write_date = $2 WHERE id IN ($3)", true),
    ("SELECT count(*) FROM res_partner WHERE active AND company_id IN ($1, $2)", false),
    ("INSERT INTO mail_message (model, res_id, body) VALUES ($1, $2, $3) RETURNING id", true),
    ("SELECT product_id, sum(quantity) FROM stock_quant GROUP BY product_id", false),
    ("UPDATE ir_cron SET lastcall = $1, nextcall = $2 WHERE id = $3", true),
    ("SELECT * FROM bus_bus WHERE create_date > $1", false),
];

/// Without a plan of its own a scenario has somebody held up for so long, so often, first after a while.
const USUAL: (u64, u64, u64) = (900, 300, 45);

/// The first workers.
pub(super) fn found(engine: &mut Engine) {
    let mut rng = chances(engine);
    let names = tenants(engine);
    for _ in 0..target(&names) {
        begin(engine, &names, &mut rng);
    }
}

/// Workers go on, go, and come.
pub(super) fn beat(engine: &mut Engine) {
    let mut rng = chances(engine);
    let names = tenants(engine);
    let plain: Vec<Session> =
        all_sessions(engine).filter(|session| session.application == WORKER).cloned().collect();
    let mut left = 0;
    for session in plain {
        // Those of a story have their own times.
        if session.pid >= STORY {
            continue;
        }
        match rng.u32(0..100) {
            0..=3 => engine.take(FeedId::Sessions, &session.uid),
            4..=29 => {
                left += 1;
                let next = work(session, engine.now(), &mut rng);
                engine.put(next);
            }
            _ => left += 1,
        }
    }
    for _ in left..target(&names) {
        begin(engine, &names, &mut rng);
    }
    stories(engine, &names);
}

/// From here on processes are part of a story.
const STORY: u32 = 61_000;

fn tenants(engine: &Engine) -> Vec<Text> {
    let clients = engine.world.objects(Kind::Client);
    clients.filter_map(|client| client.tenant().cloned()).collect()
}

fn target(names: &[Text]) -> usize {
    (6 + names.len() / 2).min(MOST)
}

fn session(tenant: &Text, pid: u32, now: Timestamp) -> Session {
    let database = Text::from(format!("{tenant}.{DOMAIN}"));
    let (_, tenant) = DatabaseClass::of(database.as_str(), DOMAIN);
    let tenant = tenant.map(Text::clean);
    Session {
        uid: Uid(Text::from(format!("{pid}-{}", now.ms()))),
        pid,
        tenant,
        database,
        user: Text::clean("plana"),
        application: Text::clean(WORKER),
        client: Text::from(format!("10.10.3.{}", 10 + pid % 40)),
        state: SessionState::Idle,
        wait: None,
        connected: Some(now),
        transaction: None,
        statement_at: Some(now),
        since: Some(now),
        statement: Text::clean("COMMIT"),
        blocked_by: Box::default(),
        blocks: 0,
    }
}

/// One worker more, on some tenant's database.
fn begin(engine: &mut Engine, names: &[Text], rng: &mut fastrand::Rng) {
    if names.is_empty() {
        return;
    }
    let tenant = names.get(rng.usize(..names.len())).cloned().unwrap_or_default();
    if is_shut(engine, &Text::from(format!("{tenant}.{DOMAIN}"))) {
        return;
    }
    let now = engine.now();
    let ago = Span::from_secs(rng.u64(1..2_400));
    let pid = rng.u32(2_000..60_000);
    if all_sessions(engine).any(|session| session.pid == pid) {
        return;
    }
    let session = work(session(&tenant, pid, now.before(ago)), now, rng);
    engine.put(session);
}

/// Two workers come into `database` at once, where it is a tenant's.
pub(super) fn let_in(engine: &mut Engine, database: &Text) {
    let (class, tenant) = DatabaseClass::of(database.as_str(), DOMAIN);
    let Some(tenant) = tenant.filter(|_| class == DatabaseClass::Tenant) else { return };
    if is_shut(engine, database) {
        return;
    }
    let (now, mut rng) = (engine.now(), chances(engine));
    for _ in 0..2 {
        let pid = rng.u32(2_000..60_000);
        if all_sessions(engine).any(|session| session.pid == pid) {
            continue;
        }
        let session = work(session(&Text::clean(tenant), pid, now), now, &mut rng);
        engine.put(session);
    }
}

/// The worker does the next thing.
fn work(mut session: Session, now: Timestamp, rng: &mut fastrand::Rng) -> Session {
    let (statement, writes) =
        STATEMENTS.get(rng.usize(..STATEMENTS.len())).copied().unwrap_or_default();
    let ago = Span::from_ms(rng.u64(5..1_500));
    let at = now.before(ago);
    (session.statement_at, session.since, session.wait) = (Some(at), Some(at), None);
    session.state = match rng.u32(0..10) {
        0..=5 => SessionState::Idle,
        6 if writes => SessionState::InTransaction,
        _ => SessionState::Active,
    };
    session.transaction = (session.state != SessionState::Idle).then_some(at);
    session.statement = Text::clean(statement);
    if session.state == SessionState::Active && rng.u32(0..4) == 0 {
        session.wait = Some(Text::clean("IO: DataFileRead"));
    }
    session
}

/// Somebody holds others up while the story says so.
fn stories(engine: &mut Engine, names: &[Text]) {
    let now = elapsed(engine).secs();
    let scenario = Arc::clone(&engine.scenario);
    for (index, block) in (0..).zip(&scenario.databases.block) {
        let block = block.get_ref();
        let (from, lasts) = (block.at.secs(), block.lasts.secs());
        let waiters = u32::try_from(block.waiters.get().max(1)).unwrap_or(1);
        story(engine, index, &block.tenant, (from, now, lasts), waiters);
    }
    let (each, first, lasts) = USUAL;
    let which = usize::try_from(now / each).unwrap_or(0);
    if scenario.databases.block.is_empty()
        && let Some(tenant) = names.get((which * 31 + 5) % names.len().max(1))
    {
        let from = now / each * each + first;
        story(engine, 90, tenant, (from, now, lasts), 1);
    }
}

/// Puts the sessions of one story into the world, or takes them out when it is over.
fn story(
    engine: &mut Engine,
    index: u32,
    tenant: &Text,
    (from, now, lasts): (u64, u64, u64),
    waiters: u32,
) {
    let began = engine.scenario.start.after(Span::from_secs(from));
    let first = STORY + index * 100;
    let pids = first..=first + waiters;
    let shut = is_shut(engine, &Text::from(format!("{tenant}.{DOMAIN}")));
    let running = now >= from && now < from + lasts && !shut;
    let there = all_sessions(engine).filter(|session| pids.contains(&session.pid)).count();
    if running == (there > 0) {
        return;
    }
    if !running {
        let gone: Vec<Uid> = all_sessions(engine)
            .filter(|session| pids.contains(&session.pid))
            .map(|session| session.uid.clone())
            .collect();
        for uid in gone {
            engine.take(FeedId::Sessions, &uid);
        }
        return;
    }
    let mut cast: Vec<Session> = pids
        .map(|pid| {
            let number = pid - first;
            let at = began.after(Span::from_secs(u64::from(number) * 4));
            let mut session = session(tenant, pid, began.before(Span::from_secs(600)));
            (session.statement_at, session.since, session.transaction) =
                (Some(at), Some(at), Some(at));
            if number == 0 {
                session.state = SessionState::InTransaction;
                session.statement = Text::clean("LOCK TABLE account_move IN ACCESS EXCLUSIVE MODE");
            } else {
                session.state = SessionState::Active;
                session.wait = Some(Text::clean("Lock: relation"));
                session.blocked_by = [first].into();
                let (statement, _) = STATEMENTS.get(1).copied().unwrap_or_default();
                session.statement = Text::clean(statement);
            }
            session
        })
        .collect();
    Session::count_blocked(&mut cast);
    for session in cast {
        engine.put(session);
    }
}
