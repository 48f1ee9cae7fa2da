//! The refreshes: sessions and the server each time, databases and what changes slowly each few times.
//!
//! One statement after the other on one connection. Between refreshes the link is asked for a sign of life, which is no
//! statement; so a server that is gone is known within five seconds, however rarely it is asked.

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use super::connect::{Link, Target};
use super::listing::Listing;
use super::pace::{Ledger, Retry};
use super::read::{self, About};
use super::sizes::Sizes;
use super::slow_lane::{self, lock};
use super::told::Told;
use super::trouble::{self, Failure, Whose};
use super::{FEEDS, Options, sql};
use crate::domain::{
    Database, DatabaseServer, Fact, Replica, Session, Span, Text, Timestamp, Trouble, Uid,
};
use crate::platform::{Closed, Sink};

/// Databases and replicas are listed each so many refreshes.
const LISTED_EACH: u64 = 4;

/// The bytes of the log that are kept are counted each so many refreshes.
const WAL_EACH: u64 = 20;

/// The time between two signs of life.
const SIGN: Duration = Duration::from_millis(1900);

/// The most sessions whose blockers are asked for at once: each asking holds the server's list of locks.
const WAITING_MAX: usize = 64;

/// Why a link is given up.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Failed(#[from] Failure),
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Asks the server until nobody listens.
pub(super) async fn run(options: Options, sink: Sink) -> Result<(), Closed> {
    let target = match Target::server(&options) {
        Ok(target) => target,
        Err(failure) => return lament(&trouble::address(&failure, Whose::Postgres), &sink).await,
    };
    let sizes = Mutex::new(Sizes::default());
    let watch = Watch {
        ledger: Ledger::new(options.refresh),
        domain: options.domain,
        target: target.clone(),
        sink: sink.clone(),
        sizes: &sizes,
        listing: Listing::default(),
        databases: Told::default(),
        sessions: Told::default(),
        server: Told::default(),
        slow: Slow::default(),
    };
    tokio::select! {
        closed = watch.follow() => closed,
        () = slow_lane::run(&target, &sizes, &sink) => Ok(()),
    }
}

/// Tells a trouble that trying again won't heal, and waits until nobody listens.
async fn lament(trouble: &Trouble, sink: &Sink) -> Result<(), Closed> {
    for feed in FEEDS {
        sink.tell(feed, [Fact::Unreachable(trouble.clone())]).await?;
    }
    loop {
        tokio::time::sleep(SIGN).await;
        sink.send(Vec::new()).await?;
    }
}

/// What changes slowly, as of the last time that it was asked for.
#[derive(Debug, Default)]
struct Slow {
    replicas: Box<[Replica]>,
    wal_kept: Option<u64>,
    /// Where the log was, and when.
    wal: Option<(u64, Timestamp)>,
    /// Waiting sessions whose blockers were not asked for.
    unasked: usize,
}

struct Watch<'a> {
    target: Target,
    sink: Sink,
    domain: String,
    sizes: &'a Mutex<Sizes>,
    ledger: Ledger,
    listing: Listing,
    databases: Told<Database>,
    sessions: Told<Session>,
    server: Told<DatabaseServer>,
    slow: Slow,
}

impl Watch<'_> {
    async fn follow(mut self) -> Result<(), Closed> {
        let mut retry = Retry::default();
        let mut told: Option<Trouble> = None;
        loop {
            let mut well = false;
            let failure = match self.link(&mut well).await {
                Err(End::Closed(closed)) => return Err(closed),
                Err(End::Failed(failure)) => failure,
                Ok(never) => match never {},
            };
            lock(self.sizes).set_well(false);
            if well {
                retry.reset();
                told = None;
            }
            let trouble = trouble::explain(&failure, &self.target, Whose::Postgres);
            if told.as_ref() != Some(&trouble) {
                tracing::info!(%failure, "pg01 can't be read");
                self.lost(&trouble).await?;
                told = Some(trouble);
            }
            // What it says no to is asked for less often; what a colleague grants must be seen all the same.
            let wait = retry.next(failure.code().is_some_and(|code| !code.starts_with("57")));
            tokio::time::sleep(wait).await;
            self.sink.send(Vec::new()).await?;
        }
    }

    async fn lost(&mut self, trouble: &Trouble) -> Result<(), Closed> {
        self.databases.lost();
        self.sessions.lost();
        self.server.lost();
        self.slow.wal = None;
        for feed in FEEDS {
            self.sink.tell(feed, [Fact::Unreachable(trouble.clone())]).await?;
        }
        Ok(())
    }

    /// Uses one connection until it fails; `well` says whether it ever worked.
    async fn link(&mut self, well: &mut bool) -> Result<Infallible, End> {
        const DOING: &str = "asking what may be seen";
        let mut link = Link::open(&self.target, &self.sink).await?;
        let rows = link.ask(DOING, sqlx::query(sql::ABOUT)).await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound);
        let row = row.map_err(|error| Failure::Server { doing: DOING, error })?;
        let about = read::about(row).map_err(Failure::odd(DOING))?;
        let mut round = 0;
        loop {
            self.refresh(&mut link, &about, round).await?;
            if !*well {
                *well = true;
                lock(self.sizes).set_well(true);
            }
            round += 1;
            self.rest(&mut link).await?;
        }
    }

    async fn refresh(&mut self, link: &mut Link, about: &About, round: u64) -> Result<(), End> {
        let sessions = self.ask_sessions(link).await?;
        if round.is_multiple_of(LISTED_EACH) {
            self.list(link).await?;
        }
        let databases = {
            let sizes = lock(self.sizes);
            self.listing.databases(&sessions, &sizes, &self.domain)
        };
        let connections = sessions.iter().filter(|session| !session.user.is_empty()).count();
        let blocked = sessions.iter().filter(|session| !session.blocked_by.is_empty()).count();
        // The one that asks is not among them.
        let counts = (small(connections).saturating_add(1), small(blocked));
        let [databases_feed, sessions_feed, server_feed] = FEEDS;
        self.sink.tell(sessions_feed, self.sessions.facts(sessions)).await?;
        self.sink.tell(databases_feed, self.databases.facts(databases)).await?;
        let server = self.ask_server(link, about, (round, counts)).await?;
        self.sink.tell(server_feed, self.server.facts(vec![server])).await?;
        Ok(())
    }

    async fn ask_sessions(&mut self, link: &mut Link) -> Result<Vec<Session>, Failure> {
        const DOING: &str = "listing the sessions";
        let rows = link.ask(DOING, sqlx::query(sql::SESSIONS)).await?;
        let read: Result<Vec<_>, _> =
            rows.iter().map(|row| read::session(row, &self.domain)).collect();
        let read = read.map_err(Failure::odd(DOING))?;
        let mut waiting: Vec<&Session> =
            read.iter().filter(|(_, waits)| *waits).map(|(session, _)| session).collect();
        // Those that wait longest tell most.
        waiting.sort_by_key(|session| session.statement_at);
        self.slow.unasked = waiting.len().saturating_sub(WAITING_MAX);
        waiting.truncate(WAITING_MAX);
        let pids: Vec<i32> =
            waiting.iter().filter_map(|session| i32::try_from(session.pid).ok()).collect();
        let mut sessions: Vec<Session> = read.into_iter().map(|(session, _)| session).collect();
        if !pids.is_empty() {
            const DOING: &str = "asking who holds up whom";
            let rows = link.ask(DOING, sqlx::query(sql::BLOCKERS).bind(pids)).await?;
            for row in &rows {
                let (pid, holders) = read::holders(row).map_err(Failure::odd(DOING))?;
                if let Some(session) = sessions.iter_mut().find(|session| session.pid == pid) {
                    session.blocked_by = holders;
                }
            }
            Session::count_blocked(&mut sessions);
        }
        Ok(sessions)
    }

    async fn list(&mut self, link: &mut Link) -> Result<(), Failure> {
        const DOING: &str = "listing the databases";
        let rows = link.ask(DOING, sqlx::query(sql::DATABASES)).await?;
        let listed: Result<Vec<_>, _> = rows.iter().map(read::listed).collect();
        self.listing.take(listed.map_err(Failure::odd(DOING))?, self.sink.now());
        lock(self.sizes).keep(self.listing.names());
        Ok(())
    }

    async fn ask_server(
        &mut self,
        link: &mut Link,
        about: &About,
        (round, (connections, blocked)): (u64, (u32, u32)),
    ) -> Result<DatabaseServer, Failure> {
        const DOING: &str = "asking for the write-ahead log";
        let rows = link.ask(DOING, sqlx::query(sql::SERVER)).await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound);
        let row = row.map_err(|error| Failure::Server { doing: DOING, error })?;
        let odd = Failure::odd(DOING);
        let standby: bool = super::columns::needed(row, "standby").map_err(&odd)?;
        let wal_at = super::columns::count(row, "wal_at").map_err(&odd)?;
        if round.is_multiple_of(LISTED_EACH) {
            self.ask_replicas(link).await?;
        }
        if round.is_multiple_of(WAL_EACH) && about.sees_wal {
            self.slow.wal_kept = wal_kept(link).await?;
        }
        let wal_per_minute = self.wal_rate(wal_at);
        let now = self.sink.now();
        let aside = lock(self.sizes).spent();
        self.ledger.note(now, aside);
        self.ledger.refreshed(now, link.spent());
        Ok(DatabaseServer {
            uid: Uid(Text::clean("server")),
            version: about.version.clone(),
            started: about.started,
            connections,
            connections_max: about.connections_max,
            reserved: about.reserved,
            standby,
            wal_per_minute,
            wal_bytes: self.slow.wal_kept,
            blocked,
            disk: None,
            replicas: self.slow.replicas.clone(),
            hidden: self.hidden(about),
            cost: self.ledger.cost(),
        })
    }

    async fn ask_replicas(&mut self, link: &mut Link) -> Result<(), Failure> {
        const DOING: &str = "listing the replicas";
        let rows = link.ask(DOING, sqlx::query(sql::REPLICAS)).await?;
        let read: Result<Vec<_>, _> = rows.iter().map(read::replica).collect();
        self.slow.replicas = read.map_err(Failure::odd(DOING))?.into();
        Ok(())
    }

    fn wal_rate(&mut self, wal_at: u64) -> Option<u64> {
        let now = self.sink.now();
        let before = self.slow.wal.replace((wal_at, now));
        let (then, at) = before?;
        let ms = now.since(at).ms();
        wal_at.checked_sub(then)?.saturating_mul(60_000).checked_div(ms)
    }

    /// What the role may not see, as clauses.
    fn hidden(&self, about: &About) -> Box<[Text]> {
        let refusals = lock(self.sizes).refusals();
        let mut hidden = Vec::new();
        if !about.sees_all {
            hidden.push("what the sessions of other roles do, and who holds up whom".to_owned());
        }
        if refusals > 0 {
            hidden.push(format!("the size of {refusals} databases"));
        }
        if !about.sees_wal {
            hidden.push("how much write-ahead log is kept".to_owned());
        }
        if self.slow.unasked > 0 {
            hidden.push(format!("who holds up {} more waiting sessions", self.slow.unasked));
        }
        hidden.into_iter().map(Text::from).collect()
    }

    /// Waits until the next refresh is due; a sign of life now and then.
    async fn rest(&mut self, link: &mut Link) -> Result<(), End> {
        let until = self.sink.now().after(self.ledger.every());
        loop {
            let left = until.since(self.sink.now());
            if left.ms() <= u64::try_from(SIGN.as_millis()).unwrap_or(0) {
                tokio::time::sleep(Duration::from_millis(left.ms())).await;
                return Ok(());
            }
            tokio::time::sleep(SIGN).await;
            let way: Span = link.ping().await?;
            self.ledger.way(way);
            for feed in FEEDS {
                self.sink.tell(feed, [Fact::Alive]).await?;
            }
        }
    }
}

/// The bytes of the log that are kept; none where the right to see them was taken away meanwhile.
async fn wal_kept(link: &mut Link) -> Result<Option<u64>, Failure> {
    match link.ask("counting the write-ahead log", sqlx::query(sql::WAL_KEPT)).await {
        Ok(rows) => Ok(rows.first().and_then(|row| super::columns::count(row, "bytes").ok())),
        Err(failure) if failure.spares_the_link() => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
