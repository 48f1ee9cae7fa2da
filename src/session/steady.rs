//! A time that never goes back.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// The time of a session. It goes on as the clock does, and stands still while a clock that was set back makes up for
/// that: a session, an idle screen and a proof must not last longer because of it. A clock that leaps ahead is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Steady {
    /// What the clock said last.
    clock: Timestamp,
    /// What it was here then.
    time: Timestamp,
}

impl Steady {
    /// Goes by the clock from `now` on.
    pub(super) const fn begin(&mut self, now: Timestamp) {
        (self.clock, self.time) = (now, now);
    }

    /// The time here when the clock says `now`.
    pub(super) fn at(&self, now: Timestamp) -> Timestamp {
        self.time.after(now.since(self.clock))
    }

    /// Takes in that the clock says `now`; gives the time here.
    pub(super) fn go_on(&mut self, now: Timestamp) -> Timestamp {
        (self.time, self.clock) = (self.at(now), now);
        self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_whatever_the_clock_does() {
        let mut steady = Steady::default();
        let at = Timestamp::from_ms;
        steady.begin(at(1_000));
        for (clock, time) in [(1_500, 1_500), (200, 1_500), (300, 1_600), (5_000, 6_300)] {
            assert_eq!(steady.at(at(clock)), at(time), "looked at");
            assert_eq!(steady.go_on(at(clock)), at(time), "the clock says {clock}");
        }
    }
}
