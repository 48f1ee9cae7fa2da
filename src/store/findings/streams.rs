//! Streams: groups that lag, entries that nobody acknowledges, what the server lost.

use super::{Found, Look};
use crate::domain::{
    FeedId, GapCause, Group, Health, Missed, Object, Span, StreamInfo, StreamServer, Text,
    Timestamp,
};
use crate::store::table::RowId;

/// A group that is so many entries behind does not keep up.
const LAG: u64 = 1_000;
/// Or has stopped.
const LAG_FAR: u64 = 10_000;
/// What was handed out so long ago and is not acknowledged is stuck.
const PENDING_OLD: Span = Span::from_secs(10 * 60);
/// For so long what a server lost is said.
const SAID: Span = Span::from_secs(60 * 60);

/// What the counters of the server of streams were when they were first seen, and when they grew.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The run of the server that they are of.
    run: Text,
    evicted: Option<u64>,
    /// Keys that had to go since this console looks, and when the last went.
    lost: Option<(u64, Timestamp)>,
    /// When another run of the server was seen.
    restarted: Option<Timestamp>,
}

impl Seen {
    /// Takes in the counters that `object` tells.
    pub(super) fn note(&mut self, at: Timestamp, object: &Object) {
        let Object::StreamServer(server) = object else { return };
        if self.run != server.run {
            self.restarted = (!self.run.is_empty()).then_some(at);
            self.run = server.run.clone();
            self.evicted = None;
        }
        if let Some(before) = self.evicted
            && server.evicted > before
        {
            let lost = self.lost.map_or(0, |(count, _)| count);
            self.lost = Some((lost.saturating_add(server.evicted - before), at));
        }
        self.evicted = Some(server.evicted);
    }
}

/// Finds what is wrong with the streams and their server.
pub(super) fn judge(look: &Look<'_>, found: &mut Found) {
    for (_, held) in look.store.objects().stream_server.iter() {
        server(look, found, &held.object);
    }
    gaps(look, found);
    for (_, held) in look.store.objects().streams.iter() {
        for group in &held.object.groups {
            of_group(look, found, &held.object, group);
        }
    }
}

fn server(look: &Look<'_>, found: &mut Found, server: &StreamServer) {
    let mut say = |key: &str, health, at, what: &str| {
        let mut finding = found.begin(health, &Text::clean(key), "server");
        finding.subject = Text::from("valkey");
        finding.at = at;
        found.push(look, finding, what);
    };
    let recent = |at: &Timestamp| look.now.since(*at) < SAID;
    if let Some(at) = look.seen.restarted.or(server.started).filter(recent) {
        let health = if server.persistent { Health::Degraded } else { Health::Failed };
        let lost = if server.persistent { "" } else { ": what it held is lost" };
        say("restart", health, Some(at), &format!("the server was started again{lost}"));
    }
    if let Some((keys, at)) = look.seen.lost.filter(|(_, at)| recent(at)) {
        let what = format!("{keys} keys had to go for memory since this console looks");
        say("evicted", Health::Degraded, Some(at), &what);
    }
    if let Some(most) = server.memory_max.filter(|most| *most > 0) {
        let percent = u128::from(server.memory) * 100 / u128::from(most);
        if percent >= 90 {
            let health = if percent >= 98 { Health::Failed } else { Health::Degraded };
            say("memory", health, None, &format!("its memory is {percent} % full"));
        }
    }
}

/// What is missing of the event stream.
fn gaps(look: &Look<'_>, found: &mut Found) {
    for (number, (at, gap)) in look.gaps.iter().enumerate() {
        if look.now.since(*at) >= SAID {
            continue;
        }
        let reset = gap.cause == GapCause::Reset;
        let health = if reset { Health::Failed } else { Health::Degraded };
        let place =
            gap.after.or(gap.before).map_or_else(|| number.to_string(), |id| id.to_string());
        let key = Text::clean(&format!("gap {place}"));
        let mut finding = found.begin(health, &key, "gaps");
        finding.subject = Text::from("PLANA:events");
        finding.at = Some(*at);
        let missed = match gap.missed {
            Missed::Exactly(1) => "1 event is missing".to_owned(),
            Missed::Exactly(n) => format!("{n} events are missing"),
            Missed::Some => "events are missing, nobody knows how many".to_owned(),
        };
        let why = if reset { "the stream began anew" } else { "the server trimmed them" };
        found.push(look, finding, &format!("{missed}: {why}"));
    }
}

fn of_group(look: &Look<'_>, found: &mut Found, stream: &StreamInfo, group: &Group) {
    let mut faults = Vec::new();
    let mut health = Health::Degraded;
    if let Some(lag) = group.lag.filter(|lag| *lag >= LAG) {
        if lag >= LAG_FAR {
            health = Health::Failed;
        }
        faults.push(format!("{lag} entries behind"));
    }
    let oldest = group.oldest_pending.map(crate::domain::StreamId::at);
    let stuck = oldest.filter(|at| group.pending > 0 && look.now.since(*at) >= PENDING_OLD);
    if stuck.is_some() {
        faults.push(format!("{} handed out and not acknowledged", group.pending));
    }
    if faults.is_empty() {
        return;
    }
    let key = Text::clean(&format!("{} {}", stream.uid.0, group.name));
    let mut finding = found.begin(health, &key, "groups that lag");
    finding.subject = stream.key.clone();
    finding.tenant.clone_from(&stream.tenant);
    finding.at = stuck.or_else(|| group.lag.and(Some(group.delivered.at())));
    finding.row = Some(RowId::Object(FeedId::Streams, stream.uid.clone()));
    found.push(look, finding, &format!("the group {} is {}", group.name, faults.join("; ")));
}
