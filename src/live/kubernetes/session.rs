//! One link to the API server, from its first answer until it is lost.
//!
//! All of it runs inside one future: the watches, the log and a heartbeat. What the watches learn outlives it.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Notify, watch};

use super::api::{Api, Failure};
use super::connect::{self, Link};
use super::discovery::{self, Found};
use super::journal::Operations;
use super::log::LogFeed;
use super::rights::Rights;
use super::trouble::{self, Asked, Place};
use super::watch::Watch;
use super::{Options, Streaming, heartbeat};
use crate::domain::{FeedId, Kind, Timestamp, Trouble};
use crate::platform::{Closed, Sink};

/// So long before credentials run out, new ones are asked for.
const EARLY: Duration = Duration::from_secs(30);
/// The longest that the kinds of the cluster wait for the platform's own.
const TURN: Duration = Duration::from_secs(20);
/// The longest wait for the server to say whether it is ready.
const READY: Duration = Duration::from_secs(2);

/// Why a session ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Nobody listens any more.
    Closed,
    /// The server can't be heard, or no longer knows us.
    Lost(Trouble),
    /// The credentials run out soon, and new ones are due.
    Renew,
}

/// What is read beside the watches.
pub(super) struct Beside {
    log: LogFeed,
    rights: Rights,
    operations: Operations,
}

impl Beside {
    /// The log that is open, what the operator may do, and operations, told to `sink`.
    pub(super) fn new(options: &Options, sink: &Sink) -> Self {
        let namespaces = [options.namespace.as_str(), options.jobs_namespace.as_str()];
        Self {
            log: LogFeed::new(sink.clone()),
            rights: Rights::new(sink.clone(), namespaces, options.review_again),
            operations: Operations::new(sink.clone(), &options.namespace),
        }
    }

    /// Tells each that the server can't be read.
    pub(super) async fn say(&mut self, trouble: &Trouble) -> Result<(), Closed> {
        self.log.say(trouble.clone()).await?;
        self.rights.say(trouble.clone()).await?;
        self.operations.say(trouble.clone()).await
    }
}

/// A link that works, and what the watches share.
pub(super) struct Session {
    /// Asks the server.
    pub(super) api: Api,
    /// For the sentences.
    pub(super) place: Place,
    /// The API group of the kinds.
    pub(super) group: String,
    /// The kinds that the server had at the beginning.
    pub(super) found: Found,
    /// The most objects on a page of a listing.
    pub(super) page_size: u32,
    /// How often a refused or absent kind is asked for again.
    pub(super) ask_again: Duration,
    /// A watch broke: is the server still there?
    pub(super) doubt: Notify,
    streaming: AtomicBool,
    fallback: bool,
    live: [AtomicBool; FeedId::ALL.len()],
    /// The platform's own kinds that have been listed, or refused, in this session.
    settled: watch::Sender<BTreeSet<FeedId>>,
    heard: AtomicU64,
    ends: Option<Timestamp>,
}

impl Session {
    /// Reaches the server and asks which kinds it has.
    pub(super) async fn begin(options: &Options, now: Timestamp) -> Result<Self, Trouble> {
        let Link { api, place, ends } = connect::link(options).await?;
        let found = match discovery::ask(&api, &options.group).await {
            Ok(found) => found,
            Err(failure) => {
                return Err(not_found(&api, &place, &options.group, &failure, now).await);
            }
        };
        Ok(Self {
            api,
            place,
            group: options.group.clone(),
            found,
            page_size: options.page_size.max(1),
            ask_again: options.ask_again,
            doubt: Notify::new(),
            streaming: AtomicBool::new(options.streaming_lists != Streaming::Off),
            fallback: options.streaming_lists == Streaming::Auto,
            live: std::array::from_fn(|_| AtomicBool::new(false)),
            settled: watch::Sender::default(),
            heard: AtomicU64::new(0),
            ends: ends.filter(|ends| {
                ends.since(now) > crate::domain::Span::from_secs(2 * EARLY.as_secs())
            }),
        })
    }

    /// Runs until the link is lost or nobody listens. `watches` and the log keep their places for the next session; what
    /// else is `beside` asks anew in each.
    pub(super) async fn run(
        &self,
        watches: &mut [Watch],
        beside: &mut Beside,
        sink: &Sink,
    ) -> Ended {
        let mut follows: FuturesUnordered<_> =
            watches.iter_mut().map(|watch| watch.follow(self)).collect();
        let watching = async {
            match follows.next().await {
                Some(ended) => ended,
                None => pending().await,
            }
        };
        let ended = tokio::select! {
            ended = watching => ended,
            ended = heartbeat::beat(self, sink) => ended,
            ended = beside.log.follow(self) => ended,
            ended = beside.rights.follow(self) => ended,
            ended = beside.operations.follow(self) => ended,
        };
        tracing::info!(address = %self.place.address, ?ended, "the session with the API server ended");
        ended
    }

    /// Whether a listing may come as a stream.
    pub(super) fn streams(&self) -> bool {
        self.streaming.load(Ordering::Relaxed)
    }

    /// The server does not stream listings. Answers whether pages are allowed instead.
    pub(super) fn fall_back(&self) -> bool {
        if self.fallback && self.streaming.swap(false, Ordering::Relaxed) {
            tracing::info!("the API server does not stream listings; they are read in pages");
        }
        self.fallback
    }

    /// Notes whether `feed` is up to date.
    pub(super) fn set_live(&self, feed: FeedId, live: bool) {
        if let Some(flag) = self.live.get(feed as usize) {
            flag.store(live, Ordering::Relaxed);
        }
        if feed.kind().is_some() {
            self.settled.send_if_modified(|settled| settled.insert(feed));
        }
    }

    /// Waits until each of the platform's own kinds is listed, or refused: who looks is there for the tenants.
    pub(super) async fn own_kinds_first(&self) {
        let mut settled = self.settled.subscribe();
        let all = settled.wait_for(|settled| settled.len() == Kind::ALL.len());
        // Late or not, then it is the others' turn.
        let _ = tokio::time::timeout(TURN, all).await;
    }

    /// The feeds that are up to date.
    pub(super) fn live(&self) -> impl Iterator<Item = FeedId> {
        let live = FeedId::ALL.into_iter().zip(&self.live);
        live.filter(|(_, live)| live.load(Ordering::Relaxed)).map(|(feed, _)| feed)
    }

    /// Notes bytes received on a watch.
    pub(super) fn hear(&self, bytes: usize) {
        self.heard.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes received on watches so far.
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Whether new credentials are due.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.ends
            .is_some_and(|ends| now.after(crate::domain::Span::from_secs(EARLY.as_secs())) >= ends)
    }

    /// Whether the server itself says that it isn't ready, so that what it refuses or lacks may yet come.
    pub(super) async fn is_starting(&self) -> bool {
        is_starting(&self.api).await
    }
}

async fn is_starting(api: &Api) -> bool {
    match api.get_within("/readyz", READY).await {
        Ok(_) => false,
        Err(failure) => failure.is_silence() || failure.code().is_some_and(|code| code >= 500),
    }
}

async fn not_found(
    api: &Api,
    place: &Place,
    group: &str,
    failure: &Failure,
    now: Timestamp,
) -> Trouble {
    if failure.code() == Some(403) && is_starting(api).await {
        return trouble::starting(&place.address);
    }
    let doing = format!("asking for the kinds of {group}");
    trouble::of(failure, Asked { doing: &doing, resource: "*", group }, place, now)
}
