//! The event stream of a Valkey or Redis server, as a feed.
//!
//! The feed only ever reads. The commands it sends are `AUTH`, `SELECT`, `CLIENT SETNAME`, `XINFO
//! STREAM`, `XRANGE`, `XREVRANGE` and `XREAD`: it joins no consumer group, acknowledges nothing and
//! leaves no trace in the data. It needs no right beyond `+xread +xrevrange`; without `CLIENT` it
//! has no name in the server's list, without `XINFO` it can't count what was trimmed, and says
//! [`Missed::Some`](crate::domain::Missed::Some) where it would say how many.
//!
//! What it tells, in this order:
//! 1. a listing: `RelistBegun`, the newest entries up to the stream's last id, `RelistEnded`;
//! 2. `LeftAt` with the place where the last run ended, and a `Gap` if entries have gone since;
//! 3. new `Entries` as they come, each id once, ascending, with pages of `Older` entries in between
//!    until the wanted history is told; a `Gap` where entries were trimmed, deleted or lost (the rules
//!    are in [`position`]); `Alive` after each read that found nothing new; `Unreachable` when
//!    the server can't be read, once for each change of reason.
//!
//! The other feeds of the same server, which have a connection of their own, are in [`mod@survey`]; the one event that the
//! console itself may add, when it was opened without signing in, is in [`mod@announce`].
//!
//! Bounds: a read takes at most 500 entries and aims at 8 MiB ([`appetite`]); of one event 1 MiB is kept;
//! an entry of more than 16 MiB is not parsed. One connection, one request at a time.

mod announce;
mod appetite;
mod cloudevent;
mod connect;
mod cursor;
mod position;
mod survey;
mod tail;
mod trouble;
mod wire;

use std::fmt;
use std::path::PathBuf;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use crate::domain::FeedId;
use crate::platform::{Feed, Sink};
pub(super) use announce::announce;
pub use survey::{Survey, survey};

/// Where the stream is and how it is read.
#[derive(Clone)]
pub struct Options {
    /// The server: `redis://host:port/db`, or `rediss://` for TLS.
    pub url: String,
    /// The ACL user; none for the default user.
    pub username: Option<String>,
    /// The password; none when the server asks for none.
    pub password: Option<SecretString>,
    /// The certificates, as PEM, to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The key of the stream.
    pub stream: String,
    /// The field of an entry that holds the event; none to discover it.
    pub field: Option<String>,
    /// How many entries of the past are read.
    pub history: usize,
    /// Where the place in the stream is kept between runs; none to keep none.
    pub cursor_file: Option<PathBuf>,
}

impl Options {
    /// The stream of the platform.
    pub const STREAM: &str = "PLANA:events";

    /// How many entries of the past are read unless told otherwise.
    pub const HISTORY: usize = 5_000;

    /// The platform's stream on the server at `url`, without a password and without a cursor.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            username: None,
            password: None,
            ca_file: None,
            stream: Self::STREAM.to_owned(),
            field: None,
            history: Self::HISTORY,
            cursor_file: None,
        }
    }
}

impl fmt::Debug for Options {
    /// Leaves out the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("username", &self.username)
            .field("ca_file", &self.ca_file)
            .field("stream", &self.stream)
            .field("field", &self.field)
            .field("history", &self.history)
            .field("cursor_file", &self.cursor_file)
            .finish_non_exhaustive()
    }
}

/// The feed of the event stream.
#[derive(Debug)]
pub struct Valkey {
    options: Options,
}

/// A feed that reads the stream which `options` describe. It connects when it is run.
#[must_use]
pub fn feed(options: Options) -> Valkey {
    Valkey { options }
}

impl Feed for Valkey {
    fn ids(&self) -> Vec<FeedId> {
        vec![FeedId::Events]
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        tail::run(self.options, sink).boxed()
    }
}
