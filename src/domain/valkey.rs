//! What is known of a Valkey server: its streams, families of keys, and the server itself.

use serde::{Deserialize, Serialize};

use super::{Cost, Health, Span, StreamId, Text, Timestamp, Uid};

/// Entries handed out and not acknowledged for longer than this are forgotten, or their consumer is stuck.
const STUCK: Span = Span::from_secs(30 * 60);

/// A group this many entries behind does not keep up.
const BEHIND: u64 = 1_000;

/// One stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamInfo {
    /// Its identity: its key.
    pub uid: Uid,
    /// Its key.
    pub key: Text,
    /// The tenant that it belongs to.
    pub tenant: Option<Text>,
    /// Entries.
    pub length: u64,
    /// Bytes in memory; none while they were not counted.
    pub bytes: Option<u64>,
    /// The oldest entry.
    pub first: Option<StreamId>,
    /// The newest entry.
    pub last: Option<StreamId>,
    /// Entries ever added, by the server's count.
    pub added: u64,
    /// Entries in a minute, over the last refresh; none before the second one.
    pub per_minute: Option<u64>,
    /// Its consumer groups, the worst first, at most a bounded number of them.
    pub groups: Box<[Group]>,
    /// How well it is read: the worst of its groups.
    pub health: Health,
    /// Why, in a clause; empty when it is well.
    pub why: Text,
}

impl StreamInfo {
    /// The entries that the group furthest behind has not been handed; none when nobody can say.
    #[must_use]
    pub fn lag(&self) -> Option<u64> {
        self.groups.iter().filter_map(|group| group.lag).max()
    }

    /// Entries handed out and not acknowledged, by all groups.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.groups.iter().map(|group| group.pending).sum()
    }

    /// When the oldest entry that was handed out and not acknowledged came.
    #[must_use]
    pub fn oldest_pending(&self) -> Option<Timestamp> {
        self.groups.iter().filter_map(|group| group.oldest_pending).min().map(StreamId::at)
    }

    /// Whether nothing is known of it but that it is there: the operator's role may not look into it.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        self.health == Health::Unknown && self.length == 0 && self.last.is_none()
    }

    /// The same stream, its groups judged at `now` and put in order, the worst first.
    #[must_use]
    pub fn judged(mut self, now: Timestamp) -> Self {
        let length = self.length;
        let mut judged: Vec<_> =
            self.groups.into_iter().map(|group| (group.verdict(length, now), group)).collect();
        judged.sort_by(|((a, _), one), ((b, _), other)| {
            a.cmp(b).then_with(|| other.lag.cmp(&one.lag)).then_with(|| one.name.cmp(&other.name))
        });
        let worst = judged.first().filter(|((health, _), _)| *health < Health::Healthy);
        (self.health, self.why) = worst.map_or_else(
            || (Health::Healthy, Text::default()),
            |((health, why), group)| (*health, Text::clean(&format!("{}: {why}", group.name))),
        );
        self.groups = judged.into_iter().map(|(_, group)| group).collect();
        self
    }
}

/// A consumer group of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: Text,
    /// The last entry handed out.
    pub delivered: StreamId,
    /// Entries not handed out yet; none when the server can't say.
    pub lag: Option<u64>,
    /// Entries handed out and not acknowledged.
    pub pending: u64,
    /// The oldest of these.
    pub oldest_pending: Option<StreamId>,
    /// How many consumers it has.
    pub members: u64,
    /// Its consumers, those with most entries pending first, at most a bounded number of them.
    pub consumers: Box<[Consumer]>,
}

impl Group {
    /// How well it reads a stream of `length` entries at `now`, and why in a clause.
    #[must_use]
    pub fn verdict(&self, length: u64, now: Timestamp) -> (Health, String) {
        let lag = self.lag.unwrap_or(0);
        if lag > length {
            let lost = lag - length;
            return (Health::Failed, format!("{lost} entries were trimmed before it read them"));
        }
        if lag > 0 && self.consumers.is_empty() && self.members == 0 {
            return (Health::Degraded, format!("nobody reads, {lag} behind"));
        }
        let stuck = self.oldest_pending.is_some_and(|oldest| now.since(oldest.at()) > STUCK);
        if self.pending > 0 && stuck {
            let pending = self.pending;
            return (Health::Degraded, format!("{pending} not acknowledged for over 30 minutes"));
        }
        if lag >= BEHIND {
            return (Health::Degraded, format!("{lag} behind"));
        }
        (Health::Healthy, String::new())
    }
}

/// A consumer of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    /// Its name.
    pub name: Text,
    /// Entries handed to it and not acknowledged.
    pub pending: u64,
    /// Since when it did nothing.
    pub quiet_since: Timestamp,
}

/// Keys that begin alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFamily {
    /// Its identity: its pattern.
    pub uid: Uid,
    /// Its pattern, such as `odoo:session:*`.
    pub pattern: Text,
    /// What it is for, in a line.
    pub what: Text,
    /// How many keys there were at the last complete count.
    pub count: Option<u64>,
    /// When that count was complete.
    pub counted: Option<Timestamp>,
    /// How many in a hundred keys of the server the count under way has seen.
    pub progress: Option<u8>,
    /// Its parts, the largest first, at most a bounded number: databases, tenants, queues, or states of jobs.
    pub parts: Box<[KeyPart]>,
    /// How well the queue is, where it is one.
    pub health: Health,
    /// What there is to say of it in a clause, such as `41 wait, 9 failed`; empty when there is nothing.
    pub note: Text,
}

impl KeyFamily {
    /// How the identities of queues begin.
    pub const QUEUE: &str = "bull:";

    /// The name of the queue, where this is one queue and not a family.
    #[must_use]
    pub fn queue(&self) -> Option<&str> {
        self.pattern.as_str().strip_prefix(Self::QUEUE).filter(|name| *name != "*")
    }

    /// Jobs of the queue that are due and that nobody works on yet; none where this is no queue.
    #[must_use]
    pub fn waiting(&self) -> Option<u64> {
        self.queue()?;
        let due = |part: &&KeyPart| ["wait", "held", "prioritized"].contains(&part.name.as_str());
        Some(self.parts.iter().filter(due).map(|part| part.count).sum())
    }

    /// The largest part, where this is a family and it is known.
    #[must_use]
    pub fn largest(&self) -> Option<&KeyPart> {
        if self.queue().is_some() { None } else { self.parts.first() }
    }
}

/// A part of a family of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPart {
    /// Its name.
    pub name: Text,
    /// How many there are; of a queue, jobs that wait.
    pub count: u64,
    /// For a queue: jobs by state, such as `active 2, failed 1`.
    pub note: Text,
}

/// The Valkey server itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamServer {
    /// Its identity: there is one.
    pub uid: Uid,
    /// Its name and version.
    pub version: Text,
    /// The id of this run of the server: another one means that it was started again.
    pub run: Text,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// When this console saw that it had been started again; none while it has not.
    pub restarted: Option<Timestamp>,
    /// Bytes of memory in use.
    pub memory: u64,
    /// The most; none without a limit.
    pub memory_max: Option<u64>,
    /// What it does when there is no more, in its own word, such as `noeviction`.
    pub policy: Text,
    /// Connected clients.
    pub clients: u64,
    /// Clients that wait in a blocking command.
    pub clients_blocked: u64,
    /// Keys that had to go for memory, ever.
    pub evicted: u64,
    /// Keys.
    pub keys: u64,
    /// Commands in a second.
    pub commands_per_second: u64,
    /// Whether it keeps anything over a restart.
    pub persistent: bool,
    /// The newest slow commands, newest first.
    pub slow: Box<[SlowCommand]>,
    /// What the operator's role may not see, as clauses.
    pub hidden: Box<[Text]>,
    /// What this console costs it.
    pub cost: Cost,
}

/// A command that took long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowCommand {
    /// When it ran.
    pub at: Timestamp,
    /// How long it took.
    pub took: Span,
    /// The command with its arguments, bounded.
    pub command: Text,
}

/// One call of a tool by an agent, from its workspace's audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its identity: workspace and entry.
    pub uid: Uid,
    /// The workspace, which is a tenant.
    pub workspace: Text,
    /// When it was written down.
    pub at: Timestamp,
    /// The agent.
    pub agent: Text,
    /// The tool.
    pub tool: Text,
    /// How it ended, in the audit's own word.
    pub status: Text,
    /// Whether it was only pretended, because the agent is in shadow mode.
    pub shadow: bool,
    /// How long it took.
    pub took: Option<Span>,
    /// Arguments and answer in a line, bounded.
    pub detail: Text,
}

impl Execution {
    /// How it ended, as a health: what was only pretended is neither well nor unwell.
    #[must_use]
    pub fn health(&self) -> Health {
        if self.shadow {
            return Health::Unknown;
        }
        match self.status.as_str().to_ascii_lowercase().as_str() {
            "success" | "succeeded" | "ok" | "completed" | "done" => Health::Healthy,
            "running" | "started" | "pending" | "queued" => Health::Progressing,
            "error" | "failed" | "failure" | "denied" | "timeout" | "refused" => Health::Failed,
            _ => Health::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, lag: Option<u64>, pending: u64, members: u64) -> Group {
        Group {
            name: name.into(),
            delivered: StreamId { ms: 1, seq: 0 },
            lag,
            pending,
            oldest_pending: (pending > 0).then_some(StreamId { ms: 1_000, seq: 0 }),
            members,
            consumers: Box::default(),
        }
    }

    #[test]
    fn groups_are_judged_by_what_they_leave_undone() {
        let soon = Timestamp::from_ms(60_000);
        let late = Timestamp::from_ms(31 * 60_000);
        for (group, now, health, why) in [
            (group("g", Some(0), 0, 1), soon, Health::Healthy, ""),
            (group("g", None, 0, 1), soon, Health::Healthy, ""),
            (group("g", Some(101), 0, 1), soon, Health::Failed, "1 entries were trimmed"),
            (group("g", Some(7), 0, 0), soon, Health::Degraded, "nobody reads, 7 behind"),
            (group("g", Some(0), 3, 1), soon, Health::Healthy, ""),
            (group("g", Some(0), 3, 1), late, Health::Degraded, "3 not acknowledged"),
        ] {
            let (found, said) = group.verdict(100, now);
            assert_eq!(found, health, "{group:?}");
            assert!(said.starts_with(why), "{said}");
        }
        assert_eq!(group("g", Some(1_000), 0, 1).verdict(5_000, soon).0, Health::Degraded);
    }

    #[test]
    fn a_stream_is_as_well_as_its_worst_group() {
        let stream = StreamInfo {
            uid: Uid("s".into()),
            key: "s".into(),
            tenant: None,
            length: 100,
            bytes: None,
            first: None,
            last: None,
            added: 100,
            per_minute: None,
            groups: [
                group("a", Some(0), 0, 1),
                group("b", Some(500), 0, 1),
                group("c", Some(9), 2, 0),
            ]
            .into(),
            health: Health::Unknown,
            why: Text::default(),
        };
        let judged = stream.judged(Timestamp::from_ms(5_000));
        let order: Vec<_> = judged.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(order, ["b", "c", "a"]);
        assert_eq!(judged.health, Health::Failed);
        assert_eq!(judged.why, "b: 400 entries were trimmed before it read them");
        assert_eq!((judged.lag(), judged.pending()), (Some(500), 2));
        assert_eq!(judged.oldest_pending(), Some(Timestamp::from_ms(1_000)));
    }

    #[test]
    fn what_was_only_pretended_is_not_called_well() {
        let call = |status: &str, shadow| Execution {
            uid: Uid("w/1-0".into()),
            workspace: "w".into(),
            at: Timestamp::default(),
            agent: "finance".into(),
            tool: "register_payment".into(),
            status: status.into(),
            shadow,
            took: None,
            detail: Text::default(),
        };
        assert_eq!(call("success", false).health(), Health::Healthy);
        assert_eq!(call("Error", false).health(), Health::Failed);
        assert_eq!(call("would_execute", true).health(), Health::Unknown);
        assert_eq!(call("новo", false).health(), Health::Unknown);
    }
}
