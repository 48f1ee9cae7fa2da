//! The training platform's Valkey, beside its event stream: groups that lag and catch up, families of keys that are counted
//! from time to time, queues, agents' calls, and the server itself.
//!
//! What it holds is a matter of the scenario, its seed and the time; it draws no chance from the story's own. When the
//! stream begins anew the server was started again: then all else that it held begins anew as well.

mod calls;
mod keys;

use super::engine::Engine;
use crate::domain::{
    Consumer, Cost, FeedId, Group, Health, Object, SlowCommand, Span, StreamId, StreamInfo,
    StreamServer, Text, Timestamp, Uid,
};

/// The key of the event stream.
const EVENTS: &str = "PLANA:events";
/// For how long the server had run when the trainee came.
const UP: Span = Span::from_secs(41 * 86_400);
/// For how long the oldest entries of the group that forgets were not acknowledged.
const FORGOTTEN: Span = Span::from_secs(95 * 60);
/// How often the memory of a stream is measured.
const MEASURED: u64 = 300;
const MIB: u64 = 1024 * 1024;

/// Puts it into the world of `engine`.
pub(super) fn found(engine: &mut Engine) {
    calls::found(engine);
    go_on(engine);
}

/// It goes on.
pub(super) fn beat(engine: &mut Engine) {
    calls::beat(engine);
    go_on(engine);
}

fn go_on(engine: &mut Engine) {
    let mut server = server(engine);
    let started = server.started.unwrap_or_default();
    let again = server.restarted == Some(engine.now());
    if again {
        calls::forget(engine);
    }
    let stream = events(engine);
    engine.put(stream);
    for family in keys::families(engine, started) {
        engine.put(family);
    }
    server.keys = keys::total(engine);
    server.memory += server.keys * 9_000;
    engine.put(server);
}

/// Seconds since the trainee came.
fn elapsed(engine: &Engine) -> u64 {
    engine.now().since(engine.scenario.start).secs()
}

/// Chance that does not touch the story's: the same for the same scenario, `salt` and `number`.
fn chance(engine: &Engine, salt: u64, number: u64) -> fastrand::Rng {
    let seed = engine.scenario.seed ^ salt.rotate_left(32) ^ number.wrapping_mul(0x9e37_79b9);
    fastrand::Rng::with_seed(seed)
}

/// A number that belongs to a name.
fn mark(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What grows for half of `period` and then shrinks to nothing again, at most `most`.
const fn wave(at: u64, period: u64, most: u64) -> u64 {
    let half = period / 2;
    let place = at % period;
    let height = if place < half { place } else { period - place };
    height * most / half
}

/// The server as it is now.
fn server(engine: &Engine) -> StreamServer {
    let now = engine.now();
    let resets = engine.world.stream.resets();
    let run = Text::clean(&format!("{:032x}{resets:08x}", engine.scenario.seed));
    let uid = Uid(Text::clean("valkey"));
    let before = match engine.world.other(FeedId::StreamServer, &uid) {
        Some(Object::StreamServer(server)) => Some(server.clone()),
        _ => None,
    };
    let again = before.as_ref().is_some_and(|before| before.run != run);
    let started = match &before {
        _ if again => Some(now),
        Some(before) => before.started,
        None => Some(engine.scenario.start.before(UP)),
    };
    let at = elapsed(engine);
    StreamServer {
        uid,
        version: Text::clean("valkey 8.1.3"),
        run,
        started,
        restarted: if again { Some(now) } else { before.and_then(|before| before.restarted) },
        memory: 96 * MIB + engine.world.stream.bytes() + wave(at, 240, 40) * MIB,
        memory_max: Some(4_096 * MIB),
        policy: Text::clean("noeviction"),
        clients: 60 + wave(at, 90, 14),
        clients_blocked: 7,
        evicted: 0,
        keys: 0,
        commands_per_second: 240 + wave(at, 120, 180),
        persistent: false,
        slow: if resets == 0 { slow(engine.scenario.start) } else { Box::default() },
        hidden: Box::default(),
        cost: Cost {
            asked: 260 + wave(at, 60, 90),
            took: Span::from_ms(60 + wave(at, 60, 30)),
            every: Span::from_secs(5),
        },
    }
}

fn slow(start: Timestamp) -> Box<[SlowCommand]> {
    let command = |minutes: u64, ms, command: &str| SlowCommand {
        at: start.before(Span::from_secs(minutes * 60)),
        took: Span::from_ms(ms),
        command: Text::clean(command),
    };
    [
        command(14, 61, "KEYS odoo:session:*"),
        command(97, 18, "XREAD COUNT 50000 STREAMS PLANA:events 0-0"),
        command(421, 24, "SMEMBERS PLANA:sessions:index"),
    ]
    .into()
}

/// The event stream with its groups.
fn events(engine: &Engine) -> StreamInfo {
    let stream = &engine.world.stream;
    let (first, last) = stream.ends();
    let uid = Uid(Text::clean(EVENTS));
    let before = match engine.world.other(FeedId::Streams, &uid) {
        Some(Object::StreamInfo(stream)) => Some(stream.clone()),
        _ => None,
    };
    let at = elapsed(engine);
    let measured = before.as_ref().filter(|_| !at.is_multiple_of(MEASURED));
    let bytes = measured.and_then(|before| before.bytes);
    StreamInfo {
        uid,
        key: Text::clean(EVENTS),
        tenant: None,
        length: stream.len(),
        bytes: Some(bytes.unwrap_or_else(|| stream.bytes() + stream.len() * 90 + 4_096)),
        first,
        last,
        added: stream.added(),
        per_minute: before.map(|_| (engine.scenario.stream.per_second * 60.0) as u64),
        groups: groups(engine, at),
        health: Health::Unknown,
        why: Text::default(),
    }
    .judged(engine.now())
}

fn groups(engine: &Engine, at: u64) -> Box<[Group]> {
    let stream = &engine.world.stream;
    let length = stream.len();
    let forgotten = stream.at(engine.now().before(FORGOTTEN));
    let group = |name: &str, lag: u64, pending: u64, oldest: Option<StreamId>, who: &[&str]| {
        let lag = lag.min(length);
        let pending = if oldest.is_some() { pending } else { 0 };
        let consumer = |(number, name): (usize, &&str)| Consumer {
            name: Text::clean(name),
            pending: if number == 0 { pending } else { 0 },
            quiet_since: engine.now().before(Span::from_secs(lag / 4)),
        };
        Group {
            name: Text::clean(name),
            delivered: stream.before_newest(lag).unwrap_or_default(),
            lag: Some(lag),
            pending,
            oldest_pending: oldest.filter(|_| pending > 0),
            members: who.len() as u64,
            consumers: who.iter().enumerate().map(consumer).collect(),
        }
    };
    // Billing works in batches: it falls behind and catches up.
    let behind = wave(at, 120, 60);
    [
        group("portal", 0, 0, None, &["pulse-account-api-1", "pulse-account-api-2"]),
        group("billing", behind, behind / 8, stream.before_newest(behind), &["pulse-billing-1"]),
        group("bos-notify", 0, 24, forgotten, &["bos-notify-1", "bos-notify-2"]),
        group("audit-archive", wave(at, 30, 3), 0, None, &["audit-archive-1"]),
    ]
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Scenario;

    fn calm() -> Engine {
        let scenario: Scenario =
            crate::sim::scenario::builtin("calm-night").unwrap_or_else(|why| panic!("{why}"));
        Engine::new(&scenario, None)
    }

    fn told(engine: &Engine) -> (StreamInfo, StreamServer) {
        let one = |feed| engine.world().others(feed).find(|it| it.uid().0 != "x").cloned();
        let stream = engine.world().other(FeedId::Streams, &Uid(EVENTS.into())).cloned();
        match (stream, one(FeedId::StreamServer)) {
            (Some(Object::StreamInfo(stream)), Some(Object::StreamServer(server))) => {
                ((*stream).clone(), (*server).clone())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lag_grows_and_shrinks_and_one_group_forgets() {
        let mut engine = calm();
        let mut lags = Vec::new();
        for _ in 0..40 {
            drop(engine.advance(Span::from_secs(3)));
            let (stream, _) = told(&engine);
            let billing = stream.groups.iter().find(|group| group.name == "billing");
            lags.push(billing.and_then(|group| group.lag).expect("a lag"));
            assert_eq!(stream.health, Health::Degraded);
            assert!(stream.why.as_str().starts_with("bos-notify: 24 not"), "{}", stream.why);
        }
        let most = *lags.iter().max().expect("lags");
        assert!(most > 50 && lags.first() < Some(&most) && lags.last() < Some(&most), "{lags:?}");
    }

    #[test]
    fn a_stream_that_begins_anew_is_a_server_started_again() {
        let mut engine = calm();
        drop(engine.advance(Span::from_secs(300)));
        let (_, before) = told(&engine);
        assert_eq!((before.restarted, before.slow.len()), (None, 3));
        drop(engine.advance(Span::from_secs(60)));
        let (stream, after) = told(&engine);
        assert_ne!(before.run, after.run);
        assert!(after.restarted.is_some() && after.keys < before.keys / 2, "{after:?}");
        assert!(stream.length < 100);
    }
}
