//! The lines above streams, keys and agents' calls: the server's own figures, whether it was started again, and what this
//! console costs it.

use crate::app::App;
use crate::app::detail::{DetailLine, Piece, Tone, grouped};
use crate::domain::{Bytes, Span, StreamServer, Text};

/// Memory in use beyond this share of the most, in percent, is a warning.
const FULL: u64 = 85;

/// How long a restart is said.
const RESTART: Span = Span::from_secs(60 * 60);

/// The lines of the server on `width` cells; what matters most stands first in each.
pub(super) fn lines(app: &App, _width: usize) -> Vec<DetailLine> {
    let Some((_, held)) = app.store.objects().stream_server.iter().next() else {
        return Vec::new();
    };
    let server = &*held.object;
    let mut lines = vec![figures(app, server)];
    if let Some(at) = server.restarted.filter(|at| app.now().since(*at) < RESTART) {
        let gone = if server.persistent { "" } else { ": all it held before is gone" };
        let text = format!("▲ started again {} ago{gone}", app.now().since(at));
        lines.push(line([(Tone::Warning, text)]));
    }
    lines.push(held_and_cost(server));
    lines.extend(slowest(app, server));
    if !server.hidden.is_empty() {
        let hidden: Vec<&str> = server.hidden.iter().map(Text::as_str).collect();
        let text = format!("you may not see {}", hidden.join("; "));
        lines.insert(1, line([(Tone::Warning, text)]));
    }
    lines
}

fn figures(app: &App, server: &StreamServer) -> DetailLine {
    let (tone, memory) = match server.memory_max {
        Some(most) => {
            let share = server.memory.saturating_mul(100) / most.max(1);
            let tone = if share >= FULL { Tone::Error } else { Tone::Plain };
            (tone, format!("memory {} of {} ({share}%)", Bytes(server.memory), Bytes(most)))
        }
        None => (Tone::Plain, format!("memory {}, no limit", Bytes(server.memory))),
    };
    let up = server.started.map_or_else(String::new, |at| format!(", up {}", app.now().since(at)));
    let evicted = match server.evicted {
        0 => (Tone::Plain, "nothing evicted".to_owned()),
        n => (Tone::Warning, format!("{} keys evicted", grouped(n))),
    };
    line([
        (tone, memory),
        (Tone::Plain, " · ".to_owned()),
        evicted,
        (
            Tone::Plain,
            format!(
                " · {} clients, {} of them waiting · {} commands/s · {}{up}",
                grouped(server.clients),
                grouped(server.clients_blocked),
                grouped(server.commands_per_second),
                server.version,
            ),
        ),
    ])
}

fn held_and_cost(server: &StreamServer) -> DetailLine {
    let kept =
        if server.persistent { "kept over a restart" } else { "nothing is kept over a restart" };
    let cost = &server.cost;
    let policy =
        if server.policy.is_empty() { String::new() } else { format!(", {}", server.policy) };
    line([
        (Tone::Plain, format!("{} keys, {kept}{policy}", grouped(server.keys))),
        (
            Tone::Muted,
            format!(
                " · this console: {} commands and {} ms in the last minute",
                grouped(cost.asked),
                grouped(cost.took.ms())
            ),
        ),
    ])
}

/// The slowest of the commands that the slow log keeps.
fn slowest(app: &App, server: &StreamServer) -> Option<DetailLine> {
    let slow = server.slow.iter().max_by_key(|slow| slow.took)?;
    let text = format!(
        "slow log: {} ms {} ago: {}",
        grouped(slow.took.ms()),
        app.now().since(slow.at),
        slow.command
    );
    Some(line([(Tone::Muted, text)]))
}

fn line<const N: usize>(pieces: [(Tone, String); N]) -> DetailLine {
    let pieces =
        pieces.into_iter().map(|(tone, text)| Piece::Text(tone, Text::clean(&text))).collect();
    DetailLine { label: "", pieces }
}
