//! PostgreSQL and the pooler before it: what databases there are, who is connected, who holds up whom.
//!
//! The feeds ask the server on at most two connections, one statement at a time on each, never the same statement twice
//! at once; [`pace`] keeps the console's share of the server's time small. [`sql`] is all that they ever ask, and their
//! connections are read-only. They never end a session, never set anything on the server, and never wait for a lock. All
//! that changes anything is in [`control`], on connections of its own, and only operations come there.

mod bouncer;
mod columns;
mod connect;
mod control;
mod listing;
mod pace;
mod read;
mod sizes;
mod slow_lane;
mod sql;
mod told;
mod trouble;
mod wanted;
mod watch;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use crate::domain::FeedId;
use crate::platform::{Feed, Sink};

pub(super) use control::Hand;
pub(super) use wanted::{Databases, Pools, Wanted};

/// Where a server is and how it is asked.
#[derive(Clone)]
pub struct Options {
    /// `postgres://role@host:port/database`; `?sslmode=` decides about TLS, which is otherwise used where offered.
    pub url: String,
    /// The role's password; none when the server asks for none.
    pub password: Option<SecretString>,
    /// The certificates, as PEM, to trust instead of the system's; with them the server must prove its name.
    pub ca_file: Option<PathBuf>,
    /// The time between two refreshes while the server is quick.
    pub refresh: Duration,
    /// The domain under which tenants' databases are named.
    pub domain: String,
}

impl Options {
    /// The server at `url`, asked every three seconds, without a password.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            password: None,
            ca_file: None,
            refresh: Duration::from_secs(3),
            domain: "planapulse.app".to_owned(),
        }
    }

    /// The same, with this password.
    #[must_use]
    pub fn with_password(self, password: impl Into<String>) -> Self {
        Self { password: Some(SecretString::from(password.into())), ..self }
    }
}

impl fmt::Debug for Options {
    /// Leaves out the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("ca_file", &self.ca_file)
            .field("refresh", &self.refresh)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

/// The feed of a PostgreSQL server: its databases, its sessions and itself.
#[derive(Debug)]
pub struct PostgresFeed(Options);

/// The feed of the pools of a pgbouncer.
#[derive(Debug)]
pub struct PoolsFeed(Options);

/// A feed that asks the PostgreSQL server which `options` describe. It connects when it is run.
#[must_use]
pub fn feed(options: Options) -> PostgresFeed {
    PostgresFeed(options)
}

/// A feed that asks the admin console of the pgbouncer which `options` describe. It connects when it is run.
#[must_use]
pub fn pools(options: Options) -> PoolsFeed {
    PoolsFeed(options)
}

/// The feeds of a PostgreSQL server.
const FEEDS: [FeedId; 3] = [FeedId::Databases, FeedId::Sessions, FeedId::DatabaseServer];

impl Feed for PostgresFeed {
    fn ids(&self) -> Vec<FeedId> {
        FEEDS.to_vec()
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        // It only ends because nobody listens.
        async move { watch::run(self.0, sink).await.unwrap_or(()) }.boxed()
    }
}

impl Feed for PoolsFeed {
    fn ids(&self) -> Vec<FeedId> {
        vec![FeedId::Pools]
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        async move { bouncer::run(self.0, sink).await.unwrap_or(()) }.boxed()
    }
}
