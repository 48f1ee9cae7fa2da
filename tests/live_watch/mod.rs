//! Runs one feed of the live world as the console would, holds what it tells against the contract, and keeps it.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of this module")]
#![allow(clippy::expect_used, clippy::panic, reason = "this is test code")]
#![allow(
    clippy::needless_for_each,
    clippy::unnecessary_wraps,
    reason = "every test binary uses another part of it"
)]

use std::sync::Arc;
use std::time::Duration;

use pulse_console::config::{Paths, ServerUrl, Settings};
use pulse_console::domain::{
    Attention, Fact, FeedId, LogSource, LogTold, Observation, Timestamp, Trouble,
};
use pulse_console::live::Live;
use pulse_console::platform::contract::Contract;
use pulse_console::platform::{Clock, Platform as _, Sink};
use pulse_console::store::{Freshness, Store};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(3);

/// The time of the machine.
pub struct Machine;

impl Clock for Machine {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock of the tests against real servers"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(chrono::Utc::now().timestamp_millis())
    }
}

/// Settings of a profile without any server.
pub fn settings() -> Settings {
    let folder = std::env::temp_dir();
    Settings::defaults(&Paths::below(&folder))
}

/// An address for settings.
pub fn url(text: &str) -> Option<ServerUrl> {
    Some(ServerUrl::parse(text).expect("an address"))
}

/// A running feed and everything it told.
pub struct Watch {
    told: mpsc::Receiver<Vec<Observation>>,
    contract: Contract,
    attention: watch::Sender<Attention>,
    _tasks: JoinSet<()>,
    /// What the console would know.
    pub store: Store,
    /// All that was told, in order.
    pub all: Vec<Observation>,
}

impl Watch {
    /// Runs the feed of `settings` that tells `feed`.
    pub fn start(settings: &Settings, feed: FeedId) -> Self {
        let cursor = std::env::temp_dir().join("pulse-console-no-cursor.json");
        let live = Live::new(settings, cursor, Arc::new(Machine));
        let (queue, told) = mpsc::channel(64);
        let (attention, looked_at) = watch::channel(Attention::default());
        let found = live.feeds().into_iter().find(|found| found.ids().contains(&feed));
        let sink = Sink::new(queue, live.clock()).watched(looked_at);
        let mut tasks = JoinSet::new();
        tasks.spawn(found.expect("a feed").run(sink));
        let (contract, store) = (Contract::new(), Store::default());
        Self { told, contract, attention, _tasks: tasks, store, all: Vec::new() }
    }

    /// The operator opens a log, or closes it.
    pub fn open(&self, log: Option<LogSource>) {
        self.attention.send_modify(|attention| attention.log = log);
    }

    /// Waits until `done` is true of what was told; gives how long that took.
    pub async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> Duration {
        let begun = Machine.now();
        let end = tokio::time::sleep(GUARD);
        tokio::pin!(end);
        while !done(self) {
            tokio::select! {
                batch = self.told.recv() => {
                    let batch = batch.unwrap_or_else(|| panic!("the feed ended before {what}"));
                    batch.into_iter().for_each(|told| self.take(told));
                }
                () = &mut end => panic!("no sign of {what}; the last words: {:#?}", self.last_words()),
            }
        }
        Duration::from_millis(Machine.now().since(begun).ms())
    }

    fn take(&mut self, observation: Observation) {
        if let Err(why) = self.contract.observe(&observation) {
            panic!("{why}");
        }
        self.all.push(observation.clone());
        self.store.apply(observation);
    }

    fn last_words(&self) -> Vec<&Observation> {
        self.all.iter().rev().take(5).collect()
    }

    pub fn is_live(&self, feed: FeedId) -> bool {
        matches!(self.store.feeds().get(feed).freshness, Freshness::Live(_))
    }

    /// Why `feed` can't be read now.
    pub fn trouble(&self, feed: FeedId) -> Option<Trouble> {
        self.store.feeds().get(feed).freshness.trouble().cloned()
    }

    /// How often `feed` told a fact like that.
    pub fn count(&self, feed: FeedId, is: impl Fn(&Fact) -> bool) -> usize {
        self.all.iter().filter(|told| told.feed == feed && is(&told.fact)).count()
    }

    /// What was told of `source`, in words: lines as they are.
    pub fn log(&self, source: &LogSource) -> Vec<String> {
        let mut log = Vec::new();
        for told in &self.all {
            let Fact::Log(chunk) = &told.fact else { continue };
            match &chunk.told {
                _ if chunk.source != *source => {}
                LogTold::Lines(lines) => log.extend(lines.iter().map(|line| line.text.to_string())),
                LogTold::Gap(why) => log.push(format!("GAP: {why}")),
                LogTold::End(why) => log.push(format!("END: {why}")),
            }
        }
        log
    }
}
