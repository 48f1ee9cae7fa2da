//! How many entries the next read asks for, so that one answer stays small.
//!
//! The protocol bounds an answer by entries only, while an entry may have any size. A read asks for at
//! most [`COUNT_MAX`] entries, for at most twice as many as the read before it returned (but [`COUNT_FIRST`]
//! are always asked for), and for no more of the largest entry in the read before it than fit
//! into [`BYTES_AIM`]. So an answer has more than the aim only where entries suddenly grow, and then at most
//! 64 of them or twice as many as were waiting before; the next one is small again.

/// The most entries of one answer.
pub(super) const COUNT_MAX: u64 = 500;

/// The entries asked for while nothing is known of their size.
pub(super) const COUNT_FIRST: u64 = 64;

/// The size that one answer aims at, in bytes.
pub(super) const BYTES_AIM: u64 = 8 * 1024 * 1024;

/// The least that the aim falls to on a link that is too slow for larger answers.
const BYTES_LEAST: u64 = 128 * 1024;

/// The memory of the last read.
#[derive(Clone, Debug)]
pub(super) struct Appetite {
    count: u64,
    aim: u64,
}

impl Default for Appetite {
    fn default() -> Self {
        Self { count: COUNT_FIRST, aim: BYTES_AIM }
    }
}

impl Appetite {
    /// How many entries to ask for.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Learns from an answer of `entries` entries, the largest of `largest` bytes.
    pub(super) fn ate(&mut self, entries: u64, largest: u64) {
        if entries == 0 {
            return;
        }
        let fits = (self.aim / largest.max(1)).max(1);
        self.count = entries.saturating_mul(2).clamp(COUNT_FIRST, COUNT_MAX).min(fits);
        self.aim = self.aim.saturating_mul(2).min(BYTES_AIM);
    }

    /// Learns that an answer did not come in time: the link may be too slow for so much.
    pub(super) fn choked(&mut self) {
        self.aim = (self.aim / 8).max(BYTES_LEAST);
        self.count = (self.count / 8).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers as (entries, largest), and the count asked for after them.
    fn check(answers: &[(u64, u64)], count: u64) {
        let mut appetite = Appetite::default();
        for &(entries, largest) in answers {
            appetite.ate(entries, largest);
        }
        assert_eq!(appetite.count(), count, "after {answers:?}");
    }

    #[test]
    fn the_count_follows_what_is_waiting_and_how_large_it_is() {
        check(&[], 64);
        check(&[(64, 300)], 128);
        check(&[(64, 300), (128, 300), (256, 300)], 500);
        check(&[(500, 300), (16, 300)], 64);
        check(&[(64, 1024 * 1024)], 8);
        check(&[(64, 1024 * 1024), (8, 300)], 64);
        check(&[(1, 100 * 1024 * 1024)], 1);
        check(&[(64, 0), (0, 0)], 128);
    }

    #[test]
    fn a_slow_link_gets_small_answers_until_it_is_fast_again() {
        let mut appetite = Appetite::default();
        for _ in 0..5 {
            appetite.choked();
        }
        assert_eq!(appetite.count(), 1);
        appetite.ate(1, 64 * 1024);
        assert_eq!(appetite.count(), 2);
        for _ in 0..7 {
            appetite.ate(8, 64 * 1024);
        }
        assert_eq!(appetite.count(), 64);
    }
}
