//! Runs the feeds of a PostgreSQL server or a pgbouncer as the console would, checks what they tell against the contract,
//! and keeps it in a store.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of this module")]
#![allow(clippy::expect_used, clippy::panic, reason = "this is test code")]

use std::sync::Arc;
use std::time::Duration;

use pulse_console::domain::{
    Attention, Database, DatabaseServer, Fact, FeedId, Observation, Pool, Session, Text, Timestamp,
    Trouble,
};
use pulse_console::platform::contract::Contract;
use pulse_console::platform::{Clock, Feed, Sink};
use pulse_console::store::{Freshness, Store};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(5);

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

/// The time of the machine.
pub fn now() -> Timestamp {
    Machine.now()
}

/// A running feed and everything that is known from it.
pub struct Watch {
    queue: mpsc::Receiver<Vec<Observation>>,
    task: JoinHandle<()>,
    attention: watch::Sender<Attention>,
    contract: Contract,
    pub store: Store,
    /// Every trouble told, with the time.
    pub troubles: Vec<(Timestamp, FeedId, Trouble)>,
    /// Facts told.
    pub told: usize,
    /// When the last word of each feed came, and the longest silence between two while it was live.
    pub heard: Vec<(FeedId, Timestamp)>,
    pub silence_ms: u64,
}

impl Watch {
    /// Runs `feed`.
    #[expect(clippy::disallowed_methods, reason = "the test is the runtime")]
    pub fn start(feed: impl Feed + 'static) -> Self {
        let (sender, queue) = mpsc::channel(64);
        let (attention, looked_at) = watch::channel(Attention::default());
        let sink = Sink::new(sender, Arc::new(Machine)).watched(looked_at);
        let task = tokio::spawn(Box::new(feed).run(sink));
        Self {
            queue,
            task,
            attention,
            contract: Contract::new(),
            store: Store::default(),
            troubles: Vec::new(),
            told: 0,
            heard: Vec::new(),
            silence_ms: 0,
        }
    }

    /// The operator looks at these databases.
    pub fn look_at(&self, databases: &[String]) {
        let databases = databases.iter().map(|name| Text::clean(name)).collect();
        self.attention.send_modify(|attention| attention.databases = databases);
    }

    /// Waits until `done` is true of what is known.
    pub async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let ended = tokio::time::timeout(GUARD, async {
            while !done(self) {
                let batch = self.queue.recv().await.expect("the feed goes on");
                for observation in batch {
                    self.take(observation);
                }
            }
        });
        let came = ended.await.is_ok();
        assert!(came, "no sign of {what}; told {} facts, troubles {:#?}", self.told, self.troubles);
    }

    /// Takes in all that is told for `time`.
    pub async fn listen(&mut self, time: Duration) {
        let _ = tokio::time::timeout(time, async {
            loop {
                let batch = self.queue.recv().await.expect("the feed goes on");
                for observation in batch {
                    self.take(observation);
                }
            }
        })
        .await;
    }

    fn take(&mut self, observation: Observation) {
        let (feed, at) = (observation.feed, observation.at);
        self.contract.observe(&observation).expect("the contract is kept");
        self.told += 1;
        if let Fact::Unreachable(trouble) = &observation.fact {
            self.troubles.push((at, feed, trouble.clone()));
        }
        if let Some((_, heard)) = self.heard.iter_mut().find(|(other, _)| *other == feed) {
            if self.store.feeds().get(feed).freshness.trouble().is_none() {
                self.silence_ms = self.silence_ms.max(at.since(*heard).ms());
            }
            *heard = at;
        } else {
            self.heard.push((feed, at));
        }
        self.store.apply(observation);
    }

    /// Ends the feed as the console does, and waits for it.
    pub async fn close(self) {
        drop(self.queue);
        tokio::time::timeout(GUARD, self.task).await.expect("it ends").expect("without a panic");
    }

    pub fn is_live(&self, feed: FeedId) -> bool {
        matches!(self.store.feeds().get(feed).freshness, Freshness::Live(_))
    }

    pub fn trouble(&self, feed: FeedId) -> Option<&Trouble> {
        self.store.feeds().get(feed).freshness.trouble()
    }

    pub fn databases(&self) -> Vec<&Database> {
        self.store.objects().databases.iter().map(|(_, held)| &*held.object).collect()
    }

    pub fn database(&self, name: &str) -> Option<&Database> {
        self.databases().into_iter().find(|database| database.name == name)
    }

    pub fn sessions(&self) -> Vec<&Session> {
        self.store.objects().sessions.iter().map(|(_, held)| &*held.object).collect()
    }

    pub fn session(&self, pid: i32) -> Option<&Session> {
        self.sessions().into_iter().find(|session| i64::from(session.pid) == i64::from(pid))
    }

    pub fn server(&self) -> Option<&DatabaseServer> {
        self.store.objects().database_server.iter().next().map(|(_, held)| &*held.object)
    }

    pub fn pools(&self) -> Vec<&Pool> {
        self.store.objects().pools.iter().map(|(_, held)| &*held.object).collect()
    }
}
