//! Following a log by questions: where the next one begins, what of its answer is new, and what was missed.
//!
//! Lines reach Loki a little late and out of order, so each question looks back some seconds and knows what it told.
//! Invariants: a line is told once; whatever a limit cuts off is marked; what is remembered is bounded by the limit of an
//! answer. Refuses to ask and to wait.

use std::collections::BTreeSet;

use super::answer::Line;
use crate::domain::{LogLine, LogTold, Span, Text, Timestamp};

/// The most lines of one answer.
pub(super) const LIMIT: usize = 1_000;
/// How far back the first question reaches.
const HISTORY: Span = Span::from_secs(24 * 3_600);
/// Lines that come so late are still seen.
const LATE_NS: i64 = 10_000_000_000;
/// The clocks of the operator and the server may differ by so much.
const AHEAD: Span = Span::from_secs(3_600);
/// So many full answers in a row, and the rest of the way is skipped.
const FULL_MOST: u32 = 5;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) query: Text,
    /// From this nanosecond on.
    pub(super) start: i64,
    /// Up to this one, without it.
    pub(super) end: i64,
    pub(super) limit: usize,
    /// Oldest first.
    pub(super) forward: bool,
}

impl Question {
    /// Whether so many lines are all that fits into the answer: there may be more.
    pub(super) const fn is_full(&self, lines: usize) -> bool {
        self.forward && lines >= self.limit
    }
}

/// A log that is followed.
#[derive(Debug)]
pub(super) struct Following {
    query: Text,
    limit: usize,
    /// The newest line told, or where the first question began; none before its answer.
    newest: Option<i64>,
    /// What was told at or after `newest` less what may come late.
    seen: BTreeSet<(i64, u64)>,
    /// What was left out before this stays left out.
    floor: i64,
    /// A full answer is read on from here.
    page: Option<i64>,
    /// Full answers in a row.
    full: u32,
    /// How the way is taken up after what is skipped.
    skip: bool,
    ended: bool,
}

impl Following {
    /// Follows what `query` gives.
    pub(super) const fn new(query: Text) -> Self {
        Self {
            query,
            limit: LIMIT,
            newest: None,
            seen: BTreeSet::new(),
            floor: i64::MIN,
            page: None,
            full: 0,
            skip: false,
            ended: false,
        }
    }

    /// What is followed.
    pub(super) const fn query(&self) -> &Text {
        &self.query
    }

    /// There will be no more.
    pub(super) const fn end(&mut self) {
        self.ended = true;
    }

    /// What to ask next, at `now`; none when there is nothing more to ask.
    pub(super) fn question(&self, now: Timestamp) -> Option<Question> {
        if self.ended {
            return None;
        }
        let end = nanoseconds(now.after(AHEAD));
        let (start, forward) = match (self.newest, self.page) {
            (None, _) => (nanoseconds(now.before(HISTORY)), false),
            (Some(newest), _) if self.skip => (newest.saturating_add(1), false),
            (Some(_), Some(page)) => (page, true),
            (Some(newest), None) => (newest.saturating_sub(LATE_NS).max(self.floor), true),
        };
        let end = end.max(start.saturating_add(1));
        Some(Question { query: self.query.clone(), start, end, limit: self.limit, forward })
    }

    /// Takes in the answer to `question`: what is to be told of it.
    pub(super) fn take(&mut self, question: &Question, lines: Vec<Line>) -> Vec<LogTold> {
        let full = lines.len() >= question.limit;
        let mut told = Vec::new();
        if question.forward {
            told.extend(self.read_on(question, &lines, full));
        } else if full {
            self.floor = lines.first().map_or(self.floor, |line| line.ns.saturating_add(1));
            told.push(LogTold::Gap(Text::from(if self.skip {
                format!("more lines came than can be read: only the newest {} follow", lines.len())
            } else {
                format!(
                    "older lines of the last 24 h are left out: these are the newest {}",
                    lines.len()
                )
            })));
        }
        if !question.forward {
            (self.skip, self.page, self.full) = (false, None, 0);
        }
        let first = self.newest.is_none();
        let newest = lines.last().map(|line| line.ns);
        let fresh = self.fresh(lines);
        // An empty answer to the first question says that there is nothing.
        if first || !fresh.is_empty() {
            told.insert(
                told.len() - usize::from(question.forward && !told.is_empty()),
                LogTold::Lines(fresh),
            );
        }
        let known = self.newest.unwrap_or(question.start);
        self.newest = Some(newest.map_or(known, |newest| newest.max(known)));
        self.forget();
        told
    }

    /// Where to read on after an answer: a gap, where that can't be done without loss.
    fn read_on(&mut self, question: &Question, lines: &[Line], full: bool) -> Option<LogTold> {
        let Some(last) = lines.last().map(|line| line.ns).filter(|_| full) else {
            (self.page, self.full) = (None, 0);
            return None;
        };
        self.full += 1;
        if self.full >= FULL_MOST {
            self.skip = true;
        }
        if last > question.start {
            self.page = Some(last);
            return None;
        }
        // More lines of one nanosecond than one answer holds.
        self.page = Some(last.saturating_add(1));
        let why = format!("more than {} lines have the same time: some are left out", lines.len());
        Some(LogTold::Gap(Text::from(why)))
    }

    /// The answer was too large to be read: fewer lines fit. A gap, where not even one does.
    pub(super) fn ask_for_less(&mut self) -> Vec<LogTold> {
        if self.limit > 1 {
            self.limit = (self.limit / 4).max(1);
            return Vec::new();
        }
        self.ended = true;
        vec![LogTold::End(Text::clean("a line is too large to be read"))]
    }

    /// The lines that were not told yet.
    fn fresh(&mut self, lines: Vec<Line>) -> Box<[LogLine]> {
        let fresh = lines.into_iter().filter(|line| self.seen.insert((line.ns, line.print)));
        fresh.map(|line| line.shown).collect()
    }

    /// Forgets what no question reaches back to any more.
    fn forget(&mut self) {
        let reach = self.newest.unwrap_or_default().saturating_sub(LATE_NS);
        self.seen = self.seen.split_off(&(reach, 0));
    }
}

fn nanoseconds(at: Timestamp) -> i64 {
    at.ms().saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_780_000_000_000);
    const NOW_NS: i64 = 1_780_000_000_000_000_000;

    fn line(ns: i64, print: u64) -> Line {
        let shown = LogLine { at: None, text: Text::from(format!("{ns}/{print}")) };
        Line { ns, print, shown }
    }

    fn lines(range: std::ops::Range<i64>) -> Vec<Line> {
        range.map(|ns| line(NOW_NS + ns, 0)).collect()
    }

    /// A server that has `all`, and everything that is told of it in so many questions.
    fn told(following: &mut Following, all: &[Line], questions: usize) -> Vec<String> {
        let mut said = Vec::new();
        for _ in 0..questions {
            let question = following.question(NOW).expect("a question");
            let within = |line: &&Line| (question.start..question.end).contains(&line.ns);
            let mut answer: Vec<Line> = all.iter().filter(within).cloned().collect();
            answer.sort_by_key(|line| line.ns);
            if question.forward {
                answer.truncate(question.limit);
            } else {
                answer.drain(..answer.len().saturating_sub(question.limit));
            }
            for told in following.take(&question, answer) {
                match told {
                    LogTold::Lines(lines) => said.extend(lines.iter().map(|l| l.text.to_string())),
                    LogTold::Gap(why) => said.push(why.to_string()),
                    LogTold::End(why) => said.push(format!("end: {why}")),
                }
            }
        }
        said
    }

    fn words(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| line.shown.text.to_string()).collect()
    }

    #[test]
    fn every_line_is_told_once_even_a_late_one() {
        let mut following = Following::new("{}".into());
        let mut all = lines(0..5);
        assert_eq!(told(&mut following, &all, 3), words(&all));
        // One that is newer, one that came late, and two of the same time.
        let new = [line(NOW_NS - 3, 0), line(NOW_NS + 7, 0), line(NOW_NS + 7, 1)];
        all.extend(new.clone());
        assert_eq!(told(&mut following, &all, 3), words(&new));
    }

    #[test]
    fn an_empty_log_is_told_to_be_empty() {
        let mut following = Following::new("{}".into());
        let question = following.question(NOW).expect("a question");
        assert!(!question.forward && question.start == NOW_NS - 86_400_000_000_000);
        assert_eq!(following.take(&question, vec![]), [LogTold::Lines(Box::default())]);
        let question = following.question(NOW).expect("a question");
        assert!(question.forward);
        assert_eq!(following.take(&question, vec![]), []);
    }

    #[test]
    fn what_the_limit_cuts_off_is_marked() {
        let all = lines(0..2_500);
        let mut following = Following::new("{}".into());
        let said = told(&mut following, &all, 2);
        assert_eq!(said.len(), 1_001);
        assert_eq!(said[0], "older lines of the last 24 h are left out: these are the newest 1000");
        assert_eq!(said[1..], words(&all[1_500..]));
    }

    #[test]
    fn a_burst_is_read_in_pages_without_loss() {
        let mut following = Following::new("{}".into());
        let first = lines(0..3);
        told(&mut following, &first, 1);
        let all = lines(0..3_503);
        assert_eq!(told(&mut following, &all, 5), words(&all[3..]));
        assert_eq!(told(&mut following, &all, 2), [""; 0]);
    }

    #[test]
    fn a_flood_is_skipped_with_a_mark() {
        let mut following = Following::new("{}".into());
        told(&mut following, &lines(0..3), 1);
        let all = lines(0..50_000);
        let said = told(&mut following, &all, 7);
        let gap = "more lines came than can be read: only the newest 1000 follow";
        let at = said.iter().position(|line| line == gap).expect("a mark");
        assert_eq!(said[..at], words(&all[3..at + 3]));
        assert_eq!(said[at + 1..], words(&all[49_000..]));
    }

    #[test]
    fn more_lines_of_one_time_than_fit_do_not_hold_it_up() {
        let mut following = Following::new("{}".into());
        told(&mut following, &lines(0..1), 1);
        let mut all: Vec<Line> = (0..1_500).map(|print| line(NOW_NS + 20, print)).collect();
        all.insert(0, line(NOW_NS, 0));
        all.push(line(NOW_NS + 30, 0));
        let said = told(&mut following, &all, 4);
        assert_eq!(
            said.len(),
            1_000 + 1 + 1,
            "{:?}",
            said.iter().rev().take(3).collect::<Vec<_>>()
        );
        assert!(
            said.iter().any(|line| line.starts_with("more than 1000 lines have the same time"))
        );
        assert_eq!(said.last(), Some(&format!("{}/0", NOW_NS + 30)));
    }

    #[test]
    fn memory_is_bounded() {
        let mut following = Following::new("{}".into());
        for step in 0..20 {
            let at = step * 60_000_000_000;
            told(&mut following, &lines(at..at + 1_000), 1);
        }
        assert!(following.seen.len() <= 2 * LIMIT, "{}", following.seen.len());
    }

    #[test]
    fn an_answer_that_is_too_large_is_asked_for_in_pieces() {
        let mut following = Following::new("{}".into());
        let mut limits = Vec::new();
        while let Some(question) = following.question(NOW) {
            limits.push(question.limit);
            following.ask_for_less();
        }
        assert_eq!(limits, [1_000, 250, 62, 15, 3, 1]);
    }
}
