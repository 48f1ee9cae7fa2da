//! Points in time and spans between them, without a clock.

use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point `ms` milliseconds after the epoch.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 time; none when it isn't one.
    #[must_use]
    pub fn parse(rfc3339: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(rfc3339).ok().map(|at| Self(at.timestamp_millis()))
    }

    /// The span from `earlier` to this point; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span::from_ms(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This point, moved by `span` into the future.
    #[must_use]
    pub fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.ms()).unwrap_or(i64::MAX)))
    }

    /// This point, moved by `span` into the past.
    #[must_use]
    pub fn before(self, span: Span) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.ms()).unwrap_or(i64::MAX)))
    }

    /// The calendar time in UTC; the epoch when out of the calendar's range.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0).single().unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A length of time in milliseconds, shown in the two largest units: `2d4h`, `14h22m`, `41s`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(u64);

impl Span {
    /// A span of `ms` milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// A span of `secs` seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Its milliseconds.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.0
    }

    /// Its whole seconds.
    #[must_use]
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secs, mins, hours) = (self.secs(), self.secs() / 60, self.secs() / 3600);
        let days = hours / 24;
        let shown = if secs < 60 {
            format!("{secs}s")
        } else if mins < 10 {
            format!("{mins}m{:02}s", secs % 60)
        } else if mins < 60 {
            format!("{mins}m")
        } else if hours < 24 {
            format!("{hours}h{:02}m", mins % 60)
        } else if days < 10 {
            format!("{days}d{}h", hours % 24)
        } else if days < 730 {
            format!("{days}d")
        } else {
            format!("{}y", days / 365)
        };
        f.pad(&shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_show_two_units() {
        for (secs, shown) in [
            (0, "0s"),
            (59, "59s"),
            (61, "1m01s"),
            (3_599, "59m"),
            (51_720, "14h22m"),
            (187_200, "2d4h"),
            (86_400 * 11, "11d"),
            (86_400 * 800, "2y"),
        ] {
            assert_eq!(Span::from_secs(secs).to_string(), shown);
        }
    }

    #[test]
    fn times_are_read_and_shown_in_utc() {
        let at = Timestamp::parse("2026-05-29T02:00:00+03:00").expect("a valid time");
        assert_eq!(at.to_string(), "2026-05-28T23:00:00Z");
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
