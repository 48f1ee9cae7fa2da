//! A feed of alerts, run against a server and held against the contract, with what it tells taken into a store.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "every test binary uses another part of it")]

use std::sync::Arc;
use std::time::Duration;

use pulse_console::config::ServerUrl;
use pulse_console::domain::{Alert, FeedId, Observation, Trouble, TroubleKind};
use pulse_console::live::alertmanager::{self, Options};
use pulse_console::live::kubernetes;
use pulse_console::platform::contract::Contract;
use pulse_console::platform::{Feed, Sink};
use pulse_console::runtime::WallClock;
use pulse_console::store::{Freshness, Store};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(2);

/// The options for the server at `url`.
pub fn options(url: &str) -> Options {
    Options {
        url: Some(ServerUrl::parse(url).expect("an address")),
        token: None,
        ca_file: None,
        tenant_label: "tenant".to_owned(),
        domain: "planapulse.app".to_owned(),
        kubernetes: kubernetes::Options::default(),
    }
}

/// What a feed tells.
pub struct Watch {
    pub store: Store,
    told: mpsc::Receiver<Vec<Observation>>,
    contract: Contract,
    feed: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.feed.abort();
    }
}

impl Watch {
    /// Runs the feed of `options`.
    pub fn start(options: Options) -> Self {
        Self::of(Box::new(alertmanager::feed(options)))
    }

    /// Runs `feed`.
    pub fn of(feed: Box<dyn Feed>) -> Self {
        let (queue, told) = mpsc::channel(8);
        let feed = tokio::spawn(feed.run(Sink::new(queue, Arc::new(WallClock))));
        Self { store: Store::default(), told, contract: Contract::new(), feed }
    }

    /// Takes in what is told until `is`.
    pub async fn until(&mut self, what: &str, is: impl Fn(&Store) -> bool) {
        let seen = tokio::time::timeout(GUARD, async {
            while !is(&self.store) {
                for observation in self.told.recv().await.expect("the feed runs for ever") {
                    if let Err(why) = self.contract.observe(&observation) {
                        panic!("while waiting for {what}: {why}");
                    }
                    self.store.apply(observation);
                }
            }
        });
        let seen = seen.await.is_ok();
        assert!(
            seen,
            "no sign of {what}; the feed is {:?}",
            self.store.feeds().get(FeedId::Alerts)
        );
    }

    /// Waits until `feed` is complete and can be read.
    pub async fn live(&mut self, feed: FeedId) {
        self.until("a live feed", |store| is_live(store, feed)).await;
    }

    /// Waits for the trouble of `feed`.
    pub async fn trouble(&mut self, feed: FeedId) -> Trouble {
        self.until("trouble", |store| store.feeds().get(feed).freshness.trouble().is_some()).await;
        self.store.feeds().get(feed).freshness.trouble().cloned().expect("trouble")
    }

    /// Waits for trouble of this `kind`: a server that has just begun may be said to be slow before.
    pub async fn trouble_of(&mut self, feed: FeedId, kind: TroubleKind) -> Trouble {
        let trouble = |store: &Store| store.feeds().get(feed).freshness.trouble().cloned();
        self.until("trouble", |store| trouble(store).is_some_and(|why| why.kind == kind)).await;
        trouble(&self.store).expect("trouble")
    }
}

/// Whether `feed` is complete and can be read.
pub fn is_live(store: &Store, feed: FeedId) -> bool {
    matches!(store.feeds().get(feed).freshness, Freshness::Live(_))
}

/// The alerts of this name.
pub fn named<'a>(store: &'a Store, name: &str) -> Vec<&'a Alert> {
    let all = store.objects().alerts.iter().map(|(_, held)| &*held.object);
    all.filter(|alert| alert.name == *name).collect()
}
