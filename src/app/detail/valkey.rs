//! The details of what a Valkey holds: a stream with its groups and consumers, a family of keys with its parts, a call
//! of a tool, and the server with its slow log.

use super::{DetailLine, Piece, Tone, age, blank, event::grouped, heading, json, said};
use crate::domain::{
    Bytes, Execution, Group, Health, KeyFamily, Object, SlowCommand, StreamInfo, StreamServer,
    Text, Timestamp,
};

/// The title and the lines of `object`; none when it is nothing that a Valkey holds. `known` is when it was told.
pub(super) fn lines(object: &Object, known: Timestamp) -> Option<(Text, Vec<DetailLine>)> {
    match object {
        Object::StreamInfo(stream) => Some((stream.key.clone(), stream_lines(stream, known))),
        Object::KeyFamily(family) => Some((family.pattern.clone(), family_lines(family))),
        Object::Execution(call) => Some((call.tool.clone(), call_lines(call))),
        Object::StreamServer(server) => Some((server.version.clone(), server_lines(server))),
        _ => None,
    }
}

fn plain(label: &'static str, text: &str) -> DetailLine {
    said(label, Tone::Plain, &Text::clean(text))
}

fn health(health: Health) -> DetailLine {
    let text = Text::clean(&format!("{} {}", health.sign(), health.word()));
    said("health", Tone::Health(health), &text)
}

fn stream_lines(stream: &StreamInfo, known: Timestamp) -> Vec<DetailLine> {
    let mut lines = vec![health(stream.health)];
    if !stream.why.is_empty() {
        lines.push(said("why", Tone::Warning, &stream.why));
    }
    lines.extend(stream.tenant.iter().map(|tenant| said("tenant", Tone::Plain, tenant)));
    if stream.is_unseen() {
        return lines;
    }
    lines.push(plain("entries", &grouped(stream.length)));
    lines.push(plain("ever added", &grouped(stream.added)));
    let rate = stream.per_minute.map(|rate| format!("{} a minute", grouped(rate)));
    lines.push(plain("rate", &rate.unwrap_or_else(|| "not known yet".to_owned())));
    let bytes = stream.bytes.map(|bytes| Bytes(bytes).to_string());
    lines.push(plain("memory", &bytes.unwrap_or_else(|| "not measured yet".to_owned())));
    lines.extend(stream.first.map(|id| age("oldest", id.at())));
    lines.extend(stream.last.map(|id| age("newest", id.at())));
    lines.push(blank());
    if stream.groups.is_empty() {
        lines.push(said("", Tone::Muted, &Text::clean("No group reads it.")));
        return lines;
    }
    for group in &stream.groups {
        lines.extend(group_lines(group, stream.length, known));
    }
    lines
}

fn group_lines(group: &Group, length: u64, known: Timestamp) -> Vec<DetailLine> {
    let (health, why) = group.verdict(length, known);
    let mut title = heading(&format!("Group {}", group.name));
    let verdict = Text::clean(&format!("  {} {}", health.sign(), health.word()));
    title.pieces.push(Piece::Text(Tone::Health(health), verdict));
    let mut lines = vec![title];
    if !why.is_empty() {
        lines.push(said("why", Tone::Warning, &Text::clean(&why)));
    }
    let lag = group.lag.map_or_else(|| "the server can't say".to_owned(), grouped);
    lines.push(plain("lag", &lag));
    lines.push(plain("pending", &grouped(group.pending)));
    lines.extend(group.oldest_pending.map(|id| age("oldest of it", id.at())));
    lines.push(match group.delivered.at() {
        at if at == Timestamp::default() => plain("handed out to", "nothing was handed out yet"),
        at => age("handed out to", at),
    });
    for consumer in &group.consumers {
        let text = format!("{}: {} pending, last active ", consumer.name, consumer.pending);
        lines.push(DetailLine {
            label: "consumer",
            pieces: vec![
                Piece::Text(Tone::Plain, Text::clean(&text)),
                Piece::Age(consumer.quiet_since),
            ],
        });
    }
    let more = group.members.saturating_sub(group.consumers.len() as u64);
    match (group.members, more) {
        (0, _) => lines.push(said("", Tone::Warning, &Text::clean("It has no consumer."))),
        (_, 0) => {}
        (_, more) => {
            let text = format!("{} more consumers are not shown", grouped(more));
            lines.push(said("", Tone::Muted, &Text::clean(&text)));
        }
    }
    lines.push(blank());
    lines
}

fn family_lines(family: &KeyFamily) -> Vec<DetailLine> {
    let mut lines = vec![said("what", Tone::Plain, &family.what)];
    if family.queue().is_some() {
        lines.push(health(family.health));
    }
    if !family.note.is_empty() {
        lines.push(said("state", Tone::Plain, &family.note));
    }
    let count = family.count.map_or_else(|| "not counted yet".to_owned(), grouped);
    lines.push(plain("keys", &count));
    lines.extend(family.counted.map(|at| age("counted", at)));
    if let Some(percent) = family.progress {
        lines.push(plain("counting", &format!("{percent}% of the server's keys seen")));
    }
    if family.parts.is_empty() {
        return lines;
    }
    let title = if family.queue().is_some() { "Jobs by state" } else { "Its largest parts" };
    lines.extend([blank(), heading(title)]);
    let wide = family.parts.iter().map(|part| grouped(part.count).chars().count()).max();
    for part in &family.parts {
        let count = grouped(part.count);
        let pad = " ".repeat(wide.unwrap_or(0).saturating_sub(count.chars().count()));
        let note = if part.note.is_empty() { String::new() } else { format!("  ({})", part.note) };
        lines.push(plain("", &format!("{pad}{count}  {}{note}", part.name)));
    }
    lines
}

fn call_lines(call: &Execution) -> Vec<DetailLine> {
    let mut lines = vec![
        said("workspace", Tone::Plain, &call.workspace),
        said("agent", Tone::Plain, &call.agent),
        said("tool", Tone::Plain, &call.tool),
        age("at", call.at),
    ];
    if call.shadow {
        let text = Text::clean("shadow mode: the call was only pretended, nothing was changed");
        lines.push(said("mode", Tone::Warning, &text));
    }
    lines.push(said("status", Tone::Health(call.health()), &call.status));
    lines.extend(call.took.map(|took| plain("took", &format!("{} ms", grouped(took.ms())))));
    lines.push(plain("entry", call.uid.0.as_str()));
    lines.extend([blank(), heading("Arguments and answer")]);
    let mut parts = call.detail.as_str().split(" → ");
    lines.extend(parts.by_ref().take(1).flat_map(json::lines));
    for answer in parts {
        lines.push(said("", Tone::Muted, &Text::clean("answered")));
        lines.extend(json::lines(answer));
    }
    lines
}

fn server_lines(server: &StreamServer) -> Vec<DetailLine> {
    let mut lines: Vec<_> = server.started.map(|at| age("up since", at)).into_iter().collect();
    lines.extend(server.restarted.map(|at| age("seen restarted", at)));
    lines.push(plain("memory", &Bytes(server.memory).to_string()));
    lines.extend([blank(), heading("Slow commands")]);
    lines.extend(server.slow.iter().map(slow_line));
    if server.slow.is_empty() {
        lines.push(said("", Tone::Muted, &Text::clean("None are kept.")));
    }
    lines
}

/// A slow command: how long it took, when, and what it was.
pub(super) fn slow_line(slow: &SlowCommand) -> DetailLine {
    let text = format!("{} ms  {}  ", grouped(slow.took.ms()), slow.command);
    DetailLine {
        label: "",
        pieces: vec![Piece::Text(Tone::Plain, Text::clean(&text)), Piece::Age(slow.at)],
    }
}
