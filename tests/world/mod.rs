//! What both worlds must do, seen through the doors alone: the checks know only [`Platform`].

#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

use std::sync::Arc;
use std::time::Duration;

use pulse_console::domain::{FeedId, GapCause, Health, Kind, TroubleKind};
use pulse_console::platform::contract::Contract;
use pulse_console::platform::{Platform, Sink};
use pulse_console::store::{Freshness, Line, Store};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(2);

/// What a world is asked to let happen.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// The tenant that was asked for becomes unwell.
    TenantFails,
    /// So many events are published.
    Events(u64),
    /// The servers go away; that of the stream loses its data.
    Outage,
    /// The servers are back, and an event is published.
    Return,
}

/// A world under test.
pub trait World {
    /// Its doors.
    fn platform(&self) -> Arc<dyn Platform>;

    /// The tenant that becomes unwell.
    fn tenant(&self) -> String;

    /// The feeds of objects of which it holds something.
    fn holds(&self) -> Vec<FeedId>;

    /// Lets something happen.
    fn happen(&mut self, what: What) -> impl Future<Output = ()>;
}

/// What a world tells, held against the contract and taken into a store.
struct Watch {
    told: mpsc::Receiver<Vec<pulse_console::domain::Observation>>,
    contract: Contract,
    store: Store,
    _feeds: JoinSet<()>,
}

impl Watch {
    fn of(platform: &dyn Platform) -> Self {
        let (queue, told) = mpsc::channel(8);
        let mut feeds = JoinSet::new();
        for feed in platform.feeds() {
            feeds.spawn(feed.run(Sink::new(queue.clone(), platform.clock())));
        }
        Self { told, contract: Contract::new(), store: Store::default(), _feeds: feeds }
    }

    /// Waits until something is told of each of `feeds`.
    async fn until_told(&mut self, feeds: &[FeedId]) {
        let told = tokio::time::timeout(GUARD, async {
            while !self.silent_of(feeds).is_empty() {
                let batch = self.told.recv().await.expect("the feeds run for ever");
                self.take(batch, "something of every feed");
            }
        });
        let told = told.await.is_ok();
        assert!(told, "nothing is told of {:?}", self.silent_of(feeds));
    }

    fn take(&mut self, batch: Vec<pulse_console::domain::Observation>, what: &str) {
        for observation in batch {
            if let Err(why) = self.contract.observe(&observation) {
                panic!("while waiting for {what}: {why}");
            }
            self.store.apply(observation);
        }
    }

    async fn until(&mut self, what: &str, is: impl Fn(&Store) -> bool) {
        let seen = tokio::time::timeout(GUARD, async {
            while !is(&self.store) {
                let batch = self.told.recv().await.expect("the feeds run for ever");
                self.take(batch, what);
            }
        });
        let seen = seen.await.is_ok();
        assert!(seen, "no sign of {what}; the feeds are {:#?}", self.store.feeds());
    }

    /// Those of `feeds` that have told of nothing.
    fn silent_of(&self, feeds: &[FeedId]) -> Vec<FeedId> {
        feeds.iter().copied().filter(|feed| self.contract.known(*feed) == 0).collect()
    }
}

fn is_live(store: &Store, feed: FeedId) -> bool {
    matches!(store.feeds().get(feed).freshness, Freshness::Live(_))
}

/// Whether every feed of a server that there is, is live.
fn all_live(store: &Store) -> bool {
    FeedId::ALL.into_iter().all(|feed| is_live(store, feed) || is_unset(store, feed))
}

fn is_unset(store: &Store, feed: FeedId) -> bool {
    let trouble = store.feeds().get(feed).freshness.trouble();
    trouble.is_some_and(|why| why.kind == TroubleKind::NotConfigured)
}

fn health(store: &Store, tenant: &str) -> Option<Health> {
    let slot = store.joins().of(tenant)?.client?;
    Some(store.collection(Kind::Client).get(slot)?.object.health())
}

/// Runs `world` through a short life and checks what it tells of it.
pub async fn passes_the_checks(mut world: impl World) {
    let mut watch = Watch::of(&*world.platform());
    watch.until("every feed live", all_live).await;
    let tenant = world.tenant();
    let tenants = watch.store.collection(Kind::Client).len();
    assert!(tenants > 0 && health(&watch.store, &tenant).is_some(), "{tenant} is listed");
    let holds = world.holds();
    // Some of it is only there after a while: a server that measures has to have measured.
    watch.until_told(&holds).await;

    world.happen(What::TenantFails).await;
    watch.until("a change", |store| health(store, &tenant) == Some(Health::Failed)).await;

    let before = watch.store.stream().received();
    world.happen(What::Events(20)).await;
    watch.until("twenty events", |store| store.stream().received() >= before + 20).await;
    let lines = watch.store.stream().len();

    world.happen(What::Outage).await;
    let mut broken = vec![FeedId::Clients, FeedId::Events];
    broken.extend(&holds);
    let say_why = |store: &Store| {
        let why = |feed: &FeedId| store.feeds().get(*feed).freshness.trouble().cloned();
        broken.iter().all(|feed| why(feed).is_some_and(|why| !why.remedy.is_empty()))
    };
    watch.until("what broke", say_why).await;
    assert_eq!(watch.store.collection(Kind::Client).len(), tenants, "rows stay");
    assert_eq!(health(&watch.store, &tenant), Some(Health::Failed), "as they were");
    assert!(watch.store.stream().len() >= lines, "lines stay");
    assert_eq!(watch.silent_of(&holds), [], "what is known of them stays");

    world.happen(What::Return).await;
    watch.until("the return", |store| broken.iter().all(|feed| is_live(store, *feed))).await;
    watch
        .until("the loss", |store| {
            store
                .stream()
                .iter()
                .any(|(_, line)| matches!(line, Line::Gap(gap) if gap.cause == GapCause::Reset))
        })
        .await;
    assert_eq!(watch.store.collection(Kind::Client).len(), tenants, "each tenant once");
}
