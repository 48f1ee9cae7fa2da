//! Values as text with a role: how each sort of value reads.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::Timelike;
use chrono_tz::Tz;

use super::theme::Role;
use crate::domain::{Bytes, Health, Severity, Span, Timestamp};
use crate::store::table::Value;

/// What a cell shows.
pub(super) struct Shown<'a> {
    /// Its text.
    pub(super) text: Cow<'a, str>,
    /// Its meaning.
    pub(super) role: Role,
}

/// How `value` reads at `now`.
pub(super) fn show(value: Value<'_>, now: Timestamp, zone: Tz) -> Shown<'_> {
    let plain = |text: Cow<'static, str>| Shown { text, role: Role::Text };
    match value {
        Value::Nothing => Shown { text: Cow::Borrowed("–"), role: Role::Muted },
        Value::Text(text) => Shown { text: Cow::Borrowed(text), role: Role::Text },
        Value::Number(number) => plain(number.to_string().into()),
        Value::Bytes(bytes) => plain(size(bytes).into()),
        Value::At(at) => plain(age(at, now).into()),
        Value::Clock(at) => Shown { text: time_of_day(at, now, zone).into(), role: Role::Muted },
        Value::Health(health) => Shown {
            text: format!("{} {}", health.sign(), health.word()).into(),
            role: health_role(health),
        },
        Value::Severity(severity) => Shown {
            text: format!("{} {}", severity_sign(severity), severity.word()).into(),
            role: severity_role(severity),
        },
        Value::Span(span) => plain(short(span).into()),
        Value::Until(at) | Value::Ends(at) if at > now => {
            plain(format!("in {}", at.since(now)).into())
        }
        Value::Until(at) => {
            Shown { text: format!("{} ago", now.since(at)).into(), role: Role::HealthFailed }
        }
        Value::Ends(_) => Shown { text: Cow::Borrowed("over"), role: Role::Muted },
        Value::Ratio(part, all) => plain(format!("{part}/{all}").into()),
        Value::Permille(share) => plain(format!("{}.{}%", share / 10, share % 10).into()),
    }
}

/// A length of time that may be less than a second.
fn short(span: Span) -> String {
    if span.ms() < 10_000 && !span.ms().is_multiple_of(1_000) {
        if span.ms() < 1_000 {
            return format!("{}ms", span.ms());
        }
        return format!("{}.{}s", span.secs(), span.ms() % 1_000 / 100);
    }
    span.to_string()
}

/// A sign of one cell, so that meaning never hangs on colour alone.
pub(super) const fn severity_sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "✗",
        Severity::High => "▲",
        Severity::Normal => "△",
        Severity::Info => "·",
        Severity::Unknown => "?",
    }
}

/// The role of a severity.
pub(super) const fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::HealthFailed,
        Severity::High => Role::HealthDegraded,
        Severity::Normal => Role::HealthProgressing,
        Severity::Info | Severity::Unknown => Role::Muted,
    }
}

/// How long ago `at` was. Clocks differ, so a time of less than a minute ahead is now.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let ahead = at.since(now);
    if ahead.secs() < 60 { now.since(at).to_string() } else { format!("in {ahead}") }
}

/// The role of a health.
pub(super) const fn health_role(health: Health) -> Role {
    match health {
        Health::Failed => Role::HealthFailed,
        Health::Degraded => Role::HealthDegraded,
        Health::Progressing => Role::HealthProgressing,
        Health::Unknown => Role::HealthUnknown,
        Health::Healthy => Role::HealthHealthy,
    }
}

/// The time of day in `zone` to the millisecond; with the date when it was on another day.
pub(super) fn time_of_day(at: Timestamp, now: Timestamp, zone: Tz) -> String {
    let (at, now) = (at.utc().with_timezone(&zone), now.utc().with_timezone(&zone));
    if at.date_naive() == now.date_naive() {
        let mut out = String::with_capacity(12);
        // Writing to a string can't fail.
        let _ = write!(
            out,
            "{:02}:{:02}:{:02}.{:03}",
            at.hour(),
            at.minute(),
            at.second(),
            at.timestamp_subsec_millis()
        );
        return out;
    }
    at.format("%d %b %H:%M").to_string()
}

/// A size in the largest unit that leaves a digit before the point: `812B`, `4.1KiB`, `12.4MiB`.
pub(super) fn size(bytes: u64) -> String {
    Bytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_by_itself_is_over_and_no_trouble() {
        let now = Timestamp::from_ms(10_000_000);
        let hour = Span::from_secs(3_600);
        let shown = |value| {
            let shown = show(value, now, chrono_tz::UTC);
            (shown.text.into_owned(), shown.role)
        };
        assert_eq!(shown(Value::Ends(now.after(hour))), ("in 1h00m".to_owned(), Role::Text));
        assert_eq!(shown(Value::Ends(now.before(hour))), ("over".to_owned(), Role::Muted));
        let late = ("1h00m ago".to_owned(), Role::HealthFailed);
        assert_eq!(shown(Value::Until(now.before(hour))), late);
    }

    #[test]
    fn sizes_read_short() {
        for (bytes, shown) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.0KiB"),
            (4_200, "4.1KiB"),
            (1_048_576, "1.0MiB"),
            (13_002_342, "12.3MiB"),
            (500 * 1024 * 1024, "500MiB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }

    #[test]
    fn a_time_of_another_day_carries_its_date() {
        let at = |text| Timestamp::parse(text).expect("a valid time");
        let now = at("2026-11-21T00:30:00Z");
        let zone = chrono_tz::Europe::Sofia;
        assert_eq!(time_of_day(at("2026-11-21T00:01:02.003Z"), now, zone), "02:01:02.003");
        assert_eq!(time_of_day(at("2026-11-20T20:00:00Z"), now, zone), "20 Nov 22:00");
    }
}
