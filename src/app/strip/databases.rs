//! The lines above databases, sessions and pools: the server's own figures, what the console costs it, and who holds up
//! whom while anybody does.

use std::fmt::Write as _;

use crate::app::App;
use crate::app::detail::blockers::{self, Entry};
use crate::app::detail::{DetailLine, Piece, Tone};
use crate::domain::{Bytes, DatabaseServer, Pool, Text};

/// So near to the limit of connections a word of warning is due, in percent.
const CROWDED: u64 = 80;

/// The server, what it costs, and who holds up whom, on `width` cells.
pub(super) fn server(app: &App, width: usize) -> Vec<DetailLine> {
    let servers = &app.store.objects().database_server;
    let Some((_, held)) = servers.iter().next() else { return Vec::new() };
    let server = &*held.object;
    let mut lines = vec![figures(app, server), cost(server)];
    // What is wrong comes first; the rest gives way on a small screen.
    if let Some(line) = held_up(app, server, width) {
        lines.insert(0, line);
    }
    lines
}

fn figures(app: &App, server: &DatabaseServer) -> DetailLine {
    let up = server.started.map(|at| format!(" up {}", app.now().since(at))).unwrap_or_default();
    let standby = if server.standby { ", a standby" } else { "" };
    let room = server.connections_max.saturating_sub(server.reserved);
    let crowded = u64::from(server.connections) * 100 >= u64::from(room) * CROWDED;
    let mut pieces = vec![
        text(Tone::Plain, format!("PostgreSQL {}{standby}{up}  ", server.version)),
        text(
            if crowded { Tone::Error } else { Tone::Plain },
            format!("{}/{} connections", server.connections, server.connections_max),
        ),
    ];
    let mut more = Vec::new();
    if let Some(rate) = server.wal_per_minute {
        more.push(format!("WAL {}/min", Bytes(rate)));
    }
    if let Some(kept) = server.wal_bytes {
        more.push(format!("{} WAL kept", Bytes(kept)));
    }
    if let Some((used, all)) = server.disk {
        more.push(format!("disk {} of {}", Bytes(used), Bytes(all)));
    }
    more.push(replicas(server));
    pieces.push(text(Tone::Plain, format!("  {}", more.join("  "))));
    DetailLine { label: "", pieces }
}

fn replicas(server: &DatabaseServer) -> String {
    let behind = server.replicas.iter().filter_map(|replica| replica.behind).max();
    let behind = behind.map(|bytes| format!(", {} behind", Bytes(bytes))).unwrap_or_default();
    match server.replicas.len() {
        0 => "no replica".to_owned(),
        1 => format!("1 replica{behind}"),
        many => format!("{many} replicas{behind}"),
    }
}

fn cost(server: &DatabaseServer) -> DetailLine {
    let cost = server.cost;
    let mut pieces = vec![text(
        Tone::Muted,
        format!(
            "this console: {} statements, {} ms in the last minute; next look each {}",
            cost.asked,
            cost.took.ms(),
            cost.every
        ),
    )];
    if !server.hidden.is_empty() {
        let hidden: Vec<&str> = server.hidden.iter().map(Text::as_str).collect();
        pieces.push(text(Tone::Warning, format!("  may not see {}", hidden.join("; "))));
    }
    DetailLine { label: "", pieces }
}

/// The worst of those who hold others up, with whom they hold up; none when nobody waits.
fn held_up(app: &App, server: &DatabaseServer, width: usize) -> Option<DetailLine> {
    let tree = blockers::tree(&app.store);
    let first = tree.first()?;
    let behind: Vec<&Entry<'_>> = tree.iter().skip(1).take_while(|entry| entry.depth > 0).collect();
    let whose = |entry: &Entry<'_>| entry.session.map_or("", blockers::whose).to_owned();
    let holder = whose(first);
    let since = first.session.and_then(|session| session.transaction);
    let since = since.map(|at| format!(" {}", app.now().since(at))).unwrap_or_default();
    let doing = first.session.map(|session| format!(" ({}{since})", blockers::doing(session)));
    let mut line = format!(
        "✗ {} blocked: {} {holder}{} holds up ",
        server.blocked.max(1),
        first.pid,
        doing.unwrap_or_default()
    );
    for (index, entry) in behind.iter().enumerate() {
        let tenant = whose(entry);
        let tenant = if tenant == holder { String::new() } else { format!(" {tenant}") };
        let next = format!("{}{tenant}", entry.pid);
        let left = behind.len() - index;
        if line.chars().count() + next.chars().count() + 12 > width && index > 0 {
            let _ = write!(line, "and {left} more");
            break;
        }
        line.push_str(&next);
        if left > 1 {
            line.push_str(", ");
        }
    }
    let others = tree.iter().skip(1).filter(|entry| entry.depth == 0).count();
    if others > 0 {
        let _ = write!(line, "; {others} more hold others up");
    }
    Some(DetailLine { label: "", pieces: vec![text(Tone::Error, line)] })
}

/// All pools together.
pub(super) fn pools(app: &App) -> Vec<DetailLine> {
    let pools: Vec<&Pool> =
        app.store.objects().pools.iter().map(|(_, held)| &*held.object).collect();
    if pools.is_empty() {
        return Vec::new();
    }
    let sum =
        |of: fn(&Pool) -> u32| pools.iter().fold(0_u32, |sum, pool| sum.saturating_add(of(pool)));
    let waiting = sum(|pool| pool.clients_waiting);
    let tone = if waiting > 0 { Tone::Error } else { Tone::Plain };
    let paused: Vec<&str> =
        pools.iter().filter(|pool| pool.paused).map(|pool| pool.database.as_str()).collect();
    let mut pieces = vec![
        text(
            Tone::Plain,
            format!("pgbouncer  {} clients served, ", sum(|pool| pool.clients_active)),
        ),
        text(tone, format!("{waiting} waiting")),
        text(
            Tone::Plain,
            format!(
                "  {} server connections, {} of them busy",
                sum(Pool::servers),
                sum(|pool| pool.servers_active)
            ),
        ),
    ];
    if let Some(first) = paused.first() {
        let more = match paused.len() {
            1 => String::new(),
            many => format!(" and {} more", many - 1),
        };
        pieces.push(text(Tone::Warning, format!("  paused: {first}{more}")));
    }
    vec![DetailLine { label: "", pieces }]
}

fn text(tone: Tone, text: String) -> Piece {
    Piece::Text(tone, Text::from(text))
}
