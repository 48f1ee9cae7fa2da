//! How soon a customer is promised an answer, and the clock of business hours that the promise runs on.
//!
//! Business hours are Monday to Friday, 09:00 to 18:00 in the zone of the promise. **Public holidays are not known
//! here**: on one, a promise seems to run out earlier than it does. A business day is nine business hours, so that what
//! comes on Friday at 15:00 is due on Monday at 15:00, and what comes on a Saturday on Monday at 18:00: of the ways to
//! read the promise, the one that is due first.

use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Span, Timestamp};

const OPENS: u32 = 9;
const CLOSES: u32 = 18;
const DAY_MS: u64 = (CLOSES - OPENS) as u64 * 3_600_000;

/// How bad something is for the customer. Sorting puts the worst first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Production is down.
    Critical,
    /// A major feature is broken.
    High,
    /// Anything else that is wrong.
    Normal,
    /// The label is missing, or says a word that isn't known.
    #[default]
    Unknown,
    /// Nothing is wrong.
    Info,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Self; 5] =
        [Self::Critical, Self::High, Self::Normal, Self::Unknown, Self::Info];

    /// What the `severity` label of an alert means, in any case of letters.
    #[must_use]
    pub fn of_label(label: &str) -> Self {
        match label.trim().to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "major" | "error" => Self::High,
            "warning" | "normal" => Self::Normal,
            "info" | "none" => Self::Info,
            _ => Self::Unknown,
        }
    }

    /// The word shown, sorted and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Unknown => "unknown",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Within what time an answer is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// So much of business hours.
    Business(Span),
    /// So many business days.
    BusinessDays(u32),
    /// So much of time, day and night.
    Around(Span),
}

impl Target {
    /// How much time of its own clock it gives.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            Self::Business(span) | Self::Around(span) => span,
            Self::BusinessDays(days) => Span::from_ms(u64::from(days).saturating_mul(DAY_MS)),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = |span: &Span| match (span.secs() / 3_600, span.secs() % 3_600) {
            (hours, 0) => format!("{hours} h"),
            _ => span.to_string(),
        };
        f.pad(&match self {
            Self::Business(span) => format!("{} of business", hours(span)),
            Self::BusinessDays(1) => "1 business day".to_owned(),
            Self::BusinessDays(days) => format!("{days} business days"),
            Self::Around(span) => format!("{}, 24/7", hours(span)),
        })
    }
}

/// The published promises.
const TARGETS: [(Severity, &str, Target); 9] = [
    (Severity::Critical, "starter", Target::BusinessDays(1)),
    (Severity::Critical, "pro", Target::Business(Span::from_secs(4 * 3_600))),
    (Severity::Critical, "enterprise", Target::Around(Span::from_secs(3_600))),
    (Severity::High, "starter", Target::BusinessDays(2)),
    (Severity::High, "pro", Target::BusinessDays(1)),
    (Severity::High, "enterprise", Target::Business(Span::from_secs(4 * 3_600))),
    (Severity::Normal, "starter", Target::BusinessDays(5)),
    (Severity::Normal, "pro", Target::BusinessDays(2)),
    (Severity::Normal, "enterprise", Target::BusinessDays(1)),
];

/// What a customer of `tier` is promised; none when nothing is for that tier or severity.
#[must_use]
pub fn target(tier: &str, severity: Severity) -> Option<Target> {
    let fits = |row: &&(Severity, &str, Target)| row.0 == severity && row.1 == tier;
    TARGETS.iter().find(fits).map(|row| row.2)
}

/// When the answer to what began at `since` is due. Never before `since`, and for business targets never outside
/// business hours; their end counts as inside.
#[must_use]
pub fn due(since: Timestamp, target: Target, zone: Tz) -> Timestamp {
    let wall = since.after(target.span());
    match target {
        Target::Around(_) => wall,
        // Only a date outside the calendar has no answer.
        Target::Business(_) | Target::BusinessDays(_) => {
            business_due(since, target.span(), zone).unwrap_or(wall)
        }
    }
}

/// Whether `at` is in business hours.
#[must_use]
pub fn is_open(at: Timestamp, zone: Tz) -> bool {
    let hours = local_date(at, zone).and_then(|date| hours(date, zone));
    hours.is_some_and(|(opens, closes)| opens <= at && at < closes)
}

/// The business time from `from` to `to`; zero when `to` is earlier.
#[must_use]
pub fn business_between(from: Timestamp, to: Timestamp, zone: Tz) -> Span {
    let (Some(first), Some(last)) = (local_date(from, zone), local_date(to, zone)) else {
        return to.since(from);
    };
    let within = |date| {
        let (opens, closes) = hours(date, zone)?;
        Some(closes.min(to).since(opens.max(from)).ms())
    };
    let mut ms = within(first).unwrap_or(0);
    if first < last {
        ms += within(last).unwrap_or(0);
        ms = ms.saturating_add(workdays_between(first, last).saturating_mul(DAY_MS));
    }
    Span::from_ms(ms)
}

/// One promise: when it began and when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlaClock {
    target: Target,
    zone: Tz,
    due: Timestamp,
}

/// Where a promise stands at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlaState {
    /// When the answer is due.
    pub due: Timestamp,
    /// How much is left, or how much it is over.
    pub standing: Standing,
    /// Whether the clock of the promise runs: always for one around the clock, else in business hours.
    pub running: bool,
}

/// Time of the promise's own clock: business time for one in business hours or days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// So much until it is due.
    Left(Span),
    /// So much since it was due.
    Over(Span),
}

impl SlaClock {
    /// The promise `target` for what began at `since`.
    #[must_use]
    pub fn new(since: Timestamp, target: Target, zone: Tz) -> Self {
        Self { target, zone, due: due(since, target, zone) }
    }

    /// When the answer is due.
    #[must_use]
    pub const fn due(&self) -> Timestamp {
        self.due
    }

    /// What was promised.
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    /// Where it stands at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> SlaState {
        let around = matches!(self.target, Target::Around(_));
        let between = |from, to: Timestamp| {
            if around { to.since(from) } else { business_between(from, to, self.zone) }
        };
        let standing = if now <= self.due {
            Standing::Left(between(now, self.due))
        } else {
            Standing::Over(between(self.due, now))
        };
        SlaState { due: self.due, standing, running: around || is_open(now, self.zone) }
    }
}

fn business_due(since: Timestamp, span: Span, zone: Tz) -> Option<Timestamp> {
    let today = local_date(since, zone)?;
    let mut left = span;
    if let Some((opens, closes)) = hours(today, zone) {
        let from = since.max(opens);
        if from < closes {
            let rest = closes.since(from);
            if left <= rest {
                return Some(from.after(left));
            }
            left = Span::from_ms(left.ms() - rest.ms());
        }
    }
    // The last day is used up to its end rather than the next one begun.
    let whole = left.ms().saturating_sub(1) / DAY_MS;
    let last = add_workdays(next_workday(today)?, whole)?;
    let (opens, _) = hours(last, zone)?;
    Some(opens.after(Span::from_ms(left.ms() - whole * DAY_MS)))
}

/// The date of `at` in `zone`; none outside the calendar.
fn local_date(at: Timestamp, zone: Tz) -> Option<NaiveDate> {
    let utc: DateTime<Utc> = Utc.timestamp_millis_opt(at.ms()).single()?;
    // A date at the very edge of the calendar has no room for an offset.
    let far = utc.checked_add_days(Days::new(2)).and(utc.checked_sub_days(Days::new(2)));
    far.map(|_| utc.with_timezone(&zone).date_naive())
}

/// From when to when is business on `date`; none on a day without.
fn hours(date: NaiveDate, zone: Tz) -> Option<(Timestamp, Timestamp)> {
    if !is_workday(date) {
        return None;
    }
    Some((instant(date, OPENS, zone)?, instant(date, CLOSES, zone)?))
}

/// The full `hour` of `date` in `zone`. An hour that clocks go through twice is the first, one they leave out is the
/// moment they jump.
fn instant(date: NaiveDate, hour: u32, zone: Tz) -> Option<Timestamp> {
    let local = date.and_hms_opt(hour, 0, 0)?;
    let later = local.checked_add_signed(TimeDelta::hours(1))?;
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&later).earliest())?;
    Some(Timestamp::from_ms(found.timestamp_millis()))
}

fn is_workday(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

fn next_workday(date: NaiveDate) -> Option<NaiveDate> {
    let days = match date.weekday() {
        Weekday::Fri => 3,
        Weekday::Sat => 2,
        _ => 1,
    };
    date.checked_add_days(Days::new(days))
}

/// The workday `n` workdays after the workday `date`.
fn add_workdays(date: NaiveDate, n: u64) -> Option<NaiveDate> {
    let weeks = date.checked_add_days(Days::new((n / 5).checked_mul(7)?))?;
    (0..n % 5).try_fold(weeks, |date, _| next_workday(date))
}

/// How many workdays lie between two dates, neither of them counted.
fn workdays_between(first: NaiveDate, last: NaiveDate) -> u64 {
    let days = u64::try_from((last - first).num_days() - 1).unwrap_or(0);
    let rest = (1..=days % 7)
        .filter(|day| first.checked_add_days(Days::new(*day)).is_some_and(is_workday));
    days / 7 * 5 + rest.count() as u64
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Sofia;
    use proptest::prelude::*;

    use super::*;

    /// A time that is written with its offset, so that a case says itself which side of a change of clocks it is on.
    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    const fn hours_of(n: u64) -> Span {
        Span::from_secs(n * 3_600)
    }

    #[test]
    fn promises_are_the_published_ones() {
        for (tier, severity, said) in [
            ("starter", Severity::Critical, Some("1 business day")),
            ("pro", Severity::Critical, Some("4 h of business")),
            ("enterprise", Severity::Critical, Some("1 h, 24/7")),
            ("starter", Severity::High, Some("2 business days")),
            ("pro", Severity::High, Some("1 business day")),
            ("enterprise", Severity::High, Some("4 h of business")),
            ("starter", Severity::Normal, Some("5 business days")),
            ("pro", Severity::Normal, Some("2 business days")),
            ("enterprise", Severity::Normal, Some("1 business day")),
            ("pro", Severity::Info, None),
            ("pro", Severity::Unknown, None),
            ("gold", Severity::Critical, None),
        ] {
            let found = target(tier, severity).map(|target| target.to_string());
            assert_eq!(found.as_deref(), said, "{tier} {severity}");
        }
    }

    #[test]
    fn labels_have_a_severity() {
        for (label, severity) in [
            ("critical", Severity::Critical),
            ("Critical", Severity::Critical),
            ("high", Severity::High),
            ("major", Severity::High),
            ("error", Severity::High),
            (" warning ", Severity::Normal),
            ("info", Severity::Info),
            ("", Severity::Unknown),
            ("none", Severity::Info),
            ("P0", Severity::Unknown),
        ] {
            assert_eq!(Severity::of_label(label), severity, "{label}");
        }
        assert!(Severity::ALL.is_sorted());
    }

    #[test]
    fn business_hours_are_known() {
        const FOUR: Target = Target::Business(hours_of(4));
        const DAY: Target = Target::BusinessDays(1);
        for (since, target, due_at) in [
            // Inside a day, and over its end.
            ("2026-05-27T10:00:00+03:00", FOUR, "2026-05-27T14:00:00+03:00"),
            ("2026-05-27T14:00:00+03:00", FOUR, "2026-05-27T18:00:00+03:00"),
            ("2026-05-27T17:00:00+03:00", FOUR, "2026-05-28T12:00:00+03:00"),
            ("2026-05-27T03:00:00+03:00", FOUR, "2026-05-27T13:00:00+03:00"),
            ("2026-05-27T23:30:00+03:00", FOUR, "2026-05-28T13:00:00+03:00"),
            // In UTC it is still Sunday.
            ("2026-05-25T01:00:00+03:00", FOUR, "2026-05-25T13:00:00+03:00"),
            // Over a weekend.
            ("2026-05-29T17:59:00+03:00", FOUR, "2026-06-01T12:59:00+03:00"),
            ("2026-05-29T18:00:00+03:00", FOUR, "2026-06-01T13:00:00+03:00"),
            ("2026-05-30T12:00:00+03:00", FOUR, "2026-06-01T13:00:00+03:00"),
            ("2026-05-29T17:59:00+03:00", DAY, "2026-06-01T17:59:00+03:00"),
            ("2026-05-29T15:00:00+03:00", DAY, "2026-06-01T15:00:00+03:00"),
            ("2026-05-30T12:00:00+03:00", DAY, "2026-06-01T18:00:00+03:00"),
            ("2026-05-28T10:00:00+03:00", Target::BusinessDays(2), "2026-06-01T10:00:00+03:00"),
            ("2026-05-27T10:00:00+03:00", Target::BusinessDays(5), "2026-06-03T10:00:00+03:00"),
            ("2026-05-30T12:00:00+03:00", Target::BusinessDays(5), "2026-06-05T18:00:00+03:00"),
            ("2026-12-31T17:00:00+02:00", FOUR, "2027-01-01T12:00:00+02:00"),
            // Clocks go forward on 29 March 2026 and 28 March 2027,
            ("2026-03-27T17:00:00+02:00", FOUR, "2026-03-30T12:00:00+03:00"),
            ("2027-03-26T17:00:00+02:00", DAY, "2027-03-29T17:00:00+03:00"),
            // and back on 25 October 2026 and 31 October 2027.
            ("2026-10-23T17:00:00+03:00", FOUR, "2026-10-26T12:00:00+02:00"),
            ("2027-10-29T17:00:00+03:00", DAY, "2027-11-01T17:00:00+02:00"),
            ("2026-10-25T03:30:00+03:00", DAY, "2026-10-26T18:00:00+02:00"),
            // Around the clock nothing of this counts.
            ("2026-10-25T03:30:00+03:00", Target::Around(hours_of(1)), "2026-10-25T03:30:00+02:00"),
            ("2026-03-29T02:30:00+02:00", Target::Around(hours_of(1)), "2026-03-29T04:30:00+03:00"),
        ] {
            assert_eq!(due(at(since), target, Sofia), at(due_at), "{since} {target}");
        }
    }

    #[test]
    fn a_promise_stands_still_out_of_hours() {
        let clock =
            SlaClock::new(at("2026-05-29T17:00:00+03:00"), Target::Business(hours_of(4)), Sofia);
        let wanted = at("2026-06-01T12:00:00+03:00");
        for (now, standing, running) in [
            ("2026-05-29T17:00:00+03:00", Standing::Left(hours_of(4)), true),
            ("2026-05-29T17:30:00+03:00", Standing::Left(Span::from_secs(12_600)), true),
            ("2026-05-30T12:00:00+03:00", Standing::Left(hours_of(3)), false),
            ("2026-06-01T09:00:00+03:00", Standing::Left(hours_of(3)), true),
            ("2026-06-01T12:00:00+03:00", Standing::Left(hours_of(0)), true),
            ("2026-06-01T14:00:00+03:00", Standing::Over(hours_of(2)), true),
            ("2026-06-01T22:00:00+03:00", Standing::Over(hours_of(6)), false),
            ("2026-06-15T12:00:00+03:00", Standing::Over(hours_of(90)), true),
        ] {
            let state = SlaState { due: wanted, standing, running };
            assert_eq!(clock.state(at(now)), state, "{now}");
        }
    }

    #[test]
    fn a_promise_around_the_clock_never_stands_still() {
        let clock =
            SlaClock::new(at("2026-05-30T03:00:00+03:00"), Target::Around(hours_of(1)), Sofia);
        let state = clock.state(at("2026-05-30T05:00:00+03:00"));
        assert_eq!((state.standing, state.running), (Standing::Over(hours_of(1)), true));
    }

    #[test]
    fn the_ends_of_the_calendar_are_survived() {
        for ms in [i64::MIN, i64::MAX, -8_334_601_228_800_000, 8_210_266_876_799_999] {
            for target in
                [Target::BusinessDays(u32::MAX), Target::Business(Span::from_ms(u64::MAX))]
            {
                let since = Timestamp::from_ms(ms);
                let clock = SlaClock::new(since, target, Sofia);
                assert!(clock.due() >= since);
                let _ = clock.state(Timestamp::from_ms(0));
            }
        }
    }

    fn zone() -> impl Strategy<Value = Tz> {
        prop::sample::select(vec![
            Sofia,
            chrono_tz::UTC,
            chrono_tz::America::New_York,
            chrono_tz::Asia::Kathmandu,
            chrono_tz::Pacific::Auckland,
        ])
    }

    proptest! {
        // From 2020 to 2040.
        #[test]
        fn due_is_later_and_in_business_hours(
            ms in 1_577_836_800_000_i64..2_208_988_800_000, span in 1_u64..600_000_000, zone in zone()
        ) {
            let (since, span) = (Timestamp::from_ms(ms), Span::from_ms(span));
            let end = due(since, Target::Business(span), zone);
            prop_assert!(end > since);
            prop_assert!(is_open(end.before(Span::from_ms(1)), zone));
            prop_assert_eq!(business_between(since, end, zone), span);
            prop_assert!(end >= due(since, Target::Around(span), zone));
        }

        #[test]
        fn what_is_left_only_shrinks(
            ms in 1_577_836_800_000_i64..2_208_988_800_000, days in 1_u32..6, steps in 1_u64..400
        ) {
            let since = Timestamp::from_ms(ms);
            let clock = SlaClock::new(since, Target::BusinessDays(days), Sofia);
            let now = since.after(Span::from_secs(steps * 1_800));
            let later = now.after(Span::from_secs(1_800));
            match (clock.state(now).standing, clock.state(later).standing) {
                (Standing::Left(a), Standing::Left(b)) => prop_assert!(a >= b),
                (Standing::Over(a), Standing::Over(b)) => prop_assert!(a <= b),
                (Standing::Left(_), Standing::Over(_)) => {}
                (Standing::Over(_), Standing::Left(_)) => prop_assert!(false, "time went back"),
            }
        }
    }
}
