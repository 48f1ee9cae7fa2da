//! A reader of the feed for tests: keeps what the store above would keep, and how each feed stands.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::excessive_nesting,
    clippy::disallowed_methods,
    reason = "a test may fail and keep time, and every test binary uses another part of this module"
)]

pub mod canned;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pulse_console::domain::Attention;
use pulse_console::domain::operation::Operation;
use pulse_console::domain::{
    Access, ClusterObject, Fact, FeedId, LogChunk, Need, Object, Observation, Resource, Timestamp,
    Trouble, Uid,
};
use pulse_console::live::kubernetes::{Options, feed};
use pulse_console::platform::contract::Contract;
use pulse_console::platform::{Clock, Feed, Sink};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// No wait in a test is longer: only a hang lasts so long.
const HANG: Duration = Duration::from_secs(90);

/// The clock of this machine.
pub struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        Timestamp::from_ms(i64::try_from(since.as_millis()).expect("a time"))
    }
}

/// One feed as it stands.
#[derive(Default)]
pub struct Standing {
    rows: BTreeMap<Uid, Arc<Resource>>,
    objects: BTreeMap<Uid, Arc<ClusterObject>>,
    access: BTreeMap<Uid, Arc<Access>>,
    pub operations: BTreeMap<Uid, Arc<Operation>>,
    told: Option<BTreeSet<Uid>>,
    pub listings: usize,
    pub alive: usize,
    pub troubles: Vec<Trouble>,
    pub trouble: Option<Trouble>,
}

/// Everything seen of a feed that runs.
pub struct Seen {
    queue: mpsc::Receiver<Vec<Observation>>,
    running: JoinHandle<()>,
    feeds: BTreeMap<FeedId, Standing>,
    attention: watch::Sender<Attention>,
    contract: Contract,
    pub chunks: Vec<LogChunk>,
    pub batches: usize,
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Seen {
    /// Runs a feed with `options`.
    pub fn of(options: Options) -> Self {
        let (sender, queue) = mpsc::channel(64);
        let (attention, seen) = watch::channel(Attention::default());
        let sink = Sink::new(sender, Arc::new(Wall)).watched(seen);
        let running = tokio::spawn(Box::new(feed(options)).run(sink));
        Self {
            queue,
            running,
            feeds: BTreeMap::new(),
            attention,
            contract: Contract::new(),
            chunks: Vec::new(),
            batches: 0,
        }
    }

    /// What the operator looks at from now on.
    pub fn look_at(&self, attention: Attention) {
        self.attention.send_replace(attention);
    }

    /// The objects of the cluster of `feed`, by namespace and name.
    pub fn objects(&self, feed: FeedId) -> BTreeMap<String, Arc<ClusterObject>> {
        let objects = self.feeds.get(&feed).into_iter().flat_map(|stand| stand.objects.values());
        let named = |object: &ClusterObject| match &object.meta.namespace {
            Some(namespace) => format!("{namespace}/{}", object.meta.name),
            None => object.meta.name.to_string(),
        };
        objects.map(|object| (named(object), Arc::clone(object))).collect()
    }

    /// Reads until `is_done`.
    pub async fn until(&mut self, is_done: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !is_done(self) {
                let batch = self.queue.recv().await.expect("the feed never ends by itself");
                self.batches += 1;
                for observation in batch {
                    self.apply(observation);
                }
            }
        };
        if tokio::time::timeout(HANG, waiting).await.is_err() {
            let stand: Vec<String> = self
                .feeds
                .iter()
                .map(|(feed, stand)| {
                    format!("{feed}: {} rows, {:?}", stand.rows.len(), stand.trouble)
                })
                .collect();
            panic!("nothing came of it: {}", stand.join("; "));
        }
    }

    /// Whether nothing comes for `quiet` that `is_news`.
    pub async fn nothing_for(&mut self, quiet: Duration, is_news: impl Fn(&Fact) -> bool) -> bool {
        let waiting = async {
            loop {
                for observation in self.queue.recv().await.expect("the feed never ends by itself") {
                    let news = is_news(&observation.fact);
                    self.apply(observation);
                    if news {
                        return;
                    }
                }
            }
        };
        tokio::time::timeout(quiet, waiting).await.is_err()
    }

    /// How `feed` stands.
    pub fn stand(&self, feed: FeedId) -> Option<&Standing> {
        self.feeds.get(&feed)
    }

    /// The rows of `feed` by name.
    pub fn rows(&self, feed: FeedId) -> BTreeMap<String, Arc<Resource>> {
        let rows = self.feeds.get(&feed).into_iter().flat_map(|stand| stand.rows.values());
        rows.map(|row| (row.meta.name.to_string(), Arc::clone(row))).collect()
    }

    /// What the cluster says of `need`; none while it was not asked.
    pub fn access(&self, need: &Need) -> Option<&Access> {
        self.stand(FeedId::Access)?.access.get(&need.uid()).map(|access| &**access)
    }

    /// Whether a listing of `feed` is complete, and nothing is wrong.
    pub fn is_listed(&self, feed: FeedId) -> bool {
        self.stand(feed).is_some_and(|stand| stand.listings > 0 && stand.trouble.is_none())
    }

    /// The reason of a condition of a row.
    pub fn condition(&self, feed: FeedId, name: &str, condition: &str) -> Option<String> {
        let row = self.feeds.get(&feed)?.rows.values().find(|row| row.meta.name == name)?;
        row.condition(condition).map(|condition| condition.reason.to_string())
    }

    /// The trouble that `feed` has.
    pub fn trouble(&self, feed: FeedId) -> Option<&Trouble> {
        self.stand(feed).and_then(|stand| stand.trouble.as_ref())
    }

    fn apply(&mut self, observation: Observation) {
        self.contract.observe(&observation).expect("the feed keeps to its contract");
        let stand = self.feeds.entry(observation.feed).or_default();
        match observation.fact {
            Fact::RelistBegun => stand.told = Some(BTreeSet::new()),
            Fact::RelistEnded => {
                let told = stand.told.take().expect("a listing ends that began");
                stand.rows.retain(|uid, _| told.contains(uid));
                stand.objects.retain(|uid, _| told.contains(uid));
                stand.access.retain(|uid, _| told.contains(uid));
                stand.operations.retain(|uid, _| told.contains(uid));
                stand.listings += 1;
                stand.trouble = None;
            }
            Fact::Upsert(Object::Resource(row)) => {
                if let Some(told) = &mut stand.told {
                    told.insert(row.meta.uid.clone());
                }
                stand.rows.insert(row.meta.uid.clone(), row);
            }
            Fact::Upsert(Object::ClusterObject(object)) => {
                if let Some(told) = &mut stand.told {
                    told.insert(object.meta.uid.clone());
                }
                stand.objects.insert(object.meta.uid.clone(), object);
            }
            Fact::Upsert(Object::Access(access)) => {
                if let Some(told) = &mut stand.told {
                    told.insert(access.uid.clone());
                }
                stand.access.insert(access.uid.clone(), access);
            }
            Fact::Upsert(Object::Operation(operation)) => {
                if let Some(told) = &mut stand.told {
                    told.insert(operation.uid.clone());
                }
                stand.operations.insert(operation.uid.clone(), operation);
            }
            Fact::Log(chunk) => self.chunks.push(chunk),
            Fact::Remove(uid) => {
                stand.rows.remove(&uid);
                stand.objects.remove(&uid);
                stand.operations.remove(&uid);
            }
            Fact::Alive => {
                stand.alive += 1;
                stand.trouble = None;
            }
            Fact::Unreachable(trouble) => {
                println!("{}: {trouble}", observation.feed);
                stand.troubles.push(trouble.clone());
                stand.trouble = Some(trouble);
            }
            _ => {
                panic!("not of this feed")
            }
        }
    }
}
