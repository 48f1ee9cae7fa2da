//! What is known of a PostgreSQL server: its databases, who is connected, and the server itself.

use serde::{Deserialize, Serialize};

use super::{Health, Span, Text, Timestamp, Uid};

/// What a database is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseClass {
    /// One tenant's data.
    Tenant,
    /// A copy of a tenant's data: staging, a test, or what a restore left.
    Copy,
    /// What tenants are cloned from.
    Template,
    /// The platform's own.
    Platform,
}

impl DatabaseClass {
    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Copy => "copy",
            Self::Template => "template",
            Self::Platform => "platform",
        }
    }

    /// What the database `name` is for where tenants' databases are called after their address under `domain`, and
    /// the tenant whose data it holds.
    ///
    /// `acme.DOMAIN` is a tenant's, `basic-template-18.DOMAIN` a template, and `acme-staging.` with the same domain under
    /// another ending a copy of a tenant's. Whether there is such a tenant is not judged here.
    #[must_use]
    pub fn of<'n>(name: &'n str, domain: &str) -> (Self, Option<&'n str>) {
        let Some((host, rest)) = name.split_once('.').filter(|(host, _)| !host.is_empty()) else {
            return (Self::Platform, None);
        };
        if rest == domain {
            return if is_template(host) {
                (Self::Template, None)
            } else {
                (Self::Tenant, Some(host))
            };
        }
        let stem = |domain: &str| domain.rsplit_once('.').map(|(stem, _)| stem.to_owned());
        match host.rsplit_once('-') {
            Some((tenant, _)) if stem(rest).is_some() && stem(rest) == stem(domain) => {
                (Self::Copy, Some(tenant))
            }
            _ => (Self::Platform, None),
        }
    }
}

/// Whether `host` ends in `-template-` and a number.
fn is_template(host: &str) -> bool {
    host.rsplit_once("-template-").is_some_and(|(edition, major)| {
        !edition.is_empty() && !major.is_empty() && major.chars().all(|char| char.is_ascii_digit())
    })
}

/// One database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Its identity: a database that is dropped and made anew is another one.
    pub uid: Uid,
    /// Its name.
    pub name: Text,
    /// What it is for, by its name.
    pub class: DatabaseClass,
    /// The tenant whose data it holds, by its name.
    pub tenant: Option<Text>,
    /// The role that owns it.
    pub owner: Text,
    /// Whether it takes connections.
    pub open: bool,
    /// Its size, and when it was measured; none while it was not, or may not be.
    pub size: Option<Measured>,
    /// Who is connected.
    pub connections: Connections,
    /// What it did since its statistics began.
    pub figures: DatabaseFigures,
    /// When the oldest transaction that is open in it began.
    pub oldest_transaction: Option<Timestamp>,
    /// When one of its tables was last vacuumed, by hand or by itself.
    pub vacuumed: Option<Timestamp>,
    /// Transactions since the oldest one that is not frozen; at two thousand million it stops.
    pub frozen_age: Option<u64>,
    /// How many of its sessions wait for a lock that another one holds.
    pub blocked: u32,
    /// When a deadlock in it was last seen to be counted; forgotten after ten minutes.
    pub deadlock_seen: Option<Timestamp>,
}

impl Database {
    /// Transactions of age at which a server stops taking any that write.
    pub const FROZEN_AGE_MAX: u64 = 1 << 31;

    /// At this age it is about to stop.
    const AGE_FAILED: u64 = 1_500_000_000;

    /// At this age its vacuum has long been behind: by itself it begins at 200 million.
    const AGE_DEGRADED: u64 = 600_000_000;

    /// How well it is, by what the server says of it alone.
    #[must_use]
    pub fn health(&self) -> Health {
        let age = self.frozen_age.unwrap_or(0);
        let shut = !self.open && self.class == DatabaseClass::Tenant;
        if age >= Self::AGE_FAILED || shut {
            Health::Failed
        } else if age >= Self::AGE_DEGRADED || self.blocked > 0 || self.deadlock_seen.is_some() {
            Health::Degraded
        } else {
            Health::Healthy
        }
    }

    /// How near it is to the age at which it stops, in thousandths.
    #[must_use]
    pub fn frozen_permille(&self) -> Option<u16> {
        let share = self.frozen_age?.saturating_mul(1000) / Self::FROZEN_AGE_MAX;
        Some(u16::try_from(share).unwrap_or(u16::MAX))
    }
}

/// A size that is dear to find out, and when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Bytes.
    pub bytes: u64,
    /// When they were counted.
    pub at: Timestamp,
}

/// Connections by what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// Running a statement.
    pub active: u32,
    /// Waiting for one.
    pub idle: u32,
    /// Waiting for one while a transaction is open.
    pub in_transaction: u32,
    /// Anything else, and those whose state may not be seen.
    pub other: u32,
}

impl Connections {
    /// All of them.
    #[must_use]
    pub const fn all(self) -> u32 {
        self.active
            .saturating_add(self.idle)
            .saturating_add(self.in_transaction)
            .saturating_add(self.other)
    }

    /// Counts one more that is in `state`.
    pub const fn count(&mut self, state: SessionState) {
        let field = match state {
            SessionState::Active => &mut self.active,
            SessionState::Idle => &mut self.idle,
            SessionState::InTransaction | SessionState::Aborted => &mut self.in_transaction,
            SessionState::Other | SessionState::Hidden => &mut self.other,
        };
        *field = field.saturating_add(1);
    }
}

/// What a database did since its statistics began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseFigures {
    /// Transactions that were committed.
    pub commits: u64,
    /// Transactions that were rolled back.
    pub rollbacks: u64,
    /// Commits in a minute, over the last refresh; none before the second one.
    pub commits_per_minute: Option<u64>,
    /// How many in a thousand blocks were found in memory; none when none was asked for.
    pub hit_permille: Option<u16>,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Temporary files that were written.
    pub temp_files: u64,
    /// Their bytes.
    pub temp_bytes: u64,
}

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionState {
    /// Running a statement.
    Active,
    /// A transaction is open, and it waits for the next statement.
    InTransaction,
    /// The same, after an error.
    Aborted,
    /// Waiting for a statement.
    Idle,
    /// Anything else.
    Other,
    /// The operator's role may not see it.
    Hidden,
}

impl SessionState {
    /// The state that the server calls `word`; none is what the role may not see.
    #[must_use]
    pub fn of(word: Option<&str>) -> Self {
        match word {
            Some("active") => Self::Active,
            Some("idle") => Self::Idle,
            Some("idle in transaction") => Self::InTransaction,
            Some("idle in transaction (aborted)") => Self::Aborted,
            Some(_) => Self::Other,
            None => Self::Hidden,
        }
    }

    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::InTransaction => "in transaction",
            Self::Aborted => "aborted",
            Self::Idle => "idle",
            Self::Other => "other",
            Self::Hidden => "hidden",
        }
    }
}

/// One connection to a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its identity: a process id is used again, so its start is part of it.
    pub uid: Uid,
    /// The id of its process on the server.
    pub pid: u32,
    /// The database.
    pub database: Text,
    /// The tenant of that database.
    pub tenant: Option<Text>,
    /// The role.
    pub user: Text,
    /// What the program calls itself.
    pub application: Text,
    /// Where it comes from; empty for a local socket.
    pub client: Text,
    /// What it does.
    pub state: SessionState,
    /// What it waits for, such as `Lock: transactionid`.
    pub wait: Option<Text>,
    /// When it connected.
    pub connected: Option<Timestamp>,
    /// When its transaction began.
    pub transaction: Option<Timestamp>,
    /// When its current or last statement began.
    pub statement_at: Option<Timestamp>,
    /// When it came to this state.
    pub since: Option<Timestamp>,
    /// Its current or last statement, bounded.
    pub statement: Text,
    /// The processes that hold what it waits for, or stand before it in the queue for it.
    pub blocked_by: Box<[u32]>,
    /// How many sessions wait for it, directly or behind others.
    pub blocks: u32,
}

impl Session {
    /// How well it is: what holds others up is worst, then what is held up, then what may come to hold others up.
    #[must_use]
    pub fn health(&self) -> Health {
        match self.state {
            _ if self.blocks > 0 && self.blocked_by.is_empty() => Health::Failed,
            _ if !self.blocked_by.is_empty() => Health::Degraded,
            SessionState::Aborted | SessionState::InTransaction => Health::Progressing,
            SessionState::Hidden => Health::Unknown,
            SessionState::Active | SessionState::Idle | SessionState::Other => Health::Healthy,
        }
    }

    /// Sets how many of `sessions` wait for each of them, directly or behind others.
    pub fn count_blocked(sessions: &mut [Self]) {
        let waiting: Vec<(u32, Box<[u32]>)> = sessions
            .iter()
            .filter(|session| !session.blocked_by.is_empty())
            .map(|session| (session.pid, session.blocked_by.clone()))
            .collect();
        if waiting.is_empty() {
            return;
        }
        for session in sessions {
            let mut held_up = vec![session.pid];
            let mut next = 0;
            while let Some(pid) = held_up.get(next).copied() {
                next += 1;
                for (waiter, holders) in &waiting {
                    if holders.contains(&pid) && !held_up.contains(waiter) {
                        held_up.push(*waiter);
                    }
                }
            }
            session.blocks = u32::try_from(held_up.len() - 1).unwrap_or(u32::MAX);
        }
    }
}

/// The PostgreSQL server itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseServer {
    /// Its identity: there is one.
    pub uid: Uid,
    /// Its version.
    pub version: Text,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// Connections of clients.
    pub connections: u32,
    /// The most it takes.
    pub connections_max: u32,
    /// Of these, kept for superusers.
    pub reserved: u32,
    /// Whether it follows another server.
    pub standby: bool,
    /// Bytes of write-ahead log written in a minute, over the last refresh.
    pub wal_per_minute: Option<u64>,
    /// Bytes of write-ahead log kept, where it may be seen.
    pub wal_bytes: Option<u64>,
    /// Sessions that wait for a lock that another one holds.
    pub blocked: u32,
    /// Bytes of its disk, used and in all, where something tells them.
    pub disk: Option<(u64, u64)>,
    /// The servers that follow it.
    pub replicas: Box<[Replica]>,
    /// What the operator's role may not see, as clauses.
    pub hidden: Box<[Text]>,
    /// What this console costs it.
    pub cost: Cost,
}

/// A server that follows another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// What it calls itself.
    pub name: Text,
    /// How it follows, such as `streaming`.
    pub state: Text,
    /// Bytes that it is behind, where known.
    pub behind: Option<u64>,
}

/// What this console costs a server, by its own count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Statements or commands in the last minute.
    pub asked: u64,
    /// The time that they took, together.
    pub took: Span,
    /// The time between two refreshes now: it grows when the server is slow.
    pub every: Span,
}

/// One pool of pgbouncer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Its identity: database and role.
    pub uid: Uid,
    /// The database, as clients call it.
    pub database: Text,
    /// The tenant of that database.
    pub tenant: Option<Text>,
    /// The role.
    pub user: Text,
    /// Clients linked to a server connection, or that have nothing to ask.
    pub clients_active: u32,
    /// Clients that wait for a server connection.
    pub clients_waiting: u32,
    /// Server connections linked to a client.
    pub servers_active: u32,
    /// Server connections ready for a client.
    pub servers_idle: u32,
    /// Server connections that are being opened, tested or reset.
    pub servers_other: u32,
    /// How long the client that waits longest has waited.
    pub longest_wait: Span,
    /// `session`, `transaction` or `statement`.
    pub mode: Text,
    /// Whether it is paused.
    pub paused: bool,
    /// The most server connections; none where it is not told.
    pub size: Option<u32>,
    /// Statements in a second, on average.
    pub queries_per_second: Option<u64>,
    /// The time of a statement, on average.
    pub query_time: Option<Span>,
    /// The time that a client waits, on average.
    pub wait_time: Option<Span>,
}

impl Pool {
    /// A client that waits so long for a server connection is stuck.
    const STUCK: Span = Span::from_secs(5);

    /// How well it serves its clients.
    #[must_use]
    pub fn health(&self) -> Health {
        match self.clients_waiting {
            0 if self.paused => Health::Degraded,
            0 => Health::Healthy,
            _ if self.paused || self.longest_wait >= Self::STUCK => Health::Failed,
            _ => Health::Degraded,
        }
    }

    /// Its server connections in all.
    #[must_use]
    pub const fn servers(&self) -> u32 {
        self.servers_active.saturating_add(self.servers_idle).saturating_add(self.servers_other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_databases_are_for() {
        use DatabaseClass::{Copy, Platform, Template, Tenant};
        for (name, class, tenant) in [
            ("acme.planapulse.app", Tenant, Some("acme")),
            ("sin-oreh.planapulse.app", Tenant, Some("sin-oreh")),
            ("template-18.planapulse.app", Tenant, Some("template-18")),
            ("basic-template-18.planapulse.app", Template, None),
            ("pro-template-x.planapulse.app", Tenant, Some("pro-template-x")),
            ("sin-oreh-staging.planapulse.dev", Copy, Some("sin-oreh")),
            ("acme.planapulse.dev", Platform, None),
            ("acme-staging.example.org", Platform, None),
            (".planapulse.app", Platform, None),
            ("authentik", Platform, None),
            ("a.b.planapulse.app", Platform, None),
            ("", Platform, None),
        ] {
            assert_eq!(DatabaseClass::of(name, "planapulse.app"), (class, tenant), "{name}");
        }
        assert_eq!(DatabaseClass::of("x-y.z", "app"), (Platform, None));
    }

    fn session(pid: u32, blocked_by: &[u32]) -> Session {
        Session {
            uid: Uid(Text::from(pid.to_string())),
            pid,
            database: Text::clean("acme.planapulse.app"),
            tenant: None,
            user: Text::default(),
            application: Text::default(),
            client: Text::default(),
            state: SessionState::Active,
            wait: None,
            connected: None,
            transaction: None,
            statement_at: None,
            since: None,
            statement: Text::default(),
            blocked_by: blocked_by.into(),
            blocks: 0,
        }
    }

    #[test]
    fn those_who_wait_are_counted_through_the_queue_and_in_a_ring() {
        let mut sessions = [
            session(1, &[]),
            session(2, &[1]),
            session(3, &[2, 1]),
            session(4, &[]),
            session(5, &[99]),
        ];
        Session::count_blocked(&mut sessions);
        let blocks: Vec<u32> = sessions.iter().map(|session| session.blocks).collect();
        assert_eq!(blocks, [2, 1, 0, 0, 0]);
        let healths = sessions.map(|session| session.health());
        assert_eq!(
            healths,
            [Health::Failed, Health::Degraded, Health::Degraded, Health::Healthy, Health::Degraded]
        );
        let mut ring = [session(1, &[2]), session(2, &[1])];
        Session::count_blocked(&mut ring);
        assert_eq!(ring.map(|session| session.blocks), [1, 1]);
    }
}
