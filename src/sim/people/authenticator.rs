//! The authenticator of the training world: codes by time, each of which counts once.

use totp_rs::{Builder, Totp};

use crate::domain::{Span, Text, Timestamp};

/// How long a code is shown.
const STEP: u64 = 30;

/// An authenticator and what its provider knows of it.
///
/// A real one shows each code for half a minute, and whoever used it has to wait for the next. This one shows the next at
/// once: a trainee learns nothing from waiting.
#[derive(Debug)]
pub(super) struct Authenticator {
    codes: Totp,
    /// The step of the last code that was used.
    spent: Option<u64>,
}

/// What is wrong with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrongCode {
    /// It is not the one that is shown.
    Other,
    /// It was used before.
    Spent,
}

impl Authenticator {
    /// The one that was given `seed`.
    pub(super) fn new(seed: &Text) -> Self {
        let codes =
            Builder::new().with_secret(seed.as_str().as_bytes().to_vec()).build_noncompliant();
        Self { codes, spent: None }
    }

    /// The code that it shows at `now`, and for how long still.
    pub(super) fn shows(&self, now: Timestamp) -> (String, Span) {
        let step = self.shown(now);
        let ends = step.saturating_add(1).saturating_mul(STEP);
        (self.code(step), Span::from_secs(ends.saturating_sub(seconds(now))))
    }

    /// Takes in the code that somebody typed at `now`.
    pub(super) fn take(&mut self, typed: &str, now: Timestamp) -> Result<(), WrongCode> {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let shown = self.shown(now);
        // Who reads a code at its end types it when the next one is shown.
        let oldest = (seconds(now) / STEP).saturating_sub(1);
        let step = (oldest..=shown).find(|step| self.code(*step) == typed);
        match step.ok_or(WrongCode::Other)? {
            step if self.spent.is_some_and(|spent| step <= spent) => Err(WrongCode::Spent),
            step => {
                self.spent = Some(step);
                Ok(())
            }
        }
    }

    fn shown(&self, now: Timestamp) -> u64 {
        let next = self.spent.map_or(0, |spent| spent.saturating_add(1));
        next.max(seconds(now) / STEP)
    }

    fn code(&self, step: u64) -> String {
        self.codes.generate(step.saturating_mul(STEP)).to_string()
    }
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.ms() / 1_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_ms(secs * 1_000)
    }

    #[test]
    fn it_shows_what_the_standard_says() {
        // The seed and two of the times of RFC 6238, appendix B, in six digits.
        let ours = Authenticator::new(&Text::clean("12345678901234567890"));
        for (secs, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(ours.shows(at(secs)).0, code);
        }
        assert_eq!(ours.shows(at(59)).1, Span::from_secs(1));
        assert_eq!(ours.shows(at(60)).1, Span::from_secs(30));
    }

    #[test]
    fn a_code_counts_once_and_the_next_is_shown_at_once() {
        let mut ours = Authenticator::new(&Text::clean("12345678901234567890"));
        let (first, _) = ours.shows(at(3_000));
        assert_eq!(ours.take(&first, at(3_000)), Ok(()));
        assert_eq!(ours.take(&first, at(3_000)), Err(WrongCode::Spent));
        let (second, holds) = ours.shows(at(3_001));
        assert!(second != first && holds == Span::from_secs(59));
        assert_eq!(ours.take("000000", at(3_001)), Err(WrongCode::Other));
        let spaced = format!("{} {}", &second[..3], &second[3..]);
        assert_eq!(ours.take(&spaced, at(3_001)), Ok(()));
        assert_eq!(ours.take(&first, at(3_001)), Err(WrongCode::Spent));
    }

    #[test]
    fn a_code_read_at_its_end_still_counts_and_an_older_one_does_not() {
        let mut ours = Authenticator::new(&Text::clean("12345678901234567890"));
        let (read, _) = ours.shows(at(3_029));
        assert_eq!(ours.take(&read, at(3_060)), Err(WrongCode::Other));
        assert_eq!(ours.take(&read, at(3_059)), Ok(()));
    }
}
