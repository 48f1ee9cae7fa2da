//! Where a log is: the last line that was told, so that one who asks again tells no line twice and misses none unsaid.
//!
//! The API server can only be asked for what was written since a second, so what comes after a break overlaps with what
//! was told before. Lines are known by their time, to the nanosecond, and among those of one time by their text.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::DateTime;

use super::lines::Cut;

/// The most lines of one nanosecond that are told apart.
const SAME: usize = 4_096;

/// A line as it came: when it was written, in nanoseconds since 1970, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) nanos: Option<i64>,
    pub(super) text: String,
}

impl Written {
    /// Reads a line that begins with its time. One that doesn't is kept whole.
    pub(super) fn read(cut: &Cut) -> Self {
        let line = String::from_utf8_lossy(&cut.bytes);
        let line = line.trim_end_matches('\r');
        let timed = line.split_once(' ').or_else(|| (!line.is_empty()).then_some((line, "")));
        let nanos = timed.and_then(|(time, _)| {
            DateTime::parse_from_rfc3339(time).ok().and_then(|at| at.timestamp_nanos_opt())
        });
        let text = match (nanos, timed) {
            (Some(_), Some((_, text))) => text,
            _ => line,
        };
        let more =
            if cut.more > 0 { format!("… ({} bytes more)", cut.more) } else { String::new() };
        Self { nanos, text: format!("{text}{more}") }
    }

    fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.text.hash(&mut hasher);
        hasher.finish()
    }
}

/// The last line that was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// When it was written.
    nanos: i64,
    /// It, and the others written at that time.
    same: Vec<u64>,
}

impl Place {
    /// Takes note of a line that was told.
    pub(super) fn note(&mut self, line: &Written) {
        let Some(nanos) = line.nanos else { return };
        if nanos > self.nanos {
            self.nanos = nanos;
            self.same.clear();
        }
        if nanos == self.nanos && self.same.len() < SAME {
            self.same.push(line.mark());
        }
    }

    /// The second from which on to ask, as the API server reads it; none before a line was told.
    pub(super) fn since(&self) -> Option<String> {
        if self.same.is_empty() {
            return None;
        }
        let at = DateTime::from_timestamp(self.nanos.div_euclid(1_000_000_000), 0)?;
        Some(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    }

    /// What leaves out the lines that were told, of a log that is read from [`Place::since`] on.
    pub(super) fn overlap(&self) -> Overlap {
        Overlap { place: self.clone(), is_over: self.same.is_empty(), is_met: false }
    }
}

/// The beginning of a log that is read again.
#[derive(Debug)]
pub(super) struct Overlap {
    place: Place,
    /// A line came that is newer than all that were told.
    is_over: bool,
    /// A line came that was told.
    is_met: bool,
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was told.
    Known,
    /// It is new.
    New,
    /// It is new, and the log no longer has the line before it.
    NewAfterGap,
}

impl Default for Overlap {
    /// Of nothing: every line is new.
    fn default() -> Self {
        Place::default().overlap()
    }
}

impl Overlap {
    /// The log is known not to go back to the last line, and that was said.
    pub(super) fn forgive(&mut self) {
        self.is_met = true;
    }

    /// Judges the next line.
    pub(super) fn judge(&mut self, line: &Written) -> Verdict {
        let Some(nanos) = line.nanos.filter(|_| !self.is_over) else { return Verdict::New };
        if nanos < self.place.nanos {
            self.is_met = true;
            return Verdict::Known;
        }
        if nanos == self.place.nanos {
            let mark = line.mark();
            self.is_met = true;
            return match self.place.same.iter().position(|same| *same == mark) {
                Some(index) => {
                    self.place.same.swap_remove(index);
                    Verdict::Known
                }
                None => Verdict::New,
            };
        }
        self.is_over = true;
        if self.is_met { Verdict::New } else { Verdict::NewAfterGap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: i64, text: &str) -> Written {
        Written { nanos: Some(second * 1_000_000_000), text: text.to_owned() }
    }

    #[test]
    fn what_comes_again_is_told_once_and_what_is_missing_is_said() {
        use Verdict::{Known, New, NewAfterGap};
        let told = [line(1, "a"), line(2, "b"), line(2, "c"), line(2, "c")];
        let mut place = Place::default();
        assert_eq!(place.since(), None);
        for line in &told {
            place.note(line);
        }
        assert_eq!(place.since().as_deref(), Some("1970-01-01T00:00:02Z"));
        for (again, verdicts) in [
            // The same second again, with what was written after it.
            (
                vec![line(2, "b"), line(2, "c"), line(2, "c"), line(3, "d")],
                vec![Known, Known, Known, New],
            ),
            // One more of that second, of the same text.
            (
                vec![line(2, "b"), line(2, "c"), line(2, "c"), line(2, "c")],
                vec![Known, Known, Known, New],
            ),
            // It was rotated away.
            (vec![line(4, "e"), line(5, "f")], vec![NewAfterGap, New]),
            // Out of order after the overlap: told as it comes.
            (vec![line(2, "b"), line(3, "d"), line(2, "c")], vec![Known, New, New]),
        ] {
            let mut overlap = place.overlap();
            let judged: Vec<Verdict> = again.iter().map(|line| overlap.judge(line)).collect();
            assert_eq!(judged, verdicts, "{again:?}");
        }
        let mut restarted = place.overlap();
        restarted.forgive();
        assert_eq!(restarted.judge(&line(9, "x")), New);
        assert_eq!(Place::default().overlap().judge(&line(1, "a")), New, "nothing was told before");
    }

    #[test]
    fn lines_begin_with_their_time_or_are_kept_whole() {
        for (bytes, nanos, text) in [
            ("1970-01-01T00:00:01.000000002Z hello world", Some(1_000_000_002), "hello world"),
            ("1970-01-01T00:00:01Z ", Some(1_000_000_000), ""),
            ("1970-01-01T00:00:01Z", Some(1_000_000_000), ""),
            ("failed to open log file", None, "failed to open log file"),
            ("", None, ""),
            ("1970-01-01T00:00:01Z a\r", Some(1_000_000_000), "a"),
        ] {
            let cut = Cut { bytes: bytes.as_bytes().to_vec(), more: 0 };
            assert_eq!(Written::read(&cut), Written { nanos, text: text.to_owned() }, "{bytes}");
        }
        let long = Cut { bytes: b"1970-01-01T00:00:01Z abc".to_vec(), more: 7 };
        assert_eq!(Written::read(&long).text, "abc… (7 bytes more)");
    }
}
