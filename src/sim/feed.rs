//! The training world as a platform: one feed that moves its time with the real one.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::engine::Engine;
use crate::domain::{FeedId, Observation, Role, Span, Timestamp};
use crate::platform::{Clock, Closed, Feed, Identity, Platform, Sink, World};

/// How often the world moves.
const TICK: Duration = Duration::from_millis(100);
/// After so many ticks with nothing to tell, it asks whether anybody still listens.
const IDLE_TICKS: u32 = 20;
/// The most real time that one tick makes up for, such as after the machine slept.
const CATCH_UP: Duration = Duration::from_secs(1);
/// The fastest that the world's time passes, in seconds a second.
const MAX_SPEED: f64 = 3_600.0;

/// The training world behind the platform's door.
pub struct Sim {
    engine: Mutex<Option<Engine>>,
    clock: Arc<SimClock>,
    speed: f64,
    /// The role of whoever signed in.
    role: watch::Sender<Option<Role>>,
}

impl Sim {
    /// A platform of the world of `engine`, whose time passes `speed` times as fast as the real one (from 0,
    /// which stands still, to 3600; what isn't a number counts as 1).
    #[must_use]
    pub fn new(engine: Engine, speed: f64) -> Self {
        let clock = Arc::new(SimClock(AtomicI64::new(engine.now().ms())));
        let speed = if speed.is_nan() { 1.0 } else { speed.clamp(0.0, MAX_SPEED) };
        let (role, _) = watch::channel(None);
        Self { engine: Mutex::new(Some(engine)), clock, speed, role }
    }
}

impl Platform for Sim {
    fn world(&self) -> World {
        World::Training
    }

    /// Its one feed; none when it was given out before.
    fn feeds(&self) -> Vec<Box<dyn Feed>> {
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner).take();
        let feed = engine.map(|engine| -> Box<dyn Feed> {
            Box::new(SimFeed {
                engine,
                clock: Arc::clone(&self.clock),
                speed: self.speed,
                role: self.role.subscribe(),
            })
        });
        feed.into_iter().collect()
    }

    fn identity(&self) -> Option<Box<dyn Identity>> {
        Some(Box::new(super::people::Provider::new(self.clock()).telling(self.role.clone())))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }
}

/// The world's time, as far as its feed has moved it.
struct SimClock(AtomicI64);

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::Relaxed))
    }
}

struct SimFeed {
    engine: Engine,
    clock: Arc<SimClock>,
    speed: f64,
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
    async fn tell_for_ever(mut self: Box<Self>, sink: &Sink) -> Result<(), Closed> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut last = ticks.tick().await;
        let (mut owed_ms, mut idle) = (0.0, 0);
        let mut attention = sink.attention();
        self.act_as_who_came();
        let first = self.engine.start();
        tell(sink, first).await?;
        loop {
            let now = ticks.tick().await;
            owed_ms += self.passed_ms(last, now);
            last = now;
            let step = whole_ms(owed_ms);
            owed_ms -= step as f64;
            if self.role.has_changed().unwrap_or(false) {
                self.act_as_who_came();
            }
            let mut told = self.engine.advance(Span::from_ms(step));
            if attention.has_changed().unwrap_or(false) {
                let looked_at = attention.borrow_and_update().clone();
                told.extend(self.engine.look(&looked_at));
            }
            self.clock.0.store(self.engine.now().ms(), Ordering::Relaxed);
            idle = if told.is_empty() { idle + 1 } else { 0 };
            if idle == IDLE_TICKS {
                idle = 0;
                // A feed that tells nothing would never learn that the console is closing.
                sink.send(Vec::new()).await?;
            }
            tell(sink, told).await?;
        }
    }

    /// The cluster goes by the role of whoever signed in.
    fn act_as_who_came(&mut self) {
        let role = *self.role.borrow_and_update();
        if let Some(role) = role {
            self.engine.act_as(role);
        }
    }

    /// The world's milliseconds between two points of the real time.
    fn passed_ms(&self, last: Instant, now: Instant) -> f64 {
        let real = now.saturating_duration_since(last).min(CATCH_UP);
        real.as_secs_f64() * 1_000.0 * self.speed
    }
}

/// The whole milliseconds of `ms`, which is neither negative nor large.
fn whole_ms(ms: f64) -> u64 {
    ms.clamp(0.0, 1e12) as u64
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
    use crate::platform::contract::Contract;
    use crate::sim::scenario::builtin;

    fn sim(speed: f64) -> Sim {
        let scenario = builtin("calm-night").expect("a scenario");
        Sim::new(Engine::new(&scenario, None), speed)
    }

    /// Runs `sim` for `real` on a clock that tokio moves by itself; what it told, and its time after it.
    fn run(sim: &Sim, real: Duration) -> (Vec<Vec<Observation>>, Timestamp) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
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
        })
    }

    #[test]
    fn its_time_passes_at_its_speed() {
        for (speed, secs) in [(1.0, 20), (60.0, 1_200), (0.0, 0), (f64::NAN, 20), (-3.0, 0)] {
            let sim = sim(speed);
            let start = sim.clock().now();
            let (batches, now) = run(&sim, Duration::from_millis(20_050));
            assert_eq!(now.since(start), Span::from_secs(secs), "{speed}");
            assert!(sim.feeds().is_empty(), "a feed is run once");
            let mut contract = Contract::new();
            for batch in &batches {
                assert!(batch.len() <= Sink::BATCH);
                contract.observe_all(batch).expect("the contract");
            }
        }
    }
}
