//! The training world's time.
//!
//! While its feed runs, the feed moves the time, as far as it comes. While nobody watches, it goes on by itself, and the
//! world makes up for it when somebody does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{Span, Timestamp};
use crate::platform::Clock;

/// The fastest that the world's time passes, in seconds a second.
const FASTEST: f64 = 3_600.0;
/// The most of the world's time that passes while nobody watches: making up for it takes the machine's.
const MOST_UNWATCHED: Span = Span::from_secs(12 * 3_600);

/// The world's time.
#[derive(Debug)]
pub(super) struct SimClock {
    state: Mutex<State>,
    /// The world's seconds in a second.
    speed: f64,
    /// When the world was made, in the real time and in its own.
    made: (Instant, Timestamp),
}

#[derive(Debug)]
struct State {
    at: Timestamp,
    /// Since when it goes on by itself.
    alone_since: Option<Instant>,
}

impl SimClock {
    /// The time of a world in which it is `at`, and passes `speed` times as fast as the real one (from 0, which stands
    /// still, to 3600; what isn't a number counts as 1).
    pub(super) fn new(at: Timestamp, speed: f64) -> Self {
        let speed = if speed.is_nan() { 1.0 } else { speed.clamp(0.0, FASTEST) };
        let now = real_time();
        let state = Mutex::new(State { at, alone_since: Some(now) });
        Self { state, speed, made: (now, at) }
    }

    /// The world's time that passes in `real`, in milliseconds.
    pub(super) fn passes_ms(&self, real: Duration) -> f64 {
        real.as_secs_f64() * 1_000.0 * self.speed
    }

    /// Whether it stands still.
    pub(super) fn stands_still(&self) -> bool {
        self.speed <= 0.0
    }

    /// From now on it moves only as it is moved by [`Held::set`].
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        let mut state = self.state();
        (state.at, state.alone_since) = (self.read(&state), None);
        drop(state);
        Held(Arc::clone(self))
    }

    /// Whether something else moves it now.
    pub(super) fn is_held(&self) -> bool {
        self.state().alone_since.is_none()
    }

    fn read(&self, state: &State) -> Timestamp {
        let Some(since) = state.alone_since else { return state.at };
        let passed = Span::from_ms(whole_ms(self.passes_ms(since.elapsed())));
        state.at.after(passed.min(MOST_UNWATCHED))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.read(&self.state())
    }
}

/// The world's time in the hands of its feed. When it is let go, the time goes on by itself.
pub(super) struct Held(Arc<SimClock>);

impl Held {
    /// It is `at` now.
    pub(super) fn set(&self, at: Timestamp) {
        self.0.state().at = at;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state().alone_since = Some(real_time());
    }
}

/// The time of the trainee's hands: whoever has to read and type is not faster because the world is. It stands still
/// where the world does.
#[derive(Debug)]
pub(super) struct Hands(pub(super) Arc<SimClock>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        let (made, at) = self.0.made;
        if self.0.stands_still() {
            return at;
        }
        at.after(Span::from_ms(u64::try_from(made.elapsed().as_millis()).unwrap_or(0)))
    }
}

/// The whole milliseconds of `ms`, which is neither negative nor large.
pub(super) fn whole_ms(ms: f64) -> u64 {
    ms.clamp(0.0, 1e12) as u64
}

#[expect(clippy::disallowed_methods, reason = "the real time moves the training world")]
fn real_time() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_ms(1_000_000);

    /// Runs `test` on a real time that passes only as the test says.
    fn paced(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(test);
    }

    async fn pass(secs: u64) {
        tokio::time::advance(Duration::from_secs(secs)).await;
    }

    #[test]
    fn it_goes_on_by_itself_unless_it_is_held() {
        paced(async {
            let clock = Arc::new(SimClock::new(START, 10.0));
            pass(3).await;
            assert_eq!(clock.now(), START.after(Span::from_secs(30)));
            let held = clock.hold();
            pass(100).await;
            assert_eq!(clock.now(), START.after(Span::from_secs(30)));
            held.set(START.after(Span::from_secs(40)));
            pass(100).await;
            assert_eq!(clock.now(), START.after(Span::from_secs(40)));
            drop(held);
            pass(1).await;
            assert_eq!(clock.now(), START.after(Span::from_secs(50)));
        });
    }

    #[test]
    fn the_longest_that_nobody_watches_is_bounded() {
        paced(async {
            let clock = SimClock::new(START, 1e9);
            pass(3_600).await;
            assert_eq!(clock.now(), START.after(MOST_UNWATCHED));
        });
    }

    #[test]
    fn hands_are_as_fast_as_ever_but_stand_still_where_the_world_does() {
        paced(async {
            for (speed, secs) in [(0.0, 0), (-1.0, 0), (1.0, 20), (60.0, 20), (f64::NAN, 20)] {
                let hands = Hands(Arc::new(SimClock::new(START, speed)));
                pass(20).await;
                assert_eq!(hands.now(), START.after(Span::from_secs(secs)), "{speed}");
            }
        });
    }
}
