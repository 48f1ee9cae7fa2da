//! Runs a survey of a Valkey as the console would, and keeps what it tells, by the rules of what feeds tell.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of this module")]
#![allow(clippy::expect_used, clippy::panic, reason = "this is test code")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pulse_console::domain::{
    Execution, FeedId, KeyFamily, Observation, StreamInfo, StreamServer, Timestamp, Trouble,
};
use pulse_console::live::valkey::{Options, Survey, survey};
use pulse_console::platform::contract::Contract;
use pulse_console::platform::{Clock, Feed as _, Sink};
use pulse_console::store::{Freshness, Store, StreamLimits};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(1);

/// The time of the machine.
struct Machine;

impl Clock for Machine {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock of the tests against real servers"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(chrono::Utc::now().timestamp_millis())
    }
}

/// Now, by the machine's clock.
pub fn now() -> Timestamp {
    Machine.now()
}

/// A running survey, and what a console knows by it.
pub struct Surveyed {
    queue: mpsc::Receiver<Vec<Observation>>,
    task: JoinHandle<()>,
    contract: Contract,
    pub store: Store,
    /// Every observation, in order.
    pub told: Vec<Observation>,
}

impl Surveyed {
    /// Runs the survey of `options`.
    #[expect(clippy::disallowed_methods, reason = "the test is the runtime")]
    pub fn start(options: Options) -> Self {
        let (sender, queue) = mpsc::channel(64);
        let sink = Sink::new(sender, Arc::new(Machine));
        let task = tokio::spawn(Box::new(survey(options)).run(sink));
        let store = Store::new(StreamLimits::default());
        Self { queue, task, contract: Contract::new(), store, told: Vec::new() }
    }

    /// Waits until `done` is true of what is known.
    pub async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            match tokio::time::timeout(GUARD, self.queue.recv()).await {
                Ok(Some(batch)) => self.take(batch),
                Ok(None) => panic!("the survey ended before {what}"),
                Err(elapsed) => {
                    panic!("no sign of {what} ({elapsed}); known: {:#?}", self.known())
                }
            }
        }
    }

    /// Listens for `time`.
    pub async fn listen(&mut self, time: Duration) {
        let end = tokio::time::sleep(time);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return,
                batch = self.queue.recv() => self.take(batch.expect("the survey goes on")),
            }
        }
    }

    fn take(&mut self, batch: Vec<Observation>) {
        self.contract.observe_all(&batch).expect("the rules of what feeds tell");
        for observation in batch {
            self.store.apply(observation.clone());
            self.told.push(observation);
        }
    }

    /// Ends the survey as the console does, and waits for it.
    pub async fn close(self) {
        drop(self.queue);
        tokio::time::timeout(GUARD, self.task)
            .await
            .expect("the survey ends")
            .expect("without a panic");
    }

    pub fn stream(&self, key: &str) -> Option<Arc<StreamInfo>> {
        self.all(|objects| &objects.streams).into_iter().find(|it| it.key == key)
    }

    pub fn streams(&self) -> Vec<Arc<StreamInfo>> {
        self.all(|objects| &objects.streams)
    }

    pub fn family(&self, pattern: &str) -> Option<Arc<KeyFamily>> {
        self.all(|objects| &objects.keys).into_iter().find(|it| it.pattern == pattern)
    }

    pub fn server(&self) -> Option<Arc<StreamServer>> {
        self.all(|objects| &objects.stream_server).pop()
    }

    pub fn executions(&self) -> Vec<Arc<Execution>> {
        self.all(|objects| &objects.executions)
    }

    fn all<T: pulse_console::domain::Record>(
        &self,
        of: fn(&pulse_console::store::Objects) -> &pulse_console::store::Collection<T>,
    ) -> Vec<Arc<T>> {
        of(self.store.objects()).iter().map(|(_, held)| Arc::clone(&held.object)).collect()
    }

    pub fn freshness(&self, feed: FeedId) -> &Freshness {
        &self.store.feeds().get(feed).freshness
    }

    pub fn trouble(&self, feed: FeedId) -> Option<&Trouble> {
        self.freshness(feed).trouble()
    }

    pub fn is_live(&self) -> bool {
        Survey::FEEDS.iter().all(|feed| matches!(self.freshness(*feed), Freshness::Live(_)))
    }

    pub fn is_down(&self) -> bool {
        Survey::FEEDS.iter().all(|feed| self.trouble(*feed).is_some())
    }

    /// The freshness of the feeds, for the message of a failing test.
    fn known(&self) -> BTreeMap<FeedId, &Freshness> {
        Survey::FEEDS.into_iter().map(|feed| (feed, self.freshness(feed))).collect()
    }
}
