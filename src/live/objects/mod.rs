//! The object store: what lies in the buckets, from their listings alone. Nothing is written and no object is opened, but
//! for the first bytes of a backup that somebody is about to restore ([`control`]).
//!
//! A round lists the bucket of the backups folder by folder, a bounded number at a time, what the operator looks at first;
//! then it rests for [`Options::refresh`] and only knocks, and lists again the few folders that are on the screen. What
//! was seen is kept in a file ([`kept`]) and told at the next start with its own time, as old until it is confirmed.
//! Invariants: the listing of a round goes on where trouble cut it; trouble is said within five seconds; memory is bounded
//! by the shelves themselves, not by the objects.

mod bucket;
mod control;
mod door;
pub mod kept;
mod round;
mod trouble;
mod voice;
mod wanted;

use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub use bucket::Keys;
pub(super) use control::Hand;
pub(super) use wanted::{Objects, Wanted};

use crate::domain::FeedId;
use crate::platform::{Feed, Sink};

/// What the object store is and how it is asked.
#[derive(Clone)]
pub struct Options {
    /// The address of the S3 server.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// The bucket of the backups.
    pub bucket: String,
    /// The bucket of the seeds of templates.
    pub templates_bucket: Option<String>,
    /// The folder of the platform's own dumps in the bucket of the backups.
    pub platform_prefix: Option<String>,
    /// The keys; without them requests are not signed.
    pub keys: Option<Keys>,
    /// Certificates trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The time between two rounds.
    pub refresh: Duration,
    /// Where what was seen is kept between runs.
    pub kept: Option<PathBuf>,
}

impl Options {
    /// The bucket `bucket` of the server at `endpoint`, and nothing else.
    #[must_use]
    pub fn new(endpoint: impl Into<String>, bucket: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            region: "us-east-1".to_owned(),
            bucket: bucket.into(),
            templates_bucket: None,
            platform_prefix: None,
            keys: None,
            ca_file: None,
            refresh: Duration::from_mins(10),
            kept: None,
        }
    }
}

/// The feeds that are told.
const FEEDS: [FeedId; 2] = [FeedId::Backups, FeedId::Buckets];

/// The feed of backups and buckets.
#[must_use]
pub fn feed(options: Options) -> impl Feed {
    Reading(options)
}

struct Reading(Options);

impl Feed for Reading {
    fn ids(&self) -> Vec<FeedId> {
        FEEDS.to_vec()
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        // It only ends when nobody listens.
        async move { round::run(self.0, sink).await.unwrap_or(()) }.boxed()
    }
}
