//! Runs the feed of the object store as the console would, and keeps what it tells.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of this module")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code"
)]

use std::sync::Arc;
use std::time::Duration;

use pulse_console::domain::{
    Attention, ClientSpec, Fact, FeedId, Meta, Observation, Resource, Span, Spec, Text, Timestamp,
    Trouble, Uid,
};
use pulse_console::live::objects::{Keys, Options, feed};
use pulse_console::platform::contract::Contract;
use pulse_console::platform::{Clock, Feed as _, Sink};
use pulse_console::store::{Freshness, Store, Verdict};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::platform::{self, BACKUPS, Objects, REGION, TEMPLATES, client_name, client_tier};

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(5);

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

/// The options for `server`.
pub fn options(server: &Objects) -> Options {
    let keys = Keys {
        access: server.access_key().to_owned().into(),
        secret: server.secret_key().to_owned().into(),
    };
    Options {
        region: REGION.to_owned(),
        templates_bucket: Some(TEMPLATES.to_owned()),
        platform_prefix: Some(platform::PLATFORM_PREFIX.to_owned()),
        keys: Some(keys),
        ..Options::new(server.url(), BACKUPS)
    }
}

/// A running feed and what a console would know from it.
pub struct Watch {
    queue: mpsc::Receiver<Vec<Observation>>,
    task: JoinHandle<()>,
    attention: watch::Sender<Attention>,
    contract: Contract,
    /// What is known.
    pub store: Store,
    /// Everything that was told but objects, with when.
    pub told: Vec<(FeedId, Timestamp, Fact)>,
    /// The folders in the order in which they were told.
    pub shelves: Vec<Text>,
}

impl Watch {
    /// Runs the feed of `options`; the console knows no tenant.
    pub fn start(options: Options) -> Self {
        Self::looking(options, &[])
    }

    /// The same, for an operator who looks at `tenants`.
    #[expect(clippy::disallowed_methods, reason = "the test is the runtime")]
    pub fn looking(options: Options, tenants: &[String]) -> Self {
        let tenants = tenants.iter().map(|tenant| Text::clean(tenant)).collect();
        let (attention, looks) = watch::channel(Attention { tenants, ..Attention::default() });
        let (sender, queue) = mpsc::channel(64);
        let sink = Sink::new(sender, Arc::new(Machine)).watched(looks);
        let task = tokio::spawn(Box::new(feed(options)).run(sink));
        let (contract, store) = (Contract::new(), Store::default());
        Self { queue, task, attention, contract, store, told: Vec::new(), shelves: Vec::new() }
    }

    /// The operator looks at `tenants` from now on.
    pub fn look(&self, tenants: &[String]) {
        let tenants = tenants.iter().map(|tenant| Text::clean(tenant)).collect();
        self.attention.send_replace(Attention { tenants, ..Attention::default() });
    }

    /// The console learns of clients `0..tenants`, which are old.
    pub fn clients(&mut self, tenants: usize) {
        let at = Machine.now();
        let facts = (0..tenants).map(|index| Fact::Upsert(client(index, at).into()));
        let facts = [Fact::RelistBegun].into_iter().chain(facts).chain([Fact::RelistEnded]);
        for fact in facts {
            self.store.apply(Observation { feed: FeedId::Clients, at, fact });
        }
    }

    /// Takes in what is told until `is`.
    pub async fn until(&mut self, what: &str, is: impl Fn(&Self) -> bool) {
        let ended = tokio::time::timeout(GUARD, async {
            while !is(self) {
                for observation in self.queue.recv().await.expect("the feed runs for ever") {
                    self.take(observation);
                }
            }
        });
        let ended = ended.await.is_ok();
        assert!(ended, "no sign of {what}: {:?}", self.told.last());
    }

    fn take(&mut self, observation: Observation) {
        if let Err(why) = self.contract.observe(&observation) {
            panic!("{why}");
        }
        let Observation { feed, at, fact } = &observation;
        match fact {
            Fact::Upsert(object) if *feed == FeedId::Backups => {
                self.shelves.push(object.uid().0.clone());
            }
            Fact::Upsert(_) => {}
            fact => self.told.push((*feed, *at, fact.clone())),
        }
        self.store.apply(observation);
    }

    /// Whether the backups are up to date.
    pub fn is_live(&self) -> bool {
        matches!(self.store.feeds().get(FeedId::Backups).freshness, Freshness::Live(_))
    }

    /// Whether a complete listing was told in this run.
    pub fn is_listed(&self) -> bool {
        self.is_live()
            && self
                .told
                .iter()
                .any(|(feed, _, fact)| *feed == FeedId::Buckets && *fact == Fact::RelistEnded)
    }

    /// Why the backups can't be read now.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.store.feeds().get(FeedId::Backups).freshness.trouble()
    }

    /// The verdict on the folder `path`.
    pub fn verdict(&self, path: &str) -> Option<&Verdict> {
        let slot = self.store.objects().shelves.find(&Uid(Text::clean(path)))?;
        self.store.shelves().of(slot)
    }

    /// The tenants that have no backup.
    pub fn missing(&self) -> Vec<String> {
        let clients = self.store.collection(pulse_console::domain::Kind::Client);
        let slots = self.store.shelves().all_missing();
        slots
            .filter_map(|slot| clients.get(slot)?.object.tenant().map(ToString::to_string))
            .collect()
    }

    /// Ends the feed.
    pub fn close(self) {
        self.task.abort();
    }
}

/// The customer object of the client `index`, half a year old.
fn client(index: usize, now: Timestamp) -> Resource {
    let name = Text::from(client_name(index));
    let named = Meta::named(name.clone(), Uid(Text::from(format!("client-{index}"))));
    let meta = Meta { created: Some(now.before(Span::from_secs(180 * 86_400))), ..named };
    let spec = ClientSpec {
        subdomain: name,
        tier: Text::from(client_tier(index)),
        ..ClientSpec::default()
    };
    Resource {
        meta,
        conditions: Box::default(),
        composed: Box::default(),
        spec: Spec::Client(spec),
    }
}
