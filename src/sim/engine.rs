//! The training world's time: a queue of what is due, done in order, told as observations.
//!
//! The engine reads no clock. What happens depends on the scenario, the seed and the total time it was
//! moved by, never on the size of the steps.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use super::access;
use super::alerts::Alerting;
use super::events::{self, Event, EventType};
use super::founding;
use super::logs::OpenLog;
use super::operations::{self, Operations};
use super::parts::Part;
use super::scenario::{Phase, Scenario};
use super::world::World;
use crate::domain::{
    Fact, FeedId, Kind, Object, Observation, Resource, Role, Span, StreamEntry, Text, Timestamp,
    Trouble, Uid,
};

/// How often feeds say that they are alive.
const ALIVE: Span = Span::from_secs(2);
/// The most entries that the first listing of the stream tells; older ones follow in pages.
const NEWEST: usize = 1_000;
/// Entries in a page of older ones.
const PAGE: usize = 500;
/// Time between two pages of older entries.
const PAGE_EVERY: Span = Span::from_ms(200);

/// The training world and its time.
#[derive(Debug)]
pub struct Engine {
    pub(super) world: World,
    pub(super) rng: fastrand::Rng,
    pub(super) scenario: Arc<Scenario>,
    pub(super) links: BTreeMap<FeedId, Link>,
    /// Microseconds since the epoch.
    now_us: i64,
    due: BinaryHeap<Reverse<Due>>,
    /// How many tasks were ever queued: equal times keep their order.
    queued: u64,
    out: Vec<Observation>,
    started: bool,
    /// How many hostile events there were.
    pub(super) hostile: usize,
    /// The log that the trainee has open.
    pub(super) open_log: Option<OpenLog>,
    /// How many logs were ever opened or closed.
    pub(super) logs_opened: u64,
    /// What fires beside what follows from the world.
    pub(super) alerting: Alerting,
    /// What operations made of the world.
    pub(super) operations: Operations,
}

/// A feed's way to the world.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    /// Why it can't be read, while it can't.
    pub(super) trouble: Option<Trouble>,
    /// Whether it has told a complete listing.
    pub(super) listed: bool,
}

/// Something to be done at a time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at_us: i64,
    order: u64,
    task: Task,
}

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// Feeds say that they are alive.
    Alive,
    /// An event of the scenario's mix comes.
    Event,
    /// An object changes without meaning.
    Churn,
    /// The incident of this index of the scenario happens.
    Incident(usize),
    /// A page of older entries is told.
    Older,
    /// The object is well again.
    Recover(Uid),
    /// The tenant that was being made is ready.
    Ready(Text),
    /// The object is gone.
    Gone(Uid),
    /// The run is under way.
    Runs(Uid),
    /// The run is over; whether it failed.
    Ends(Uid, bool),
    /// The feed can be read again.
    FeedUp(FeedId),
    /// One of a burst of events, of one tenant or of any.
    Burst(EventType, Option<Text>),
    /// A part of the platform goes on.
    Beat(Part),
    /// The log that was opened as this number is read on.
    Log(u64),
    /// What an operation began goes on.
    Operation(operations::Next),
}

impl Engine {
    /// The world of `scenario` at its start. `seed` takes the place of the scenario's own.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: Option<u64>) -> Self {
        let mut engine = Self {
            world: World::empty(),
            rng: fastrand::Rng::with_seed(seed.unwrap_or(scenario.seed)),
            scenario: Arc::new(scenario.clone()),
            links: FeedId::ALL.into_iter().map(|feed| (feed, Link::default())).collect(),
            now_us: scenario.start.ms().saturating_mul(1_000),
            due: BinaryHeap::new(),
            queued: 0,
            out: Vec::new(),
            started: false,
            hostile: 0,
            open_log: None,
            logs_opened: 0,
            alerting: Alerting::default(),
            operations: Operations::default(),
        };
        founding::found(&mut engine);
        engine.act_as(Role::Senior);
        engine
    }

    /// The trainee has this role from now on: the cluster goes by it.
    pub fn act_as(&mut self, role: Role) {
        access::found(self, role);
    }

    /// Now, in the world's time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now_us / 1_000)
    }

    /// What exists.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The scenario that it runs.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Connects the feeds: each tells its first complete listing, or why it can't. Told once;
    /// after that there is nothing more to tell.
    pub fn start(&mut self) -> Vec<Observation> {
        if !self.started {
            self.started = true;
            for feed in FeedId::ALL {
                self.connect(feed);
            }
        }
        self.told()
    }

    /// Moves the world's time by `span`: what happened in it, in order, each with its own time.
    /// A world that has not started does so first.
    pub fn advance(&mut self, span: Span) -> Vec<Observation> {
        self.out = self.start();
        self.pass(span);
        self.told()
    }

    /// Moves the world's time by `span` whether or not it has started; what happened waits to be told.
    fn pass(&mut self, span: Span) {
        let ms = i64::try_from(span.ms()).unwrap_or(i64::MAX);
        let until = self.now_us.saturating_add(ms.saturating_mul(1_000));
        while self.due.peek().is_some_and(|Reverse(due)| due.at_us <= until) {
            let Some(Reverse(due)) = self.due.pop() else {
                break;
            };
            self.now_us = self.now_us.max(due.at_us);
            self.perform(due.task);
        }
        self.now_us = until;
    }

    /// Moves the world's time by `span` while nobody watches: the next start tells how things are then.
    pub(super) fn pass_unwatched(&mut self, span: Span) {
        self.disconnect();
        self.pass(span);
    }

    /// Nobody watches any more; the world goes on. A start tells everything anew.
    pub(super) fn disconnect(&mut self) {
        if !self.started {
            return;
        }
        self.started = false;
        self.out.clear();
        self.links.values_mut().for_each(|link| link.listed = false);
        (self.open_log, self.logs_opened) = (None, self.logs_opened + 1);
        // Of what was under way for those who watched, nothing is for those who will.
        self.due.retain(|Reverse(due)| !matches!(due.task, Task::Older | Task::Log(_)));
    }

    /// Puts `object` into the world, or into its place there.
    pub fn upsert(&mut self, object: Resource) -> Vec<Observation> {
        let object = self.world.put(object);
        self.tell_object(Some(object));
        self.told()
    }

    /// Takes the object out of the world; one that isn't there changes nothing.
    pub fn remove(&mut self, uid: &Uid) -> Vec<Observation> {
        self.perform(Task::Gone(uid.clone()));
        self.told()
    }

    /// Puts `event` on the stream, now.
    pub fn publish(&mut self, event: &Event) -> Vec<Observation> {
        self.emit(event);
        self.told()
    }

    /// Puts `raw` on the stream as some producer sends it, now.
    pub fn publish_raw(&mut self, raw: &str) -> Vec<Observation> {
        let id = self.world.stream.next_id(self.now());
        self.append(events::raw_entry(raw, id));
        self.told()
    }

    /// What was told since the last call.
    pub(super) fn told(&mut self) -> Vec<Observation> {
        std::mem::take(&mut self.out)
    }

    /// Queues `task`, due `after` from now.
    pub(super) fn queue(&mut self, after: Span, task: Task) {
        self.queue_us(i64::try_from(after.ms()).unwrap_or(i64::MAX).saturating_mul(1_000), task);
    }

    /// Queues `task`, due `after_us` microseconds from now.
    pub(super) fn queue_us(&mut self, after_us: i64, task: Task) {
        self.queued += 1;
        let at_us = self.now_us.saturating_add(after_us);
        self.due.push(Reverse(Due { at_us, order: self.queued, task }));
    }

    /// Queues the next `task` of those that come at `rate` a second, by chance early or late.
    pub(super) fn queue_at_rate(&mut self, rate: f64, task: Task) {
        if rate > 0.0 {
            let period_us = (1_000_000.0 / rate).clamp(1.0, 1e12) as i64;
            let after_us = period_us / 2 + self.rng.i64(0..=period_us);
            self.queue_us(after_us, task);
        }
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Alive => self.alive(),
            Task::Event => self.event(),
            Task::Churn => self.churn(),
            Task::Incident(index) => self.incident(index),
            Task::Older => self.older(),
            Task::Recover(uid) => self.recover(&uid),
            Task::Ready(tenant) => self.ready(&tenant),
            Task::Gone(uid) => {
                if let Some(gone) = self.world.take(&uid) {
                    self.tell(FeedId::of(gone.kind()), Fact::Remove(uid));
                }
            }
            Task::Runs(uid) => self.run_phase(&uid, Phase::Running),
            Task::Ends(uid, failed) => self.run_ends(&uid, failed),
            Task::FeedUp(feed) => self.feed_up(feed),
            Task::Burst(kind, tenant) => self.emit_about(kind, tenant.as_ref()),
            Task::Log(number) => self.read_log(number),
            Task::Operation(next) => operations::go_on(self, next),
            Task::Beat(part) => {
                part.beat(self);
                self.queue(part.every(), Task::Beat(part));
            }
        }
    }

    /// Whether what happens is told by `feed` now.
    pub(super) fn is_up(&self, feed: FeedId) -> bool {
        self.started && self.links.get(&feed).is_some_and(|link| link.trouble.is_none())
    }

    pub(super) const fn has_started(&self) -> bool {
        self.started
    }

    /// Tells `fact`, unless the feed is down: then it is learnt from the next listing.
    pub(super) fn tell(&mut self, feed: FeedId, fact: Fact) {
        if self.is_up(feed) {
            self.tell_anyway(feed, fact);
        }
    }

    /// Tells `fact` of a feed though it may be down.
    pub(super) fn tell_anyway(&mut self, feed: FeedId, fact: Fact) {
        if self.started {
            let at = self.now();
            self.out.push(Observation { feed, at, fact });
        }
    }

    pub(super) fn tell_object(&mut self, object: Option<Arc<Resource>>) {
        if let Some(object) = object {
            self.tell(FeedId::of(object.kind()), Fact::Upsert(object.into()));
        }
    }

    /// Connects `feed`: a listing, or of a stream that was listed before, what came since.
    pub(super) fn connect(&mut self, feed: FeedId) {
        let listed = match self.links.get_mut(&feed) {
            Some(Link { trouble: Some(trouble), .. }) => {
                let fact = Fact::Unreachable(trouble.clone());
                return self.tell_anyway(feed, fact);
            }
            Some(link) => std::mem::replace(&mut link.listed, true),
            None => return,
        };
        match feed.kind() {
            Some(kind) => self.list(feed, kind),
            None if feed != FeedId::Events => self.list_others(feed),
            None if listed => {
                self.tell(feed, Fact::Alive);
                self.tell_stream();
            }
            None => self.list_stream(),
        }
    }

    fn list_others(&mut self, feed: FeedId) {
        let at = self.now();
        let fact = |fact| Observation { feed, at, fact };
        self.out.push(fact(Fact::RelistBegun));
        self.out.extend(self.world.others(feed).cloned().map(|object| fact(Fact::Upsert(object))));
        self.out.push(fact(Fact::RelistEnded));
    }

    /// Puts `object` into the world, or into its place there, and tells it when that changed anything.
    pub(super) fn put(&mut self, object: impl Into<Object>) {
        let object = object.into();
        if self.world.put_other(&object) {
            self.tell(object.feed(), Fact::Upsert(object));
        }
    }

    /// Takes the object `uid` that `feed` tells out of the world, and tells that.
    pub(super) fn take(&mut self, feed: FeedId, uid: &Uid) {
        if self.world.take_other(feed, uid).is_some() {
            self.tell(feed, Fact::Remove(uid.clone()));
        }
    }

    fn list(&mut self, feed: FeedId, kind: Kind) {
        let at = self.now();
        let fact = |fact| Observation { feed, at, fact };
        self.out.push(fact(Fact::RelistBegun));
        let objects =
            self.world.objects(kind).map(|object| fact(Fact::Upsert(Arc::clone(object).into())));
        self.out.extend(objects);
        self.out.push(fact(Fact::RelistEnded));
    }

    fn list_stream(&mut self) {
        let feed = FeedId::Events;
        self.tell(feed, Fact::RelistBegun);
        let entries = self.world.stream.newest(NEWEST);
        if !entries.is_empty() {
            self.tell(feed, Fact::Entries(entries));
        }
        self.tell(feed, Fact::RelistEnded);
        let left = self.scenario.stream.left.map(|left| self.scenario.start.before(left));
        if let Some(left) = left.and_then(|left| self.world.stream.at(left)) {
            self.tell(feed, Fact::LeftAt(left));
        }
        self.queue(PAGE_EVERY, Task::Older);
    }

    /// Tells what is on the stream and untold, unless its feed is down.
    pub(super) fn tell_stream(&mut self) {
        if !self.is_up(FeedId::Events) {
            return;
        }
        let (gap, entries) = self.world.stream.untold();
        if let Some(gap) = gap {
            self.tell(FeedId::Events, Fact::Gap(gap));
        }
        if !entries.is_empty() {
            self.tell(FeedId::Events, Fact::Entries(entries));
        }
    }

    fn older(&mut self) {
        if !self.is_up(FeedId::Events) {
            return self.queue(PAGE_EVERY, Task::Older);
        }
        let entries = self.world.stream.older(PAGE);
        if !entries.is_empty() {
            self.tell(FeedId::Events, Fact::Older(entries));
            self.queue(PAGE_EVERY, Task::Older);
        }
    }

    fn alive(&mut self) {
        for feed in FeedId::ALL {
            self.tell(feed, Fact::Alive);
        }
        self.queue(ALIVE, Task::Alive);
    }

    /// Puts `event` on the stream and tells it.
    pub(super) fn emit(&mut self, event: &Event) {
        let at = self.now();
        let id = events::ulid(at, &mut self.rng);
        let stream_id = self.world.stream.next_id(at);
        self.append(events::entry(event, stream_id, &id, at));
    }

    pub(super) fn append(&mut self, entry: StreamEntry) {
        self.world.stream.push(entry);
        self.tell_stream();
    }

    /// Puts an event of `kind` about `tenant`, or about some tenant, on the stream.
    pub(super) fn emit_about(&mut self, kind: EventType, tenant: Option<&Text>) {
        let at = self.now();
        let client = match tenant {
            Some(tenant) => self.world.order(tenant.as_str()),
            None => self.world.any_tenant(&mut self.rng),
        };
        if let Some(client) = client {
            let event = Event::about(kind, client, at, &mut self.rng);
            self.emit(&event);
        }
    }
}
