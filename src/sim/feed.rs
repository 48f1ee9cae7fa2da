//! The training world as a platform: one feed that moves its time with the real one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::clock::{Held, SimClock, whole_ms};
use super::engine::Engine;
use super::fault_plan::FaultPlan;
use super::ground::Ground;
use super::herald::{Board, Crier};
use super::operations::{Deed, Desk, MemoryJournal};
use super::people::Provider;
use super::scenario::Scenario;
use crate::domain::{Attention, FeedId, Observation, Role, Span, Text};
use crate::platform::{
    Clock, Closed, Control, Feed, Herald, Identity, Journal, Platform, Sink, World,
};

/// How often the world moves.
const TICK: Duration = Duration::from_millis(100);
/// After so many ticks with nothing to tell, it asks whether anybody still listens.
const IDLE_TICKS: u32 = 20;
/// The most real time that one tick makes up for, such as after the machine slept.
const CATCH_UP: Duration = Duration::from_secs(1);

/// The training world behind the platform's door.
pub struct Sim {
    ground: Arc<Ground>,
    scenario: Arc<Scenario>,
    clock: Arc<SimClock>,
    journal: Arc<MemoryJournal>,
    faults: Arc<FaultPlan>,
    board: Arc<Board>,
    /// The role of whoever signed in.
    role: watch::Sender<Option<Role>>,
}

impl Sim {
    /// A platform of the world of `engine`, whose time passes `speed` times as fast as the real one (from 0,
    /// which stands still, to 3600; what isn't a number counts as 1).
    #[must_use]
    pub fn new(engine: Engine, speed: f64) -> Self {
        let clock = Arc::new(SimClock::new(engine.now(), speed));
        let scenario = Arc::clone(&engine.scenario);
        let ground = Arc::new(Ground::new(engine, Arc::clone(&clock)));
        let faults = Arc::new(FaultPlan::new(scenario.faults()));
        let journal = Arc::new(MemoryJournal::new(Arc::clone(&ground), Arc::clone(&faults)));
        let (role, _) = watch::channel(None);
        Self { ground, scenario, clock, journal, faults, board: Arc::default(), role }
    }

    /// What is to break where operations pass: a test may plan more.
    #[must_use]
    pub fn faults(&self) -> Arc<FaultPlan> {
        Arc::clone(&self.faults)
    }

    /// What was changed through its doors, in order. What was asked for and changed nothing is not among it.
    #[must_use]
    pub fn deeds(&self) -> Vec<Deed> {
        self.ground.now().operations.deeds().to_vec()
    }

    /// Does something to the world itself, as it is now: for tests and for a trainer.
    pub fn with<T>(&self, act: impl FnOnce(&mut Engine) -> T) -> T {
        act(&mut self.ground.now())
    }

    /// The bytes of each record of the operation `id`.
    #[must_use]
    pub fn record_bytes(&self, id: &Text) -> Vec<usize> {
        self.journal.record_bytes(id)
    }

    /// Whether nobody holds a lease.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.journal.is_free()
    }
}

impl Platform for Sim {
    fn world(&self) -> World {
        World::Training
    }

    /// Its one feed. One that is run after another ended tells everything anew; beside another it waits.
    fn feeds(&self) -> Vec<Box<dyn Feed>> {
        let (ground, clock) = (Arc::clone(&self.ground), Arc::clone(&self.clock));
        let (board, role) = (Arc::clone(&self.board), self.role.subscribe());
        vec![Box::new(SimFeed { ground, clock, board, role })]
    }

    fn identity(&self) -> Option<Box<dyn Identity>> {
        let provider = Provider::new(&self.scenario, &self.clock).telling(self.role.clone());
        Some(Box::new(provider))
    }

    fn herald(&self) -> Option<Arc<dyn Herald>> {
        Some(Arc::new(Crier(Arc::clone(&self.board))))
    }

    fn control(&self) -> Option<Arc<dyn Control>> {
        Some(Arc::new(Desk::new(Arc::clone(&self.ground), Arc::clone(&self.faults))))
    }

    fn journal(&self) -> Option<Arc<dyn Journal>> {
        Some(Arc::<MemoryJournal>::clone(&self.journal))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<SimClock>::clone(&self.clock)
    }
}

struct SimFeed {
    ground: Arc<Ground>,
    clock: Arc<SimClock>,
    board: Arc<Board>,
    role: watch::Receiver<Option<Role>>,
}

impl Feed for SimFeed {
    fn ids(&self) -> Vec<FeedId> {
        FeedId::ALL.to_vec()
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            // The only way to fail is that nobody listens any more, and then the feed is done.
            let _ = self.tell_for_ever(&sink).await;
        })
    }
}

impl SimFeed {
    async fn tell_for_ever(&self, sink: &Sink) -> Result<(), Closed> {
        // Who ran it before may still be ending.
        let _turn = self.ground.turn().await;
        let mut role = self.role.clone();
        let held = self.make_up().await;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut last = ticks.tick().await;
        let (mut owed_ms, mut idle) = (0.0, 0);
        let mut attention = sink.attention();
        let first = {
            let mut engine = self.ground.engine();
            act_as_who_came(&mut role, &mut engine);
            engine.start()
        };
        tell(sink, first).await?;
        loop {
            let now = ticks.tick().await;
            let real = now.saturating_duration_since(last).min(CATCH_UP);
            owed_ms += self.clock.passes_ms(real);
            last = now;
            let step = whole_ms(owed_ms);
            owed_ms -= step as f64;
            let told = self.step(Span::from_ms(step), &mut role, &mut attention, &held);
            idle = if told.is_empty() { idle + 1 } else { 0 };
            if idle == IDLE_TICKS {
                idle = 0;
                // A feed that tells nothing would never learn that the console is closing.
                sink.send(Vec::new()).await?;
            }
            tell(sink, told).await?;
        }
    }

    /// Moves the world by `span`; what happened.
    fn step(
        &self,
        span: Span,
        role: &mut watch::Receiver<Option<Role>>,
        attention: &mut watch::Receiver<Attention>,
        held: &Held,
    ) -> Vec<Observation> {
        let mut engine = self.ground.engine();
        if role.has_changed().unwrap_or(false) {
            act_as_who_came(role, &mut engine);
        }
        let mut told = engine.advance(span);
        for event in self.board.take() {
            told.extend(engine.publish_raw(&event));
        }
        if attention.has_changed().unwrap_or(false) {
            let looked_at = attention.borrow_and_update().clone();
            told.extend(engine.look(&looked_at));
        }
        held.set(engine.now());
        told
    }

    /// Makes up for the time that passed while nobody watched.
    async fn make_up(&self) -> Held {
        while !self.ground.make_up_some() {
            tokio::task::yield_now().await;
        }
        let mut engine = self.ground.engine();
        let held = self.clock.hold();
        let passed = self.clock.now().since(engine.now());
        engine.pass_unwatched(passed);
        held
    }
}

/// The cluster goes by the role of whoever signed in.
fn act_as_who_came(role: &mut watch::Receiver<Option<Role>>, engine: &mut Engine) {
    if let Some(role) = *role.borrow_and_update() {
        engine.act_as(role);
    }
}

async fn tell(sink: &Sink, observations: Vec<Observation>) -> Result<(), Closed> {
    let mut rest = observations.into_iter();
    loop {
        let batch: Vec<_> = rest.by_ref().take(Sink::BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        sink.send(batch).await?;
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::domain::Timestamp;
    use crate::platform::contract::Contract;
    use crate::sim::scenario::builtin;

    fn sim(speed: f64) -> Sim {
        let scenario = builtin("calm-night").expect("a scenario");
        Sim::new(Engine::new(&scenario, None), speed)
    }

    /// A runtime whose time tokio moves by itself.
    fn paused() -> tokio::runtime::Runtime {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().expect("a runtime")
    }

    fn run(sim: &Sim, real: Duration) -> (Vec<Vec<Observation>>, Timestamp) {
        paused().block_on(watch(sim, real))
    }

    /// Watches `sim` for `real`; what it told, and its time after it.
    async fn watch(sim: &Sim, real: Duration) -> (Vec<Vec<Observation>>, Timestamp) {
        let (queue, mut told) = mpsc::channel(4);
        let mut feeds = sim.feeds();
        let feed = feeds.pop().expect("a feed");
        assert_eq!(feed.ids(), FeedId::ALL);
        let mut feed = feed.run(Sink::new(queue, sim.clock()));
        let mut batches = Vec::new();
        let end = tokio::time::sleep(real);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => break,
                () = &mut feed => panic!("the feed ended though somebody listens"),
                batch = told.recv() => batches.extend(batch),
            }
        }
        let now = sim.clock().now();
        drop(told);
        feed.await;
        (batches, now)
    }

    #[test]
    fn its_time_passes_at_its_speed() {
        for (speed, secs) in [(1.0, 20), (60.0, 1_200), (0.0, 0), (f64::NAN, 20), (-3.0, 0)] {
            let sim = sim(speed);
            let start = sim.clock().now();
            let (batches, now) = run(&sim, Duration::from_millis(20_050));
            let passed = now.since(start).secs();
            // Between the world and its feed there is real time.
            assert!(passed >= secs && passed <= secs + secs / 10, "{speed}: {passed}");
            check(&batches);
        }
    }

    fn check(batches: &[Vec<Observation>]) -> Contract {
        let mut contract = Contract::new();
        for batch in batches {
            assert!(batch.len() <= Sink::BATCH);
            contract.observe_all(batch).expect("the contract");
        }
        contract
    }

    #[test]
    fn it_goes_on_while_nobody_watches_and_is_told_anew() {
        let runtime = paused();
        let sim = sim(60.0);
        let start = sim.clock().now();
        let tenants = FeedId::of(crate::domain::Kind::Client);
        let mut known = Vec::new();
        for _ in 0..3 {
            runtime.block_on(tokio::time::advance(Duration::from_secs(30)));
            let before = sim.clock().now();
            let (batches, now) = runtime.block_on(watch(&sim, Duration::from_secs(10)));
            let contract = check(&batches);
            let first = batches.iter().flatten().next().expect("something is told");
            assert!(first.at >= before, "nothing is told of before it was watched");
            assert!(FeedId::ALL.into_iter().all(|feed| contract.is_listed(feed)), "all is listed");
            assert!(now.since(before) >= Span::from_secs(590), "{:?}", now.since(before));
            known.push(contract.known(tenants));
        }
        // Forty seconds at this speed, three times.
        let passed = sim.clock().now().since(start).secs();
        assert!((7_100..7_300).contains(&passed), "{passed}");
        assert!(known.iter().all(|known| *known >= 42), "{known:?}");
    }

    #[test]
    fn a_world_that_stands_still_tells_the_same_anew() {
        let runtime = paused();
        let sim = sim(0.0);
        let watch = || runtime.block_on(watch(&sim, Duration::from_secs(1))).0;
        let told: Vec<Vec<Observation>> =
            (0..2).map(|_| watch().into_iter().flatten().collect()).collect();
        assert!(told[0].len() > 200);
        assert_eq!(told[0], told[1]);
    }
}
