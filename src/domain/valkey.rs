//! What is known of a Valkey server: its streams, families of keys, and the server itself.

use serde::{Deserialize, Serialize};

use super::{Cost, Span, StreamId, Text, Timestamp, Uid};

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
    /// Its consumer groups.
    pub groups: Box<[Group]>,
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
    /// Its consumers, at most a bounded number of them.
    pub consumers: Box<[Consumer]>,
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
    /// Its parts, the largest first, at most a bounded number: databases, tenants, or queues.
    pub parts: Box<[KeyPart]>,
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
    /// Bytes of memory in use.
    pub memory: u64,
    /// The most; none without a limit.
    pub memory_max: Option<u64>,
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
