//! How long to wait before the next try.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(250);

/// Doubling waits with jitter, from 250 ms up to a limit that the reason of the wait sets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    tries: u32,
}

impl Pace {
    /// The limit while a server that was there comes back: it must be seen within three seconds.
    pub(super) const LINK: Duration = Duration::from_millis(1500);
    /// The limit for everything else that passes by itself.
    pub(super) const OTHER: Duration = Duration::from_secs(10);

    /// The next wait: between half of it and all of it, at most `limit`.
    pub(super) fn next(&mut self, limit: Duration) -> Duration {
        let full = FIRST.saturating_mul(1 << self.tries.min(16)).min(limit);
        self.tries = self.tries.saturating_add(1);
        jittered(full)
    }

    /// It worked: the next wait is short again.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }

    /// How many tries failed in a row.
    pub(super) fn tries(self) -> u32 {
        self.tries
    }
}

/// Between half of `full` and all of it, so that many consoles don't ask at once.
pub(super) fn jittered(full: Duration) -> Duration {
    full.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_start_anew() {
        let mut pace = Pace::default();
        for full in [250, 500, 1000, 1500, 1500, 1500] {
            let wait = pace.next(Pace::LINK).as_millis();
            assert!((full / 2..=full).contains(&wait), "{wait} of {full}");
        }
        pace.reset();
        assert!(pace.next(Pace::OTHER) <= FIRST);
        for _ in 0..100 {
            assert!(pace.next(Pace::OTHER) <= Pace::OTHER);
        }
    }
}
