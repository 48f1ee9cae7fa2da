//! The training world as a platform: one feed that moves its time with the real one.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, MissedTickBehavior};

use super::engine::Engine;
use crate::domain::{FeedId, Observation, Span, Timestamp};
use crate::platform::{Clock, Closed, Feed, Platform, Sink, World};

/// How often the world moves.
const TICK: Duration = Duration::from_millis(100);
/// The most real time that one tick makes up for, such as after the machine slept.
const CATCH_UP: Duration = Duration::from_secs(1);
/// The fastest that the world's time passes, in seconds a second.
const MAX_SPEED: f64 = 3_600.0;

/// The training world behind the platform's door.
pub struct Sim {
    engine: Mutex<Option<Engine>>,
    clock: Arc<SimClock>,
    speed: f64,
}

impl Sim {
    /// A platform of the world of `engine`, whose time passes `speed` times as fast as the real one (from 0,
    /// which stands still, to 3600; what isn't a number counts as 1).
    #[must_use]
    pub fn new(engine: Engine, speed: f64) -> Self {
        let clock = Arc::new(SimClock(AtomicI64::new(engine.now().ms())));
        let speed = if speed.is_nan() {
            1.0
        } else {
            speed.clamp(0.0, MAX_SPEED)
        };
        Self {
            engine: Mutex::new(Some(engine)),
            clock,
            speed,
        }
    }
}

impl Platform for Sim {
    fn world(&self) -> World {
        World::Training
    }

    /// Its one feed; none when it was given out before.
    fn feeds(&self) -> Vec<Box<dyn Feed>> {
        let engine = self
            .engine
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let feed = engine.map(|engine| -> Box<dyn Feed> {
            Box::new(SimFeed {
                engine,
                clock: Arc::clone(&self.clock),
                speed: self.speed,
            })
        });
        feed.into_iter().collect()
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
        let mut owed_ms = 0.0;
        let first = self.engine.start();
        tell(sink, first).await?;
        loop {
            let now = ticks.tick().await;
            owed_ms += self.passed_ms(last, now);
            last = now;
            let step = whole_ms(owed_ms);
            owed_ms -= step as f64;
            let told = self.engine.advance(Span::from_ms(step));
            self.clock
                .0
                .store(self.engine.now().ms(), Ordering::Relaxed);
            tell(sink, told).await?;
        }
    }

    /// The world's milliseconds between two points of the real time.
    fn passed_ms(&self, last: Instant, now: Instant) -> f64 {
        let real = now.saturating_duration_since(last).min(CATCH_UP);
        real.as_secs_f64() * 1_000.0 * self.speed
    }
}

/// The whole milliseconds of `ms`, which is neither negative nor large.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded by the speed"
)]
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
