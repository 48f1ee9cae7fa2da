//! The training platform's keys: families that are counted once a minute, and queues.

use super::{chance, elapsed, mark, wave};
use crate::domain::{
    FeedId, Health, KeyFamily, KeyPart, Kind, Object, Span, Spec, Text, Timestamp, Uid,
};
use crate::sim::engine::Engine;

/// The time between two counts, in seconds.
const COUNTED: u64 = 60;
/// How long before its end a count is seen to go on, in seconds.
const COUNTING: u64 = 12;
/// The most parts that are shown.
const PARTS: usize = 100;
/// How long it takes after a start until sessions are what they were, in seconds.
const FILLED: u64 = 600;

/// The families: pattern, what they are for, and of how many keys a tenant's part is at most.
const KINDS: [(&str, &str, u64); 4] = [
    ("odoo:session:*", "sessions of people in Odoo, by database", 34),
    ("odoo:bus:*", "Odoo's messages, by database", 2),
    ("PLANA:sessions:*", "chats with agents, by tenant", 5),
    ("coraza:*", "the firewall's cache, by kind", 0),
];

/// A queue: its name, the most jobs that wait, and jobs that failed.
const QUEUES: [(&str, u64, u64); 3] =
    [("billing", 18, 3), ("portal-mail", 6, 0), ("webhooks", 41, 9)];

/// How many keys there are.
pub(super) fn total(engine: &Engine) -> u64 {
    let counted = engine.world.others(FeedId::Keys).filter_map(|object| match object {
        Object::KeyFamily(family) if family.queue().is_none() => family.count,
        _ => None,
    });
    counted.sum()
}

/// The families and the queues as they are told now, of a server that runs since `started`.
pub(super) fn families(engine: &Engine, started: Timestamp) -> Vec<KeyFamily> {
    let at = elapsed(engine);
    let again = started > engine.scenario.start && engine.now().since(started).secs() < 3;
    let mut out: Vec<_> = KINDS
        .iter()
        .map(|kind| {
            let uid = Uid(Text::clean(kind.0));
            match engine.world.other(FeedId::Keys, &uid) {
                Some(Object::KeyFamily(known)) if !again && !at.is_multiple_of(COUNTED) => {
                    KeyFamily { progress: progress(at), ..(**known).clone() }
                }
                _ => count(engine, kind, started),
            }
        })
        .collect();
    let queues: Vec<_> = QUEUES.iter().map(|queue| depth(queue, at, engine.now())).collect();
    out.push(all_queues(&queues, engine.now()));
    out.push(executions(engine));
    out.extend(queues);
    out
}

/// How far the count is that ends with the minute.
fn progress(at: u64) -> Option<u8> {
    let left = COUNTED - at % COUNTED;
    (left <= COUNTING).then(|| u8::try_from((COUNTING - left) * 100 / COUNTING).unwrap_or(99))
}

fn count(
    engine: &Engine,
    (pattern, what, most): &(&str, &str, u64),
    started: Timestamp,
) -> KeyFamily {
    let now = engine.now();
    let filled = now.since(started).secs().min(FILLED);
    let mut parts = Vec::new();
    let mut sum = 0;
    if *most == 0 {
        let count = (40 + wave(elapsed(engine), 300, 30)) * filled / FILLED;
        parts.push(part("ip", count));
        sum = count;
    } else {
        for client in engine.world.objects(Kind::Client) {
            let Spec::Client(spec) = &client.spec else { continue };
            let name = spec.subdomain.as_str();
            let agents = pattern.starts_with("PLANA");
            if agents && spec.tier == "starter" {
                continue;
            }
            let base = 1 + mark(name) % most;
            let mut rng = chance(engine, mark(name), elapsed(engine) / COUNTED);
            let count = (base + rng.u64(0..=base / 4 + 1)) * filled / FILLED;
            if count > 0 {
                let named = if agents { name.to_owned() } else { format!("{name}.planapulse.app") };
                parts.push(part(&named, count));
                sum += count;
            }
        }
    }
    parts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    parts.truncate(PARTS);
    family(pattern, what, sum, Some(now), parts)
}

fn family(
    pattern: &str,
    what: &str,
    count: u64,
    counted: Option<Timestamp>,
    parts: Vec<KeyPart>,
) -> KeyFamily {
    KeyFamily {
        uid: Uid(Text::clean(pattern)),
        pattern: Text::clean(pattern),
        what: Text::clean(what),
        count: Some(count),
        counted,
        progress: None,
        parts: parts.into(),
        health: Health::Unknown,
        note: Text::default(),
    }
}

fn part(name: &str, count: u64) -> KeyPart {
    KeyPart { name: Text::clean(name), count, note: Text::default() }
}

/// One queue: work comes in waves; the one for webhooks was paused by somebody.
fn depth((name, most, failed): &(&str, u64, u64), at: u64, now: Timestamp) -> KeyFamily {
    let paused = *name == "webhooks";
    let wait = if paused { *most } else { wave(at + most * 7, 180, *most) };
    let active = u64::from(!paused) * (1 + wait / 6);
    let states = [
        ("wait", if paused { 0 } else { wait }),
        ("held", if paused { wait } else { 0 }),
        ("active", active),
        ("delayed", most / 6),
        ("prioritized", 0),
        ("failed", *failed),
    ];
    let words: Vec<_> = states
        .iter()
        .filter(|(_, jobs)| *jobs > 0)
        .map(|(state, jobs)| format!("{jobs} {state}"))
        .collect();
    let words = words.join(", ");
    let pattern = format!("{}{name}", KeyFamily::QUEUE);
    let parts = states.iter().map(|(state, jobs)| part(state, *jobs)).collect();
    let keys = states.iter().map(|(_, jobs)| jobs).sum::<u64>() + 12;
    // The count of its keys is as old as the minute.
    let counted = now.before(Span::from_secs(at % COUNTED));
    KeyFamily {
        health: if paused { Health::Degraded } else { Health::Healthy },
        note: Text::clean(&if paused { format!("paused: {words}") } else { words }),
        ..family(&pattern, "a queue, by the state of its jobs", keys, Some(counted), parts)
    }
}

fn all_queues(queues: &[KeyFamily], now: Timestamp) -> KeyFamily {
    let waiting: u64 = queues.iter().filter_map(KeyFamily::waiting).sum();
    let counted = queues.first().and_then(|queue| queue.counted).unwrap_or(now);
    let parts = queues
        .iter()
        .map(|queue| KeyPart {
            note: queue.note.clone(),
            ..part(queue.queue().unwrap_or_default(), queue.count.unwrap_or(0))
        })
        .collect();
    let keys = queues.iter().filter_map(|queue| queue.count).sum();
    KeyFamily {
        note: Text::clean(&format!("{waiting} wait in {} queues", queues.len())),
        ..family("bull:*", "queues and their jobs, by queue", keys, Some(counted), parts)
    }
}

/// The streams of agents' calls: as many as there are workspaces with any.
fn executions(engine: &Engine) -> KeyFamily {
    let streams: Vec<_> = engine
        .world
        .others(FeedId::Streams)
        .filter_map(|object| object.tenant().map(|tenant| part(tenant.as_str(), 1)))
        .collect();
    let at = elapsed(engine) % COUNTED;
    let counted = engine.now().before(Span::from_secs(at));
    family(
        "PLANA:executions:*",
        "the audit of agents, a stream for each workspace",
        streams.len() as u64,
        Some(counted),
        streams,
    )
}
