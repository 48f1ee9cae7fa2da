//! The details of a database, of a session and of a pool, in words.

use super::{DetailLine, Piece, Tone, age, blank, blockers, heading, said};
use crate::domain::{Bytes, Database, Health, Pool, Session, SessionState, Text, Uid};
use crate::store::{DatabasesTable, Store};

/// The most sessions and pools listed in a database's page.
const LISTED: usize = 20;

/// The title and the lines of the database `uid`.
pub(super) fn database(store: &Store, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let databases = &store.objects().databases;
    let database = &*databases.get(databases.find(uid)?)?.object;
    let table = DatabasesTable::new(store);
    let mut lines = vec![health_line(table.health(database))];
    lines.extend(reasons(database, table.is_orphan(database)));
    lines.push(words("kind", database.class.word().to_owned()));
    lines.extend(database.tenant.as_ref().map(|tenant| said("tenant", Tone::Plain, tenant)));
    lines.push(said("owner", Tone::Plain, &database.owner));
    lines.push(match database.size {
        Some(size) => DetailLine {
            label: "size",
            pieces: vec![plain(format!("{}, measured ", Bytes(size.bytes))), Piece::Age(size.at)],
        },
        None => muted("size", "not measured yet: it is, one database at a time"),
    });
    lines.extend(activity(database));
    lines.extend(figures(database));
    let tree = blockers::part(blockers::tree(store), |session| session.database == database.name);
    held_up(&mut lines, &tree, None);
    pools(&mut lines, store, database);
    sessions(&mut lines, store, database);
    lines.extend([blank(), said("oid", Tone::Muted, &database.uid.0)]);
    Some((database.name.clone(), lines))
}

/// Why it is not well, a sentence for each reason.
fn reasons(database: &Database, orphan: bool) -> Vec<DetailLine> {
    let mut reasons = Vec::new();
    let mut say = |tone, text: String| {
        reasons.push(DetailLine { label: "", pieces: vec![Piece::Text(tone, Text::from(text))] })
    };
    if orphan {
        let tenant = database.tenant.as_ref().map_or("", Text::as_str);
        say(Tone::Warning, format!("It belongs to nobody: there is no PLANAClient {tenant}."));
    }
    if !database.open {
        say(Tone::Warning, "It takes no connections.".to_owned());
    }
    if database.blocked > 0 {
        say(Tone::Error, format!("{} of its sessions wait for a lock.", database.blocked));
    }
    if let Some(at) = database.deadlock_seen {
        reasons.push(DetailLine {
            label: "",
            pieces: vec![
                Piece::Text(Tone::Warning, Text::clean("A deadlock was counted ")),
                Piece::Age(at),
            ],
        });
    }
    if database.frozen_age.is_some_and(|age| age >= Database::FROZEN_AGE_MAX * 3 / 10) {
        let text =
            "Its oldest rows are not frozen: vacuum them before the server stops taking writes.";
        reasons.push(DetailLine {
            label: "",
            pieces: vec![Piece::Text(Tone::Error, Text::clean(text))],
        });
    }
    reasons
}

fn activity(database: &Database) -> Vec<DetailLine> {
    let all = database.connections;
    let mut parts = Vec::new();
    for (count, word) in [
        (all.active, "active"),
        (all.in_transaction, "idle in transaction"),
        (all.idle, "idle"),
        (all.other, "other or hidden"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let mut lines = vec![words("sessions", format!("{}{parts}", all.all()))];
    lines.push(match database.oldest_transaction {
        Some(at) => age("oldest txn", at),
        None => muted("oldest txn", "none is open"),
    });
    lines
}

fn figures(database: &Database) -> Vec<DetailLine> {
    let of = &database.figures;
    let rate = of.commits_per_minute.map(|rate| format!("{rate} a minute, ")).unwrap_or_default();
    let hit = match of.hit_permille {
        Some(hit) => words("found in memory", format!("{}.{} % of blocks", hit / 10, hit % 10)),
        None => muted("found in memory", "nothing was read yet"),
    };
    let mut lines = vec![
        words(
            "transactions",
            format!("{rate}{} committed and {} rolled back in all", of.commits, of.rollbacks),
        ),
        hit,
        words("deadlocks", of.deadlocks.to_string()),
        words("temp files", format!("{}, {} in all", of.temp_files, Bytes(of.temp_bytes))),
    ];
    lines.push(match (database.frozen_age, database.frozen_permille()) {
        (Some(age), Some(share)) => words(
            "wraparound",
            format!("{age} transactions old, {}.{} % of the most", share / 10, share % 10),
        ),
        _ => muted("wraparound", "not known"),
    });
    lines.push(match database.vacuumed {
        Some(at) => age("last vacuum", at),
        None => muted("last vacuum", "not known: asked for while the database is on the screen"),
    });
    lines
}

fn held_up(lines: &mut Vec<DetailLine>, tree: &[blockers::Entry<'_>], marked: Option<u32>) {
    if !tree.is_empty() {
        lines.extend([blank(), heading("Who holds up whom")]);
        lines.extend(blockers::lines(tree, marked));
    }
}

fn pools(lines: &mut Vec<DetailLine>, store: &Store, database: &Database) {
    let all = store.objects().pools.iter().map(|(_, held)| &*held.object);
    let mut pools: Vec<&Pool> = all.filter(|pool| pool.database == database.name).collect();
    if pools.is_empty() {
        return;
    }
    pools.sort_by_key(|pool| pool.health());
    lines.extend([blank(), heading("Pools")]);
    for pool in pools.into_iter().take(LISTED) {
        let health = pool.health();
        let text = format!("{} {}: {}", health.sign(), pool.user, pool_sentence(pool));
        let pieces = vec![Piece::Text(Tone::Health(health), Text::from(text))];
        lines.push(DetailLine { label: "", pieces });
    }
}

fn sessions(lines: &mut Vec<DetailLine>, store: &Store, database: &Database) {
    let all = store.objects().sessions.iter().map(|(_, held)| &*held.object);
    let mut sessions: Vec<&Session> =
        all.filter(|session| session.database == database.name).collect();
    if sessions.is_empty() {
        return;
    }
    sessions.sort_by_key(|session| {
        (session.health(), session.transaction.is_none(), session.transaction, session.pid)
    });
    let more = sessions.len().saturating_sub(LISTED);
    lines.extend([blank(), heading("Sessions")]);
    for session in sessions.into_iter().take(LISTED) {
        let health = session.health();
        let who = format!("{} {} {} ", health.sign(), session.pid, session.application);
        let mut pieces = vec![
            Piece::Text(Tone::Health(health), Text::from(who)),
            plain(format!("{} ", session.state.word())),
        ];
        pieces.extend(session.since.map(Piece::Age));
        lines.push(DetailLine { label: "", pieces });
    }
    if more > 0 {
        lines.push(muted("", &format!("and {more} more")));
    }
}

/// The title and the lines of the session `uid`.
pub(super) fn session(store: &Store, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let sessions = &store.objects().sessions;
    let session = &*sessions.get(sessions.find(uid)?)?.object;
    let mut lines = vec![health_line(session.health())];
    lines.extend(standing(session));
    lines.push(said("database", Tone::Plain, &session.database));
    lines.extend(session.tenant.as_ref().map(|tenant| said("tenant", Tone::Plain, tenant)));
    for (label, text) in
        [("role", &session.user), ("program", &session.application), ("from", &session.client)]
    {
        if !text.is_empty() {
            lines.push(said(label, Tone::Plain, text));
        }
    }
    lines.push(words("state", session.state.word().to_owned()));
    lines.extend(session.wait.as_ref().map(|wait| said("waits for", Tone::Plain, wait)));
    for (label, at) in [
        ("state since", session.since),
        ("transaction", session.transaction),
        ("statement", session.statement_at),
        ("connected", session.connected),
    ] {
        lines.extend(at.map(|at| age(label, at)));
    }
    let tree = blockers::part(blockers::tree(store), |other| other.pid == session.pid);
    held_up(&mut lines, &tree, Some(session.pid));
    let title = if session.state == SessionState::Active { "Statement" } else { "Last statement" };
    lines.extend([blank(), heading(title)]);
    lines.push(if session.statement.is_empty() {
        muted("", "none, or it may not be seen")
    } else {
        said("", Tone::Plain, &session.statement)
    });
    let title = format!("{} {}", session.pid, blockers::whose(session));
    Some((Text::from(title), lines))
}

/// What it means for the others, as a sentence.
fn standing(session: &Session) -> Option<DetailLine> {
    let behind = session.blocked_by.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let others = match session.blocks {
        0 => String::new(),
        1 => "One session waits for it.".to_owned(),
        many => format!("{many} sessions wait for it."),
    };
    let (tone, text) = match (behind.is_empty(), others.is_empty()) {
        (true, true) => return None,
        (true, false) => (Tone::Error, others),
        (false, true) => (Tone::Warning, format!("It waits for {behind}.")),
        (false, false) => (Tone::Warning, format!("It waits for {behind}. {others}")),
    };
    Some(said("", tone, &Text::from(text)))
}

/// The title and the lines of the pool `uid`.
pub(super) fn pool(store: &Store, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let pools = &store.objects().pools;
    let pool = &*pools.get(pools.find(uid)?)?.object;
    let mut lines = vec![health_line(pool.health())];
    lines.push(said("", Tone::Plain, &Text::from(format!("{}.", pool_sentence(pool)))));
    lines.push(said("database", Tone::Plain, &pool.database));
    lines.extend(pool.tenant.as_ref().map(|tenant| said("tenant", Tone::Plain, tenant)));
    lines.push(said("role", Tone::Plain, &pool.user));
    lines.push(words(
        "clients",
        format!("{} served or quiet, {} waiting", pool.clients_active, pool.clients_waiting),
    ));
    let size = pool.size.map(|size| format!(" of at most {size}")).unwrap_or_default();
    lines.push(words(
        "server side",
        format!(
            "{}{size}: {} busy, {} ready, {} being opened, tested or reset",
            pool.servers(),
            pool.servers_active,
            pool.servers_idle,
            pool.servers_other
        ),
    ));
    if !pool.mode.is_empty() {
        lines.push(said("pools by", Tone::Plain, &pool.mode));
    }
    lines.extend(
        pool.queries_per_second
            .map(|rate| words("statements", format!("{rate} a second, on average"))),
    );
    let ms = |label, span: Option<crate::domain::Span>| {
        span.map(|span| words(label, format!("{} ms, on average", span.ms())))
    };
    lines.extend(ms("statement time", pool.query_time));
    lines.extend(ms("waiting time", pool.wait_time));
    let tree = blockers::part(blockers::tree(store), |session| session.database == pool.database);
    held_up(&mut lines, &tree, None);
    Some((Text::from(format!("{} of {}", pool.database, pool.user)), lines))
}

fn pool_sentence(pool: &Pool) -> String {
    let paused = if pool.paused { ", and it is paused" } else { "" };
    match pool.clients_waiting {
        0 if pool.paused => "It is paused; nobody waits yet".to_owned(),
        0 => "Nobody waits".to_owned(),
        1 => format!("One client waits, for {}{paused}", pool.longest_wait),
        many => format!("{many} clients wait, the longest for {}{paused}", pool.longest_wait),
    }
}

fn health_line(health: Health) -> DetailLine {
    words_in("health", Tone::Health(health), format!("{} {}", health.sign(), health.word()))
}

fn words(label: &'static str, text: String) -> DetailLine {
    words_in(label, Tone::Plain, text)
}

fn muted(label: &'static str, text: &str) -> DetailLine {
    said(label, Tone::Muted, &Text::clean(text))
}

fn words_in(label: &'static str, tone: Tone, text: String) -> DetailLine {
    DetailLine { label, pieces: vec![Piece::Text(tone, Text::from(text))] }
}

fn plain(text: String) -> Piece {
    Piece::Text(Tone::Plain, Text::from(text))
}
