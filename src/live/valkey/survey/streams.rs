//! The streams: which there are, and how well their groups read them. Every call has a bound.

use std::collections::{BTreeMap, VecDeque};

use redis::cmd;

use super::ask::{Answer, Asker, End, odd};
use super::calls;
use super::replies::{self, GroupFacts, NAME_BYTES, StreamFacts};
use crate::domain::{Consumer, Group, Health, Span, StreamId, StreamInfo, Text, Timestamp, Uid};

/// The most streams that are looked into.
const STREAMS: usize = 1_000;
/// Streams that are looked into in a round beside the event stream and those that have groups.
const OTHERS: usize = 20;
/// Streams with groups that are looked into in a round.
const READ: usize = 10;
/// Groups of a stream that are looked into.
const GROUPS: usize = 32;
/// A group of more consumers is not asked for them: the answer has no bound of its own.
const CONSUMERS_ASKED: u64 = 256;
/// Consumers of a group that are shown.
const CONSUMERS: usize = 32;
/// How often the memory of one stream is measured.
const MEASURED: Span = Span::from_secs(5 * 60);
/// Nodes of a stream that are looked at to measure it.
const SAMPLES: u64 = 5;
/// How long a rate looks back.
const RATE: Span = Span::from_secs(60);
/// Consumers that stirred within so much of what was told last did not stir since.
const JITTER: Span = Span::from_ms(1_500);

/// What is known of one stream.
#[derive(Default)]
struct Known {
    info: Option<StreamInfo>,
    bytes: Option<(Timestamp, u64)>,
    /// Entries ever added, at some times of the last minute.
    added: VecDeque<(Timestamp, u64)>,
}

/// The streams, over all connections.
pub(super) struct Streams {
    /// The event stream: it is looked at even when keys may not be walked.
    events: Vec<u8>,
    known: BTreeMap<Vec<u8>, Known>,
    /// The key that the rotation came to.
    at: Vec<u8>,
}

impl Streams {
    pub(super) fn new(events: &str) -> Self {
        let mut streams = Self { events: events.into(), known: BTreeMap::new(), at: Vec::new() };
        streams.forget();
        streams
    }

    /// The server began anew: nothing known of its streams holds.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.known.insert(self.events.clone(), Known::default());
    }

    /// Streams that the walk over the keys met.
    pub(super) fn found(&mut self, keys: Vec<Vec<u8>>) {
        for key in keys {
            if self.known.len() < STREAMS {
                self.known.entry(key).or_default();
            }
        }
    }

    /// The keys of the streams of executions.
    pub(super) fn executions(&self) -> impl Iterator<Item = &[u8]> {
        self.known.keys().map(Vec::as_slice).filter(|key| calls::workspace(key).is_some())
    }

    /// Looks into some of the streams. Says whether the operator's role may.
    pub(super) async fn round(&mut self, asker: &mut Asker<'_>) -> Result<bool, End> {
        for key in self.turn() {
            match self.look(asker, &key).await? {
                Seen::There => {}
                Seen::Gone => self.gone(&key),
                Seen::Forbidden if key == self.events => return Ok(false),
                Seen::Forbidden => break,
            }
        }
        self.measure(asker).await?;
        Ok(true)
    }

    /// Every stream that was looked into.
    pub(super) fn told(&self) -> Vec<StreamInfo> {
        self.known.values().filter_map(|known| known.info.clone()).collect()
    }

    /// The streams whose turn it is.
    fn turn(&mut self) -> Vec<Vec<u8>> {
        let read = |known: &Known| known.info.as_ref().is_some_and(|it| !it.groups.is_empty());
        let mut keys = vec![self.events.clone()];
        let grouped = self.known.iter().filter(|(key, known)| **key != self.events && read(known));
        keys.extend(grouped.map(|(key, _)| key.clone()).take(READ));
        let after = self
            .known
            .range((std::ops::Bound::Excluded(self.at.clone()), std::ops::Bound::Unbounded));
        let others: Vec<_> = after.map(|(key, _)| key.clone()).take(OTHERS).collect();
        // At the end of the list the rotation begins anew.
        self.at = others.last().filter(|_| others.len() == OTHERS).cloned().unwrap_or_default();
        keys.extend(others.into_iter().filter(|key| *key != self.events));
        keys.dedup();
        keys
    }

    fn gone(&mut self, key: &[u8]) {
        if key == self.events {
            self.known.insert(key.to_vec(), Known::default());
        } else {
            self.known.remove(key);
        }
    }

    async fn look(&mut self, asker: &mut Asker<'_>, key: &[u8]) -> Result<Seen, End> {
        let mut command = cmd("XINFO");
        command.arg("STREAM").arg(key);
        let facts = match asker.ask("XINFO STREAM", &command).await? {
            Answer::Said(reply) => replies::stream(reply).map_err(odd("XINFO STREAM"))?,
            Answer::Gone => return Ok(Seen::Gone),
            Answer::Forbidden => return Ok(Seen::Forbidden),
            Answer::KeyForbidden => {
                let info = unseen(key);
                self.known.entry(key.to_vec()).or_default().info = Some(info);
                return Ok(Seen::There);
            }
        };
        let groups = if facts.groups > 0 { self.groups(asker, key).await? } else { Vec::new() };
        let now = asker.desk.voice.now();
        let known = self.known.entry(key.to_vec()).or_default();
        let mut info = known.info(key, &facts, groups, now);
        if facts.groups > 0 && info.groups.is_empty() {
            (info.health, info.why) = (Health::Unknown, Text::clean("you may not see its groups"));
        }
        known.info = Some(info);
        Ok(Seen::There)
    }

    async fn groups(&self, asker: &mut Asker<'_>, key: &[u8]) -> Result<Vec<Group>, End> {
        let mut command = cmd("XINFO");
        command.arg("GROUPS").arg(key);
        let Some(reply) = asker.ask("XINFO GROUPS", &command).await?.said() else {
            return Ok(Vec::new());
        };
        let facts = replies::groups(reply).map_err(odd("XINFO GROUPS"))?;
        let before = self.known.get(key).and_then(|known| known.info.as_ref());
        let mut groups = Vec::new();
        for facts in facts.into_iter().take(GROUPS) {
            let name = text(&facts.name);
            let earlier = before
                .and_then(|stream| stream.groups.iter().find(|group| group.name == name))
                .map_or(&[][..], |group| &group.consumers);
            groups.push(group(asker, key, &facts, earlier).await?);
        }
        Ok(groups)
    }

    /// Measures the stream whose measure is oldest, if one is due.
    async fn measure(&mut self, asker: &mut Asker<'_>) -> Result<(), End> {
        let now = asker.desk.voice.now();
        let due = self
            .known
            .iter()
            .filter(|(_, known)| known.info.is_some())
            .filter(|(_, known)| known.bytes.is_none_or(|(at, _)| now.since(at) >= MEASURED))
            .min_by_key(|(_, known)| known.bytes.map(|(at, _)| at));
        let Some(key) = due.map(|(key, _)| key.clone()) else { return Ok(()) };
        let mut command = cmd("MEMORY");
        command.arg("USAGE").arg(&key).arg("SAMPLES").arg(SAMPLES);
        let reply = asker.ask("MEMORY USAGE", &command).await?.said();
        if let Some(bytes) = reply.as_ref().and_then(replies::number)
            && let Some(known) = self.known.get_mut(&key)
        {
            known.bytes = Some((now, bytes));
            if let Some(info) = &mut known.info {
                info.bytes = Some(bytes);
            }
        }
        Ok(())
    }
}

/// What a look at a stream found.
enum Seen {
    There,
    Gone,
    Forbidden,
}

impl Known {
    fn info(
        &mut self,
        key: &[u8],
        facts: &StreamFacts,
        groups: Vec<Group>,
        now: Timestamp,
    ) -> StreamInfo {
        let name = text(key);
        StreamInfo {
            uid: Uid(name.clone()),
            key: name,
            tenant: calls::workspace(key),
            length: facts.length,
            bytes: self.bytes.map(|(_, bytes)| bytes),
            first: facts.first,
            last: facts.last,
            added: facts.added.unwrap_or(0),
            per_minute: facts.added.and_then(|added| self.rate(added, now)),
            groups: groups.into(),
            health: Health::Unknown,
            why: Text::default(),
        }
        .judged(now)
    }

    /// Entries in a minute since the oldest count that is remembered.
    fn rate(&mut self, added: u64, now: Timestamp) -> Option<u64> {
        if self.added.back().is_some_and(|(_, before)| *before > added) {
            // The stream began anew.
            self.added.clear();
        }
        while self.added.len() > 1
            && self.added.get(1).is_some_and(|(at, _)| now.since(*at) >= RATE)
        {
            self.added.pop_front();
        }
        let rate = self.added.front().and_then(|(at, before)| {
            let ms = now.since(*at).ms();
            (ms > 0).then(|| added.saturating_sub(*before).saturating_mul(60_000) / ms)
        });
        self.added.push_back((now, added));
        rate
    }
}

/// A stream that the operator may not look into.
fn unseen(key: &[u8]) -> StreamInfo {
    let name = text(key);
    StreamInfo {
        uid: Uid(name.clone()),
        key: name,
        tenant: calls::workspace(key),
        length: 0,
        bytes: None,
        first: None,
        last: None,
        added: 0,
        per_minute: None,
        groups: Box::default(),
        health: Health::Unknown,
        why: Text::clean("you may not look into it"),
    }
}

async fn group(
    asker: &mut Asker<'_>,
    key: &[u8],
    facts: &GroupFacts,
    earlier: &[Consumer],
) -> Result<Group, End> {
    let oldest_pending = if facts.pending > 0 { oldest(asker, key, facts).await? } else { None };
    let consumers = if facts.consumers > 0 && facts.consumers <= CONSUMERS_ASKED {
        consumers(asker, key, facts, earlier).await?
    } else {
        Vec::new()
    };
    Ok(Group {
        name: text(&facts.name),
        delivered: facts.delivered,
        lag: facts.lag,
        pending: facts.pending,
        oldest_pending,
        members: facts.consumers,
        consumers: consumers.into(),
    })
}

/// The oldest entry that is pending, from the summary: never from the list.
async fn oldest(
    asker: &mut Asker<'_>,
    key: &[u8],
    facts: &GroupFacts,
) -> Result<Option<StreamId>, End> {
    let mut command = cmd("XPENDING");
    command.arg(key).arg(&facts.name);
    match asker.ask("XPENDING", &command).await?.said() {
        Some(reply) => replies::oldest_pending(reply).map_err(odd("XPENDING")),
        None => Ok(None),
    }
}

async fn consumers(
    asker: &mut Asker<'_>,
    key: &[u8],
    facts: &GroupFacts,
    earlier: &[Consumer],
) -> Result<Vec<Consumer>, End> {
    let mut command = cmd("XINFO");
    command.arg("CONSUMERS").arg(key).arg(&facts.name);
    let Some(reply) = asker.ask("XINFO CONSUMERS", &command).await?.said() else {
        return Ok(Vec::new());
    };
    let mut found = replies::consumers(reply).map_err(odd("XINFO CONSUMERS"))?;
    found.sort_by(|a, b| b.pending.cmp(&a.pending).then_with(|| a.name.cmp(&b.name)));
    let now = asker.desk.voice.now();
    let consumer = |facts: replies::ConsumerFacts| {
        let since = now.before(facts.idle);
        let known = earlier.iter().find(|known| known.name == facts.name);
        let steady = known
            .map(|known| known.quiet_since)
            .filter(|known| known.since(since) <= JITTER && since.since(*known) <= JITTER);
        Consumer { name: facts.name, pending: facts.pending, quiet_since: steady.unwrap_or(since) }
    };
    Ok(found.into_iter().take(CONSUMERS).map(consumer).collect())
}

fn text(raw: &[u8]) -> Text {
    Text::bounded(&String::from_utf8_lossy(raw), NAME_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_over_the_last_minute() {
        let mut known = Known::default();
        let at = |secs: i64| Timestamp::from_ms(secs * 1_000);
        assert_eq!(known.rate(100, at(0)), None);
        assert_eq!(known.rate(110, at(10)), Some(60));
        assert_eq!(known.rate(700, at(60)), Some(600));
        assert_eq!(known.rate(700, at(120)), Some(0));
        assert_eq!(known.rate(3, at(130)), None, "the stream began anew");
    }

    #[test]
    fn every_stream_has_its_turn_and_the_event_stream_every_time() {
        let mut streams = Streams::new("PLANA:events");
        let keys: Vec<_> = (0..45).map(|n| format!("s:{n:02}").into_bytes()).collect();
        streams.found(keys.clone());
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let turn = streams.turn();
            assert_eq!(turn[0], b"PLANA:events");
            assert!(turn.len() <= 1 + OTHERS);
            seen.extend(turn);
        }
        assert!(keys.iter().all(|key| seen.contains(key)));
        streams.forget();
        assert_eq!(streams.turn(), [b"PLANA:events".to_vec()]);
    }

    #[test]
    fn no_more_streams_are_remembered_than_a_bound() {
        let mut streams = Streams::new("e");
        streams.found((0..5_000).map(|n| format!("s:{n}").into_bytes()).collect());
        assert_eq!(streams.known.len(), STREAMS);
    }
}
